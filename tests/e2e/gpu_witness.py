#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Checks GPU evidence by itself, with python3-cryptography (Debian) and a
canonical XML of its own over expat: nothing of aver, and nothing of the scripts
that made the simulator's certificates. Reads a JSON object on standard input:

  report         as `aver attest` prints it
  endorsements   as `aver attest --endorsements` prints them
  nonce          hex
  at             seconds since 1970
  device_root, rim_root   PEM

and prints facts as JSON, or fails with a traceback. Every assertion is a rule
of DSP0274, RFC 5280, RFC 6960, XML-DSIG, or of NVIDIA's formats."""
import base64
import datetime
import hashlib
import json
import struct
import sys
import xml.parsers.expat

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import ocsp

CHIPS = {"HOPPER": "GH100", "BLACKWELL": "GB100", "LS10": "LS_10"}
SHA384 = ec.ECDSA(hashes.SHA384())


def spki(cert):
    return cert.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def point(cert):
    return cert.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def common_name(cert):
    return cert.subject.get_attributes_for_oid(x509.oid.NameOID.COMMON_NAME)[0].value


def raw_signature_holds(cert, raw, message):
    assert len(raw) == 96
    r, s = int.from_bytes(raw[:48], "big"), int.from_bytes(raw[48:], "big")
    cert.public_key().verify(encode_dss_signature(r, s), message, SHA384)


# --- certificates ------------------------------------------------------------


def check_chain(certs, root, at):
    """Leaf first; the last is the root, known by its key."""
    for cert in certs:
        assert cert.version is x509.Version.v3
        assert cert.signature_algorithm_oid.dotted_string == "1.2.840.10045.4.3.3"
        assert isinstance(cert.public_key().curve, ec.SECP384R1)
        assert cert.not_valid_before <= at <= cert.not_valid_after
    for cert, above in zip(certs, certs[1:]):
        assert cert.issuer.public_bytes() == above.subject.public_bytes()
        above.public_key().verify(cert.signature, cert.tbs_certificate_bytes, SHA384)
    for i, cert in enumerate(certs):
        usage = cert.extensions.get_extension_for_class(x509.KeyUsage)
        assert usage.critical and usage.value.digital_signature == (i == 0)
        assert usage.value.key_cert_sign == (i > 0)
        try:
            basic = cert.extensions.get_extension_for_class(x509.BasicConstraints)
            assert basic.critical and basic.value.ca == (i > 0)
        except x509.ExtensionNotFound:
            assert i == 0
    assert spki(certs[-1]) == spki(root)


def fwid_of(leaf, brom):
    """To the byte, from what stands around the digest in real leaves."""
    found = {e.oid.dotted_string: e.value.value for e in leaf.extensions
             if isinstance(e.value, x509.UnrecognizedExtension)}
    algorithm = bytes.fromhex("303d06096086480165030402020430")
    if "2.23.133.5.4.1" in found:
        value = found["2.23.133.5.4.1"]
        head = bytes.fromhex("3081ba020101") + spki(brom) + algorithm
        assert value.startswith(head) and len(value) == len(head) + 48
        return value[-48:]
    value = found["2.23.133.5.4.1.1"]
    at = value.index(b"\xa6\x7e" + algorithm) + 2 + len(algorithm)
    assert value[at + 48:].startswith(algorithm + bytes(48) + b"\x87\x05")
    return value[at:at + 48]


# --- reports -----------------------------------------------------------------


def take_report(raw, nonce):
    """Measurements, fields, and what was signed; every length exact."""
    assert raw[:4] == b"\x11\xe0\x01\xff" and raw[4:36] == nonce and raw[36] == 0
    assert raw[37:41] == b"\x11\x60\0\0"
    n, size = raw[41], int.from_bytes(raw[42:45], "little")
    assert size == 55 * n
    blocks = []
    for i in range(n):
        block = raw[45 + 55 * i:100 + 55 * i]
        assert block[:7] == bytes([i + 1, 1, 51, 0, 1, 48, 0])
        blocks.append(block[7:])
    at = 45 + size + 32
    opaque = raw[at + 2:at + 2 + struct.unpack_from("<H", raw, at)[0]]
    assert len(raw) == at + 2 + len(opaque) + 96
    fields = {}
    while opaque:
        kind, length = struct.unpack_from("<HH", opaque)
        assert len(opaque) >= 4 + length and kind not in fields
        fields[kind], opaque = opaque[4:4 + length], opaque[4 + length:]
    return blocks, fields, raw[:-96], raw[-96:]


def vbios_of(arch, field):
    if arch == "LS10":
        return field.decode()
    return "%02X.%02X.%02X.%02X.%02X" % tuple(field[i] for i in (3, 2, 1, 0, 4))


MODES = {0: "SPT", 1: "MPT", 2: "PPCIE"}


def check_device(item, nonce, root, at):
    arch = item["arch"]
    pem = base64.b64decode(item["certificate"], validate=True)
    certs = [x509.load_pem_x509_certificate(b + b"-----END CERTIFICATE-----\n")
             for b in pem.split(b"-----END CERTIFICATE-----\n")[:-1]]
    assert len(certs) == 5
    check_chain(certs, root, at)
    chip = CHIPS[arch]
    assert common_name(certs[0]).startswith(chip + " ")
    assert common_name(certs[1]).startswith(chip + " ") and "BROM" in common_name(certs[1])
    assert all("SIMULATOR" in c.subject.rfc4514_string() for c in certs)
    raw = base64.b64decode(item["evidence"], validate=True)
    blocks, fields, message, signature = take_report(raw, nonce)
    raw_signature_holds(certs[0], signature, message)
    assert len(blocks) == (31 if arch == "LS10" else 64)
    fwid = fwid_of(certs[0], certs[1])
    assert fields.get(20, fwid) == fwid and (20 in fields) == (arch != "LS10")
    serial = certs[1].serial_number.to_bytes(9, "big")
    assert serial[0] == (0x50 if arch == "LS10" else 0x41)
    counts = struct.unpack("<%dI" % (len(fields[12]) // 4), fields[12])
    assert all((c != 0) == any(b) for c, b in zip(counts, blocks))
    return {"arch": arch, "certs": certs, "pdi": serial[1:], "blocks": blocks, "fields": fields,
            "vbios": vbios_of(arch, fields[6]),
            "driver": fields[3].rstrip(b"\0").decode() if 3 in fields else None,
            "mode": MODES[struct.unpack("<H", fields[36])[0]] if 36 in fields else None}


def check_topology(gpus, switches):
    """Each side names the other, by what the certificates say."""
    behind = {s["pdi"] for s in switches}
    for gpu in gpus:
        links = [gpu["fields"][22][8 * i:8 * i + 8][::-1] for i in range(18)]
        assert set(links) - {bytes(8)} == behind
    for switch in switches:
        listed = [switch["fields"][26][8 * i:8 * i + 8] for i in range(8)]
        assert set(listed) == {g["pdi"] for g in gpus}
        assert switch["fields"][22] == switch["pdi"]
        assert switch["fields"][25] == b"\x01\0" and len(switch["fields"][26]) == 128


# --- reference values --------------------------------------------------------


class Canonical:
    """Canonical XML 1.1 of a document without comments, attributes of the xml
    prefix or processing instructions; and of one element in it."""

    def __init__(self, text, without=None, only=None):
        self.out, self.without, self.only = [], without, only
        self.scopes, self.muted = [{}], 0
        self.inside = only is None
        parser = xml.parsers.expat.ParserCreate()
        parser.ordered_attributes = True
        parser.buffer_text = True
        parser.StartElementHandler = self.start
        parser.EndElementHandler = self.end
        parser.CharacterDataHandler = self.characters
        parser.StartDoctypeDeclHandler = self.refuse
        parser.Parse(text, True)
        self.bytes = "".join(self.out).encode()

    def refuse(self, *_):
        raise AssertionError("DOCTYPE")

    @staticmethod
    def escape(text, more):
        for a, b in [("&", "&amp;"), ("<", "&lt;"), *more]:
            text = text.replace(a, b)
        return text

    def put(self, text):
        if self.inside and not self.muted:
            self.out.append(text)

    def start(self, tag, flat):
        pairs = list(zip(flat[::2], flat[1::2]))
        here = {n: v for n, v in pairs if n == "xmlns" or n.startswith("xmlns:")}
        scope = {**self.scopes[-1], **here}
        shown = {n: v for n, v in here.items() if self.scopes[-1].get(n) != v}
        if tag == self.without:
            self.muted += 1
        if tag == self.only:
            self.inside, shown = True, scope

        def place(pair):
            prefix, _, local = pair[0].rpartition(":")
            return scope["xmlns:" + prefix] if prefix else "", local

        rest = sorted((p for p in pairs if p[0] not in here), key=place)
        self.put("<" + tag)
        for n, v in sorted(shown.items()) + rest:
            self.put(' %s="%s"' % (n, self.escape(v, [
                ('"', "&quot;"), ("\t", "&#x9;"), ("\n", "&#xA;"), ("\r", "&#xD;")])))
        self.put(">")
        self.scopes.append(scope)

    def end(self, tag):
        self.put("</%s>" % tag)
        self.scopes.pop()
        if tag == self.without:
            self.muted -= 1
        if tag == self.only:
            self.inside = False

    def characters(self, text):
        self.put(self.escape(text, [(">", "&gt;"), ("\r", "&#xD;")]))


def elements(text):
    """All (tag, attributes), and the text of each tag."""
    found, texts, stack = [], {}, []
    parser = xml.parsers.expat.ParserCreate()
    parser.buffer_text = True

    def start(tag, attributes):
        found.append((tag, attributes))
        texts.setdefault(tag, []).append("")
        stack.append(tag)

    parser.StartElementHandler = start
    parser.EndElementHandler = lambda tag: stack.pop()
    parser.CharacterDataHandler = lambda t: texts[stack[-1]].__setitem__(
        -1, texts[stack[-1]][-1] + t)
    parser.Parse(text, True)
    return found, texts


ALGORITHMS = [
    ("ds:CanonicalizationMethod", "http://www.w3.org/2006/12/xml-c14n11"),
    ("ds:SignatureMethod", "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384"),
    ("ds:Transform", "http://www.w3.org/2000/09/xmldsig#enveloped-signature"),
    ("ds:Transform", "http://www.w3.org/2006/12/xml-c14n11"),
    ("ds:DigestMethod", "http://www.w3.org/2001/04/xmldsig-more#sha384")]


def check_rim(text, root, at):
    found, texts = elements(text)
    tags = [t for t, _ in found]
    assert tags[0] == "SoftwareIdentity" and tags.count("ds:Signature") == 1
    assert [(t, a["Algorithm"]) for t, a in found if "Algorithm" in a] == ALGORITHMS
    assert [a for t, a in found if t == "ds:Reference"] == [{"URI": ""}]
    digest = hashlib.sha384(Canonical(text, without="ds:Signature").bytes).digest()
    assert base64.b64decode(texts["ds:DigestValue"][0]) == digest
    certs = [x509.load_der_x509_certificate(base64.b64decode(c))
             for c in texts["ds:X509Certificate"]]
    assert len(certs) == 4
    check_chain(certs, root, at)
    raw_signature_holds(certs[0], base64.b64decode(texts["ds:SignatureValue"][0]),
                        Canonical(text, only="ds:SignedInfo").bytes)
    meta = next(a for t, a in found if t == "ns0:Meta")
    golden = {}
    for tag, a in found:
        if tag == "ns0:Resource" and a["active"] == "True":
            values = [bytes.fromhex(a["ns2:Hash%d" % i]) for i in range(int(a["alternatives"]))]
            assert int(a["index"]) not in golden and a["size"] == "48"
            golden[int(a["index"])] = values
    assert golden
    return {"about": (meta["colloquialVersion"], meta["product"], meta["edition"]),
            "golden": golden, "certs": certs}


def compare(device, rims):
    """How many of the reference values apply, all of which must hold."""
    product = {"HOPPER": "GH100", "BLACKWELL": "GB100", "LS10": "LS10"}[device["arch"]]
    edition = "SWITCH" if device["arch"] == "LS10" else "GPU"
    versions = [v for v in (device["driver"], device["vbios"]) if v]
    compared = set()
    for version in versions:
        rim = next(r for r in rims if r["about"] == (version, product, edition))
        for index, values in rim["golden"].items():
            assert index not in compared
            if index == 35 and device["fields"].get(11) == b"\x55":
                assert device["blocks"][35] not in values
                continue
            compared.add(index)
            assert device["blocks"][index] in values, (product, index)
    return len(compared)


# --- revocation --------------------------------------------------------------


def take_answer(der):
    answer = ocsp.load_der_ocsp_response(der)
    assert answer.response_status is ocsp.OCSPResponseStatus.SUCCESSFUL
    assert len(answer.certificates) == 1 and len(list(answer.responses)) == 1
    return answer


def is_about(answer, cert, issuer):
    def digest(data):
        return hashlib.new(answer.hash_algorithm.name, data).digest()
    return (answer.serial_number == cert.serial_number
            and answer.issuer_name_hash == digest(issuer.subject.public_bytes())
            and answer.issuer_key_hash == digest(point(issuer)))


def check_standing(answers, cert, issuer, at):
    answer, = [a for a in answers if is_about(a, cert, issuer)]
    by = answer.certificates[0]
    assert by.issuer == issuer.subject
    issuer.public_key().verify(by.signature, by.tbs_certificate_bytes, SHA384)
    assert by.not_valid_before <= at <= by.not_valid_after
    usage = by.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [x509.oid.ExtendedKeyUsageOID.OCSP_SIGNING]
    assert answer.responder_key_hash == hashlib.sha1(point(by)).digest()
    by.public_key().verify(answer.signature, answer.tbs_response_bytes, SHA384)
    assert answer.certificate_status is ocsp.OCSPCertStatus.GOOD
    assert answer.this_update <= at <= answer.next_update
    assert answer.next_update - answer.this_update == datetime.timedelta(days=1)
    assert answer.produced_at == answer.this_update


# --- all of it ---------------------------------------------------------------


def devices_of(payload, nonce, root, at):
    tree = json.loads(payload)
    assert bytes.fromhex(tree["nonce"]) == nonce
    made = [check_device(item, nonce, root, at) for item in tree["evidence_list"]]
    assert not made or tree["arch"] == made[0]["arch"]
    return made


def check(given):
    nonce, at = bytes.fromhex(given["nonce"]), datetime.datetime.utcfromtimestamp(given["at"])
    device_root, rim_root = (x509.load_pem_x509_certificate(given[m].encode())
                             for m in ("device_root", "rim_root"))
    assert spki(device_root) != spki(rim_root)
    report, endorsements = given["report"], given["endorsements"]
    gpus = devices_of(report["nvidia_payload"], nonce, device_root, at)
    switches = (devices_of(report["nvswitch_payload"], nonce, device_root, at)
                if "nvswitch_payload" in report else [])
    devices = gpus + switches
    assert len({spki(d["certs"][1]) for d in devices}) == len(devices)
    assert len({spki(d["certs"][0]) for d in devices}) == len(devices)
    if switches:
        check_topology(gpus, switches)
    rims = [check_rim(base64.b64decode(r, validate=True), rim_root, at)
            for r in endorsements["rims"]]
    answers = [take_answer(base64.b64decode(a, validate=True)) for a in endorsements["ocsp"]]
    asked = 0
    for certs in [d["certs"][1:] for d in devices] + [r["certs"] for r in rims]:
        for cert, issuer in zip(certs, certs[1:]):
            check_standing(answers, cert, issuer, at)
            asked += 1
    return {"archs": [d["arch"] for d in devices], "modes": [d["mode"] for d in devices],
            "compared": [compare(d, rims) for d in devices], "standings": asked,
            "answers": len(answers), "rims": sorted(r["about"] for r in rims)}


if __name__ == "__main__":
    json.dump(check(json.load(sys.stdin)), sys.stdout)
