"""Processes that refiners start."""

import os
from pathlib import Path

import numpy as np
import pytest

from fdgm import DGflowRefiner
from fdgm.ratios import KLIEP

X = np.random.default_rng(0).normal(size=(60, 2))
CHILDREN = Path(f"/proc/self/task/{os.getpid()}/children")


@pytest.mark.skipif(not CHILDREN.exists(), reason="children are counted as Linux lists them")
def test_there_are_no_more_workers_than_shares_of_work():
    """One chunk is one fraction: it is done here, and nobody is started to wait."""
    ratio = KLIEP(width=1.0, n_centers=5, random_state=0)
    refiner = DGflowRefiner(ratio=ratio, n_steps=1, n_jobs=4, random_state=0, step_size=0.01, stop=None).fit(
        X, X_generated=X + 1
    )
    before = CHILDREN.read_text().split()
    refiner.sample(5)
    assert CHILDREN.read_text().split() == before
