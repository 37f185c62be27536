# SPDX-License-Identifier: Apache-2.0
"""Reports that carry what NVIDIA says of GPUs (?endorsements=1): the simulator's
own, from a folder or a file, and fetched from a stand-in for NVIDIA's services."""
import base64
import json
import secrets
import time

import pytest

from ndis import Ndis
from pcs import Pcs, simulated
from server import environment, run, wait_for

DAY, HOUR = 86400, 3600
INTEL = "tdx-ff0a7e500000-platform.json"


@pytest.fixture(scope="module")
def bundle():
    return json.loads(run("attest", "--tee", "simulator", "--endorsements").stdout)


@pytest.fixture
def ndis(bundle):
    n = Ndis()
    n.know_simulated(bundle)
    yield n
    n.stop()


@pytest.fixture
def kept(folder):
    kept = folder / "kept"
    kept.mkdir()
    kept.chmod(0o777)
    return kept


def endorsed(aver, query=""):
    r = aver.report("endorsements=1" + (query and "&" + query))
    assert r.status == 200, r
    return r.json().get("endorsements", {})


def now(aver):
    """In a report of its own: those for nobody's nonce are kept for a while."""
    return endorsed(aver, "nonce=" + secrets.token_hex(32))


def health(aver):
    said = aver.ask("GET", "/health").json()
    return said["endorsements"], said["endorsements_valid_until"]


def warnings(aver, event):
    return [x for x in aver.log().splitlines() if f"event={event} " in x]


def judged(folder, report, *more):
    """Whether `aver endorse` finds everything in what the report carries."""
    (folder / "report.json").write_bytes(report)
    (folder / "carried.json").write_text(json.dumps(json.loads(report)["endorsements"]))
    return run("endorse", folder / "report.json", "--out", folder / "carried.json", "--offline", "--trust", "simulator", *more)


@pytest.mark.parametrize("gpu, devices, rims", [("simulator", 1, 2), ("simulator-ppcie", 12, 3), ("simulator-blackwell", 2, 2)])
def test_the_simulators_own(start, folder, bundle, gpu, devices, rims):
    """All that is said of these devices, and of no others."""
    aver = start(gpu=gpu)
    report = aver.report("endorsements=1").body
    carried = json.loads(report)["endorsements"]
    assert list(carried)[-2:] == ["rims", "ocsp"] and len(carried) == 11
    assert len(carried["rims"]) == rims and set(carried["rims"]) <= set(bundle["rims"])
    assert devices < len(carried["ocsp"]) < len(bundle["ocsp"]) or devices > 8
    r = judged(folder, report, "--json")
    lists = json.loads(r.out)["gpus"]
    assert r.returncode == 0 and sum(g["devices"] for g in lists) == devices, r.err
    ends = [g["valid_until"] for g in lists]
    state, until = health(aver)
    assert state == "valid" and until <= min(ends) and time.time() + 20 * HOUR < until < time.time() + DAY
    assert warnings(aver, "no_endorsements") == []


def test_without_gpus_there_is_nothing_of_nvidias(start):
    carried = endorsed(start(gpu="none"))
    assert len(carried) == 9 and "rims" not in carried and "ocsp" not in carried


def fetch(folder, kept, aver, ndis, *more):
    """What somebody who may use the network puts into the folder."""
    (folder / "report.json").write_bytes(aver.report().body)
    r = run("endorse", folder / "report.json", "--cache", kept, "--only", "gpu", "--trust", "simulator",
            "--rim-service", ndis.url, "--ocsp-service", ndis.url, *more)
    for path in kept.iterdir():
        path.chmod(0o644)
    return r


def test_a_folder_without_network(start, folder, kept, ndis, bundle):
    """GPUs and CPU are apart: what is there is shown, what is not is said."""
    aver = start(endorsements=kept, endorse_gpu_from="none")
    assert now(aver) == {}
    (warning,) = wait_for(lambda: warnings(aver, "no_endorsements"))
    assert INTEL in warning and "RIM NV_GPU_" in warning and "it is not there" in warning
    assert fetch(folder, kept, aver, ndis).returncode == 0
    asked = list(ndis.asked)
    wait_for(lambda: list(now(aver)) == ["rims", "ocsp"])  # seen without a signal
    assert len(now(aver)["ocsp"]) == 6
    (kept / INTEL).write_text(json.dumps(bundle))
    (kept / INTEL).chmod(0o644)
    assert len(now(aver)) == 11
    for rim in kept.glob("rim-*"):
        rim.unlink()
    carried = now(aver)
    assert carried["rims"] == [] and len(carried["ocsp"]) == 3 and "tcb_info" in carried
    assert ndis.asked == asked


def test_one_file_with_everything(start, folder, bundle):
    (folder / "all.json").write_text(json.dumps(bundle))
    aver = start(endorsements=folder / "all.json", endorse_gpu_from="none")
    carried = now(aver)
    assert len(carried) == 11 and len(carried["rims"]) == 2 and len(carried["ocsp"]) == 6
    assert health(aver)[0] == "valid"


def test_fetched(start, kept, ndis, bundle, folder):
    """Of both vendors by one child; whoever starts later asks nobody."""
    pcs = Pcs()
    pcs.answers = simulated(bundle)
    try:
        options = {"endorsements": kept, "endorse_from": pcs.url, "endorse_gpu_from": ndis.url}
        aver = start(**options)
        wait_for(lambda: len(now(aver)) == 11 and len(now(aver)["ocsp"]) == 6)
        assert len(pcs.asked) == 4 and len(ndis.asked) == len(set(ndis.asked)) == 8
        assert judged(folder, aver.report("endorsements=1").body).returncode == 0
        assert len(list(kept.iterdir())) == 9
        again = start(**options)
        wait_for(lambda: len(now(again)) == 11)
        assert len(pcs.asked) == 4 and len(ndis.asked) == 8
        assert warnings(again, "no_endorsements") == []
    finally:
        pcs.stop()


def test_gpus_alone(start, kept, ndis):
    aver = start(endorsements=kept, endorse_gpu_from=ndis.url)
    wait_for(lambda: len(now(aver).get("ocsp", [])) == 6)
    assert list(now(aver)) == ["rims", "ocsp"]
    assert "endorsements_fetched" in aver.log()


def test_what_is_missing_is_fetched_and_no_more(start, folder, kept, ndis):
    assert fetch(folder, kept, start(endorsements=kept, endorse_gpu_from="none"), ndis).returncode == 0
    for path in list(kept.glob("ocsp-*"))[:2]:
        path.unlink()
    ndis.asked.clear()
    aver = start(endorsements=kept, endorse_gpu_from=ndis.url)
    wait_for(lambda: len(now(aver).get("ocsp", [])) == 6)
    assert len(ndis.asked) == 2 and all(isinstance(a, bytes) for a in ndis.asked)


@pytest.mark.parametrize("spoil, why", [
    (lambda n: n.by_content.clear(), "which it does not know"),
    (lambda n: n.answers.clear(), "OCSP status 6"), (Ndis.stop, "127.0.0.1")], ids=["no RIMs", "no answers", "gone"])
def test_fetched_in_vain(start, kept, ndis, spoil, why):
    """The log says so; reports and answers go on, with what there is."""
    spoil(ndis)
    aver = start(endorsements=kept, endorse_gpu_from=ndis.url)
    (warning,) = wait_for(lambda: warnings(aver, "endorsements_not_fetched"))
    assert why in warning and "again_s=60" in warning and ndis.url in warning, warning
    carried = now(aver)
    assert aver.chat().status == 200
    assert len(carried.get("rims", [])) == (2 if "status 6" in why else 0)
    assert len(carried.get("ocsp", [])) == (3 if "does not know" in why else 0)
    if spoil is Ndis.stop:
        ndis.stop = lambda: None


def test_what_is_not_given_out(start, folder, kept, ndis):
    """Altered, of another device, or ended: left out, and named."""
    aver = start(endorsements=kept, endorse_gpu_from="none")
    assert fetch(folder, kept, aver, ndis).returncode == 0
    wait_for(lambda: len(now(aver).get("ocsp", [])) == 6)
    victim = next(kept.glob("ocsp-*"))
    good = json.loads(victim.read_text())
    der = bytearray(base64.b64decode(good["ocsp"][0]))
    der[-1] ^= 1
    new = victim.with_suffix(".new")
    new.write_text(json.dumps({"ocsp": [base64.b64encode(der).decode()]}))
    new.chmod(0o644)
    new.rename(victim)
    wait_for(lambda: len(now(aver)["ocsp"]) == 5)
    assert base64.b64encode(der).decode() not in now(aver)["ocsp"]
    said = wait_for(lambda: [w for w in warnings(aver, "no_endorsements") if "ocsp_signer" in w])
    assert said


def test_wrong_settings(start, folder, engine):
    for value in ("x", "ftp://mirror", "https://me:secret@mirror"):
        r = run("serve", "--engine", engine.url, "--endorsements", folder, "--endorse-gpu-from", value, env=environment())
        assert r.returncode == 2 and "expected nvidia, none" in r.err and "secret" not in r.err
    r = run("serve", "--engine", engine.url, "--endorse-gpu-from", "nvidia", env=environment())
    assert r.returncode == 2 and "endorse-gpu-from needs endorsements" in r.err
