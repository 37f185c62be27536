#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the vectors under sim/: GPU and switch evidence, reference values and
OCSP answers under the simulator's keys with one flaw each, all else complete,
in order and rightly signed, so that a verifier that misses the one check says
yes. Run by hand; a second run writes the same bytes (tests/check/generated.py).

    tests/vectors/gpu/make_simulated.py [FOLDER]

Needs python3-cryptography (Debian)."""

import base64
import hashlib
import json
import pathlib
import shutil
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[2] / "scripts"))

from cryptography import x509  # noqa: E402
from cryptography.hazmat.primitives.asymmetric import ec  # noqa: E402
from cryptography.hazmat.primitives.serialization import (  # noqa: E402
    Encoding, PublicFormat)

import simulator_gpu as gpu  # noqa: E402
import simulator_ocsp as ocsp  # noqa: E402
import simulator_rim as rim  # noqa: E402
from simulator_gpu import GB100, GH100, LS10, ZEROS, Device  # noqa: E402
from simulator_keys import (DAY, END, START, Key, key_usage, label,  # noqa: E402
                            other, pem)
from simulator_keys import ORDER as ORDERS  # noqa: E402
from simulator_rim import Entry, Rim  # noqa: E402

NOW = 1780315200  # 2026-06-01T12:00:00Z
NONCE = label("vectors' nonce", "sha256")
OTHER_NONCE = label("another nonce", "sha256")
HOUR, HOLD = 3600, 6
UNKNOWN = other("1.3.6.1.4.1.99999.1", b"\x05\x00", True)
RESPONDERS = ocsp.responders()
ORDER = ORDERS[gpu.CURVE.name]

# --- a report, taken apart ---------------------------------------------------


class Report:
    """What a device signs; cases change it before."""

    def __init__(self, device, fields):
        self.device, self.fields = device, fields
        self.nonce = NONCE
        self.head, self.slot = bytearray(b"\x11\xe0\x01\xff"), b"\0"
        self.response = bytearray(b"\x11\x60\0\0")
        self.values = [gpu.measurement(device.chip, i) for i in range(device.chip.blocks)]
        self.count = self.record_size = self.opaque_size = None
        self.blocks = self.opaque = lambda raw: raw  # change the bytes
        self.key = device.leaf_key
        self.finish = lambda raw: raw
        self.answer = "responder"

    def record(self):
        made = [bytes([(i + 1) & 255, 1, 51, 0, 1, 48, 0]) + v for i, v in enumerate(self.values)]
        return self.blocks(b"".join(made))

    def signed(self):
        record = self.record()
        opaque = self.opaque(b"".join(le(t, 2) + le(len(v), 2) + v for t, v in self.fields))
        count = len(self.values) if self.count is None else self.count
        size = len(record) if self.record_size is None else self.record_size
        oqs = len(opaque) if self.opaque_size is None else self.opaque_size
        return (bytes(self.head) + self.nonce + self.slot + bytes(self.response)
                + bytes([count]) + le(size, 3) + record
                + label(self.answer, "sha256") + le(oqs, 2) + opaque)

    def raw(self):
        message = self.signed()
        return self.finish(message + self.key.sign(message))

    # Fields, by number.
    def put(self, kind, value):
        self.fields = [(t, value if t == kind else v) for t, v in self.fields]

    def drop(self, *kinds):
        self.fields = [f for f in self.fields if f[0] not in kinds]


def le(value, n):
    return value.to_bytes(n, "little")


def common(vbios, info, chip):
    return [(6, vbios), (14, b"\xff\xff\0\0"), (15, b"000" + bytes(6)), (16, b"0" + bytes(4)),
            (17, b"SIM0\0"), (18, b"0000\0"), (19, bytes(2)), (3, b"999.99.99\0"),
            (4, le(info, 8)), (12, b"".join(le(i in chip.measured, 4) for i in range(64))),
            (13, bytes(4))]


HOPPER_VBIOS = bytes.fromhex("ffff0096ff000000")
BLACKWELL_VBIOS = bytes.fromhex("ffff0097ff000000")


def hopper(device, mode="SPT", switches=()):
    links = b"".join(switches[i % 4].pdi[::-1] for i in range(18)) if switches else None
    r = Report(device, common(HOPPER_VBIOS, 0x180, GH100) + [
        (11, b"\x55"), (20, gpu.fwid(GH100)), (21, b"\xaa" if mode == "PPCIE" else b"\x55"),
        *([(22, links)] if links else []),
        (34, b"\1\0"), (36, le({"SPT": 0, "MPT": 1, "PPCIE": 2}[mode], 2))])
    r.values[35] = gpu.measurement(GH100, 35, gpu.NVDEC0_OFF)
    return r


def blackwell(device):
    return Report(device, common(BLACKWELL_VBIOS, 0x1a0, GB100) + [
        (11, b"\xaa"), (20, gpu.fwid(GB100)), (33, b"\7\7"), (35, b"GB100\0"), (34, b"\1\0"),
        (36, b"\1\0")])


def switch(device, position, gpus):
    listed = b"".join(g.pdi for g in gpus)
    return Report(device, [
        (6, b"96.10.FF.FF.FF"), (22, device.pdi),
        (12, b"".join(le(i in LS10.measured, 4) for i in range(27))),
        (26, listed + b"\xff" * (128 - len(listed))), (23, b"\xec\0"), (24, le(position, 2)),
        (25, b"\1\0")])


# --- a case ------------------------------------------------------------------


class Case:
    """Evidence, all collateral for it, and a policy that demands all."""

    def __init__(self, kind):
        self.kind = kind
        m = gpu.machine()
        self.spare = Device(GH100, 8)  # a GPU that no switch knows
        if kind == "hopper":
            self.reports = [hopper(m["gh100"][0])]
        elif kind == "hopper2":
            self.reports = [hopper(d) for d in m["gh100"][:2]]
        elif kind == "blackwell":
            self.reports = [blackwell(d) for d in m["gb100"]]
        elif kind == "switch":
            self.reports = [switch(m["ls10"][0], 0, m["gh100"])]
        else:
            self.reports = [hopper(d, "PPCIE", m["ls10"]) for d in m["gh100"]]
            self.reports += [switch(d, i, m["gh100"]) for i, d in enumerate(m["ls10"])]
        self.rims = {k: None for k in rim.RIMS}    # None: as they are
        self.answers = {}                          # by what they are about
        self.bare = False                          # nothing goes with it
        self.now, self.nonce = NOW, NONCE
        self.policy = {"require_rim": True, "require_revocation": True}
        if kind == "ppcie":
            self.policy.update(topology=True, gpu_count=8)
        # For the envelope.
        self.envelope_nonce, self.arch, self.item = NONCE.hex(), None, lambda i, item: item
        self.chain = lambda i, chain: chain        # DER, leaf first
        self.pem = lambda i, text: text
        self.text = lambda text: text
        self.tree = lambda tree: tree

    def one(self):
        return self.reports[0]

    def items(self):
        for i, r in enumerate(self.reports):
            chain = self.chain(i, [link.cert for link in r.device.chain()])
            text = self.pem(i, "".join(pem(c) for c in chain)).encode()
            yield self.item(i, {"certificate": base64.b64encode(text).decode(),
                                "evidence": base64.b64encode(r.raw()).decode(),
                                "arch": r.device.chip.arch})

    def payload(self):
        tree = {"nonce": self.envelope_nonce, "evidence_list": list(self.items()),
                "arch": self.arch or self.reports[0].device.chip.arch}
        return self.text(json.dumps(self.tree(tree), separators=(",", ":")) + "\n")

    def needed(self):
        """(name, issuer, certificate) of all that can be withdrawn."""
        for r in self.reports:
            chain = r.device.chain()
            which = {GH100: "gh100", GB100: "gb100", LS10: "ls10"}[r.device.chip]
            yield "brom-" + r.device.serial.hex(), chain[2], chain[1].cert
            yield which + "-provisioner", chain[3], chain[2].cert
            yield "%s-identity" % gpu.IDENTITY_OF[r.device.chip.name].lower(), chain[4], chain[3].cert
        for which, chain in rim.SIGNERS.items():
            for i, what in enumerate(("l4", "l3", "l2")):
                yield "rim-%s-%s" % (which, what), chain[i + 1], chain[i].cert

    def about(self, what):
        """The one whose name starts so: issuer, certificate, its responder."""
        name, issuer, cert = next(n for n in self.needed() if n[0].startswith(what))
        return name, issuer, cert, RESPONDERS[ocsp.common_name(issuer)]

    def say(self, what, **more):
        """Another answer than "good, for a day from an hour ago"."""
        name, issuer, cert, by = self.about(what)
        given = dict({"by": by, "at": self.now - HOUR}, **more)
        self.answers[name] = ocsp.answer(issuer, cert, **given)

    def hush(self, what):
        self.answers[self.about(what)[0]] = b""

    def sign_rim(self, which, change=None, chain=None, edit=lambda text: text, entries=None, **more):
        """A RIM that is changed before it is signed (`change`, `entries`) or
        after (`edit`)."""
        made = rim.RIMS[which]
        if entries:
            made = made._replace(entries=entries(made.entries))
        if change:
            made = made._replace(**change)
        self.rims[which] = edit(rim.signed(made, chain or rim.signer_of(which), **more))


CASES = []


def cases(kind, cause, table):
    """By name: what changes the Case."""
    for name, change in table.items():
        CASES.append((name, kind, cause, "reject" if cause else "accept", change))


def then(*steps):
    def change(c):
        for step in steps:
            step(c)
    return change


def r0(**values):
    """Sets members of the first report."""
    return lambda c: [setattr(c.one(), k, v) for k, v in values.items()]


def put(kind, value):
    return lambda c: c.one().put(kind, value)


def member(**values):
    return lambda c: [setattr(c, k, v) for k, v in values.items()]


def device(**values):
    return lambda c: [setattr(c.one().device, k, v) for k, v in values.items()]


def at(raw, i, value):
    """Bytes from i on replaced."""
    return raw[:i] + value + raw[i + len(value):]


def flip(raw, i):
    i %= len(raw)
    return at(raw, i, bytes([raw[i] ^ 1]))


def swap(items, i, k):
    items = list(items)
    items[i], items[k] = items[k], items[i]
    return items


def nothing(c):
    pass


# --- what must be accepted ---------------------------------------------------

cases("hopper", None, {"hopper": nothing})
cases("hopper2", None, {"hopper-two": nothing})
cases("blackwell", None, {"blackwell": nothing})
cases("switch", None, {"switch": nothing})
cases("ppcie", None, {"ppcie": nothing})


def nvdec_on(value=None):
    def change(c):
        c.one().put(11, b"\xaa")
        c.one().values[35] = value or gpu.measurement(GH100, 35)
    return change


def oldest_fields(c):
    c.one().drop(20, 21, 34, 36)


cases("hopper", None, {
    "nvdec-on": nvdec_on(),
    "fields-of-545": oldest_fields,
    "unknown-field": lambda c: c.one().fields.append((200, b"\1\2\3")),
    "driver-without-nul": put(3, b"999.99.99"),
    "signature-negated": r0(finish=lambda raw: raw[:-48] + (
        ORDER - int.from_bytes(raw[-48:], "big")).to_bytes(48, "big")),
    "arch-absent": then(member(item=lambda i, item: {k: v for k, v in item.items() if k != "arch"}),
                        member(tree=lambda t: {k: v for k, v in t.items() if k != "arch"})),
    "nonce-upper": lambda c: setattr(c, "envelope_nonce", NONCE.hex().upper()),
    "pem-nuls": member(pem=lambda i, text: text + "\0" * 5),
    "pem-crlf": member(pem=lambda i, text: text.replace("\n", "\r\n")),
    "base64-of-hex": member(item=lambda i, item: dict(item, evidence=base64.b64encode(
        base64.b64decode(item["evidence"]).hex().encode()).decode())),
    "far-future-without-collateral": lambda c: c.__dict__.update(now=3786912000, policy={}, bare=True),
    "rim-upper-hex": lambda c: c.sign_rim("gh100_driver", entries=lambda es: [
        e._replace(values=[v.hex().upper() for v in e.values]) for e in es]),
    "rim-declaration": lambda c: c.sign_rim(
        "gh100_driver", edit=lambda t: '<?xml version="1.0" encoding="UTF-8"?>\n' + t),
    "ocsp-sha1": lambda c: c.say("brom", algorithm="sha1"),
    "ocsp-by-issuer": lambda c: c.say("brom", by=c.about("brom")[1], embedded=[]),
    "ocsp-no-next-update": lambda c: c.say("brom", until=None),
    "ocsp-last-second": lambda c: c.say("brom", at=c.now - 86400),
    "ocsp-first-second": lambda c: c.say("brom", at=c.now),
    "ocsp-grace": lambda c: (c.policy.update(revocation_grace_s=2 * HOUR),
                             c.say("brom", at=c.now - 86400 - HOUR)),
    "rim-signer-hold-allowed": lambda c: (c.policy.update(allow_hold=True), c.say(
        "rim-gh100-l4", status=ocsp.revoked(NOW - 2 * HOUR, HOLD)))})
cases("blackwell", None, {"blackwell-old-fields": lambda c: [r.drop(33, 34, 35, 36)
                                                            for r in c.reports]})


def zero_links(c):
    links = dict(c.one().fields)[22]
    c.one().put(22, bytes(16) + links[16:])


cases("ppcie", None, {"ppcie-links-off": zero_links})

# --- steps 1 to 3: text, nonces, encodings -----------------------------------


def of_item(**more):
    return member(item=lambda i, item: dict(item, **more))


cases("hopper", "json", {"json-cut": member(text=lambda t: t[:-3]),
                         "json-trailing": member(text=lambda t: t + "x")})
cases("hopper", "json_duplicate", {
    "json-duplicate": member(text=lambda t: t.replace('{"nonce"', '{"nonce":"00","nonce"', 1))})
cases("hopper", "json_type", {"json-evidence-number": of_item(evidence=1),
                              "json-list-of-text": member(tree=lambda t: dict(t, evidence_list=["x"]))})
cases("hopper", "empty", {"list-empty": member(tree=lambda t: dict(t, evidence_list=[]))})
cases("hopper", "size", {"evidence-of-17-kib": of_item(
    evidence=base64.b64encode(b"\x11" * (17 << 10)).decode())})
cases("hopper", "nonce_format", {"nonce-short": member(envelope_nonce=NONCE.hex()[:-2])})
cases("hopper", "nonce_envelope", {"nonce-envelope-other": member(envelope_nonce=OTHER_NONCE.hex()),
                                   "nonce-item-other": of_item(nonce=OTHER_NONCE.hex())})
cases("hopper", "base64", {
    "base64-garbage": member(item=lambda i, item: dict(item, evidence="*" + item["evidence"][1:])),
    "base64-unpadded": member(item=lambda i, item: dict(item, certificate=base64.b64encode(
        base64.b64decode(item["certificate"]) + b"\n" * 2).decode().rstrip("=")[:-1]))})
cases("hopper", "pem", {
    "pem-text-before": member(pem=lambda i, t: "Subject: nobody\n" + t),
    "pem-no-end": member(pem=lambda i, t: t.replace("-----END CERTIFICATE-----\n", "", 1))})
cases("hopper", "cert_format", {
    "der-trailing": member(chain=lambda i, c: [c[0] + b"\0", *c[1:]])})

# --- step 4: certificates ----------------------------------------------------


def resign(cert, key, old, new):
    """The certificate with other bytes in it, signed again."""
    tbs = x509.load_der_x509_certificate(cert).tbs_certificate_bytes
    assert tbs.count(old) == 1 and len(old) == len(new)
    return key.sign_der(tbs.replace(old, new))


def bad_point(c):
    d = c.one().device
    c.chain = lambda i, chain: [resign(chain[0], d.brom_key, d.leaf_key.point(),
                                       flip(d.leaf_key.point(), 95)), *chain[1:]]


cases("hopper", "cert_key", {"leaf-point-off-curve": bad_point})
cases("hopper", "chain_length", {
    "chain-no-root": member(chain=lambda i, c: c[:-1]),
    "chain-root-twice": member(chain=lambda i, c: c + c[-1:])})
FOREIGN = gpu.authority("NVIDIA Device Identity CA")
FOREIGN_KEY = Key("another device root", gpu.CURVE)


def foreign_root(c):
    """A root of the same name, and the identity CA below it."""
    root = gpu.certificate(
        gpu.ROOT.subject, FOREIGN_KEY, gpu.ROOT.subject, FOREIGN_KEY, gpu.GPU_END,
        [(x509.BasicConstraints(True, None), True),
         key_usage(key_cert_sign=True, crl_sign=True)])
    identity = gpu.IDENTITY["GH100"]
    made = x509.load_der_x509_certificate(identity.cert)
    c.chain = lambda i, chain: [*chain[:3], FOREIGN_KEY.sign_der(made.tbs_certificate_bytes), root]


cases("hopper", "root", {"root-other": foreign_root})
cases("hopper", "chain_order", {
    "chain-reversed": member(chain=lambda i, c: c[::-1]),
    "chain-swapped": member(chain=lambda i, c: swap(c, 2, 3)),
    "chain-leaf-of-another": member(chain=lambda i, c: [Device(GH100, 1).leaf().cert, *c[1:]]),
    "chain-of-rim-signer": member(chain=lambda i, c: [
        *(link.cert for link in rim.SIGNERS["gh100"][:3]), *c[3:]])})


def spoilt(number):
    """A signature by the wrong key."""
    def change(c):
        key = Key("nobody", gpu.CURVE)
        c.chain = lambda i, chain: [
            key.sign_der(x509.load_der_x509_certificate(x).tbs_certificate_bytes)
            if n == number else x for n, x in enumerate(chain)]
    return change


cases("hopper", "cert_signature", {"cert-%d-by-nobody" % n: spoilt(n) for n in range(4)})
LATE, PAST = DAY(2027, 1, 1), DAY(2026, 1, 1)


def provisioner(**more):
    """Another certificate for the provisioner's name and key."""
    def change(c):
        d, old = c.one().device, gpu.PROVISIONER["GH100"]
        by = gpu.IDENTITY["GH100"]
        given = dict({"end": gpu.GPU_END, "start": START, "ca": True,
                      "usage": {"key_cert_sign": True, "crl_sign": True}}, **more)
        made = gpu.certificate(
            old.subject, old.key, by.subject, by.key, given["end"],
            [(x509.BasicConstraints(given["ca"], None), True), key_usage(**given["usage"])],
            x509.load_der_x509_certificate(old.cert).serial_number, given["start"])
        d.issuer = gpu.Issuer(old.subject, old.key, made)
    return change


cases("hopper", "cert_time", {
    "leaf-expired": device(leaf_dates=(START, PAST)),
    "leaf-not-yet": device(leaf_dates=(LATE, gpu.GPU_END)),
    "brom-expired": device(brom_dates=(START, PAST)),
    "provisioner-expired": provisioner(end=PAST),
    "provisioner-not-yet": provisioner(start=LATE)})


def without(kind):
    return lambda extensions: [e for e in extensions if not isinstance(e[0], kind)]


def instead(kind, *more):
    return lambda extensions: without(kind)(extensions) + list(more)


def with_key(name, curve):
    return Key(name, curve())


def p256_leaf(c):
    """r and s, padded to the length that they should have."""
    c.one().device.leaf_key = c.one().key = with_key("P-256 AK", ec.SECP256R1)
    c.one().finish = lambda raw: (raw[:-64] + bytes(16) + raw[-64:-32] + bytes(16) + raw[-32:])


CA = (x509.BasicConstraints(True, None), True)
NOT_CA = (x509.BasicConstraints(False, None), True)
cases("hopper", "cert_profile", {
    "leaf-is-ca": device(leaf_change=lambda e: e + [CA]),
    "leaf-may-not-sign": device(leaf_change=instead(x509.KeyUsage, key_usage(key_agreement=True))),
    "leaf-without-usage": device(leaf_change=without(x509.KeyUsage)),
    "leaf-unknown-critical": device(leaf_change=lambda e: e + [UNKNOWN]),
    "leaf-p256": p256_leaf,
    "brom-not-ca": device(brom_change=instead(x509.BasicConstraints, NOT_CA)),
    "brom-without-constraints": device(brom_change=without(x509.BasicConstraints)),
    "brom-may-not-issue": device(brom_change=instead(
        x509.KeyUsage, key_usage(digital_signature=True))),
    "brom-unknown-critical": device(brom_change=lambda e: e + [UNKNOWN]),
    "provisioner-not-ca": provisioner(ca=False),
    "provisioner-may-not-issue": provisioner(usage={"crl_sign": True})})

# --- step 5: architecture ----------------------------------------------------

cases("hopper", "arch", {
    "arch-top-other": member(arch="BLACKWELL"),
    "arch-item-other": of_item(arch="BLACKWELL"),
    "arch-unknown": of_item(arch="AMPERE"),
    "leaf-of-unknown-chip": device(leaf_cn="GX200 A01 GSP FMC LF"),
    "brom-of-another-chip": device(brom_cn="GB100 A01 GSP BROM"),
    "brom-is-no-brom": device(brom_cn="GH100 A01 GSP FMC")})

# --- step 6: SPDM ------------------------------------------------------------


def head(i, value):
    return lambda c: c.one().head.__setitem__(i, value)


def response(i, value):
    return lambda c: c.one().response.__setitem__(i, value)


def record(i, value):
    return r0(blocks=lambda raw: at(raw, i, value))


cases("hopper", "short", {"cut-100": r0(finish=lambda raw: raw[:100])})
cases("hopper", "req_version", {"request-1.2": head(0, 0x12), "request-1.0": head(0, 0x10)})
cases("hopper", "req_code", {"request-e1": head(1, 0xe1)})
cases("hopper", "req_params", {"request-no-signature": head(2, 0),
                               "request-one-block": head(3, 0xfe)})
cases("hopper", "rsp_version", {"response-1.2": response(0, 0x12)})
cases("hopper", "rsp_code", {"response-error": response(1, 0x7f)})
cases("hopper", "record_length", {"record-huge": r0(record_size=0xffffff)})
cases("hopper", "block", {"block-huge": record(2, b"\xff\xff"), "block-empty": record(2, b"\0\0"),
                          "record-with-rest": r0(blocks=lambda raw: raw + b"\0\0")})
cases("hopper", "spec", {"block-spec-2": record(1, b"\2")})
cases("hopper", "dmtf_size", {"block-inner-47": record(5, b"\x2f\0")})
cases("hopper", "dup_index", {"block-index-twice": record(55, b"\1")})
cases("hopper", "block_count", {"blocks-63": r0(count=63), "blocks-65": r0(count=65)})
cases("hopper", "opaque_length", {"opaque-huge": r0(opaque_size=0xffff)})
cases("hopper", "trailing", {"trailing-one": r0(finish=lambda raw: raw + b"\0"),
                             "trailing-report": r0(finish=lambda raw: raw + raw)})
cases("hopper", "opaque", {"opaque-field-cut": r0(opaque=lambda raw: raw[:-1]),
                           "opaque-rest": r0(opaque=lambda raw: raw + b"\1\0\0")})

# --- steps 7 to 10: signature, nonce, fields, firmware -----------------------


def half(first, value):
    """r or s replaced."""
    return r0(finish=lambda raw: raw[:-96] + (
        value + raw[-48:] if first else raw[-96:-48] + value))


cases("hopper", "signature", {
    "signature-flipped": r0(finish=lambda raw: flip(raw, -1)),
    "signature-by-another": r0(key=Device(GH100, 1).leaf_key),
    "signature-by-brom": r0(key=Device(GH100, 0).brom_key),
    "signature-exchanged": r0(finish=lambda raw: raw[:-96] + raw[-48:] + raw[-96:-48]),
    "signature-r-zero": half(True, bytes(48)), "signature-s-zero": half(False, bytes(48)),
    "signature-r-order": half(True, ORDER.to_bytes(48, "big")),
    "measurement-flipped": r0(finish=lambda raw: flip(raw, 60)),
    "responder-nonce-flipped": r0(finish=lambda raw: flip(raw, 45 + 3520 + 3)),
    "driver-digit-flipped": r0(finish=lambda raw: flip(raw, raw.index(b"999.99.99")))})
cases("blackwell", "signature", {
    "blackwell-last-flipped": lambda c: setattr(c.reports[-1], "finish", lambda raw: flip(raw, -1))})
cases("switch", "signature", {"switch-signature-flipped": r0(finish=lambda raw: flip(raw, -1))})
cases("hopper", "nonce", {"nonce-of-another-time": r0(nonce=OTHER_NONCE),
                          "nonce-prefix": r0(nonce=NONCE[:31] + OTHER_NONCE[31:])})
cases("hopper2", "nonce", {"nonce-second-differs": lambda c: setattr(
    c.reports[1], "nonce", OTHER_NONCE)})
cases("switch", "nonce", {"switch-nonce-other": r0(nonce=OTHER_NONCE)})
cases("hopper", "opaque_duplicate", {
    "field-twice": lambda c: c.one().fields.append((20, gpu.fwid(GH100)))})
cases("hopper", "opaque_value", {
    "driver-control-characters": put(3, b"999\n99.99\0"), "driver-path": put(3, b"../../etc\0"),
    "vbios-of-4": put(6, HOPPER_VBIOS[:4]), "nvdec-neither": put(11, b"\0"),
    "nvdec-absent": lambda c: c.one().drop(11), "fwid-of-47": put(20, gpu.fwid(GH100)[:47]),
    "flag-7": put(36, b"\7\0"), "protected-neither": put(21, b"\1")})
cases("hopper", "opaque_version", {"opaque-version-2": put(34, b"\2\0")})
cases("switch", "switch_pdi", {"switch-pdi-other": put(22, label("PDI", "sha256")[:8])})


def other_brom_inside(c):
    d = c.one().device
    d.fwid_extension = [gpu.hopper_fwid(Device(GH100, 1).brom_key.spki(), d.fwid)]


def cut_extension(c):
    d = c.one().device
    made = gpu.hopper_fwid(d.brom_key.spki(), d.fwid)[0]
    d.fwid_extension = [other("2.23.133.5.4.1", made.value[:-1])]


cases("hopper", "fwid_ext", {"fwid-absent-in-leaf": device(fwid_extension=[]),
                             "fwid-cut": cut_extension, "fwid-of-another-brom": other_brom_inside})
cases("hopper", "fwid", {"fwid-other-in-leaf": device(fwid=label("other FMC")),
                         "fwid-other-in-report": put(20, label("other FMC"))})


def exchanged(c):
    for r in c.reports:
        r.device.fwid_extension = [gpu.tcb_info_fwid(GB100, ZEROS, r.device.fwid)]


cases("blackwell", "fwid", {"blackwell-fwid-second": exchanged})

# --- step 11: across devices -------------------------------------------------


def twin(**more):
    """The second device is the first with something else about it."""
    def change(c):
        d = Device(GH100, 0)
        for k, v in more.items():
            setattr(d, k, v)
        c.reports[1] = hopper(d)
        c.reports[1].answer = "second"
    return change


cases("hopper2", "duplicate_device", {
    "device-twice": twin(),
    "device-twice-new-leaf": twin(leaf_key=Key("second AK", gpu.CURVE), leaf_serial=b"\x51" * 20),
    "leaf-key-twice": lambda c: (setattr(c.reports[1].device, "leaf_key", c.one().device.leaf_key),
                                 setattr(c.reports[1], "key", c.one().device.leaf_key))})
cases("hopper2", "mode_mixed", {"mode-mixed": lambda c: (c.reports[1].put(21, b"\xaa"),
                                                         c.reports[1].put(36, b"\2\0"))})
cases("hopper", "count", {"count-2-of-1": lambda c: c.policy.update(gpu_count=2)})
cases("hopper2", "count", {"count-1-of-2": lambda c: c.policy.update(gpu_count=1)})


def uncounted(change):
    return then(lambda c: c.policy.pop("gpu_count"), change)


def links_to(pdi):
    def change(c):
        links = dict(c.one().fields)[22]
        c.one().put(22, pdi[::-1] + links[8:])
    return change


def listed(first):
    def change(c):
        r = c.reports[8]
        r.put(26, first + dict(r.fields)[26][8:])
    return change


def all_spt(c):
    for r in c.reports[:8]:
        r.put(21, b"\x55")
        r.put(36, b"\0\0")


STRANGER = label("PDI of nobody", "sha256")[:8]
cases("ppcie", "topology", {
    "topology-foreign-gpu": lambda c: c.reports.__setitem__(
        7, hopper(c.spare, "PPCIE", gpu.machine()["ls10"])),
    "topology-gpu-missing": uncounted(lambda c: c.reports.pop(7)),
    "topology-switch-missing": lambda c: c.reports.pop(11),
    "topology-link-to-nobody": links_to(STRANGER),
    "topology-switch-lists-nobody": listed(STRANGER),
    "topology-switch-unlocked": lambda c: c.reports[8].put(25, b"\0\0"),
    "topology-spt": all_spt})

# --- step 12: reference values -----------------------------------------------


def lacks(*which):
    return lambda c: [c.rims.pop(w) for w in which]


cases("hopper", "rim_missing", {"rim-none": lambda c: c.rims.clear(),
                                "rim-driver-missing": lacks("gh100_driver", "gb100_driver"),
                                "rim-vbios-missing": lacks("gh100_vbios"),
                                "rim-driver-older": then(lacks("gb100_driver"), lambda c: c.sign_rim(
                                    "gh100_driver", {"version": "999.99.98"}))})
cases("switch", "rim_missing", {"switch-rim-missing": lacks("ls10")})
cases("hopper", "rim_product", {"rim-of-blackwell": lacks("gh100_driver"),
                                "rim-edition-other": then(lacks("gb100_driver"), lambda c: c.sign_rim(
                                    "gh100_driver", {"edition": "SWITCH"}))})
cases("blackwell", "rim_product", {"blackwell-rim-of-hopper": lacks("gb100_driver")})


def edited(old, new):
    return lambda c: c.sign_rim("gh100_driver", edit=lambda t: t.replace(old, new, 1))


def twice(t):
    start, end = t.index("<ds:Signature "), t.index("</ds:Signature>") + 15
    return t[:end] + t[start:end] + t[end:]


def wrap(t):
    """The signed document inside of another one."""
    return ('<Wrapper xmlns="%s">' % rim.SWID) + t + "</Wrapper>"


cases("hopper", "rim_xml", {
    "rim-cut": lambda c: c.sign_rim("gh100_driver", edit=lambda t: t[:-30]),
    "rim-doctype": lambda c: c.sign_rim("gh100_driver", edit=lambda t: "<!DOCTYPE x>\n" + t),
    "rim-comment": edited("<ns0:Meta", "<!-- --><ns0:Meta"),
    "rim-attribute-twice": edited('product="GH100"', 'product="GH100" product="GH100"')})
cases("hopper", "rim_signature_count", {
    "rim-two-signatures": lambda c: c.sign_rim("gh100_driver", edit=twice),
    "rim-wrapped": lambda c: c.sign_rim("gh100_driver", edit=wrap)})
cases("hopper", "rim_algorithm", {
    "rim-hmac": lambda c: c.sign_rim("gh100_driver", method=rim.ECDSA.replace("ecdsa", "hmac")),
    "rim-sha256": lambda c: c.sign_rim("gh100_driver", method=rim.ECDSA.replace("384", "256")),
    "rim-of-fragment": lambda c: c.sign_rim("gh100_driver", uri="#x")})


def bytes_of_signature(t):
    i = t.index("<ds:SignatureValue>") + 19
    raw = base64.b64decode(t[i:i + 128])
    return t[:i] + base64.b64encode(flip(raw, -1)).decode() + t[i + 128:]


cases("hopper", "rim_signature", {
    "rim-signature-flipped": lambda c: c.sign_rim("gh100_driver", edit=bytes_of_signature),
    "rim-by-another-key": lambda c: c.sign_rim("gh100_driver", key=Key("nobody", gpu.CURVE))})
WRONG = label("wrong")
GOLDEN_22 = gpu.measurement(GH100, 22).hex()
cases("hopper", "rim_digest", {
    "rim-name-altered": edited('tagVersion="0"', 'tagVersion="1"'),
    "rim-made-inactive": edited('index="22" active="True"', 'index="22" active="False"'),
    "rim-value-altered": edited(GOLDEN_22, WRONG.hex()),
    "rim-space-added": edited("    <ns0:Meta", "     <ns0:Meta")})


def signers(change):
    """The RIM's chain, changed."""
    return lambda c: c.sign_rim("gh100_driver", chain=change(list(rim.SIGNERS["gh100"])))


def relinked(chain, number, by):
    """That certificate signed by another key."""
    tbs = x509.load_der_x509_certificate(chain[number].cert).tbs_certificate_bytes
    chain[number] = chain[number]._replace(cert=by.sign_der(tbs))
    return chain


def signer(**more):
    def change(chain):
        return [rim.signer_leaf("HCC RIM L4 Signer", "HCC RIM L4 Signer GH100", chain[1], **more),
                *chain[1:]]
    return signers(change)


def other_rim_root(chain):
    key = Key("another RIM root", gpu.CURVE)
    root = gpu.certificate(rim.ROOT.subject, key, rim.ROOT.subject, key, END, [
        CA, key_usage(key_cert_sign=True, crl_sign=True)])
    return relinked(chain, 2, key)[:3] + [rim.ROOT._replace(cert=root)]


cases("hopper", "rim_chain:root", {"rim-root-other": signers(other_rim_root)})
cases("hopper", "rim_chain:cert_time", {"rim-signer-expired": signer(dates=(START, PAST)),
                                        "rim-signer-not-yet": signer(dates=(LATE, END))})
cases("hopper", "rim_chain:cert_profile", {"rim-signer-is-ca": signer(ca=True)})
cases("hopper", "rim_chain:cert_signature", {
    "rim-signer-by-nobody": signers(lambda ch: relinked(ch, 0, Key("nobody", gpu.CURVE))),
    "rim-l3-by-nobody": signers(lambda ch: relinked(ch, 1, Key("nobody", gpu.CURVE)))})
cases("hopper", "rim_chain:chain_order", {"rim-chain-of-another": signers(
    lambda ch: [ch[0], *rim.SIGNERS["gb100"][1:]])})
cases("hopper", "rim_chain:chain_length", {
    "rim-chain-no-root": signers(lambda ch: ch[:3]),
    "rim-by-a-gpu": signers(lambda ch: Device(GH100, 1).chain())})


def changed(index, **more):
    return lambda es: [e._replace(**more) if e.index == index else e for e in es]


def extra(entry):
    return lambda es: es + [entry]


VALUE_21, VALUE_9 = gpu.measurement(GH100, 21), gpu.measurement(GH100, 9)
cases("hopper", "rim_dup", {"rim-index-twice": lambda c: c.sign_rim(
    "gh100_driver", entries=extra(Entry(21, True, [VALUE_21])))})
cases("hopper", "rim_conflict", {"rim-index-in-both": lambda c: c.sign_rim(
    "gh100_vbios", entries=changed(21, active=True, values=[VALUE_21]))})
cases("hopper", "rim_empty", {"rim-nothing-active": lambda c: c.sign_rim(
    "gh100_driver", entries=lambda es: [e._replace(active=False) for e in es])})
cases("hopper", "measurement", {
    "measurement-9-other": lambda c: c.one().values.__setitem__(9, WRONG),
    "measurement-21-other": lambda c: c.one().values.__setitem__(21, WRONG),
    "measurement-0-not-zero": lambda c: c.one().values.__setitem__(0, WRONG),
    "measurement-none-of-four": lambda c: c.one().values.__setitem__(12, WRONG),
    "measurements-shifted": lambda c: setattr(c.one(), "values", [ZEROS] + c.one().values[:-1]),
    "measurement-missing": lambda c: c.sign_rim(
        "gh100_driver", entries=extra(Entry(64, True, [WRONG]))),
    "measurement-of-rim-other": lambda c: c.sign_rim(
        "gh100_driver", entries=changed(22, values=[WRONG])),
    "measurement-of-47": lambda c: setattr(c.one(), "blocks", short_22),
    "nvdec-on-other": nvdec_on(gpu.measurement(GH100, 35, gpu.NVDEC0_OFF))})


def short_22(raw):
    i = 55 * 22
    return raw[:i] + bytes([23, 1, 50, 0, 1, 47, 0]) + raw[i + 7:i + 54] + raw[i + 55:]


cases("blackwell", "measurement", {
    "blackwell-measurement-35": lambda c: c.reports[1].values.__setitem__(35, WRONG),
    "blackwell-measurement-14": lambda c: c.reports[1].values.__setitem__(14, WRONG)})
cases("switch", "measurement", {"switch-measurement-30": lambda c: c.one().values.__setitem__(
    30, WRONG)})

# --- step 13: revocation -----------------------------------------------------

REVOKED, ON_HOLD = ocsp.revoked(NOW - 2 * HOUR, 1), ocsp.revoked(NOW - 2 * HOUR, HOLD)
PLACES = {"brom": "brom", "provisioner": "gh100-provisioner", "identity": "gh100-identity"}
cases("hopper", "revocation_missing", {
    "ocsp-none": lambda c: [c.hush(n) for n, _, _ in c.needed()],
    **{"ocsp-missing-" + n: (lambda w: lambda c: c.hush(w))(w) for n, w in PLACES.items()},
    "ocsp-unauthorized": lambda c: c.answers.update({c.about("brom")[0]: ocsp.failure(6)}),
    "ocsp-of-another": lambda c: c.answers.update({c.about("brom")[0]: ocsp.answer(
        c.about("brom")[1], Device(GH100, 1).brom().cert, c.about("brom")[3], NOW - HOUR)})})


def by_other(make):
    def change(c):
        issuer = c.about("brom")[1]
        c.say("brom", by=make(issuer))
    return change


NAME = "NVIDIA OCSP Responder of another"
cases("hopper", "ocsp_signer", {
    "ocsp-by-other-ca": by_other(lambda i: RESPONDERS["NVIDIA GH100 Identity"]),
    "ocsp-by-rim-ca": by_other(lambda i: RESPONDERS["NVIDIA Reference Value L3 GH100 002"]),
    "ocsp-without-usage": by_other(lambda i: ocsp.responder(NAME, i, usage=False)),
    "ocsp-responder-expired": by_other(lambda i: ocsp.responder(NAME, i, dates=(START, PAST))),
    "ocsp-responder-not-yet": by_other(lambda i: ocsp.responder(NAME, i, dates=(LATE, END))),
    "ocsp-self-signed": by_other(lambda i: self_signed(i)),
    "ocsp-responder-by-nobody": by_other(lambda i: forged(i)),
    "ocsp-no-certificate": lambda c: c.say("brom", embedded=[])})


def self_signed(issuer):
    """It says that the issuer made it, and made itself."""
    made = ocsp.responder(NAME, issuer)
    tbs = x509.load_der_x509_certificate(made.cert).tbs_certificate_bytes
    return made._replace(cert=made.key.sign_der(tbs))


def forged(issuer):
    made = ocsp.responder(NAME, issuer)
    tbs = x509.load_der_x509_certificate(made.cert).tbs_certificate_bytes
    return made._replace(cert=Key("nobody", gpu.CURVE).sign_der(tbs))


cases("hopper", "ocsp_signature", {"ocsp-signature-flipped": lambda c: c.say(
    "brom", spoil=lambda signed: flip(signed, -1))})
cases("hopper", "ocsp_time", {
    "ocsp-expired": lambda c: c.say("brom", at=c.now - 86401),
    "ocsp-future": lambda c: c.say("brom", at=c.now + 1),
    "ocsp-expired-identity": lambda c: c.say("gh100-identity", at=c.now - 86401),
    "ocsp-no-next-update-old": lambda c: c.say("brom", at=c.now - 86401, until=None)})
cases("hopper", "revocation_unknown", {
    "ocsp-unknown": lambda c: c.say("brom", status=ocsp.UNKNOWN)})
cases("hopper", "revoked", {
    **{"revoked-" + n: (lambda w: lambda c: c.say(w, status=REVOKED))(w) for n, w in PLACES.items()},
    "revoked-hold": lambda c: c.say("brom", status=ON_HOLD),
    "revoked-hold-allowed-for-rims": then(lambda c: c.policy.update(allow_hold=True),
                                          lambda c: c.say("brom", status=ON_HOLD)),
    "revoked-long-ago": lambda c: c.say("brom", at=NOW - 10 * 86400,
                                        status=ocsp.revoked(NOW - 11 * 86400, 1))})
cases("blackwell", "revoked", {"blackwell-revoked-last": lambda c: c.say(
    "brom-" + c.reports[-1].device.serial.hex(), status=REVOKED)})
cases("switch", "revoked", {"switch-revoked": lambda c: c.say("brom", status=REVOKED),
                            "switch-provisioner-revoked": lambda c: c.say(
                                "ls10-provisioner", status=REVOKED)})
for which in ("l4", "l3", "l2"):
    cases("hopper", "rim_revoked", {
        "rim-revoked-" + which: (lambda w: lambda c: c.say("rim-gh100-" + w, status=REVOKED))(which)})
    cases("hopper", "rim_revocation_missing", {
        "rim-ocsp-missing-" + which: (lambda w: lambda c: c.hush("rim-gh100-" + w))(which)})
cases("hopper", "rim_revoked", {"rim-signer-hold": lambda c: c.say("rim-gh100-l4", status=ON_HOLD)})
cases("hopper", "rim_ocsp_time", {"rim-ocsp-expired": lambda c: c.say(
    "rim-gh100-l4", at=c.now - 86401)})
cases("hopper", "rim_ocsp_signer", {"rim-ocsp-by-other-ca": lambda c: c.say(
    "rim-gh100-l4", by=RESPONDERS["NVIDIA GH100 Identity"])})
cases("hopper", "rim_ocsp_signature", {"rim-ocsp-signature-flipped": lambda c: c.say(
    "rim-gh100-l4", spoil=lambda signed: flip(signed, -1))})
cases("hopper", "rim_revocation_unknown", {"rim-ocsp-unknown": lambda c: c.say(
    "rim-gh100-l4", status=ocsp.UNKNOWN)})

# --- writing -----------------------------------------------------------------


def spki_hash(cert):
    key = x509.load_der_x509_certificate(cert).public_key()
    return hashlib.sha256(key.public_bytes(Encoding.DER,
                                           PublicFormat.SubjectPublicKeyInfo)).hexdigest()


ANCHORS = {"device": spki_hash(gpu.ROOT.cert), "rim": spki_hash(rim.ROOT.cert)}


class Shared:
    """Files that many cases use: content by name."""

    def __init__(self):
        self.files = {}

    def keep(self, name, content):
        assert self.files.setdefault(name, content) == content, name
        return "sim/" + name


def collateral(c, shared, own):
    """Paths; what belongs to one case goes into `own`."""
    rims, answers = [], []
    if c.bare:
        return {"rims": [], "ocsp": []}
    for which, text in c.rims.items():
        if text is None:
            rims.append(shared.keep("rims/%s.xml" % which,
                                    rim.signed(rim.RIMS[which], rim.signer_of(which)).encode()))
        else:
            own[which + ".xml"] = text.encode()
            rims.append("./%s.xml" % which)
    for name, issuer, cert in c.needed():
        made = c.answers.get(name)
        good = ocsp.answer(issuer, cert, RESPONDERS[ocsp.common_name(issuer)], NOW - HOUR)
        if made is None and cert in KNOWN:
            answers.append(shared.keep("ocsp/%s.der" % name, good))
        elif made is None or made:
            own[name + ".der"] = made or good
            answers.append("./%s.der" % name)
    return {"rims": rims, "ocsp": list(dict.fromkeys(answers))}


# The certificates that the simulator itself has.
KNOWN = {cert for kind in ("hopper", "blackwell", "ppcie")
         for _, _, cert in Case(kind).needed()}


def write(folder, name, content):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())


def tidy(tree):
    return json.dumps(tree, indent=1) + "\n"


def make(folder, row, shared):
    short, kind, cause, verdict, change = row
    name = "sim-" + short
    c = Case(kind)
    change(c)
    own = {}
    expected = {"id": name, "kind": "simulated", "input": "payload.json", "nonce": c.nonce.hex(),
                "now": c.now, "trust_anchor": ANCHORS, "policy": c.policy, "verdict": verdict,
                **({"reason_class": cause} if cause else {}),
                "collateral": collateral(c, shared, own)}
    for file, content in {**own, "payload.json": c.payload(),
                          "expected.json": tidy(expected)}.items():
        write(folder / name, file, content)
    return {k: expected[k] for k in expected if k not in ("kind", "trust_anchor")}


def main():
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "sim"
    for old in folder.glob("sim-*"):
        shutil.rmtree(old)
    assert len({row[0] for row in CASES}) == len(CASES)
    shared = Shared()
    index = [make(folder, row, shared) for row in CASES]
    for name, content in shared.files.items():
        write(folder, name, content)
    write(folder, "device-root.pem", pem(gpu.ROOT.cert))
    write(folder, "rim-root.pem", pem(rim.ROOT.cert))
    write(folder, "index.json", tidy(index))


if __name__ == "__main__":
    main()
