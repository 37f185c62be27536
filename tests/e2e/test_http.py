# SPDX-License-Identifier: Apache-2.0
"""Framing on live sockets: what is not plainly well-formed gets a status and a
closed connection, and none of it reaches the engine."""
import concurrent.futures
import time

import pytest

from engine import chat_answer
from proof import VECTORS, cases, sha256
from server import wait_for
from wire import Cut

BODY = b'{"model":"test"}'


def judge(aver, case):
    """Plays one vector; None, or what was wrong."""
    data = (VECTORS / "http1" / case["file"]).read_bytes()
    with aver.client(timeout=10) as c:
        try:
            c.send_raw(data)
        except OSError:
            pass  # refused before the last byte: allowed
        got = []
        for message in case["messages"]:
            c.method = message["method"]
            try:
                got.append(c.answer())
            except (Cut, TimeoutError) as e:
                return f"answers {[r.status for r in got]}, then {e!r}"
            if got[-1].status in (408, 505):
                return f"a good request was answered {got[-1].status}"
        then = case["then"]
        if then == "end":
            return None
        if then == "closed":
            return None if c.closed() else "was not closed"
        c.method = "GET"
        try:
            last = c.answer()
        except (Cut, TimeoutError) as e:
            # An unfinished message may also be closed without a word.
            return None if then == "incomplete" and isinstance(e, Cut) else \
                f"no answer: {e!r}"
        allowed = [408, 400] if then == "incomplete" else \
            [then["refuse"], *then.get("refuse_also", [])]
        if last.status not in allowed:
            return f"status {last.status} instead of {allowed}"
        if then != "incomplete" and "error" not in last.json():
            return "no error object"
        return None if c.closed() else f"{last.status}, and left open"


def test_every_request_vector(start, engine):
    """All of vectors/http1/requests, over live connections."""
    aver = start(body_max="1MiB", head_timeout="700ms", body_timeout="700ms", workers=2)
    engine.script = lambda x: x.json(chat_answer())
    every = cases("http1", "requests.json")
    assert len(every) > 300
    with concurrent.futures.ThreadPoolExecutor(24) as pool:
        verdicts = list(pool.map(lambda c: judge(aver, c), every))
    bad = [f"{c['id']}: {v}" for c, v in zip(every, verdicts) if v]
    assert not bad, "\n".join(bad)
    # Whatever reached the engine was a body of a message that is good.
    good = {m["body_sha256"] for c in every for m in c["messages"]}
    stray = [r for r in engine.inference if sha256(r.body) not in good]
    assert not stray, [(r.method, r.target, r.body[:80]) for r in stray]
    assert len(aver.workers) == 2 and aver.chat().status == 200


def test_keep_alive(aver, engine):
    with aver.client() as c:
        for n in range(20):
            r = aver.chat(client=c, stream=bool(n % 2))
            assert r.status == 200 and r["Connection"] != "close"


def test_close_when_asked(aver):
    with aver.client() as c:
        r = c.ask("POST", "/v1/chat/completions", BODY, {"Connection": "close"})
        assert r.status == 200 and r["Connection"] == "close" and c.closed()


def test_http_1_0(aver, engine):
    """Answered, with a framing that 1.0 knows, and closed."""
    with aver.client() as c:
        c.send_raw(b"GET /health HTTP/1.0\r\n\r\n")
        c.method = "GET"
        r = c.answer()
        assert r.status == 200 and r["Transfer-Encoding"] is None and c.closed()


def test_pipelining(aver, engine):
    """Three requests in one segment are answered in their order."""
    engine.script = lambda x: x.json({"id": "p", "n": x.request.json()["n"]})
    with aver.client() as c:
        c.method = "POST"
        c.send_raw(b"".join(
            b"POST /v1/embeddings HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%s"
            % (len(b), b) for b in (b'{"n":%d}' % n for n in range(3))))
        assert [c.answer().json()["n"] for _ in range(3)] == [0, 1, 2]


def test_byte_by_byte(aver, engine):
    request = (b"POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%s"
               % (len(BODY), BODY))
    with aver.client() as c:
        c.method = "POST"
        for i in range(len(request)):
            c.send_raw(request[i:i + 1])
        assert c.answer().status == 200
    assert engine.last().body == BODY


def slow(c, data):
    """A byte every 50 ms until the other end has enough."""
    for i in range(len(data)):
        try:
            c.send_raw(data[i:i + 1])
        except OSError:
            return
        if c.closed(0.05):
            return


@pytest.mark.parametrize("where", ["head", "body"])
def test_slow_requests(start, engine, where):
    """A request that drips in is ended: head within head-timeout as a whole,
    a body when it is silent."""
    aver = start(head_timeout="400ms", body_timeout="400ms")
    with aver.client() as c:
        began = time.monotonic()
        if where == "head":
            slow(c, b"POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\n" * 3)
        else:
            c.send_raw(b"POST /v1/x HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n123")
            assert c.closed(5)
        assert 0.3 < time.monotonic() - began < 4
    assert not engine.inference


def test_slow_bodies_that_move_are_let_be(start, engine):
    aver = start(body_timeout="400ms")
    with aver.client() as c:
        c.method = "POST"
        c.send_raw(b"POST /v1/embeddings HTTP/1.1\r\nHost: a\r\nContent-Length: 16\r\n\r\n")
        for i in range(8):
            c.send_raw(BODY[2 * i:2 * i + 2])
            time.sleep(0.1)
        assert c.answer().status == 200


def test_a_timeout_is_answered(start):
    aver = start(head_timeout="300ms", body_timeout="300ms")
    for begun in (b"GET /heal", b"POST /v1/x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n12"):
        with aver.client() as c:
            c.method = "GET"
            c.send_raw(begun)
            assert c.answer().status == 408 and c.closed()


def test_idle_connections_are_closed(start):
    aver = start(idle_timeout="300ms")
    with aver.client() as c, aver.client() as never_used:
        assert c.ask("GET", "/health").status == 200
        began = time.monotonic()
        assert c.closed(5) and time.monotonic() - began < 4
        assert never_used.closed(15)


def test_silence_on_many_connections_costs_nobody(start, engine):
    """500 half-open requests; others are served as if they were not there."""
    aver = start(head_timeout="30s")
    half = [aver.client() for _ in range(500)]
    try:
        for c in half:
            c.send_raw(b"POST /v1/chat/completions HTTP/1.1\r\nHo")
        began = time.monotonic()
        assert all(aver.chat().status == 200 for _ in range(10))
        assert time.monotonic() - began < 5
    finally:
        for c in half:
            c.close()


@pytest.mark.parametrize("method, target, status", [
    ("GET", "/nowhere", 404), ("GET", "/", None), ("PUT", "/v1/attestation/report", 405),
    ("POST", "/health", 405), ("DELETE", "/v1/signature/x", 405),
])
def test_other_targets(aver, engine, method, target, status):
    r = aver.ask(method, target)
    if status:
        assert r.status == status and set(r.error) == {"message", "type", "param", "code"}
    else:
        assert r.status < 500


@pytest.mark.parametrize("target", ["/v1/../health", "/v1/%2e%2e/x", "/v1/a/./b", "//v1/../x",
                                    "/v1/x%00", "/v1/%c3%28"])
def test_paths_that_are_refused(aver, engine, target):
    assert aver.ask("POST", target, BODY).status == 400
    assert not engine.inference


def test_an_upload_that_nobody_wants_is_drained(start, engine, folder):
    """A refusal is read by the client, not lost to a reset, although most of
    what it sends comes after it."""
    (folder / "tokens").write_text("secret\n")
    (folder / "tokens").chmod(0o644)
    aver = start(token_file=folder / "tokens")
    with aver.client() as c:
        c.send("POST", "/v1/chat/completions", b"x" * (4 << 20))
        assert c.answer().status == 401


def test_workers_survive_noise(aver):
    import os
    for n in range(50):
        with aver.client() as c:
            c.send_raw(os.urandom(1 + n * 37))
    wait_for(lambda: aver.chat().status == 200)
    assert len(aver.workers) == 2
