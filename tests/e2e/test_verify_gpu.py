# SPDX-License-Identifier: Apache-2.0
"""Evidence of GPUs and switches through the program: captured evidence with
what NVIDIA said about it in those days, and what is left of a yes without."""
import base64
import copy
import json

import pytest

from proof import VECTORS, load
from server import PROGRAM, SANITIZED, run
from usage import measured

VERIFIED, REFUSED, USAGE, UNDECIDED = 0, 1, 2, 3
GPU = VECTORS / "gpu"
WHOLE = "real-nvtrust-550-rim-ocsp"
MISMATCH = "real-go545-rim-mismatch"
SWITCHED = "real-ppcie-8gpu-4switch"
DEVICE_ROOT, RIM_ROOT = GPU / "roots/synthetic-device-root.pem", GPU / "roots/synthetic-rim-root.pem"
WITHOUT = ("--allow", "rim-missing", "--allow", "revocation-missing")
NOT_KNOWN = "what runs on them is not known"


def expected(case):
    return load("gpu/cases", case, "expected.json")


def file_of(case, name):
    return GPU / "cases" / case / name if name.startswith("./") else GPU / name


def collateral(case, *kinds):
    return [x for kind, option in (("rims", "--rim"), ("ocsp", "--ocsp")) if kind in kinds
            for name in expected(case)["collateral"].get(kind, []) for x in (option, file_of(case, name))]


def asked(case, nonce=True):
    """FILE, and when and with which nonce it was asked for."""
    want = expected(case)
    grace = want["policy"].get("revocation_grace_s")
    return [GPU / "cases" / case / "payload.json", "--at", want["now_utc"],
            *(["--nonce", want["nonce"]] if nonce else []), *(["--ocsp-grace", str(grace)] if grace else [])]


def judge(*args, **more):
    r = run("verify", "gpu", *args, "--json", **more)
    return r.returncode, json.loads(r.stdout)


def row(said, name):
    return next(c for c in said["checks"] if c["id"] == name)


def failed(said):
    return {c["id"] for c in said["checks"] if c["result"] == "fail"}


def last_line(*args):
    return run("verify", "gpu", *args).out.splitlines()[-1]


def test_a_real_gpu_with_all_that_vouches_for_it():
    args = [*asked(WHOLE), *collateral(WHOLE, "rims", "ocsp")]
    status, said = judge(*args, "--require", "rim", "--require", "revocation", "--gpu-count", "1")
    assert status == VERIFIED and said["verdict"] == "verified" and said["trust"] == "vendor" and said["reason"] is None
    want = expected(WHOLE)["fields"]["devices"][0]
    [gpu] = said["gpus"]
    assert gpu["index"] == 0 and gpu["arch"] == "HOPPER" and gpu["result"] == "pass" and "reason" not in gpu
    assert (gpu["authentic"], gpu["revocation"], gpu["measurements"], gpu["policy"]) == ("pass", "good", "match", "pass")
    for ours, theirs in (("device_id", "device_id"), ("leaf_serial", "leaf_serial"), ("driver", "driver_version"),
                         ("vbios", "vbios_version"), ("fwid", "fwid"), ("nonce", "nonce"), ("encoding", "encoding")):
        assert gpu[ours] == want[theirs], ours
    assert gpu["measurement_count"] == want["blocks"] and gpu["nvdec0"] is False and gpu["protected_pcie"] is False
    assert gpu["compared"] == 32 and gpu["mismatches"] == []
    assert gpu["rims"] == [want["driver_rim_id"], want["vbios_rim_id"]]
    text = run("verify", "gpu", *args).out
    assert "driver 550.90.07, VBIOS 96.00.9F.00.01" in text and "Is the GPU in confidential mode?" in text
    assert text.splitlines()[-1].startswith("VERIFIED: all ") and NOT_KNOWN not in text
    # Nobody lent it more than it has: the same without the grace is too old.
    status, said = judge(*args[:5], *collateral(WHOLE, "rims", "ocsp"))
    assert status == REFUSED and said["reason"] in ("ocsp_time", "ocsp_signer") and failed(said) == {"gpu.revocation"}


def test_what_nvidia_signs_as_collateral():
    """A set of endorsements may hold all of it."""
    files = [x for x in collateral(WHOLE, "rims", "ocsp") if x not in ("--rim", "--ocsp")]
    status, said = judge(*asked(WHOLE), *[x for f in files for x in ("--collateral", f)])
    assert status == VERIFIED and said["gpus"][0]["measurements"] == "match"


def test_from_stdin():
    raw = asked(WHOLE)[0].read_bytes()
    r = run("verify", "gpu", "-", *asked(WHOLE)[1:], *collateral(WHOLE, "rims", "ocsp"), "--quiet", input=raw)
    assert (r.returncode, r.out, r.err) == (VERIFIED, "", "")


def test_without_what_nvidia_signs():
    status, said = judge(*asked(WHOLE))
    assert status == UNDECIDED and said["verdict"] == "undecided" and said["reason"] is None
    assert {c["id"] for c in said["checks"] if c["required"] and c["result"] == "unknown"} == {"gpu.rim", "gpu.revocation"}
    [gpu] = said["gpus"]
    assert (gpu["authentic"], gpu["revocation"], gpu["measurements"]) == ("pass", "unknown", "no reference")
    assert gpu["result"] == "unknown" and gpu["driver"] == "550.90.07"
    assert last_line(*asked(WHOLE)).startswith("UNDECIDED: not settled: gpu.rim: NV_GPU_DRIVER_GH100_550.90.07 is missing")


def test_half_of_what_nvidia_signs():
    status, said = judge(*asked(WHOLE), *collateral(WHOLE, "rims"))
    assert status == UNDECIDED and row(said, "gpu.measurements")["result"] == "pass"
    assert said["gpus"][0]["measurements"] == "match" and said["gpus"][0]["revocation"] == "unknown"
    status, said = judge(*asked(WHOLE), *collateral(WHOLE, "rims")[:2], "--allow", "revocation-missing")
    assert status == UNDECIDED and "NV_GPU_VBIOS_1010_0200_882_96009F0001" in row(said, "gpu.rim")["detail"]


@pytest.mark.parametrize("demand, cause, check", [("rim", "rim_missing", "gpu.rim"),
                                                  ("revocation", "revocation_missing", "gpu.revocation"),
                                                  ("topology", "topology", "gpu.topology")])
def test_what_is_demanded(demand, cause, check):
    status, said = judge(*asked(WHOLE), "--require", demand)
    assert status == REFUSED and said["reason"] == cause and failed(said) == {check}
    assert said["gpus"][0]["result"] == "fail" and said["gpus"][0]["reason"] == cause
    assert said["gpus"][0]["authentic"] == "pass"


def test_what_is_done_without():
    status, said = judge(*asked(WHOLE), *WITHOUT)
    assert status == VERIFIED and said["gpus"][0]["measurements"] == "no reference"
    end = last_line(*asked(WHOLE), *WITHOUT)
    assert end.startswith("VERIFIED: ") and NOT_KNOWN in end
    assert judge(*asked(WHOLE), "--allow", "rim-missing")[0] == UNDECIDED
    assert judge(*asked(WHOLE), "--allow", "revocation-missing")[0] == UNDECIDED
    # A demand outdoes what is put up with.
    assert judge(*asked(WHOLE), *WITHOUT, "--require", "rim")[0] == REFUSED


def test_measurements_that_are_not_nvidias():
    """A real one: genuine, and its VBIOS measures other than what NVIDIA signed."""
    args = [*asked(MISMATCH), *collateral(MISMATCH, "rims"), "--allow", "revocation-missing"]
    status, said = judge(*args)
    assert status == REFUSED and said["reason"] == "measurement" and failed(said) == {"gpu.measurements"}
    [gpu] = said["gpus"]
    assert gpu["result"] == "fail" and gpu["reason"] == "measurement"
    assert gpu["authentic"] == "pass" and gpu["measurements"] == "mismatch"
    assert [m["index"] for m in gpu["mismatches"]] == [1, 2, 3, 9]
    report = base64.b64decode(json.loads(asked(MISMATCH)[0].read_text())["evidence_list"][0]["evidence"])
    rim = file_of(MISMATCH, expected(MISMATCH)["collateral"]["rims"][1]).read_text().lower()
    for m in gpu["mismatches"]:
        at = 45 + 55 * m["index"] + 7
        assert m["measured"] == report[at:at + 48].hex()
        assert m["source"].startswith("NV_GPU_VBIOS_") and m["expected"]
        assert all(len(v) == 96 and v in rim and v != m["measured"] for v in m["expected"])
    assert "4 of " in last_line(*args) and last_line(*args).startswith("REFUSED: ")
    # One by one they may be put up with; one that is left over still counts.
    skipped = [x for i in (1, 2, 3, 9) for x in ("--allow", f"rim-index={i}")]
    assert judge(*args, *skipped)[0] == VERIFIED
    status, said = judge(*args, *skipped[:-2])
    assert status == REFUSED and [m["index"] for m in said["gpus"][0]["mismatches"]] == [9]


def test_nonces(folder):
    whole = collateral(WHOLE, "rims", "ocsp")
    bare = asked(WHOLE, nonce=False)
    status, said = judge(*bare, *whole)
    assert status == UNDECIDED and row(said, "gpu.nonce")["result"] == "unknown"
    assert {c["id"] for c in said["checks"] if c["required"] and c["result"] != "pass"} == {"gpu.nonce"}
    status, said = judge(*bare, *whole, "--nonce", "00" * 32)
    assert status == REFUSED and row(said, "gpu.nonce")["result"] == "fail" and said["gpus"][0]["reason"]
    # Without the unsigned ones the one under the signature speaks for itself.
    payload = json.loads(bare[0].read_text())
    for part in (payload, *payload["evidence_list"]):
        part.pop("nonce", None)
    (folder / "bare").write_text(json.dumps(payload))
    status, said = judge(folder / "bare", *bare[1:], *whole, "--nonce", "00" * 32)
    assert status == REFUSED and said["reason"] == "nonce" and failed(said) == {"gpu.nonce"}
    assert judge(folder / "bare", *asked(WHOLE)[1:], *whole)[0] == VERIFIED


def test_eight_gpus_behind_four_switches(folder):
    args = [*asked(SWITCHED), *WITHOUT]
    status, said = judge(*args, "--require", "topology", "--gpu-count", "8")
    assert status == VERIFIED and row(said, "gpu.topology")["result"] == "pass"
    assert [g["arch"] for g in said["gpus"]] == [d["arch"] for d in expected(SWITCHED)["fields"]["devices"]]
    assert [g["index"] for g in said["gpus"]] == list(range(12)) and {g["result"] for g in said["gpus"]} == {"pass"}
    text = run("verify", "gpu", *args).out
    assert text.count("\ngpu ") + text.startswith("gpu ") == 8 and text.count("switch") >= 4 and "mode PPCIE" in text
    status, said = judge(*args, "--gpu-count", "12")
    assert status == REFUSED and said["reason"] == "count"
    # One switch short.
    payload = json.loads(args[0].read_text())
    short = copy.deepcopy(payload if isinstance(payload, list) else payload["evidence_list"])
    short.remove(next(i for i in short if i["arch"].upper() == "LS10"))
    (folder / "short").write_text(json.dumps(short))
    status, said = judge(folder / "short", *args[1:])
    assert status == REFUSED and said["reason"] == "topology"


def test_a_gpu_twice():
    status, said = judge(*asked("multi-ds-dup-exact"), *WITHOUT)
    assert status == REFUSED and said["reason"] == "duplicate_device"


def test_the_last_of_several(folder):
    status, said = judge(*asked("multi-ds-last-bad-sig"), *WITHOUT)
    assert status == REFUSED and said["reason"] == "signature"
    bad = [g["index"] for g in said["gpus"] if g["authentic"] == "fail"]
    assert bad == [len(said["gpus"]) - 1] and said["gpus"][0]["result"] == "pass"


def test_revoked_and_hold():
    case = "syn-ocsp-revoked-brom"
    roots = ["--gpu-root", DEVICE_ROOT, "--rim-root", RIM_ROOT]
    status, said = judge(*asked(case), *collateral(case, "rims", "ocsp"), *roots, *WITHOUT)
    assert status == REFUSED and said["reason"] == "revoked" and said["gpus"][0]["revocation"] == "revoked"
    case = "syn-rim-rev-signer-hold"
    args = [*asked(case), *collateral(case, "rims", "ocsp"), *roots, *WITHOUT]
    assert judge(*args)[0] == REFUSED
    assert judge(*args, "--allow", "rim-hold")[0] == VERIFIED


def test_roots_of_ones_own():
    case = "syn-rim-rev-ok"
    device, rim = DEVICE_ROOT, RIM_ROOT
    args = [*asked(case), *collateral(case, "rims", "ocsp")]
    status, said = judge(*args)
    assert status == REFUSED and said["reason"] == "root" and said["trust"] == "vendor"
    status, said = judge(*args, "--gpu-root", device)
    assert status == REFUSED and said["reason"] == "rim_chain:root" and said["trust"] == "custom"
    status, said = judge(*args, "--gpu-root", device, "--rim-root", rim)
    assert said["trust"] == "custom" and failed(said) == set() and said["gpus"][0]["measurements"] == "match"
    end = last_line(*args, "--gpu-root", device, "--rim-root", rim, *WITHOUT)
    assert end.startswith("VERIFIED (BY A ROOT OF YOUR OWN): all ")
    # Neither stands in for the other, and neither is trusted beside NVIDIA's.
    assert judge(*args, "--gpu-root", rim, "--rim-root", device, *WITHOUT)[0] == REFUSED
    status, said = judge(*asked(WHOLE), *collateral(WHOLE, "rims", "ocsp"), "--gpu-root", device)
    assert status == REFUSED and said["reason"] == "root"
    for option in ("--gpu-root", "--rim-root"):
        r = run("verify", "gpu", *args, option, device, "--trust", "simulator")
        assert r.returncode == USAGE and option in r.err
        assert run("verify", "gpu", *args, option, args[0]).returncode == USAGE


@pytest.mark.parametrize("kind", ["simulator", "simulator-ppcie"])
def test_the_simulators(folder, nonce, kind):
    """The vendors' roots do not take it, whatever is put up with; the
    simulator's do, by the very same checks."""
    report = json.loads(run("attest", "--tee", "simulator", "--gpu", kind, "--nonce", nonce).stdout)
    lists = [json.loads(report[p])["evidence_list"] for p in ("nvidia_payload", "nvswitch_payload") if p in report]
    (folder / "gpu").write_text(json.dumps(sum(lists, [])))
    args = [folder / "gpu", "--nonce", nonce]
    for more in ([], WITHOUT):
        status, said = judge(*args, *more)
        assert status == REFUSED and said["reason"] == "SIMULATED" and "simulated" not in said
        assert row(said, "gpu.root")["result"] == "simulated" and said["gpus"][0]["result"] == "simulated"
        assert row(said, "gpu.root")["required"] is True
    status, said = judge(*args, "--trust", "simulator")
    assert status == VERIFIED and said["trust"] == "simulator" and said["simulated"] is True
    assert all((g["revocation"], g["measurements"]) == ("good", "match") for g in said["gpus"])
    assert row(said, "gpu.topology")["result"] == ("pass" if kind == "simulator-ppcie" else "skip")
    assert last_line(*args, "--trust", "simulator").startswith("VERIFIED (SIMULATED): all ")
    # As the report holds it, without the switches beside it.
    (folder / "gpu").write_text(report["nvidia_payload"])
    status, said = judge(*args, "--trust", "simulator")
    assert status == VERIFIED and row(said, "gpu.topology")["result"] == ("skip" if len(lists) == 1 else "unknown")
    # The simulator's root trusts nobody else.
    assert judge(*asked(WHOLE), *collateral(WHOLE, "rims", "ocsp"), "--trust", "simulator")[0] == REFUSED


def test_wrong_calls(folder):
    evidence = asked(WHOLE)[0]
    for args, hint in ((["--require", "tcb-evaluation=17"], "CPU"), (["--require", "max-age=60"], "CPU"),
                       (["--require", "fmspc=b0c06f000000"], "CPU"), (["--require", "rims"], "rim?"),
                       (["--allow", "rim-misssing"], "rim-missing?"), (["--allow", "rim-index=300"], "rim-index"),
                       (["--ocsp-grace", "-1"], "--ocsp-grace"), (["--gpu-count", "x"], "--gpu-count"),
                       (["--nonce", "12"], "64 hex digits")):
        r = run("verify", "gpu", evidence, *args)
        assert r.returncode == USAGE and hint in r.err and r.out == "", args
    for option in ("--rim", "--ocsp"):
        r = run("verify", "gpu", evidence, option, folder / "none", "--json")
        assert r.returncode == UNDECIDED and "none" in json.loads(r.stdout)["error"]
        (folder / "rubbish").write_text("rubbish")
        r = run("verify", "gpu", evidence, option, folder / "rubbish", "--json")
        assert r.returncode == UNDECIDED and option in json.loads(r.stdout)["error"]


@pytest.mark.parametrize("content", [b"", b"\0", b"rubbish", b"{}", b"[]", b"[{}]", b"null", b'{"evidence_list":7}',
                                     b'{"evidence_list":[]}', b'{"evidence_list":[7]}', b"[" * 100000,
                                     b'[{"certificate":"","evidence":""}]', b"\xff" * 1000])
def test_no_evidence(folder, content):
    (folder / "gpu").write_bytes(content)
    status, said = judge(folder / "gpu", *asked(WHOLE)[1:], *WITHOUT)
    assert status in (REFUSED, UNDECIDED) and said["verdict"] != "verified"


BIG = 64 << 20


def filled(head, piece, tail, size=BIG):
    return (head + piece * ((size - len(head) - len(tail)) // len(piece)) + tail).encode()


RUBBISH = {
    "zeros": lambda: bytes(BIG),
    "brackets": lambda: b"[" * BIG,
    "names": lambda: b'{"a":' * (BIG // 5),
    "letters": lambda: b"QUJD" * (BIG // 4),
    "a string of letters": lambda: filled('[{"evidence":"', "QUJD", '","certificate":""}]'),
    "devices": lambda: filled('{"evidence_list":[', "{},", "{}]}"),
    "elements": lambda: b"<a>" * (BIG // 3),
    "siblings": lambda: filled('<?xml version="1.0"?><SoftwareIdentity>', "<a/>", "</SoftwareIdentity>"),
    "attributes": lambda: filled("<SoftwareIdentity", ' a="b"', "/>"),
    "entities": lambda: filled("<SoftwareIdentity>", "&amp;", "</SoftwareIdentity>"),
    "rim in JSON": lambda: filled('{"rim":"', "QUJD", '"}'),
    "der": lambda: b"\x30\x80" * (BIG // 2),
    "certificates": lambda: b"-----BEGIN CERTIFICATE-----\n" * (BIG // 28),
}


@pytest.mark.parametrize("kind", RUBBISH)
def test_a_large_file_of_rubbish(folder, kind):
    """As each kind of file that the verb reads, and as large as the readers of
    RIMs and OCSP answers take it."""
    big, small = folder / "big", folder / "small"
    text = RUBBISH[kind]()
    big.write_bytes(text)
    small.write_bytes(text[:1000000])
    keys = GPU / "nras/true-1gpu" / load("gpu/nras/true-1gpu/expected.json")["jwks"]
    del text
    try:
        for path in (big, small):
            for args in ([path, *asked(WHOLE)[1:]], [*asked(WHOLE), "--rim", path], [*asked(WHOLE), "--ocsp", path],
                         ["--nras", path, "--jwks", keys]):
                status, mib, seconds = measured(PROGRAM, "verify", "gpu", *args, "--quiet")
                assert status in (REFUSED, UNDECIDED), args
                if not SANITIZED:
                    assert mib < 100 and seconds < 3, f"{args}: {mib:.0f} MiB, {seconds:.2f} s"
    finally:
        big.unlink()
        small.unlink()


@pytest.mark.parametrize("option, file, said", [
    ("--rim", "ocsp/rim-l2.der", "there is no RIM in it"),
    ("--rim", "roots/nvidia-device-identity-root.pem", "there is no RIM in it"),
    ("--ocsp", "rims/syn-driver.xml", "there is no OCSP answer, and no list in it"),
])
def test_a_file_of_another_kind_is_named(option, file, said):
    payload = GPU / "cases/real-nvtrust-550/payload.json"
    r = run("verify", "gpu", payload, option, GPU / file)
    assert r.returncode == 3 and said in r.stderr.decode() and f"{option} " in r.stderr.decode()
