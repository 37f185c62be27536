# SPDX-License-Identifier: Apache-2.0
"""The client's half: verify, chat, attest, explain, version; their words and
exit statuses are a contract."""
import json
import subprocess

import pytest

from engine import chat_events
from proof import sha256
from server import PROGRAM, ROOT, run

VERIFIED, REFUSED, USAGE, UNDECIDED = 0, 1, 2, 3
SAMPLES = ROOT / "tests/vectors/receipt/samples"


def verdict(*args, **more):
    r = run(*args, "--json", **more)
    return r.returncode, json.loads(r.stdout)


def results(said):
    return {c["id"]: c["result"] for c in said["checks"]}


def required_but_not_passed(said):
    return {c["id"] for c in said["checks"] if c["required"] and c["result"] != "pass"}


@pytest.fixture
def open_aver(start):
    """A server that shows no GPU: nobody said that none is used, so it stays
    undecided."""
    return start(tee="simulator", gpu="none")


def exchange(aver, engine, folder):
    """Request, response and receipt as files."""
    engine.script = lambda x: x.sse(chat_events("Hel", "lo."))
    body = b'{"model": "test",  "stream": true, "messages": []}'
    r = aver.ask("POST", "/v1/chat/completions", body, {"Content-Type": "application/json"})
    (folder / "request").write_bytes(body)
    (folder / "response").write_bytes(r.body)
    files = []
    for algo in ("ecdsa", "ed25519"):
        receipt = aver.ask("GET", f"/v1/signature/{r['X-Request-Id']}?signing_algo={algo}")
        (folder / algo).write_bytes(receipt.body)
        files.append((folder / algo, receipt.json()["signing_address"]))
    return files


def receipt_args(folder, receipt):
    return ["verify", "receipt", "--request", folder / "request", "--response",
            folder / "response", "--receipt", receipt]


def test_verify_receipt(aver, engine, folder):
    for receipt, address in exchange(aver, engine, folder):
        args = receipt_args(folder, receipt)
        r = run(*args, "--expect-address", address)
        assert r.returncode == VERIFIED, r.stdout
        assert r.stdout.decode().splitlines()[-1].startswith("VERIFIED: ")
        # Nobody said whose key it must be (DECISIONS 29).
        r = run(*args)
        assert r.returncode == UNDECIDED and address in r.stdout.decode()
        status, said = verdict(*args, "--expect-address", address)
        assert status == VERIFIED and said["verdict"] == "verified"
        assert said["receipt"]["request_sha256"] == sha256((folder / "request").read_bytes())


def test_verify_receipt_names_what_is_wrong(aver, engine, folder):
    receipt, address = exchange(aver, engine, folder)[0]
    args = receipt_args(folder, receipt)
    other = "0x" + "11" * 20
    status, said = verdict(*args, "--expect-address", other)
    assert status == REFUSED and results(said)["receipt.signer"] == "fail"
    (folder / "response").write_bytes((folder / "response").read_bytes() + b"\n")
    status, said = verdict(*args, "--expect-address", address)
    assert status == REFUSED and required_but_not_passed(said) == {"receipt.response_hash"}


def test_verify_receipt_reads_rubbish(folder):
    for name in ("request", "response"):
        (folder / name).write_bytes(b"x")
    for rubbish in (b"", b"{}", b"[1]", b"\0" * 100, b'{"text":"a"}', b"x" * (2 << 20)):
        (folder / "receipt").write_bytes(rubbish)
        r = run(*receipt_args(folder, folder / "receipt"), "--expect-address", "0x" + "11" * 20)
        assert r.returncode in (REFUSED, UNDECIDED), rubbish[:20]
    r = run(*receipt_args(folder, folder / "missing"))
    assert r.returncode == UNDECIDED and b"missing" in r.stderr


def test_a_published_sample(folder):
    """The documented exchange of 2025 with its documented address."""
    samples = json.loads((SAMPLES / "index.json").read_text())["samples"]
    near = next(s for s in samples if s["id"] == "near-2025")
    receipt = folder / "receipt"
    receipt.write_text(json.dumps({k: near[k] for k in ("text", "signature", "signing_address") if k in near}
                                  | {"signing_algo": "ecdsa"}))
    r = run("verify", "receipt", "--request", SAMPLES / "near-request.json", "--response",
            SAMPLES / "near-response.sse", "--receipt", receipt, "--expect-address",
            "0xCaAA4842758658A85785Ad15367a700C601ffEA5")
    assert r.returncode == VERIFIED, r.stdout + r.stderr


def test_verify_url(aver):
    status, said = verdict("verify", aver.url, "--trust", "simulator")
    assert status == VERIFIED and said["simulated"] is True and said["trust"] == "simulator"
    assert required_but_not_passed(said) == set()
    assert set(results(said).values()) <= {"pass", "skip"}
    assert [g["result"] for g in said["gpus"]] == ["pass"]
    for row in ("gpu.root", "gpu.nonce", "gpu.bound", "gpu.measurements", "gpu.revocation", "gpu.rim_revocation"):
        assert results(said)[row] == "pass", row
    r = run("verify", aver.url, "--trust", "simulator")
    assert r.stdout.decode().splitlines()[-1].startswith("VERIFIED (SIMULATED): ")
    r = run("verify", aver.url, "--quiet", "--trust", "simulator")
    assert r.returncode == VERIFIED and r.stdout == b""


def test_a_server_that_shows_no_gpu_is_undecided(open_aver):
    status, said = verdict("verify", open_aver.url, "--trust", "simulator")
    assert status == UNDECIDED and said["reason"] is None
    assert "gpu.evidence" in required_but_not_passed(said)
    assert {c["result"] for c in said["checks"] if c["required"]} == {"pass", "unknown", "skip"}
    r = run("verify", open_aver.url, "--trust", "simulator")
    assert r.stdout.decode().splitlines()[-1].startswith("UNDECIDED (SIMULATED): not settled: gpu.evidence: ")


def test_simulated_evidence_is_refused_unless_asked_for(aver):
    status, said = verdict("verify", aver.url)
    assert status == REFUSED and results(said)["gpu.root"] == "simulated"
    assert results(said)["tdx.pck_chain"] == "simulated" and said["reason"] == "PCK_CHAIN"


def test_a_server_without_a_gpu_is_verified(start, engine):
    aver = start(tee="simulator", gpu="none")
    args = [aver.url, "--trust", "simulator", "--gpu-count", "0"]
    status, said = verdict("verify", *args)
    assert status == VERIFIED and said["verdict"] == "verified" and said["simulated"] is True
    assert required_but_not_passed(said) == set()
    assert said["tcb"]["status"] == "UpToDate" and said["fields"]["tee"] == "tdx"
    assert run("verify", *args).out.splitlines()[-1].startswith("VERIFIED (SIMULATED): ")
    # The application is the one that is named, or it is refused.
    compose = said["code"]["compose_hash"]
    status, said = verdict("verify", *args, "--expect", f"compose-hash={compose}", "--expect",
                           f"mrtd={said['fields']['mrtd']}")
    assert status == VERIFIED and results(said)["code.expected"] == "pass"
    status, said = verdict("verify", *args, "--expect", "compose-hash=" + "11" * 32)
    assert status == REFUSED and results(said)["code.expected"] == "fail"
    # Silence about GPUs is not enough.
    assert verdict("verify", *args[:3])[0] == UNDECIDED


def test_chat_sends_to_who_is_verified(start, engine):
    engine.script = lambda x: x.sse(chat_events("Hel", "lo."))
    aver = start(tee="simulator", gpu="none")
    r = run("chat", aver.url, "--trust", "simulator", "--gpu-count", "0", "--model", "test", "Hi")
    assert r.returncode == VERIFIED and r.stdout == b"Hello.\n"
    assert "VERIFIED (SIMULATED)" in r.err.splitlines()[-1]
    assert run("chat", aver.url, "--gpu-count", "0", "--model", "test", "Hi").returncode == REFUSED


def test_verify_url_holds_the_server_to_what_is_expected(aver):
    status, said = verdict("verify", aver.url, "--trust", "simulator", "--expect-address", aver.address)
    assert status == VERIFIED and results(said)["report.address"] == "pass"
    status, said = verdict("verify", aver.url, "--trust", "simulator", "--expect-address", "0x" + "11" * 20)
    assert status == REFUSED and results(said)["report.address"] == "fail"
    status, said = verdict("verify", aver.url, "--trust", "simulator", "--gpu-count", "2")
    assert status == REFUSED and results(said)["gpu.count"] == "fail"


@pytest.mark.parametrize("algo", ["ecdsa", "ed25519"])
def test_verify_report(aver, folder, nonce, algo):
    report = folder / "report.json"
    report.write_bytes(aver.report(f"nonce={nonce}&signing_algo={algo}").body)
    args = ["verify", "report", report, "--trust", "simulator"]
    status, said = verdict(*args, "--nonce", nonce)
    assert status == VERIFIED and required_but_not_passed(said) == set()
    status, said = verdict(*args)  # fresh? nobody knows (DECISIONS 28)
    assert status == UNDECIDED and required_but_not_passed(said) == {"report.fresh"}
    status, said = verdict(*args, "--nonce", "00" * 32)
    assert status == REFUSED and results(said)["report.fresh"] == "fail"
    r = run("verify", "report", "-", "--trust", "simulator", "--nonce", nonce, input=report.read_bytes())
    assert r.returncode == VERIFIED


def test_a_report_that_was_altered(aver, folder, nonce):
    report = aver.report(f"nonce={nonce}").json()
    del report["all_attestations"]  # else the unaltered one is judged beside it
    for member, value, row in (
            ("signing_address", "0x" + "22" * 20, "report.key_address"),
            ("signing_public_key", "33" * 64, "report.key_address"),
            ("request_nonce", "44" * 32, "report.fresh")):
        (folder / "r").write_text(json.dumps({**report, member: value}))
        status, said = verdict("verify", "report", folder / "r", "--trust", "simulator", "--nonce", nonce)
        assert status == REFUSED and results(said)[row] == "fail", member
    quote = bytearray.fromhex(report["intel_quote"])
    quote[600] ^= 1
    (folder / "r").write_text(json.dumps({**report, "intel_quote": quote.hex(), "quote": quote.hex()}))
    status, said = verdict("verify", "report", folder / "r", "--trust", "simulator", "--nonce", nonce)
    assert status == REFUSED and results(said)["report.report_data"] == "fail"


def test_verify_report_reads_rubbish(folder):
    for rubbish in (b"", b"{}", b"nonsense", b"[" * 100000, b"\xff" * 1000, b'{"intel_quote":"zz"}',
                    b'{"model_attestations":[]}', b" " * (17 << 20)):
        (folder / "r").write_bytes(rubbish)
        r = run("verify", "report", folder / "r", "--nonce", "00" * 32)
        assert r.returncode in (REFUSED, UNDECIDED), rubbish[:20]
        assert r.stdout or r.stderr


def test_save_and_judge_again(aver, folder):
    r = run("verify", aver.url, "--trust", "simulator", "--save", folder / "saved")
    assert r.returncode == VERIFIED
    saved = json.loads((folder / "saved").read_text())
    (folder / "report").write_text(json.dumps(saved["report"]))
    status, said = verdict("verify", "report", folder / "report", "--nonce", saved["nonce"], "--trust", "simulator")
    assert status == VERIFIED and required_but_not_passed(said) == set()


def test_an_unreachable_server():
    r = run("verify", "http://127.0.0.1:1")
    assert r.returncode == UNDECIDED and b"127.0.0.1:1" in r.stderr


def test_chat_sends_nothing_to_who_is_not_verified(open_aver, engine):
    r = run("chat", open_aver.url, "--trust", "simulator", "--model", "test", "secret plan")
    assert r.returncode == UNDECIDED and b"nothing was sent" in r.stderr
    r = run("chat", open_aver.url, "--model", "test", "secret plan")
    assert r.returncode == REFUSED
    assert engine.inference == []
    assert b"secret" not in r.stdout + r.stderr


def test_chat_send_anyway(open_aver, engine):
    engine.script = lambda x: x.sse(chat_events("Hel", "lo."))
    r = run("chat", open_aver.url, "--trust", "simulator", "--model", "test", "--send-anyway", "Hi", "there")
    assert r.returncode == UNDECIDED
    assert r.stdout == b"Hello.\n"
    assert b"sending anyway" in r.stderr and b"receipt holds" in r.stderr
    assert engine.last().json()["messages"][-1]["content"] == "Hi there"


def test_chat_with_a_gpu(aver, engine):
    """Sent, because GPU and CPU are what they must be; nothing was put up with."""
    engine.script = lambda x: x.sse(chat_events("Hel", "lo."))
    status, said = verdict("chat", aver.url, "--trust", "simulator", "--model", "test", "Hi")
    assert status == VERIFIED and said["sent_anyway"] is False and said["receipt_held"] is True
    assert [g["result"] for g in said["gpus"]] == ["pass"] and results(said)["gpu.bound"] == "pass"


def test_chat_json_from_stdin(open_aver, engine):
    engine.script = lambda x: x.sse(chat_events("Hel", "lo."))
    r = run("chat", open_aver.url, "--trust", "simulator", "--model", "test", "--send-anyway", "--json",
            "--signing-algo", "ed25519", input="Grüße".encode())
    said = json.loads(r.stdout)
    assert r.returncode == UNDECIDED and said["receipt_held"] is True and said["text"] == "Hello."
    assert said["receipt"]["request_sha256"] == sha256(engine.last().body)
    assert engine.last().json()["messages"][0]["content"] == "Grüße"


def test_chat_when_the_answer_is_cut(open_aver, engine):
    def cut(x):
        x.begin_sse()
        x.event(b'data: {"choices":[{"delta":{"content":"par"}}]}\n\n')
        x.reset()

    engine.script = cut
    r = run("chat", open_aver.url, "--trust", "simulator", "--model", "test", "--send-anyway", "Hi")
    # After --send-anyway 3 means that the receipt held; this one did not.
    assert r.returncode == REFUSED and b"receipt holds" not in r.stderr
    assert r.stdout == b"par\n" and b"does NOT hold" in r.stderr
    status, said = verdict("chat", open_aver.url, "--trust", "simulator", "--model", "test", "--send-anyway", "Hi")
    assert status == REFUSED and said["receipt_held"] is False and said["text"] == "par"
    assert results(said)["receipt.shape"] == "unknown" and said["sent_anyway"] is True


def test_chat_when_the_engine_refuses(open_aver, engine):
    engine.script = lambda x: x.json({"error": {"message": "secret plan is too long"}}, status=400)
    r = run("chat", open_aver.url, "--trust", "simulator", "--model", "test", "--send-anyway", "secret plan")
    assert r.returncode == REFUSED and b"400" in r.stderr
    assert b"secret" not in r.stdout + r.stderr


def test_chat_with_a_json_answer(open_aver, engine):
    engine.script = lambda x: x.json({"id": "a", "choices": [{"message": {"content": "Hello."}}]})
    r = run("chat", open_aver.url, "--trust", "simulator", "--model", "test", "--send-anyway", "--quiet", "Hi")
    assert r.returncode == UNDECIDED and (r.stdout, r.stderr) == (b"Hello.\n", b"")


def test_a_full_disk_is_no_success():
    with open("/dev/full", "wb") as full:
        r = subprocess.run([PROGRAM, "explain"], stdout=full, stderr=subprocess.PIPE)
    assert r.returncode == UNDECIDED and b"stdout" in r.stderr


def test_a_token_file_that_cannot_be_read(folder):
    r = run("verify", "http://127.0.0.1:1", "--token-file", folder / "missing")
    assert r.returncode == UNDECIDED and b"missing" in r.stderr
    (folder / "tokens").write_text("")
    assert run("verify", "http://127.0.0.1:1", "--token-file", folder / "tokens").returncode == USAGE


def test_chat_with_a_token(start, engine, folder):
    (folder / "tokens").write_text("sesame\n")
    (folder / "tokens").chmod(0o644)
    aver = start(token_file=folder / "tokens")
    engine.script = lambda x: x.sse(chat_events("Hello."))
    args = ["chat", aver.url, "--trust", "simulator", "--model", "test", "--send-anyway", "Hi"]
    assert b"401" in run(*args).stderr
    assert run(*args, "--token-file", folder / "tokens").stdout == b"Hello.\n"


def test_attest(nonce):
    r = run("attest", "--tee", "simulator", "--gpu", "simulator", "--nonce", nonce)
    assert r.returncode == 0
    report = json.loads(r.stdout)
    assert report["request_nonce"] == nonce and report["simulated"] is True
    r = run("attest", "--dstack-socket", "/nonexistent", "--tsm-path", "/nonexistent")
    assert r.returncode == UNDECIDED and b"simulator" in r.stderr


def test_explain_tells_of_every_row():
    listed = [line.split()[0] for line in run("explain").stdout.decode().splitlines()
              if line.startswith("  ")]
    assert len(listed) > 15 and len(set(listed)) == len(listed)
    for row in listed:
        text = run("explain", row).stdout.decode()
        assert "proves" in text and "without" in text and "clause" in text, row
    r = run("explain", "report.fres")
    assert r.returncode == USAGE and b"report.fresh" in r.stderr


def test_stdin_that_is_not_there():
    r = subprocess.run(f"{PROGRAM} verify quote - <&-", shell=True, capture_output=True, timeout=60)
    assert r.returncode == UNDECIDED and b"stdin: " in r.stderr


def test_version():
    said = json.loads(run("version", "--json").stdout)
    assert said["name"] == "aver" and said["openssl"].startswith("OpenSSL 3")
    assert said["version"] in run("version").stdout.decode()


@pytest.mark.parametrize("args, hint", [
    (["verfy"], b"verify"), (["verify", "reciept"], b"receipt"), (["verify", "http://a", "--jsn"], b"--json"),
    (["verify", "gpu"], b"FILE"), (["verify", "gpu", "x", "y"], b"FILE"), (["chat"], b"URL"),
    (["verify", "https://a.example"], b"https"), (["verify", "http://a", "--trust", "nobody"], b"simulator"),
    (["verify", "report", "x", "--policy", "y"], b"not available in this version"),
    (["verify", "report", "x", "--require", "rims"], b"rim?"),
    (["verify", "report", "x", "--nonce", "12"], b"64 hex digits"), (["attest", "--tee", "simulater"], b"simulator"),
    (["explain", "a", "b"], b"one check"), (["version", "x"], b"no argument")])
def test_wrong_calls(args, hint):
    r = run(*args)
    assert r.returncode == USAGE and r.stdout == b""
    assert r.stderr.count(b"\n") == 1 and hint in r.stderr, r.stderr
