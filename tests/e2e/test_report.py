# SPDX-License-Identifier: Apache-2.0
"""The report: whose key, in which quote, for which nonce."""
import base64
import json
import pathlib
import threading

import pytest
from Crypto.PublicKey import ECC
from eth_utils import is_checksum_address

from proof import address_of, report_data, sha256
from server import SANITIZED, run, wait_for

DATA = pathlib.Path(__file__).parent / "data"
CERTIFICATE = DATA / "identity.pem"


def spki():
    """SHA-256 of the certificate's public key info."""
    return sha256(ECC.import_key(CERTIFICATE.read_text()).public_key().export_key(format="DER"))


def quote_of(report):
    return bytes.fromhex(report["intel_quote"])


def test_everything_is_about_one_nonce(aver, nonce):
    """Quote, GPU evidence and report carry the client's 32 bytes."""
    r = aver.report("nonce=" + nonce)
    assert r.status == 200 and r["Content-Type"] == "application/json"
    report = r.json()
    assert report["request_nonce"] == nonce
    assert report_data(quote_of(report))[32:].hex() == nonce
    payload = json.loads(report["nvidia_payload"])
    assert payload["nonce"] == nonce and payload["arch"] in ("HOPPER", "BLACKWELL")
    assert payload["evidence_list"]
    for item in payload["evidence_list"]:
        evidence = base64.b64decode(item["evidence"], validate=True)
        assert evidence[:4] == bytes.fromhex("11e001ff") and evidence[4:36].hex() == nonce
        assert b"BEGIN CERTIFICATE" in base64.b64decode(item["certificate"])


def test_shape(aver, nonce):
    report = aver.report("nonce=" + nonce).json()
    assert report["signing_algo"] == "ecdsa"
    assert is_checksum_address(report["signing_address"])
    assert len(report["signing_public_key"]) == 128
    assert report["quote"] == report["intel_quote"] == report["intel_quote"].lower()
    assert report["intel_quote"].startswith("0400020081000000")
    assert isinstance(json.loads(report["nvidia_payload"]), dict)
    assert isinstance(json.loads(report["event_log"]), list)
    assert isinstance(json.loads(report["vm_config"]), dict)
    assert isinstance(report["info"]["tcb_info"], dict)
    (one,) = report["all_attestations"]
    assert "all_attestations" not in one
    assert {k: v for k, v in report.items() if k != "all_attestations"} == one


def test_claims_about_ourselves(aver):
    report = aver.report().json()
    assert (report["tee"], report["simulated"]) == ("simulator", True)
    assert report["engine_binding"] == "tcp" and report.get("serving") != "direct"
    assert report["version_info"]["name"] == "aver" and report["version_info"]["version"]


@pytest.mark.parametrize("algo", ["ecdsa", "ed25519"])
def test_layout_a(aver, nonce, algo):
    """Key id, padded with zeros on the right, then the nonce."""
    report = aver.report(f"nonce={nonce}&signing_algo={algo}").json()
    data = report_data(quote_of(report))
    if algo == "ecdsa":
        assert report["signing_address"] == address_of(report["signing_public_key"])
        key_id = bytes.fromhex(report["signing_address"][2:])
    else:
        assert report["signing_address"] == report["signing_public_key"]
        key_id = bytes.fromhex(report["signing_address"])
    assert data == key_id.ljust(32, b"\0") + bytes.fromhex(nonce)
    assert report["signing_algo"] == algo
    assert "tls_cert_fingerprint" not in report


@pytest.mark.parametrize("algo", ["ecdsa", "ed25519"])
@pytest.mark.parametrize("how", ["include_tls_fingerprint=true", "version=2"])
def test_layout_b(start, nonce, algo, how):
    """SHA-256 of key id and key fingerprint of the certificate, then the nonce."""
    import hashlib
    aver = start(tls_identity=CERTIFICATE)
    report = aver.report(f"nonce={nonce}&signing_algo={algo}&{how}").json()
    assert report["tls_cert_fingerprint"] == spki()
    key_id = bytes.fromhex(report["signing_address"].removeprefix("0x"))
    identity = hashlib.sha256(key_id + bytes.fromhex(spki())).digest()
    assert report_data(quote_of(report)) == identity + bytes.fromhex(nonce)
    # and A remains what one gets without asking
    report = aver.report(f"nonce={nonce}&signing_algo={algo}").json()
    assert report_data(quote_of(report))[:32] == key_id.ljust(32, b"\0")


@pytest.mark.parametrize("algo", ["ecdsa", "ed25519"])
@pytest.mark.parametrize("tls", [False, True])
def test_layout_c(start, nonce, algo, tls, tmp_path):
    """SHA-256 of a statement that anybody can build again, then the nonce."""
    import hashlib
    aver = start(gpu="simulator-ppcie", **({"tls_identity": CERTIFICATE} if tls else {}))
    answer = aver.report(f"nonce={nonce}&signing_algo={algo}&include_gpu_digest=true&endorsements=1")
    report = answer.json()
    digest = {name: hashlib.sha256(report[name].encode()).hexdigest()
              for name in ("nvidia_payload", "nvswitch_payload")}
    statement = {"gpu_evidence_sha256": digest["nvidia_payload"], "nonce": nonce,
                 "nvswitch_evidence_sha256": digest["nvswitch_payload"], "purpose": "aver.report.v1",
                 "signing_address": report["signing_address"].lower()}
    if tls:
        statement["tls_cert_fingerprint"] = spki()
    text = json.dumps(statement, sort_keys=True, separators=(",", ":"))
    assert report["statement"] == text and report["version"] == 3
    assert report["gpu_evidence_sha256"] == digest["nvidia_payload"]
    assert report["nvswitch_evidence_sha256"] == digest["nvswitch_payload"]
    data = hashlib.sha256(text.encode()).digest() + bytes.fromhex(nonce)
    assert report_data(quote_of(report)) == data

    def judge(change):
        changed = json.loads(answer.body)
        changed["all_attestations"] = []
        change(changed)
        file = tmp_path / "report"
        file.write_text(json.dumps(changed))
        r = run("verify", "report", file, "--nonce", nonce, "--trust", "simulator", "--json")
        return r.returncode, {c["id"]: c for c in json.loads(r.stdout)["checks"] if c["result"] == "fail"}, r

    status, failed, r = judge(lambda _: None)
    assert status == 0 and not failed, r.stdout
    assert b"by digest" in r.stdout and b"8 GPUs behind their 4 switches" in r.stdout
    # a word of the text is changed that nobody signed
    status, failed, _ = judge(lambda c: c.update(nvidia_payload=c["nvidia_payload"].replace("HOPPER", "Hopper", 1)))
    assert status == 1 and set(failed) == {"gpu.bound"}
    status, failed, _ = judge(lambda c: c.pop("nvswitch_payload"))
    assert status == 1 and "gpu.bound" in failed
    status, failed, _ = judge(lambda c: c.pop("nvswitch_evidence_sha256"))
    assert status == 1 and {"gpu.bound", "report.report_data"} == set(failed)
    status, failed, _ = judge(lambda c: c.pop("gpu_evidence_sha256"))
    assert status == 1 and set(failed) == {"report.shape"}


def test_gpus_and_switches_are_never_mixed(start, nonce, tmp_path):
    """nvidia_payload holds GPUs, nvswitch_payload switches; what cannot be read is refused, and ends nothing."""
    whole = start(gpu="simulator-ppcie").report(f"nonce={nonce}").json()
    whole["all_attestations"] = []
    gpus, switches = json.loads(whole["nvidia_payload"]), json.loads(whole["nvswitch_payload"])

    def judge(gpus, switches):
        changed = dict(whole, nvidia_payload=json.dumps(gpus))
        changed.pop("nvswitch_payload")
        if switches is not None:
            changed["nvswitch_payload"] = json.dumps(switches)
        file = tmp_path / "report"
        file.write_text(json.dumps(changed))
        r = run("verify", "report", file, "--nonce", nonce, "--trust", "simulator")
        return r.returncode, r.stdout.decode().splitlines()[-1]

    def with_first(payload, **change):
        return dict(payload, evidence_list=[{**payload["evidence_list"][0], **change}, *payload["evidence_list"][1:]])

    assert judge(gpus, switches)[0] == 0
    status, last = judge(gpus, None)
    assert status == 0 and "the switches between the GPUs were not shown" in last
    for changed in ((switches, gpus), (dict(gpus, arch="LS10"), switches), (gpus, dict(switches, arch="HOPPER")),
                    (dict(gpus, evidence_list=gpus["evidence_list"] + switches["evidence_list"][3:]),
                     dict(switches, evidence_list=switches["evidence_list"][:3])),
                    (with_first(gpus, evidence="!!"), switches), (with_first(gpus, certificate=7), switches),
                    (gpus, with_first(switches, evidence="!!")), (dict(gpus, evidence_list=[7]), switches)):
        status, last = judge(*changed)
        assert status == 1 and last.startswith("REFUSED"), last


def test_parameters(aver, nonce):
    for query in ("", f"nonce={nonce}", f"nonce={nonce.upper()}", "signing_algo=ECDSA",
                  "signing_algo=Ed25519", "version=1", "include_tls_fingerprint=false",
                  "model=a%2Fb&provider=x&unknown=%26", f"signing_address={aver.address}",
                  f"signing_address={aver.address.lower()}",
                  f"signing_address={aver.address.upper().replace('0X', '0x')}"):
        r = aver.report(query)
        assert r.status == 200, (query, r)
        if "nonce" in query:
            assert r.json()["request_nonce"] == nonce


@pytest.mark.parametrize("query, status, type, message", [
    ("nonce=zz" + "0" * 62, 400, "bad_request", "Nonce must be"),
    ("nonce=00", 400, "bad_request", "Nonce must be 32 bytes (64 hex characters)"),
    ("nonce=" + "0" * 66, 400, "bad_request", "Nonce must be 32 bytes (64 hex characters)"),
    ("nonce=0x" + "0" * 62, 400, "bad_request", "Nonce must be"),
    ("nonce=", 400, "bad_request", "Nonce must be"),
    ("signing_algo=rsa", 400, "invalid_signing_algo",
     "Invalid signing algorithm. Must be 'ed25519' or 'ecdsa'"),
    ("signing_algo=", 400, "invalid_signing_algo", "Invalid signing algorithm."),
    ("version=3", 400, None, "Unsupported attestation report version: 3"),
    ("version=2", 400, None, "attestation version 2 requires a TLS certificate"),
    ("include_tls_fingerprint=true", 400, None, "certificate"),
    ("include_gpu_digest=yes", 400, None, "include_gpu_digest must be true or false"),
    ("include_gpu_digest=true&version=2", 400, None, "include_gpu_digest does not go with"),
    ("signing_address=0x" + "0" * 40, 404, "not_found", "Signing address not found on this server"),
])
def test_errors(aver, query, status, type, message):
    r = aver.report(query)
    assert r.status == status, r
    assert set(r.error) == {"message", "type", "param", "code"}
    assert r.error["message"].startswith(message) or message == "certificate" in r.error["message"]
    assert type is None or r.error["type"] == type
    if query.startswith("nonce"):
        assert r.error["param"] == "nonce"


def test_the_other_algorithm_has_its_own_address(aver):
    ed = aver.report("signing_algo=ed25519").json()["signing_address"]
    assert aver.report(f"signing_algo=ed25519&signing_address={ed}").status == 200
    assert aver.report(f"signing_algo=ed25519&signing_address={aver.address}").status == 404


def test_seed_compatibility(start, nonce):
    """The first generation's base64 quote; `quote` stays hex."""
    aver = start(compat="seed")
    report = aver.report("nonce=" + nonce).json()
    quote = base64.b64decode(report["intel_quote"], validate=True)
    assert report["intel_quote"].startswith("BAAC")
    if "quote" in report:
        assert bytes.fromhex(report["quote"]) == quote
    assert report_data(quote)[32:].hex() == nonce


def test_model_name(start):
    assert start(model_name="vendor/model").report().json()["model_name"] == "vendor/model"


def test_no_gpu_is_said_not_hidden(start, nonce):
    aver = start(gpu="none")
    payload = json.loads(aver.report("nonce=" + nonce).json()["nvidia_payload"])
    assert payload == {"nonce": nonce, "evidence_list": [], "arch": "NONE"}


def test_cached_only_without_a_nonce(aver, nonce):
    first = aver.report().json()
    again = [aver.report().json() for _ in range(4)]
    assert all(r["request_nonce"] == first["request_nonce"] for r in again)
    assert aver.report("signing_algo=ed25519").json()["signing_algo"] == "ed25519"
    mine = [aver.report("nonce=" + nonce).json() for _ in range(2)]
    assert all(r["request_nonce"] == nonce != first["request_nonce"] for r in mine)


def test_open_to_anybody(start, folder):
    (folder / "tokens").write_text("secret\n")
    (folder / "tokens").chmod(0o644)
    assert start(token_file=folder / "tokens").report().status == 200


# With a guest agent


@pytest.fixture
def guest(start, agent):
    return start(tee="dstack", gpu="none", dstack_socket=agent.path)


def test_a_quote_of_the_guest_agent(guest, agent, nonce):
    report = guest.report("nonce=" + nonce).json()
    assert (report["tee"], report["simulated"]) == ("tdx", False)
    expect = bytes.fromhex(guest.address[2:]).ljust(32, b"\0") + bytes.fromhex(nonce)
    assert report_data(quote_of(report)) == expect
    assert agent.quotes()[-1]["report_data"].lower() == expect.hex()
    assert report["event_log"] == agent.sample["event_log"]
    assert report["vm_config"] == agent.sample["vm_config"]
    info = report["info"]
    assert info["app_id"] == agent.info()["app_id"]
    assert info["tcb_info"] == json.loads(agent.info()["tcb_info"])
    assert isinstance(info["key_provider_info"], str)


def test_keys_of_the_guest_agent(start, agent, nonce):
    """The paths of the older proxies, so that the address stays. The agent
    gives the same bytes for either algorithm: hence two paths."""
    aver = start(tee="dstack", gpu="none", key="dstack", model_name="test-model",
                 dstack_socket=agent.path)
    assert aver.address == "0x4E522300aacDbD2FB000a7766d2363C3a933E090"
    paths = {a["path"] for p, a in agent.calls if p.endswith("GetKey")}
    assert paths == {"test-model/ecdsa-signing-key", "test-model/ed25519-signing-key"}
    assert aver.report("nonce=" + nonce).json()["signing_address"] == aver.address


def test_the_older_guest_agent(start, folder, nonce):
    from agent import Agent
    agent = Agent(str(folder / "tappd.sock"), legacy=True)
    try:
        aver = start(tee="dstack", gpu="none", dstack_socket=agent.path)
        report = aver.report("nonce=" + nonce).json()
        assert report_data(quote_of(report))[32:].hex() == nonce
    finally:
        agent.stop()


@pytest.mark.parametrize("fault", ["error", "truncated", "protobuf", "close", "wrong-echo",
                                   "wrong-quote", "not-hex", "huge"])
def test_an_agent_that_answers_wrongly(guest, agent, nonce, fault):
    """502, and nothing of its answer is passed on; then it recovers."""
    agent.fault = fault
    r = guest.report("nonce=" + nonce)
    assert (r.status, r.error["type"]) == (502, "attestation_error"), r
    assert "quote generation failed" not in r.body.decode()
    agent.fault = None
    assert guest.report("nonce=" + nonce).status == 200


def test_an_agent_that_is_gone(guest, agent, nonce):
    agent.stop()
    r = guest.report("nonce=" + nonce)
    assert r.status == 503 and int(r["Retry-After"]) > 0


def test_chat_goes_on_without_the_agent(guest, agent, engine):
    agent.stop()
    assert guest.chat().status == 200


def test_one_quote_for_one_nonce(guest, agent, nonce):
    """Four ask for the same at the same time: the agent is asked once."""
    before = len(agent.quotes())
    agent.hold.clear()
    clients = [guest.client() for _ in range(4)]
    for c in clients:
        c.send("GET", "/v1/attestation/report?nonce=" + nonce)
    wait_for(lambda: len(agent.quotes()) > before)
    threading.Event().wait(0.2)
    agent.hold.set()
    answers = [c.answer() for c in clients]
    assert [r.status for r in answers] == [200] * 4
    assert len({r.body for r in answers}) == 1
    assert len(agent.quotes()) == before + 1


def test_more_than_can_be_made(guest, agent):
    """One at a time at the agent; beyond a queue 503 with Retry-After."""
    agent.hold.clear()
    clients = [guest.client() for _ in range(12)]
    for n, c in enumerate(clients):
        c.send("GET", "/v1/attestation/report?nonce=%064x" % n)
    # The refusals come at once, while the agent still thinks.
    refused = wait_for(lambda: [c for c in clients if readable(c)])
    threading.Event().wait(0.2)
    refused = [c for c in clients if readable(c)]
    for c in refused:
        r = c.answer()
        assert r.status == 503 and int(r["Retry-After"]) > 0
    agent.hold.set()
    answers = [c.answer() for c in clients if c not in refused]
    assert answers and all(r.status == 200 for r in answers)
    assert agent.most_at_once == 1


def readable(client):
    import select
    return bool(select.select([client.sock], [], [], 0)[0])


@pytest.mark.skipif(SANITIZED, reason="half a minute of waiting, no code of its own")
def test_an_agent_that_is_too_slow(guest, agent, nonce):
    agent.hold.clear()
    r = guest.report("nonce=" + nonce, timeout=60)
    assert r.status == 504 and "error" in r.json()
    agent.hold.set()
