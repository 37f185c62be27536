#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the vectors under revocation/: OCSP answers (RFC 6960) and lists of
withdrawn certificates (RFC 5280, 5) about one certificate of a CA that does
not exist, with one flaw each, all else in order and every signature good.
index.json says which of them are asked together, when, and how the
certificate then stands. Run by hand; a second run writes the same bytes
(tests/check/generated.py).

    tests/vectors/gpu/make_revocation.py [FOLDER]

Needs python3-cryptography (Debian)."""

import datetime
import hashlib
import json
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[2] / "scripts"))

from cryptography import x509  # noqa: E402
from cryptography.hazmat.primitives.asymmetric import ec  # noqa: E402
from cryptography.x509.oid import NameOID  # noqa: E402

from simulator_keys import (END, Key, authority_id, certificate, crl,  # noqa: E402
                            crl_extensions, der, der_integer, der_oid,
                            key_usage, name, octets, other, sequence,
                            subject_id)

DAY = datetime.datetime
NOW = DAY(2026, 6, 1, 12)
HOUR = datetime.timedelta(hours=1)
THIS, NEXT = NOW - HOUR, NOW + 23 * HOUR
YEAR = datetime.timedelta(days=365)
HASHES = {"sha1": "1.3.14.3.2.26", "sha256": "2.16.840.1.101.3.4.2.1",
          "sha384": "2.16.840.1.101.3.4.2.2", "sha512": "2.16.840.1.101.3.4.2.3",
          "md5": "1.2.840.113549.2.5"}
BASIC = "1.3.6.1.5.5.7.48.1.1"
OCSP_SIGNING, SERVER_AUTH, ANY_USAGE = (
    "1.3.6.1.5.5.7.3.9", "1.3.6.1.5.5.7.3.1", "2.5.29.37.0")
HOLD = 6


def named(common):
    return name((NameOID.COMMON_NAME, common), (NameOID.ORGANIZATION_NAME, "aver TEST"))


class Party:
    """A name, its key, its certificate."""

    def __init__(self, common, by=None, key=None, end=END, serial=None,
                 curve=ec.SECP384R1, extensions=None, start=DAY(2024, 1, 1), issuer=None):
        self.name, self.key = named(common), Key(key or "revocation " + common, curve())
        by = by or self
        self.der = certificate(self.name, self.key, issuer or by.name, by.key, end, extensions or [
            (x509.BasicConstraints(True, None), True),
            key_usage(key_cert_sign=True, crl_sign=True),
            subject_id(self.key), authority_id(by.key)], serial, start)
        self.serial = x509.load_der_x509_certificate(self.der).serial_number


def usage(*oids, critical=True):
    value = sequence(*(der_oid(o) for o in oids))
    return other("2.5.29.37", value, critical)


def responder(common, by, eku=None, ku=None, more=(), **rest):
    return Party(common, by, extensions=[
        ku or key_usage(digital_signature=True), *([eku] if eku != () else []),
        subject_id(by.key), *more], **rest)


CA = Party("Provisioner")
TWIN = Party("Provisioner", key="revocation twin of the CA")  # another key
OTHER = Party("Other CA")
LEAF = Party("BROM", CA, serial=0x41_0123456789abcdef)
GOOD = responder("OCSP", CA, usage(OCSP_SIGNING))


def time(when):
    return der(0x18, when.strftime("%Y%m%d%H%M%SZ").encode())


def digest(algorithm, data):
    return hashlib.new(algorithm, data).digest()


def point(key):
    return b"\x04" + key.point()


def cert_id(algorithm="sha384", serial=LEAF.serial, by=CA, null=True):
    return sequence(
        sequence(der_oid(HASHES[algorithm]), *([b"\x05\x00"] if null else [])),
        octets(digest(algorithm, by.name.public_bytes())),
        octets(digest(algorithm, point(by.key))), der_integer(serial))


def revoked(at, reason=None):
    return der(0xa1, time(at), *(
        [der(0xa0, der(0x0a, bytes([reason])))] if reason is not None else []))


STATUS_GOOD, STATUS_UNKNOWN = b"\x80\x00", b"\x82\x00"


def extension(critical):
    return sequence(sequence(der_oid("1.3.6.1.4.1.99999.1"),
                             *([b"\x01\x01\xff"] if critical else []), octets(b"")))


def single(status=STATUS_GOOD, this=THIS, until=NEXT, extensions=None, **who):
    return sequence(cert_id(**who), status, time(this),
                    *([der(0xa0, time(until))] if until else []),
                    *([der(0xa1, extensions)] if extensions else []))


def answer(*singles, signer=GOOD, by_name=False, certs=None, extensions=None,
           key=None, produced=THIS, algorithm=None):
    """OCSPResponse."""
    key = key or signer.key
    who = (der(0xa1, signer.name.public_bytes()) if by_name else
           der(0xa2, octets(digest("sha1", point(signer.key)))))
    data = sequence(who, time(produced), sequence(*(singles or [single()])),
                    *([der(0xa1, extensions)] if extensions else []))
    certs = [signer.der] if certs is None else certs
    signed = key.sign_der(data)
    inner = signed[4:] if signed[1] == 0x82 else signed[3:]
    inner = inner.replace(key.algorithm, algorithm or key.algorithm)
    basic = sequence(inner, *([der(0xa0, sequence(*certs))] if certs else []))
    return sequence(b"\x0a\x01\x00", der(0xa0, sequence(der_oid(BASIC), octets(basic))))


def flipped(data, at):
    data = bytearray(data)
    data[at] ^= 1
    return bytes(data)


def flip_signature(data, signer=GOOD):
    """The last byte of the signature, which stands before the certificates."""
    return flipped(data, len(data) - len(der(0xa0, sequence(signer.der))) - 1)


def answers():
    """Name, OCSPResponse."""
    for algorithm in ("sha1", "sha256", "sha384", "sha512", "md5"):
        yield "good-" + algorithm, answer(single(algorithm=algorithm))
    yield "good-hash-without-null", answer(single(null=False))
    yield "good-by-name", answer(by_name=True)
    yield "good-by-issuer", answer(signer=CA, certs=[])
    yield "good-by-issuer-by-name", answer(signer=CA, certs=[], by_name=True)
    yield "good-by-issuer-with-certificate", answer(signer=CA)
    # All of it is good but what came along, which nobody needs.
    yield "unreadable", answer(signer=CA, certs=[sequence()])
    yield "good-no-next", answer(single(until=None))
    yield "good-later", answer(single(until=NEXT + HOUR))
    yield "good-many", answer(*(single(serial=i) for i in range(1, 16)), single())
    yield "good-extension", answer(single(extensions=extension(False)),
                                   extensions=extension(False))
    yield "critical", answer(extensions=extension(True))
    yield "critical-single", answer(single(extensions=extension(True)))
    yield "stale", answer(single(this=THIS - YEAR, until=NEXT - YEAR))
    yield "future", answer(single(this=NOW + HOUR, until=NEXT + HOUR))
    yield "unknown", answer(single(STATUS_UNKNOWN))
    yield "revoked", answer(single(revoked(NOW - YEAR, 1)))
    yield "revoked-no-reason", answer(single(revoked(NOW - YEAR)))
    yield "revoked-critical", answer(single(revoked(NOW - YEAR), extensions=extension(True)))
    yield "revoked-stale", answer(single(revoked(NOW - 3 * YEAR, 4), NOW - 2 * YEAR,
                                         NOW - 2 * YEAR + 24 * HOUR))
    yield "revoked-flipped", flip_signature(answer(single(revoked(NOW - YEAR))))
    yield "revoked-by-stranger", answer(
        single(revoked(NOW - YEAR)), signer=responder("OCSP", OTHER, usage(OCSP_SIGNING),
                                                      key="revocation stranger"))
    yield "hold", answer(single(revoked(NOW - YEAR, HOLD)))
    yield "hold-stale", answer(single(revoked(NOW - YEAR, HOLD), THIS - YEAR, NEXT - YEAR))
    yield "good-and-revoked", answer(single(), single(revoked(NOW - YEAR)))
    yield "flipped", flip_signature(answer())
    yield "other-key-signed", answer(key=CA.key)
    # Signed with SHA-384 all the same.
    yield "other-algorithm", answer(algorithm=sequence(der_oid("1.2.840.10045.4.3.2")))
    yield "other-serial", answer(single(serial=LEAF.serial + 1))
    yield "other-issuer", answer(single(by=OTHER))
    yield "twin-issuer", answer(single(by=TWIN))
    yield "no-singles", answer(b"")
    yield "unauthorized", sequence(b"\x0a\x01\x06")
    yield from by_responders()


def by_responders():
    """Signed by one who may not, or only just."""
    good = usage(OCSP_SIGNING)
    chained = Party("Chained", CA)
    rows = {
        "eku-not-critical": responder("OCSP", CA, usage(OCSP_SIGNING, critical=False)),
        "eku-two": responder("OCSP", CA, usage(SERVER_AUTH, OCSP_SIGNING)),
        "eku-none": responder("OCSP", CA, ()),
        "eku-other": responder("OCSP", CA, usage(SERVER_AUTH)),
        "eku-any": responder("OCSP", CA, usage(ANY_USAGE)),
        "ku-other": responder("OCSP", CA, good, key_usage(crl_sign=True)),
        "critical": responder("OCSP", CA, good, more=[
            other("1.3.6.1.4.1.99999.1", b"\x05\x00", True)]),
        "no-check": responder("OCSP", CA, good, more=[
            other("1.3.6.1.5.5.7.48.1.5", b"\x05\x00")]),
        "p256": responder("OCSP", CA, good, curve=ec.SECP256R1),
        "self-signed": responder("OCSP", Party("OCSP"), good),
        "of-twin": responder("OCSP", TWIN, good),
        "of-other": responder("OCSP", OTHER, good),
        "other-name": responder("OCSP", CA, good, issuer=OTHER.name),
        "chained": responder("OCSP", chained, good),
        "ended": responder("OCSP", CA, good, end=NOW - HOUR),
        "early": responder("OCSP", CA, good, start=NOW + HOUR),
        "ends-first": responder("OCSP", CA, good, end=NOW + HOUR),
    }
    for what, signer in rows.items():
        yield "responder-" + what, answer(signer=signer)
    yield "responder-ended-revoked", answer(single(revoked(NOW - YEAR)), signer=rows["ended"])
    yield "responder-eku-none-revoked", answer(single(revoked(NOW - YEAR)),
                                               signer=rows["eku-none"])
    yield "responder-absent", answer(certs=[])
    yield "responder-another", answer(certs=[rows["of-other"].der])
    yield "responder-second", answer(certs=[OTHER.der, GOOD.der])


def lists():
    """Name, CRL."""
    end, start = NOW + 30 * 24 * HOUR, NOW - 30 * 24 * HOUR
    mine, both = [(LEAF.serial, [])], [(7, []), (LEAF.serial, [])]
    idp = other("2.5.29.28", sequence(der(0x81, b"\xff")), True)

    def made(revoked=(), by=CA, **rest):
        return crl(by.name, by.key, revoked, **{"start": start, "end": end, **rest})

    yield "empty", made()
    yield "others", made([(7, []), (LEAF.serial + 1, [])])
    yield "listed", made(both)
    yield "ended", made(start=start - YEAR, end=end - YEAR)
    yield "future", made(start=NOW + HOUR)
    yield "listed-ended", made(mine, start=start - YEAR, end=end - YEAR)
    yield "of-twin", made(by=TWIN)
    yield "listed-of-twin", made(mine, by=TWIN)
    yield "of-other", made(by=OTHER)
    yield "other-name", crl(OTHER.name, CA.key, (), start, end)
    yield "no-end", made(end=None)
    yield "critical", made(extensions=[*crl_extensions(CA.key), idp])
    yield "listed-critical", made(mine, extensions=[*crl_extensions(CA.key), idp])


def cases():
    """What is asked together. `at` is in seconds from NOW."""
    def case(standing, *ocsp, cause=None, crls=(), at=0, grace=0, hold=False, until=None):
        return {"ocsp": list(ocsp), "crl": list(crls), "at": int(NOW.replace(
            tzinfo=datetime.timezone.utc).timestamp()) + at, "grace": grace, "allow_hold": hold,
            "standing": standing, "cause": cause,
            "until": None if until is None else int((NOW + until).replace(
                tzinfo=datetime.timezone.utc).timestamp())}

    def good(*ocsp, until=23 * HOUR, **rest):
        return case("good", *ocsp, until=until, **rest)

    def bad(cause, *ocsp, **rest):
        return case("revoked" if cause == "revoked" else "unknown", *ocsp, cause=cause, **rest)

    day, year = 24 * 3600, 365 * 24 * 3600
    for what in ("sha1", "sha256", "sha384", "sha512", "hash-without-null", "by-name",
                 "by-issuer", "by-issuer-by-name", "by-issuer-with-certificate", "many",
                 "extension"):
        yield good("good-" + what)
    for what in ("eku-not-critical", "eku-two", "no-check", "p256", "second"):
        yield good("responder-" + what)
    for what in ("eku-none", "eku-other", "eku-any", "ku-other", "critical", "self-signed",
                 "of-twin", "of-other", "other-name", "chained", "ended", "early", "absent", "another",
                 "eku-none-revoked"):
        yield bad("ocsp_signer", "responder-" + what)
    for what in ("revoked", "revoked-no-reason", "revoked-critical", "revoked-stale", "hold",
                 "hold-stale", "good-and-revoked", "responder-ended-revoked"):
        yield bad("revoked", what)
        yield bad("revoked", "good-later", what)
        yield bad("revoked", what, "good-later", crls=["empty"])
    for what in ("flipped", "revoked-flipped", "other-key-signed", "other-algorithm"):
        yield bad("ocsp_signature", what)
    for what in ("other-serial", "other-issuer", "twin-issuer", "no-singles", "unauthorized", "unreadable",
                 "good-md5"):
        yield bad("revocation_missing", what)
    for what in ("unknown", "critical", "critical-single"):
        yield bad("revocation_unknown", what)
        yield bad("revocation_unknown", what, crls=["empty"])
        yield good(what, "good-sha1")
    yield bad("revocation_missing")
    yield bad("ocsp_signer", "revoked-by-stranger")
    # Time: both ends of the window, and of the grace.
    yield bad("ocsp_time", "stale")
    yield bad("ocsp_time", "future", grace=year)
    yield good("stale", grace=year, until=23 * HOUR)
    yield good("good-sha384", at=-3600)
    yield bad("ocsp_time", "good-sha384", at=-3601, grace=year)
    yield good("good-sha384", at=23 * 3600)
    yield bad("ocsp_time", "good-sha384", at=23 * 3600 + 1)
    yield good("good-sha384", at=23 * 3600 + 60, grace=60, until=23 * HOUR + HOUR / 60)
    yield bad("ocsp_time", "good-sha384", at=23 * 3600 + 61, grace=60)
    yield good("good-no-next", until=23 * HOUR)
    yield bad("ocsp_time", "good-no-next", at=day)
    yield good("responder-ends-first", until=HOUR)
    yield bad("ocsp_signer", "responder-ends-first", at=3601)
    yield good("responder-ended", grace=7200, until=HOUR)
    yield bad("ocsp_signer", "responder-early", grace=year)
    # The best of several.
    yield good("good-sha384", "good-later", until=24 * HOUR)
    yield good("good-later", "good-sha384", until=24 * HOUR)
    yield good("flipped", "stale", "responder-of-twin", "other-serial", "good-sha1")
    yield bad("ocsp_time", "flipped", "stale", "responder-of-twin")
    yield bad("ocsp_signature", "responder-of-twin", "flipped")
    yield good("revoked-flipped", "revoked-by-stranger", "good-sha1")
    # On hold, and put up with.
    yield good("hold", hold=True)
    yield bad("ocsp_time", "hold-stale", hold=True)
    yield bad("revoked", "revoked", hold=True)
    yield bad("revoked", "hold", "revoked", hold=True)
    # Lists.
    month = 30 * 24 * HOUR
    yield good(crls=["empty"], until=month)
    yield good(crls=["others"], until=month)
    yield bad("revoked", crls=["listed"])
    yield bad("revoked", crls=["empty", "listed"])
    yield bad("revoked", crls=["listed", "empty"])
    yield bad("revoked", crls=["empty", "listed-ended"])
    yield bad("revoked", crls=["listed-critical"], hold=True)
    yield bad("ocsp_time", crls=["ended"])
    yield good(crls=["ended"], grace=year, until=month)
    yield bad("ocsp_time", crls=["future"], grace=year)
    for what in ("of-twin", "listed-of-twin", "of-other", "other-name", "no-end", "critical"):
        yield bad("revocation_missing", crls=[what])
        yield good(crls=[what, "empty"], until=month)
    yield good("stale", crls=["empty"], until=month)
    yield good("flipped", crls=["empty"], until=month)
    yield bad("revoked", "stale", crls=["listed"])
    yield bad("revoked", "good-sha1", crls=["listed"])
    yield bad("revoked", "good-sha1", crls=["listed-ended"])
    yield good("good-sha1", crls=["empty"])
    yield good("good-sha1", crls=["listed-of-twin"])
    yield good("hold", crls=["listed"], hold=True)
    yield bad("revoked", "hold", crls=["listed"])
    yield bad("ocsp_signature", "flipped", crls=["of-twin"])


def main():
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "revocation"
    folder.mkdir(exist_ok=True)
    for what, data in answers():
        (folder / f"ocsp-{what}.der").write_bytes(data)
    for what, data in lists():
        (folder / f"crl-{what}.der").write_bytes(data)
    for party, file in ((CA, "ca"), (LEAF, "leaf")):
        (folder / f"{file}.der").write_bytes(party.der)
    rows = ",\n".join(json.dumps(c) for c in cases())
    (folder / "index.json").write_text(f"[\n{rows}\n]\n")


if __name__ == "__main__":
    main()
