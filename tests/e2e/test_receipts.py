# SPDX-License-Identifier: Apache-2.0
"""Who signed which bytes, and for how long it can be asked."""
import secrets
import signal
import time

import pytest

from engine import DONE, chat_answer, chat_events
from proof import check_receipt, recover, sha256
from server import wait_for

BODY = b'{"model":"test","messages":[]}'


@pytest.mark.parametrize("stream", [False, True], ids=["json", "stream"])
def test_by_either_id_and_algorithm(aver, engine, stream):
    """The engine's id and ours name the same receipt; both keys sign it."""
    r = aver.chat(stream=stream)
    request, ids = engine.last().body, ["chatcmpl-" + "0" * 32, r["X-Request-Id"]]
    report = {a: aver.report("signing_algo=" + a).json() for a in ("ecdsa", "ed25519")}
    for id in ids:
        for algo in (None, "ecdsa", "ed25519", "ECDSA", "Ed25519"):
            receipt = check_receipt(aver.signature(id, algo), request, r.body)
            wanted = (algo or "ecdsa").lower()
            assert receipt["signing_algo"] == wanted
            assert receipt["signing_address"] == report[wanted]["signing_address"]
    assert report["ecdsa"]["signing_address"] == aver.address


def test_the_same_receipt_whenever_it_is_asked_for(aver, engine):
    """RFC 6979: the signature does not change with time or asker."""
    r = aver.chat()
    first = aver.signature(r["X-Request-Id"]).json()
    assert all(aver.signature(r["X-Request-Id"]).json() == first for _ in range(5))


def test_shape_of_the_answer(aver, engine):
    r = aver.chat()
    s = aver.signature(r["X-Request-Id"])
    assert s["Content-Type"] == "application/json"
    assert set(s.json()) >= {"text", "signature", "signing_address", "signing_algo"}
    # `model` and other parameters are for gateways in front; we do not mind them.
    again = aver.ask("GET", f"/v1/signature/{r['X-Request-Id']}?model=a%2Fb&x=1")
    assert again.json() == s.json()


def test_asked_the_instant_the_last_byte_arrives(start, engine):
    """200 streams in a row, each receipt asked of the other worker as soon as
    [DONE] can be read: it is always there."""
    aver = start(log_level="warn")
    request = b'{"model":"test","stream":true}'

    def script(x):
        x.sse(chat_events("a", "b", id="chat-" + x.request["X-Request-Id"]))

    engine.script = script
    with aver.client() as c, aver.other_client(c) as other:
        for n in range(200):
            c.send("POST", "/v1/chat/completions", request)
            r, body = c.head(), b""
            pieces = c.pieces(r)
            while not body.endswith(DONE):
                body += next(pieces)
            reply = aver.signature("chat-" + r["X-Request-Id"], client=other)
            for _ in pieces:
                pass
            assert r.complete and reply.status == 200, n
            assert reply.json()["text"] == f"{sha256(request)}:{sha256(body)}"


def test_signed_at_completion(start, engine):
    aver = start(sign="completion")
    r = aver.chat(stream=True)
    for algo in ("ecdsa", "ed25519"):
        check_receipt(aver.signature(r["X-Request-Id"], algo), engine.last().body, r.body)


def test_receipts_expire(start, engine):
    aver = start(receipt_ttl="1s")
    began = time.monotonic()
    r = aver.chat()
    assert aver.signature(r["X-Request-Id"]).status == 200 or time.monotonic() - began > 0.9
    wait_for(lambda: aver.signature(r["X-Request-Id"]).status == 404, 5)
    assert time.monotonic() - began > 0.9
    gone = aver.signature(r["X-Request-Id"])
    assert gone.error == {"message": "Chat id not found or expired", "type": "not_found",
                          "param": None, "code": None}


def test_a_full_store_drops_the_oldest(start, engine):
    # Of several workers the notary may hear in another order, for a moment.
    aver = start(receipt_max=8, workers=1)
    ids = [aver.chat()["X-Request-Id"] for _ in range(20)]
    statuses = [aver.signature(i).status for i in ids]
    assert statuses[-4:] == [200] * 4, statuses
    assert statuses[:10] == [404] * 10, statuses
    # Never a newer one lost while an older one is kept.
    assert statuses == sorted(statuses, reverse=True), statuses


def test_unknown_ids_and_algorithms(aver, engine):
    r = aver.chat()
    id = r["X-Request-Id"]
    for bad in ("none", id[:-1], id + "0", id.upper() if id.upper() != id else "X", "a" * 256,
                "%E4%BD%A0"):
        reply = aver.signature(bad)
        assert (reply.status, reply.error["type"]) == (404, "not_found"), bad
    reply = aver.signature(id, "rsa")
    assert (reply.status, reply.error["type"]) == (400, "invalid_signing_algo")
    assert reply.error["message"] == \
        "Invalid signing algorithm. Must be 'ed25519' or 'ecdsa'"


@pytest.mark.parametrize("path", ["/v1/signature/..", "/v1/signature/.", "/v1/signature/a/../b",
                                  "/v1/signature/%2e%2e", "/v1/signature/%2E%2e/x",
                                  "/v1/signature/%00", "/v1/signature/%ff", "/v1/signature/%zz"])
def test_paths_that_are_refused(aver, path):
    r = aver.ask("GET", path)
    assert r.status == 400 and r.error["type"] in ("bad_request", "invalid_request_error")


def test_ids_may_hold_anything(aver, engine):
    """The whole rest of the path is the id, decoded once."""
    ids = ["a/b", "a b", "ü☕", "a%2Fb", "x?y#z", "a+b", "chat:1;2"]
    from urllib.parse import quote
    for id in ids:
        engine.script = lambda x, id=id: x.json(chat_answer(id=id))
        r = aver.chat()
        reply = aver.signature(quote(id, safe=""))
        assert reply.status == 200, id
        check_receipt(reply, engine.last().body, r.body, aver.address)


def test_ids_that_are_not_kept(aver, engine):
    """Too long, or with control characters: the answer passes, and its
    receipt is found under our id only."""
    for id in ("x" * 257, "a\nb", "a\x00b", ""):
        engine.script = lambda x, id=id: x.json(chat_answer(id=id))
        r = aver.chat()
        assert r.status == 200
        check_receipt(aver.signature(r["X-Request-Id"]), engine.last().body, r.body, aver.address)
    assert aver.signature("x" * 257).status in (400, 404)


def test_an_id_used_twice(aver, engine):
    """The newest wins under the engine's id, each stays under its own."""
    bodies = []
    for text in ("one", "two"):
        engine.script = lambda x, text=text: x.json(chat_answer(text, id="same"))
        bodies.append(aver.chat())
    assert sha256(bodies[1].body) in aver.signature("same").json()["text"]
    for r in bodies:
        assert sha256(r.body) in aver.signature(r["X-Request-Id"]).json()["text"]


def test_an_id_used_again_by_another_worker(aver, engine):
    """The newest wins from the instant its last byte arrives, also where the
    notary, busy elsewhere, has its receipt and the question still before it."""
    engine.script = lambda x: x.json(chat_answer(x.request["X-Request-Id"], id="again"))
    with aver.client() as one, aver.other_client(one) as two:
        aver.chat(client=one)
        for asked, other in ((one, two), (two, one)):
            aver.notary.kill(signal.SIGSTOP)
            r = aver.chat(client=asked)
            other.send("GET", "/v1/signature/again")
            time.sleep(0.1)  # until the question lies in its pair
            aver.notary.kill(signal.SIGCONT)
            assert sha256(r.body) in other.answer().json()["text"]


def test_three_part_text(start, engine):
    aver = start(model_name="vendor/Model:v1", signature_text="3part")
    r = aver.chat()
    receipt = aver.signature(r["X-Request-Id"]).json()
    assert receipt["text"] == f"vendor/Model:v1:{sha256(engine.last().body)}:{sha256(r.body)}"
    assert recover(receipt["text"], receipt["signature"]) == aver.address


def test_seed_compatibility(start, engine):
    """The first generation's form: the signature without 0x."""
    aver = start(compat="seed")
    r = aver.chat()
    receipt = aver.signature(r["X-Request-Id"]).json()
    assert len(receipt["signature"]) == 130 and not receipt["signature"].startswith("0x")
    assert recover(receipt["text"], "0x" + receipt["signature"]) == aver.address


def test_x_request_hash_is_ignored(aver, engine):
    r = aver.ask("POST", "/v1/chat/completions", BODY, {"X-Request-Hash": "0" * 64})
    check_receipt(aver.signature(r["X-Request-Id"]), BODY, r.body, aver.address)


@pytest.mark.parametrize("status", [400, 401, 404, 422, 429, 500, 503])
def test_no_receipt_for_errors(aver, engine, status):
    body = b'{"id":"err-1","error":{"message":"no"}}'
    engine.script = lambda x: x.body(body, status=status)
    r = aver.chat()
    assert (r.status, r.body) == (status, body)
    assert aver.signature(r["X-Request-Id"]).status == 404
    assert aver.signature("err-1").status == 404


def test_no_receipt_for_our_own_answers(aver, engine):
    for target in ("/v1/models", "/health", "/version", "/metrics", "/v1/attestation/report",
                   "/v1/signature/x", "/nowhere"):
        r = aver.ask("GET", target)
        assert aver.signature(r["X-Request-Id"]).status == 404, target


def test_a_flood_of_lookups_holds_nobody_up(aver, engine):
    """Answers of 'no' wait only for what was queued when they were asked."""
    flood = [aver.client() for _ in range(16)]
    for c in flood:
        for _ in range(50):
            c.send("GET", "/v1/signature/" + secrets.token_hex(8))
    began = time.monotonic()
    r = aver.chat()
    check_receipt(aver.signature(r["X-Request-Id"]), engine.last().body, r.body, aver.address)
    assert time.monotonic() - began < 5
    for c in flood:
        assert [c.answer().status for _ in range(50)] == [404] * 50
        c.close()
