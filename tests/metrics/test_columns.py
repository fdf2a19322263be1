"""Measures compare columns of one name, wherever they stand."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fdgm import metrics

NAMES = ["a", "b", "c"]
rng = np.random.default_rng(0)
D, G = (
    pd.DataFrame(rng.normal([0.0, 10.0, -50.0], [1.0, 2.0, 3.0], (40, 3)) + shift, columns=NAMES) for shift in (0, 1)
)
PROBABILITIES = pd.DataFrame(rng.dirichlet(np.ones(3), 40), columns=NAMES)
MEASURES = {
    "frechet_distance": metrics.frechet_distance,
    "energy_distance": metrics.energy_distance,
    "kernel_mmd": metrics.kernel_mmd,
    "one_nn_accuracy": metrics.one_nn_accuracy,
    "precision": metrics.precision_recall_density_coverage,
    "wasserstein_distance": metrics.wasserstein_distance,
    "kde_score": lambda X, Y: metrics.kde_score(X[NAMES[:2]], Y[[name for name in Y.columns if name != "c"]]),
    "sliced_wasserstein_distance": lambda X, Y: metrics.sliced_wasserstein_distance(X, Y, projections=np.eye(3)),
    "birthday_support": lambda X, Y: metrics.birthday_support(X, Y, random_state=0).support_size,
    "mode_coverage": lambda X, Y: metrics.mode_coverage(X[:3], Y, std=2.0).reverse_kl,
    "high_quality_fraction": lambda X, Y: metrics.high_quality_fraction(X[:3], Y, std=1.0),
    "bootstrap_interval": lambda X, Y: metrics.bootstrap_interval(
        metrics.energy_distance, X, Y, n_resamples=2, random_state=0
    ),
}


@pytest.mark.parametrize("measure", MEASURES.values(), ids=MEASURES)
@settings(max_examples=6)
@given(order=st.permutations(NAMES))
def test_reordering_one_table_or_both_changes_no_measure(measure, order):
    expected = measure(D, G)
    np.testing.assert_allclose(measure(D, G[order]), expected, rtol=1e-9, err_msg="of one")
    np.testing.assert_allclose(measure(D[order], G[order]), expected, rtol=1e-6, atol=1e-9, err_msg="of both")


@given(order=st.permutations(NAMES))
def test_classes_go_by_name(order):
    real, turned = PROBABILITIES[:20], PROBABILITIES[20:][order]
    assert metrics.mode_score(real, turned) == metrics.mode_score(real, PROBABILITIES[20:])
    assert metrics.mode_coverage(real, turned).reverse_kl == metrics.mode_coverage(real, PROBABILITIES[20:]).reverse_kl


def test_a_report_goes_by_name():
    turned = ["c", "a", "b"]
    params = {"std": 2.0, "n_resamples": 0, "random_state": 0}
    expected = metrics.report(D, G, G + 0.5, centers=D[:2], **params)
    found = metrics.report(D, G[turned], (G + 0.5)[turned[::-1]], centers=D[:2][turned], **params)
    pd.testing.assert_frame_equal(found, expected)


@pytest.mark.parametrize("measure", MEASURES.values(), ids=MEASURES)
def test_other_columns_are_refused_by_name(measure):
    with pytest.raises(ValueError, match=r"must have the columns of .* got none of \['a'\] and also \['z'\]"):
        measure(D, G.rename(columns={"a": "z"}))


def test_a_report_refuses_other_columns_by_name():
    for held_out, centers, name in ((G.drop(columns="b"), None, "X_held_out"), (None, G[:2].drop(columns="b"), "cent")):
        with pytest.raises(ValueError, match=name + r".* of report .*none of \['b'\]"):
            metrics.report(D, G, held_out, centers=centers, std=None if centers is None else 1.0)


def test_a_classifiers_test_goes_by_name():
    """Its network draws weights for each place, so that it is invariant where one table is reordered alone."""
    turned = metrics.classifier_two_sample_test(D[:20], G[:20][["c", "a", "b"]], random_state=0)
    assert turned == metrics.classifier_two_sample_test(D[:20], G[:20], random_state=0)


def test_integer_names_and_levels_are_names():
    numbered, turned = D.set_axis([3, 1, 2], axis=1), G.set_axis([3, 1, 2], axis=1)[[1, 2, 3]]
    assert metrics.energy_distance(numbered, turned) == metrics.energy_distance(D, G)
    levels = pd.MultiIndex.from_tuples([("x", 1), ("x", 2), ("y", 1)])
    leveled, turned = D.set_axis(levels, axis=1), G.set_axis(levels, axis=1)[levels[[2, 0, 1]]]
    assert metrics.energy_distance(leveled, turned) == metrics.energy_distance(D, G)


def test_an_array_goes_by_position():
    assert metrics.energy_distance(D, G.to_numpy()) == metrics.energy_distance(D, G)
