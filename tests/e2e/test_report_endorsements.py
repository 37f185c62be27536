# SPDX-License-Identifier: Apache-2.0
"""Reports that carry what vendors sign (?endorsements=1): from the simulator,
from files, and fetched from a stand-in for a cache of Intel's service."""
import json
import os
import pathlib
import time

import pytest

from pcs import Pcs, ending_in, simulated
from server import ROOT, environment, flags, run, wait_for

USAGE = 2
VECTORS = ROOT / "tests/vectors/tdx"
MEMBERS = ["pck_crl_issuer_chain", "root_ca_crl", "pck_crl", "tcb_info_issuer_chain", "tcb_info", "tcb_info_signature",
           "qe_identity_issuer_chain", "qe_identity", "qe_identity_signature"]
NAME = "tdx-ff0a7e500000-platform.json"  # the simulator's platform
END_OF_2049 = 2524607999


@pytest.fixture
def start(start):
    """Without GPUs: about these is test_report_endorsements_gpu.py."""
    return lambda **options: start(**{"gpu": "none", **options})


@pytest.fixture(scope="module")
def bundle():
    """Intel's part; NVIDIA's is looked at in test_simulator_gpu.py."""
    all = json.loads(run("attest", "--tee", "simulator", "--endorsements").stdout)
    return {name: all[name] for name in MEMBERS}


@pytest.fixture
def kept(folder, bundle):
    """A folder as `aver endorse` keeps it, for the simulator's platform."""
    kept = folder / "kept"
    kept.mkdir()
    kept.chmod(0o777)
    put(kept / NAME, json.dumps(bundle))
    return kept


def put(path, text):
    """In place of what was there, as a whole."""
    temporary = path.with_suffix(".new")
    temporary.write_text(text)
    temporary.chmod(0o644)
    temporary.rename(path)


def endorsed(aver, query=""):
    r = aver.report("endorsements=1" + (query and "&" + query))
    assert r.status == 200, r
    return r.json()


def health(aver):
    said = aver.ask("GET", "/health").json()
    return said["endorsements"], said["endorsements_valid_until"]


def warnings(aver, event):
    return [x for x in aver.log().splitlines() if f"event={event} " in x]


def test_nothing_else_changes(aver, bundle, nonce):
    plain, more = aver.report("nonce=" + nonce).json(), endorsed(aver, "nonce=" + nonce)
    assert list(more) == [*plain, "endorsements"] and "endorsements" not in plain
    assert list(plain)[-1] == "all_attestations" and "endorsements" not in plain["all_attestations"][0]
    assert more["all_attestations"] == [{k: v for k, v in more.items() if k not in ("all_attestations", "endorsements")}]
    assert more["endorsements"] == bundle and list(more["endorsements"]) == MEMBERS


def test_whoever_asks_twice_gets_what_he_asked_for(aver):
    """Reports for nobody's nonce are kept: with and without."""
    for _ in range(2):
        assert "endorsements" not in aver.report().json()
        assert len(endorsed(aver)["endorsements"]) == 9


@pytest.mark.parametrize("value, carried", [("1", True), ("true", True), ("TRUE", True), ("0", False), ("false", False)])
def test_values(aver, value, carried):
    assert ("endorsements" in aver.report("endorsements=" + value).json()) == carried


@pytest.mark.parametrize("value", ["yes", "", "2", "11", "on", "null", "1,1"])
def test_other_values_are_refused(aver, value):
    r = aver.report("endorsements=" + value)
    assert (r.status, r.error["type"], r.error["param"]) == (400, "invalid_request_error", "endorsements")


def test_a_client_needs_nothing_else(aver, folder, nonce):
    """With the root pinned by hand nothing built in helps."""
    def verify(report):
        (folder / "report.json").write_bytes(report)
        return run("verify", "report", folder / "report.json", "--nonce", nonce, "--trust-root", VECTORS / "sim/root.pem",
                   "--json", env=environment(XDG_CACHE_HOME=str(folder / "empty")))

    def cpu(r):
        return {c["id"]: c["result"] for c in json.loads(r.out)["checks"] if c["id"].startswith("tdx.")}
    with_them = cpu(verify(aver.report("endorsements=1&nonce=" + nonce).body))
    without = cpu(verify(aver.report("nonce=" + nonce).body))
    for row in ("tdx.tcb_info_signature", "tdx.qe_identity_signature", "tdx.lists", "tdx.not_expired", "tdx.quote_signature"):
        assert with_them[row] == "pass", (row, with_them)
    assert without["tdx.tcb_info_signature"] in ("unknown", "skip")


def test_health_and_metrics(start, agent):
    aver = start()
    wait_for(lambda: health(aver) == ("valid", END_OF_2049))
    for worker in aver.workers:  # each of them knows
        with aver.client() as c:
            assert c.ask("GET", "/health").json()["endorsements"] == "valid", worker
    assert aver.metrics()["aver_endorsements_valid_until_seconds"] == END_OF_2049
    none = start(tee="dstack", gpu="none", dstack_socket=agent.path)
    assert health(none) == ("none", 0)
    assert none.ask("GET", "/health").status == 200
    assert none.metrics()["aver_endorsements_valid_until_seconds"] == 0


# Files


def test_a_folder_of_files(start, kept, bundle):
    aver = start(endorsements=kept)
    wait_for(lambda: health(aver) == ("valid", END_OF_2049))
    assert endorsed(aver)["endorsements"] == bundle


def test_one_file(start, folder, bundle):
    put(folder / "any.json", json.dumps({**bundle, "fetched": "2026-01-01T00:00:00Z", "more": [1]}, indent=4))
    aver = start(endorsements=folder / "any.json")
    assert endorsed(aver)["endorsements"] == bundle  # no more than the vendor says


def test_a_file_is_read_again(start, kept, bundle, nonce):
    """Seen by the next report that is to carry it, without a signal."""
    aver = start(endorsements=kept)
    assert "endorsements" in endorsed(aver, "nonce=" + nonce)
    (kept / NAME).unlink()
    assert "endorsements" not in endorsed(aver, "nonce=" + nonce)
    wait_for(lambda: health(aver) == ("none", 0))
    assert "endorsements" not in endorsed(aver)  # nor one that was kept
    put(kept / NAME, json.dumps(bundle))
    assert endorsed(aver, "nonce=" + nonce)["endorsements"] == bundle
    wait_for(lambda: health(aver)[0] == "valid")
    assert "endorsements" in endorsed(aver)


def expired():
    return (VECTORS / "sim/sim-pck-crl-expired/collateral.json").read_text()


@pytest.mark.parametrize("text, why", [
    (lambda b: expired(), "tdx.not_expired"),
    (lambda b: json.dumps({**b, "tcb_info": b["tcb_info"].replace('"UpToDate"', '"OutOfDate"', 1)}), "tdx.tcb_info_signature"),
    (lambda b: (VECTORS / "collateral/90c06f-20260610.json").read_text(), "not of tdx-ff0a7e500000-platform"),
    (lambda b: json.dumps({k: v for k, v in b.items() if k != "pck_crl"}), "pck_crl is missing"),
    (lambda b: "{", "not JSON"), (lambda b: "", "not JSON"), (lambda b: None, "larger than")],
    ids=["expired", "altered", "of another platform", "incomplete", "rubbish", "empty", "64 MiB"])
def test_what_is_not_given_out(start, kept, bundle, text, why):
    """A report without, and one warning, however often it is asked for."""
    if (content := text(bundle)) is None:
        os.truncate(kept / NAME, 64 << 20)
    else:
        put(kept / NAME, content)
    aver = start(endorsements=kept)
    for i in range(5):
        assert "endorsements" not in endorsed(aver, f"nonce={i:064x}")
    (warning,) = warnings(aver, "no_endorsements")
    assert "level=warn" in warning and why in warning and NAME in warning, warning
    assert health(aver) == ("none", 0) and aver.ask("GET", "/health").status == 200


def test_what_ends_while_it_runs(start, kept, bundle, nonce):
    """To the second, in reports that were kept too."""
    short, end = ending_in(bundle, 5)
    put(kept / NAME, json.dumps(short))
    aver = start(endorsements=kept)
    wait_for(lambda: health(aver) == ("valid", end))
    assert endorsed(aver)["endorsements"] == short
    assert time.time() < end, "too slow to tell"
    time.sleep(end + 1.01 - time.time())
    assert health(aver) == ("expired", end)
    assert "endorsements" not in endorsed(aver)
    assert "endorsements" not in endorsed(aver, "nonce=" + nonce)
    assert "tdx.not_expired" in warnings(aver, "no_endorsements")[0]
    wait_for(lambda: health(aver) == ("none", 0))


def test_nothing_configured_is_said_once_it_is_asked(start, agent, nonce):
    aver = start(tee="dstack", gpu="none", dstack_socket=agent.path)
    assert aver.report("nonce=" + nonce).status == 200
    assert warnings(aver, "no_endorsements") == []
    for i in range(3):
        assert "endorsements" not in endorsed(aver, f"nonce={i:064x}")
    (warning,) = warnings(aver, "no_endorsements")
    assert "endorsements PATH" in warning


def test_a_real_quote_and_what_has_ended(start, agent, folder, nonce):
    """The agent's quote is a real one: by its certificates the right file is
    found, which ended long ago; the simulator's stands beside it in vain."""
    name = folder / "kept"
    name.mkdir()
    aver = start(tee="dstack", gpu="none", dstack_socket=agent.path, endorsements=name)
    (warning,) = wait_for(lambda: warnings(aver, "no_endorsements"))
    wanted = pathlib.Path(warning.split('why="')[1].split(": ")[0]).name
    assert wanted.startswith("tdx-") and wanted.endswith(("-platform.json", "-processor.json")) and wanted != NAME
    files = [f for f in (VECTORS / "collateral").glob("*.json")
             if json.loads(json.loads(f.read_text())["tcb_info"])["fmspc"].lower() == wanted.split("-")[1]]
    assert files, wanted
    put(name / wanted, files[0].read_text())
    assert "endorsements" not in endorsed(aver, "nonce=" + nonce)
    assert "tdx.not_expired" in wait_for(lambda: warnings(aver, "no_endorsements")[1:])[0]


# Fetched


@pytest.fixture
def pcs(bundle):
    p = Pcs()
    p.answers = simulated(bundle)
    yield p
    p.stop()


@pytest.fixture
def empty(folder):
    empty = folder / "empty"
    empty.mkdir()
    empty.chmod(0o777)
    return empty


def test_fetched_at_the_start(start, pcs, empty, bundle):
    aver = start(endorsements=empty, endorse_from=pcs.url)
    wait_for(lambda: health(aver) == ("valid", END_OF_2049))
    assert sorted(pcs.asked) == sorted(pcs.answers)
    assert endorsed(aver)["endorsements"] == bundle
    (file,) = empty.iterdir()
    assert file.name == NAME and (os.geteuid() != 0 or file.stat().st_uid != 0)
    # Who comes after finds it, and asks nobody.
    aver.attester.kill()
    wait_for(lambda: health(aver)[0] != "valid")
    wait_for(lambda: health(aver) == ("valid", END_OF_2049))
    assert endorsed(aver)["endorsements"] == bundle
    assert len(pcs.asked) == 4 and warnings(aver, "no_endorsements") == []


def test_nobody_else_is_asked(start, pcs, kept):
    """There is a file, and it is not due."""
    aver = start(endorsements=kept, endorse_from=pcs.url)
    wait_for(lambda: health(aver)[0] == "valid")
    time.sleep(0.3)
    assert pcs.asked == []


def test_renewed_before_it_ends(start, pcs, kept, bundle):
    """Due is a third of its life before its end; whoever asks is never without."""
    short, end = ending_in(bundle, 12)
    put(kept / NAME, json.dumps(short))
    aver = start(endorsements=kept, endorse_from=pcs.url)
    wait_for(lambda: health(aver) == ("valid", end))
    while (carried := endorsed(aver)["endorsements"]) == short:
        assert time.time() < end and (time.time() > end - 5 or pcs.asked == [])
        time.sleep(0.1)
    assert carried == bundle and len(pcs.asked) == 4
    wait_for(lambda: health(aver) == ("valid", END_OF_2049))
    assert warnings(aver, "no_endorsements") == []


def altered(pcs):
    answer = pcs.answers[next(iter(pcs.answers))]
    answer[2] = answer[2].replace(b'"UpToDate"', b'"OutOfDate"', 1)


@pytest.mark.parametrize("spoil, why", [
    (lambda p: p.answers.clear(), "answered 404 when asked for the TCB info of tdx-ff0a7e500000-platform"),
    (altered, "tdx.tcb_info_signature"), (Pcs.stop, "127.0.0.1")], ids=["unknown", "altered", "gone"])
def test_fetched_in_vain(start, pcs, empty, spoil, why):
    """What `aver endorse` says is in the log; reports and answers go on."""
    spoil(pcs)
    aver = start(endorsements=empty, endorse_from=pcs.url)
    (warning,) = wait_for(lambda: warnings(aver, "endorsements_not_fetched"))
    assert "level=warn" in warning and why in warning and "again_s=60" in warning and pcs.url in warning, warning
    assert "endorsements" not in endorsed(aver) and aver.chat().status == 200
    assert health(aver) == ("none", 0) and list(empty.iterdir()) == []
    if spoil is Pcs.stop:
        pcs.stop = lambda: None


def fetchers(folder):
    found = []
    for p in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = p.read_bytes().split(b"\0")
        except OSError:
            continue
        if b"endorse" in words and str(folder).encode() in words:
            found.append(p.parent.name)
    return found


def test_one_that_does_not_answer(start, pcs, empty):
    """It delays nothing, and does not outlive the server."""
    pcs.answers = {path: lambda handler: time.sleep(30) for path in pcs.answers}
    aver = start(endorsements=empty, endorse_from=pcs.url)
    wait_for(lambda: pcs.asked)
    (pid,) = fetchers(empty)
    if os.geteuid() == 0:
        assert os.stat(f"/proc/{pid}").st_uid != 0
    begin = time.monotonic()
    for i in range(5):
        assert "endorsements" not in endorsed(aver, f"nonce={i:064x}")
    assert time.monotonic() - begin < 10 and fetchers(empty) == [pid]
    aver.stop()
    wait_for(lambda: fetchers(empty) == [])


def refused(folder, engine, **options):
    r = run("serve", *flags({"listen": "127.0.0.1:0", "engine": engine.url, "tee": "simulator", "gpu": "none", **options}),
            cwd=folder)
    (said,) = [x for x in r.err.splitlines() if x.startswith("aver: ")]
    assert r.returncode == USAGE and "endorse-from needs endorsements" in said, r.err
    return said


def test_a_folder_that_does_not_do(folder, engine):
    refused(folder, engine, endorse_from="intel")
    nowhere, file, closed = folder / "nowhere", folder / "file", folder / "closed"
    assert f"{nowhere}: No such file" in refused(folder, engine, endorse_from="intel", endorsements=nowhere)
    file.write_text("{}")
    assert f"{file}: it is no folder" in refused(folder, engine, endorse_from="intel", endorsements=file)
    closed.mkdir(mode=0o555)
    assert f"{closed}: Permission denied" in refused(folder, engine, endorse_from="intel", endorsements=closed)
    assert "expected intel" in run("serve", "--engine", engine.url, "--endorsements", folder, "--endorse-from", "x").err


def test_a_folder_that_goes(start, pcs, empty):
    """Later it is no reason to make no more reports."""
    aver = start(endorsements=empty, endorse_from=pcs.url)
    wait_for(lambda: health(aver)[0] == "valid")
    empty.rename(empty.parent / "elsewhere")
    aver.attester.kill()
    wait_for(lambda: warnings(aver, "endorsements_folder"))
    wait_for(lambda: aver.report().status == 200)
    assert "endorsements" not in endorsed(aver)
