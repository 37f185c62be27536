# SPDX-License-Identifier: Apache-2.0
"""Answers of NVIDIA's remote attestation service through the program: captured
ones, with the keys of those days."""
import json

import pytest

from proof import VECTORS
from server import PROGRAM, SANITIZED, run
from usage import measured

VERIFIED, REFUSED, USAGE, UNDECIDED = 0, 1, 2, 3
NRAS = VECTORS / "gpu/nras"
CASES = sorted(p.parent.name for p in NRAS.glob("*/expected.json"))


def expected(case):
    return json.loads((NRAS / case / "expected.json").read_text())


def arguments(case, nonce=True):
    want = expected(case)
    return ["verify", "gpu", "--nras", NRAS / case / "reply.json", "--jwks", NRAS / case / want["jwks"],
            "--at", str(want["now"]), *(["--nonce", want["nonce"]] if nonce else [])]


@pytest.mark.parametrize("case", CASES)
def test_captured_answers(case):
    want = expected(case)
    r = run(*arguments(case), "--json")
    said = json.loads(r.stdout)
    if want["verdict"] == "accept":
        assert r.returncode == VERIFIED and said["verdict"] == "verified" and said["reason"] is None
        assert said["nras"]["vouches"] == "NVIDIA's online service" and said["nras"]["overall"] is True
        assert len(said["gpus"]) == want["fields"]["gpus"]
        first, fields = said["gpus"][0], want["fields"]["gpu0"]
        assert first["result"] == "pass" and first["ueid"] == fields["ueid"]
        assert first["driver"] == fields["x-nvidia-gpu-driver-version"]
        assert first["vbios"] == fields["x-nvidia-gpu-vbios-version"] and first["hwmodel"] == fields["hwmodel"]
    else:
        assert r.returncode == REFUSED and said["reason"] == want["reason_class"]
        if want["reason_class"] in ("nras_alg", "nras_key", "nras_signature"):
            assert said["nras"]["vouches"] is None and {g["result"] for g in said["gpus"]} == {"unknown"}


def test_it_says_who_vouches():
    out = run(*arguments("true-1gpu")).out
    assert "vouches  NVIDIA's online service, by key nv-eat-kid-prod-" in out
    assert "believed because of how it was fetched" in out and "nothing was measured here" in out
    assert out.splitlines()[-1].startswith("VERIFIED: all 7 ") and "NVIDIA's online service" in out.splitlines()[-1]
    out = run(*arguments("sig-flipped")).out
    assert "vouches  nobody" in out and "NVIDIA's online service" not in out
    assert "GPU-7: error 4010 NONCE_NOT_MATCHING" in run(*arguments("false-nonce")).out


def test_without_a_nonce():
    r = run(*arguments("true-1gpu", nonce=False))
    assert r.returncode == UNDECIDED and r.out.splitlines()[-1].startswith("UNDECIDED: not settled: nras.nonce")


def test_count_and_quiet():
    r = run(*arguments("true-8gpu"), "--gpu-count", "8", "--quiet")
    assert (r.returncode, r.out, r.err) == (VERIFIED, "", "")
    r = run(*arguments("true-8gpu"), "--gpu-count", "7", "--json")
    assert r.returncode == REFUSED and json.loads(r.stdout)["reason"] == "count"


@pytest.mark.parametrize("option, value", [
    ("--rim", VECTORS / "gpu/rims/NV_GPU_DRIVER_GH100_550.90.07.xml"), ("--ocsp", VECTORS / "gpu/ocsp/device-brom.der"),
    ("--collateral", VECTORS / "gpu/ocsp/device-brom.der"), ("--require", "rim"), ("--allow", "rim-missing"),
    ("--ocsp-grace", "60"), ("--gpu-root", VECTORS / "gpu/roots/synthetic-device-root.pem"),
    ("--rim-root", VECTORS / "gpu/roots/synthetic-rim-root.pem")])
def test_what_is_for_evidence_alone(option, value):
    """An option that nobody looks at would be a promise."""
    r = run(*arguments("true-1gpu"), option, value)
    assert r.returncode == USAGE and "--nras" in r.err


def test_what_cannot_be_judged(folder):
    answer, keys = NRAS / "true-1gpu/reply.json", NRAS / "true-1gpu" / expected("true-1gpu")["jwks"]
    assert run("verify", "gpu", "--nras", answer).returncode == USAGE
    assert run("verify", "gpu", "--jwks", keys).returncode == USAGE
    both = run("verify", "gpu", answer, "--nras", answer, "--jwks", keys)
    assert both.returncode == USAGE
    simulated = run("verify", "gpu", "--nras", answer, "--jwks", keys, "--trust", "simulator")
    assert simulated.returncode == USAGE and "simulated" in simulated.err
    assert run("verify", "gpu", "--nras", folder / "none", "--jwks", keys).returncode == UNDECIDED
    r = run("verify", "gpu", "--nras", answer, "--jwks", answer, "--json")
    assert r.returncode == UNDECIDED and "--jwks" in json.loads(r.stdout)["error"]


@pytest.mark.skipif(SANITIZED, reason="a sanitizer's memory is its own")
@pytest.mark.parametrize("what", ["zeros", "arrays", "objects"])
def test_hostile_files(folder, what):
    size = {"zeros": 64 << 20, "arrays": 512 << 10, "objects": 512 << 10}[what]
    start = {"zeros": b"\0", "arrays": b"[", "objects": b"{},"}[what]
    text = b"[[" + start * ((size - 8) // len(start)) + b"{}],{}]" if what == "objects" else start * size
    (folder / "hostile").write_bytes(text)
    answer, keys = NRAS / "true-1gpu/reply.json", NRAS / "true-1gpu" / expected("true-1gpu")["jwks"]
    for nras, jwks in ((folder / "hostile", keys), (answer, folder / "hostile")):
        status, mib, _ = measured(PROGRAM, "verify", "gpu", "--nras", nras, "--jwks", jwks, "--quiet")
        assert status in (REFUSED, UNDECIDED) and mib < 100
