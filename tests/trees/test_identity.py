"""Numbers that are functions of others."""

import numpy as np
import pandas as pd
import pytest

import fdgm
from fdgm import TreeSampler
from fdgm.exceptions import FileError
from fdgm.trees._derived import Derived
from fdgm.trees._identity import Identity


def made(n=2500, seed=0):
    rng = np.random.default_rng(seed)
    casual, regular = rng.negative_binomial(2, 0.02, size=n), rng.negative_binomial(3, 0.02, size=n)
    width, height = np.round(rng.lognormal(size=(2, n)), 2) + 0.01
    table = pd.DataFrame({"casual": casual, "regular": regular, "width": width, "height": height})
    return table.assign(riders=casual + regular, area=width * height, other=rng.normal(size=n))


@pytest.fixture(scope="module")
def sampler():
    return TreeSampler(n_trees=2, n_folds=0, random_state=0).fit(made())


def test_sums_and_products_are_kept(sampler):
    drawn = sampler.sample(2000, random_state=0)
    inside = drawn["riders"].between(made()["riders"].min() + 1, made()["riders"].max() - 1)
    parts = drawn["casual"] + drawn["regular"]
    assert (drawn["riders"] == parts)[inside].all()
    assert inside.mean() > 0.99
    bounds = made()["area"].agg(["min", "max"])
    np.testing.assert_allclose(drawn["area"], (drawn["width"] * drawn["height"]).clip(*bounds))
    assert drawn["riders"].dtype == made()["riders"].dtype


def test_a_sum_holds_for_given_parts(sampler):
    drawn = sampler.sample(50, given={"casual": 100, "regular": 50}, random_state=0)
    assert (drawn["riders"] == 150).all()


def test_they_come_back_from_files(sampler, tmp_path):
    sampler.save(tmp_path / "trees")
    pd.testing.assert_frame_equal(
        fdgm.load(tmp_path / "trees").sample(99, random_state=0), sampler.sample(99, random_state=0)
    )


def test_what_is_no_function_is_left_to_the_trees():
    rng = np.random.default_rng(0)
    numbers = rng.normal(size=(3000, 2))
    noisy = numbers.sum(axis=1) + 0.2 * rng.normal(size=3000)
    assert Identity.find(numbers, noisy, rng) is None
    assert Identity.find(numbers, numbers[:, 0] ** 2, rng) is None
    assert Identity.find(numbers[:, :0], noisy, rng) is None


def test_the_function_is_found_among_others_and_outliers():
    rng = np.random.default_rng(0)
    numbers = rng.normal(size=(3000, 4))
    y = 2 * numbers[:, 1] - 0.5 * numbers[:, 3] + 7
    y[::20] += rng.normal(scale=50, size=150)
    found = Identity.find(numbers, y, rng)
    np.testing.assert_allclose(found.slope, [0, 2, 0, -0.5], atol=1e-6)
    assert found.offset == pytest.approx(7, abs=1e-6)
    assert not found.logarithmic


def test_holes_stay_as_frequent():
    table = made()
    table["riders"] = table["riders"].astype("Int64").mask(np.random.default_rng(1).random(len(table)) < 0.2)
    drawn = TreeSampler(n_trees=2, n_folds=0, random_state=0).fit(table).sample(2000)
    assert drawn["riders"].isna().mean() == pytest.approx(0.2, abs=0.03)


def test_a_file_with_another_function_is_refused(sampler):
    step = next(step for step in sampler._chain.steps if isinstance(step, Derived))
    for change in ({"low": 5.0, "high": 1.0}, {"decimals": 99}, {"logarithmic": 2}):
        state = step.identity.to_state()
        state.json |= change
        with pytest.raises(FileError):
            Identity.from_state(state, len(step.identity.slope))
