# SPDX-License-Identifier: Apache-2.0
"""Bearer tokens: what needs one, where they come from, and that they go
nowhere else."""
import signal

import pytest

from server import run, wait_for

TOKENS = ["first-" + "a" * 40, "second-token"]
CLOSED = [("POST", "/v1/chat/completions"), ("POST", "/v1/completions"),
          ("POST", "/v1/embeddings"), ("POST", "/v1/any/thing"), ("GET", "/v1/files"),
          ("GET", "/v1/signature/x"), ("GET", "/v1/metrics"),
          ("GET", "/v1/%6dodels")]  # relayed raw: open in its plain spelling alone
OPEN = ["/v1/attestation/report", "/v1/models", "/health", "/version", "/metrics"]


@pytest.fixture
def token_file(folder):
    path = folder / "tokens"
    path.write_text("\n".join(TOKENS) + "\n")
    path.chmod(0o644)
    return path


@pytest.fixture
def guarded(start, token_file):
    return start(token_file=token_file)


def bearer(token):
    return {"Authorization": "Bearer " + token}


def test_what_needs_a_token(guarded, engine):
    for method, target in CLOSED:
        body = b'{"model":"test"}' if method == "POST" else None
        for headers in ({}, bearer("wrong"), bearer(TOKENS[0] + "x"), bearer(TOKENS[0][:-1]),
                        bearer(""), {"Authorization": TOKENS[0]},
                        {"Authorization": "Basic " + TOKENS[0]}):
            r = guarded.ask(method, target, body, headers)
            assert r.status == 401, (method, target, headers)
            assert r.error == {"message": "Invalid or missing Authorization header",
                               "type": "unauthorized", "param": None, "code": None}
    assert not engine.inference
    for target in OPEN:
        assert guarded.ask("GET", target).status == 200, target


@pytest.mark.parametrize("token", TOKENS)
def test_each_token_works(guarded, engine, token):
    with guarded.client() as c:
        r = guarded.chat(client=c, headers=bearer(token))
        assert r.status == 200
        assert engine.last()["Authorization"] is None
        # Any valid token may look a receipt up: tokens rotate.
        for other in TOKENS:
            s = guarded.signature(r["X-Request-Id"], client=c, headers=bearer(other))
            assert s.status == 200
        r = c.ask("POST", "/v1/chat/completions", b'{"model":"test"}',
                  {"authorization": "bearer " + token})
        assert r.status == 200


def test_two_authorization_fields(guarded):
    r = guarded.ask("POST", "/v1/chat/completions", b"{}",
                    [("Authorization", "Bearer " + TOKENS[0]), ("Authorization", "Bearer x")])
    assert r.status in (400, 401)


@pytest.mark.parametrize("name", ["AVER_TOKEN", "TOKEN"])
def test_tokens_of_the_environment(start, name):
    aver = start(env={name: "one,two"})
    assert aver.chat().status == 401
    assert aver.chat(headers=bearer("two")).status == 200
    for process in aver.processes():
        assert b"one,two" not in process.read("environ"), process
        assert b"one,two" not in process.read("cmdline")


def test_reload(guarded, engine, token_file):
    """SIGHUP takes the new tokens, and keeps key and receipts."""
    r = guarded.chat(headers=bearer(TOKENS[0]))
    token_file.write_text("third\n")
    guarded.popen.send_signal(signal.SIGHUP)
    wait_for(lambda: guarded.chat(headers=bearer("third")).status == 200)
    wait_for(lambda: guarded.chat(headers=bearer(TOKENS[0])).status == 401)
    for _ in range(8):
        s = guarded.signature(r["X-Request-Id"], headers=bearer("third"))
        assert s.status == 200 and s.json()["signing_address"] == guarded.address


def test_a_bad_file_at_reload_changes_nothing(guarded, token_file):
    token_file.write_text("")
    guarded.popen.send_signal(signal.SIGHUP)
    wait_for(lambda: str(token_file) in guarded.log())
    assert guarded.chat().status == 401
    assert guarded.chat(headers=bearer(TOKENS[0])).status == 200


@pytest.mark.parametrize("content", ["", "\n\n", "# only a comment\n"])
def test_an_empty_file_is_never_open(folder, content):
    path = folder / "tokens"
    path.write_text(content)
    r = run("serve", "--engine", "http://127.0.0.1:9", "--tee", "simulator",
            "--token-file", path)
    assert r.returncode == 2 and str(path) in r.err, r.err


def test_an_empty_variable_is_never_open():
    from server import environment
    r = run("serve", "--engine", "http://127.0.0.1:9", "--tee", "simulator",
            env=environment(AVER_TOKEN=""))
    assert r.returncode == 2 and "AVER_TOKEN" in r.err


def test_a_flag_takes_no_token():
    assert run("serve", "--engine", "http://127.0.0.1:9", "--token", "x").returncode == 2


def test_printed_as_a_count(token_file):
    r = run("serve", "--engine", "http://127.0.0.1:9", "--tee", "simulator",
            "--token-file", token_file, "--print-config")
    assert r.returncode == 0 and "2" in r.out
    assert not any(t in r.out + r.err for t in TOKENS)
