"""What every registered density ratio keeps, whoever wrote it."""

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

import fdgm
from fdgm import registry

RNG = np.random.default_rng(0)
D = 2
P = RNG.normal(0.5, 1.0, size=(300, D))
Q = RNG.normal(0.0, 1.2, size=(200, D))
X = RNG.normal(size=(50, D))
NAMES = fdgm.available("density_ratio")


def make(name):
    """A small estimator of the class, with a seed where it takes one."""
    cls = registry.get("density_ratio", name)
    taken = cls().get_params(deep=False)
    return cls(**{key: value for key, value in {"random_state": 0, "max_iter": 20}.items() if key in taken})


@pytest.fixture(scope="module", params=NAMES)
def fitted(request):
    return make(request.param).fit(P, Q)


def test_log_ratios_are_finite_and_one_a_row(fitted):
    values = fitted.log_ratio(X)
    assert values.shape == (50,)
    assert values.dtype == np.float64
    assert np.isfinite(values).all()


def test_far_points_stay_finite(fitted):
    assert np.isfinite(fitted.log_ratio(1e3 * X)).all()


def test_the_ratio_is_the_exponential(fitted):
    np.testing.assert_allclose(fitted.ratio(X), np.exp(fitted.log_ratio(X)))


def test_the_order_of_rows_and_their_company_do_not_matter(fitted):
    # Rows in another place of a matrix product may differ in the last bits, of 24 where it is one in float32.
    np.testing.assert_allclose(fitted.log_ratio(X[::-1])[::-1], fitted.log_ratio(X), rtol=1e-4, atol=1e-4)


def test_the_tensor_is_the_array(fitted):
    if fitted.has_gradient:
        tensor = fitted.log_ratio_tensor(torch.from_numpy(X))
        assert tensor.dtype == torch.float64
        np.testing.assert_allclose(tensor.detach().numpy(), fitted.log_ratio(X), rtol=1e-4, atol=1e-4)


def test_the_gradient_is_the_slope_of_the_log_ratio(fitted):
    """Against central differences: in float32 inside, an error of 1e-7 over a step of 2e-2 and h² of the third."""
    if not fitted.has_gradient:
        pytest.skip("no gradient")
    x = torch.from_numpy(X[:8]).requires_grad_()
    (gradient,) = torch.autograd.grad(fitted.log_ratio_tensor(x).sum(), x)
    for column in range(D):
        step = np.zeros(D)
        step[column] = 1e-2
        slope = (fitted.log_ratio(X[:8] + step) - fitted.log_ratio(X[:8] - step)) / 2e-2
        np.testing.assert_allclose(gradient[:, column].numpy(), slope, rtol=0.02, atol=0.02)


def test_no_gradient_names_those_that_have_one(fitted):
    if fitted.has_gradient:
        pytest.skip("it has one")
    with pytest.raises(NotImplementedError, match=r"'kliep'.*'ulsif'"):
        fitted.log_ratio_tensor(torch.from_numpy(X))


def test_weights_have_mean_one(fitted):
    weights = fitted.importance_weights(X)
    assert (weights >= 0).all()
    np.testing.assert_allclose(weights.mean(), 1)
    np.testing.assert_allclose(weights * fitted.ratio(X).mean(), fitted.ratio(X))


def test_files_bring_it_back(fitted, tmp_path):
    try:
        fitted.save(tmp_path / "r")
    except TypeError:
        pytest.skip("refused by name")
    again = fdgm.load(tmp_path / "r")
    assert type(again) is type(fitted)
    np.testing.assert_array_equal(again.log_ratio(X), fitted.log_ratio(X))
    np.testing.assert_array_equal(again.log_ratio_q_, fitted.log_ratio_q_)
    assert again.estimate_divergence("js") == fitted.estimate_divergence("js")


@pytest.mark.parametrize("name", NAMES)
def test_the_first_sample_is_the_numerator(name):
    ratio = make(name).fit(RNG.normal(2.0, 1.0, size=(300, 1)), RNG.normal(-2.0, 1.0, size=(300, 1)))
    low, high = ratio.log_ratio([[-2.0], [2.0]])
    assert low < 0 < high


@pytest.mark.parametrize("name", NAMES)
def test_a_seed_gives_the_same_bits(name):
    one, other = (make(name).fit(P, Q).log_ratio(X) for _ in range(2))
    np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("name", NAMES)
def test_clones_are_unfitted(name):
    estimator = make(name)
    with pytest.raises(NotFittedError):
        clone(estimator.fit(P, Q)).log_ratio(X)
    assert clone(estimator).get_params() == make(name).get_params()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("wrong", ["nan", "text", "one row", "columns", "one dimension"])
def test_every_error_of_the_samples_says_which_comes_first(name, wrong):
    bad = {
        "nan": np.where(Q > 2, np.nan, Q),
        "text": [["a", "b"], ["c", "d"]],
        "one row": Q[:1],
        "columns": Q[:, :1],
        "one dimension": Q[:, 0],
    }[wrong]
    with pytest.raises(ValueError, match=r"X_q of (?s:.*)numerator P, first"):
        make(name).fit(P, bad)
