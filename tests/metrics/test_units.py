"""Units: how each measure changes where both samples are multiplied by one number, and columns change places."""

import math
import warnings
from functools import partial

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fdgm.exceptions import PrecisionWarning
from fdgm.metrics import (
    birthday_support,
    classifier_two_sample_test,
    energy_distance,
    frechet_distance,
    high_quality_fraction,
    kde_score,
    kernel_inception_distance,
    kernel_mmd,
    mode_coverage,
    one_nn_accuracy,
    precision_recall_density_coverage,
    report,
    sliced_wasserstein_distance,
    wasserstein_distance,
)

#: Each measure, and the power of the units that it has.
HOMOGENEOUS = {
    "energy": (energy_distance, 1),
    "Wasserstein": (wasserstein_distance, 1),
    "Wasserstein, p = 2": (partial(wasserstein_distance, p=2), 1),
    "sliced": (partial(sliced_wasserstein_distance, n_projections=5, random_state=0), 1),
    "sliced, p = 2": (partial(sliced_wasserstein_distance, n_projections=5, random_state=0, p=2), 1),
    "Fréchet": (frechet_distance, 2),
    "MMD": (kernel_mmd, 0),
    "biased MMD": (partial(kernel_mmd, estimator="biased", squared=False), 0),
    "precision to coverage": (partial(precision_recall_density_coverage, n_neighbors=3), 0),
    "1-NN": (one_nn_accuracy, 0),
    "two-sample test": (partial(classifier_two_sample_test, random_state=0), 0),
    "birthday": (lambda X, Y: birthday_support(X, Y, random_state=0).support_size, 0),
    "birthday's distances": (lambda X, Y: tuple(birthday_support(X, Y, random_state=0).distances), 1),
}
measures = pytest.mark.parametrize("name", HOMOGENEOUS)
SETTINGS = settings(max_examples=6, deadline=None, derandomize=True)
#: Up to where the root of the largest float is, which squares pass; those of the Fréchet distance are its value.
exponents = st.floats(-150, 150)
widths = st.sampled_from([2, 70])


def pair(width=2, n=24, seed=0, outlier=0.0):
    rng = np.random.default_rng(seed)
    X, Y = rng.standard_normal((n, width)), 0.5 + rng.standard_normal((n, width))
    if outlier:
        X[0] = Y[0] = outlier
    return X, Y


@measures
@SETTINGS
@given(exponents, widths, st.integers(0, 3))
@example(154, 2, 0)
@example(-8, 2, 0)
@example(-160, 70, 0)
def test_scale(name, exponent, width, seed):
    metric, power = HOMOGENEOUS[name]
    if power == 2:
        exponent /= 1.1  # its value is in squared units
    c = 10.0**exponent
    X, Y = pair(width, n=12 if name == "two-sample test" else 24, seed=seed)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="frechet_distance needs many more rows")
        expected, found = np.asarray(metric(X, Y)), np.asarray(metric(c * X, c * Y))
    assert found / c ** (power // 2) / c ** (power - power // 2) == pytest.approx(expected, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("p", [1, 2])
@pytest.mark.parametrize("scale", [1e-8, 1.0, 1e154])
@pytest.mark.parametrize("outlier", [1e7, 1e100])
def test_a_shared_outlier_does_not_take_the_digits_of_the_others(p, scale, outlier):
    X, Y = pair(n=200, outlier=0.0)
    far, too = pair(n=200, outlier=outlier)
    expected = wasserstein_distance(X[1:], Y[1:], p=p) * (199 / 200) ** (1 / p)
    assert wasserstein_distance(scale * far, scale * too, p=p) / scale == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("metric", [energy_distance, partial(wasserstein_distance, p=2), frechet_distance])
@pytest.mark.parametrize("width", [1, 2])
def test_a_range_that_leaves_no_digits_warns(metric, width):
    X, Y = pair(width, outlier=1e200)  # beside which the others' squares are 0
    with pytest.warns(PrecisionWarning, match="rounding leaves it fewer than three digits"):
        metric(X, Y)


@pytest.mark.parametrize("metric", [energy_distance, partial(wasserstein_distance, p=2), frechet_distance])
def test_equal_samples_do_not_warn(metric):
    X, _ = pair(width=5)
    assert metric(X, X[::-1]) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("metric", [energy_distance, wasserstein_distance, frechet_distance])
def test_the_largest_floats(metric):
    X, Y = pair()
    assert not np.isnan(metric(1e307 * X, 1e307 * Y))


@SETTINGS
@given(st.floats(-150, 150), widths)
def test_kde_score(exponent, width):
    c = 10.0**exponent
    X, Y = pair(width)
    expected = kde_score(X, Y, n_rows=1) - width * math.log(c)
    assert kde_score(c * X, c * Y, bandwidth=0.1 * c, n_rows=1) == pytest.approx(expected, rel=1e-9, abs=1e-9)


@SETTINGS
@given(exponents)
@example(160)
@example(-170)
def test_widths_thresholds_and_deviations_have_units_too(exponent):
    c = 10.0**exponent
    X, Y = pair()
    assert kernel_mmd(c * X, c * Y, bandwidth=0.7 * c) == pytest.approx(kernel_mmd(X, Y, bandwidth=0.7), rel=1e-9)
    found, expected = (birthday_support(s * X, s * Y, threshold=0.3 * s, random_state=0) for s in (c, 1.0))
    assert found.n_duplicates == expected.n_duplicates > 0
    found, expected = (mode_coverage(s * X, s * Y, std=0.05 * s) for s in (c, 1.0))
    assert (found.counts == expected.counts).all()
    assert found.reverse_kl == expected.reverse_kl
    assert high_quality_fraction(c * X, c * Y, std=0.05 * c) == expected.high_quality_fraction


@pytest.mark.parametrize("metric", [partial(kernel_mmd, kernel="polynomial"), kernel_inception_distance])
def test_a_kernel_of_fixed_units_refuses_what_it_cannot_hold(metric):
    X, Y = pair()
    with pytest.raises(ValueError, match=r"small enough for a finite kernel, got entries of up to [23]\.\d+e\+110"):
        metric(1e110 * X, 1e110 * Y)


@measures
@pytest.mark.parametrize("width", [3, 70])
def test_columns_in_another_order(name, width):
    if "sliced" in name or name == "two-sample test":
        pytest.skip("its directions, and its network's weights, are drawn by column")
    X, Y = pair(width)
    columns = np.random.default_rng(1).permutation(width)
    metric = HOMOGENEOUS[name][0]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="frechet_distance needs many more rows")
        assert metric(X[:, columns], Y[:, columns]) == pytest.approx(metric(X, Y), rel=1e-9)


@pytest.mark.parametrize("scale", [1e-8, 1e100])
def test_report(scale):
    X, Y = pair(n=40)
    tables = [report(c * X, c * Y, n_resamples=0, random_state=0) for c in (1.0, scale)]
    powers = {"frechet_distance": 2, "energy_distance": 1, "wasserstein_distance": 1, "sliced_wasserstein_distance": 1}
    for name in tables[0].index.drop("kde_score"):  # its bandwidth has units
        expected = tables[0].loc[name, "value"] * scale ** powers.get(name, 0)
        assert tables[1].loc[name, "value"] == pytest.approx(expected, rel=1e-9)
