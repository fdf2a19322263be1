"""Searches over density ratios of samples of unequal sizes."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from fdgm.ratios import StackedRatio, uLSIF

RNG = np.random.default_rng(0)
X_P, X_Q = RNG.normal([0.8, 0], 1, size=(90, 2)), RNG.normal(0, 1, size=(40, 2))
X, Y = np.concatenate([X_P, X_Q]), np.repeat([1, 0], [90, 40])


def quick(**params):
    return uLSIF(**{"width": 1.0, "penalty": 0.1, "n_centers": 20, "random_state": 0, **params})


def test_it_is_the_ratio_of_the_two_samples():
    ratio = quick().fit(X_P, X_Q)
    stacked = StackedRatio(quick()).fit(X, Y)
    np.testing.assert_array_equal(stacked.log_ratio(X), ratio.log_ratio(X))
    assert stacked.score(X, Y) == ratio.score(X_P, X_Q)
    order = RNG.permutation(len(X))
    assert StackedRatio(quick()).fit(X, Y).score(X[order], Y[order]) == pytest.approx(stacked.score(X, Y))


def test_a_search_over_samples_of_unequal_sizes():
    """Each fold holds a part of both samples out, though the rows are sorted by sample."""
    search = GridSearchCV(StackedRatio(quick()), {"ratio__width": [0.01, 1.0]}, cv=4, error_score="raise").fit(X, Y)
    assert search.best_params_ == {"ratio__width": 1.0}
    assert search.best_score_ > -2 * np.log(2)
    assert search.best_estimator_.ratio_.width_ == 1.0
    assert len(cross_val_score(make_pipeline(StandardScaler(), StackedRatio(quick())), X, Y, cv=4)) == 4


def test_its_probabilities_are_those_of_equal_priors():
    stacked = StackedRatio(quick()).fit(X, Y)
    p = stacked.predict_proba(X)
    np.testing.assert_allclose(np.log(p[:, 1] / p[:, 0]), stacked.log_ratio(X), atol=1e-9)
    np.testing.assert_array_equal(stacked.predict(X), p.argmax(axis=1))


def test_tables_go_by_name():
    D = pd.DataFrame(X, columns=["a", "b"])
    stacked = StackedRatio(quick()).fit(D, Y)
    np.testing.assert_array_equal(stacked.log_ratio(D[["b", "a"]]), stacked.log_ratio(D))
    assert (stacked.n_features_in_, list(stacked.feature_names_in_)) == (2, ["a", "b"])


def test_by_name_and_cloned():
    assert isinstance(StackedRatio("ulsif").fit(X, Y).ratio_, uLSIF)
    assert "ratio_" not in vars(clone(StackedRatio(quick()).fit(X, Y)))


@pytest.mark.parametrize("labels", [np.where(Y, 2, 1), np.ones_like(Y), np.where(Y, "p", "q")])
def test_other_labels_are_refused(labels):
    with pytest.raises(ValueError, match=r"y of StackedRatio must be 1 .* got the labels \["):
        StackedRatio(quick()).fit(X, labels)
