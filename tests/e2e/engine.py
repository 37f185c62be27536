# SPDX-License-Identifier: Apache-2.0
"""A scripted inference engine: a raw socket server whose every byte the test
decides. Each request is handed, on a thread of its connection, to
`engine.script`, a function of one argument:

    def script(x):            # x.request, and how to answer it:
        x.json({...})         # a whole JSON answer
        x.sse(events)         # a whole stream, ended by [DONE]
        x.raw(data)           # these bytes, framing and all
        x.begin_sse(); x.event(data); x.done(); x.end()
        x.gone(timeout)       # wait until aver closes this connection
        x.close() / x.reset() # end the connection here

It keeps every request as it came (`engine.requests`).
"""
import json
import queue
import select
import socket
import threading
import time

from wire import Cut, Reader, field

DONE = b"data: [DONE]\n\n"


def chat_events(*words, id="chatcmpl-" + "0" * 32, model="test"):
    """Events of an ordinary chat answer, as bytes, without [DONE]."""
    def event(delta, finish=None):
        return b"data: " + json.dumps({
            "id": id, "object": "chat.completion.chunk", "created": 1, "model": model,
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
        }, ensure_ascii=False).encode() + b"\n\n"
    return [event({"role": "assistant", "content": ""}),
            *[event({"content": w}) for w in words], event({}, "stop")]


def chat_answer(text="Hello.", id="chatcmpl-" + "0" * 32, model="test"):
    return {"id": id, "object": "chat.completion", "created": 1, "model": model,
            "choices": [{"index": 0, "finish_reason": "stop",
                         "message": {"role": "assistant", "content": text}}],
            "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}}


class Request:
    def __init__(self, method, target, fields, body, connection):
        self.method, self.target, self.fields = method, target, fields
        self.body, self.connection = body, connection

    def __getitem__(self, name):
        return field(self.fields, name)

    @property
    def names(self):
        return {n.lower() for n, _ in self.fields}

    def json(self):
        return json.loads(self.body)


class Exchange:
    def __init__(self, sock, request):
        self.sock, self.request, self.closed = sock, request, False

    def raw(self, data):
        self.sock.sendall(data)

    def pieces(self, data, cuts):
        """The same bytes, cut at these offsets, each piece a segment."""
        for a, b in zip([0, *cuts], [*cuts, len(data)]):
            if data[a:b]:
                self.raw(data[a:b])
                time.sleep(0.002)

    def head(self, status=200, type="application/json", length=None, extra=()):
        lines = [f"HTTP/1.1 {status} Status", f"Content-Type: {type}", *extra]
        lines.append("Transfer-Encoding: chunked" if length is None
                     else f"Content-Length: {length}")
        self.raw("\r\n".join(lines).encode() + b"\r\n\r\n")

    def body(self, data, type="application/json", status=200, extra=()):
        self.head(status, type, len(data), extra)
        if self.request.method != "HEAD":
            self.raw(data)

    def json(self, value, status=200, extra=()):
        self.body(json.dumps(value).encode(), status=status, extra=extra)

    def chunk(self, data):
        self.raw(b"%x\r\n%s\r\n" % (len(data), data))

    def end(self):
        self.raw(b"0\r\n\r\n")

    def begin_sse(self, extra=()):
        self.head(200, "text/event-stream", None, extra)

    def event(self, data):
        self.chunk(data)

    def sse(self, events, extra=()):
        self.begin_sse(extra)
        for e in events:
            self.chunk(e)
        self.chunk(DONE)
        self.end()

    def gone(self, timeout=10.0):
        """True as soon as aver has closed this connection."""
        end = time.monotonic() + timeout
        while (left := end - time.monotonic()) > 0:
            if select.select([self.sock], [], [], left)[0]:
                try:
                    if not self.sock.recv(65536):
                        return True
                except ConnectionError:
                    return True
        return False

    def close(self):
        self.closed = True
        # shutdown, so that it is seen although another thread holds the socket
        try:
            self.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.sock.close()

    def reset(self):
        self.closed = True
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.sock.close()


def default_script(x):
    """What an ordinary engine does."""
    path = x.request.target.split("?")[0]
    if path == "/v1/models":
        return x.json({"object": "list", "data": [{"id": "test", "object": "model"}]})
    if path in ("/health", "/v1/health"):
        return x.json({})
    if path == "/v1/embeddings":
        return x.json({"object": "list", "model": "test", "data": [
            {"object": "embedding", "index": 0, "embedding": [0.25, -1.5]}],
            "usage": {"prompt_tokens": 1, "total_tokens": 1}})
    if path in ("/v1/chat/completions", "/v1/completions"):
        ask = x.request.json()
        if ask.get("stream"):
            return x.sse(chat_events("Hel", "lo."))
        return x.json(chat_answer())
    return x.json({"error": {"message": "no such path", "type": "not_found",
                             "param": None, "code": None}}, 404)


class Engine:
    def __init__(self, path=None):
        self.script = default_script
        self.requests = []
        self.arrived = queue.Queue()
        self.connections = 0
        self.errors = []
        self._open = set()
        if path:
            self.listener = socket.socket(socket.AF_UNIX)
            self.listener.bind(path)
            self.url = "unix:" + path
        else:
            self.listener = socket.create_server(("127.0.0.1", 0), backlog=512)
            self.url = "http://127.0.0.1:%d" % self.listener.getsockname()[1]
        self.listener.listen(512)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.add(sock)
            threading.Thread(target=self._serve, args=(sock, self.connections),
                             daemon=True).start()

    def _serve(self, sock, number):
        if sock.family == socket.AF_INET:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        reader = Reader(sock, timeout=600)
        try:
            while True:
                method, target, version = reader.line().decode("latin-1").split(" ")
                assert version == "HTTP/1.1", version
                fields = reader.fields()
                coding = field(fields, "Transfer-Encoding")
                length = field(fields, "Content-Length")
                if coding:
                    body = b"".join(reader.chunks())
                else:
                    body = reader.exactly(int(length or 0))
                request = Request(method, target, fields, body, number)
                self.requests.append(request)
                self.arrived.put(request)
                x = Exchange(sock, request)
                self.script(x)
                if x.closed:
                    return
        except (Cut, OSError):
            pass
        except Exception as e:  # a mistake in the test's script, not aver's
            self.errors.append(e)
            raise
        finally:
            self._open.discard(sock)
            sock.close()

    @property
    def inference(self):
        """The requests that clients caused, without aver's own questions."""
        return [r for r in self.requests if r.target.startswith("/v1/")
                and r.target != "/v1/models"]

    def last(self):
        return self.inference[-1]

    def drop_idle(self):
        """Closes every connection that is open now."""
        for sock in list(self._open):
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def stop(self):
        self.listener.close()
        self.drop_idle()
