"""The example that trains a model of ours under torch.distributed: two processes give the losses of one."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="PyTorch is the twin: it comes with the extra `twin`")

ROOT = Path(__file__).parent.parent


def test_two_processes_give_the_losses_of_one():
    loopback = "lo" if sys.platform == "linux" else "lo0"  # the processes meet on this machine alone
    done = subprocess.run(
        [sys.executable, "examples/onward/distributed.py"],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT), "GLOO_SOCKET_IFNAME": loopback},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    rows = [line.split() for line in done.stdout.splitlines() if line.split()[0].isdigit()]
    alone, together = ([float(row[column]) for row in rows] for column in (1, 2))
    assert len(rows) == 10
    assert together == pytest.approx(alone, rel=1e-12)
    assert alone[-1] < 0.95 * alone[0]
