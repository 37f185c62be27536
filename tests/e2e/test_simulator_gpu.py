# SPDX-License-Identifier: Apache-2.0
"""The simulator's GPU evidence is complete: what `aver attest` prints for each
of its machines, with the endorsements beside it, is judged by gpu_witness.py,
which shares no code with aver: chains, report signatures, lengths, nonce, FWID,
PDIs, reference values and their XML signatures, OCSP answers."""
import base64
import copy
import json
import re
import subprocess
import time

import pytest

from server import ROOT, run

PYTHON = "/usr/bin/python3"  # Debian's, which has python3-cryptography
WITNESS = ROOT / "tests/e2e/gpu_witness.py"
NONCE = "5a" * 32


def root_pem(symbol, file):
    """What aver pins: the text in its source."""
    text = (ROOT / "src/attest" / file).read_text()
    lines = re.search(rf"const char {symbol}\[\] =\n(.*?);", text, re.S)[1]
    return "".join(re.findall(r'"(.*?)\\n"\n?', lines)).replace(
        "CERTIFICATE-----", "CERTIFICATE-----\n", 1).replace("-----END", "\n-----END") + "\n"


def witness(report, endorsements, at=None, nonce=NONCE):
    given = {
        "report": report, "endorsements": endorsements, "nonce": nonce,
        "at": int(time.time()) if at is None else at,
        "device_root": root_pem("simulator_gpu_root_pem", "simulator_pki_gpu.c"),
        "rim_root": root_pem("simulator_rim_root_pem", "simulator_pki_rim.c")}
    r = subprocess.run([PYTHON, "-B", str(WITNESS)], input=json.dumps(given), text=True,
                       capture_output=True, timeout=60)
    return (json.loads(r.stdout) if r.returncode == 0 else None), r.stderr


def attest(kind):
    r = run("attest", "--tee", "simulator", "--gpu", kind, "--nonce", NONCE)
    assert r.returncode == 0 and r.stderr == b""
    return json.loads(r.stdout)


@pytest.fixture(scope="module")
def endorsements():
    return json.loads(run("attest", "--tee", "simulator", "--endorsements").stdout)


@pytest.fixture(scope="module")
def one():
    return attest("simulator")


RIMS = [["96.00.FF.FF.FF", "GH100", "GPU"], ["96.10.FF.FF.FF", "LS10", "SWITCH"],
        ["97.00.FF.FF.FF", "GB100", "GPU"], ["999.99.99", "GB100", "GPU"],
        ["999.99.99", "GH100", "GPU"]]


@pytest.mark.parametrize("kind, archs, modes, compared", [
    ("simulator", ["HOPPER"], ["SPT"], [33]),
    ("simulator-ppcie", ["HOPPER"] * 8 + ["LS10"] * 4, ["PPCIE"] * 8 + [None] * 4,
     [33] * 8 + [31] * 4),
    ("simulator-blackwell", ["BLACKWELL"] * 2, ["MPT"] * 2, [53] * 2)])
def test_all_of_it_holds(endorsements, kind, archs, modes, compared):
    report = attest(kind)
    assert ("nvswitch_payload" in report) == ("LS10" in archs)
    facts, why = witness(report, endorsements)
    assert facts is not None, why
    assert facts["archs"] == archs and facts["modes"] == modes
    assert facts["compared"] == compared
    assert facts["rims"] == RIMS and facts["answers"] == 28
    assert facts["standings"] == 3 * len(archs) + 3 * len(RIMS)


def test_the_witness_sees_what_is_wrong(one, endorsements):
    """Or it would prove nothing: each change alone is enough."""
    def changed(member, edit):
        report = copy.deepcopy(one)
        payload = json.loads(report["nvidia_payload"])
        item = payload["evidence_list"][0]
        raw = bytearray(base64.b64decode(item[member]))
        edit(raw)
        item[member] = base64.b64encode(raw).decode()
        report["nvidia_payload"] = json.dumps(payload)
        return report

    def flip(at):
        def edit(raw):
            raw[at] ^= 1
        return edit

    for member, edit in [("evidence", flip(60)), ("evidence", flip(-1)),
                         ("evidence", lambda raw: raw.append(0))]:
        facts, why = witness(changed(member, edit), endorsements)
        assert facts is None and ("AssertionError" in why or "InvalidSignature" in why)
    assert witness(one, endorsements, nonce="5b" * 32)[0] is None
    for away in (-3 * 3600, 26 * 3600):
        facts, why = witness(one, endorsements, at=int(time.time()) + away)
        assert facts is None and "answer.this_update <= at <= answer.next_update" in why
    for member in ("rims", "ocsp"):
        for i in range(len(endorsements[member])):
            if member == "ocsp" and i > 0:
                break
            other = copy.deepcopy(endorsements)
            raw = bytearray(base64.b64decode(other[member][i]))
            # A digit of a reference value; the answer's signature.
            at = raw.index(b'ns2:Hash0="') + 11 if member == "rims" else raw.rindex(
                bytes.fromhex("300a06082a8648ce3d040303"), 0, 500) + 24
            raw[at] ^= 1
            other[member][i] = base64.b64encode(raw).decode()
            assert witness(one, other)[0] is None, (member, i)


def test_answers_are_of_now(endorsements):
    """One hour old at least, so that a client's clock may be behind; and made
    for the time that `verify --at` names (see judge_options.c)."""
    def since(bundle):
        der = base64.b64decode(bundle["ocsp"][0])
        text = re.search(rb"\x18\x0f(\d{14})Z", der)[1].decode()
        return time.mktime(time.strptime(text, "%Y%m%d%H%M%S")) - time.timezone

    age = time.time() - since(endorsements)
    assert 3600 <= age <= 2 * 3600 + 60


def judged(report, tmp_path, *options):
    """What `aver verify report` says: its exit status, and the result of each check."""
    file = tmp_path / "report.json"
    file.write_text(json.dumps(report))
    r = run("verify", "report", file, "--trust", "simulator", "--nonce", NONCE, "--json", *options)
    out = json.loads(r.out)
    return r.returncode, {c["id"]: c["result"] for c in out["checks"]}


@pytest.mark.parametrize("kind", ["simulator", "simulator-ppcie", "simulator-blackwell"])
def test_aver_takes_its_own_reports(kind, tmp_path):
    """Two lists, each of which names its own chip, are no contradiction."""
    assert judged(attest(kind), tmp_path)[0] == 0


def only(report, change):
    report = copy.deepcopy(report)
    report.pop("all_attestations", None)
    change(report)
    return report


def test_evidence_that_cannot_be_decoded_is_refused(one, tmp_path):
    def spoil(report):
        payload = json.loads(report["nvidia_payload"])
        payload["evidence_list"][0]["evidence"] = "!"
        report["nvidia_payload"] = json.dumps(payload)

    status, checks = judged(only(one, spoil), tmp_path)
    assert status == 1 and checks["gpu.evidence"] == "fail" and checks["gpu.bound"] != "pass"


def test_switches_alone_are_no_gpu(tmp_path):
    """Nothing to do with what was asked: whether a GPU is in confidential mode."""
    def take_gpus_away(report):
        report["nvidia_payload"] = report.pop("nvswitch_payload")

    report = only(attest("simulator-ppcie"), take_gpus_away)
    status, checks = judged(report, tmp_path)
    assert status == 3 and checks["gpu.evidence"] == "unknown"
    assert judged(report, tmp_path, "--gpu-count", "0")[0] == 0
    assert judged(report, tmp_path, "--gpu-count", "8")[0] == 1


def test_a_digest_of_switches_alone_is_refused(tmp_path):
    """No rule covers it, and a reader might believe it."""
    def claim(report):
        report["nvswitch_evidence_sha256"] = "00" * 32

    status, checks = judged(only(attest("simulator-ppcie"), claim), tmp_path)
    assert status == 1 and checks["report.shape"] == "fail"
