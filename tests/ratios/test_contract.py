"""What every registered density ratio keeps beside its contract in fdgm.testing: errors, weights, slopes and files."""

import numpy as np
import pytest
import torch
from scipy.sparse import csr_array
from sklearn.base import clone

import fdgm
from fdgm import registry
from fdgm.exceptions import PluginError
from fdgm.ratios import ClassifierRatio, LogisticRatio, TelescopingRatio, uLSIF, with_gradient

RNG = np.random.default_rng(0)
D = 2
P = RNG.normal(0.5, 1.0, size=(300, D))
Q = RNG.normal(0.0, 1.2, size=(200, D))
X = RNG.normal(size=(50, D))
NAMES = fdgm.available("density_ratio")
QUICKER = {
    LogisticRatio: LogisticRatio(max_iter=5, n_critic_steps=10),
    TelescopingRatio: TelescopingRatio(LogisticRatio(max_iter=3, n_critic_steps=10), n_bridges=1),
}


def make(name):
    """One that is quick to fit, with a seed where it takes one."""
    cls = registry.get("density_ratio", name)
    estimator = clone(QUICKER.get(cls, cls()))
    return estimator.set_params(random_state=0) if "random_state" in estimator.get_params() else estimator


@pytest.fixture(scope="module", params=NAMES)
def fitted(request):
    return make(request.param).fit(P, Q)


def test_the_ratio_is_the_exponential(fitted):
    np.testing.assert_allclose(fitted.ratio(X), np.exp(fitted.log_ratio(X)))


def test_the_gradient_is_the_slope_of_the_log_ratio(fitted):
    """Against central differences over 2e-2: the rounding of float32, 1e-7 of values of size 1, and h² of a third."""
    if not fitted.has_gradient:
        with pytest.raises(NotImplementedError, match=r"'kliep'.*'ulsif'"):
            fitted.log_ratio_tensor(torch.from_numpy(X))
        return
    x = torch.from_numpy(X[:8]).requires_grad_()
    (gradient,) = torch.autograd.grad(fitted.log_ratio_tensor(x).sum(), x)
    for column in range(D):
        step = np.zeros(D)
        step[column] = 1e-2
        slope = (fitted.log_ratio(X[:8] + step) - fitted.log_ratio(X[:8] - step)) / 2e-2
        np.testing.assert_allclose(gradient[:, column].numpy(), slope, rtol=0.02, atol=0.02)


def test_weights_have_mean_one(fitted):
    weights = fitted.importance_weights(X)
    assert (weights >= 0).all()
    np.testing.assert_allclose(weights.mean(), 1)
    np.testing.assert_allclose(weights * fitted.ratio(X).mean(), fitted.ratio(X))


def test_the_samples_of_the_fit_are_those_of_the_estimate(fitted):
    for name in ("kl", "js"):
        assert fitted.estimate_divergence(name) == pytest.approx(fitted.estimate_divergence(name, P, Q), rel=1e-5)


def test_files_bring_it_back(fitted, tmp_path):
    fitted.save(tmp_path / "r")
    again = fdgm.load(tmp_path / "r")
    assert type(again) is type(fitted)
    np.testing.assert_array_equal(again.log_ratio(X), fitted.log_ratio(X))
    np.testing.assert_array_equal(again.log_ratio_q_, fitted.log_ratio_q_)
    assert again.estimate_divergence("js") == fitted.estimate_divergence("js")


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


@pytest.mark.parametrize("method", ["fit", "partial_fit", "update", "score", "estimate_divergence"])
@pytest.mark.parametrize("sample", ["X_p", "X_q"])
@pytest.mark.parametrize("wrong", ["nan", "columns", "sparse"])
def test_every_method_says_which_sample_is_wrong_and_which_comes_first(method, sample, wrong):
    ratio = uLSIF(width=1.0, penalty=0.1, random_state=0)
    if method != "fit":
        ratio.fit(P, Q)
    bad = {"nan": np.where(P > 2, np.nan, P), "columns": P[:, :1], "sparse": csr_array(P)}[wrong]
    samples = {"X_p": P, "X_q": Q} | {sample: bad}
    # The first sample of a fit has any number of columns, and it is the second that does not go with it.
    named = "X_q" if (method, wrong) == ("fit", "columns") else sample
    first = {"divergence": "kl"} if method == "estimate_divergence" else {}
    with pytest.raises((ValueError, TypeError), match=rf"{named} of (?s:.*)numerator P, first"):
        getattr(ratio, method)(**first, **samples)


def test_those_with_a_gradient():
    assert with_gradient() == sorted(name for name in NAMES if make(name).has_gradient)
    assert "classifier" not in with_gradient()


def test_names_that_cannot_be_had_are_not_among_them(monkeypatch):
    """One that two plugins claim, and one that does not go without arguments."""
    original = registry.make

    def make_or_not(family, name):
        if name in ("claimed", "needy"):
            raise PluginError("registered by two") if name == "claimed" else TypeError("missing an argument")
        return original(family, name)

    monkeypatch.setattr(registry, "available", lambda family: ["claimed", "needy", "kliep"])
    monkeypatch.setattr(registry, "make", make_or_not)
    assert with_gradient() == ["kliep"]


@pytest.mark.parametrize("dtype", ["<i2", ">f4", "<f2"])
def test_numbers_in_a_file_are_those_of_memory(fitted, tmp_path, dtype):
    values = np.round(4 * X).astype(dtype)
    mapped = np.memmap(tmp_path / "x", dtype=dtype, mode="w+", shape=values.shape)
    mapped[:] = values
    np.testing.assert_array_equal(fitted.log_ratio(mapped), fitted.log_ratio(values.astype(float)))


@pytest.mark.parametrize("far", [np.full((1, D), 300, np.float16), np.full((1, D), 1e20, np.float32), [[-1e100] * D]])
def test_log_ratios_of_rows_far_out_are_finite(fitted, far):
    assert np.isfinite(fitted.log_ratio(far)).all()


def test_updates_forget_the_old_samples(fitted):
    """With the samples exchanged between updates, the slope of the log-ratio turns about."""
    if isinstance(fitted, ClassifierRatio):
        pytest.skip("an update is a fit, and takes seconds")
    ratio = clone(fitted)
    for _ in range(2):
        ratio.update(P + 0.5, Q - 0.5)
    assert np.corrcoef(ratio.log_ratio(X), X.sum(axis=1))[0, 1] > 0
    for _ in range(12):
        ratio.update(Q - 0.5, P + 0.5)
    assert np.corrcoef(ratio.log_ratio(X), X.sum(axis=1))[0, 1] < 0
