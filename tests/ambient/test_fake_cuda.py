"""Training computes on one device: seen without a GPU, on tensors that have a device and no numbers."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).with_name("steps_on_a_device.py")
KINDS = ["GANSampler", "VGrowSampler network", "VGrowSampler maps", "AGEBidirectional", "LogisticRatio"]


@pytest.fixture(scope="module")
def errors():
    """What each step raised. Torch may end a process that computes on a device it does not have: it is another one."""
    done = subprocess.run(
        [sys.executable, str(PROGRAM)], capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"}
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_a_training_step_of_each_estimator_stays_on_its_device(errors):
    steps = {name: error for name, error in errors.items() if "on the CPU" not in name}
    assert set(KINDS) < set(steps)
    assert {name: error for name, error in steps.items() if error is not None} == {}


@pytest.mark.parametrize("kind", KINDS)
def test_a_parameter_on_another_device_is_found(errors, kind):
    found = errors[f"{kind}, a parameter on the CPU"]
    assert re.search(r"two (different )?devices", found), found  # in torch's words, which have changed


@pytest.mark.parametrize("kind", KINDS[:-1])  # the ratio's draws the rows' indices alone, which may be on the CPU
def test_a_generator_on_another_device_is_found(errors, kind):
    # A step meets the generator itself, or the rows' indices that it drew, whichever comes first.
    found = errors[f"{kind}, generators on the CPU"]
    assert "expected a generator on lazy:0, got one on cpu" in found or "lazy:0 and cpu" in found, found
