"""What the table of samplers says: independent rows, held-out rows, and models that cannot be told apart."""

import importlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from fdgm.metrics import energy_units

ROOT = Path(__file__).parents[1]


@pytest.fixture
def data(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))
    return importlib.import_module("benchmarks.samplers._data")


@pytest.fixture
def summary(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))
    return importlib.import_module("benchmarks.samplers._summary")


@pytest.mark.parametrize("name", ["ring", "grid", "circles", "moons", "pinwheel"])
def test_real_rows_have_one_on_average(data, name):
    """As in the tests of `energy_units`: a mean of k draws has a deviation of at most √(2/k)."""
    rng, k = np.random.default_rng(0), 100
    draw, delta = data.DRAWN[name], data.real_distance(name, 0)
    units = [energy_units(draw(100, rng), draw(100, rng), real_distance=delta) for _ in range(k)]
    assert np.mean(units) == pytest.approx(1, abs=4 * np.sqrt(2 / k))


@pytest.mark.parametrize("name", ["digits", "wine", "breast cancer", "diabetes"])
def test_real_data_are_split_into_training_and_held_out_rows(data, name):
    X, held_out = data.training(name, 1), data.reference(name, 1, 0)
    both = np.concatenate([X, held_out])
    whole = data.REAL[name]()
    np.testing.assert_array_equal(both[np.lexsort(both.T)], whole[np.lexsort(whole.T)])
    assert len(X) > 2 * len(held_out) - 3
    scaled = data.units_of(name, 1)(X)
    assert name == "digits" or np.allclose(scaled.std(axis=0), 1)


def test_draws_differ_by_number_and_seed_and_are_alike_for_all_models(data):
    first = data.reference("ring", 0, 0)
    np.testing.assert_array_equal(first, data.reference("ring", 0, 0))
    assert not np.array_equal(first, data.reference("ring", 0, 1))
    assert not np.array_equal(first, data.reference("ring", 1, 0))
    assert not np.array_equal(first, data.training("ring", 0)[: len(first)])


def runs(**models):
    return [{"data": "d", "seconds": 1.0, "model": m, "seed": s, "units": u} for m, us in models.items()
            for s, u in enumerate(us)]  # fmt: skip


def test_a_model_is_told_from_the_best_by_paired_differences(summary):
    """b is always 1 above a, on seeds that differ by more; c is above or below by more."""
    a = [1.0, 4.0, 2.0, 8.0, 3.0]
    b = [u + 1 + 0.1 * (-1) ** i for i, u in enumerate(a)]
    c = [u + step for u, step in zip(a, [2.0, -1.0, 2.0, -1.5, 1.0], strict=True)]
    assert summary.among_the_first(pd.DataFrame(runs(a=a, b=b, c=c))) == {"a", "c"}


def test_one_seed_has_one_first(summary):
    assert summary.among_the_first(pd.DataFrame(runs(a=[2.0], b=[1.9]))) == {"b"}


def test_a_model_of_fewer_seeds_is_not_compared(summary):
    once = runs(lucky=[0.5])
    assert summary.among_the_first(pd.DataFrame([*runs(a=[1.0, 1.1], b=[3.0, 3.1]), *once])) == {"a"}


def test_the_interval_is_students(summary):
    """Differences 1, 2 and 3: 2 ± 4.303 · 1/√3."""
    assert summary.covers_zero(np.array([1.0, 2.0, 3.0]))
    assert not summary.covers_zero(np.array([2.0, 2.5, 3.0]))
    assert not summary.covers_zero(np.array([0.0]))


def test_failures_are_counted_and_do_not_win(summary):
    failed = {"data": "d", "seconds": 1.0, "model": "b", "seed": 0, "failed": "it broke"}
    rows = summary.summary([*runs(a=[2.0, 3.0]), failed])
    assert [(row["model"], row["first"], row["failed"], row["seeds"]) for row in rows] == [
        ("a", True, 0, 2),
        ("b", False, 1, 1),
    ]
    assert rows[0]["units"]["median"] == 2.5
    assert "units" not in rows[1]


def test_real_data_are_ranked_by_the_distance_itself(summary):
    rows = [{**run, "data": "wine", "energy_distance": 5 - run["units"]} for run in runs(a=[2.0], b=[3.0])]
    assert [row["first"] for row in summary.summary(rows)] == [False, True]
