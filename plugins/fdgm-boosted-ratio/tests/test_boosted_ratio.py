"""The contract; the trees as boxes; and the gradient for what it says it is."""

import numpy as np
import pytest
import torch
from fdgm_boosted_ratio import BoostedRatio
from fdgm_boosted_ratio._trees import boxes_of, smoothed
from sklearn.ensemble import HistGradientBoostingClassifier

import fdgm
from fdgm.testing import check_density_ratio

RNG = np.random.default_rng(0)
P = RNG.normal([1.0, 0.0], [1.0, 3.0], size=(500, 2))
Q = RNG.normal([0.0, 0.0], [1.0, 2.0], size=(700, 2))
X = torch.from_numpy(RNG.normal(size=(40, 2)))


@pytest.fixture(scope="module")
def fitted():
    return BoostedRatio(random_state=0).fit(P, Q)


@pytest.fixture(scope="module")
def classifier():
    return HistGradientBoostingClassifier(max_iter=20, random_state=0).fit(
        np.concatenate([P, Q]), [1] * 500 + [0] * 700
    )


@pytest.mark.parametrize("check", check_density_ratio(BoostedRatio))
def test_contract(check):
    check()


def test_fdgm_knows_it_by_name():
    assert type(fdgm.registry.make("density_ratio", "boosted")) is BoostedRatio
    assert "boosted" in fdgm.ratios.with_gradient()


def test_the_sum_over_boxes_is_the_decision_function(classifier):
    # No threshold lies within 1e-9 of a random row, so next to no smoothing gives the trees themselves.
    values = smoothed(boxes_of(classifier), X, torch.full((2,), 1e-12, dtype=torch.float64))
    np.testing.assert_allclose(values.numpy(), classifier.decision_function(X.numpy()), rtol=1e-10, atol=1e-10)


def test_smoothing_is_the_average_over_a_gaussian(classifier):
    deviation = torch.tensor([0.5, 1.0], dtype=torch.float64)
    noise = np.random.default_rng(1).normal(size=(20_000, 2)) * deviation.numpy()
    values = smoothed(boxes_of(classifier), X[:5], deviation)
    for x, value in zip(X[:5].numpy(), values, strict=True):
        around = classifier.decision_function(x + noise)
        assert abs(around.mean() - value.item()) < 5 * around.std() / np.sqrt(len(noise))


def test_the_gradient_is_exact_for_the_smoothed_log_ratio(fitted):
    x = X.clone().requires_grad_()
    assert torch.autograd.gradcheck(fitted.log_ratio_tensor, (x[:5],))


def test_far_from_both_samples_there_is_no_gradient(fitted):
    x = torch.tensor([[50.0, -100.0], [-50.0, 100.0]], dtype=torch.float64, requires_grad=True)
    (gradient,) = torch.autograd.grad(fitted.log_ratio_tensor(x).sum(), x)
    assert gradient.abs().max() < 1e-12


def test_images_are_rows(tmp_path):
    images = RNG.normal(size=(60, 1, 3, 3)), RNG.normal(0.5, 1, size=(60, 1, 3, 3))
    ratio = BoostedRatio(random_state=0).fit(*images)
    assert ratio.log_ratio(images[0]).shape == (60,)


def test_files_bring_it_back(fitted, tmp_path):
    fitted.save(tmp_path / "ratio")
    np.testing.assert_array_equal(fdgm.load(tmp_path / "ratio").log_ratio(X.numpy()), fitted.log_ratio(X.numpy()))


def test_a_constant_feature_has_no_scale():
    """The mean of 0.1s is rounded, which leaves them a standard deviation of 1e-17."""
    p, q = (np.column_stack([sample, np.full(len(sample), 0.1)]) for sample in (P, Q))
    assert BoostedRatio(random_state=0).fit(p, q).scale_[2] == 1


@pytest.mark.parametrize(("name", "value"), [("smoothing", 0), ("max_iter", 0), ("max_leaf_nodes", 1)])
def test_parameters_out_of_range(name, value):
    with pytest.raises(ValueError, match=f"'{name}' parameter of BoostedRatio must be .* Got {value}"):
        BoostedRatio(**{name: value}).fit(P, Q)
