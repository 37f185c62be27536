# SPDX-License-Identifier: Apache-2.0
"""What can go wrong does, and nobody is told that it went well: an answer that
was cut, short, badly framed or ended by closing never gets a receipt."""
import os
import select
import signal
import threading
import time

import pytest

from engine import DONE, chat_answer, chat_events
from proof import VECTORS, cases, check_receipt, sha256
from server import SANITIZED, wait_for

UPSTREAM = {c["id"]: c for c in cases("sse", "upstream.json")}
CHAT = "chatcmpl-" + "0" * 32


def upstream_bytes(case):
    if "file" in case:
        return (VECTORS / "sse" / case["file"]).read_bytes()
    return b"".join(p[1].encode() * (p[2] if p[0] == "repeat" else 1) for p in case["recipe"])


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """One server for all the upstream cases, two workers."""
    from engine import Engine
    from server import Aver
    engine, folder = Engine(), tmp_path_factory.mktemp("pair")
    aver = Aver(folder, engine=engine.url)
    yield aver, engine
    aver.stop()
    engine.stop()


@pytest.mark.parametrize("cut", ["whole", "bytes"])
@pytest.mark.parametrize("name", [n for n in UPSTREAM if n != "done-then-open"])
def test_every_upstream_vector(pair, name, cut):
    """The engine sends exactly the vector's bytes; what the client sees and
    whether a receipt exists is as the vector says, whichever worker is asked."""
    (aver, engine), case = pair, UPSTREAM[name]
    data = upstream_bytes(case)

    def script(x):
        if cut == "bytes" and len(data) < 1000:
            for i in range(len(data)):
                x.raw(data[i:i + 1])
        else:
            x.raw(data)
        if case["closed_after"]:
            x.close()

    engine.script = script
    with aver.client() as c, aver.other_client(c) as other:
        c.send("POST", "/v1/chat/completions", b'{"model":"test","stream":true}')
        r = c.answer()
        expect = case["client"]
        if expect == "relay":
            assert r.complete and r.status == case.get("status", 200)
            if "body_sha256" in case:
                assert sha256(r.body) == case["body_sha256"]
        elif expect in ("close-without-last-chunk", "error-event-or-close"):
            assert r.status == 200 and not r.complete
        elif expect == "relay-then-close":
            assert r.body == data.split(b"\r\n\r\n", 1)[1]
        elif expect == "502":
            assert r.status == 502 or not r.complete
        else:
            assert expect == "relay-or-502", expect
        if r.status == 502:
            assert r.error["type"] == "upstream_error"
        for id in filter(None, [case["chat_id"], r["X-Request-Id"]]):
            reply = aver.signature(id, client=other)
            if case["sign"]:
                check_receipt(reply, engine.last().body, r.body, aver.address)
            elif id == r["X-Request-Id"]:
                assert reply.status == 404, reply
    assert len(aver.workers) == 2


def test_done_and_then_nothing(pair):
    """[DONE] came but the framing did not end: held for a second, passed on,
    and signed only when the engine ends the message after all."""
    aver, engine = pair
    finish = threading.Event()
    data = upstream_bytes(UPSTREAM["done-then-open"])

    def script(x):
        x.raw(data)
        finish.wait(20)
        x.end()

    engine.script = script
    with aver.client() as c, aver.other_client(c) as other:
        c.send("POST", "/v1/chat/completions", b'{"model":"test","stream":true}')
        r, began, body = c.head(), time.monotonic(), b""
        pieces = c.pieces(r)
        while not body.endswith(DONE):
            body += next(pieces)
        assert 0.5 < time.monotonic() - began < 5
        assert aver.signature(r["X-Request-Id"], client=other).status == 404
        finish.set()
        for _ in pieces:
            pass
        assert r.complete and sha256(r.body) == UPSTREAM["done-then-open"]["body_sha256"]
        check_receipt(aver.signature(r["X-Request-Id"], client=other), engine.last().body,
                      r.body, aver.address)


@pytest.mark.parametrize("end", ["close", "reset"])
@pytest.mark.parametrize("after", [b"", b"5\r\nab", b"a\r\n0123456789\r\n", b"xyz\r\n"])
def test_engine_dies_mid_chunk(aver, engine, end, after):
    def script(x):
        x.begin_sse()
        for e in chat_events("a"):
            x.event(e)
        x.event(DONE)
        x.raw(after)
        getattr(x, end)()

    engine.script = script
    r = aver.chat(stream=True)
    assert r.status == 200 and not r.complete
    for id in (CHAT, r["X-Request-Id"]):
        assert aver.signature(id).status == 404
    engine.script = lambda x: x.json(chat_answer())
    assert aver.chat().status == 200


def test_a_cut_answer_leaves_a_tombstone(aver, engine):
    def script(x):
        x.begin_sse()
        x.event(chat_events("a", id="cut-1")[0])
        x.close()

    engine.script = script
    assert not aver.chat(stream=True).complete
    reply = aver.signature("cut-1")
    assert (reply.status, reply.error["type"]) == (404, "not_found")


def test_no_engine(start, engine):
    """An engine that is not there: 502 in OpenAI's shape, and /health says so;
    when it comes, all is well without a restart."""
    from engine import Engine
    aver = start(engine=f"http://127.0.0.1:{dead_port()}")
    r = aver.chat()
    assert r.status == 502
    assert set(r.error) == {"message", "type", "param", "code"}
    assert r.error["type"] == "upstream_error"
    health = aver.ask("GET", "/health")
    assert health.status == 503 and "engine" in health.body.decode()


def dead_port():
    from server import free_port
    return free_port()


@pytest.mark.parametrize("when", ["before the head", "in the stream"])
def test_a_silent_engine(start, engine, when):
    aver = start(engine_timeout="300ms")
    over = []

    def script(x):
        if when == "in the stream":
            x.begin_sse()
            x.event(chat_events("a")[0])
        over.append(x.gone())
        x.close()

    engine.script = script
    r = aver.chat(stream=True)
    if when == "before the head":
        assert r.status == 504 and "error" in r.json()
    else:
        assert r.status == 200 and not r.complete
    wait_for(lambda: over)
    assert over == [True]
    assert aver.signature(r["X-Request-Id"]).status == 404


def test_an_exchange_may_last_only_so_long(start, engine):
    """An engine that drips for ever is ended by exchange-timeout."""
    aver = start(exchange_timeout="500ms")

    def script(x):
        x.begin_sse()
        while not x.gone(0.05):
            x.event(b": drip\n\n")

    engine.script = script
    began = time.monotonic()
    r = aver.chat(stream=True)
    assert not r.complete and 0.4 < time.monotonic() - began < 5


@pytest.mark.parametrize("stream", [False, True], ids=["json", "stream"])
@pytest.mark.parametrize("how", ["close", "reset", "half-close"])
def test_a_client_that_leaves(aver, engine, stream, how):
    """The engine's connection is closed at once, so that it stops generating,
    although the engine itself is silent at that time."""
    began, left = threading.Event(), []

    def script(x):
        if stream:
            x.begin_sse()
            x.event(chat_events("a", id="left-1")[0])
        began.set()
        left.append((x.gone(), time.monotonic()))
        x.close()

    engine.script = script
    c = aver.client()
    c.send("POST", "/v1/chat/completions", json={"model": "test", "stream": stream})
    assert began.wait(10)
    if stream:
        r = c.head()
        next(c.pieces(r))
    at = time.monotonic()
    if how == "half-close":
        c.sock.shutdown(1)
    else:
        c.close() if how == "close" else c.reset()
    wait_for(lambda: left, 10)
    assert left[0][0] and left[0][1] - at < (2 if SANITIZED else 0.5)
    if stream:
        reply = wait_for(lambda: (s := aver.signature("left-1")).status == 404 and
                         "error" in s.json() and s, 5)
        assert reply.error["code"] == "stream_disconnected", reply
    c.close()


def test_a_client_that_does_not_read(start, engine):
    """The engine is stopped, memory stays flat, and nothing is lost when the
    client reads on."""
    aver = start(workers=1, write_timeout="60s")
    piece, sent, resume = b"x" * 65536, [0], threading.Event()
    total = 48 << 20

    def script(x):
        x.head(200, "application/octet-stream", total)
        for _ in range(total // len(piece)):
            x.raw(piece)
            sent[0] += len(piece)

    engine.script = script
    (worker,) = aver.workers
    with aver.client() as c:
        before = worker.memory()
        c.send("POST", "/v1/chat/completions", b"{}")
        r = c.head()

        def stalled():
            was = sent[0]
            time.sleep(0.3)
            return was == sent[0] and was > 0

        wait_for(stalled)
        assert sent[0] < 24 << 20, "the engine was not stopped"
        grown = worker.memory() - before
        assert grown < (24 << 20 if SANITIZED else 2 << 20), f"{grown} bytes"
        for _ in c.pieces(r):
            pass
        assert r.complete and len(r.body) == total
    resume.set()


def test_a_client_that_never_reads_is_let_go(start, engine):
    aver = start(write_timeout="300ms")
    gone = []

    def script(x):
        x.head(200, "application/octet-stream", 1 << 30)
        try:
            for _ in range(1 << 14):
                x.raw(b"x" * 65536)
        except OSError:
            gone.append(True)
        x.close()

    engine.script = script
    with aver.client() as c:
        c.send("POST", "/v1/chat/completions", b"{}")
        wait_for(lambda: gone)


def test_a_killed_worker_loses_no_receipt(aver, engine):
    with aver.client() as c:
        mine = aver.owner(c)
        answers = [aver.chat(stream=s, client=c) for s in (True, False, True)]
        asked = [r.body for r in engine.inference]
        (mine or aver.workers[0]).kill()
        if mine:
            assert c.closed()
    wait_for(lambda: len(aver.workers) == 2 and mine not in aver.workers)
    for r, body in zip(answers, asked):
        check_receipt(aver.signature(r["X-Request-Id"]), body, r.body, aver.address)
    for _ in range(8):  # on old and new workers
        r = aver.chat()
        check_receipt(aver.signature(r["X-Request-Id"]), engine.last().body, r.body, aver.address)


def test_a_killed_notary_takes_its_key_with_it(aver, engine):
    """A new one with a new key; old receipts are gone; the next report shows
    the new key; the log says so loudly; answers pass on meanwhile."""
    old, before = aver.notary, aver.chat()
    half, rest = threading.Event(), threading.Event()

    def script(x):
        x.begin_sse()
        x.event(chat_events("a", id="under-way")[0])
        half.set()
        rest.wait(20)
        x.event(DONE)
        x.end()

    engine.script = script
    with aver.client() as c:
        c.send("POST", "/v1/chat/completions", json={"model": "test", "stream": True})
        half.wait(10)
        old.kill()
        new = wait_for(lambda: [p for p in aver.processes("aver-notary") if p != old])
        report = wait_for(lambda: (r := aver.report()).status == 200 and
                          r.json()["signing_address"] != aver.address and r.json())
        rest.set()
        r = c.answer()
        assert r.complete and r.status == 200
    assert len(new) == 1
    for id in (before["X-Request-Id"], r["X-Request-Id"], "under-way"):
        assert aver.signature(id).status == 404
    engine.script = lambda x: x.json(chat_answer())
    r = aver.chat()
    check_receipt(aver.signature(r["X-Request-Id"]), engine.last().body, r.body,
                  report["signing_address"])
    lines = [x for x in aver.log().splitlines() if aver.address in x]
    assert any(report["signing_address"] in x and "error" in x for x in lines), lines


def test_a_derived_key_survives_its_notary(start, engine, agent):
    aver = start(tee="dstack", gpu="none", key="dstack", dstack_socket=agent.path)
    assert [a for p, a in agent.calls if p.endswith("GetKey")]
    old, before = aver.notary, aver.chat()
    old.kill()
    wait_for(lambda: [p for p in aver.processes("aver-notary") if p != old])

    def signed():
        r = aver.chat()
        s = aver.signature(r["X-Request-Id"])
        return s.status == 200 and s.json()
    assert wait_for(signed)["signing_address"] == aver.address
    assert aver.signature(before["X-Request-Id"]).status == 404


def test_a_killed_attester_comes_back(aver, engine, nonce):
    old = aver.attester
    old.kill()
    wait_for(lambda: [p for p in aver.processes("aver-attester") if p != old])
    r = wait_for(lambda: (r := aver.report("nonce=" + nonce)).status == 200 and r)
    assert r.json()["request_nonce"] == nonce
    assert r.json()["signing_address"] == aver.address


def test_many_at_once(aver, engine):
    """64 streams side by side, some of them cut: each has its own receipt, or
    none."""
    def script(x):
        n = int(x.request.json()["user"])
        events = chat_events(str(n), id=f"many-{n}")
        x.begin_sse()
        for e in events:
            x.event(e)
            time.sleep(0.005)
        if n % 4 == 3:
            return x.close()
        x.event(DONE)
        x.end()

    engine.script = script
    clients = [aver.client() for _ in range(64)]
    bodies = [b'{"model":"test","stream":true,"user":"%d"}' % n for n in range(64)]
    for c, body in zip(clients, bodies):
        c.send("POST", "/v1/chat/completions", body)
    for n, (c, body) in enumerate(zip(clients, bodies)):
        r = c.answer()
        reply = aver.signature(f"many-{n}")
        if n % 4 == 3:
            assert not r.complete and reply.status == 404
        else:
            check_receipt(reply, body, r.body, aver.address)
        c.close()


def test_the_engine_answers_before_the_request_is_whole(aver, engine):
    """An early refusal of the engine reaches the client."""
    engine.script = lambda x: x.json({"error": {"message": "too long"}}, 413)
    r = aver.ask("POST", "/v1/chat/completions", b"x" * (1 << 20))
    assert r.status == 413


def test_a_notary_that_stands_still(start, engine):
    """While its queue is full, last bytes are held back; when it goes on, every
    answer ends and has its receipt, and lookups that waited are answered."""
    aver = start(workers=1)
    engine.script = lambda x: x.json(chat_answer("x", id="chatcmpl-" + x.request["X-Request-Id"]))
    body = b'{"model": "test"}'
    os.kill(aver.notary.pid, signal.SIGSTOP)
    clients = []
    try:
        for _ in range(420):
            c = aver.client()
            c.send("POST", "/v1/chat/completions", body, {"Content-Type": "application/json"})
            clients.append(c)
        wait_for(lambda: len(engine.inference) == len(clients))
        early = sum(bool(select.select([c.sock], [], [], 0)[0]) for c in clients)
        assert early < len(clients), "the queue was never full: nothing was tested"
        asked = aver.client()
        asked.send("GET", "/v1/signature/chatcmpl-nobody")
    finally:
        os.kill(aver.notary.pid, signal.SIGCONT)
    answers = [c.answer() for c in clients]
    assert asked.answer().status == 404
    for n, r in enumerate(answers):
        assert r.status == 200 and r.complete
        receipt = aver.signature(r["X-Request-Id"])
        assert receipt.json()["text"] == f"{sha256(body)}:{sha256(r.body)}", n
        if n % 20 == 0:
            check_receipt(receipt, body, r.body, aver.address)
    for c in clients:
        c.close()


def test_a_notary_that_never_answers(start):
    aver = start(workers=1)
    os.kill(aver.notary.pid, signal.SIGSTOP)
    try:
        assert aver.ask("GET", "/v1/signature/x").status == 504
    finally:
        os.kill(aver.notary.pid, signal.SIGCONT)
