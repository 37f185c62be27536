# SPDX-License-Identifier: Apache-2.0
"""Collecting GPU evidence through libraries that stand in for NVIDIA's
(tests/unit/fake_nvml.c, fake_nscq.c): all GPUs in order, and everything that
can go wrong with a driver under its own name in /health, while the server
lives on. The knobs lie in a file beside each library, since the server hands no
variables on."""
import base64
import json
import os
import pathlib
import shutil
import tempfile
import time

import pytest

from engine import chat_answer
from server import BUILD, run, wait_for

MACHINE = 3
SWITCH_ERRORS = {
    -1: "nvswitch_not_implemented", -2: "nvswitch_invalid_uuid", -3: "nvswitch_not_mountable",
    -4: "nvswitch_overflow", -5: "nvswitch_unexpected_value", -6: "nvswitch_unsupported_driver",
    -7: "nvswitch_driver_error", -8: "nvswitch_timeout", -127: "nvswitch_external_error",
    -128: "nvswitch_unspecified_error"}


class Driver:
    """Both libraries, in a folder that the server's user can read."""

    def __init__(self, folder, nvml="fake_nvml", nscq="fake_nscq"):
        self.nvml, self.nscq = folder / f"{nvml}.so.1", folder / f"{nscq}.so.2"
        for name, path in ((nvml, self.nvml), (nscq, self.nscq)):
            shutil.copy(BUILD / "tests" / "unit" / f"lib{name}.so", path)
            path.chmod(0o755)
        self.set()

    def set(self, **knobs):
        """FAKE_... for both; those that were set before are forgotten."""
        text = "".join(f"FAKE_{k.upper()}={v}\n" for k, v in knobs.items())
        for path in (self.nvml, self.nscq):
            knobs_path = path.with_name(path.name + ".knobs")
            part = path.with_name(path.name + ".part")
            part.write_text(text)
            part.chmod(0o644)
            os.replace(part, knobs_path)

    @property
    def options(self):
        return {"gpu": "required", "nvml_library": self.nvml, "nscq_library": self.nscq}

    @property
    def flags(self):
        return ["--tee", "simulator", "--gpu", "required", "--nvml-library", self.nvml,
                "--nscq-library", self.nscq]


@pytest.fixture
def place():
    """Not below pytest's folder: that is closed to the server's user for a
    moment whenever another run of pytest begins, and the stand-ins read their
    knobs all the time."""
    with tempfile.TemporaryDirectory(prefix="aver-gpu-") as path:
        os.chmod(path, 0o755)
        yield pathlib.Path(path)


@pytest.fixture
def driver(place):
    return Driver(place)


@pytest.fixture
def serve(start, driver):
    return lambda **more: start(**{**driver.options, **more})


def health(aver):
    r = aver.ask("GET", "/health")
    assert r.status == (200 if r.json()["ready"] else 503)
    return r.json()


def gpu(aver):
    return health(aver)["gpu"]


def becomes(aver, word):
    """Of every worker: each is told by itself."""
    with aver.client() as c, aver.other_client(c) as other:
        for one in (c, other):
            wait_for(lambda: one.ask("GET", "/health").json()["gpu"]["state"] == word,
                     what=f"{word} in {one.ask('GET', '/health').body}")
    return gpu(aver)


def devices(report, member):
    """[(what its chain says, its nonce, its arch)]"""
    payload = json.loads(report[member])
    assert payload["nonce"] == report["request_nonce"]
    assert set(payload) == {"nonce", "evidence_list", "arch"}
    found = []
    for item in payload["evidence_list"]:
        pem = base64.b64decode(item["certificate"], validate=True).decode()
        evidence = base64.b64decode(item["evidence"], validate=True)
        assert pem.endswith("-----END CERTIFICATE-----\n")  # without the driver's NULs
        assert evidence[:4] == bytes.fromhex("11e001ff")
        assert item["arch"] == payload["arch"]
        found.append((pem.splitlines()[1], evidence[4:36].hex(), item["arch"]))
    return found


# What goes well


def test_eight_gpus_in_order(serve, driver, nonce):
    driver.set(gpus=8)
    aver = serve()
    report = aver.report("nonce=" + nonce).json()
    assert devices(report, "nvidia_payload") == [
        (f"GPU {i + 1}", nonce, "HOPPER") for i in range(8)]
    assert "nvswitch_payload" not in report
    assert becomes(aver, "ok") == {
        "state": "ok", "count": 8, "driver": "580.126.20", "environment": "production",
        "multi_gpu": "none", "ready": True}
    assert health(aver)["ready"] is True


def test_protected_pcie_with_switches(serve, driver, nonce):
    driver.set(gpus=8, multi=1)
    aver = serve()
    report = aver.report("nonce=" + nonce).json()
    assert len(devices(report, "nvidia_payload")) == 8
    assert devices(report, "nvswitch_payload") == [
        (f"Switch {i + 1}", nonce, "LS10") for i in range(4)]
    assert report["all_attestations"][0]["nvswitch_payload"] == report["nvswitch_payload"]
    said = becomes(aver, "ok")
    assert (said["count"], said["nvswitches"], said["multi_gpu"]) == (8, 4, "protected_pcie")


def test_switches_that_are_closed_to_the_host(serve, driver, nonce):
    """Early drivers do not tell the mode of several GPUs; the switches do."""
    driver.set(mode=0)
    aver = serve()
    assert "nvswitch_payload" not in aver.report("nonce=" + nonce).json()
    driver.set(mode=3)
    assert len(devices(aver.report("nonce=" + nonce).json(), "nvswitch_payload")) == 4


def test_switches_as_told(serve, driver, nonce):
    driver.set(mode=0)
    assert len(devices(serve(nvswitch="required").report("nonce=" + nonce).json(),
                       "nvswitch_payload")) == 4
    driver.set(mode=3, multi=1)
    assert "nvswitch_payload" not in serve(nvswitch="none").report("nonce=" + nonce).json()


def test_an_early_driver(start, place, nonce):
    """Without the newer calls: less is said, evidence is the same."""
    early = Driver(place, nvml="fake_nvml_early")
    aver = start(**early.options, nvswitch="none")
    assert devices(aver.report("nonce=" + nonce).json(), "nvidia_payload") == [
        ("GPU 1", nonce, "HOPPER")]
    assert becomes(aver, "ok") == {"state": "ok", "count": 1, "environment": "production",
                                   "multi_gpu": "unknown"}


def test_many_reports_of_one_library(serve, driver):
    """It is started once, and no call is made beside another: the stand-in
    would refuse the second."""
    driver.set(gpus=2)
    aver = serve()
    clients = [aver.client() for _ in range(4)]
    for n, c in enumerate(clients * 2):
        if n >= 4:
            assert c.answer().status == 200
        c.send("GET", f"/v1/attestation/report?nonce={n + 1:064x}")
    for n, c in enumerate(clients):
        r = c.answer()
        assert r.status == 200 and r.json()["request_nonce"] == f"{n + 5:064x}"


def test_an_environment_for_tests_is_said(serve, driver):
    driver.set(environment=1, ready=0)
    aver = serve()
    said = becomes(aver, "ok")
    assert said["environment"] == "simulation" and said["ready"] is False
    assert any("simulation" in x and "warn" in x for x in aver.log().splitlines())


def test_what_a_library_prints_reaches_nobody(serve, driver, nonce):
    driver.set(noise=1, gpus=2, multi=1)
    aver = serve()
    r = aver.report("nonce=" + nonce)
    assert r.status == 200 and b"noise" not in r.body
    driver.set(noise=1, gpus=2, report=999)
    r = aver.report("nonce=" + nonce)
    assert r.status == 502 and b"noise" not in r.body
    assert aver.lines == [aver.ready_line]
    assert "noise" not in aver.log()


# What goes wrong after a good start


@pytest.mark.parametrize("knobs, status, word, error", [
    *[({"report": n}, status, word, n) for n, status, word in (
        (1, 503, "uninitialised"), (3, 502, "not_supported"), (4, 503, "no_permission"),
        (9, 503, "no_driver"), (10, 504, "timeout"), (15, 503, "lost"),
        (16, 503, "reset_required"), (17, 503, "blocked"), (18, 503, "version_mismatch"),
        (25, 502, "struct_version"), (27, 503, "not_ready"), (999, 502, "unknown_error"),
        (7, 502, "error"))],
    ({"certificate": 15}, 503, "lost", 15),
    ({"feature": 0}, 503, "cc_off", None),
    ({"devtools": 1}, 503, "devtools", None),
    ({"gpus": 0}, 503, "no_gpu", None),
    ({"gpus": 1}, 503, "missing", None),
    ({"gpus": 65}, 502, "bad_count", None),
    ({"arch": 13}, 502, "unsupported_arch", None),
    ({"nonce": 1}, 502, "wrong_nonce", None),
    ({"report_size": 0}, 502, "bad_report", None),
    ({"report_size": 8193}, 502, "bad_report", None),
    ({"chain_size": 0}, 502, "bad_chain", None),
    ({"chain_empty": 1}, 502, "bad_chain", None),
    ({"crash": "report"}, 502, "crashed", None),
], ids=lambda x: None if not isinstance(x, dict) else ",".join(f"{k}-{v}" for k, v in x.items()))
def test_each_failure_has_its_word(serve, driver, engine, nonce, knobs, status, word, error):
    driver.set(gpus=2)
    aver = serve(nvswitch="none")
    driver.set(**{"gpus": 2, **knobs})
    r = aver.report("nonce=" + nonce)
    assert r.status == status, r
    assert r.error["type"] == ("server_error" if status == 503 else "attestation_error")
    assert status != 503 or int(r["Retry-After"]) > 0
    assert "NVML" not in r.body.decode() and "GPU" not in r.body.decode()
    said = becomes(aver, word)
    assert said.get("error") == error
    assert health(aver)["status"] == "not ready" and health(aver)["live"] is True
    assert aver.metrics()[f'aver_gpu_failed{{state="{word}"}}'] == 1
    lines = [x for x in aver.log().splitlines() if f"state={word}" in x]
    assert len(lines) == 1 and "why=" in lines[0], lines
    # Inference is not its business, and when it is well again, so are we.
    engine.script = lambda x: x.json(chat_answer())
    assert aver.chat().status == 200
    driver.set(gpus=2)
    assert devices(aver.report("nonce=" + nonce).json(), "nvidia_payload") == [
        ("GPU 1", nonce, "HOPPER"), ("GPU 2", nonce, "HOPPER")]
    becomes(aver, "ok")
    assert health(aver)["ready"] is True


@pytest.mark.parametrize("rc", SWITCH_ERRORS)
def test_each_failure_of_a_switch_has_its_word(serve, driver, nonce, rc):
    driver.set(multi=1)
    aver = serve()
    driver.set(multi=1, switch_report=rc)
    r = aver.report("nonce=" + nonce)
    assert r.status in (502, 503, 504) and (r.status == 504) == (rc == -8)
    assert becomes(aver, SWITCH_ERRORS[rc])["error"] == rc
    driver.set(multi=1)
    assert aver.report("nonce=" + nonce).status == 200


@pytest.mark.parametrize("knobs, word", [
    ({"switches": 0}, "nvswitch_none"), ({"switch_nonce": 1}, "nvswitch_wrong_nonce"),
    ({"switch_arch": 1}, "nvswitch_unsupported_arch"),
    ({"switch_report_size": 0}, "nvswitch_bad_report"),
    ({"crash": "switch_report"}, "crashed")])
def test_switches_that_are_wrong(serve, driver, nonce, knobs, word):
    driver.set(multi=1)
    aver = serve()
    driver.set(multi=1, **knobs)
    assert aver.report("nonce=" + nonce).status >= 500
    becomes(aver, word)


@pytest.mark.parametrize("call", ["count", "report", "switch_report"])
def test_a_hang_later(serve, driver, engine, nonce, call):
    """504 after gpu-timeout, a word in the log before; others are served
    meanwhile, and a new library is used next."""
    aver = serve(gpu_timeout="1200ms", nvswitch="required")
    driver.set(hang=call)
    began = time.monotonic()
    with aver.client() as c:
        c.send("GET", "/v1/attestation/report?nonce=" + nonce)
        wait_for(lambda: "event=slow" in aver.log() or " slow " in aver.log())
        assert time.monotonic() - began < 1.2
        engine.script = lambda x: x.json(chat_answer())
        assert aver.chat().status == 200 and gpu(aver)["state"] == "ok"
        r = c.answer()
    assert r.status == 504 and r.error["type"] == "attestation_error"
    assert 1 < time.monotonic() - began < 8
    becomes(aver, "hangs")
    driver.set()
    assert aver.report("nonce=" + nonce).status == 200
    becomes(aver, "ok")


def test_recovery_is_seen_without_a_client(serve, driver):
    aver = serve()
    driver.set(report=15)
    assert aver.report("nonce=" + "1" * 64).status == 503
    becomes(aver, "lost")
    driver.set()
    becomes(aver, "ok")


# At the start


def refused(args, *words):
    r = run(*args, timeout=30)
    assert r.returncode == MACHINE and r.stdout == b"", r.stderr
    assert r.stderr.count(b"\n") == 1, r.err
    for word in words:
        assert word in r.err, (word, r.err)
    return r.err


def serve_flags(driver):
    return ["serve", "--engine", "http://127.0.0.1:1", "--listen", "127.0.0.1:0",
            "--log-level", "error", *driver.flags]


START = [
    ({"feature": 0}, ["confidential computing is off", "--gpu none"]),
    ({"devtools": 1}, ["devtools", "--gpu none"]),
    ({"init": 18}, ["library and kernel module differ", "(18)"]),
    ({"init": 9}, ["driver is not loaded"]),
    ({"init": 4}, ["no permission"]),
    ({"gpus": 0}, ["no GPU"]),
    ({"gpus": 65}, ["65"]),
    ({"count": 15}, ["GPU is lost"]),
    ({"arch": 8}, ["architecture 8"]),
    ({"report": 27}, ["GPU is not ready"]),
    ({"nonce": 1}, ["nonce"]),
    ({"crash": "init"}, ["crashes"]),
    ({"crash": "report"}, ["GPU driver", "died"]),
    ({"multi": 1, "session": -6}, ["NSCQ session", "(-6)"]),
]


@pytest.mark.parametrize("knobs, words", START, ids=[next(iter(k)) for k, _ in START])
def test_a_start_that_is_refused(driver, knobs, words):
    driver.set(**knobs)
    assert refused(serve_flags(driver), *words).startswith("aver: ")
    refused(["attest", *driver.flags], *words)


@pytest.mark.parametrize("call", ["init", "report"])
def test_a_hang_at_the_start(driver, call):
    driver.set(hang=call)
    began = time.monotonic()
    refused([*serve_flags(driver), "--gpu-timeout", "600ms"], "600 ms")
    said = run("attest", *driver.flags, "--gpu-timeout", "1")
    assert said.returncode == MACHINE and said.stdout == b""
    assert "1000 ms" in said.err.splitlines()[-1]
    assert time.monotonic() - began < 15


def test_an_old_driver_is_named(place, start):
    old = Driver(place, nvml="fake_nvml_old")
    refused(serve_flags(old), "nvmlDeviceGetConfComputeGpuCertificate", "too old")
    refused(["attest", *old.flags], "nvmlDeviceGetConfComputeGpuCertificate", "too old")
    aver = start(gpu="auto", nvml_library=old.nvml)
    assert becomes(aver, "none") == {"state": "none", "missing": "old_driver"}


def test_switches_without_their_library(driver):
    driver.set(multi=1)
    driver.nscq.unlink()
    refused(serve_flags(driver), "no NSCQ", driver.nscq.name)


def test_auto(start, driver):
    """Without anything that could attest it serves, and says so."""
    aver = start(gpu="auto", nvml_library="/nonexistent/libnvidia-ml.so.1")
    assert becomes(aver, "none") == {"state": "none", "missing": "no_library"}
    assert health(aver)["ready"] is True
    driver.set(feature=0, capable=0)  # a GPU for games
    aver = start(**{**driver.options, "gpu": "auto"})
    assert becomes(aver, "none")["missing"] == "cc_off"
    driver.set()
    becomes(start(**{**driver.options, "gpu": "auto"}), "ok")


def test_auto_does_not_hide_a_mistake(driver):
    """A GPU that could be confidential, and is not."""
    for knobs in ({"feature": 0}, {"devtools": 1}):
        driver.set(**knobs)
        refused([*serve_flags(driver), "--gpu", "auto"], "--gpu none")


def test_what_was_told_to_do_without(start, driver):
    driver.set(devtools=1)
    assert becomes(start(**{**driver.options, "gpu": "none"}), "none") == {"state": "none"}
    assert becomes(start(gpu="simulator"), "simulated")["state"] == "simulated"


def test_aver_attest(driver, nonce):
    driver.set(gpus=8, multi=1, noise=1)
    r = run("attest", *driver.flags, "--nonce", nonce)
    assert r.returncode == 0 and r.err == ""
    report = json.loads(r.stdout)
    assert [d[0] for d in devices(report, "nvidia_payload")] == [f"GPU {i + 1}" for i in range(8)]
    assert len(devices(report, "nvswitch_payload")) == 4
    r = run("attest", *driver.flags, "--nvswitch", "none")
    assert "nvswitch_payload" not in json.loads(r.stdout)
    for bad in (["--gpu-timeout", "0"], ["--gpu-timeout", "soon"], ["--nvswitch", "maybe"]):
        r = run("attest", *driver.flags, *bad)
        assert r.returncode == 2 and r.err.count("\n") == 1
