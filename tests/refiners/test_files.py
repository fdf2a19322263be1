"""Refiners in files."""

from functools import partial

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.mixture import GaussianMixture

import fdgm
from fdgm import DGflowRefiner
from fdgm.refiners import DDLSRefiner, DOTRefiner


def same(refiner, path, **given):
    refiner.save(path)
    again = fdgm.load(path, **given)
    assert type(again) is type(refiner)
    pd.testing.assert_frame_equal(again.history_, refiner.history_)
    np.testing.assert_array_equal(again.sample(20), refiner.sample(20))


@pytest.mark.parametrize("refiner", [partial(DGflowRefiner, stop=None), DOTRefiner, DDLSRefiner])
def test_with_a_sampler(X, sampler, tmp_path, refiner):
    same(refiner(sampler, n_steps=2, random_state=0).fit(X), tmp_path / "r")


def test_with_a_density_ratio(X, sampler, tmp_path):
    same(
        DGflowRefiner(sampler, ratio="kliep", n_steps=2, random_state=0, step_size=0.01, stop=None).fit(X),
        tmp_path / "r",
    )


def test_with_another_samplers_critic_and_rows(X, sampler, tmp_path):
    refiner = DGflowRefiner(ratio=sampler, n_steps=2, random_state=0, step_size=0.01, stop=None).fit(
        pd.DataFrame(X), X_generated=X[:50]
    )
    same(refiner, tmp_path / "r")


def test_with_a_generator_that_is_given_again(X, tmp_path):
    mixture = GaussianMixture(random_state=0).fit(X)
    same(
        DGflowRefiner(mixture, n_steps=2, random_state=0, step_size=0.01, stop=None).fit(X),
        tmp_path / "r",
        generator=mixture,
    )
    with pytest.raises(ValueError, match="got None"):
        fdgm.load(tmp_path / "r")


def test_a_generator_that_is_not_wanted(X, sampler, tmp_path):
    DGflowRefiner(sampler, n_steps=1, step_size=0.01, stop=None).fit(X).save(tmp_path / "r")
    with pytest.raises(ValueError, match="must be None for this DGflowRefiner, which has its own, got 3"):
        fdgm.load(tmp_path / "r", generator=3)


def test_a_module_as_ratio_is_refused_by_name(X, sampler, tmp_path):
    refiner = DGflowRefiner(sampler, ratio=torch.nn.Linear(2, 1), n_steps=1, step_size=0.01, stop=None).fit(X)
    with pytest.raises(TypeError, match=r"ratio of DGflowRefiner.*got Linear"):
        refiner.save(tmp_path / "r")
