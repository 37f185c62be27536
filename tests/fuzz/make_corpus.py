#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes what the harnesses about evidence start from, out of tests/vectors: quotes, their
certificates, lists, documents; GPUs' envelopes, reports, fields, certificates; tokens; in the form each harness takes. Run by
hand; a second run writes the same bytes (tests/check/generated.py).

    tests/fuzz/make_corpus.py [FOLDER]"""

import base64
import hashlib
import json
import pathlib
import re
import sys
import urllib.parse

HERE = pathlib.Path(__file__).resolve().parent
TDX = HERE.parent / "vectors/tdx"
GPU = HERE.parent / "vectors/gpu/cases"
BLOCK = re.compile(rb"-----BEGIN CERTIFICATE-----(.*?)-----END CERTIFICATE-----", re.S)
SGX = bytes.fromhex("06092a864886f84d010d0104")  # OID, and the tag of the value
QUOTES = ["cases/real-dcapqvl-sgx-v3", "cases/real-dcapqvl-tdx-v4", "cases/real-gotdx-v5-uptodate",
          "cases/mut-d1-quote-sig-negated-s", "cases/mut-d1-trail-nonzero", "cases/syn-auth-slack",
          "cases/syn-chain-crlf", "cases/syn-v4-sgx-tee", "cases/syn-v5-td15-uptodate",
          "cases/syn-qe-auth-empty", "cases/syn-cert-type-6-nested", "sim/sim-chain-text-between",
          "sim/sim-no-nul-after-pem", "sim/sim-chain-leaf-twice"]
# Of the simulator's machine, with one flaw each: those that a reader of certificates sees.
CERTIFICATES = re.compile(r"sim-(ca|leaf|sgx|fmspc|pceid|good|tcb-signer-critical|tcb-signer-is-ca)")
LISTS = re.compile(r"sim-((pck|root)-crl|leaf-in-root|leaf-removed|ca-revoked)")
DOCUMENTS = re.compile(r"(sim-(tcb-info|qe|module|platform|pceid|evaluation|good)"
                       r"|syn-(tcb|qe-id|module|date|relaunch))")
GOOD = "b0c06f-20250619"
HEADERS = {"tcb_info_issuer_chain": "TCB-Info-Issuer-Chain",
           "qe_identity_issuer_chain": "SGX-Enclave-Identity-Issuer-Chain",
           "pck_crl_issuer_chain": "SGX-PCK-CRL-Issuer-Chain"}
# Envelopes of each form; one device of each kind, and those with one flaw each.
ENVELOPES = ["real-nano-h100-570", "real-chutes-2gpu-595", "real-tinfoil-h100-595", "mut-b64-of-hex",
             "mut-hex-direct", "mut-json-dup-key", "mut-list-null", "mut-list-strings", "mut-nonce-0x"]
DEVICES = re.compile(r"(real-(nano-h100-570|go545|gb100-575-spt|ls10-single|sdk580-spt|tinfoil-h100-595)$"
                     r"|syn-(signed|opaque|feature|fwid|cert|ls10|blackwell)"
                     r"|mut-(block|chain|cut|opaque|pem|reclen|cert0|trail-zero-1|der))")
SMALL = [b'{"gpu":{"evidences":[{"evidence":"EeAB","certificate":"LS0t","arch":"HOPPER"}]},"nvswitch":'
         b'{"evidences":[{"evidence":"11e001","certificate":""}]}}',
         b'{"device_evidence_list":[{"evidence":"MTFlMDAx","certificate":"LS0t","nonce":null}],"arch":"LS10"}',
         b'{"evidence":"EeAB","certificate":"LS0t"}\n--\n[{"evidence":"EeAB","certificate":"LS0t"}]']
STRINGS = ["", "plain", r"\"\\\/\b\f\n\r\t", r"\u0041\u00e9\u20ac\ud83d\ude00", r"\ud83d", r"\ude00\ud83d",
           r"\u0000", "\u00e9\u20ac\U0001f600", r"\ud83d\u0041", r"\uFFFF\uD7FF\uE000", r"a\u00", '"', "\\", "\x1f",
           "\xff\xc0\x80"]


def read(path):
    return (TDX / path).read_bytes()


def certificates(text):
    return [base64.b64decode(m) for m in BLOCK.findall(text)]


def chain(quote):
    """The PEM text in a quote, to its end."""
    at = quote.find(b"-----BEGIN CERTIFICATE-----")
    size = int.from_bytes(quote[at - 4:at], "little")
    return quote[at:at + size]


def extension(der):
    """The value of the SGX extension: a SEQUENCE in an OCTET STRING."""
    at = der.find(SGX) + len(SGX)
    if at < len(SGX):
        return None
    octets = der[at] & 0x7f if der[at] >= 0x80 else 0
    size = int.from_bytes(der[at + 1:at + 1 + octets], "big") if octets else der[at]
    return der[at + 1 + octets:at + 1 + octets + size]


def own(pattern, name):
    """Files of that name in the cases whose names fit."""
    return [p for p in sorted([*(TDX / "cases").glob("*/" + name), *(TDX / "sim").glob("*/" + name)])
            if pattern.match(p.parent.name)]


def bundles(pattern):
    """Collateral in one object: the captured ones, and the cases' own."""
    paths = [*sorted((TDX / "collateral").glob("*.json")), *own(pattern, "collateral.json")]
    return [json.loads(p.read_text()) for p in paths]


def as_bytes(value):
    try:
        return bytes(value) if isinstance(value, list) else bytes.fromhex(value or "")
    except ValueError:
        return b""


def quotes():
    return [read(q + "/quote.bin") for q in QUOTES]


def pem():
    texts = [chain(q) for q in quotes()]
    return texts + [b"\n\n" + texts[0].replace(b"\n", b"\r\n"), read("roots/intel-sgx-root-ca.pem"), b"\n\0"]


def cert():
    texts = [chain(q) for q in quotes()] + [chain(p.read_bytes()) for p in own(CERTIFICATES, "quote.bin")]
    texts += [d[k].encode() for d in bundles(CERTIFICATES) for k in HEADERS if d.get(k)]
    return [der for text in texts for der in certificates(text)]


def pck():
    return [e for e in map(extension, cert()) if e]


def crl():
    return [as_bytes(d.get(k)) for d in bundles(LISTS) for k in ("pck_crl", "root_ca_crl")]


def tcb():
    return [letter + d[k].encode() for d in bundles(DOCUMENTS)
            for letter, k in ((b"t", "tcb_info"), (b"q", "qe_identity")) if d.get(k)]


def answers(d):
    """What Intel's service would have said: header and body, four times."""
    def header(name):
        return ("HTTP/1.1 200 OK\r\nServer: x\r\n%s: %s\r\n\r\n" % (
            HEADERS[name], urllib.parse.quote(d[name]))).encode()

    def body(name, text):
        return ('{"%s":%s,"signature":"%s"}' % (name, d[text], d[text + "_signature"])).encode()

    return [header("tcb_info_issuer_chain") + body("tcbInfo", "tcb_info"),
            header("qe_identity_issuer_chain") + body("enclaveIdentity", "qe_identity"),
            header("pck_crl_issuer_chain") + as_bytes(d["pck_crl"]), d["root_ca_crl"].encode()]


def endorsements():
    d = json.loads(read("collateral/%s.json" % GOOD))
    numbers = {k: list(as_bytes(v)) if "crl" in k and "chain" not in k or "signature" in k else v + "\0"
               for k, v in d.items()}
    apart = [*answers(d)[:2], as_bytes(d["pck_crl"]), as_bytes(d["root_ca_crl"])]
    headers = json.dumps({"headers": {HEADERS[k]: [urllib.parse.quote(d[k])] for k in HEADERS}}).encode()
    bodies = [a.partition(b"\r\n\r\n")[2] or a for a in answers(d)]
    pems = [d[k].encode() for k in HEADERS]
    return [read("collateral/%s.json" % GOOD), json.dumps(numbers).encode(), read("sim/collateral.json"),
            *(b"\n--\n".join(parts) for parts in (answers(d), apart, [headers, *bodies], [*pems, *bodies]))]


def nras():
    """Answers, headers and claims of their tokens, out of base64url, and a few keys."""
    keys = json.loads((GPU.parent / "nras/jwks-neardirect-20260610015359.json").read_text())["keys"][:2]
    seeds = {json.dumps({"keys": keys}).encode()}
    for case in ("true-1gpu", "false-nonce", "alg-none", "submod-missing"):
        answer = (GPU.parent / "nras" / case / "reply.json").read_bytes()
        overall, gpus = json.loads(answer)
        if len(answer) < 8192:
            seeds.add(answer)
        for token in (overall[1], *gpus.values()):
            seeds |= {base64.urlsafe_b64decode(part + "==") for part in token.split(".")[:2]}
    return sorted(seeds)


def json_string():
    return [s.encode("latin-1" if s.endswith("\x80") else "utf-8") for s in STRINGS]


def devices(names):
    """(evidence, certificate, kind) of the first device of the cases whose names fit."""
    for case in sorted(GPU.iterdir()):
        if not names.match(case.name):
            continue
        d = json.loads((case / "payload.json").read_bytes())
        for step in ("gpu", "evidences", "evidence_list", "gpu_evidence"):
            d = d.get(step, d) if isinstance(d, dict) else d
        kind = b"\3" if "ls10" in case.name else b"\2" if re.search("gb100|blackwell", case.name) else b"\1"
        yield base64.b64decode(d[0]["evidence"]), base64.b64decode(d[0]["certificate"]), kind


def opaque_of(report):
    at = 45 + int.from_bytes(report[42:45], "little") + 32
    return report[at + 2:at + 2 + int.from_bytes(report[at:at + 2], "little")]


def gpu_evidence():
    return [(GPU / e / "payload.json").read_bytes() for e in ENVELOPES] + SMALL


def spdm():
    return [report for report, _, _ in devices(DEVICES)]


def opaque():
    return [kind + opaque_of(report) for report, _, kind in devices(DEVICES) if len(report) > 1000]


def gpu_chain():
    return [pem for _, pem, _ in devices(DEVICES)]


TEXTS = [b"<a/>", b'<?xml version="1.0" encoding="UTF-8"?>\n<a b=\'"\'>&amp;\r\n&lt;</a>\n',
         b"<a xmlns='u:1' xmlns:p='u:2'><p:b xmlns='' p:c='1' c='&quot;'><d xmlns='u:1'/></p:b>]]&gt;</a>",
         b"<a>&#65;</a>", b"<a><!-- --><![CDATA[ ]]></a>"]


def rim():
    """Small ones: the synthetic driver's with all but four of its entries cut out; and other texts."""
    text = (TDX.parent / "gpu/rims/syn-driver.xml").read_bytes()
    entries = re.findall(rb"\s*<ns0:Resource [^>]*>", text)
    for entry in entries[2:7] + entries[9:]:
        text = text.replace(entry, b"")
    bare = re.sub(rb"<ds:KeyInfo>.*</ds:KeyInfo>", b"<ds:KeyInfo><ds:X509Data/></ds:KeyInfo>", text)
    return [text, bare, *TEXTS]


SEEDS = {"quote": quotes, "pem": pem, "cert": cert, "pck": pck, "crl": crl, "tcb": tcb,
         "endorsements": endorsements, "nras": nras, "json_string": json_string, "rim": rim,
         "gpu_evidence": gpu_evidence,
         "spdm": spdm, "opaque": opaque, "gpu_chain": gpu_chain}


def main():
    out = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "corpus"
    for name, make in SEEDS.items():
        folder = out / name
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.iterdir():
            old.unlink()
        for seed in make():
            if seed or name == "json_string":
                (folder / hashlib.sha256(seed).hexdigest()[:16]).write_bytes(seed)


main()
