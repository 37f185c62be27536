# SPDX-License-Identifier: Apache-2.0
"""HTTP/1.1 as bytes on a socket, for both of the test's ends: a client that
sees exactly what came over the wire, and a reader for the scripted engine.
Deliberately small; it is strict about framing so that a cut answer shows."""
import json as jsonlib
import select
import socket
import time
from urllib.parse import urlsplit


class Cut(Exception):
    """The connection ended before the message did."""


class Reader:
    """Buffered reading with a deadline."""

    def __init__(self, sock, timeout=20.0):
        self.sock, self.timeout, self.buf = sock, timeout, b""

    def _more(self):
        if not select.select([self.sock], [], [], self.timeout)[0]:
            raise TimeoutError("nothing came in time")
        try:
            data = self.sock.recv(65536)
        except ConnectionResetError:
            data = b""
        if not data:
            raise Cut(f"connection ended, {len(self.buf)} bytes left over")
        self.buf += data

    def line(self):
        while b"\r\n" not in self.buf:
            self._more()
        line, self.buf = self.buf.split(b"\r\n", 1)
        return line

    def exactly(self, n):
        while len(self.buf) < n:
            self._more()
        data, self.buf = self.buf[:n], self.buf[n:]
        return data

    def some(self):
        """Whatever is there, at least a byte."""
        if not self.buf:
            self._more()
        data, self.buf = self.buf, b""
        return data

    def rest(self):
        """Until the other end closes."""
        try:
            while True:
                self._more()
        except Cut:
            data, self.buf = self.buf, b""
            return data

    def fields(self):
        out = []
        while line := self.line():
            name, value = line.split(b":", 1)
            out.append((name.decode("latin-1"), value.strip().decode("latin-1")))
        return out

    def chunks(self):
        """The pieces of a chunked body."""
        while True:
            size = int(self.line().split(b";")[0], 16)
            if size == 0:
                while self.line():
                    pass
                return
            data = self.exactly(size)
            if self.exactly(2) != b"\r\n":
                raise Cut("bad end of chunk")
            yield data


def field(fields, name):
    """The value of a header field; None if absent; joined if repeated."""
    found = [v for n, v in fields if n.lower() == name.lower()]
    return ", ".join(found) if found else None


class Response:
    def __init__(self, status, reason, fields):
        self.status, self.reason, self.fields = status, reason, fields
        self.body, self.complete = b"", False

    def __getitem__(self, name):
        return field(self.fields, name)

    def json(self):
        return jsonlib.loads(self.body)

    @property
    def error(self):
        return self.json()["error"]

    def __repr__(self):
        return f"<{self.status} {self.body[:300]!r} complete={self.complete}>"


class Client:
    """One connection to the server under test."""

    def __init__(self, url, timeout=20.0):
        self.url, self.timeout = url, timeout
        if url.startswith("unix:"):
            self.sock = socket.socket(socket.AF_UNIX)
            self.sock.connect(url[5:])
            self.host = "localhost"
        else:
            u = urlsplit(url)
            self.sock = socket.create_connection((u.hostname, u.port), timeout)
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.host = u.netloc
        self.sock.setblocking(True)
        self.reader = Reader(self.sock, timeout)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.sock.close()

    def reset(self):
        """Close so that the other end sees a reset."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                             b"\1\0\0\0\0\0\0\0")
        self.sock.close()

    def send_raw(self, data):
        self.sock.sendall(data)

    def send(self, method, target, body=None, headers=(), json=None):
        """Sends one request. `headers` is a dict or a list of pairs."""
        fields = list(headers.items() if isinstance(headers, dict) else headers)
        if json is not None:
            body = jsonlib.dumps(json).encode()
        names = {n.lower() for n, _ in fields}
        head = [f"{method} {target} HTTP/1.1"]
        if "host" not in names:
            head.append(f"Host: {self.host}")
        if body is not None:
            if "content-type" not in names:
                head.append("Content-Type: application/json")
            if not names & {"content-length", "transfer-encoding"}:
                head.append(f"Content-Length: {len(body)}")
        head += [f"{n}: {v}" for n, v in fields]
        self.method = method
        self.send_raw("\r\n".join(head).encode("latin-1") + b"\r\n\r\n" + (body or b""))

    def head(self):
        """Reads the head of a final response, passing over interim ones."""
        while True:
            version, status, *reason = self.reader.line().split(b" ", 2)
            assert version == b"HTTP/1.1", version
            fields = self.reader.fields()
            if int(status) >= 200:
                return Response(int(status), b"".join(reason).decode(), fields)

    def pieces(self, response):
        """The body as it comes, piece by piece; sets response.complete when
        the framing ended as it should, and fills response.body."""
        if self.method == "HEAD" or response.status in (204, 304):
            response.complete = True
            return
        coding, length = response["Transfer-Encoding"], response["Content-Length"]
        assert not (coding and length), "both lengths in one response"
        if coding:
            assert coding == "chunked", coding
            for piece in self.reader.chunks():
                response.body += piece
                yield piece
            response.complete = True
        elif length is not None:
            while len(response.body) < int(length):
                left = int(length) - len(response.body)
                piece = self.reader.some()
                piece, self.reader.buf = piece[:left], piece[left:]
                response.body += piece
                yield piece
            response.complete = True
        else:
            response.body = self.reader.rest()
            yield response.body

    def answer(self):
        """The whole response. A cut one comes back with complete False."""
        response = self.head()
        try:
            for _ in self.pieces(response):
                pass
        except Cut:
            pass
        return response

    def ask(self, method, target, body=None, headers=(), json=None):
        self.send(method, target, body, headers, json)
        return self.answer()

    def closed(self, timeout=5.0):
        """True if the other end closes (or has closed) within `timeout`."""
        end = time.monotonic() + timeout
        while (left := end - time.monotonic()) > 0:
            if select.select([self.sock], [], [], left)[0]:
                try:
                    if not self.sock.recv(65536):
                        return True
                except ConnectionResetError:
                    return True
        return False


def ask(url, method, target, body=None, headers=(), json=None, timeout=20.0):
    """One exchange on a connection of its own."""
    with Client(url, timeout) as c:
        return c.ask(method, target, body, headers, json)
