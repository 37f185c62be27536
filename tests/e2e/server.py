# SPDX-License-Identifier: Apache-2.0
"""Starting and stopping `aver serve`, and looking at it from outside: which
processes it has, what they hold, what they log."""
import os
import pathlib
import re
import signal
import socket
import subprocess
import threading
import time

from wire import Client, ask

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("AVER_BUILD", "build")
PROGRAM = BUILD / "aver"
# A machine under sanitizers, or a busy one, is slower; nothing waits this long
# unless something is wrong.
PATIENCE = 20.0
SANITIZED = "asan" in BUILD.name

FINDING = re.compile(r"ERROR: \w+Sanitizer|runtime error:|Assertion .* failed")


def wait_for(condition, timeout=PATIENCE, what="the condition"):
    """Polls until it holds, and gives back what it returned."""
    end = time.monotonic() + timeout
    while True:
        if got := condition():
            return got
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not come true in {timeout} s")
        time.sleep(0.01)


def environment(**more):
    """Ours without anything that aver would read as a setting, nor endorsements
    that somebody keeps at home."""
    names = {"VLLM_BASE_URL", "MODEL_NAME", "TOKEN", "CHAT_CACHE_EXPIRATION",
             "LISTEN_ADDR", "TLS_CERT_PATH", "GPU_NO_HW_MODE", "DEV",
             "DSTACK_SIMULATOR_ENDPOINT", "TAPPD_SIMULATOR_ENDPOINT", "NOTIFY_SOCKET"}
    env = {k: v for k, v in os.environ.items()
           if k not in names and not re.match(r"AVER_(?!BUILD)", k)}
    return {**env, "XDG_CACHE_HOME": "/nonexistent", **more}


def flags(options):
    """{"receipt_ttl": "2s", "engine": [a, b]} as a command line."""
    out = []
    for name, value in options.items():
        values = value if isinstance(value, (list, tuple)) else [value]
        for v in values:
            if v is not None:
                out += ["--" + name.replace("_", "-"), str(v)]
    return out


def run(*args, input=None, env=None, timeout=60, cwd=None):
    """Runs the program to its end."""
    r = subprocess.run([str(PROGRAM), *map(str, args)], input=input,
                       capture_output=True, timeout=timeout, cwd=cwd,
                       env=env or environment())
    r.out, r.err = r.stdout.decode(), r.stderr.decode()
    assert not FINDING.search(r.err), r.err
    return r


class Process:
    """One process, by its number."""

    def __init__(self, pid):
        self.pid = pid

    def read(self, name):
        return pathlib.Path(f"/proc/{self.pid}/{name}").read_bytes()

    @property
    def comm(self):
        try:
            return self.read("comm").decode().strip()
        except OSError:
            return ""

    @property
    def parent(self):
        return int(self.read("stat").rsplit(b")", 1)[1].split()[1])

    def alive(self):
        try:
            return self.read("stat").rsplit(b")", 1)[1].split()[0] not in (b"Z", b"X")
        except OSError:
            return False

    def descriptors(self):
        """{number: where it leads}"""
        folder = pathlib.Path(f"/proc/{self.pid}/fd")
        out = {}
        for p in folder.iterdir():
            try:
                out[int(p.name)] = os.readlink(p)
            except OSError:
                pass
        return out

    def memory(self):
        """Bytes of anonymous memory in use."""
        m = re.search(rb"RssAnon:\s+(\d+) kB", self.read("status"))
        return int(m.group(1)) * 1024

    def kill(self, sig=signal.SIGKILL):
        os.kill(self.pid, sig)

    def __eq__(self, other):
        return self.pid == other.pid

    def __hash__(self):
        return self.pid

    def __repr__(self):
        return f"{self.comm}[{self.pid}]"


class Aver:
    """A running `aver serve`."""

    def __init__(self, folder, env=None, **options):
        self.log_path = folder / f"aver-{time.monotonic_ns()}.log"
        options = {"listen": "127.0.0.1:0", "tee": "simulator", "gpu": "simulator",
                   "workers": 2, "log_level": "debug", **options}
        self.command = [str(PROGRAM), "serve", *flags(options)]
        self.log_file = open(self.log_path, "wb")
        self.popen = subprocess.Popen(
            self.command, stdout=subprocess.PIPE, stderr=self.log_file,
            env=environment(**(env or {})), cwd=folder)
        self.pid = self.popen.pid
        self.lines = []
        self._ready = threading.Event()
        threading.Thread(target=self._read, daemon=True).start()
        if not self._ready.wait(PATIENCE):
            self.popen.kill()
        if not self.urls:
            raise AssertionError(f"not ready: {self.lines} {self.log()[-3000:]}")
        self.url = self.urls[0]

    def _read(self):
        for line in self.popen.stdout:
            self.lines.append(line.decode().rstrip("\n"))
            if self.lines[-1].startswith("aver: ready"):
                self._ready.set()
        self._ready.set()

    @property
    def ready_line(self):
        return next((x for x in self.lines if x.startswith("aver: ready")), "")

    @property
    def urls(self):
        return re.findall(r"(?:http://|unix:)\S+", self.ready_line)

    @property
    def address(self):
        """The signing address of the ready line."""
        return re.search(r"address=(0x[0-9a-fA-F]{40})", self.ready_line).group(1)

    def log(self):
        return self.log_path.read_text(errors="replace")

    # Processes

    def processes(self, comm=None):
        found = []
        for p in pathlib.Path("/proc").iterdir():
            if not p.name.isdigit():
                continue
            process = Process(int(p.name))
            try:
                if process.parent == self.pid and process.alive() and \
                        (comm is None or process.comm == comm):
                    found.append(process)
            except OSError:
                pass
        return found

    @property
    def workers(self):
        return self.processes("aver-worker")

    @property
    def notary(self):
        (one,) = self.processes("aver-notary")
        return one

    @property
    def attester(self):
        (one,) = self.processes("aver-attester")
        return one

    def owner(self, client):
        """The worker that holds the other end of this connection, or None if
        it cannot be told (we are not root)."""
        if os.geteuid() != 0:
            return None
        ours = client.sock.getsockname()[1]
        theirs = client.sock.getpeername()[1]

        def look():
            for line in open("/proc/net/tcp").readlines()[1:]:
                f = line.split()
                if (int(f[1].split(":")[1], 16), int(f[2].split(":")[1], 16)) == \
                        (theirs, ours) and f[9] != "0":
                    link = f"socket:[{f[9]}]"
                    for worker in self.workers:
                        if link in worker.descriptors().values():
                            return worker
        return wait_for(look, what="a worker's accept")

    def other_client(self, client, timeout=PATIENCE):
        """A connection that another worker holds than this one."""
        mine, spare = self.owner(client), []
        try:
            for _ in range(64):
                c = Client(self.url, timeout)
                if mine is None or self.owner(c) != mine:
                    return c
                spare.append(c)
            raise AssertionError("64 connections, all to the same worker")
        finally:
            for c in spare:
                c.close()

    # Questions

    def client(self, timeout=PATIENCE):
        return Client(self.url, timeout)

    def ask(self, *args, **more):
        return ask(self.url, *args, **more)

    def chat(self, stream=False, content="Hi.", client=None, **more):
        body = {"model": "test", "messages": [{"role": "user", "content": content}],
                **({"stream": True} if stream else {})}
        args = ("POST", "/v1/chat/completions")
        return client.ask(*args, json=body, **more) if client \
            else self.ask(*args, json=body, **more)

    def signature(self, id, algo=None, client=None, **more):
        target = f"/v1/signature/{id}" + (f"?signing_algo={algo}" if algo else "")
        return client.ask("GET", target, **more) if client \
            else self.ask("GET", target, **more)

    def report(self, query="", **more):
        return self.ask("GET", "/v1/attestation/report" + (query and "?" + query), **more)

    def metrics(self):
        """{name or name{labels}: value}"""
        text = self.ask("GET", "/metrics").body.decode()
        return {k: float(v) for k, v in (
            line.rsplit(" ", 1) for line in text.splitlines()
            if line and not line.startswith("#"))}

    # The end

    def terminate(self):
        self.popen.send_signal(signal.SIGTERM)

    def wait(self, timeout=PATIENCE):
        return self.popen.wait(timeout)

    def stop(self):
        """Ends it, and fails the test if a sanitizer had something to say or
        a process was left behind."""
        children = self.processes()
        if self.popen.poll() is None:
            self.terminate()
            time.sleep(0.005)
            self.popen.send_signal(signal.SIGTERM)  # the second ends it now
        try:
            self.wait()
        except subprocess.TimeoutExpired:
            self.popen.kill()
            raise AssertionError("did not end on SIGTERM\n" + self.log()[-3000:])
        finally:
            self.log_file.close()
        finding = FINDING.search(self.log())
        assert not finding, self.log()[finding.start():][:6000]
        wait_for(lambda: not any(p.alive() for p in children),
                 what=f"the end of {children}")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]
