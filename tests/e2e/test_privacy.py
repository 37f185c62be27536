# SPDX-License-Identifier: Apache-2.0
"""No path in the program writes a prompt, an answer or a token to a log or a
file; and the keys live in a process that can talk to nobody else."""
import os
import pathlib
import re
import signal

import pytest

from engine import chat_answer, chat_events
from server import SANITIZED, wait_for

PROMPT, ANSWER, TOKEN = "CANARYPROMPT7f3a", "CANARYANSWER91bc", "CANARYTOKEN55de"
CANARIES = [c.encode() for c in (PROMPT, ANSWER, TOKEN)]


def noisy_life(aver, engine):
    """Everything that could tempt somebody to log a body."""
    auth = {"Authorization": "Bearer " + TOKEN}
    for stream in (False, True):
        engine.script = lambda x: x.sse(chat_events(ANSWER)) if x.request.json().get("stream") \
            else x.json(chat_answer(ANSWER))
        r = aver.chat(stream=stream, content=PROMPT, headers=auth)
        assert r.status == 200 and ANSWER.encode() in r.body
        assert aver.signature(r["X-Request-Id"], headers=auth).status == 200
    engine.script = lambda x: x.json({"error": {"message": f"bad input '{PROMPT}'"}}, 400)
    assert aver.chat(content=PROMPT, headers=auth).status == 400

    def cut(x):
        x.begin_sse()
        x.event(chat_events(ANSWER)[1])
        x.raw(b"zz" + ANSWER.encode() + b"\r\n")
        x.close()

    engine.script = cut
    assert not aver.chat(stream=True, content=PROMPT, headers=auth).complete

    def garbage(x):
        x.raw(ANSWER.encode() + b" HTTP/1.1\r\n\r\n")
        x.close()

    engine.script = garbage
    assert aver.chat(content=PROMPT, headers=auth).status == 502
    engine.script = lambda x: x.json(chat_answer(ANSWER, id=ANSWER + "\n"))
    aver.chat(content=PROMPT, headers=auth)
    aver.ask("POST", "/v1/chat/completions", PROMPT.encode(), auth)
    aver.ask("POST", "/v1/chat/completions", b'{"model":"' + PROMPT.encode(), auth)
    aver.ask("GET", f"/v1/files?query={PROMPT}", headers=auth)
    aver.ask("GET", f"/v1/signature/x?note={PROMPT}", headers=auth)
    aver.ask("GET", f"/v1/attestation/report?note={PROMPT}&nonce={TOKEN}")
    aver.chat(content=PROMPT, headers={"Authorization": "Bearer wrong" + TOKEN})
    for data in (f"POST /v1/x HTTP/1.1\r\nHost: a\r\nBad {PROMPT}: x\r\n\r\n",
                 f"POST /v1/x HTTP/1.1\r\nHost: a\r\nContent-Length: {PROMPT}\r\n\r\n",
                 f"{PROMPT}\r\n\r\n",
                 f"POST /v1/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{PROMPT}\r\n"):
        with aver.client() as c:
            c.method = "GET"
            c.send_raw(data.encode())
            assert c.answer().status in (400, 401, 413, 431)
    c = aver.client()
    engine.script = lambda x: x.gone(5) and x.close()
    c.send("POST", "/v1/chat/completions", f'{{"m":"{PROMPT}"}}'.encode(), auth)
    c.close()
    wait_for(lambda: "client" in aver.log())


@pytest.mark.parametrize("format", ["text", "json"])
def test_no_canary_in_any_log_or_file(start, engine, folder, format):
    tokens = folder / "tokens"
    tokens.write_text(TOKEN + "\n")
    tokens.chmod(0o644)
    began = tokens.stat().st_mtime
    aver = start(log_format=format, token_file=tokens)
    noisy_life(aver, engine)
    open_files = {link for p in [*aver.processes(), *[__import__("server").Process(aver.pid)]]
                  for link in p.descriptors().values()
                  if link.startswith("/") and not link.startswith("/memfd:aver-")}  # memory, no files
    aver.processes("aver-worker")[0].kill(signal.SIGABRT)  # a crash must not write either
    wait_for(lambda: len(aver.workers) == 2)
    aver.stop()
    # The log is the only file that anything of it was written to.
    assert open_files <= {"/dev/null", str(aver.log_path)}, open_files
    log = aver.log_path.read_bytes()
    assert log.count(b"\n") > 20, "at level debug there must be something to look through"
    for canary in CANARIES:
        assert canary not in log, [x for x in log.split(b"\n") if canary in x]
    for path in recent_files(began, [folder, pathlib.Path("/tmp"), pathlib.Path("/var/tmp"),
                                     pathlib.Path("/dev/shm")]):
        if path != tokens:
            data = path.read_bytes()
            assert not any(c in data for c in CANARIES), path


def recent_files(since, folders):
    """Regular files changed since then, not too deep, not of other tests."""
    for top in folders:
        for path in [*top.glob("*"), *top.glob("*/*")]:
            try:
                if path.is_file() and not path.is_symlink() and \
                        path.stat().st_mtime >= since and path.stat().st_size < 64 << 20 \
                        and "pytest" not in str(path.relative_to(top)):
                    yield path
            except OSError:
                pass


def test_the_notary_holds_only_its_pairs(aver, engine):
    """Sockets without a name to the other roles and the supervisor; none that
    listens, none that reaches the network, no file."""
    if os.geteuid() != 0:
        pytest.skip("its /proc entries are closed to its own user")
    aver.chat()
    notary = aver.notary
    links = notary.descriptors()
    sockets = {m.group(1) for v in links.values() if (m := re.fullmatch(r"socket:\[(\d+)\]", v))}
    others = {v for v in links.values() if not v.startswith("socket:")}
    unix = {}
    for line in open("/proc/net/unix").readlines()[1:]:
        f = line.split()
        unix[f[6]] = {"type": f[4], "path": f[7] if len(f) > 7 else ""}
    for inode in sockets:
        assert inode in unix, "a socket that is not a Unix socket"
        assert unix[inode] == {"type": "0005", "path": ""}  # SOCK_SEQPACKET, unnamed
    # One to the supervisor, one to each worker, one to the attester.
    assert 3 <= len(sockets) <= 4, links
    assert all(v in ("/dev/null", str(aver.log_path)) or v.startswith(("anon_inode:", "pipe:"))
               or "memfd" in v and "secret" in v or v.startswith("/secretmem")
               for v in others), others


def test_roles_have_little_left(aver):
    """Nobody is root, nobody can get rights back, nobody dumps core, nobody
    can be traced by its own user; the keys' pages are locked."""
    if os.geteuid() != 0:
        pytest.skip("their /proc entries are closed to their own user")
    roles = [*aver.workers, aver.notary, aver.attester]
    assert len(roles) == 4
    for p in roles:
        status = p.read("status").decode()
        assert re.search(r"^NoNewPrivs:\s+1$", status, re.M), p
        assert re.search(r"^Uid:(\s+[1-9]\d*){4}$", status, re.M), (p, status)
        assert re.search(r"^CapEff:\s+0+$", status, re.M), p
        assert re.search(rb"^Max core file size\s+0\s+0", p.read("limits"), re.M), p
        # Files of a process that is not dumpable belong to root.
        assert os.stat(f"/proc/{p.pid}/environ").st_uid == 0, p
    locked = int(re.search(r"VmLck:\s+(\d+)", aver.notary.read("status").decode()).group(1))
    maps = aver.notary.read("maps").decode()
    assert locked > 0 or "secretmem" in maps


def test_processes_have_names(aver):
    names = sorted(p.comm for p in aver.processes())
    assert names == ["aver-attester", "aver-notary", "aver-worker", "aver-worker"]


@pytest.mark.skipif(SANITIZED, reason="the sanitizer lays the address space out itself")
def test_each_role_has_its_own_address_layout(aver):
    """Fresh executions, so that what leaks from one says nothing of another."""
    if os.geteuid() != 0:
        pytest.skip("their maps are closed to their own user")
    bases = [p.read("maps").split(b"-")[0] for p in aver.processes()]
    assert len(set(bases)) == len(bases)
