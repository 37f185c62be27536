# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the end-to-end tests: a scripted engine, a stand-in guest agent,
and the real server in front of them.

AVER_BUILD names the build folder whose program is tested (default: build).
"""
import os
import pathlib
import secrets
import sys

import pytest

sys.path.insert(0, os.path.dirname(__file__))

from agent import Agent  # noqa: E402
from engine import Engine  # noqa: E402
from server import PROGRAM, Aver  # noqa: E402
from wire import Client  # noqa: E402


def pytest_sessionstart(session):
    if not PROGRAM.exists():
        pytest.exit(f"there is no {PROGRAM}: build it first", 2)


@pytest.fixture
def folder(tmp_path):
    """A folder that the unprivileged user of the server can reach."""
    for p in (tmp_path, *tmp_path.parents):
        if p == pathlib.Path("/tmp"):
            break
        p.chmod(0o755)
    tmp_path.chmod(0o777)
    return tmp_path


@pytest.fixture
def engine():
    e = Engine()
    yield e
    e.stop()
    assert not e.errors, e.errors


@pytest.fixture
def agent(folder):
    a = Agent(str(folder / "dstack.sock"))
    yield a
    a.stop()


@pytest.fixture
def start(folder, engine):
    """start(option=value, ...) starts a server in front of `engine`; as many
    as the test likes. env={...} adds to its environment."""
    running = []

    def start(env=None, **options):
        a = Aver(folder, env, **{"engine": engine.url, **options})
        running.append(a)
        return a

    yield start
    errors = []
    for a in running:
        try:
            a.stop()
        except AssertionError as e:
            errors.append(e)
    if errors:
        raise errors[0]


@pytest.fixture
def aver(start):
    """A server with two workers and the defaults."""
    return start()


@pytest.fixture
def client(aver):
    with Client(aver.url) as c:
        yield c


@pytest.fixture
def nonce():
    return secrets.token_hex(32)

