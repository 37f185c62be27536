# SPDX-License-Identifier: Apache-2.0
"""The demo is a test of everything at once, with a real model."""
import os
import subprocess

import pytest

from server import PROGRAM, ROOT, SANITIZED


@pytest.mark.skipif(SANITIZED, reason="the model takes its time beside sanitizers; the rest is tested elsewhere")
def test_demo():
    r = subprocess.run([ROOT / "scripts/demo.sh"], cwd=ROOT, capture_output=True, text=True, timeout=120,
                       env={**os.environ, "AVER": str(PROGRAM), "NO_COLOR": "1"})
    assert r.returncode == 0, r.stdout + r.stderr
    assert "VERIFIED (SIMULATED): every check passed" in r.stdout
    assert "VERIFIED: all" in r.stdout and "receipt holds" in r.stderr
