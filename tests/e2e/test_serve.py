# SPDX-License-Identifier: Apache-2.0
"""Running the server: wrong calls, what this machine refuses, readiness,
draining, reloading, counters."""
import json
import os
import re
import signal
import socket
import threading
import time

import pytest

from engine import chat_events
from server import run, wait_for

USAGE, MACHINE = 2, 3
ENGINE = ["--engine", "http://127.0.0.1:1"]


@pytest.mark.parametrize("args, hint", [
    ([], b"engine"),
    (["--engine", "ftp://x"], b"engine"),
    ([*ENGINE, "--listne", "x"], b"--listen"),
    ([*ENGINE, "--tee", "sgx"], b"tee"),
    ([*ENGINE, "--workers", "0"], b"workers"),
    ([*ENGINE, "--receipt-ttl", "soon"], b"receipt-ttl"),
    ([*ENGINE, "--body-max", "-1"], b"body-max"),
    ([*ENGINE, "--signature-text", "3part"], b"model-name"),
    ([*ENGINE, "--user", "root"], b"root"),
    ([*ENGINE, "--tls-cert", "x"], b"TLS"),
])
def test_wrong_calls(args, hint):
    r = run("serve", *args)
    assert r.returncode == USAGE and r.stdout == b""
    assert hint in r.stderr and r.stderr.count(b"\n") == 1, r.stderr


@pytest.mark.parametrize("line, hint", [
    ("engin http://127.0.0.1:1", b"engine"), ("workers many", b"workers"), ("tee", b"tee")])
def test_a_wrong_file_is_named_with_its_line(folder, line, hint):
    (folder / "aver.conf").write_text(f"# settings\nengine http://127.0.0.1:1\n{line}\n")
    r = run("serve", "--config", folder / "aver.conf")
    assert r.returncode == USAGE and b"aver.conf:3" in r.stderr and hint in r.stderr


def test_an_empty_token_file_is_never_open(folder):
    (folder / "tokens").write_text("\n# nobody\n")
    r = run("serve", *ENGINE, "--token-file", folder / "tokens")
    assert r.returncode == USAGE and b"tokens" in r.stderr
    r = run("serve", *ENGINE, "--token-file", folder / "missing")
    assert r.returncode == MACHINE


def test_no_tee_is_said_with_the_way_out():
    r = run("serve", *ENGINE, "--listen", "127.0.0.1:0", "--dstack-socket", "/nonexistent",
            "--tsm-path", "/nonexistent")
    assert r.returncode == MACHINE and b"--tee simulator" in r.stderr


def test_a_gpu_that_is_required_and_absent():
    r = run("serve", *ENGINE, "--listen", "127.0.0.1:0", "--tee", "simulator", "--gpu", "required",
            "--nvml-library", "/nonexistent.so")
    assert r.returncode == MACHINE and b"gpu" in r.stderr.lower()


def test_a_port_that_is_taken(aver):
    r = run("serve", *ENGINE, "--tee", "simulator", "--listen", aver.url.removeprefix("http://"))
    assert r.returncode == MACHINE and aver.url.rsplit(":", 1)[1].encode() in r.stderr


def test_print_config_shows_sources_and_no_secret(folder):
    (folder / "aver.conf").write_text("workers 3\n")
    r = run("serve", *ENGINE, "--config", folder / "aver.conf", "--print-config",
            env={"AVER_TOKEN": "sesame,open", "AVER_IDLE_TIMEOUT": "9s"})
    said = r.stdout.decode()
    assert r.returncode == 0 and "sesame" not in said
    assert re.search(r"^workers 3 +# .*aver\.conf:1", said, re.M)
    assert re.search(r"^idle-timeout 9s +# .*AVER_IDLE_TIMEOUT", said, re.M)
    assert re.search(r"tokens 2", said)


def test_older_names(start, engine):
    aver = start(engine=None, tee=None, gpu=None,
                 env={"VLLM_BASE_URL": engine.url + "/v1", "DEV": "1", "MODEL_NAME": "m", "TOKEN": "sesame"})
    engine.script = lambda x: x.sse(chat_events("Hello."))
    assert aver.chat(stream=True).status == 401
    assert aver.chat(stream=True, headers={"Authorization": "Bearer sesame"}).status == 200
    log = aver.log()
    assert "VLLM_BASE_URL" in log and "DEV" in log and "sesame" not in log


def test_no_engine(start):
    aver = start(engine="http://127.0.0.1:1")
    r = aver.ask("GET", "/health")
    assert r.status == 503 and r.json()["engine"] == "unreachable" and r.json()["notary"] == "up"
    r = aver.chat()
    assert r.status == 502 and r.json()["error"]["type"] == "upstream_error"


def test_health_and_version(aver):
    r = aver.ask("GET", "/health")
    assert r.status == 200 and r.json()["ready"] is True and r.json()["live"] is True
    assert aver.ask("GET", "/version").json()["name"] == "aver"


def test_metrics(aver, engine):
    engine.script = lambda x: x.sse(chat_events("Hello."))
    aver.signature(aver.chat(stream=True)["X-Request-Id"])
    r = aver.ask("GET", "/metrics")
    assert r["Content-Type"].startswith("text/plain")
    values = dict(re.findall(r"^(aver_\S+) (\S+)$", r.text if hasattr(r, "text") else r.body.decode(), re.M))
    assert values["aver_streams_total"] == "1" and values["aver_receipts_total"] == "1"
    assert values['aver_signature_lookups_total{result="found"}'] == "1"
    for name in values:
        base = name.split("{")[0]
        assert re.search(rf"^# TYPE {re.sub('_(bucket|sum|count)$', '', base)} ", r.body.decode(), re.M), name


def test_metrics_elsewhere(start):
    aver = start(metrics_listen="127.0.0.1:0", listen="127.0.0.1:0")
    assert aver.ask("GET", "/metrics").status == 404


def test_a_unix_socket(start, folder):
    import http.client
    path = folder / "api.sock"
    start(listen=["127.0.0.1:0", f"unix:{path}"])
    path.chmod(0o777)

    class Connection(http.client.HTTPConnection):
        def connect(self):
            self.sock = socket.socket(socket.AF_UNIX)
            self.sock.connect(str(path))

    c = Connection("localhost")
    c.request("GET", "/version")
    assert json.loads(c.getresponse().read())["name"] == "aver"
    c.close()


def stream_slowly(engine, go_on):
    def script(x):
        x.begin_sse()
        events = [e for e in chat_events("Hello.")]
        x.event(events[0])
        go_on.wait(20)
        for e in events[1:]:
            x.event(e)
        x.event(b"data: [DONE]\n\n")
        x.end()

    engine.script = script


def test_sigterm_lets_a_stream_finish(start, engine):
    go_on = threading.Event()
    stream_slowly(engine, go_on)
    aver = start()
    with aver.client() as c:
        c.send("POST", "/v1/chat/completions", b'{"stream":true}', {"Content-Type": "application/json"})
        wait_for(lambda: engine.inference)
        os.kill(aver.pid, signal.SIGTERM)
        time.sleep(0.1)
        with pytest.raises(OSError):  # nobody new is let in
            socket.create_connection(("127.0.0.1", int(aver.url.rsplit(":", 1)[1])), timeout=1).close()
        go_on.set()
        r = c.answer()
        assert r.status == 200 and r.complete
        # The open connection may still fetch its receipt (DECISIONS 10).
        c.send("GET", "/v1/signature/" + r["X-Request-Id"])
        assert c.answer().status == 200
    assert aver.wait(20) == 0


def test_a_second_sigterm_ends_now(start, engine):
    go_on = threading.Event()
    stream_slowly(engine, go_on)
    aver = start()
    with aver.client() as c:
        c.send("POST", "/v1/chat/completions", b'{"stream":true}', {"Content-Type": "application/json"})
        wait_for(lambda: engine.inference)
        os.kill(aver.pid, signal.SIGTERM)
        time.sleep(0.1)
        assert aver.popen.poll() is None
        os.kill(aver.pid, signal.SIGTERM)
        aver.wait(5)
    go_on.set()


def test_sighup_takes_new_tokens_and_keeps_receipts(start, engine, folder):
    tokens = folder / "tokens"
    tokens.write_text("old\n")
    tokens.chmod(0o644)
    engine.script = lambda x: x.sse(chat_events("Hello."))
    aver = start(token_file=tokens)
    r = aver.chat(stream=True, headers={"Authorization": "Bearer old"})
    address = aver.report().json()["signing_address"]
    tokens.write_text("new\n")
    os.kill(aver.pid, signal.SIGHUP)
    wait_for(lambda: aver.chat(stream=True, headers={"Authorization": "Bearer new"}).status == 200)
    wait_for(lambda: aver.chat(stream=True, headers={"Authorization": "Bearer old"}).status == 401)
    receipt = aver.signature(r["X-Request-Id"], headers={"Authorization": "Bearer new"})
    assert receipt.status == 200
    assert aver.report().json()["signing_address"] == address
