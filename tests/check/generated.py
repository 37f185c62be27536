# SPDX-License-Identifier: Apache-2.0
"""What scripts made is what they make: nobody edited it by hand, and nobody
changed a script without running it."""
import subprocess

import pytest

from source import ROOT


@pytest.mark.parametrize("part, file", [
    ("tdx", "simulator_pki.c"), ("tcb", "simulator_tcb.c"), ("gpu", "simulator_pki_gpu.c")])
def test_the_simulators_machine(part, file):
    made = subprocess.run(["python3", "-B", str(ROOT / "scripts/simulator-pki.py"), part],
                          capture_output=True, text=True, check=True).stdout
    assert made == (ROOT / "src/attest" / file).read_text()
