"""Ratios as products over bridges."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from fdgm.ratios import KLIEP, ClassifierRatio, LogisticRatio, TelescopingRatio

RNG = np.random.default_rng(0)
P, Q = RNG.normal(0.5, 1.0, size=(300, 2)), RNG.normal(-0.5, 1.0, size=(200, 2))
LINEAR = ClassifierRatio(LogisticRegression())
X = RNG.uniform(-1, 1, size=(60, 2))


@pytest.mark.parametrize("base", [LINEAR, KLIEP(width=1.0)], ids=["classifier", "kliep"])
def test_exchanging_the_samples_changes_the_sign_and_nothing_else(base):
    ratio = TelescopingRatio(base, n_bridges=2, random_state=0)
    assert ratio.antisymmetric
    one = ratio.fit(P, Q).log_ratio(X)
    np.testing.assert_array_equal(ratio.fit(Q, P).log_ratio(X), -one)


@pytest.mark.parametrize("base", [LINEAR, KLIEP(width=1.0)], ids=["classifier", "kliep"])
def test_it_is_as_differentiable_as_its_base(base):
    ratio = TelescopingRatio(base, n_bridges=1).fit(P, Q)
    assert ratio.has_gradient == isinstance(base, KLIEP)
    if ratio.has_gradient:
        x = torch.from_numpy(X).requires_grad_()
        assert torch.autograd.grad(ratio.log_ratio_tensor(x).sum(), x)[0].any()
    else:
        with pytest.raises(NotImplementedError, match="TelescopingRatio has no gradient"):
            ratio.log_ratio_tensor(torch.from_numpy(X))


def test_the_bridges_differ_little_from_one_to_the_next():
    """Of means 6 and standard deviations 1, both samples together have 3.2: a step of π/16 moves the mean by at most
    6 · √2 · sin(π/32) · 2, less than 1.7, where 6 would be told apart to all but 2 · Φ(−3) = 0.003 of log 2."""
    p, q = RNG.normal(0, 1, size=(2000, 1)), RNG.normal(6, 1, size=(2000, 1))
    ratio = TelescopingRatio(LINEAR, random_state=0).fit(p, q)
    assert len(ratio.ratios_) == 8
    assert max(part.estimate_divergence("js") / 2 for part in ratio.ratios_) < 0.4 < np.log(2)
    assert LINEAR.fit(p, q).estimate_divergence("js") / 2 > 0.65


def test_far_apart_it_beats_its_base():
    """N(0, I) and N(4·1, I) in two dimensions: log-ratio 16 − 4(x₁ + x₂)."""
    rng = np.random.default_rng(0)
    p, q, T = rng.normal(size=(1000, 2)), rng.normal(4, 1, size=(1000, 2)), rng.normal(size=(500, 2))

    def rmse(ratio):
        return np.sqrt(np.mean((ratio.fit(p, q).log_ratio(T) - (16 - 4 * T.sum(1))) ** 2))

    assert rmse(TelescopingRatio(LINEAR, random_state=0)) < rmse(LINEAR) / 2


def test_parts_have_seeds_of_their_own():
    ratio = TelescopingRatio(LogisticRatio(max_iter=1, n_critic_steps=1), n_bridges=1, random_state=0).fit(P, Q)
    seeds = [part.random_state for part in ratio.ratios_]
    assert len(set(seeds)) == 2
    assert None not in seeds


def test_parameters_out_of_range():
    with pytest.raises(ValueError, match="n_bridges"):
        TelescopingRatio(n_bridges=0).fit(P, Q)
    with pytest.raises(ValueError, match="got 'nope'"):
        TelescopingRatio("nope").fit(P, Q)


def test_a_binary_column_beside_a_normal_one():
    """P(1) = 0.8 against 0.3, and N(½, 1) against N(−½, 1): the score of the true ratio is −0.94.

    An estimate of bridges that lie off 0 and 1 tells them from both samples there: KLIEP scored −1.06 with this width,
    and −5.6 with the one that it chooses.
    """
    rng = np.random.default_rng(0)

    def rows(n, fraction, mean):
        return np.column_stack([(rng.random(n) < fraction).astype(float), rng.normal(mean, 1, n)])

    ratio = TelescopingRatio(KLIEP(width=0.7), n_bridges=5, random_state=0)
    ratio.fit(rows(1000, 0.8, 0.5), rows(1000, 0.3, -0.5))
    assert ratio.score(rows(2000, 0.8, 0.5), rows(2000, 0.3, -0.5)) > -1.0


def test_images_have_bridges_too():
    rng = np.random.default_rng(0)
    p, q = (rng.random((60, 1, 3, 3)) < fraction for fraction in (0.4, 0.6))
    ratio = TelescopingRatio(LINEAR, n_bridges=1, random_state=0).fit(p.astype(float), q.astype(float))
    assert ratio.log_ratio(p.astype(float)).shape == (60,)
