"""Rounds of refinement: a log-ratio for the points as they are, and the leg along it that held-out rows choose."""

from __future__ import annotations

import copy
import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from .._bar import Bar
from ..ratios import DensityRatio, LogisticRatio
from ._critic import finetune
from ._leg import Leg
from ._reading import Reading
from ._search import Search, Trial, noised, step_counts

if TYPE_CHECKING:
    pass

__all__ = ["first_round", "later_rounds", "smoothed_rounds"]

_FACTORS = (0.25, 1.0, 4.0)  # of the typical step size, where it is chosen
_GAMMAS = (0.3, 1.0)  # weights of entropy and prior that are tried with latents, besides 0
_NOISE = (0.3, 0.014)  # first and last standard deviation of the noise, times d^¼ and d^½ as in VGrow's maps
_NARROWER = 0.8  # factor of the noise from one round to the next
_SMOOTHED_FACTORS = (1.0, 0.25)  # of σ², each tried if the one before does not gain
_REACH = 2.0  # trust region of a smoothed step, in the noise's length
_COUNTS = (1, 2, 4)  # steps of a smoothed round to choose among; more would outdate its ratio
_REPEATED = 3  # most rounds with the same noise
_STALLED = 3  # levels of noise in a row without a gain, after a gain, that end the rounds
_WORTH = 0.1  # fraction of the distance that a round must gain for its noise to stay
_WORTH_GOING_ON = 0.02  # and that a round without noise must gain for another to follow
_BUDGET_DIVISOR, _FIRST_DIVISOR = 20, 5  # a neural ratio trains for 1/20 of its budget in a round, for 1/5 in the first
_SEARCHED_EVERY = 6  # rounds after which a kernel ratio chooses its width again


def first_round(search: Search, *, most: int, simple: bool = False) -> bool:
    """A leg along the refiner's own log-ratio, as it was given or fitted.

    Parameters
    ----------
    search : Search
    most : int
        Most steps to take.
    simple : bool, default=False
        Whether all points take the same number of steps, without single ends.

    Returns
    -------
    gained : bool
    """
    trial = search.best(_legs(search, 0, simple=simple), step_counts(most), **_about(search, 0))
    if trial is not None:
        search.keep(trial)
    return trial is not None


def later_rounds(search: Search, real: Tensor, every: int) -> None:
    """Rounds of at most so many steps, each along a log-ratio that goes on from the one before."""
    refiner = search.refiner
    gained = True
    while gained and search.steps_left:
        before = search.distance
        ratio = refiner._re_estimated(real, refiner._rows_of(search.learners))
        reading = search.reading(refiner._bare_field(ratio))
        gained = False
        if reading.sign > 0:
            stage = refiner._add_stage(ratio, reading)
            counts = step_counts(min(every, search.steps_left))
            trial = search.best(_again(search, stage), counts, **_about(search, stage))
            gained = _kept(search, trial) and before - search.distance > _WORTH_GOING_ON * before


def smoothed_rounds(search: Search, real: Tensor, ratios: list[DensityRatio], bar: Bar) -> None:
    """Rounds along log-ratios of noised rows, with less and less noise.

    Noise of standard deviation σ on rows and points alike makes the log-ratio smooth, also where the two do not
    overlap. A step of σ² times its gradient then moves a point by the difference of two posterior means given the
    noised point (Tweedie's formula). That is of the order of σ, however steep the ratio without noise is.

    Parameters
    ----------
    search : Search
    real : Tensor of shape (n, *shape)
        Scaled rows to fit log-ratios on.
    ratios : list of DensityRatio
        Estimators to choose among in each round, by the loss on held-out rows. What is fitted already goes on.
    bar : Bar
        Shows how far the noise has fallen.
    """
    refiner = search.refiner
    sigma, last = _NOISE[0] * refiner._n_varying**0.25, _NOISE[1] * refiner._n_varying**0.5
    number, repeated, stalled, first, legs_before = 0, 0, 0, sigma, len(search.legs)
    while sigma >= last and search.steps_left and stalled < _STALLED:
        number += 1
        bar.at(math.log(first / sigma) / math.log(first / last), f"distance {search.distance:.4f}")
        source = search.source(number, 3)
        X_p, X_q = (noised(rows, sigma, source).cpu().numpy() for rows in (real, refiner._rows_of(search.learners)))
        ratios = [_followed(ratio, X_p, X_q, number) for ratio in ratios]
        readings = [search.reading(refiner._bare_field(ratio), sigma) for ratio in ratios]
        chosen = min(range(len(ratios)), key=lambda k: readings[k].loss)
        before, gained = search.distance, False
        if readings[chosen].sign > 0:
            gained = _smoothed_leg(search, ratios[chosen], readings[chosen], sigma)
        stalled = 0 if gained or len(search.legs) == legs_before else stalled + 1
        if gained and before - search.distance > _WORTH * before and repeated < _REPEATED:
            repeated += 1
        else:  # without a signal it falls twice as fast
            sigma, repeated = sigma * _NARROWER ** (1 if readings[chosen].sign > 0 else 2), 0


def _smoothed_leg(search: Search, ratio: DensityRatio, reading: Reading, sigma: float) -> bool:
    """Try steps along one log-ratio of noised rows, shorter ones if those of σ² do not gain, and keep what gains."""
    refiner = search.refiner
    stage = refiner._add_stage(ratio, reading)  # never changed: the next round changes a copy
    about = {**_about(search, stage), "smoothing": sigma}
    counts = [count for count in _COUNTS if count <= search.steps_left]
    if refiner.space == "latent":
        return _kept(search, search.best(_legs(search, stage, simple=True), counts, **about))
    weight = float(refiner._weighting().weight(torch.zeros(1, dtype=torch.float64, device="cpu")))
    trial = None
    for factor in _SMOOTHED_FACTORS:
        leg = Leg(1, factor * sigma**2 / weight, stage, reach=_REACH * sigma * refiner._n_varying**0.5)
        trial = trial or search.follow(leg, counts, **about)
    return _kept(search, trial)


def _kept(search: Search, trial: Trial | None) -> bool:
    """Keep a trial if there is one, or else drop its log-ratio."""
    if trial is None:
        search.refiner._drop_stage()
        return False
    search.keep(trial)
    return True


def _legs(search: Search, stage: int, *, simple: bool) -> list[Leg]:
    """Legs along one log-ratio to choose among, in the space where the points are.

    Flows without noise are tried with every step size, those with noise with the longer ones, since they need time.
    """
    params, space = search.refiner._params, "latent" if search.judges.latent else "data"
    sizes, reach = [params.step_size], math.inf
    if params.step_size == "auto":
        size, reach = search.step_size(stage, space)
        sizes = [factor * size for factor in _FACTORS]
    noise = 0.0 if params.noise == "auto" else params.noise
    plain = [Leg(1, size, stage, space, noise, reach=reach) for size in sizes]
    own = [] if simple else [replace(leg, ends=search.ends(leg)) for leg in plain]
    if params.noise != "auto" or space == "data":
        return [*plain, *own]
    spread = [Leg(1, size, stage, space, gamma, True, reach) for size in sizes[-2:] for gamma in _GAMMAS]
    return [*plain, *own, *spread]


def _again(search: Search, stage: int) -> list[Leg]:
    """The last leg with another log-ratio, and with a quarter of the step."""
    last = search.legs[-1]
    factors = (1.0, 0.25) if search.refiner._params.step_size == "auto" else (1.0,)
    legs = [replace(last, stage=stage, step_size=factor * last.step_size) for factor in factors]
    return [leg if leg.ends is None else replace(leg, ends=search.ends(leg)) for leg in legs]


def _about(search: Search, stage: int) -> dict[str, Any]:
    """What `rounds_` says of a log-ratio."""
    refiner = search.refiner
    ratio, reading = refiner._stages[stage - 1] if stage else refiner.ratio_, refiner._readings[stage]
    return {"ratio": type(ratio).__name__, "smoothing": 0.0, "slope": reading.slope, "held_out_loss": reading.loss}


def _followed(ratio: DensityRatio, X_p: np.ndarray, X_q: np.ndarray, number: int) -> DensityRatio:
    """A ratio that follows samples from round to round. A kernel ratio searches its width at times."""
    if isinstance(ratio, LogisticRatio):
        return finetune(ratio, X_p, X_q, budget_divisor=_BUDGET_DIVISOR if number > 1 else _FIRST_DIVISOR)
    if number % _SEARCHED_EVERY == 1:
        return copy.deepcopy(ratio)._fit_silently(X_p, X_q)
    return finetune(ratio, X_p, X_q)
