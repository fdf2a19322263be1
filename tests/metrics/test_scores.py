"""Inception score and mode score: their bounds, values by hand, and torch-fidelity's figure."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from fdgm.metrics import inception_score, mode_score

SETTINGS = settings(max_examples=40, deadline=None, derandomize=True)


def dirichlet(n, n_classes, seed=0, concentration=0.3):
    return np.random.default_rng(seed).dirichlet(np.full(n_classes, concentration), size=n)


def one_hot(*counts):
    return np.repeat(np.eye(len(counts)), counts, axis=0)


class TestInceptionScore:
    @pytest.mark.parametrize("n_classes", [2, 10, 1008])
    def test_sure_and_even_is_the_number_of_classes(self, n_classes):
        assert inception_score(np.eye(n_classes)) == pytest.approx(n_classes, rel=1e-12)

    def test_collapsed_is_one(self):
        assert inception_score(one_hot(7, 0, 0)) == 1.0

    def test_sure_samples_give_the_exponential_of_the_entropy_of_fractions(self):
        assert inception_score(one_hot(5, 3, 2)) == pytest.approx(np.exp(stats.entropy([5, 3, 2])), rel=1e-12)

    @SETTINGS
    @given(st.integers(1, 20), st.integers(1, 8), st.integers(0, 99))
    def test_from_one_to_the_number_of_classes(self, n, n_classes, seed):
        assert 1.0 <= inception_score(dirichlet(n, n_classes, seed)) <= n_classes * (1 + 1e-12)

    @pytest.mark.parametrize("n_splits", [1, 10, 7])
    def test_agrees_with_torch_fidelity(self, fidelity, n_splits):
        logits = torch.from_numpy(4 * np.random.default_rng(0).standard_normal((400, 30)))
        expected = fidelity.metric_isc.isc_features_to_metric(logits, splits=n_splits, rng_seed=5)
        value = inception_score(logits.softmax(dim=1), n_splits=n_splits, random_state=np.random.RandomState(5))
        assert value == pytest.approx(expected["inception_score_mean"], rel=1e-6)

    def test_rows_of_half_precision_are_put_right(self):
        p = dirichlet(50, 6)
        assert inception_score(p.astype(np.float16)) == pytest.approx(inception_score(p), rel=1e-2)

    def test_same_seed_same_bits(self):
        p = dirichlet(50, 6)
        scores = [inception_score(p, n_splits=5, random_state=seed) for seed in (1, 1, 2)]
        assert scores[0] == scores[1] != scores[2]

    @pytest.mark.parametrize("n_splits", [0, 11, 2.0])
    def test_refuses_n_splits(self, n_splits):
        with pytest.raises(ValueError, match=f"n_splits of inception_score .* got {n_splits}"):
            inception_score(dirichlet(10, 3), n_splits=n_splits)


class TestModeScore:
    @pytest.mark.parametrize("seed", range(3))
    def test_is_the_inception_score_where_the_shares_agree(self, seed):
        p = dirichlet(40, 5, seed)
        assert mode_score(p, p[::-1]) == pytest.approx(inception_score(p), rel=1e-12)

    def test_falls_by_the_divergence_of_the_fractions(self):
        real, generated = one_hot(8, 1, 1), one_hot(2, 4, 4)
        expected = inception_score(generated) * np.exp(-stats.entropy([2, 4, 4], [8, 1, 1]))
        assert mode_score(real, generated) == pytest.approx(expected, rel=1e-12)

    def test_is_the_inverse_share_of_the_mode_that_is_left(self):
        # All of one class whose real fraction is q: exp(0 − log 1/q).
        assert mode_score(one_hot(1, 3), one_hot(9, 0)) == pytest.approx(0.25, rel=1e-12)

    def test_zero_for_a_class_that_the_data_lack(self):
        assert mode_score(one_hot(5, 0), one_hot(1, 1)) == 0.0

    def test_refuses_other_classes(self):
        with pytest.raises(ValueError, match=r"probabilities_generated of mode_score .* which has 2, got 3"):
            mode_score(one_hot(1, 1), one_hot(1, 1, 1))


@pytest.mark.parametrize(
    ("p", "received"),
    [
        ([[0.5, 0.6], [0.5, 0.5]], "row 0 with least entry 0.5 and sum 1.1"),
        ([[0.5, 0.5], [-0.5, 1.5]], "row 1 with least entry -0.5 and sum 1 "),
        ([0.5, 0.5], r"got shape \(2,\)"),
        ([[np.nan, 1.0]], "got nan in row 0, column 0"),
        (np.empty((0, 3)), r"got shape \(0, 3\)"),
    ],
)
class TestRefuses:
    def test_inception_score(self, p, received):
        with pytest.raises(ValueError, match=f"^probabilities of inception_score .*{received}"):
            inception_score(p)

    def test_mode_score(self, p, received):
        with pytest.raises(ValueError, match=f"^probabilities_real of mode_score .*{received}"):
            mode_score(p, [[0.5, 0.5]])
        with pytest.raises(ValueError, match=f"^probabilities_generated of mode_score .*{received}"):
            mode_score([[0.5, 0.5]], p)
