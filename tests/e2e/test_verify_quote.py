# SPDX-License-Identifier: Apache-2.0
"""Quotes through the program: captured ones of real machines with what Intel
said about them in those days, in every form in which either lies about."""
import base64
import json

import pytest

from proof import VECTORS, load
from server import PROGRAM, SANITIZED, run
from usage import measured

VERIFIED, REFUSED, USAGE, UNDECIDED = 0, 1, 2, 3
CASES = VECTORS / "tdx/cases"
QUOTE = CASES / "real-dcapqvl-tdx-v4/quote.bin"
BUNDLE = VECTORS / "tdx/collateral/b0c06f-20250619.json"
THEN = ["--at", "2025-07-19T10:00:34Z"]
SOUND = ["--collateral", BUNDLE, *THEN]


def judge(*args, **more):
    r = run("verify", "quote", *args, "--json", **more)
    return r.returncode, json.loads(r.stdout)


def result(said, row):
    return next(c["result"] for c in said["checks"] if c["id"] == row)


def test_a_real_quote():
    status, said = judge(QUOTE, *SOUND)
    assert status == VERIFIED and said["verdict"] == "verified" and said["trust"] == "vendor"
    assert said["reason"] is None and said["at"] == 1752919234
    assert said["tcb"] == {"status": "UpToDate", "platform": "UpToDate", "module": "UpToDate", "qe": "UpToDate",
                           "advisories": [], "evaluation": 17, "valid_until": 1752919235}
    fields = load("tdx/cases/real-dcapqvl-tdx-v4/expected.json")["fields"]
    assert said["fields"]["mrtd"] == fields["mr_td"] and said["fields"]["rtmr2"] == fields["rtmr2"]
    assert said["fields"]["fmspc"] == "b0c06f000000" and said["fields"]["version"] == 4
    text = run("verify", "quote", QUOTE, *SOUND).out
    assert "Is it real hardware?" in text and "tcb      UpToDate" in text
    assert text.splitlines()[-1].startswith("VERIFIED: all ")


@pytest.mark.parametrize("form", ["raw", "hex", "HEX", "hex lines", "base64", "base64 lines", "agent", "stdin"])
def test_forms_of_a_quote(folder, form):
    raw = QUOTE.read_bytes()
    text = {"raw": raw, "stdin": raw, "hex": raw.hex().encode() + b"\n", "HEX": raw.hex().upper().encode(),
            "hex lines": b"\n".join(raw.hex().encode()[i:i + 60] for i in range(0, 2 * len(raw), 60)),
            "base64": base64.b64encode(raw) + b"\r\n", "base64 lines": base64.encodebytes(raw),
            "agent": json.dumps({"quote": raw.hex(), "event_log": "[]", "report_data": "", "vm_config": ""}).encode()}
    path = "-" if form == "stdin" else folder / "quote"
    (folder / "quote").write_bytes(text[form])
    status, said = judge(path, *SOUND, input=raw if form == "stdin" else None)
    assert status == VERIFIED, said


@pytest.mark.parametrize("name", ["real-dcapqvl-sgx-v3", "real-gotdx-v5-uptodate", "real-platform-outofdate-module-uptodate"])
def test_other_kinds(name):
    expected = load("tdx/cases", name, "expected.json")
    args = [CASES / name / "quote.bin", "--collateral", CASES / name / expected["collateral"], "--at", expected["now"]]
    status, said = judge(*args, "--allow", "tcb=any")
    assert status == VERIFIED and said["tcb"]["status"] == expected["tcb"]["status"]
    assert set(said["tcb"]["advisories"]) == set(expected["tcb"]["advisory_ids"])
    status, said = judge(*args)
    if expected["tcb"]["status"] != "UpToDate":
        assert status == REFUSED and said["reason"] == "TCB_STATUS" and said["tcb"]["status"] == expected["tcb"]["status"]
    assert said["fields"]["tee"] == ("sgx" if "sgx" in name else "tdx")


def test_nothing_from_intel_is_no_yes():
    status, said = judge(QUOTE, *THEN)
    assert status == UNDECIDED and "tcb" not in said
    assert result(said, "tdx.pck_chain") == "pass" and result(said, "tdx.endorsements") == "unknown"
    assert "aver endorse" in run("verify", "quote", QUOTE, *THEN).out


def test_time_is_what_is_said_or_now():
    status, said = judge(QUOTE, "--collateral", BUNDLE)
    assert status == REFUSED and said["reason"] == "EXPIRED"
    status, said = judge(QUOTE, "--collateral", BUNDLE, "--at", "1750000000")
    assert status == REFUSED and said["reason"] == "NOT_YET_VALID"


def test_endorsements_as_intel_sends_them(folder):
    """Bodies and captured headers, file by file; a body with its header in
    front, as `curl -i` writes it; and arrays of bytes."""
    raw = sorted((VECTORS / "tdx/pcs-raw/90c06f-20260610").iterdir())
    case = load("tdx/cases/real-nanogpt-0610/expected.json")
    args = [CASES / "real-nanogpt-0610/quote.bin", "--at", case["now"]]
    assert judge(*args, *[x for p in raw for x in ("--collateral", p)])[0] == VERIFIED
    parts = []
    for body in (p for p in raw if p.suffix == ".body"):
        head = json.loads(body.with_suffix(".json").read_text())
        lines = [f"{k}: {v}" for k, values in head["headers"].items() for v in values]
        part = folder / body.name
        part.write_bytes("\r\n".join(["HTTP/1.1 200 OK", *lines, "", ""]).encode() + body.read_bytes())
        parts += ["--collateral", part]
    assert judge(*args, *parts)[0] == VERIFIED
    case = load("tdx/cases/real-platform-outofdate-module-uptodate/expected.json")
    assert judge(CASES / "real-platform-outofdate-module-uptodate/quote.bin", "--at", case["now"], "--allow", "tcb=any",
                 "--collateral", VECTORS / "tdx/formats/mpc-collateral-bytearrays-nul.json")[0] == VERIFIED


def test_endorsements_that_were_kept(folder):
    """Without --collateral those of the folder that `aver endorse` fills."""
    from server import environment
    kept = folder / "aver/endorsements"
    kept.mkdir(parents=True)
    (kept / "tdx-b0c06f000000-platform.json").write_bytes(BUNDLE.read_bytes())
    (kept / "rubbish.json").write_text("{}")
    r = run("verify", "quote", QUOTE, *THEN, env=environment(XDG_CACHE_HOME=str(folder)))
    assert r.returncode == VERIFIED and "rubbish.json" in r.err


def test_relaxations(folder):
    (folder / "quote").write_bytes(QUOTE.read_bytes().rstrip(b"\0") + b"\0\x01")
    status, said = judge(folder / "quote", *SOUND)
    assert status == REFUSED and said["reason"] == "TRAILING" and said["tcb"]["status"] == "UpToDate"
    assert judge(folder / "quote", *SOUND, "--allow", "trailing-bytes")[0] == VERIFIED
    r = run("verify", "quote", QUOTE, "--allow", "tcb=OutOfDat")
    assert r.returncode == USAGE and "OutOfDate?" in r.err


def test_another_root(folder):
    name = "syn-v4-td10-uptodate"
    expected = load("tdx/cases", name, "expected.json")
    args = [CASES / name / "quote.bin", "--at", expected["now"], "--collateral", CASES / name / expected["collateral"]]
    status, said = judge(*args)
    assert status == REFUSED and said["reason"] == "PCK_CHAIN"
    root = CASES / name / expected["trust_anchor"]
    status, said = judge(*args, "--trust-root", root)
    assert status == VERIFIED and said["trust"] == "custom"
    assert run("verify", "quote", *args, "--trust-root", root).out.splitlines()[-1].startswith(
        "VERIFIED (BY A ROOT OF YOUR OWN): ")
    assert judge(QUOTE, *SOUND, "--trust-root", root)[0] == REFUSED
    assert judge(QUOTE, *SOUND, "--trust", "simulator")[0] == REFUSED
    r = run("verify", "quote", *args, "--trust-root", root, "--trust", "simulator")
    assert r.returncode == USAGE


def test_the_simulator_differs_by_its_root_alone(folder):
    """The ordinary verifier, told nothing of a simulator, takes its quote, with
    its endorsements, once its root stands in for Intel's."""
    report = json.loads(run("attest", "--tee", "simulator").stdout)
    (folder / "quote").write_text(report["intel_quote"])
    (folder / "bundle").write_bytes(run("attest", "--tee", "simulator", "--endorsements").stdout)
    args = [folder / "quote", "--collateral", folder / "bundle"]
    status, said = judge(*args, "--trust-root", VECTORS / "tdx/sim/root.pem")
    assert status == VERIFIED and said["trust"] == "custom" and said["tcb"]["status"] == "UpToDate"
    status, said = judge(*args)
    assert status == REFUSED and result(said, "tdx.pck_chain") == "simulated"
    status, said = judge(*args, "--trust", "simulator")
    assert status == VERIFIED and said["trust"] == "simulator" and said["simulated"] is True


def test_what_is_expected():
    fields = load("tdx/cases/real-dcapqvl-tdx-v4/expected.json")["fields"]
    want = ["--expect", f"mrtd={fields['mr_td']}", "--expect", f"report-data={fields['report_data']}"]
    status, said = judge(QUOTE, *SOUND, *want)
    assert status == VERIFIED and result(said, "code.expected") == "pass"
    status, said = judge(QUOTE, *SOUND, "--expect", "rtmr3=" + "11" * 48)
    assert status == REFUSED and result(said, "code.expected") == "fail"


def test_an_enclave_is_what_is_expected():
    name = "real-dcapqvl-sgx-v3"
    expected = load("tdx/cases", name, "expected.json")
    args = [CASES / name / "quote.bin", "--collateral", CASES / name / expected["collateral"], "--at", expected["now"],
            "--allow", "tcb=any"]
    assert judge(*args, "--expect", f"mrenclave={expected['fields']['mrenclave']}")[0] == VERIFIED
    assert judge(*args, "--expect", "mrenclave=" + "11" * 32)[0] == REFUSED
    # What an enclave cannot have is no match.
    assert judge(*args, "--expect", "mrtd=" + "00" * 48)[0] == UNDECIDED


def test_what_is_demanded_besides():
    assert judge(QUOTE, *SOUND, "--require", "tcb-evaluation=17", "--require", "fmspc=b0c06f000000")[0] == VERIFIED
    for demand, cause in (("tcb-evaluation=18", "TCB_RECENT"), ("max-age=86400", "TCB_RECENT"),
                          ("fmspc=00806f050000", "FMSPC")):
        status, said = judge(QUOTE, *SOUND, "--require", demand)
        assert status == REFUSED and said["reason"] == cause
    for demand in ("rim", "revocation", "topology"):  # a demand that nobody looks at would be a promise
        r = run("verify", "quote", QUOTE, *SOUND, "--require", demand)
        assert r.returncode == USAGE and "verify gpu" in r.err
    twice = run("verify", "quote", QUOTE, *SOUND, "--require", "tcb-evaluation=99", "--require", "tcb-evaluation=1")
    assert twice.returncode == USAGE and "twice" in twice.err
    assert run("verify", "quote", QUOTE, "--expect", "gateway:mrtd=" + "00" * 48).returncode == USAGE
    r = run("verify", "quote", QUOTE, *SOUND, "--json", "--quiet")
    assert r.returncode == VERIFIED and r.stdout == b""


@pytest.mark.parametrize("content", [b"", b"\0", b"rubbish", b"{}", b'{"quote": 7}', b"[]", b"\x04\x00" * 3000,
                                     b"04" * 3000, b"A" * 6000, b"{" * 100000])
def test_no_quote(folder, content):
    (folder / "quote").write_bytes(content)
    status, said = judge(folder / "quote", *SOUND)
    assert status in (REFUSED, UNDECIDED) and said["verdict"] != "verified"
    status, said = judge(QUOTE, "--collateral", folder / "quote", *THEN)
    assert status in (REFUSED, UNDECIDED) and said["verdict"] != "verified"


BIG = 64 << 20
TEXT_MAX = 1 << 20


def filled(head, piece, tail, size):
    return (head + piece * ((size - len(head) - len(tail)) // len(piece)) + tail).encode()


def document(inner):
    """A bundle whose TCB info is this text."""
    good = json.loads(BUNDLE.read_text())
    return json.dumps({**good, "tcb_info": inner.decode()}).encode()


RUBBISH = {
    "zeros": lambda: bytes(BIG),
    "a version and zeros": lambda: b"\4\0" + bytes(BIG),
    "digits": lambda: b"0" * BIG,
    "letters": lambda: b"A" * BIG,
    "brackets": lambda: b"[" * BIG,
    "numbers": lambda: filled('{"pck_crl":[', "48,", "48]}", 4 << 20),
    "lists": lambda: document(filled('{"tcbLevels":[', "[],", "[]]}", TEXT_MAX)),
    "levels": lambda: document(filled('{"tcbLevels":[', "{},", "{}]}", TEXT_MAX)),
    "deep": lambda: document(filled("", "[", "", TEXT_MAX)),
    "names": lambda: document(b'{' + b",".join(b'"%d":0' % i for i in range(100000)) + b"}"),
    "header": lambda: b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * (BIG // 6),
    "certificates": lambda: b"-----BEGIN CERTIFICATE-----\n" * (BIG // 28),
    "list of withdrawn": lambda: b"\x30\x84\x00\x3f\xff\xf0" + b"\x30\x80" * (2 << 20),
}


@pytest.mark.parametrize("kind", RUBBISH)
def test_a_large_file_of_rubbish(folder, kind):
    path = folder / "rubbish"
    path.write_bytes(RUBBISH[kind]())
    try:
        for args in (["quote", path, *SOUND], ["quote", QUOTE, *THEN, "--collateral", path],
                     ["eventlog", path, "--quote", QUOTE], ["eventlog", BUNDLE, "--quote", path]):
            status, mib, seconds = measured(PROGRAM, "verify", *args, "--quiet")
            assert status in (REFUSED, UNDECIDED), args
            if not SANITIZED:
                assert mib < 100 and seconds < 2, f"{args}: {mib:.0f} MiB, {seconds:.2f} s"
    finally:
        path.unlink()
