# SPDX-License-Identifier: Apache-2.0
"""What Intel's provisioning service would say of the simulator's platform: TCB
info (version 3) and the identity of the quoting enclave (version 2), signed by
a TCB signing key. Used by simulator-pki.py and by
tests/vectors/tdx/make_simulated.py."""

import json

from simulator_keys import END, START, label, pem
from simulator_tdx import (COMPONENTS, FMSPC, PCEID, PCESVN, QE_ATTRIBUTES,
                           QE_ISVPRODID, QE_ISVSVN, TEE_TCB_SVN,
                           intel_certificate, intel_crl, intel_key)

EVALUATION = 20
CURRENT, BEFORE = "2023-12-13T00:00:00Z", "2023-02-14T00:00:00Z"
# Of no one but the simulator: what a platform one step behind is open to.
ADVISORY = "SIMULATOR-SA-%05d"
SGX_WHAT = [("BIOS", "Early Microcode Update"),
            ("OS/VMM", "SGX Late Microcode Update"), ("OS/VMM", "TXT SINIT"),
            ("BIOS", None), ("BIOS", None), ("BIOS", None), (None, None),
            ("OS/VMM", "SEAMLDR ACM")]
TDX_WHAT = [("OS/VMM", "TDX Module"), ("OS/VMM", "TDX Module"),
            ("OS/VMM", "TDX Late Microcode Update")]
# Of the TDX components the first two are the module's, which has levels of its
# own (tdxModuleIdentities).
SGX_BEHIND = bytes([3, 3, 2, 2, 4, 1, 0, 5]) + bytes(8)
TDX_CURRENT = bytes([5, 0, 4]) + bytes(13)
TDX_BEHIND = bytes([5, 0, 3]) + bytes(13)


def time_text(when):
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


def level(tcb, status, advisories=()):
    date = CURRENT if status == "UpToDate" else BEFORE
    out = {"tcb": tcb, "tcbDate": date, "tcbStatus": status}
    if advisories:
        out["advisoryIDs"] = [ADVISORY % n for n in advisories]
    return out


def components(svns, what):
    out = []
    for i, svn in enumerate(svns):
        category, kind = what[i] if i < len(what) else (None, None)
        out.append({"svn": svn} | ({"category": category} if category else {})
                   | ({"type": kind} if kind else {}))
    return out


def platform_tcb(sgx, pcesvn, tdx):
    return {"sgxtcbcomponents": components(sgx, SGX_WHAT), "pcesvn": pcesvn,
            "tdxtcbcomponents": components(tdx, TDX_WHAT)}


def module():
    """Intel's own module: its signer is all zeros."""
    return {"mrsigner": "00" * 48, "attributes": "00" * 8,
            "attributesMask": "FF" * 8}


def window():
    return {"issueDate": time_text(START), "nextUpdate": time_text(END)}


def tcb_info():
    """The object, members in PCS's order; text() makes what is signed."""
    svn, version = TEE_TCB_SVN[:2]
    return {
        "id": "TDX", "version": 3, **window(), "fmspc": FMSPC.hex().upper(),
        "pceId": PCEID.hex().upper(), "tcbType": 0,
        "tcbEvaluationDataNumber": EVALUATION, "tdxModule": module(),
        "tdxModuleIdentities": [
            {"id": "TDX_%02X" % version, **module(),
             "tcbLevels": [level({"isvsvn": svn}, "UpToDate"),
                           level({"isvsvn": 6}, "OutOfDate", [2])]}],
        "tcbLevels": [
            level(platform_tcb(COMPONENTS, PCESVN, TDX_CURRENT), "UpToDate"),
            level(platform_tcb(SGX_BEHIND, 11, TDX_BEHIND), "OutOfDate",
                  [1])]}


def qe_identity():
    """Bit 2 of the attributes (MODE64) is masked out, as Intel does it."""
    mask = bytes.fromhex("fb" + "ff" * 7) + bytes(8)
    value = bytes(a & m for a, m in zip(QE_ATTRIBUTES, mask))
    return {
        "id": "TD_QE", "version": 2, **window(),
        "tcbEvaluationDataNumber": EVALUATION, "miscselect": "00000000",
        "miscselectMask": "FFFFFFFF", "attributes": value.hex().upper(),
        "attributesMask": mask.hex().upper(),
        "mrsigner": label("enclave signer", "sha256").hex().upper(),
        "isvprodid": QE_ISVPRODID,
        "tcbLevels": [level({"isvsvn": QE_ISVSVN}, "UpToDate"),
                      level({"isvsvn": 4}, "OutOfDate", [3])]}


def text(document):
    """Minified, as PCS sends it; exactly these bytes are signed."""
    return json.dumps(document, separators=(",", ":"))


def issuer_chain(*certificates):
    """PEM, the root last."""
    return "".join(pem(c) for c in (*certificates,
                                    intel_certificate("Root CA")))


def signed(part, document, chain=None, key=None):
    """The three members of a document (or its text) in a bundle."""
    if not isinstance(document, str):
        document = text(document)
    key = key or intel_key("TCB Signing")
    return {
        part + "_issuer_chain":
            chain or issuer_chain(intel_certificate("TCB Signing")),
        part: document,
        part + "_signature": key.sign(document.encode()).hex()}


def bundle():
    """All that a verifier needs beside the quote, as a dict of text."""
    return {
        "pck_crl_issuer_chain":
            issuer_chain(intel_certificate("PCK Platform CA")),
        "root_ca_crl": intel_crl("Root CA").hex(),
        "pck_crl": intel_crl("PCK Platform CA").hex(),
        **signed("tcb_info", tcb_info()),
        **signed("qe_identity", qe_identity())}
