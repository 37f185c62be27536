# SPDX-License-Identifier: Apache-2.0
"""Keys, DER, certificates and CRLs for simulator-pki.py and for the vectors
under the simulator's root (tests/vectors/tdx/make_simulated.py).

Every private key follows from its name, and every signature from key and
message (RFC 6979): the same bytes come out of every run. Nothing here is
secret, and nothing that it signs proves anything.
Needs python3-cryptography (Debian)."""

import base64
import datetime
import functools
import hashlib
import hmac

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ObjectIdentifier

DAY = datetime.datetime
START, END = DAY(2024, 1, 1), DAY(2049, 12, 31, 23, 59, 59)
ORDER = {
    "secp256r1":
    0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551,
    "secp384r1":
    0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf
    << 128 | 0x581a0db248b0a77aecec196accc52973,
}


def label(text, algorithm="sha384"):
    """A measurement of something that does not exist, named by `text`."""
    return hashlib.new(algorithm, b"aver SIMULATOR " + text.encode()).digest()


# --- DER ---------------------------------------------------------------------


def der(tag, *parts):
    body = b"".join(parts)
    n = len(body)
    size = bytes([n]) if n < 128 else (
        bytes([0x81, n]) if n < 256 else bytes([0x82]) + n.to_bytes(2, "big"))
    return bytes([tag]) + size + body


def der_integer(value):
    return der(2, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def der_oid(dotted):
    arcs = [int(a) for a in dotted.split(".")]
    out = b""
    for arc in [arcs[0] * 40 + arcs[1]] + arcs[2:]:
        septets = [arc & 127]
        while arc > 127:
            arc >>= 7
            septets.insert(0, arc & 127 | 128)
        out += bytes(septets)
    return der(6, out)


def sequence(*parts):
    return der(0x30, *parts)


def octets(value):
    return der(4, value)


# --- keys and signatures -----------------------------------------------------


MADE = {}  # signatures, since the same are asked for again and again


@functools.lru_cache(maxsize=None)
def derive(secret, curve_name):
    curve = {"secp256r1": ec.SECP256R1, "secp384r1": ec.SECP384R1}[curve_name]
    return ec.derive_private_key(secret, curve())


class Key:
    def __init__(self, name, curve):
        self.curve, self.order = curve, ORDER[curve.name]
        seed = int.from_bytes(label("private key: " + name, "sha512"), "big")
        self.secret = seed % (self.order - 1) + 1
        self.private = derive(self.secret, curve.name)
        self.public = self.private.public_key()
        self.size = curve.key_size // 8
        self.hash = hashes.SHA256() if self.size == 32 else hashes.SHA384()
        # ecdsa-with-SHA256 or -SHA384
        self.algorithm = sequence(der_oid(
            "1.2.840.10045.4.3.%d" % (2 if self.size == 32 else 3)))

    def secret_bytes(self):
        return self.secret.to_bytes(self.size, "big")

    def point(self):
        """X || Y."""
        return self.public.public_bytes(
            serialization.Encoding.X962,
            serialization.PublicFormat.UncompressedPoint)[1:]

    def spki(self):
        return self.public.public_bytes(
            serialization.Encoding.DER,
            serialization.PublicFormat.SubjectPublicKeyInfo)

    def nonce(self, digest):
        """k of RFC 6979, 3.2, for a digest as long as the order."""
        reduced = int.from_bytes(digest, "big") % self.order
        seed = self.secret_bytes() + reduced.to_bytes(self.size, "big")

        def mac(key, data):
            return hmac.new(key, data, self.hash.name).digest()

        k, v = bytes(self.size), b"\x01" * self.size
        for step in (b"\x00", b"\x01"):
            k = mac(k, v + step + seed)
            v = mac(k, v)
        while True:
            v = mac(k, v)
            n = int.from_bytes(v, "big")
            if 1 <= n < self.order:
                return n
            k = mac(k, v + b"\x00")
            v = mac(k, v)

    def sign_numbers(self, message):
        what = self.secret, message
        if what not in MADE:
            MADE[what] = self.sign_anew(message)
        return MADE[what]

    def sign_anew(self, message):
        digest = hashlib.new(self.hash.name, message).digest()
        k = self.nonce(digest)
        point = ec.derive_private_key(k, self.curve).public_key()
        r = point.public_numbers().x % self.order
        z = int.from_bytes(digest, "big")
        s = pow(k, -1, self.order) * (z + r * self.secret) % self.order
        assert r != 0 and s != 0
        return r, s

    def sign(self, message):
        """r || s."""
        return b"".join(v.to_bytes(self.size, "big")
                        for v in self.sign_numbers(message))

    def sign_der(self, tbs):
        """A certificate or CRL: what is signed, algorithm, signature."""
        r, s = self.sign_numbers(tbs)
        value = sequence(der_integer(r), der_integer(s))
        return sequence(tbs, self.algorithm, der(3, b"\x00", value))


# --- certificates ------------------------------------------------------------


def name(*pairs):
    return x509.Name([x509.NameAttribute(oid, text) for oid, text in pairs])


def certificate(subject, key, issuer, issuer_key, end, extensions,
                serial=None, start=START):
    """DER."""
    if serial is None:
        digest = label("serial: " + subject.rfc4514_string(), "sha256")
        serial = int.from_bytes(digest[:19], "big") | 1 << 151
    builder = (x509.CertificateBuilder().subject_name(subject).issuer_name(
        issuer).public_key(key.public).serial_number(serial).not_valid_before(
            start).not_valid_after(end))
    for value, critical in extensions:
        builder = builder.add_extension(value, critical)
    made = builder.sign(issuer_key.private, issuer_key.hash)
    return issuer_key.sign_der(made.tbs_certificate_bytes)


def key_usage(**on):
    every = ("digital_signature", "content_commitment", "key_encipherment",
             "data_encipherment", "key_agreement", "key_cert_sign", "crl_sign",
             "encipher_only", "decipher_only")
    return x509.KeyUsage(**{k: on.get(k, False) for k in every}), True


def subject_id(key):
    return x509.SubjectKeyIdentifier.from_public_key(key.public), False


def authority_id(key):
    return (x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public),
            False)


def crl_at(url):
    return x509.CRLDistributionPoints(
        [x509.DistributionPoint([x509.UniformResourceIdentifier(url)], None,
                                None, None)]), False


def ocsp_at(url):
    return x509.AuthorityInformationAccess([
        x509.AccessDescription(x509.oid.AuthorityInformationAccessOID.OCSP,
                               x509.UniformResourceIdentifier(url))]), False


def other(oid, value, critical=False):
    return x509.UnrecognizedExtension(ObjectIdentifier(oid), value), critical


def der_time(when):
    """UTCTime, as RFC 5280, 4.1.2.5 wants it until 2049."""
    assert 1950 <= when.year < 2050
    return der(0x17, when.strftime("%y%m%d%H%M%SZ").encode())


def der_extension(value, critical):
    return sequence(der_oid(value.oid.dotted_string),
                    *([der(1, b"\xff")] if critical else []),
                    octets(value.public_bytes()))


def crl_extensions(key):
    return [authority_id(key), (x509.CRLNumber(1), False)]


def crl(issuer, key, revoked=(), start=START, end=END, extensions=None):
    """DER (RFC 5280, 5.1). `revoked` holds pairs of a serial number and
    extensions; an `end` of None leaves nextUpdate out; no extensions make it
    a CRL of version 1."""
    if extensions is None:
        extensions = crl_extensions(key)

    def block(pairs):
        return [sequence(*(der_extension(*e) for e in pairs))] if pairs else []

    entries = [sequence(der_integer(n), der_time(start), *block(more))
               for n, more in revoked]
    return key.sign_der(sequence(
        *([der_integer(1)] if extensions else []), key.algorithm,
        issuer.public_bytes(), der_time(start),
        *([der_time(end)] if end else []),
        *([sequence(*entries)] if entries else []),
        *(der(0xa0, part) for part in block(extensions))))


def pem(cert):
    text = base64.b64encode(cert).decode()
    lines = [text[i:i + 64] for i in range(0, len(text), 64)]
    return "\n".join(["-----BEGIN CERTIFICATE-----", *lines,
                      "-----END CERTIFICATE-----", ""])
