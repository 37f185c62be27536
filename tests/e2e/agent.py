# SPDX-License-Identifier: Apache-2.0
"""A stand-in for the dstack guest agent, on a Unix socket: GetQuote with a
real quote into which the asked-for report_data is patched (so that its
signature no longer holds), GetKey by the agent's key derivation, Info, and
the older forms under /prpc/Tappd. Faults on demand:

    agent.fault = "slow" | "error" | "truncated" | "protobuf" | "close"
                | "wrong-echo" | "wrong-quote" | "not-hex" | "huge"
"""
import hashlib
import hmac
import json
import pathlib
import socket
import threading
import time

from eth_keys import keys
from eth_utils import keccak

from wire import Cut, Reader, field

DATA = pathlib.Path(__file__).parent / "data"
# The simulator's published application key, of dstack's own tests.
APP_KEY = bytes.fromhex("d6e88992cdeeee35fe70b5db61ab66cdb191fb9b6ec9313757ef162dd7214d5d")
REPORT_DATA = slice(568, 632)  # of a TDX v4 quote


def derive(path):
    """HKDF-SHA256 with salt "RATLS", 32 bytes."""
    prk = hmac.digest(b"RATLS", APP_KEY, "sha256")
    return hmac.digest(prk, path.encode() + b"\x01", "sha256")


class Agent:
    def __init__(self, path, legacy=False):
        self.path, self.legacy = path, legacy
        self.fault, self.delay = None, 30.0
        self.calls = []  # (path, arguments)
        self.running = self.most_at_once = 0
        self.hold = threading.Event()  # while cleared, quotes wait
        self.hold.set()
        self._lock = threading.Lock()
        self.sample = json.loads((DATA / "getquote.json").read_text())
        self.quote = bytes.fromhex(self.sample["quote"])
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        pathlib.Path(path).chmod(0o777)
        self.listener.listen(64)
        threading.Thread(target=self._accept, daemon=True).start()

    def stop(self):
        self.hold.set()
        self.listener.close()
        pathlib.Path(self.path).unlink(missing_ok=True)

    def quotes(self):
        """The arguments of the quotes asked for so far."""
        return [a for p, a in self.calls if p.endswith(("GetQuote", "TdxQuote", "RawQuote"))]

    def _accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock):
        reader = Reader(sock, 60)
        try:
            while True:
                method, target, _ = reader.line().decode().split(" ")
                fields = reader.fields()
                body = reader.exactly(int(field(fields, "Content-Length") or 0))
                assert "json" in (field(fields, "Content-Type") or "json"), fields
                path = target.split("?")[0]
                arguments = json.loads(body or b"{}")
                with self._lock:
                    self.calls.append((path, arguments))
                    self.running += 1
                    self.most_at_once = max(self.most_at_once, self.running)
                keep = self._answer(sock, path, arguments)
                if not keep:
                    return
        except (Cut, OSError, TimeoutError):
            pass
        finally:
            sock.close()

    def _send(self, sock, status, body, type="application/json"):
        # Done before the answer is out: the next request may be quick.
        with self._lock:
            self.running -= 1
        sock.sendall(f"HTTP/1.1 {status} X\r\nContent-Type: {type}\r\n"
                     f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
        return True

    def _answer(self, sock, path, arguments):
        verb = path.rsplit("/", 1)[-1].rsplit(".", 1)[-1]
        if path.startswith("/prpc/") != self.legacy:
            return self._send(sock, 404, b"<html>not found</html>", "text/html")
        if verb in ("GetQuote", "TdxQuote", "RawQuote"):
            self.hold.wait()
            return self._quote(sock, verb, arguments)
        if verb == "GetKey":
            return self._send(sock, 200, json.dumps(self.get_key(**arguments)).encode())
        if verb == "Info":
            return self._send(sock, 200, json.dumps(self.info()).encode())
        if verb == "Version":
            return self._send(sock, 200, b'{"version":"0.5.7","rev":"test"}')
        return self._send(sock, 404, b"<html>not found</html>", "text/html")

    def _quote(self, sock, verb, arguments):
        data = bytes.fromhex(arguments["report_data"])
        if verb == "TdxQuote" and arguments.get("hash_algorithm", "sha512") != "raw":
            data = hashlib.sha512(b"app-data:" + data).digest()
        if len(data) > 64 or verb != "GetQuote" and len(data) != 64:
            return self._send(sock, 400, b'{\n  "error": "Report data is too long"\n}')
        data = data.ljust(64, b"\0")
        fault = self.fault
        if fault == "slow":
            time.sleep(self.delay)
        if fault == "error":
            return self._send(sock, 400, b'{\n  "error": "quote generation failed"\n}')
        if fault == "protobuf":
            return self._send(sock, 500, b"\n\x05quote\x12\x03bad", "application/octet-stream")
        if fault == "close":
            with self._lock:
                self.running -= 1
            sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n{\"quo")
            return False
        quote = bytearray(self.quote)
        quote[REPORT_DATA] = data
        if fault == "wrong-quote":
            quote[600] ^= 1
        echo = data if fault != "wrong-echo" else b"\0" * 64
        answer = {**self.sample, "quote": quote.hex(), "report_data": echo.hex()}
        if fault == "not-hex":
            answer["quote"] = "zz" + answer["quote"][2:]
        if fault == "huge":
            answer["vm_config"] = "x" * (64 << 20)
        if self.legacy:
            answer = {"quote": answer["quote"], "event_log": answer["event_log"],
                      "hash_algorithm": "raw", "prefix": ""}
        text = json.dumps(answer).encode()
        if fault == "truncated":
            text = text[:-20]
        return self._send(sock, 200, text)

    def get_key(self, path="", purpose="", algorithm="secp256k1"):
        key = derive(path)
        # The same bytes whatever the algorithm, as the real agent does it; the
        # chain is over the secp256k1 form of them.
        public = keys.PrivateKey(key).public_key.to_compressed_bytes()
        link = keys.PrivateKey(APP_KEY).sign_msg_hash(
            keccak(f"{purpose}:{public.hex()}".encode())).to_bytes().hex()
        return {"key": key.hex(), "signature_chain": [link, link]}

    def info(self):
        tcb = {"mrtd": self.quote[184:232].hex(), "event_log":
               json.loads(self.sample["event_log"]), "app_compose": '{"name":"test"}'}
        return {"app_id": "0123456789abcdef0123456789abcdef01234567",
                "instance_id": "89abcdef", "app_cert": "", "tcb_info": json.dumps(tcb),
                "app_name": "test", "device_id": "00", "mr_aggregated": "11" * 32,
                "os_image_hash": "22" * 32, "key_provider_info": '{"name":"kms"}',
                "compose_hash": hashlib.sha256(b'{"name":"test"}').hexdigest(),
                "vm_config": self.sample["vm_config"]}
