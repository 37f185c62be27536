# SPDX-License-Identifier: Apache-2.0
"""`aver verify eventlog`: a real machine's log against its quote, against named
registers, and what happens when one of them is not what it was."""
import base64
import json

import pytest

from server import ROOT, run

VERIFIED, REFUSED, USAGE, UNDECIDED = 0, 1, 2, 3
VECTORS = ROOT / "tests/vectors/tdx"
COS = VECTORS / "ccel/cos-113"


@pytest.fixture
def machine(folder):
    """A captured report, as files; and its members."""
    report = json.loads((VECTORS / "reports/venice-20260610.json").read_text())
    (folder / "log").write_text(json.dumps(report["event_log"]))
    (folder / "quote").write_bytes(bytes.fromhex(report["intel_quote"]))
    (folder / "compose").write_text(report["info"]["tcb_info"]["app_compose"])
    return report


def verdict(*args, **more):
    r = run("verify", "eventlog", *args, "--json", **more)
    return r.returncode, json.loads(r.stdout)


def results(said):
    return {c["id"]: c["result"] for c in said["checks"]}


def failed(said):
    return {c["id"] for c in said["checks"] if c["result"] == "fail"}


def test_a_log_and_its_quote(machine, folder):
    r = run("verify", "eventlog", folder / "log", "--quote", folder / "quote",
            "--compose", folder / "compose")
    lines = r.out.splitlines()
    assert r.returncode == VERIFIED, r.out
    assert "Is it the right code?" in lines
    assert any(l.startswith("quote    not judged here") for l in lines)
    assert lines[-1].startswith("VERIFIED: ") and "quote was not judged" in lines[-1]
    assert machine["info"]["compose_hash"] in r.out
    r = run("verify", "eventlog", folder / "log", "--quote", folder / "quote", "--quiet")
    assert r.returncode == VERIFIED and r.out == ""


def test_json(machine, folder):
    status, said = verdict(folder / "log", "--quote", folder / "quote", "--compose", folder / "compose")
    assert status == VERIFIED and said["verdict"] == "verified" and said["reason"] is None
    assert said["code"]["quote_judged"] is False
    assert said["code"]["events"] == len(machine["event_log"])
    tcb = machine["info"]["tcb_info"]
    assert said["code"]["replayed"] == [tcb[f"rtmr{i}"] for i in range(4)]
    for name in ("app_id", "compose_hash", "instance_id", "mr_aggregated"):
        assert said["code"][name] == machine["info"][name], name
    assert said["code"]["key_provider"] == "kms"


def test_quote_and_log_in_other_spellings(machine, folder):
    log = json.dumps(json.dumps(machine["event_log"])).encode()
    for spelling in (machine["intel_quote"] + "\n", machine["intel_quote"].upper(),
                     base64.b64encode(bytes.fromhex(machine["intel_quote"])).decode() + "\n"):
        (folder / "quote").write_text(spelling)
        assert run("verify", "eventlog", "-", "--quote", folder / "quote", input=log).returncode == VERIFIED
    (folder / "quote").write_text("no quote\n")
    r = run("verify", "eventlog", "-", "--quote", folder / "quote", input=log)
    assert r.returncode == UNDECIDED and "neither" in r.err


def test_registers_by_name(machine, folder):
    registers = {f"rtmr{i}": machine["info"]["tcb_info"][f"rtmr{i}"] for i in range(4)}
    args = [a for name, value in registers.items() for a in ("--expect", f"{name}={value}")]
    status, said = verdict(folder / "log", *args, "--expect", "app-id=" + machine["info"]["app_id"])
    assert status == VERIFIED and results(said)["code.expected"] == "pass"
    # Only what register 3 proves is believed.
    status, said = verdict(folder / "log", *args[:6])
    assert status == UNDECIDED and results(said)["code.replay"] == "unknown"
    status, said = verdict(folder / "log", "--expect", "rtmr3=" + "00" * 48)
    assert status == REFUSED and failed(said) == {"code.replay"} and said["reason"] == "RTMR"


def test_what_is_wrong_is_named(machine, folder):
    quote = ["--quote", folder / "quote"]
    status, said = verdict(folder / "log", *quote, "--expect", "compose-hash=" + "11" * 32)
    assert status == REFUSED and failed(said) == {"code.expected"} and said["reason"] == "EXPECTED"
    (folder / "compose").write_text((folder / "compose").read_text() + "\n")
    status, said = verdict(folder / "log", *quote, "--compose", folder / "compose")
    assert status == REFUSED and failed(said) == {"code.compose"}
    runtime = next(e for e in machine["event_log"] if e["event"] == "compose-hash")
    runtime["event_payload"] = "11" * 32
    (folder / "log").write_text(json.dumps(machine["event_log"]))
    status, said = verdict(folder / "log", *quote)
    assert status == REFUSED and failed(said) == {"code.runtime"}
    (folder / "log").write_bytes(b"{}")
    status, said = verdict(folder / "log", *quote)
    assert status == REFUSED and failed(said) == {"code.log"}


def test_a_binary_log(folder):
    quote = ["--quote", COS / "cos-113-tdx-quote.dat"]
    status, said = verdict(COS / "ccel_data.dat", *quote)
    assert status == VERIFIED
    log = bytearray((COS / "ccel_data.dat").read_bytes())
    log[100] ^= 1
    (folder / "log").write_bytes(log)
    status, said = verdict(folder / "log", *quote)
    assert status == REFUSED and failed(said) == {"code.replay"}


def test_rubbish_ends_in_an_error(folder):
    quote = ["--quote", COS / "cos-113-tdx-quote.dat"]
    with open(folder / "log", "wb") as f:
        f.truncate(64 << 20)
    assert run("verify", "eventlog", folder / "log", *quote).returncode == UNDECIDED
    for rubbish in (b"\0" * 1000, b"[" * 1000, b'"[[]]"', b"[3]"):
        r = run("verify", "eventlog", "-", *quote, input=rubbish)
        assert r.returncode == REFUSED, rubbish[:10]
    assert run("verify", "eventlog", "-", *quote, input=b"").returncode == UNDECIDED
    assert run("verify", "eventlog", folder / "none", *quote).returncode == UNDECIDED


@pytest.mark.parametrize("args,says", [
    ([], "wants one FILE"),
    (["a", "b", "--quote", "q"], "wants one FILE"),
    (["a"], "wants --quote FILE"),
    (["a", "--expect", "app-id=" + "11" * 20], "wants --quote FILE"),
    (["a", "--expect", "rtmr0=" + "11" * 48, "--expect", "mrtd=" + "11" * 48], "needs a --quote"),
    (["a", "--expect", "rtmr0"], "expected NAME=HEX"),
    (["a", "--expect", "rtmr0=11"], "96 hex digits"),
    (["a", "--expect", "rtrm0=" + "11" * 48], "did you mean rtmr0?"),
    (["a", "--qoute", "q"], "did you mean --quote?"),
])
def test_wrong_calls(args, says):
    r = run("verify", "eventlog", *args)
    assert r.returncode == USAGE and r.out == ""
    assert says in r.err and len(r.err.splitlines()) == 1
