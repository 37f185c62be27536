# SPDX-License-Identifier: Apache-2.0
"""Bytes pass verbatim, both ways; of the header fields only those that are
meant to."""
import re

import pytest

from engine import DONE, chat_answer, chat_events
from proof import VECTORS, check_receipt, load, sha256
from wire import Client

SAMPLES = {s["id"]: s for s in load("receipt", "samples", "index.json")["samples"]
           if "request" in s}


def sample_bytes(sample):
    folder = VECTORS / "receipt"
    return (folder / sample["request"]).read_bytes(), (folder / sample["response"]).read_bytes()


@pytest.mark.parametrize("name", SAMPLES)
def test_published_samples(aver, engine, name):
    """The exchanges of the original service's documentation give the hashes
    documented there."""
    sample = SAMPLES[name]
    request, response = sample_bytes(sample)

    def script(x):
        x.begin_sse()
        for event in re.findall(rb"data: .*?\n\n", response):
            x.event(event)
        x.end()

    engine.script = script
    r = aver.ask("POST", "/v1/chat/completions", request)
    assert (r.status, r.complete, r.body) == (200, True, response)
    assert r["Content-Type"] == "text/event-stream"
    assert engine.last().body == request
    receipt = check_receipt(aver.signature(sample["chat_id"]), request, response, aver.address)
    assert receipt["text"] == sample["text"]
    assert receipt["text"] == f"{sample['request_sha256']}:{sample['response_sha256']}"


@pytest.mark.parametrize("request_body", [
    b'{"model":"test","messages":[]}',
    b'{ "messages" : [ ] ,\n\t"model":"test" , "z":1,"a":2 }\n\n',
    '{"model":"test","messages":[{"role":"user","content":"grüß dich 你好 ☕ \\ud83d"}]}'.encode(),
    b'{"model":"test","seed":123456789012345678901234567890,"t":1e400,"stop":"\\u0000"}',
    b'{"model":"test","tool_calls":[]}',
    b"not json at all",
    b'\xff\xfe\x00binary\r\n\r\n',
    b"",
], ids=["compact", "spaces", "unicode", "numbers", "tools", "text", "binary", "empty"])
def test_request_bytes_are_forwarded_as_they_came(aver, engine, request_body):
    engine.script = lambda x: x.json(chat_answer())
    r = aver.ask("POST", "/v1/chat/completions", request_body)
    assert r.status == 200
    assert engine.last().body == request_body
    check_receipt(aver.signature(r["X-Request-Id"]), request_body, r.body, aver.address)


def test_chunked_request(aver, engine):
    body = b'{"model":"test","messages":[{"role":"user","content":"in pieces"}]}'
    with aver.client() as c:
        c.send("POST", "/v1/chat/completions", None,
               {"Transfer-Encoding": "chunked", "Content-Type": "application/json"})
        for n in (1, 5, 30, len(body)):
            piece, body = body[:n], body[n:]
            if piece:
                c.send_raw(b"%x;ext=1\r\n%s\r\n" % (len(piece), piece))
        c.send_raw(b"0\r\n\r\n")
        r = c.answer()
    assert r.status == 200
    sent = engine.last()
    assert sent.json()["messages"][0]["content"] == "in pieces"
    # Our own framing, whatever the client's was.
    assert sent["Transfer-Encoding"] is None and sent["Content-Length"] == str(len(sent.body))
    check_receipt(aver.signature(r["X-Request-Id"]), sent.body, r.body, aver.address)


@pytest.mark.parametrize("answer", [
    b'{"id":"chatcmpl-1","choices":[]}',
    b'{\n  "choices": [],\n  "system_fingerprint": null,  "id": "chatcmpl-1"\n}\n',
    '{"id":"chatcmpl-1","choices":[{"message":{"content":"Grüße \\u00e9 ☕"}}]}'.encode(),
], ids=["compact", "pretty", "unicode"])
@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
def test_json_answers_are_not_serialised_again(aver, engine, answer, chunked):
    def script(x):
        if chunked:
            x.head(200)
            x.chunk(answer[:7])
            x.chunk(answer[7:])
            x.end()
        else:
            x.body(answer)

    engine.script = script
    r = aver.chat()
    assert (r.status, r.complete, r.body) == (200, True, answer)
    assert r["Content-Type"] == "application/json"
    check_receipt(aver.signature("chatcmpl-1"), engine.last().body, answer, aver.address)


def test_streams_are_passed_on_at_once(aver, engine):
    """Each event is with the client before the engine sends the next."""
    import threading
    went, events = threading.Semaphore(0), chat_events("a", "b", "c", "d")

    def script(x):
        x.begin_sse()
        for e in events:
            x.event(e)
            assert went.acquire(timeout=10), "the client never saw this event"
        x.event(DONE)
        x.end()

    engine.script = script
    with aver.client() as c:
        c.send("POST", "/v1/chat/completions", json={"model": "test", "stream": True})
        r, pieces = c.head(), None
        pieces, seen = c.pieces(r), b""
        for e in events:
            while not seen.endswith(e):
                seen += next(pieces)
            went.release()
        for _ in pieces:
            pass
    assert r.complete and r.body == b"".join(events) + DONE


def test_sse_line_ends_and_comments_stay(aver, engine):
    stream = (b"\xef\xbb\xbf: keep-alive\r\n\r\ndata:{\"id\":\"x-1\"}\r\n\r\n\n\n"
              b"event: message\rdata: {\"id\":\"x-2\"}\r\r: end\n\ndata:[DONE]\n\n\n")
    engine.script = lambda x: x.body(stream, "text/event-stream")
    r = aver.chat(stream=True)
    assert r.body == stream
    check_receipt(aver.signature("x-1"), engine.last().body, stream, aver.address)


def test_fields_towards_the_engine(aver, engine):
    """DECISIONS of what passes: content type, accept, user agent, tracing; no
    credentials, no claims about who is asking."""
    passes = {"Content-Type": "application/json; charset=utf-8", "Accept": "text/x-test",
              "User-Agent": "tester/1", "traceparent": "00-" + "a" * 32 + "-" + "b" * 16 + "-01",
              "tracestate": "x=1", "baggage": "k=v"}
    stays = {"Authorization": "Bearer secret-token", "Cookie": "a=b", "Forwarded": "for=1.2.3.4",
             "X-Forwarded-For": "1.2.3.4", "X-Forwarded-Proto": "https",
             "X-Request-Hash": "forged:text", "X-Request-Id": "mine", "X-Anything": "1",
             "Accept-Encoding": "gzip", "Proxy-Authorization": "Basic eA==", "TE": "trailers",
             "Keep-Alive": "timeout=5"}
    r = aver.ask("POST", "/v1/chat/completions", b'{"model":"test"}', {**passes, **stays})
    assert r.status == 200
    sent = engine.last()
    for name, value in passes.items():
        assert sent[name] == value, name
    assert sent["X-Request-Id"] == r["X-Request-Id"] != "mine"
    assert sent["Accept-Encoding"] in (None, "identity")
    left = {n.lower() for n in stays} - {"x-request-id", "accept-encoding"}
    assert not sent.names & left, sent.fields
    assert "secret-token" not in repr(sent.fields)


def test_fields_named_by_connection_do_not_pass(aver, engine):
    r = aver.ask("POST", "/v1/chat/completions", b'{"model":"test"}',
                 {"Connection": "keep-alive, baggage", "baggage": "k=v"})
    assert r.status == 200 and engine.last()["baggage"] is None


def test_fields_towards_the_client(aver, engine):
    passes = ["Cache-Control: no-cache", "Content-Language: de", "X-Accel-Buffering: no",
              "openai-processing-ms: 12", "x-ratelimit-remaining-tokens: 7"]
    stays = ["Set-Cookie: a=b", "Server: engine/1", "Via: 1.1 x", "X-Powered-By: y",
             "X-Request-Id: theirs", "Keep-Alive: timeout=5"]
    engine.script = lambda x: x.json(chat_answer(), extra=[*passes, *stays])
    r = aver.chat()
    for line in passes:
        name, value = line.split(": ")
        assert r[name] == value, line
    for name in ("Set-Cookie", "Via", "X-Powered-By", "Keep-Alive"):
        assert r[name] is None, name
    assert "engine/1" not in (r["Server"] or "")
    assert r["X-Request-Id"] != "theirs"


def test_retry_after_passes(aver, engine):
    engine.script = lambda x: x.json({"error": {"message": "later"}}, 429, ["Retry-After: 7"])
    r = aver.chat()
    assert (r.status, r["Retry-After"]) == (429, "7")


def test_request_ids(aver, engine):
    """Ours on every answer; the client's comes back under another name and
    looks nothing up."""
    with aver.client() as c:
        seen = set()
        for _ in range(3):
            r = c.ask("POST", "/v1/chat/completions", b'{"model":"test"}',
                      {"X-Request-Id": "my-own-id"})
            assert re.fullmatch("[0-9a-f]{32}", r["X-Request-Id"])
            assert r["X-Client-Request-Id"] == "my-own-id"
            seen.add(r["X-Request-Id"])
        assert len(seen) == 3
        assert aver.signature("my-own-id", client=c).status == 404
        for target in ("/health", "/nowhere", "/v1/signature/none"):
            assert re.fullmatch("[0-9a-f]{32}", c.ask("GET", target)["X-Request-Id"])


def test_other_paths_are_relayed_and_signed(aver, engine):
    for path in ("/v1/completions", "/v1/embeddings", "/v1/rerank", "/v1/a/b%20c"):
        engine.script = lambda x: x.body(b'{"path":1}')
        r = aver.ask("POST", path, b'{"model":"test","input":"x"}')
        assert (r.status, engine.last().target) == (200, path)
        check_receipt(aver.signature(r["X-Request-Id"]), engine.last().body, r.body, aver.address)


def test_get_with_query(aver, engine):
    """What is signed as the request of a GET is its target as sent."""
    target = "/v1/files?limit=2&after=a%2Fb&x=%7E"
    engine.script = lambda x: x.json({"data": []})
    r = aver.ask("GET", target)
    assert r.status == 200
    assert (engine.last().method, engine.last().target) == ("GET", target)
    assert engine.last().body == b""
    check_receipt(aver.signature(r["X-Request-Id"]), target.encode(), r.body, aver.address)


def test_multipart(aver, engine):
    body = (b'--XX\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n'
            + bytes(range(256)) * 64 + b"\r\n--XX--\r\n")
    engine.script = lambda x: x.body(x.request.body, x.request["Content-Type"])
    kind = "multipart/form-data; boundary=XX"
    r = aver.ask("POST", "/v1/audio/transcriptions", body, {"Content-Type": kind})
    assert (r.status, r["Content-Type"], r.body) == (200, kind, body)
    check_receipt(aver.signature(r["X-Request-Id"]), body, body, aver.address)


def test_large_bodies(aver, engine):
    """Bigger than any buffer, both ways."""
    body = b'{"model":"test","pad":"' + b"x" * (9 << 20) + b'"}'
    engine.script = lambda x: x.body(x.request.body)
    r = aver.ask("POST", "/v1/chat/completions", body)
    assert r.status == 200 and sha256(r.body) == sha256(body)
    check_receipt(aver.signature(r["X-Request-Id"]), body, body, aver.address)


def test_too_large_a_body(start, engine):
    """413, read by the client although it never sent the whole body."""
    aver = start(body_max="64KiB")
    for how in ({"Content-Length": str(1 << 20)}, {"Transfer-Encoding": "chunked"}):
        with aver.client() as c:
            c.send("POST", "/v1/chat/completions", None, how)
            try:
                for _ in range(64):
                    data = b"x" * 16384
                    c.send_raw(data if "Content-Length" in how else b"4000\r\n%s\r\n" % data)
            except OSError:
                pass
            r = c.answer()
            assert (r.status, r.error["type"]) == (413, "payload_too_large")
            assert c.closed()
    assert not engine.inference


def test_expect_continue(aver, engine):
    body = b'{"model":"test"}'
    with aver.client() as c:
        c.send("POST", "/v1/chat/completions", None,
               {"Expect": "100-continue", "Content-Length": str(len(body))})
        assert c.reader.line() == b"HTTP/1.1 100 Continue"
        c.reader.fields()
        c.send_raw(body)
        assert c.answer().status == 200
    assert engine.last()["Expect"] is None


def test_interim_answers_of_the_engine_are_swallowed(aver, engine):
    def script(x):
        x.raw(b"HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n")
        x.json(chat_answer())

    engine.script = script
    with aver.client() as c:
        c.send("POST", "/v1/chat/completions", json={"model": "test"})
        assert c.reader.line().startswith(b"HTTP/1.1 200")


def test_answers_without_a_body(aver, engine):
    engine.script = lambda x: x.raw(b"HTTP/1.1 204 No Content\r\n\r\n")
    with aver.client() as c:
        r = c.ask("POST", "/v1/things", b"{}")
        assert (r.status, r["Content-Length"], r["Transfer-Encoding"]) == (204, None, None)
        assert c.ask("GET", "/health").status == 200  # the connection lives on


def test_head(aver, engine):
    """As GET, without the body."""
    with aver.client() as c:
        for target in ("/health", "/version", "/v1/models", "/metrics"):
            get, head = c.ask("GET", target), c.ask("HEAD", target)
            assert (get.status, head.status, head.body) == (200, 200, b""), target
            assert head["Content-Type"] == get["Content-Type"]


def test_models(aver, engine):
    r = aver.ask("GET", "/v1/models")
    assert r.json()["data"][0]["id"] == "test"
    # No receipt for what needs no token: strangers could push others' out.
    assert aver.signature(r["X-Request-Id"]).status == 404


def test_browsers_may_ask(aver, engine):
    """CORS: a page of any origin can ask, and read our ids."""
    ask = {"Origin": "https://page.example", "Access-Control-Request-Method": "POST",
           "Access-Control-Request-Headers": "authorization, content-type"}
    for path in ("/v1/chat/completions", "/v1/attestation/report", "/v1/signature/x"):
        r = aver.ask("OPTIONS", path, headers=ask)
        assert r.status in (200, 204), r
        assert r["Access-Control-Allow-Origin"] in ("*", "https://page.example")
        allowed = r["Access-Control-Allow-Headers"].lower()
        assert allowed == "*" or "authorization" in allowed
        assert "POST" in r["Access-Control-Allow-Methods"]
    r = aver.ask("POST", "/v1/chat/completions", b'{"model":"test"}', {"Origin": "https://page.example"})
    assert r["Access-Control-Allow-Origin"] in ("*", "https://page.example")
    assert "x-request-id" in r["Access-Control-Expose-Headers"].lower()
    assert len(engine.inference) == 1  # the engine never saw the OPTIONS


def test_unix_sockets_on_both_sides(start, folder):
    from engine import Engine
    engine = Engine(str(folder / "engine.sock"))
    (folder / "engine.sock").chmod(0o777)
    try:
        path = str(folder / "aver.sock")
        aver = start(engine=engine.url, listen=["127.0.0.1:0", "unix:" + path])
        assert "unix:" + path in aver.ready_line
        with Client("unix:" + path) as c:
            r = c.ask("POST", "/v1/chat/completions", b'{"model":"test"}')
        assert r.status == 200
        check_receipt(aver.signature(r["X-Request-Id"]), b'{"model":"test"}', r.body, aver.address)
        assert aver.report().json()["engine_binding"] == "unix"
    finally:
        engine.stop()




def test_connections_to_the_engine_are_kept(start, engine):
    aver = start(workers=1)
    before = engine.connections
    with aver.client() as c:
        for stream in (False, True, False, True):
            assert aver.chat(stream=stream, client=c).status == 200
    assert engine.connections - before <= 1
    # An idle connection that the engine closed meanwhile costs nobody a request.
    engine.drop_idle()
    assert aver.chat().status == 200


@pytest.mark.parametrize("path", [
    "/v1/../metrics", "/v1/%2e%2e/metrics", "/v1/..%2fmetrics", "/v1/%252e%252e/metrics",
    "/v1/a%2f..%2f..%2fmetrics", "/v1/%25252e%25252e%25252fmetrics", "/v1/%" + "25" * 3990 + "41", "/v1/..%5cmetrics", "/v1/./models"])
def test_dot_segments_never_reach_the_engine(aver, engine, path):
    assert aver.ask("GET", path).status == 400
    assert engine.requests == []


@pytest.mark.parametrize("path", [
    "/v1/signature", "/v1/signature/", "/v1/%73ignature/", "/v1/attestation", "/v1/attestation/other",
    "/v1/attestation/report/x"])
def test_what_is_ours_never_reaches_the_engine(aver, engine, path):
    assert aver.ask("GET", path).status in (400, 404)
    assert engine.requests == []


def test_dots_that_are_no_segments_pass(aver, engine):
    engine.script = lambda x: x.json({"id": "x"})
    for path in ("/v1/models/llama-3.1..8b", "/v1/models/a%2fb", "/v1/files/...", "/v1/models/100%25"):
        assert aver.ask("GET", path).status == 200, path
        assert engine.requests[-1].target == path


@pytest.mark.parametrize("type", ["application/json", "APPLICATION/JSON", "application/vnd.x+json", "text/plain"])
def test_a_request_that_names_the_model_twice(aver, engine, type):
    """Whatever its type says: the engine might read the other one."""
    r = aver.ask("POST", "/v1/chat/completions", b'{"model":"a","x":1,"model":"b"}', {"Content-Type": type})
    assert r.status == 400 and r.json()["error"]["param"] == "model"
    assert engine.requests == []
