"""Outliers by models."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.mixture import GaussianMixture
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from fdgm import AGEBidirectional, OutlierDetector, VGrowSampler
from fdgm.architectures import MLP

X = np.random.default_rng(0).normal([5.0, -100.0], [0.1, 20.0], size=(300, 2))
FAR = np.array([[6.0, -100.0], [5.0, 100.0]])
TINY = {"architecture": MLP(width=8, depth=1), "batch_size": 16, "max_iter": 2}


@parametrize_with_checks([OutlierDetector(GaussianMixture()), OutlierDetector(VGrowSampler(**TINY), n_samples=50)])
def test_sklearn_checks(estimator, check):
    check(estimator)


@pytest.mark.parametrize("method", ["reconstruction", "neighbors"])
@pytest.mark.parametrize("contamination", [0.02, 0.2])
def test_so_many_rows_of_fit_are_outliers(method, contamination):
    detector = OutlierDetector(GaussianMixture(), method=method, contamination=contamination, random_state=0)
    labels = detector.fit(X).predict(X)
    assert np.mean(labels == -1) == pytest.approx(contamination, abs=1 / len(X))
    assert (detector.predict(FAR) == -1).all()


def test_reconstruction_is_the_models_own_score():
    model = GaussianMixture().fit(X)
    detector = OutlierDetector(model).fit(X)
    np.testing.assert_array_equal(detector.score_samples(FAR), model.score_samples(FAR))
    np.testing.assert_array_equal(detector.decision_function(X), model.score_samples(X) - detector.offset_)


def test_neighbors_are_samples_in_units_of_their_spread():
    class Fixed(GaussianMixture):
        def sample(self, n):
            return X[:n], None

    detector = OutlierDetector(Fixed().fit(X), method="neighbors", n_samples=200, n_neighbors=3).fit(X)
    mean, std = X[:200].mean(axis=0), X[:200].std(axis=0)
    distances, _ = NearestNeighbors(n_neighbors=3).fit((X[:200] - mean) / std).kneighbors((FAR - mean) / std)
    np.testing.assert_allclose(detector.score_samples(FAR), -distances.mean(axis=1))


def test_a_fitted_model_stays_as_it_is_and_another_is_cloned():
    model = AGEBidirectional(**TINY, random_state=0).fit(X)
    before = model.transform(X)
    assert OutlierDetector(model).fit(X + 1).estimator_ is model
    np.testing.assert_array_equal(model.transform(X), before)
    unfitted = VGrowSampler(**TINY)
    detector = OutlierDetector(unfitted, random_state=0, n_samples=50).fit(X)
    with pytest.raises(NotFittedError):
        unfitted.sample()
    again = clone(detector).fit(X)
    np.testing.assert_array_equal(detector.score_samples(X), again.score_samples(X))


def test_names_of_columns_are_kept():
    table = pd.DataFrame(X, columns=["a", "b"])
    detector = OutlierDetector(GaussianMixture()).fit(table)
    np.testing.assert_array_equal(detector.predict(table[["b", "a"]]), detector.predict(table))
    with pytest.raises(ValueError, match=r"X of OutlierDetector must have the columns of X at fit"):
        detector.predict(table.rename(columns={"a": "c"}))


@pytest.mark.parametrize(
    ("params", "error", "match"),
    [
        ({"estimator": StandardScaler()}, TypeError, "must have sample with method=.auto., got a StandardScaler"),
        (
            {"estimator": VGrowSampler(), "method": "reconstruction"},
            TypeError,
            "must have score_samples .* VGrow",
        ),
        ({"contamination": 0.7}, ValueError, "contamination"),
        ({"n_neighbors": 0}, ValueError, "n_neighbors"),
        ({"method": "magic"}, ValueError, "method"),
    ],
)
def test_what_cannot_be_is_refused_before_a_model_is_fitted(params, error, match):
    with pytest.raises(error, match=match):
        OutlierDetector(**params).fit(X)
