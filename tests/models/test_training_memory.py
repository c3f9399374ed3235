r"""How much memory a training step of a large network takes."""

from __future__ import annotations

import subprocess
import sys

import pytest

STEP = """
import tinycnn as torch
from tinycnn import models
from tinycnn.nn import functional as F

model = models.resnet50()
optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
F.cross_entropy(model(torch.randn(4, 3, 224, 224)), torch.arange(4)).backward()
optimizer.step()
print(peak())
"""
# On Linux, getrusage counts what the parent had when it forked; VmHWM begins anew with the program.
PEAK = """
import resource, sys

def peak():
    try:
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))
    except (OSError, StopIteration):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
"""


def test_a_training_step_of_resnet50_with_four_photographs_takes_less_than_three_gigabytes() -> None:
    pytest.importorskip("resource", reason="tells how much memory a process took, on Unix alone")
    ran = subprocess.run([sys.executable, "-c", PEAK + STEP], capture_output=True, text=True, check=True)
    assert 300e6 < int(ran.stdout) < 1.5e9  # 0.7 GB, in fact; more than half of the three would be a step back
