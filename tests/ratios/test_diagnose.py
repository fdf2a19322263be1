"""Diagnostics of density ratios, against what theory says of the true one."""

import numpy as np
import pytest
import torch
from scipy.stats import kstest

from fdgm.exceptions import ConstantRatioWarning
from fdgm.ratios import ClassifierRatio, DensityRatio, diagnose, two_sample_test


class Known(DensityRatio):
    """slope · x + offset, whatever the samples; of N(½, 1) to N(−½, 1) the log-ratio is x."""

    def __init__(self, slope=1.0, offset=0.0):
        self.slope = slope
        self.offset = offset

    def _fit(self, X_p, X_q):
        self.fitted_ = True

    def _log_ratio_tensor(self, x):
        return self.slope * x[:, 0] + self.offset


RNG = np.random.default_rng(0)
P, Q = RNG.normal(0.5, 1, size=(20_000, 1)), RNG.normal(-0.5, 1, size=(20_000, 1))


@pytest.fixture(scope="module")
def true():
    return diagnose(Known().fit(P[:10], Q[:10]), P, Q, n_permutations=19, random_state=0)


def test_the_true_ratio_has_mean_one(true):
    # Its variance under Q is e − 1.
    assert true.mean_ratio_error == pytest.approx(np.sqrt((np.e - 1) / 20_000), rel=0.2)
    assert abs(true.mean_ratio - 1) < 4 * true.mean_ratio_error


def test_the_effective_share_is_the_inverse_second_moment(true):
    """E_q[r]²/E_q[r²] = 1/e, for r is lognormal of variance 1; its estimate's relative error is some 8 n^-1/2."""
    assert true.effective_fraction == pytest.approx(np.exp(-1), rel=0.15)
    assert true.effective_sample_size == pytest.approx(20_000 * true.effective_fraction)


def test_the_true_ratio_is_calibrated(true):
    # A bin has 4,000 rows, and its fraction an error of at most 0.5/√4000 = 0.008.
    np.testing.assert_allclose(true.calibration["observed"], true.calibration["predicted"], atol=0.032)
    assert true.calibration["rows"].sum() == 40_000


def test_overconfidence_shows():
    """With the slope doubled, the lowest bin says less than is seen, and the highest more."""
    table = diagnose(Known(2.0).fit(P[:10], Q[:10]), P, Q, n_permutations=1).calibration
    assert table["predicted"].iloc[0] < table["observed"].iloc[0] - 0.05
    assert table["predicted"].iloc[-1] > table["observed"].iloc[-1] + 0.05


def test_the_log_loss_is_minus_the_score(true):
    assert true.log_loss == pytest.approx(-Known().fit(P, Q).score(P, Q))


def test_large_ratios_stay_finite():
    with pytest.warns(ConstantRatioWarning):
        ratio = Known(0.0, 800.0).fit(P[:10], Q[:10])
    found = diagnose(ratio, P[:50], Q[:50], n_permutations=1)
    assert np.isfinite([found.mean_ratio, found.effective_sample_size]).all()
    assert found.effective_fraction == pytest.approx(1)


def test_p_values_are_uniform_under_one_distribution():
    """200 tests of 60 rows each; the p-values are multiples of 1/100, a step that the distance of 0.115 at level 0.01
    is wide beside."""
    p_values = [
        two_sample_test(*rng.normal(size=(2, 60, 1)), ratio=Known(), n_permutations=99, random_state=k).p_value
        for k, rng in enumerate(np.random.default_rng(1).spawn(200))
    ]
    assert kstest(p_values, "uniform").pvalue > 0.01


def test_different_distributions_are_found():
    test = two_sample_test(P[:300], Q[:300], random_state=0)
    assert test.p_value == pytest.approx(0.001)
    assert test.statistic > 0


def test_a_ratio_that_tells_nothing_has_p_value_one():
    with pytest.warns(ConstantRatioWarning, match="tells them apart nowhere"):
        test = two_sample_test(P[:30], Q[:30], ratio=Known(0.0), random_state=0)
    assert test.p_value == 1


def test_rows_of_one_value_are_in_one_bin():
    """A ratio that says nothing has one bin, of half P: among equal rows, which come first does not matter."""
    with pytest.warns(ConstantRatioWarning):
        ratio = Known(0.0).fit(P[:10], Q[:10])
    table = diagnose(ratio, P[:50], Q[:70], n_permutations=1).calibration
    assert table["observed"].tolist() == pytest.approx([0.5])
    assert table["rows"].tolist() == [120]


def test_bins_of_tied_values_hold_all_of_them():
    """Four values among a hundred rows: bins begin where values do."""
    p, q = np.repeat([[1.0], [2.0], [3.0], [4.0]], [10, 20, 30, 40], axis=0), np.repeat([[1.0], [3.0]], 50, axis=0)
    table = diagnose(Known().fit(P[:10], Q[:10]), p, q, n_permutations=1).calibration
    assert set(table["rows"]) <= {60, 20, 80, 40}
    assert table["rows"].sum() == 200


def test_the_seed_reaches_halves_and_permutations():
    tests = [two_sample_test(P[:60], P[60:120], random_state=seed) for seed in (0, 0, 1)]
    assert tests[0] == tests[1] != tests[2]


def test_an_instance_is_left_unfitted():
    ratio = ClassifierRatio()
    two_sample_test(P[:60], Q[:60], ratio=ratio, random_state=0)
    assert not hasattr(ratio, "classifier_")


@pytest.mark.parametrize("wrong", [{"n_bins": 0}, {"n_permutations": 0}])
def test_counts_out_of_range(wrong):
    with pytest.raises(ValueError, match=f"{next(iter(wrong))} of diagnose must be .*got 0"):
        diagnose(Known().fit(P[:10], Q[:10]), P, Q, **wrong)


def test_an_unknown_ratio_is_named():
    with pytest.raises(ValueError, match="got 'nope'"):
        two_sample_test(P, Q, ratio="nope")


def test_estimates_of_divergences_are_near_the_true_ones():
    """KL of N(½, 1) to N(−½, 1) is ½, to both sides; the error is some n^-1/2."""
    ratio = Known().fit(P, Q)
    for name, expected in (("kl", 0.5), ("reverse_kl", 0.5), ("jeffreys", 1.0), ("pearson", np.e - 1)):
        assert ratio.estimate_divergence(name) == pytest.approx(expected, rel=0.05)
        assert ratio.estimate_divergence(name, P[:9000], Q[9000:]) == pytest.approx(expected, rel=0.08)


def test_the_order_of_the_divergences_arguments():
    """KL(N(0, ¼) ‖ N(0, 1)) = log 2 − 3/8 = 0.32, and the other way 3/2 − log 2 = 0.81."""

    class Quadratic(Known):
        def _log_ratio_tensor(self, x):
            return -1.5 * x[:, 0] ** 2 + np.log(2)

    rng = np.random.default_rng(0)
    ratio = Quadratic().fit(rng.normal(0, 0.5, size=(20_000, 1)), rng.normal(0, 1, size=(20_000, 1)))
    assert ratio.estimate_divergence("kl") == pytest.approx(np.log(2) - 0.375, rel=0.05)
    assert ratio.estimate_divergence("reverse_kl") == pytest.approx(1.5 - np.log(2), rel=0.05)


def test_one_sample_alone_is_refused():
    with pytest.raises(ValueError, match=r"X_q of Known\.estimate_divergence must be given"):
        Known().fit(P, Q).estimate_divergence("kl", P)


def test_a_class_without_a_log_ratio_is_refused_at_its_definition():
    with pytest.raises(TypeError, match="Nothing must define _log_ratio_tensor"):
        type("Nothing", (DensityRatio,), {"_fit": lambda self, X_p, X_q: None})


@pytest.mark.parametrize(
    ("x", "error"),
    [
        (np.zeros((2, 1)), TypeError),
        (torch.zeros(2, 1, dtype=torch.int64), TypeError),
        (torch.zeros(2, 3), ValueError),
    ],
)
def test_tensors_of_another_kind(x, error):
    with pytest.raises(error, match=r"Known\.log_ratio_tensor must"):
        Known().fit(P, Q).log_ratio_tensor(x)


def test_an_unregistered_class_cannot_be_saved(tmp_path):
    with pytest.raises(TypeError, match="Known must be registered"):
        Known().fit(P, Q).save(tmp_path / "r")
