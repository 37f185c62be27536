# SPDX-License-Identifier: Apache-2.0
"""Whole reports through the program: captured ones of real services, the same
with something changed, servers that show them, and files made to hurt."""
import base64
import contextlib
import copy
import http.server
import json
import threading
import urllib.parse

import pytest

from proof import VECTORS, load
from server import PROGRAM, SANITIZED, run
from usage import measured

REFUSED, UNDECIDED = 1, 3
# What NVIDIA signs, which nobody gave either; and where there is no evidence,
# all that would be looked at.
GPU_ENDORSED = {"gpu.rim", "gpu.measurements", "gpu.revocation"}
NO_GPUS = {f"gpu.{row}" for row in (
    "evidence", "nonce_envelope", "certificates", "root", "chain", "cert_time", "arch", "report", "signature", "nonce",
    "fields", "switch_pdi", "fwid", "distinct", "mode", "topology", "rim", "measurements", "revocation",
    "rim_revocation", "bound")}
UNBOUND = {"report.report_data", "report.fresh"}
NO_LOG = {"code.log", "code.runtime", "code.replay", "code.ready"}
# What needs endorsements, which nobody gave.
ENDORSED = {"tdx.endorsements", "tdx.lists", "tdx.revoked", "tdx.tcb_signer", "tdx.tcb_info_signature",
            "tdx.qe_identity_signature", "tdx.tcb_match", "tdx.qe_identity", "tdx.module", "tdx.tcb_level",
            "tdx.tcb_revoked", "tdx.tcb_status"}

# File -> what is left open in each scope.
REPORTS = {
    "nanogpt-gemma-20260610": {"report": GPU_ENDORSED},
    "venice-20260610": {"report": GPU_ENDORSED, "report/compose-manager": set()},
    "nearcloud-20260610": {"gateway": set(), "model 1": GPU_ENDORSED, "model 1/compose-manager": set()},
    "chutes-20260520-instance0": {"instance 1": GPU_ENDORSED | UNBOUND | NO_LOG},
    "dstack-quote-report": {"quote": NO_GPUS | UNBOUND},
    "dstack-tdx-lite-getquote": {"quote": NO_GPUS | UNBOUND},
}


def captured(name):
    return load("tdx/reports", f"{name}.json")


def nonce_of(name):
    report = captured(name)
    report = report.get("gateway_attestation", report)
    expected = load("tdx/reports", f"{name}.expected.json")["attestations"][0]
    return report.get("request_nonce") or expected.get("nonce") or "00" * 32


def judge(path, *args):
    r = run("verify", "report", path, "--json", *args)
    said = json.loads(r.stdout)
    return r.returncode, said, {s["scope"]: s for s in said["scopes"]} if "scopes" in said else {"": said}


def open_rows(said):
    return {c["id"] for c in said["checks"] if c["required"] and c["result"] != "pass"}


def failed(said):
    return {c["id"] for c in said["checks"] if c["result"] == "fail"}


@pytest.mark.parametrize("name", REPORTS)
def test_a_captured_report(folder, name):
    path = folder / "report.json"
    path.write_text(json.dumps(captured(name)))
    status, said, scopes = judge(path, "--nonce", nonce_of(name))
    assert status == UNDECIDED and said["verdict"] == "undecided" and said["reason"] is None
    want = REPORTS[name]
    if len(want) > 1:
        assert list(scopes) == list(want) and "checks" not in said
    for (scope, left), found in zip(want.items(), scopes.values()):
        assert open_rows(found) == left | ENDORSED, scope
        assert failed(found) == set(), scope
        assert found["verdict"] == "undecided" and found["trust"] == "vendor"


@pytest.mark.parametrize("name", ["venice-20260610", "nearcloud-20260610"])
def test_each_scope_has_its_own_verdict(folder, name):
    (folder / "r").write_text(json.dumps(captured(name)))
    r = run("verify", "report", folder / "r", "--nonce", nonce_of(name))
    lines = r.stdout.decode().splitlines()
    for scope in REPORTS[name]:
        assert f"scope    {scope}" in lines
        assert any(line.startswith(f"{scope}: UNDECIDED: not settled:") for line in lines)
    assert lines[-1] == "UNDECIDED: not settled " + ", ".join(REPORTS[name])
    r = run("verify", "report", folder / "r", "--nonce", "11" * 32)
    assert r.returncode == REFUSED
    assert r.stdout.decode().splitlines()[-1] == "REFUSED: refused " + ", ".join(REPORTS[name])


def test_copies_are_counted_and_not_judged_twice(folder):
    (folder / "r").write_text(json.dumps(captured("nanogpt-gemma-20260610")))
    r = run("verify", "report", folder / "r")
    assert r.stdout.count(b"tdx.quote  ") == 1 and b"\ncopies   1 more" in r.stdout


def test_an_enclave_is_no_machine(folder):
    """Said in both forms; there is no MRTD to print."""
    quote = (VECTORS / "tdx/cases/real-dcapqvl-sgx-v3/quote.bin").read_bytes()
    report = {"signing_address": "0x" + "11" * 20, "request_nonce": "00" * 32, "intel_quote": quote.hex()}
    (folder / "r").write_text(json.dumps(report))
    status, said, _ = judge(folder / "r")
    assert status == REFUSED and "report.shape" in failed(said)
    r = run("verify", "report", folder / "r")
    assert r.returncode == REFUSED and b"mrtd" not in r.stdout
    assert r.stdout.decode().splitlines()[-1].startswith("REFUSED")


def put(report, path, value):
    *way, last = path
    for step in way:
        report = report[step]
    report[last] = value


def flipped(report, path):
    for step in path:
        report = report[step]
    return ("1" if report[0] == "0" else "0") + report[1:]


MODEL = ("model_attestations", 0)
MANAGER = (*MODEL, "compose_manager_attestation")


@pytest.mark.parametrize("path, scope, row", [
    (("gateway_attestation", "signing_address"), "gateway", "report.report_data"),
    (("gateway_attestation", "tls_cert_fingerprint"), "gateway", "report.report_data"),
    (("gateway_attestation", "report_data"), "gateway", "report.report_data"),
    (("gateway_attestation", "request_nonce"), "gateway", "report.fresh"),
    ((*MODEL, "signing_public_key"), "model 1", "report.key_address"),
    ((*MODEL, "tls_cert_fingerprint"), "model 1", "report.report_data"),
    ((*MANAGER, "actions", 4, "timestamp"), "model 1/compose-manager", "report.shape"),
    ((*MANAGER, "actions_hash"), "model 1/compose-manager", "report.shape"),
    ((*MANAGER, "nonce"), "model 1/compose-manager", "report.fresh"),
])
def test_what_was_changed_is_named(folder, path, scope, row):
    report = copy.deepcopy(captured("nearcloud-20260610"))
    put(report, path, flipped(report, path))
    (folder / "r").write_text(json.dumps(report))
    status, said, scopes = judge(folder / "r", "--nonce", nonce_of("nearcloud-20260610"))
    assert status == REFUSED and said["verdict"] == "refused" and said["reason"]
    assert row in failed(scopes[scope])
    assert [s for s, x in scopes.items() if x["verdict"] == "refused"] == [scope]


def test_a_member_that_stands_there_twice(folder):
    text = json.dumps(captured("nearcloud-20260610"))
    (folder / "r").write_text('{"gateway_attestation":{},' + text[1:])
    status, _, scopes = judge(folder / "r", "--nonce", nonce_of("nearcloud-20260610"))
    assert status == REFUSED and "report.shape" in failed(scopes["gateway"])


def test_a_stranger_among_the_nodes(folder):
    report = captured("nanogpt-gemma-20260610")
    node = copy.deepcopy(report["all_attestations"][0])
    node["signing_public_key"] = "22" * 64
    report["all_attestations"].append(node)
    (folder / "r").write_text(json.dumps(report))
    status, said, scopes = judge(folder / "r", "--nonce", nonce_of("nanogpt-gemma-20260610"))
    assert status == REFUSED and said["reason"] == "KEY_ADDRESS"
    assert scopes["report"]["verdict"] == "undecided" and scopes["report"]["copies"] == 1
    assert failed(scopes["node 2"]) == {"report.key_address"}


def test_seed_form(folder):
    """First generation: base64 quote, no nonce, no algorithm."""
    now = captured("nanogpt-gemma-20260610")
    (folder / "r").write_text(json.dumps({
        "signing_address": now["signing_address"], "nvidia_payload": now["nvidia_payload"],
        "intel_quote": base64.b64encode(bytes.fromhex(now["intel_quote"])).decode()}))
    status, said, _ = judge(folder / "r", "--nonce", now["request_nonce"])
    assert status == UNDECIDED and said["fields"]["report_data"].startswith(now["signing_address"][2:].lower())
    assert open_rows(said) >= ENDORSED | GPU_ENDORSED | {"report.report_data", "report.nonce_echo"}


@contextlib.contextmanager
def serving(report):
    """A server that shows this report to everybody; yields its URL and what it was asked."""
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            asked.append(self.path)
            body = json.dumps(report).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", asked
        finally:
            server.shutdown()
            thread.join()


def test_a_recording_is_refused_in_every_scope():
    with serving(captured("nearcloud-20260610")) as (url, asked):
        r = run("verify", url, "--json")
    said = json.loads(r.stdout)
    assert r.returncode == REFUSED and said["reason"] == "NONCE" and "nonce=" in asked[0]
    assert all("report.fresh" in failed(s) for s in said["scopes"])


def test_chat_says_no_word_to_a_gateway():
    with serving(captured("nearcloud-20260610")) as (url, asked):
        r = run("chat", url, "--model", "m", "--send-anyway", "secret plan")
    assert r.returncode == UNDECIDED and b"no one key that signs" in r.stderr
    assert not any("chat" in path for path in asked)


def test_chat_holds_back_for_what_stands_inside():
    with serving(captured("venice-20260610")) as (url, asked):
        r = run("chat", url, "--model", "m", "secret plan")
    assert r.returncode == REFUSED and b"nothing was sent" in r.stderr
    assert b"scope    report/compose-manager" in r.stderr
    assert not any("chat" in path for path in asked)


def test_a_receipt_wants_one_key(folder):
    for name in ("q", "a", "receipt"):
        (folder / name).write_text('{"text":"x"}')
    (folder / "report").write_text(json.dumps(captured("nearcloud-20260610")))
    r = run("verify", "receipt", "--request", folder / "q", "--response", folder / "a", "--receipt",
            folder / "receipt", "--report", folder / "report")
    assert r.returncode == UNDECIDED and b"names no one signing key" in r.stderr


A = '"signing_address":"0x' + "00" * 20 + '"'
BIG, SMALL = 64 << 20, (16 << 20) - 64


def filled(head, unit, tail, size=SMALL):
    return (head + unit * ((size - len(head) - len(tail)) // len(unit)) + tail).encode()


def models(inside, n):
    return ('{"model_attestations":[' + ",".join([inside] * n) + "]}").encode()


def test_what_is_expected_of_which_scope(folder):
    """A gateway and its models run different code: each is held to its own."""
    report = captured("nearcloud-20260610")
    (folder / "r").write_text(json.dumps(report))
    args = [folder / "r", "--nonce", nonce_of("nearcloud-20260610")]
    gateway = report["gateway_attestation"]["info"]["tcb_info"]["compose_hash"]
    model = report["model_attestations"][0]["info"]["tcb_info"]["compose_hash"]
    rows = lambda scopes: {name: next(c["result"] for c in s["checks"] if c["id"] == "code.expected")
                           for name, s in scopes.items()}
    # One value for all cannot be right.
    _, _, scopes = judge(*args, "--expect", f"compose-hash={gateway}")
    assert rows(scopes) == {"gateway": "pass", "model 1": "fail", "model 1/compose-manager": "fail"}
    _, _, scopes = judge(*args, "--expect", f"gateway:compose-hash={gateway}", "--expect", f"model:compose-hash={model}")
    assert rows(scopes) == {"gateway": "pass", "model 1": "pass", "model 1/compose-manager": "skip"}
    _, _, scopes = judge(*args, "--expect", f"gateway:compose-hash={gateway}", "--expect", f"compose-hash={model}")
    assert set(rows(scopes).values()) == {"pass"}
    _, _, scopes = judge(*args, "--expect", f"model 1:compose-hash={gateway}")
    assert rows(scopes) == {"gateway": "skip", "model 1": "fail", "model 1/compose-manager": "skip"}
    # What nobody answers is not passed over.
    for name in ("gatway", "model 2", "mod", "report"):
        status, _, scopes = judge(*args, "--expect", f"{name}:compose-hash={gateway}")
        assert status != 0 and set(rows(scopes).values()) == {"unknown"}
    for wrong in ("gateway:compose-hash", ":compose-hash=11", "gateway:hash=" + gateway, "x" * 70 + ":mrtd=00"):
        assert run("verify", "report", *args, "--expect", wrong).returncode == 2


RUBBISH = {
    "zeros": lambda: bytes(BIG),
    "brackets": lambda: b"[" * BIG,
    "spaces": lambda: b" " * BIG,
    "text": lambda: filled('{"a":"', "x", '"}', BIG),
    "names": lambda: filled("{" + A, ',"a":1', "}"),
    "a name again and again": lambda: filled("{" + A, ',"signing_algo":1', "}"),
    "models": lambda: filled('{"model_attestations":[', "{},", "{}]}"),
    "nodes": lambda: filled("{" + A + ',"all_attestations":[', "{" + A + "},", "{}]}"),
    "one deep in the other": lambda: filled(
        '{"model_attestations":[{"all_attestations":[{"compose_manager_attestation":{"info":{"tcb_info":'
        '{"event_log":[', "[],", "1]}}}}]}]}"),
    "escapes": lambda: filled("{" + A + ',"nvidia_payload":"', "\\u0041", '"}'),
    "devices": lambda: filled("{" + A + ',"nvidia_payload":"{\\"evidence_list\\":[', "{},", '{}]}"}', 8 << 20),
    "actions": lambda: filled("{" + A + ',"compose_manager_attestation":{"actions":[', "{},", "{}]}}"),
    "lists of actions": lambda: models(
        '{"compose_manager_attestation":{"actions":[' + ",".join(['{"a":[' + "0," * 22 + "0]}"] * 4000) + "]}}", 16),
    "tcb_info": lambda: models('{"info":{"tcb_info":"{\\"event_log\\":[' + "[]," * 150000 + '1]}"}}', 32),
}


SIM = VECTORS / "tdx/sim"
# The simulator's documents are valid then; those made here are newer, so they are taken.
ENDORSED_AT = ["--trust", "simulator", "--at", "2026-06-01T00:00:00Z"]


def grown(document, filler):
    """Nearly 1 MB, newer than the simulator's own, and signed by nobody."""
    document = json.dumps(json.loads(document) | {"issueDate": "2026-05-30T00:00:00Z"}, separators=(",", ":"))
    n = (1000000 - len(document)) // len(filler)
    return document[:-1] + ',"x":' + (f"[{filler * n}0]" if "," in filler else json.dumps(filler * n)) + "}"


def carried(filler, reports=1, **more):
    """A report whose own endorsements are two documents, each in both forms."""
    bundle = json.loads((SIM / "collateral.json").read_text())
    tcb, qe = (grown(bundle[name], filler) for name in ("tcb_info", "qe_identity"))
    endorsements = bundle | {"tcb_info": tcb, "qe_identity": qe, "signature": "11" * 64, **more}
    for name in [n for n, value in endorsements.items() if value is None]:
        del endorsements[name]
    endorsements = json.dumps(endorsements)[:-1] + f',"tcbInfo":{tcb},"enclaveIdentity":{qe}}}'
    quote = (SIM / "sim-good/quote.bin").read_bytes().hex()
    scope = ['"signing_address":"0x%s","intel_quote":"%s","request_nonce":"%s"' % ("%02x" % i * 20, quote, "00" * 32)
             for i in range(reports)]
    nodes = ",".join("{" + s + "}" for s in scope[1:])
    return "{" + scope[0] + f',"all_attestations":[{nodes}],"endorsements":{endorsements}}}'


def many_signers():
    """Certificates for what came without, none of which signed it: of two keys in turn."""
    bundle = json.loads((SIM / "collateral.json").read_text())
    end = "-----END CERTIFICATE-----\n"
    two = [c + end for c in bundle["pck_crl_issuer_chain"].split(end)[:2]]
    field = "sgx-pck-crl-issuer-chain"
    names = {"".join(c.upper() if i >> k & 1 else c for k, c in enumerate(field)): i for i in range(1 << 12)}
    return {name: urllib.parse.quote("\n" * i + two[i % 2]) for i, name in enumerate(list(names)[:60])}


@pytest.mark.parametrize("filler", ["{},", "[],", "1,", '"",'])
def test_endorsements_of_a_million_values(folder, filler):
    (folder / "r").write_text(carried(filler))
    status, mib, seconds = measured(PROGRAM, "verify", "report", "--quiet", folder / "r", *ENDORSED_AT)
    assert status in (REFUSED, UNDECIDED)
    if not SANITIZED:
        assert mib < 100 and seconds < 2, f"{mib:.0f} MiB, {seconds:.2f} s"


def test_no_document_is_hashed_for_each_signer_in_each_report(folder):
    gone = dict.fromkeys(("tcb_info", "qe_identity", "tcb_info_issuer_chain", "qe_identity_issuer_chain"))
    (folder / "r").write_text(carried("a", 32, headers=many_signers(), **gone))
    status, mib, seconds = measured(PROGRAM, "verify", "report", "--quiet", folder / "r", *ENDORSED_AT)
    assert status == REFUSED
    if not SANITIZED:
        assert mib < 100 and seconds < 2, f"{mib:.0f} MiB, {seconds:.2f} s"


@pytest.mark.parametrize("kind", RUBBISH)
def test_a_large_file_of_rubbish(folder, kind):
    path = folder / "rubbish"
    path.write_bytes(RUBBISH[kind]())
    try:
        status, mib, seconds = measured(PROGRAM, "verify", "report", "--quiet", path, "--nonce", "00" * 32)
    finally:
        path.unlink()
    assert status in (REFUSED, UNDECIDED)
    if not SANITIZED:
        assert mib < 100 and seconds < 2, f"{mib:.0f} MiB, {seconds:.2f} s"
