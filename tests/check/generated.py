# SPDX-License-Identifier: Apache-2.0
"""What scripts made is what they make: nobody edited it by hand, and nobody
changed a script without running it."""
import subprocess

import pytest

from source import ROOT

PYTHON = "/usr/bin/python3"  # Debian's, which has python3-cryptography


@pytest.mark.parametrize("part, file", [
    ("tdx", "simulator_pki.c"), ("tcb", "simulator_tcb.c"), ("gpu", "simulator_pki_gpu.c"),
    ("rim", "simulator_pki_rim.c"), ("ocsp", "simulator_pki_ocsp.c")])
def test_the_simulators_machine(part, file):
    made = subprocess.run([PYTHON, "-B", str(ROOT / "scripts/simulator-pki.py"), part],
                          capture_output=True, text=True, check=True).stdout
    assert made == (ROOT / "src/attest" / file).read_text()


def contents(folder):
    return {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*")
            if p.is_file() and p.name != "README.md"}


def test_the_vectors_under_the_simulators_root(tmp_path):
    vectors = ROOT / "tests/vectors/tdx"
    subprocess.run([PYTHON, "-B", str(vectors / "make_simulated.py"), str(tmp_path)], check=True)
    made, kept = contents(tmp_path), contents(vectors / "sim")
    assert len(made) > 100 and sorted(made) == sorted(kept)
    assert [p for p in made if made[p] != kept[p]] == []


def test_answers_and_lists_about_a_gpu(tmp_path):
    vectors = ROOT / "tests/vectors/gpu"
    subprocess.run([PYTHON, "-B", str(vectors / "make_revocation.py"), str(tmp_path)], check=True)
    made, kept = contents(tmp_path), contents(vectors / "revocation")
    assert len(made) > 60 and made == kept


def test_gpu_evidence_under_the_simulators_roots(tmp_path):
    vectors = ROOT / "tests/vectors/gpu"
    subprocess.run([PYTHON, "-B", str(vectors / "make_simulated.py"), str(tmp_path)], check=True)
    made, kept = contents(tmp_path), contents(vectors / "sim")
    assert len(made) > 500 and sorted(made) == sorted(kept)
    assert [p for p in made if made[p] != kept[p]] == []


def test_what_the_harnesses_start_from(tmp_path):
    fuzz = ROOT / "tests/fuzz"
    subprocess.run([PYTHON, "-B", str(fuzz / "make_corpus.py"), str(tmp_path)], check=True)
    for folder in tmp_path.iterdir():
        made, kept = contents(folder), contents(fuzz / "corpus" / folder.name)
        assert len(made) > 5 and made == kept, folder.name
