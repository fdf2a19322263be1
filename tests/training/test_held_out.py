"""Rows that are held out are trained on nowhere, whatever holds X in memory."""

import joblib
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.model_selection import GridSearchCV

from fdgm import VGrowSampler
from fdgm.architectures import MLP
from fdgm.nets import MemmapRows, ResidentRows, RowsWithout, hold_out
from fdgm.options import EarlyStopping, Network

X = np.random.default_rng(0).normal([1.0, -20.0], [0.1, 5.0], size=(300, 2))


@pytest.fixture
def mapped(tmp_path):
    np.save(tmp_path / "x.npy", X)
    return np.load(tmp_path / "x.npy", mmap_mode="r")


@pytest.mark.filterwarnings("ignore::fdgm.exceptions.ConstantRatioWarning")  # its samples are one
def test_a_fit_is_the_same_bits_memory_mapped_or_not(trainee, mapped):
    fits = []
    for data in (X, mapped):
        model = trainee.stopping_early(max_iter=3)
        fits.append(trainee.bits(model.fit(data, mapped[::-1]) if trainee.is_ratio else model.fit(data)))
    assert fits[0] == fits[1]


@pytest.mark.parametrize("is_mapped", [False, True])
def test_held_out_rows_are_not_trained_on(trainee, mapped, is_mapped, monkeypatch):
    """Each row of X has a number of its own, and the two sets of numbers have none in common."""
    trained, compared = set(), set()
    for cls in (MemmapRows, ResidentRows):
        take = cls.take

        def sees(rows, index, take=take):
            batch = take(rows, index)
            trained.update(batch[:, 1].tolist())
            return batch

        monkeypatch.setattr(cls, "take", sees)
    model = trainee.stopping_early(max_iter=3)
    original = type(model)._hold_out

    def hold_out(estimator, X, *beside):
        found = original(estimator, X, *beside)
        kept = estimator.net_.held_out_[0] if trainee.is_ratio else found[1][0].X_val
        compared.update(kept[:, 1].tolist())
        return found

    monkeypatch.setattr(type(model), "_hold_out", hold_out)
    data = mapped if is_mapped else X
    trainee.fit(model, data)
    assert len(compared) == 30
    assert len(trained) > 100
    assert not trained & compared


@given(st.integers(2, 60).flatmap(lambda n: st.tuples(st.just(n), st.integers(1, n - 1), st.integers(0, 99))))
def test_mapped_rows_without_some_are_those_of_an_array_without_them(case):
    n, k, seed = case
    array = np.arange(n, dtype=np.float32)[:, None]
    held_out = hold_out(n, k, np.random.default_rng(seed))
    assert len(np.unique(held_out)) == k
    rows = RowsWithout(MemmapRows(array, torch.from_numpy), held_out)
    kept = rows.take(torch.arange(len(rows)))
    np.testing.assert_array_equal(kept.numpy(), np.delete(array, held_out, axis=0))


def test_holding_rows_out_takes_no_memory_of_the_number_of_rows():
    """Of 10^12 rows an index would not fit."""
    held_out = hold_out(10**12, 2000, np.random.default_rng(0))
    assert len(np.unique(held_out)) == 2000


@pytest.mark.slow
def test_a_grid_search_is_the_same_in_two_workers():
    """joblib maps what it hands to workers, here from the first byte on."""
    model = VGrowSampler(
        architecture=MLP(width=8, depth=1),
        batch_size=16,
        max_iter=2,
        random_state=0,
        generator=Network(n_particles=32, n_particle_steps=1, passes=1, n_warmup_steps=1),
        early_stopping=EarlyStopping(every=1),
    )
    scores = []
    for n_jobs in (1, 2):
        search = GridSearchCV(model, {"step_size": [0.1, 0.2]}, cv=2, n_jobs=n_jobs, refit=False)
        with joblib.parallel_config("loky", max_nbytes=1):
            scores.append(search.fit(X).cv_results_["mean_test_score"])
    np.testing.assert_array_equal(*scores)
