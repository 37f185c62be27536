# SPDX-License-Identifier: Apache-2.0
"""Who answers for the simulator's certificates of devices and of RIM signers
(OCSP, RFC 6960): a responder for every issuer, which that issuer certified;
and answers, for the vectors. The simulator itself signs its answers when it is
asked, since they live for a day."""

import datetime
import hashlib

from cryptography import x509

import simulator_gpu
import simulator_rim
from simulator_gpu import CURVE, SHA384_OID, Issuer, authority_name
from simulator_keys import (END, START, Key, authority_id, certificate, der,
                            der_oid, key_usage, octets, sequence, subject_id)

DAY_S = 86400
SHA1_OID = der_oid("1.3.14.3.2.26")
BASIC = der_oid("1.3.6.1.5.5.7.48.1.1")
GOOD, UNKNOWN = der(0x80), der(0x82)


def responder(common, issuer, dates=(START, END), usage=True, above=None):
    """`above`: who signs it, if not the issuer."""
    subject, key = authority_name(common), Key(common, CURVE)
    by = above or issuer
    signs = [(x509.ExtendedKeyUsage(
        [x509.oid.ExtendedKeyUsageOID.OCSP_SIGNING]), True)] if usage else []
    made = certificate(subject, key, by.subject, by.key, dates[1],
                       [(x509.BasicConstraints(False, None), False),
                        key_usage(digital_signature=True), *signs,
                        (x509.OCSPNoCheck(), False), subject_id(key),
                        authority_id(by.key)], start=dates[0])
    return Issuer(subject, key, made)


def common_name(issuer):
    return issuer.subject.get_attributes_for_oid(
        x509.oid.NameOID.COMMON_NAME)[0].value


def issuers():
    """All who answer, each once: certificates whose holders issued others."""
    found = [simulator_gpu.ROOT, *simulator_gpu.IDENTITY.values(),
             *simulator_gpu.PROVISIONER.values(), simulator_rim.ROOT]
    for chain in simulator_rim.SIGNERS.values():
        found += [chain[2], chain[1]]
    return found


def responders():
    """By the issuer's common name."""
    return {common_name(i): responder(
        "NVIDIA OCSP Responder of " + common_name(i)[len("NVIDIA "):], i)
        for i in issuers()}


def point(key):
    """What key hashes are over: the BIT STRING's content."""
    return b"\x04" + key.point()


def serial_of(cert):
    n = x509.load_der_x509_certificate(cert).serial_number
    return n.to_bytes(n.bit_length() // 8 + 1, "big")


def cert_id(issuer, serial, algorithm="sha384"):
    oid = {"sha384": SHA384_OID, "sha1": SHA1_OID}[algorithm]

    def digest(data):
        return octets(hashlib.new(algorithm, data).digest())

    return sequence(sequence(oid, *([der(5)] if algorithm == "sha1" else [])),
                    digest(issuer.subject.public_bytes()),
                    digest(point(issuer.key)), der(2, serial))


def when(seconds):
    moment = datetime.datetime.utcfromtimestamp(seconds)
    return der(0x18, moment.strftime("%Y%m%d%H%M%SZ").encode())


def revoked(seconds, reason=None):
    return der(0xa1, when(seconds),
               *([der(0xa0, der(10, bytes([reason])))]
                 if reason is not None else []))


def answer(issuer, cert, by, at, status=GOOD, until=DAY_S, algorithm="sha384",
           embedded=None, spoil=None):
    """One answer about `cert`, signed by `by`, from `at` on; `until` None: it
    does not say for how long. `embedded`: certificates that go along, if not
    the signer's; `spoil` changes the signature's bytes."""
    single = sequence(cert_id(issuer, serial_of(cert), algorithm), status,
                      when(at), *([der(0xa0, when(at + until))]
                                  if until is not None else []))
    responder_id = der(0xa2, octets(hashlib.sha1(point(by.key)).digest()))
    tbs = sequence(responder_id, when(at), sequence(single))
    certs = [by.cert] if embedded is None else embedded
    made = by.key.sign_der(tbs + b"")
    signed = _open(made, tbs)
    if spoil is not None:
        signed = spoil(signed)
    basic = sequence(tbs, signed, *([der(0xa0, sequence(*certs))]
                                    if certs else []))
    return sequence(der(10, b"\0"), der(0xa0, sequence(BASIC, octets(basic))))


def _open(made, tbs):
    """Algorithm and signature, which follow what was signed."""
    return made[made.index(tbs) + len(tbs):]


def failure(status):
    """For example 6, unauthorized."""
    return sequence(der(10, bytes([status])))
