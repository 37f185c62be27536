#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the vectors under sim/: quotes and collateral under the simulator's
keys with one flaw each, all else in order and every signature good, so that a
verifier that misses the one check says yes. Run by hand; a second run writes
the same bytes (tests/check/generated.py).

    tests/vectors/tdx/make_simulated.py [FOLDER]

Needs python3-cryptography (Debian)."""

import datetime
import functools
import json
import pathlib
import shutil
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[2] / "scripts"))

from cryptography import x509  # noqa: E402
from cryptography.hazmat.primitives.asymmetric import ec  # noqa: E402

import simulator_tcb as tcb  # noqa: E402
import simulator_tdx as tdx  # noqa: E402
from simulator_keys import (END, Key, crl, crl_extensions, der,  # noqa: E402
                            label, octets, other, pem)

DAY = datetime.datetime
NOW = DAY(2026, 6, 1)
LEAF, CA, ROOT = "PCK Certificate", "PCK Platform CA", "Root CA"
SIGNER = "TCB Signing"
SEPT, DEBUG = 1 << 28, 1
XFAM = 0x602e7
INTEL_VENDOR = bytes.fromhex("939a7233f79c4ca9940a0db3957f0607")
# A critical extension that no one knows.
UNKNOWN = other("1.3.6.1.4.1.99999.1", b"\x05\x00", True)
cert, key = tdx.intel_certificate, tdx.intel_key


# --- what a case is made of --------------------------------------------------


def quote(svn=tdx.TEE_TCB_SVN, seam=bytes(8), attributes=SEPT, xfam=XFAM,
          chain=None, qe=None, qe_signer=LEAF, signer="attestation key"):
    """DCAP quote, version 4; written apart from src/attest/simulator.c."""
    point = key("attestation key").point()
    pem_text = chain or (pem(cert(LEAF)) + tcb.issuer_chain(cert(CA)) + "\0")
    report = tdx.qe_report(point, **(qe or {}))
    body = b"".join([
        (4).to_bytes(2, "little"), (2).to_bytes(2, "little"),
        (0x81).to_bytes(4, "little"), bytes(4), INTEL_VENDOR,
        label("QE id", "sha256")[:16], bytes(4), svn, label("TDX module"),
        bytes(48), seam, attributes.to_bytes(8, "little"),
        xfam.to_bytes(8, "little"), tdx.vm_image()["mrtd"], bytes(3 * 48),
        *(label("RTMR%d" % i) for i in range(4)), bytes(range(64))])
    assert len(body) == 632

    def sized(data, n):
        return len(data).to_bytes(n, "little") + data

    certification = (report + key(qe_signer).sign(report) +
                     sized(tdx.QE_AUTH_DATA, 2) + (5).to_bytes(2, "little") +
                     sized(pem_text.encode(), 4))
    return body + sized(key(signer).sign(body) + point +
                        (6).to_bytes(2, "little") + sized(certification, 4), 4)


def pck(leaf=None, ca=None):
    """What changes in a case whose PCK chain is changed: the chain in the
    quote, and the issuer of the PCK CRL."""
    above = tcb.issuer_chain(cert(CA, **(ca or {})))
    return {"quote": {"chain": pem(cert(LEAF, **(leaf or {}))) + above + "\0"},
            "bundle": {"pck_crl_issuer_chain": above} if ca else {}}


def renamed_ca(title):
    change = pck({"issuer_title": title}, {"title": title})
    made = crl(tdx.intel_name(title), key(CA))
    return both(change, {"bundle": {"pck_crl": made.hex()}})


def chain(*certificates):
    return {"quote": {"chain": "".join(map(pem, certificates)) + "\0"}}


def sgx(**members):
    """A leaf with these members of the SGX extension changed ("_3" is .3);
    None takes one out."""
    entries = tdx.sgx_entries()
    for name, value in members.items():
        suffix = name.replace("_", ".")
        if value is None:
            del entries[suffix]
        else:
            entries[suffix] = value
    return pck({"sgx": tdx.sgx_extension(entries)})


def info(change=None, text=None, **more):
    """TCB info, changed and signed."""
    document = tcb.tcb_info()
    if change:
        change(document)
    made = tcb.text(document)
    return {"bundle": tcb.signed("tcb_info", text(made) if text else made,
                                 **more)}


def identity(change=None, **more):
    document = tcb.qe_identity()
    if change:
        change(document)
    return {"bundle": tcb.signed("qe_identity", document, **more)}


def both(*changes):
    """Several changes at once."""
    out = {"quote": {}, "bundle": {}}
    for change in changes:
        for part in out:
            out[part] |= change.get(part, {})
    return out


def signer(certificates, who=SIGNER):
    """Both documents signed by `who`, under this chain."""
    more = {"chain": tcb.issuer_chain(*certificates), "key": key(who)}
    return both(info(**more), identity(**more))


def root_crl(**changes):
    return {"bundle": {"root_ca_crl": tdx.intel_crl(ROOT, **changes).hex()}}


def pck_crl(**changes):
    return {"bundle": {"pck_crl": tdx.intel_crl(CA, **changes).hex()}}


def serial(role):
    return x509.load_der_x509_certificate(cert(role)).serial_number


def put(path, value):
    """Sets the member at `path` of a document."""
    def change(document):
        for step in path[:-1]:
            document = document[step]
        document[path[-1]] = value
    return change


def q(**changes):
    return {"quote": changes}


# --- the verdicts ------------------------------------------------------------


def accept(status="UpToDate", platform="UpToDate", module="UpToDate",
           qe="UpToDate", advisories=()):
    return {"verdict": "accept", "tcb": {
        "status": status, "platform_status": platform,
        "tdx_module_status": module, "qe_status": qe,
        "advisory_ids": [tcb.ADVISORY % n for n in advisories]}}


def reject(reason):
    return {"verdict": "reject", "reason_class": reason}


def either(reason):
    """Beside accept(): both answers are safe."""
    return {"verdict": "policy", "reason_class": reason,
            "policy_switch": "either"}


# --- the cases ---------------------------------------------------------------

# One level lower: components and CPUSVN of a leaf.
BEHIND = tdx.sgx_tcb(tcb.SGX_BEHIND, tcb.SGX_BEHIND)
MODULE = ("tdxModuleIdentities", 0)


def accepted():
    ok, old = accept(), "OutOfDate"
    yield "good", ok, {}, "what the simulator makes"
    yield ("platform-outofdate", accept(old, platform=old, advisories=[1]),
           sgx(_2=BEHIND), "the leaf's components stand one level lower")
    yield ("module-outofdate", accept(old, module=old, advisories=[2]),
           q(svn=bytes([6, 1, 4]) + bytes(13)), "")
    yield ("qe-outofdate", accept(old, qe=old, advisories=[3]),
           q(qe={"isvsvn": 4}), "")
    yield ("all-outofdate", accept(old, old, old, old, [1, 2, 3]),
           both(sgx(_2=BEHIND), q(svn=bytes([6, 1, 4]) + bytes(13),
                                  qe={"isvsvn": 4})),
           "advisories of all three parts")
    yield ("evaluation-numbers-differ", ok,
           identity(put(["tcbEvaluationDataNumber"], 19)),
           "the smaller number counts; equality is not asked for")
    yield ("xfam-odd", ok, q(xfam=1 << 63 | 0x602e4),
           "x87 and SSE clear, an unknown bit set: reported, not judged")
    yield ("td-named-attributes", ok, q(attributes=SEPT | 1 << 30 | 1 << 31 |
                                        1 << 63), "PKS, KL, PERFMON: reported")
    yield ("fmspc-lower-case", ok, info(put(["fmspc"], tdx.FMSPC.hex())), "")
    yield ("module-id-lower-case", ok, info(put([*MODULE, "id"], "tdx_01")),
           "")
    yield ("tcb-info-extra-member", ok, info(put(["later"], {"svn": [1]})),
           "members that nobody knows are Intel's to add")
    yield ("tcb-info-pretty", ok,
           info(text=lambda t: json.dumps(json.loads(t), indent=1)),
           "signed with its line ends and spaces: the bytes as received")
    yield ("tdx-module-svns-not-compared", ok,
           info(put(["tcbLevels", 0, "tcb", "tdxtcbcomponents"],
                    tcb.components(bytes([99, 9, 4]) + bytes(13), []))),
           "with a module version above 0 the first two TDX components of a "
           "level are not looked at")
    yield ("no-nul-after-pem", ok,
           {"quote": {"chain": pem(cert(LEAF)) + tcb.issuer_chain(cert(CA))}},
           "")
    entries = tdx.sgx_entries()
    yield ("sgx-other-order", ok,
           pck({"sgx": tdx.sgx_extension(dict(reversed(entries.items())))}),
           "members of the SGX extension in another order")
    yield ("qe-attributes-masked", ok,
           q(qe={"attributes": b"\x11" + tdx.QE_ATTRIBUTES[1:]}),
           "MODE64 clear, which the mask leaves out")
    yield ("qe-identity-second-signer", ok, identity(
        key=second(), chain=tcb.issuer_chain(cert(SIGNER, key=second()))),
        "another TCB signing certificate than TCB info's")
    yield ("leaf-generalized-time", ok, pck({"end": DAY(2055, 1, 1)}),
           "notAfter in 2055, so GeneralizedTime")
    yield ("last-second", ok, {"now": END}, "nextUpdate and notAfter are now")


@functools.lru_cache(maxsize=None)
def second():
    return Key("second TCB Signing", ec.SECP256R1())


def policies():
    td = "TD_ATTRIBUTES"
    yield ("td-migratable", reject(td), q(attributes=SEPT | 1 << 29), "")
    yield ("td-reserved-20", reject(td), q(attributes=SEPT | 1 << 20),
           "dcap-qvl 0.7.0 takes 16 and 18 to 22 for known bits")
    yield ("td-reserved-25", reject(td), q(attributes=SEPT | 1 << 25), "")
    yield ("td-servtd-ext", reject(td), q(attributes=SEPT | 1 << 17),
           "SERVTD_EXT of later modules")
    yield ("td-reserved-45", reject(td), q(attributes=SEPT | 1 << 45), "")
    yield ("td-tud-3", reject("DEBUG"), q(attributes=SEPT | 1 << 3),
           "no switch lets it pass")
    yield ("td-debug-and-tud-3", reject("DEBUG"),
           q(attributes=SEPT | DEBUG | 1 << 3),
           "allowing debug allows bit 0 only")
    attributes = bytes([1]) + bytes(7)
    yield ("seam-attributes", reject("TDX_MODULE"),
           both(q(seam=attributes),
                info(put([*MODULE, "attributes"], attributes.hex()))),
           "the identity agrees, and yet they must be zero")


def pck_chains():
    bad = reject("PCK_CHAIN")
    leaf, ca, root = cert(LEAF), cert(CA), cert(ROOT)
    by_root = cert(LEAF, issuer=ROOT)
    yield ("leaf-named-tcb-signing", bad, pck({"title": SIGNER}),
           "a TCB signer's name on a PCK leaf")
    yield ("leaf-named-root", bad, pck({"title": ROOT}), "")
    yield ("leaf-by-root-two", bad, chain(by_root, root), "")
    yield ("leaf-by-root-padded", bad, chain(by_root, ca, root), "")
    yield ("leaf-by-root-root-twice", bad, chain(by_root, root, root), "")
    yield ("chain-leaf-twice", bad, chain(leaf, leaf, ca, root), "")
    yield ("chain-no-root", bad, chain(leaf, ca), "")
    yield ("chain-root-not-self", bad, chain(leaf, ca, ca), "")
    yield ("chain-text-between", bad,
           {"quote": {"chain": pem(leaf) + "x\n" + tcb.issuer_chain(ca) +
                      "\0"}}, "a line between the blocks")
    yield ("ca-no-path-length", bad, pck(ca={"constraints": (True, None)}), "")
    yield ("ca-path-length-1", bad, pck(ca={"constraints": (True, 1)}), "")
    yield ("ca-not-ca", bad, pck(ca={"constraints": (False, None)}), "")
    yield ("ca-named-otherwise", bad, renamed_ca("PCK Nowhere CA"),
           "leaf and PCK CRL agree on the name, but Intel has no such CA")
    yield ("ca-critical-extension", bad, pck(ca={"more": [UNKNOWN]}), "")
    yield ("ca-no-key-usage", bad, pck(ca={"drop": x509.KeyUsage}), "")
    yield ("leaf-is-ca", bad, pck({"constraints": (True, None)}), "")
    yield ("leaf-critical-extension", bad, pck({"more": [UNKNOWN]}), "")
    for what, kind in (("authority-id", x509.AuthorityKeyIdentifier),
                       ("subject-id", x509.SubjectKeyIdentifier),
                       ("crl-points", x509.CRLDistributionPoints),
                       ("key-usage", x509.KeyUsage),
                       ("basic-constraints", x509.BasicConstraints)):
        yield "leaf-no-" + what, bad, pck({"drop": kind}), ""


def sgx_extensions():
    bad = reject("PCK_CHAIN")
    svns = [*tdx.COMPONENTS]
    yield "sgx-17-components", bad, sgx(_2=tdx.sgx_tcb(svns + [0])), ""
    yield ("sgx-component-19", bad,
           sgx(_2=tdx.sgx_tcb(more=[(".2.19", der(2, b"\0"))])), "")
    yield ("sgx-component-twice", bad,
           sgx(_2=tdx.sgx_tcb(more=[(".2.1", der(2, b"\x04"))])), "")
    yield ("sgx-member-8", bad,
           pck({"sgx": tdx.sgx_extension(more=[(".8", octets(b"\0"))])}), "")
    yield "sgx-15-components", bad, sgx(_2=tdx.sgx_tcb(svns[:15])), ""
    yield ("sgx-svn-256", bad, sgx(_2=tdx.sgx_tcb([256, *svns[1:]])),
           "a cast to 8 bits makes 0 of it")
    yield ("sgx-svn-negative", bad,
           sgx(_2=tdx.sgx_tcb([der(2, b"\xff"), *svns[1:]])), "")
    yield ("sgx-svn-padded", bad,
           sgx(_2=tdx.sgx_tcb([der(2, b"\x00\x04"), *svns[1:]])),
           "INTEGER with a leading zero: BER, not DER")
    yield "sgx-fmspc-5", bad, sgx(_4=octets(tdx.FMSPC[:5])), ""
    yield "sgx-pceid-3", bad, sgx(_3=octets(bytes(3))), ""
    yield "sgx-ppid-17", bad, sgx(_1=octets(bytes(17))), ""
    yield ("sgx-cpusvn-15", bad,
           sgx(_2=tdx.sgx_tcb(cpusvn=tdx.COMPONENTS[:15])), "")
    yield ("sgx-fmspc-twice", bad,
           pck({"sgx": tdx.sgx_extension(more=[(".4", octets(tdx.FMSPC))])}),
           "")
    yield ("sgx-fmspc-twice-other", bad,
           pck({"sgx": tdx.sgx_extension(more=[(".4", octets(bytes(6)))])}),
           "")
    yield "sgx-no-pceid", bad, sgx(_3=None), ""
    yield ("sgx-no-platform-instance", bad, sgx(_6=None),
           "6 members under the Platform CA, where Intel demands 7")
    yield ("sgx-trailing", bad, pck({"sgx": tdx.sgx_extension() + b"\x05\0"}),
           "bytes behind the SEQUENCE")


def tcb_chains():
    bad = reject("TCB_INFO_CHAIN")
    below = {"issuer": CA}
    yield ("tcb-signer-named-pck", bad, signer([cert(SIGNER, title=LEAF)]),
           "issued by the root, but with a PCK leaf's name")
    yield ("tcb-signer-is-pck-leaf", bad, signer([cert(LEAF), cert(CA)], LEAF),
           "the platform vouches for its own TCB")
    yield ("tcb-signer-is-pck-leaf-two", bad, signer([cert(LEAF)], LEAF), "")
    yield ("tcb-signer-below-ca", bad,
           signer([cert(SIGNER, **below), cert(CA)]), "")
    yield ("tcb-signer-below-ca-two", bad, signer([cert(SIGNER, **below)]), "")
    yield ("tcb-signer-leaf-renamed", bad,
           signer([cert(LEAF, title=SIGNER), cert(CA)], LEAF),
           "a PCK leaf with a TCB signer's name signs")
    yield ("tcb-signer-is-ca", bad, signer(
        [cert(SIGNER, constraints=(True, 0))]), "")
    yield ("tcb-signer-critical-extension", bad,
           signer([cert(SIGNER, more=[UNKNOWN])]), "")
    yield ("tcb-signer-is-root", bad, both(
        *(f(key=key(ROOT), chain=pem(cert(ROOT)) * 2)
          for f in (info, identity))), "signed by the root itself")
    yield ("qe-identity-signer-named-pck", bad, identity(
        chain=tcb.issuer_chain(cert(SIGNER, title=LEAF))),
        "TCB info's own chain is good")


def crls():
    bad = reject("CRL")
    critical = [UNKNOWN]
    partial = [(x509.IssuingDistributionPoint(None, None, True, False, None,
                                              False, False), True)]
    number = [(x509.CRLNumber(1), False)]
    yield ("ca-revoked", reject("REVOKED"),
           root_crl(revoked=[(serial(CA), [])]), "")
    yield ("leaf-removed-from-crl", reject("REVOKED"),
           pck_crl(revoked=[(serial(LEAF), [(x509.CRLReason(
               x509.ReasonFlags.remove_from_crl), False)])]),
           "any entry counts, whatever its reason")
    yield ("leaf-in-root-crl", accept() | either("REVOKED"),
           root_crl(revoked=[(serial(LEAF), [])]),
           "the root's CRL speaks of what the root issued")
    for which, make, role in (("pck", pck_crl, CA), ("root", root_crl, ROOT)):
        has = crl_extensions(key(role))
        yield which + "-crl-no-next-update", bad, make(end=None), ""
        yield (which + "-crl-critical-extension", bad,
               make(extensions=has + critical), "")
        yield (which + "-crl-partial", bad, make(extensions=has + partial),
               "issuing distribution point, critical: user certificates only")
        yield which + "-crl-no-number", bad, make(extensions=has[:1]), ""
        yield which + "-crl-no-authority-id", bad, make(extensions=number), ""
        yield which + "-crl-version-1", bad, make(extensions=[]), ""
        yield (which + "-crl-expired", reject("EXPIRED"),
               make(end=DAY(2026, 5, 31)), "")
        yield (which + "-crl-future", reject("NOT_YET_VALID"),
               make(start=DAY(2026, 6, 2)), "")
    yield ("pck-crl-entry-critical", bad,
           pck_crl(revoked=[(7, [UNKNOWN])]),
           "unknown critical extension in the entry of another certificate")


def dates():
    end, start = {"end": DAY(2026, 5, 31)}, {"start": DAY(2026, 6, 2)}
    for flaw, verdict in ((end, "EXPIRED"), (start, "NOT_YET_VALID")):
        tail = "expired" if flaw is end else "not-yet-valid"
        yield "leaf-" + tail, reject(verdict), pck(flaw), ""
        yield "ca-" + tail, reject(verdict), pck(ca=flaw), ""
        yield ("tcb-signer-" + tail, reject(verdict),
               signer([cert(SIGNER, **flaw)]), "")
    yield ("after-last-second", reject("EXPIRED"),
           {"now": END + datetime.timedelta(seconds=1)}, "")


def matches():
    missing = reject("TCB_NOT_SUPPORTED")
    other_pceid = reject("TCB_MISMATCH")
    yield ("pceid-other-in-tcb-info", other_pceid,
           info(put(["pceId"], "0001")), "")
    yield ("pceid-other-in-leaf", other_pceid, sgx(_3=octets(b"\x01\0")), "")
    yield ("fmspc-other-in-leaf", other_pceid, sgx(_4=octets(b"\x01" * 6)), "")
    yield ("module-svn-low", missing, q(svn=bytes([5, 1, 4]) + bytes(13)), "")
    yield ("qe-isvsvn-low", missing, q(qe={"isvsvn": 3}),
           "no level of the QE identity; QE_IDENTITY would do as cause")
    yield ("platform-revoked", reject("TCB_REVOKED"),
           info(put(["tcbLevels", 0, "tcbStatus"], "Revoked")), "")
    level = tcb.platform_tcb(tdx.COMPONENTS, tdx.PCESVN + 1, tcb.TDX_CURRENT)
    yield ("platform-pcesvn-low", missing,
           info(put(["tcbLevels"], [tcb.level(level, "UpToDate")])),
           "the only level asks for one PCESVN more than the leaf has")
    mask, debug = "F9FFFFFFFFFFFFFF" + "00" * 8, b"\x17"
    yield ("qe-debug-masked", reject("QE_IDENTITY"),
           both(q(qe={"attributes": debug + tdx.QE_ATTRIBUTES[1:]}),
                identity(put(["attributesMask"], mask))),
           "the mask lets DEBUG pass")
    yield ("qe-miscselect", reject("QE_IDENTITY"), q(qe={"miscselect": 1}), "")


def signatures():
    point = key("attestation key").point()
    yield ("qe-report-by-ca", reject("QE_REPORT_SIG"), q(qe_signer=CA),
           "signed by the wrong certificate of the chain")
    yield ("qe-report-without-auth-data", reject("QE_REPORT_DATA"),
           q(qe={"bound": point}), "the hash leaves out the auth data")
    yield ("quote-by-pck-key", reject("QUOTE_SIG"), q(signer=LEAF), "")


def documents():
    bad = reject("COLLATERAL_FORMAT")
    svn = ["tcbLevels", 1, "tcb", "sgxtcbcomponents", 0, "svn"]
    for what, value in (("negative", -1), ("real", 3.0), ("text", "3"),
                        ("null", None), ("true", True)):
        yield "tcb-info-svn-" + what, bad, info(put(svn, value)), ""
    yield ("tcb-info-svn-exponent", bad,
           info(text=lambda t: t.replace('"svn":3', '"svn":3e0', 1)), "")
    yield ("tcb-info-svn-leading-zero", bad,
           info(text=lambda t: t.replace('"svn":3', '"svn":03', 1)), "")
    yield ("tcb-info-pcesvn-65536", bad,
           info(put(["tcbLevels", 1, "tcb", "pcesvn"], 65536)), "")
    yield ("tcb-info-trailing-object", bad, info(text=lambda t: t + "{}"), "")
    yield ("tcb-info-second-60", bad,
           info(put(["issueDate"], "2024-01-01T00:00:60Z")), "")
    yield ("tcb-info-module-level-swhardening", bad,
           info(put([*MODULE, "tcbLevels", 0, "tcbStatus"],
                    "SWHardeningNeeded")), "a module level has no such status")
    yield ("qe-identity-isvsvn-65536", bad,
           identity(put(["tcbLevels", 1, "tcb", "isvsvn"], 65536)), "")
    yield ("qe-identity-status-unknown", bad,
           identity(put(["tcbLevels", 1, "tcbStatus"], "uptodate")), "")


# --- writing -----------------------------------------------------------------


def fields(data, leaf_known):
    """Facts to print from the quote. Those of the leaf only where its SGX
    extension is the simulator's own."""
    def at(offset, size):
        return data[48 + offset:48 + offset + size].hex()

    size = 636 + int.from_bytes(data[632:636], "little")
    out = {"version": 4, "tee_type": 0x81}
    if leaf_known:
        out |= {"fmspc": tdx.FMSPC.hex(), "pceid": tdx.PCEID.hex(),
                "ppid": label("PPID", "sha256")[:16].hex(), "ca": "platform",
                "pck_cpusvn": tdx.COMPONENTS.hex(), "pck_pcesvn": tdx.PCESVN,
                "pck_serial": "%x" % serial(LEAF)}
    out |= {"qe_isvsvn": int.from_bytes(data[1028:1030], "little"),
            "quote_len": size, "trailing_len": len(data) - size}
    table = (("tee_tcb_svn", 0, 16), ("mr_seam", 16, 48),
             ("mr_signer_seam", 64, 48), ("seam_attributes", 112, 8),
             ("td_attributes", 120, 8), ("xfam", 128, 8), ("mr_td", 136, 48),
             ("mr_config_id", 184, 48), ("mr_owner", 232, 48),
             ("mr_owner_config", 280, 48), ("rtmr0", 328, 48),
             ("rtmr1", 376, 48), ("rtmr2", 424, 48), ("rtmr3", 472, 48),
             ("report_data", 520, 64))
    return out | {name: at(offset, n) for name, offset, n in table}


def write_json(path, value):
    path.write_text(json.dumps(value, indent=1) + "\n")


def write_case(folder, name, verdict, change, note):
    where = folder / ("sim-" + name)
    where.mkdir()
    data = quote(**change.get("quote", {}))
    (where / "quote.bin").write_bytes(data)
    if change.get("bundle"):
        write_json(where / "collateral.json", tcb.bundle() | change["bundle"])
    now = change.get("now", NOW)
    seconds = int(now.replace(tzinfo=datetime.timezone.utc).timestamp())
    collateral = "collateral.json" if change.get("bundle") else \
        "../collateral.json"
    write_json(where / "expected.json", {
        "id": "sim-" + name, "kind": "synthetic",
        "origin": "tests/vectors/tdx/make_simulated.py",
        "quote": "quote.bin", "collateral": collateral,
        "trust_anchor": "../root.pem", "now": seconds,
        "now_utc": tcb.time_text(now), **verdict,
        **({"note": note} if note else {}),
        "fields": fields(data, "chain" not in change.get("quote", {}))})


def main():
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "sim"
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("sim-*"):
        shutil.rmtree(old)
    (folder / "root.pem").write_text(pem(cert(ROOT)))
    write_json(folder / "collateral.json", tcb.bundle())
    names = []
    for group in (accepted, policies, pck_chains, sgx_extensions, tcb_chains,
                  crls, dates, matches, signatures, documents):
        for case in group():
            write_case(folder, *case)
            names.append("sim-" + case[0])
    write_json(folder / "cases.json", names)


if __name__ == "__main__":
    main()
