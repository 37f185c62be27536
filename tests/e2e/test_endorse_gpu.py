# SPDX-License-Identifier: Apache-2.0
"""`aver endorse` for GPUs, against a stand-in for NVIDIA's two services: what it
fetches, keeps and refuses, when it fetches again, and what it says."""
import base64
import hashlib
import json
import stat
import time

import pytest

from ndis import REFUSED as NOT_AUTHORIZED
from ndis import VECTORS, Ndis, asked_for, rim_answer
from server import environment, run

DONE, REFUSED, USAGE, FAILED = 0, 1, 2, 3
CASE = "syn-rim-rev-ok"  # one GPU, and all that is said of it holds at one time
NOW = 1780315200
ISSUED, HOUR = NOW - 3600, 3600
PAYLOAD = VECTORS / f"cases/{CASE}/payload.json"
DRIVER, VBIOS = "NV_GPU_DRIVER_GH100_999.10.01", "NV_GPU_VBIOS_1010_0200_882_9600AA0001"
BROM, PROVISIONER, IDENTITY = bytes.fromhex("412a00000000001111"), b"\x11", b"\x10"
SIGNERS = [b"\x22", b"\x21", b"\x20"]
EVERYTHING = [DRIVER, VBIOS, BROM, PROVISIONER, IDENTITY, *SIGNERS]
REAL, REAL_AT = VECTORS / "cases/real-nvtrust-550/payload.json", "2025-08-21T12:00:00Z"
ROOTS = ["--gpu-root", VECTORS / "roots/synthetic-device-root.pem", "--rim-root", VECTORS / "roots/synthetic-rim-root.pem"]


@pytest.fixture
def ndis():
    n = Ndis()
    n.know_case(CASE)
    yield n
    n.stop()


@pytest.fixture
def endorse(ndis, folder):
    def endorse(*args, evidence=PAYLOAD, at=NOW, roots=True, services=True, **more):
        asked = ["--rim-service", ndis.url, "--ocsp-service", ndis.url] if services else []
        return run("endorse", evidence, "--cache", folder / "cache", "--at", str(at), *asked,
                   *(ROOTS if roots else []), *args, **more)
    endorse.cache = folder / "cache"
    return endorse


def kept(endorse):
    """{name: content} of the folder."""
    return {p.name: p.read_bytes() for p in endorse.cache.glob("*")}


def said(r):
    """{name: object} of the documents of the only list."""
    (gpus,) = json.loads(r.out)["gpus"]
    return {i["name"]: i for i in gpus["items"]}


def test_fetches_checks_and_keeps(endorse, ndis):
    r = endorse()
    assert r.returncode == DONE, r.err
    assert ndis.asked == EVERYTHING
    assert r.out.splitlines()[0] == "gpu HOPPER, 1 device" and r.err == ""
    host = ndis.url.removeprefix("http://")
    assert sum(line.endswith(host) and " issued " in line and " valid until " in line for line in r.out.splitlines()) == 8
    assert "due again 2026-06-01T23:00:00Z" in r.out and str(endorse.cache) in r.out
    files = kept(endorse)
    assert len(files) == 8 and {f"rim-{DRIVER}.json", f"rim-{VBIOS}.json"} < set(files)
    assert stat.S_IMODE(endorse.cache.stat().st_mode) == 0o700
    rim = json.loads(files[f"rim-{DRIVER}.json"])
    assert base64.b64decode(*rim["rims"]) == (VECTORS / "rims/syn-driver.xml").read_bytes()
    assert rim["valid_until"] == "2028-01-01T00:00:00Z" and rim["about"] == f"RIM {DRIVER}"
    answers = [json.loads(v) for k, v in files.items() if k.startswith("ocsp-")]
    assert {base64.b64decode(*a["ocsp"]) for a in answers} == set(ndis.answers.values())


def test_asks_as_rfc_6960_has_it(endorse, ndis):
    """SHA-384 throughout, no nonce: every answer can be shown to others."""
    assert endorse().returncode == DONE
    assert len(ndis.requests) == 6
    for path, kind, body in ndis.requests:
        oid, name, key, serial = asked_for(body)
        assert (path, kind) == ("/", "application/ocsp-request")
        assert oid == "608648016503040202" and len(name) == len(key) == 48 and serial in EVERYTHING
    asked = [asked_for(body) for _, _, body in ndis.requests]
    answered = {a: v for a, v in ndis.answers.items()}
    for _, name, key, serial in asked:
        assert name in answered[serial] and key in answered[serial]  # as the answers have it


def test_verify_takes_it_from_the_folder(endorse, folder, ndis):
    """Without the network, without a word on the command line."""
    def gpu_rows():
        r = run("verify", "gpu", PAYLOAD, "--at", str(NOW), *ROOTS, "--require", "rim", "--require", "revocation",
                "--nonce", json.loads((VECTORS / f"cases/{CASE}/expected.json").read_text())["nonce"], "--json",
                env=environment(XDG_CACHE_HOME=str(folder)))
        return r, {c["id"]: c["result"] for c in json.loads(r.out)["checks"]}
    (folder / "aver").mkdir()
    (folder / "aver/endorsements").symlink_to(endorse.cache)
    before, _ = gpu_rows()
    assert before.returncode != DONE
    assert endorse().returncode == DONE
    after, rows = gpu_rows()
    assert after.returncode == DONE, (after.out, after.err)


def test_does_not_fetch_again_what_is_not_due(endorse, ndis):
    assert endorse().returncode == DONE
    before = kept(endorse)
    ndis.asked.clear()
    r = endorse()
    assert r.returncode == DONE and r.out.count("already here") == 8 and ndis.asked == []
    # Answers are due twelve hours after they were given.
    assert endorse(at=ISSUED + 12 * HOUR - 1).returncode == DONE and ndis.asked == []
    r = endorse(at=ISSUED + 12 * HOUR)
    assert r.returncode == DONE and ndis.asked == EVERYTHING[2:]
    assert r.out.count("already here") == 2
    ndis.asked.clear()
    assert endorse("--refresh").returncode == DONE and ndis.asked == EVERYTHING
    assert kept(endorse) == before or all(v != b"" for v in kept(endorse).values())


def test_a_rim_is_due_a_month_before_its_signer_ends(endorse, ndis):
    end = 1830297600
    assert endorse("--json", at=end - 30 * 24 * HOUR - 1).returncode == REFUSED  # answers have ended
    ndis.asked.clear()
    endorse(at=end - 30 * 24 * HOUR - 1)
    assert DRIVER not in ndis.asked and BROM in ndis.asked
    endorse(at=end - 30 * 24 * HOUR)
    assert DRIVER in ndis.asked and VBIOS in ndis.asked
    # What ended is no longer there; that the service has nothing newer is said.
    r = endorse("--json", at=end + 1)
    assert r.returncode == REFUSED and said(r)[DRIVER]["result"] == "refused"
    assert "cert_time" in said(r)[DRIVER]["reason"]


def test_offline_only_looks(endorse, ndis):
    r = endorse("--offline", services=False)
    assert r.returncode == FAILED and DRIVER in r.err and "it is not there" in r.err and not endorse.cache.exists()
    assert endorse().returncode == DONE
    asked = list(ndis.asked)
    assert endorse("--offline", services=False).returncode == DONE
    assert endorse("--offline", services=False, at=ISSUED + 24 * HOUR).returncode == DONE  # due, but valid
    r = endorse("--offline", services=False, at=ISSUED + 24 * HOUR + 1)
    assert r.returncode == FAILED and "ocsp_time" in r.err
    assert ndis.asked == asked
    for option in ("--rim-service", "--ocsp-service"):
        assert endorse("--offline", option, ndis.url, services=False).returncode == USAGE


def test_json_and_quiet(endorse, ndis):
    r = endorse("--json")
    (gpus,) = json.loads(r.out)["gpus"]
    assert {k: gpus[k] for k in ("chip", "devices", "result", "valid_until", "due", "kept_in")} == {
        "chip": "HOPPER", "devices": 1, "result": "fetched", "valid_until": ISSUED + 24 * HOUR, "due": ISSUED + 12 * HOUR,
        "kept_in": str(endorse.cache)}
    items = said(r)
    assert [i["kind"] for i in items.values()] == ["rim"] * 2 + ["ocsp"] * 6
    assert items[DRIVER]["from"] == ndis.url.removeprefix("http://")
    assert all(i["revoked"] is False for i in items.values() if i["kind"] == "ocsp")
    r = endorse("--quiet")
    assert (r.returncode, r.out, r.err) == (DONE, "", "")


def test_out_is_one_file_with_everything(endorse, ndis, folder):
    file = folder / "all.json"
    file.write_text("rubbish")
    assert endorse("--out", file).returncode == DONE
    assert not endorse.cache.exists()
    made = json.loads(file.read_text())
    assert len(made["rims"]) == 2 and len(made["ocsp"]) == 6
    ndis.asked.clear()
    assert endorse("--out", file).returncode == DONE and ndis.asked == []
    assert json.loads(file.read_text()) == made
    assert endorse("--out", file, "--offline", services=False).returncode == DONE
    # What cannot be renewed stays.
    ndis.answers.clear(), ndis.rims.clear()
    r = endorse("--out", file, "--refresh")
    assert r.returncode == FAILED and json.loads(file.read_text()) == made


def test_only(endorse, ndis, folder):
    assert endorse("--only", "gpu").returncode == DONE
    r = endorse("--only", "cpu")
    assert r.returncode == FAILED and "no quote" in r.err
    assert endorse("--only", "both").returncode == USAGE
    (folder / "quote").write_text("{}")
    r = endorse("--only", "gpu", evidence=folder / "quote")
    assert r.returncode == FAILED and "no GPU evidence" in r.err


def test_real_rims_and_answers(endorse, ndis):
    """NVIDIA's own, under its own roots. Those about the signers of the RIMs
    were given two months after those about the GPU."""
    ndis.know_real()
    r = endorse("--json", evidence=REAL, at=REAL_AT, roots=False)
    items = said(r)
    results = {name: i["result"] for name, i in items.items()}
    assert r.returncode == REFUSED
    assert [n for n, x in results.items() if x == "fetched"] == [
        "NV_GPU_DRIVER_GH100_550.90.07", "NV_GPU_VBIOS_1010_0200_882_96009F0001", "GH100 A01 GSP BROM, 41431d480fe5e87274",
        "NVIDIA GH100 Provisioner ICA 1, 6afe7184f92232c8df7b242261776e56",
        "NVIDIA GH100 Identity, 4c255ede3bd001bf3f4a3b605fca898a"]
    late = [i for i in items.values() if i["result"] == "refused"]
    assert len(late) == 4 and all("ocsp_time" in i["reason"] and "2025-10-24" in i["reason"] for i in late)
    assert len(kept(endorse)) == 5
    # Two months later it is the other way round.
    r = endorse("--json", evidence=REAL, at="2025-10-24T12:00:00Z", roots=False)
    assert sorted(x["result"] for x in said(r).values()) == ["fetched"] * 4 + ["kept"] * 2 + ["refused"] * 3


def test_every_form_of_evidence(endorse, ndis, folder):
    payload = PAYLOAD.read_text()
    items = json.loads(payload)
    items = items if isinstance(items, list) else items["evidence_list"]
    forms = {"list": items, "report": {"nvidia_payload": payload, "all_attestations": [{"nvidia_payload": payload}]},
             "chutes": {"evidence": [{"gpu_evidence": items}]}, "tinfoil": {"gpu": {"evidences": items}}}
    for name, form in forms.items():
        (folder / name).write_text(json.dumps(form))
        ndis.asked.clear()
        r = endorse("--refresh", evidence=folder / name)
        assert r.returncode == DONE, (name, r.err)
        assert ndis.asked == EVERYTHING, name
        assert r.out.count("gpu HOPPER") == 1


def test_eight_gpus_share(endorse, ndis):
    """RIMs and authorities are asked about once."""
    ndis.rims.clear(), ndis.answers.clear()
    r = endorse("--json", evidence=VECTORS / "cases/real-near-8gpu-ppcie/payload.json", at="2026-06-10T02:00:00Z", roots=False)
    (gpus,) = json.loads(r.out)["gpus"]
    assert r.returncode == FAILED and gpus["devices"] == 8
    assert ndis.asked[:2] == ["NV_GPU_DRIVER_GH100_570.172.08", "NV_GPU_VBIOS_1010_0210_886_9600CF0002"] or len(ndis.asked) == 12
    assert len(ndis.asked) == len(set(ndis.asked)) == 2 + 8 + 2


# What is refused, and what fails. Nothing of it may leave a file.


def xml_of(name):
    return (VECTORS / f"rims/{name}.xml").read_bytes()


def altered(xml):
    return xml.replace(b'active="False"', b'active="True"', 1)


RIMS = {
    "wrong digest": (lambda: rim_answer(DRIVER, xml_of("syn-driver"), sha256=hashlib.sha256(b"x").hexdigest()), REFUSED, "sha256"),
    "no digest of ours": (lambda: rim_answer(DRIVER, xml_of("syn-driver"), sha256="x"), REFUSED, "sha256"),
    "another format": (lambda: rim_answer(DRIVER, xml_of("syn-driver"), rim_format="CORIM"), REFUSED, "rim_format"),
    "of the VBIOS": (lambda: rim_answer(DRIVER, xml_of("syn-vbios")), REFUSED, "it is about"),
    "of another driver": (lambda: rim_answer(DRIVER, xml_of("NV_GPU_DRIVER_GH100_550.90.07")), REFUSED, "550.90.07"),
    "altered": (lambda: rim_answer(DRIVER, altered(xml_of("syn-driver"))), REFUSED, "rim_digest"),
    "no XML": (lambda: rim_answer(DRIVER, b"<x"), REFUSED, "rim_xml"),
    "no base64": (lambda: (200, b'{"rim":"***"}'), REFUSED, "base64"),
    "another object": (lambda: (200, b'{"message":"hello"}'), REFUSED, "no endorsements"),
    "no JSON": (lambda: (200, b"<html>"), REFUSED, "rim_xml"),
    "empty": (lambda: (200, b""), REFUSED, "no endorsements"),
    "an OCSP answer": (lambda: (200, NOT_AUTHORIZED), REFUSED, "it is no RIM"),
    "not found": (lambda: (404, b""), FAILED, "which it does not know"),
    "error": (lambda: (503, b""), FAILED, "answered 503"),
    "a redirect": (lambda: (302, b""), FAILED, "answered 302"),
    "too large": (lambda: (200, b" " * (1 << 20) + b"{}"), FAILED, "too large"),
}


@pytest.mark.parametrize("what", RIMS)
def test_rims_that_are_not_kept(endorse, ndis, what):
    answer, status, why = RIMS[what]
    good = ndis.rims[DRIVER]
    ndis.rims[DRIVER] = answer()
    r = endorse("--json")
    item = said(r)[DRIVER]
    assert r.returncode == status and item["result"] == ("refused" if status == REFUSED else "failed")
    assert why in item["reason"] and ndis.url.removeprefix("http://") in item["reason"], item["reason"]
    assert f"rim-{DRIVER}.json" not in kept(endorse) and f"rim-{VBIOS}.json" in kept(endorse)
    # What was there stays, and is what counts.
    ndis.rims[DRIVER] = good
    assert endorse().returncode == DONE
    before = kept(endorse)
    ndis.rims[DRIVER] = answer()
    r = endorse("--refresh", "--json")
    assert r.returncode == status and said(r)[DRIVER]["result"] == "kept" and why in said(r)[DRIVER]["reason"]
    assert kept(endorse)[f"rim-{DRIVER}.json"] == before[f"rim-{DRIVER}.json"]
    assert endorse("--offline", services=False).returncode == DONE


def vector(name):
    return lambda: (VECTORS / name).read_bytes()


def case_answer(case, serial):
    """The answer about that certificate that a case carries beside its input."""
    def find():
        from ndis import serial_of
        for path in json.loads((VECTORS / f"cases/{case}/expected.json").read_text())["collateral"]["ocsp"]:
            file = VECTORS / (f"cases/{case}/{path[2:]}" if path.startswith("./") else path)
            try:
                if serial_of(file.read_bytes()) == serial:
                    return file.read_bytes()
            except (IndexError, StopIteration):
                continue
        raise AssertionError(case)
    return find


def flipped():
    der = bytearray((VECTORS / "ocsp/syn-dev1.der").read_bytes())
    der[-1] ^= 1
    return bytes(der)


ANSWERS = {
    "not authorized": (lambda: NOT_AUTHORIZED, FAILED, "OCSP status 6"),
    "about another certificate": (vector("ocsp/syn-dev2.der"), REFUSED, "about another certificate"),
    "of NVIDIA": (vector("ocsp/device-brom.der"), REFUSED, "about another certificate"),
    "self-signed responder": (case_answer("syn-ocsp-self-signed-responder", BROM), REFUSED, "ocsp_sign"),
    "responder without the right": (case_answer("syn-ocsp-no-eku", BROM), REFUSED, "ocsp_signer"),
    "no certificate": (case_answer("syn-ocsp-no-embedded-cert", BROM), REFUSED, "ocsp_signer"),
    "flipped": (case_answer("syn-ocsp-sig-flipped", BROM), REFUSED, "ocsp_signature"),
    "cut": (lambda: vector("ocsp/syn-dev1.der")()[:-10], REFUSED, ""),
    "rubbish": (lambda: b"no DER", REFUSED, "no endorsements"),
    "empty": (lambda: b"", REFUSED, "no endorsements"),
    "a RIM": (lambda: xml_of("syn-driver"), REFUSED, "it is no OCSP answer"),
    "too large": (lambda: b"0" * ((1 << 20) + 1), FAILED, "too large"),
}


@pytest.mark.parametrize("what", ANSWERS)
def test_answers_that_are_not_kept(endorse, ndis, what):
    answer, status, why = ANSWERS[what]
    good = ndis.answers[BROM]
    (name,) = [n for n in said(endorse("--json", "--offline", services=False)) if "BROM" in n]
    ndis.answers[BROM] = answer()
    r = endorse("--json")
    item = said(r)[name]
    assert r.returncode == status and item["result"] == ("refused" if status == REFUSED else "failed"), item
    assert why in item["reason"], item["reason"]
    assert len(kept(endorse)) == 7
    ndis.answers[BROM] = good
    assert endorse().returncode == DONE
    before = kept(endorse)
    ndis.answers[BROM] = answer()
    r = endorse("--refresh", "--json")
    assert r.returncode == status and said(r)[name]["result"] == "kept"
    assert [k for k, v in kept(endorse).items() if k not in before] == []
    assert endorse("--offline", services=False).returncode == DONE


@pytest.mark.parametrize("case", ["syn-ocsp-revoked-brom", "syn-ocsp-hold-brom", "syn-ocsp-revoked-stale"])
def test_revoked_is_an_answer(endorse, ndis, case):
    """It is kept and shown: verifiers are to know. And it does not age."""
    ndis.answers[BROM] = case_answer(case, BROM)()
    r = endorse("--json")
    (item,) = [i for n, i in said(r).items() if "BROM" in n]
    assert r.returncode == DONE and item["result"] == "fetched" and item["revoked"] is True
    assert "REVOKED" in endorse().out
    assert endorse("--offline", services=False).returncode == DONE


def test_answers_of_another_time(endorse, ndis):
    """What has ended, and what begins later, is not kept."""
    for at in (ISSUED - 1, ISSUED + 24 * HOUR + 1):
        r = endorse("--json", at=at)
        answers = [i for i in said(r).values() if i["kind"] == "ocsp"]
        assert r.returncode == REFUSED and len(answers) == 6
        assert all(i["result"] == "refused" and "ocsp_time" in i["reason"] for i in answers)
        assert sorted(kept(endorse)) == [f"rim-{DRIVER}.json", f"rim-{VBIOS}.json"]


def test_an_older_answer_replaces_none(endorse, ndis):
    """A service, or somebody in between, says what it said a day ago."""
    ndis.answers[BROM] = case_answer("syn-ocsp-good-and-revoked", BROM)()
    assert endorse().returncode == DONE
    before = kept(endorse)
    r = endorse("--refresh")
    assert r.returncode == DONE and len(kept(endorse)) == len(before)


def test_evidence_that_is_not_genuine(endorse, ndis, folder):
    """Nobody is asked about it."""
    cases = {"mut-cert1-sig-flipped": "cert_signature", "mut-chain-swap-12": "chain_order", "mut-chain-rim-root": "chain_order",
             "mut-chain-no-root": "chain_length", "syn-cert-brom-expired": "cert_time"}
    for case, why in cases.items():
        r = endorse("--json", evidence=VECTORS / f"cases/{case}/payload.json",
                    at=json.loads((VECTORS / f"cases/{case}/expected.json").read_text())["now"],
                    roots=case.startswith("syn"))
        (gpus,) = json.loads(r.out)["gpus"]
        assert r.returncode == REFUSED and gpus["result"] == "refused" and why in gpus["reason"], (case, gpus)
    # Genuine, under another root than the trusted one.
    r = endorse(roots=False)
    assert r.returncode == REFUSED and "root" in r.err
    r = endorse(evidence=REAL, at=REAL_AT)
    assert r.returncode == REFUSED and "root" in r.err
    assert ndis.asked == [] and not endorse.cache.exists()


def test_files_that_are_altered_are_fetched_again(endorse, ndis):
    assert endorse().returncode == DONE
    before = kept(endorse)
    for name in before:
        for content in (b"", b"{}", b"rubbish", before[name][:-200], b'{"rims":["AAAA"],"ocsp":["AAAA"]}'):
            (endorse.cache / name).write_bytes(content)
            ndis.asked.clear()
            r = endorse()
            assert r.returncode == DONE and len(ndis.asked) == 1, (name, content[:20], ndis.asked)
            assert json.loads(kept(endorse)[name]) | {"fetched": 0} == json.loads(before[name]) | {"fetched": 0}


def test_slow_services(endorse, ndis):
    """One that says nothing costs its time once, not once for each document."""
    ndis.rims[DRIVER] = lambda handler: time.sleep(60)
    ndis.answers[BROM] = lambda handler: time.sleep(60)
    begin = time.monotonic()
    r = endorse("--json", timeout=90)
    assert time.monotonic() - begin < 45
    assert r.returncode == FAILED and "too slow" in said(r)[DRIVER]["reason"]


def test_answers_that_ended_long_ago_are_removed(endorse, ndis):
    """Machines come and go; the folder does not grow for ever."""
    assert endorse().returncode == DONE
    foreign = endorse.cache / ("ocsp-" + "0" * 32 + ".json")
    mine = endorse.cache / "ocsp-mine.json"
    for path, until in ((foreign, "2026-06-02T11:00:00Z"), (mine, "2026-06-02T11:00:00Z")):
        path.write_text(json.dumps({"ocsp": [], "valid_until": until}))
    ndis.answers.clear()
    end = ISSUED + 24 * HOUR
    endorse(at=end + 7 * 24 * HOUR)
    assert foreign.exists() and len(list(endorse.cache.glob("ocsp-*"))) == 8
    endorse(at=end + 7 * 24 * HOUR + 1)
    assert not foreign.exists() and mine.exists()
    assert sorted(p.name for p in endorse.cache.glob("*")) == ["ocsp-mine.json", f"rim-{DRIVER}.json", f"rim-{VBIOS}.json"]


@pytest.mark.parametrize("option", ["--rim-service", "--ocsp-service"])
@pytest.mark.parametrize("url", ["nvidia", "ftp://x", "http://", "http://me:secret@host", "https://host/?a=b"])
def test_wrong_services(endorse, option, url):
    r = endorse(option, url, services=False)
    assert r.returncode == USAGE and option in r.err and "secret" not in r.err
