"""The contract of a density-ratio estimator: the numerator first, a log-ratio, its gradient, its seed and its file."""

import tempfile
import warnings
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from sklearn.base import clone

from ..exceptions import ConstantRatioWarning
from ..ratios import DensityRatio
from ._check import Checks, Property, require
from ._component import global_states, instance, stored

__all__ = ["check_density_ratio"]

_N = 1000
_CLOSE = 1e-3  # of float32 inside, in another order or another routine
# Estimates from a thousand rows each, by kernels, trees and critics of a few seconds, have slopes from 0.94 to 1.26.
# They are off by 0.12 at most. Logarithms to base 2 have 1.44 times the slope, and twice the ratio is off by 0.69.
_SLOPES, _OFFSET = (0.7, 1.33), 0.4
_UNITS = 0.2  # of values up to 1; an estimate that draws afresh differs by 0.07


def check_density_ratio(cls: type[DensityRatio] | DensityRatio) -> Checks:
    """The contract of a density-ratio estimator, as named checks.

    Parameters
    ----------
    cls : class of DensityRatio, or an instance
        A class is checked with its default parameters. An instance is checked with its own, which may make it quicker.
        A `random_state` is set if there is one.

    Returns
    -------
    Checks
        Loop over them, ``run()`` them, or give them to pytest. Gradients are checked if `has_gradient` claims them, and
        other units if `scale_invariant` promises that they do not matter.

    Raises
    ------
    TypeError
        If `cls` is not a density ratio.

    Notes
    -----
    The two samples have a thousand rows each, from the normal distributions N((½, 0), I) and N((−½, 0), I). Their
    log-ratio is x₁. The other checks rely on shapes and finite values. While one of these fails, the others are
    skipped.

    Examples
    --------
    >>> from fdgm.ratios import KLIEP
    >>> from fdgm.testing import check_density_ratio
    >>> check_density_ratio(KLIEP(width=1.0)).run()
    """
    trial = _Trial(instance("check_density_ratio", cls, DensityRatio))
    properties: list[Property] = [
        numerator_comes_first,
        exchanging_the_samples_changes_the_sign,
        log_ratio_is_near_the_true_one,
        sizes_of_the_samples_do_not_matter,
        rows_are_judged_one_by_one,
        seed_is_obeyed,
        global_state_is_untouched,
        parameters_are_left_alone,
        can_be_saved,
        update_follows_samples_that_move,
    ]
    if trial.estimator.scale_invariant:
        properties += [units_do_not_matter]
    if trial.estimator.has_partial_fit:
        properties += [partial_fit_goes_on, partial_fit_heeds_every_batch]
    if trial.estimator.has_gradient:
        properties += [tensor_agrees_with_the_array, gradient_is_attached, gradient_follows_the_log_ratio]
    return Checks(trial, [has_the_right_shape, is_finite], properties)


def _normal(mean: float, n: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal([mean, 0.0], 1.0, size=(n, 2))


def _fitted(estimator: DensityRatio, X_p: np.ndarray, X_q: np.ndarray) -> DensityRatio:
    """Fit the estimator. The checks judge a constant ratio, so its warning is ignored."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConstantRatioWarning)
        return estimator.fit(X_p, X_q)


class _Trial:
    """An estimator, and one fit of it that several checks look at."""

    def __init__(self, estimator: DensityRatio) -> None:
        seed = {"random_state": 0} if "random_state" in estimator.get_params(deep=False) else {}
        self.estimator = clone(estimator).set_params(**seed)
        self.X = np.random.default_rng(2).uniform(-1, 1, size=(60, 2))

    def fit(self, n_p: int = _N, n_q: int = _N, shift: float = 0.5) -> DensityRatio:
        """Fit a fresh estimator to P around `shift` and Q around minus `shift`."""
        return _fitted(clone(self.estimator), _normal(shift, n_p, 0), _normal(-shift, n_q, 1))

    @cached_property
    def fitted(self) -> DensityRatio:
        return self.fit()

    def __repr__(self) -> str:
        return repr(self.estimator)


def has_the_right_shape(trial: _Trial) -> None:
    try:
        fitted = trial.fitted
    except ValueError as error:
        raise AssertionError(f"fit of {trial!r} must learn to give one number a row, but raised: {error}") from error
    require(isinstance(fitted, DensityRatio), f"fit of {trial!r} must return the estimator itself, got {fitted!r}")
    values = fitted.log_ratio(trial.X)
    require(
        isinstance(values, np.ndarray) and values.shape == (60,) and values.dtype == np.float64,
        f"log_ratio of {trial!r} must return a float64 array of shape (60,) for 60 rows",
    )
    if trial.estimator.has_gradient:
        for dtype in (torch.float32, torch.float64):
            tensor = trial.fitted.log_ratio_tensor(torch.from_numpy(trial.X).to(dtype))
            require(
                tensor.shape == (60,) and tensor.dtype == dtype,
                f"log_ratio_tensor of {trial!r} must return shape (60,) and {dtype} for 60 rows of that dtype, got"
                f" {tuple(tensor.shape)} and {tensor.dtype}",
            )
    for n in (1, 3):
        _columns(trial, n)


def _columns(trial: _Trial, n: int) -> None:
    """Check that samples of n columns are accepted."""
    rng = np.random.default_rng(3)
    X_p, X_q = rng.normal(0.3, 1.0, size=(60, n)), rng.normal(-0.3, 1.0, size=(60, n))
    try:
        values = _fitted(clone(trial.estimator), X_p, X_q).log_ratio(X_p)
    except (ValueError, TypeError, IndexError, RuntimeError) as error:
        raise AssertionError(f"{trial!r} must take rows of {n} columns, but raised: {error}") from error
    require(
        values.shape == (60,) and bool(np.isfinite(values).all()),
        f"log_ratio of {trial!r} must be finite numbers of shape (60,) for 60 rows of {n} columns",
    )


def is_finite(trial: _Trial) -> None:
    for scale in (1, 1e3):
        values = trial.fitted.log_ratio(scale * trial.X)
        broken = ~np.isfinite(values)
        require(
            not broken.any(),
            f"log_ratio of {trial!r} must be finite everywhere, but is {values[broken][:1]} at"
            f" {(scale * trial.X)[broken][:1].tolist()}",
        )


def numerator_comes_first(trial: _Trial) -> None:
    at_p, at_q = trial.fitted.log_ratio(np.array([[2.0, 0.0], [-2.0, 0.0]]))
    require(
        at_p > at_q,
        f"fit of {trial!r} takes the numerator's sample first: its log_ratio is {at_p:.4g} where the first sample is"
        f" denser, and {at_q:.4g} where the second is; are they exchanged?",
    )


def exchanging_the_samples_changes_the_sign(trial: _Trial) -> None:
    there = trial.fitted.log_ratio(trial.X)
    back = _fitted(clone(trial.estimator), _normal(-0.5, _N, 1), _normal(0.5, _N, 0)).log_ratio(trial.X)
    if trial.estimator.antisymmetric:
        require(
            np.array_equal(there, -back),
            f"{trial!r} promises to be antisymmetric, but with the samples exchanged its log_ratio is not minus what it"
            f" was: they differ by up to {np.abs(there + back).max():.3g}",
        )
    slopes = [_slope(trial, values) for values in (there, back)]
    require(
        abs(sum(slopes)) <= 0.5 * abs(slopes[0]),
        f"log_ratio of {trial!r} must change its sign with the samples exchanged, but its slopes are"
        f" {slopes[0]:.3g} and {slopes[1]:.3g}",
    )


def _slope(trial: _Trial, values: np.ndarray) -> float:
    """The slope of a straight line through the values over x₁, which is the true log-ratio."""
    return float(np.polyfit(trial.X[:, 0], values, 1)[0])


def log_ratio_is_near_the_true_one(trial: _Trial) -> None:
    """Up to its sign, which has a check of its own."""
    values = trial.fitted.log_ratio(trial.X)
    slope = _slope(trial, values)
    offset = float(np.median(values - np.sign(slope) * trial.X[:, 0]))
    require(
        _SLOPES[0] <= abs(slope) <= _SLOPES[1] and abs(offset) <= _OFFSET,
        f"log_ratio of {trial!r} must be the natural logarithm of the ratio, which here is x1: a straight line through"
        f" its values has slope {slope:.3g} instead of 1, and is off by {offset:.3g}",
    )


def sizes_of_the_samples_do_not_matter(trial: _Trial) -> None:
    """One sample has four times the rows of the other. Who counts rows is off by log 4 = 1.39.

    Who orders classes by their size may change the sign.
    """
    even = trial.fitted.log_ratio(trial.X)
    for n_p, n_q in ((_N, _N // 4), (_N // 4, _N)):
        uneven = trial.fit(n_p, n_q).log_ratio(trial.X)
        offset = float(np.median(uneven - even))
        require(
            abs(offset) <= _OFFSET or _slope(trial, uneven) * _slope(trial, even) < 0,
            f"log_ratio of {trial!r} must not depend on the sizes of the samples, but its median changes by"
            f" {offset:.3g} with {n_p} rows against {n_q}",
        )
        require(
            0.5 <= _slope(trial, uneven) / _slope(trial, even) <= 2,
            f"log_ratio of {trial!r} must not depend on the sizes of the samples, but its slope goes from"
            f" {_slope(trial, even):.3g} to {_slope(trial, uneven):.3g} with {n_p} rows against {n_q}",
        )


def units_do_not_matter(trial: _Trial) -> None:
    """With units a hundred million times larger or smaller, an absolute tolerance shows."""
    values = []
    for unit in (1.0, 1e-8, 1e8):
        samples = _normal(0.5, _N // 4, 0), _normal(-0.5, _N // 4, 1)
        fitted = _fitted(clone(trial.estimator), *(unit * X for X in samples))
        values.append(fitted.log_ratio(unit * trial.X))
        difference = float(np.abs(values[-1] - values[0]).max())
        require(
            difference <= _UNITS,
            f"{trial!r} promises to be scale_invariant, but with both samples times {unit:g} its log_ratio differs by"
            f" up to {difference:.3g}",
        )


def rows_are_judged_one_by_one(trial: _Trial) -> None:
    together = trial.fitted.log_ratio(trial.X)
    alone = np.concatenate([trial.fitted.log_ratio(row[None]) for row in trial.X[:5]])
    require(
        np.allclose(together[:5], alone, rtol=_CLOSE, atol=_CLOSE),
        f"log_ratio of {trial!r} must judge each row by itself, but it changes with the other rows by up to"
        f" {np.abs(together[:5] - alone).max():.3g}",
    )


def seed_is_obeyed(trial: _Trial) -> None:
    first, again = (ratio.log_ratio(trial.X) for ratio in (trial.fitted, trial.fit()))
    require(
        np.array_equal(first, again),
        f"two fits of {trial!r} with the same rows and the same random_state must give the same bits, but differ by"
        f" {np.abs(first - again).max():.3g}",
    )


def global_state_is_untouched(trial: _Trial) -> None:
    before = global_states()
    _fitted(clone(trial.estimator), trial.X, trial.X[::2]).log_ratio(trial.X)
    changed = [name for name, state in global_states().items() if state != before[name]]
    require(
        not changed,
        f"{trial!r} must draw from its random_state alone, but it moved the global state of {', '.join(changed)}",
    )


def parameters_are_left_alone(trial: _Trial) -> None:
    estimator = clone(trial.estimator)
    before = repr(estimator.get_params())
    after = repr(_fitted(estimator, trial.X, trial.X).get_params())
    require(before == after, f"fit of {trial!r} must not change its parameters, but they went from {before} to {after}")


def can_be_saved(trial: _Trial) -> None:
    with tempfile.TemporaryDirectory() as folder:
        again = stored(trial.fitted, Path(folder, "ratio"))
    require(
        np.array_equal(again.log_ratio(trial.X), trial.fitted.log_ratio(trial.X)),
        f"log_ratio of {type(again).__name__} differs after saving and loading, which keep its parameters and what"
        " to_state gives",
    )


def partial_fit_goes_on(trial: _Trial) -> None:
    """Two halves, one after the other, give about the slope of the whole."""
    X_p, X_q = _normal(0.5, _N, 0), _normal(-0.5, _N, 1)
    half = _N // 2
    estimator = clone(trial.estimator).partial_fit(X_p[:half], X_q[:half]).partial_fit(X_p[half:], X_q[half:])
    whole, halves = (_slope(trial, ratio.log_ratio(trial.X)) for ratio in (trial.fitted, estimator))
    require(
        0.5 * abs(whole) <= np.sign(whole) * halves <= 1.6 * abs(whole),
        f"partial_fit of {trial!r} must learn what fit does, but on two halves of the samples, one after the other, the"
        f" log_ratio has slope {halves:.3g}, after fit {whole:.3g}",
    )


def partial_fit_heeds_every_batch(trial: _Trial) -> None:
    """The first samples are near one another, the later ones farther apart. The later ones alone give another ratio."""
    near, far = ((_normal(m, _N, k), _normal(-m, _N, k + 1)) for m, k in ((0.25, 0), (1.0, 2)))
    both = clone(trial.estimator).partial_fit(*near)
    before = abs(_slope(trial, both.log_ratio(trial.X)))
    after = abs(_slope(trial, both.partial_fit(*far).log_ratio(trial.X)))
    require(
        after > 1.25 * before,
        f"partial_fit of {trial!r} must learn from later rows too, but with samples four times as far apart the"
        f" log_ratio's slope goes from {before:.3g} to {after:.3g}",
    )
    alone = clone(trial.estimator).partial_fit(*far)
    require(
        not np.array_equal(both.log_ratio(trial.X), alone.log_ratio(trial.X)),
        f"partial_fit of {trial!r} must not forget earlier rows, but its log_ratio is what the last ones alone give",
    )


def update_follows_samples_that_move(trial: _Trial) -> None:
    """The samples move to twice the distance in small steps. A fit finds twice the slope, an update half of the way."""
    estimator = clone(trial.estimator).update(_normal(0.5, _N, 0), _normal(-0.5, _N, 1))
    before = _slope(trial, estimator.log_ratio(trial.X))
    try:
        for k in range(1, 11):
            shift = 0.5 + 0.05 * k
            estimator.update(_normal(shift, _N, 2 * k), _normal(-shift, _N, 2 * k + 1))
    except (ValueError, TypeError, NotImplementedError, RuntimeError) as error:
        raise AssertionError(f"update of {trial!r} must take samples that moved, but raised: {error}") from error
    after = _slope(trial, estimator.log_ratio(trial.X))
    require(
        after * np.sign(before) > 1.25 * abs(before),
        f"update of {trial!r} must follow samples that move, the numerator's first, but as they went twice as far apart"
        f" its log_ratio's slope went from {before:.3g} to {after:.3g}",
    )


def tensor_agrees_with_the_array(trial: _Trial) -> None:
    array = trial.fitted.log_ratio(trial.X)
    for dtype in (torch.float32, torch.float64):
        tensor = trial.fitted.log_ratio_tensor(torch.from_numpy(trial.X).to(dtype)).detach().numpy()
        require(
            np.allclose(tensor, array, rtol=_CLOSE, atol=_CLOSE),
            f"log_ratio_tensor and log_ratio of {trial!r} must agree, but in {dtype} they differ by up to"
            f" {np.abs(tensor - array).max():.3g}",
        )


def _gradient(trial: _Trial, dtype: torch.dtype = torch.float64) -> torch.Tensor | None:
    x = torch.from_numpy(trial.X).to(dtype).requires_grad_()
    value = trial.fitted.log_ratio_tensor(x)
    return torch.autograd.grad(value.sum(), x, allow_unused=True)[0] if value.requires_grad else None


def gradient_is_attached(trial: _Trial) -> None:
    for dtype in (torch.float32, torch.float64):
        gradient = _gradient(trial, dtype)
        require(
            gradient is not None and gradient.any() and torch.isfinite(gradient).all(),
            f"{trial!r} claims a gradient by has_gradient, but that of its log_ratio_tensor is detached, zero or not"
            f" finite, in {dtype}",
        )


def gradient_follows_the_log_ratio(trial: _Trial) -> None:
    """Compare mean slopes along each axis between −1 and 1, of the values and of the gradient.

    A smoothed gradient passes. They differ by 0.01 if the gradient is exact. The slope along x₁ sets the scale of both
    axes.
    """
    if (gradient := _gradient(trial)) is None or not gradient.any():
        return  # detached: the check before says so
    steps = np.linspace(-1, 1, 41)
    slopes, rises = [], []
    for axis in (0, 1):
        line = np.zeros((41, 2))
        line[:, axis] = steps
        low, high = trial.fitted.log_ratio(line[[0, -1]])
        x = torch.from_numpy(line).requires_grad_()
        (gradient,) = torch.autograd.grad(trial.fitted.log_ratio_tensor(x).sum(), x)
        slopes.append(gradient[:, axis].mean().item())
        rises.append((high - low) / 2)
    for axis, (slope, rise) in enumerate(zip(slopes, rises, strict=True)):
        require(
            abs(slope - rise) <= 0.25 * abs(rises[0]),
            f"the gradient of log_ratio_tensor of {trial!r} must be that of the log-ratio, but between x{axis + 1} = -1"
            f" and 1 its mean is {slope:.4g}, while the values rise by {rise:.4g} a unit",
        )
