# SPDX-License-Identifier: Apache-2.0
"""`aver endorse` against a stand-in for a cache of Intel's service: what it
fetches, keeps and refuses, and what it says."""
import base64
import json
import os
import pathlib
import stat
import subprocess

import pytest

from pcs import CRL, PCK, QE, TCB, Pcs, self_signed, simulated
from server import ROOT, environment, run

DONE, REFUSED, USAGE, FAILED = 0, 1, 2, 3
QUOTE = ROOT / "tests/vectors/tdx/cases/real-nanogpt-0610/quote.bin"
AT = "2026-06-25T01:00:20Z"
NAME = "tdx-90c06f000000-platform.json"


@pytest.fixture
def pcs():
    p = Pcs()
    yield p
    p.stop()


@pytest.fixture
def endorse(pcs, folder):
    """endorse(args...) with the stand-in, a cache of its own, and the time at
    which what is served is valid."""
    def endorse(*args, quote=QUOTE, at=AT, env=None, pccs=True, **more):
        asked = ["--pccs", pcs.url] if pccs else []
        return run("endorse", quote, "--cache", folder / "cache", "--at", at, *asked, *args,
                   env=env, **more)
    endorse.file = folder / "cache" / NAME
    return endorse


def nothing_written(endorse):
    return not endorse.file.exists() and not list(endorse.file.parent.glob("*"))


def test_fetches_checks_and_keeps(endorse, pcs):
    r = endorse()
    assert r.returncode == DONE, r.err
    assert sorted(pcs.asked) == sorted([TCB, QE, PCK, CRL])
    host = pcs.url.removeprefix("http://")
    lines = r.out.splitlines()
    assert lines[0] == "tdx 90c06f000000 platform"
    for line, item in zip(lines[1:5], ("TCB info", "QE identity", "PCK CRL", "root CRL"), strict=True):
        assert item in line and "issued 2026-" in line and line.endswith(host), line
    assert str(endorse.file) in lines[5] and "evaluation 19" in lines[5]
    assert stat.S_IMODE(endorse.file.parent.stat().st_mode) == 0o700


def test_the_file_is_what_other_verifiers_read(endorse, pcs):
    """The same as a bundle that another program made of the same answers."""
    assert endorse().returncode == DONE
    made = json.loads(endorse.file.read_text())
    known = json.loads((ROOT / "tests/vectors/tdx/collateral/90c06f-20260610.json").read_text())
    assert made.pop("fetched") == AT
    assert made.pop("valid_until") == "2026-07-10T00:36:28Z"
    assert made == {k: v for k, v in known.items() if k != "pck_certificate_chain"}


def test_does_not_fetch_again_what_is_not_due(endorse, pcs):
    assert endorse().returncode == DONE
    before, mtime = len(pcs.asked), endorse.file.stat().st_mtime_ns
    r = endorse()
    assert r.returncode == DONE and "not fetched" in r.out
    assert len(pcs.asked) == before and endorse.file.stat().st_mtime_ns == mtime
    # Seven days before the first item ends (of thirty) it is due.
    assert endorse(at="2026-07-03T00:36:27Z").returncode == DONE and len(pcs.asked) == before
    assert endorse(at="2026-07-03T00:36:28Z").returncode == DONE and len(pcs.asked) == before + 4
    r = endorse("--refresh")
    assert r.returncode == DONE and "written to" in r.out and len(pcs.asked) == before + 8


def test_update_picks_an_evaluation(endorse, pcs):
    pcs.answers[TCB + "&update=early"] = pcs.answers[TCB]
    pcs.answers[QE + "?update=early"] = pcs.answers[QE]
    assert endorse().returncode == DONE
    assert endorse("--update", "early").returncode == DONE
    assert pcs.asked[4:] == [TCB + "&update=early", QE + "?update=early", PCK, CRL]
    assert endorse("--update", "late").returncode == USAGE


def test_offline_only_looks(endorse, pcs):
    r = endorse("--offline", pccs=False)
    assert r.returncode == FAILED and NAME in r.err and nothing_written(endorse)
    assert endorse().returncode == DONE
    asked = len(pcs.asked)
    assert endorse("--offline", pccs=False).returncode == DONE
    # Due, but valid: that is all that is asked.
    assert endorse("--offline", pccs=False, at="2026-07-09T00:00:00Z").returncode == DONE
    assert endorse("--offline", pccs=False, at="2026-07-10T00:36:29Z").returncode == FAILED
    assert len(pcs.asked) == asked


def test_json_and_quiet(endorse, pcs):
    r = endorse("--json")
    said = json.loads(r.out)["endorsements"]
    assert r.returncode == DONE and len(said) == 1
    assert {k: said[0][k] for k in ("tee", "fmspc", "ca", "result", "evaluation", "file")} == {
        "tee": "tdx", "fmspc": "90c06f000000", "ca": "platform", "result": "fetched", "evaluation": 19,
        "file": str(endorse.file)}
    assert said[0]["valid_until"] == 1783643788 and said[0]["due"] == 1783643788 - 7 * 86400
    assert set(said[0]["items"]) == {"tcb_info", "qe_identity", "pck_crl", "root_crl"}
    assert said[0]["items"]["tcb_info"]["from"] == pcs.url.removeprefix("http://")
    r = endorse("--quiet")
    assert r.returncode == DONE and r.out == "" and r.err == ""
    pcs.answers.clear()
    r = endorse("--refresh", "--json")
    said = json.loads(r.out)["endorsements"][0]
    assert r.returncode == FAILED and said["result"] == "kept" and "404" in said["reason"]


def quote_forms(folder):
    raw = QUOTE.read_bytes()
    forms = {
        "hex": raw.hex().encode() + b"\n",
        "base64": base64.b64encode(raw),
        "agent": json.dumps({"quote": raw.hex(), "event_log": "[]", "report_data": ""}).encode(),
        "report": json.dumps({"gateway_attestation": None, "model_attestations": [{"intel_quote": raw.hex()}]}).encode(),
    }
    for name, content in forms.items():
        (folder / name).write_bytes(content)
    return [folder / name for name in forms]


def test_reads_every_form_of_a_quote(endorse, pcs, folder):
    for i, path in enumerate(quote_forms(folder)):
        r = endorse("--refresh", quote=path)
        assert r.returncode == DONE, (path.name, r.err)
        assert len(pcs.asked) == 4 * (i + 1)
    r = endorse("--refresh", quote="-", input=QUOTE.read_bytes())
    assert r.returncode == DONE, r.err
    # Several files of one platform are one question.
    asked = len(pcs.asked)
    assert endorse("--refresh", folder / "hex", folder / "agent").returncode == DONE
    assert len(pcs.asked) == asked + 4


def test_out_names_the_file(endorse, folder):
    r = endorse("--out", folder / "bundle.json")
    assert r.returncode == DONE and str(folder / "bundle.json") in r.out
    assert not endorse.file.parent.exists()
    assert json.loads((folder / "bundle.json").read_text())["fetched"] == AT


def test_where_it_is_kept(endorse, pcs, folder):
    def at_home(**env):
        return run("endorse", QUOTE, "--pccs", pcs.url, "--at", AT,
                   env={k: v for k, v in environment().items() if k not in ("HOME", "XDG_CACHE_HOME")} | env)
    assert at_home(HOME=str(folder)).returncode == DONE
    assert (folder / ".cache/aver/endorsements" / NAME).exists()
    assert at_home(HOME=str(folder), XDG_CACHE_HOME=str(folder / "xdg")).returncode == DONE
    assert (folder / "xdg/aver/endorsements" / NAME).exists()
    r = at_home()
    assert r.returncode == USAGE and "--cache" in r.err


def test_a_live_server(aver, endorse, pcs):
    """Its report says what to ask for: of a simulated platform nobody knows anything."""
    r = endorse("--only", "cpu", quote=aver.url)
    assert r.returncode == FAILED and "which it does not know" in r.err
    assert len(pcs.asked) == 1 and pcs.asked[0].startswith("/tdx/certification/v4/tcb?fmspc=ff")
    r = endorse("--json", quote="http://127.0.0.1:1")
    assert r.returncode == FAILED and json.loads(r.out) == {"endorsements": [], "reason": r.err[6:-1]}
    assert len(pcs.asked) == 1


def test_the_simulators_platform(aver, pcs, folder):
    """Only its own root, and only if told so."""
    bundle = json.loads(run("attest", "--tee", "simulator", "--endorsements").stdout)
    pcs.answers = simulated(bundle)
    (folder / "report").write_bytes(aver.report().body)
    call = ["endorse", folder / "report", "--cache", folder / "cache", "--only", "cpu", "--pccs", pcs.url]
    for trust in ([], ["--trust", "vendor"]):
        r = run(*call, *trust)
        assert r.returncode == REFUSED and "tdx.pck_chain" in r.err and not (folder / "cache").exists()
    r = run(*call, "--trust", "simulator")
    assert r.returncode == DONE, r.err
    (file,) = (folder / "cache").iterdir()
    assert file.name == "tdx-ff0a7e500000-platform.json"
    intel = {k: v for k, v in bundle.items() if k not in ("rims", "ocsp")}
    assert {k: v for k, v in json.loads(file.read_text()).items() if k in intel} == intel
    # And what is kept of it is worth nothing under another root.
    assert run(*call[:6], "--offline").returncode == FAILED
    assert run(*call[:6], "--offline", "--trust", "simulator").returncode == DONE


def test_a_real_platform_under_the_simulators_root(endorse, pcs):
    r = endorse("--trust", "simulator")
    assert r.returncode == REFUSED and "tdx.pck_chain" in r.err and nothing_written(endorse)


# What is refused, and what fails. Nothing of it may leave a file.


def flip(pcs, path, old, new):
    answer = pcs.answers[path]
    assert answer[2].count(old) >= 1
    answer[2] = answer[2].replace(old, new, 1)


def altered(pcs, what):
    if what == "TCB info":
        flip(pcs, TCB, b'"tcbStatus":"OutOfDate"', b'"tcbStatus":"UpToDate" ')
    elif what == "signature of the TCB info":
        body = json.loads(pcs.answers[TCB][2])["signature"]
        flip(pcs, TCB, body.encode(), (body[:-1] + ("0" if body[-1] != "0" else "1")).encode())
    elif what == "QE identity":
        flip(pcs, QE, b'"isvprodid":2', b'"isvprodid":3')
    elif what == "PCK CRL":
        body = bytearray(pcs.answers[PCK][2])
        body[-1] ^= 1
        pcs.answers[PCK][2] = bytes(body)
    elif what == "root CRL":
        body = bytearray.fromhex(pcs.answers[CRL][2].decode())
        body[-1] ^= 1
        pcs.answers[CRL][2] = body.hex().encode()
    elif what == "chain":  # the Platform CA's instead of the TCB signer's
        chain = dict(pcs.answers[PCK][1])["Sgx-Pck-Crl-Issuer-Chain"]
        pcs.answers[TCB][1] = [("TCB-Info-Issuer-Chain", chain)]
    elif what == "platform":
        flip(pcs, TCB, b'"fmspc":"90c06f000000"', b'"fmspc":"90c06f000001"')


@pytest.mark.parametrize("what", ["TCB info", "signature of the TCB info", "QE identity", "PCK CRL", "root CRL",
                                  "chain", "platform"])
def test_what_is_not_genuine_is_refused(endorse, pcs, what):
    altered(pcs, what)
    r = endorse()
    assert r.returncode == REFUSED, r.out + r.err
    assert "refused: " in r.out and r.err and nothing_written(endorse)
    r = endorse("--json")
    assert r.returncode == REFUSED and json.loads(r.out)["endorsements"][0]["result"] == "refused"


def test_what_is_not_valid_now_is_refused(endorse):
    for at in ("2026-06-10T01:24:12Z", "2026-07-10T00:36:29Z"):
        assert endorse(at=at).returncode == REFUSED and nothing_written(endorse)


def test_a_good_file_outlives_a_bad_answer(endorse, pcs):
    assert endorse().returncode == DONE
    before = endorse.file.read_bytes()
    altered(pcs, "TCB info")
    r = endorse("--refresh")
    assert r.returncode == REFUSED and "not renewed" in r.out
    pcs.answers.clear()
    r = endorse("--refresh")
    assert r.returncode == FAILED and "not renewed" in r.out
    assert endorse.file.read_bytes() == before


def test_a_spoilt_file_is_fetched_again(endorse, pcs):
    assert endorse().returncode == DONE
    good = endorse.file.read_bytes()
    for spoilt in (b"", b"{}", good[:1000], good.replace(b"OutOfDate", b"UpToDate "), b"x" * (3 << 20)):
        endorse.file.write_bytes(spoilt)
        assert endorse("--offline", pccs=False).returncode == FAILED
        assert endorse().returncode == DONE
        assert endorse.file.read_bytes() == good


def cut(handler):
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4268\r\n\r\n{\"tcbInfo\":{")


def huge(handler):
    handler.send_response(200)
    handler.end_headers()
    for _ in range(64):
        handler.wfile.write(b" " * 65536)


def huge_head(handler):
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n" + b"X-A: " + b"a" * 60000 + b"\r\n" + b"X-B: " + b"b" * 60000 + b"\r\n\r\n")


def redirect(handler):
    handler.wfile.write(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n")


def page(handler):
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 19\r\n\r\n<html>Log in</html>")


@pytest.mark.parametrize("how, said", [
    (cut, "transfer closed"), (huge, "too large"), (huge_head, "too large"), (redirect, "answered 302"),
    (page, "the answer about the TCB info"), (None, "answered 404 when asked for the TCB info of tdx-90c06f000000-platform")])
def test_what_cannot_be_fetched(endorse, pcs, how, said):
    if how is None:
        del pcs.answers[TCB]
    else:
        pcs.answers[TCB] = how
    r = endorse()
    assert r.returncode == FAILED, r.out + r.err
    assert said in r.err and pcs.url.removeprefix("http://") in r.err, r.err
    assert nothing_written(endorse)


def test_a_chain_that_is_missing(endorse, pcs):
    pcs.answers[QE][1] = []
    r = endorse()
    assert r.returncode == FAILED and "SGX-Enclave-Identity-Issuer-Chain" in r.err


def test_a_server_that_nobody_vouches_for(folder):
    p = Pcs(self_signed(folder))
    try:
        r = run("endorse", QUOTE, "--pccs", p.url, "--cache", folder / "cache", "--at", AT)
        assert r.returncode == FAILED and "127.0.0.1" in r.err and "certificate" in r.err, r.err
        assert p.asked == []
    finally:
        p.stop()


def test_proxies_of_the_environment_are_not_asked(endorse):
    proxies = {f"{a}_proxy": "http://127.0.0.1:1" for a in ("http", "https", "all")}
    assert endorse(env=environment(**proxies)).returncode == DONE


def test_a_cache_that_cannot_be_written(endorse, folder):
    (folder / "file").write_text("")
    r = endorse("--out", folder / "file" / "x.json")
    assert r.returncode == FAILED and "Not a directory" in r.err
    r = run("endorse", QUOTE, "--cache", folder / "file" / "cache", "--at", AT, "--offline")
    assert r.returncode == FAILED


def test_without_libcurl(endorse, pcs, folder):
    """A library of that name that is none: as good as absent."""
    (folder / "lib").mkdir()
    subprocess.run(["cc", "-shared", "-nostdlib", "-o", folder / "lib/libcurl.so.4", "-x", "c", os.devnull], check=True)
    r = endorse(env=environment(LD_LIBRARY_PATH=str(folder / "lib")))
    assert r.returncode == FAILED and "libcurl" in r.err and pcs.asked == [] and nothing_written(endorse)
    # All else works without it.
    assert run("version", env=environment(LD_LIBRARY_PATH=str(folder / "lib"))).returncode == DONE


@pytest.mark.parametrize("args", [
    [], [QUOTE, "--pccs", "ftp://127.0.0.1/"], [QUOTE, "--pccs", "https://user:secret@host"], [QUOTE, "--at", "yesterday"],
    ["https://127.0.0.1:1"], [QUOTE, "--out", "-"], [QUOTE, "--trust", "nobody"], [QUOTE, "--offline", "--refresh"], ["http://127.0.0.1:1", "--offline"], [QUOTE, "--pcs", "x"]])
def test_wrong_calls(args, folder):
    r = run("endorse", *args, "--cache", folder)
    assert r.returncode == USAGE and len(r.err.splitlines()) == 1 and "secret" not in r.err


def test_files_without_a_quote(endorse, pcs, folder):
    raw = QUOTE.read_bytes()
    for rubbish in (b"", b"{}", b"[1]", b"\0" * 5000, b"x" * 5000, raw[:3000], raw.replace(b"-----BEGIN", b"-----NIGEB")):
        (folder / "rubbish").write_bytes(rubbish)
        r = endorse(quote=folder / "rubbish")
        assert r.returncode == FAILED and "rubbish" in r.err, rubbish[:10]
    assert endorse(quote=folder / "missing").returncode == FAILED
    assert pcs.asked == []
