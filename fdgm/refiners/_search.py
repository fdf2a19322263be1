"""The search for a plan of refinement: legs that bring samples closer to rows on which no ratio was fitted."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from ..flows import differentiated, velocity
from ..inputs import chunk_seed
from ._ends import Ends
from ._leg import Leg
from ._paired import Distances, compare, energy_of_rows
from ._points import Moving
from ._reading import Reading

if TYPE_CHECKING:
    from ._dgflow import DGflowRefiner

__all__ = ["Search", "Trial", "noised", "step_counts", "typical_step"]

_DISPLACED = 0.03  # root mean square displacement of a first step, in spreads of the points
_REACH = 3.0  # trust region, in such displacements
_TRIED = 10  # most step counts of a leg that are compared
_HOPELESS, _LOST = 1.5, 0.01  # a flow that leads this much farther away than it began is given up
_STEEP = 2000  # most points whose gradients set the step size
_NOISE_KEY = 34  # a stream of the fit's own seed


@dataclass(frozen=True)
class Trial:
    """A leg that was tried on the judging points.

    Parameters
    ----------
    leg : Leg
        With the number of steps that came closest.
    distance : float
        The unbiased energy distance from the choosing rows after them.
    moved : Moving
        The judging points after them.
    distances : Distances
        Theirs from the choosing rows.
    number : int
        Number of the trial, counted from 0.
    """

    leg: Leg
    distance: float
    moved: Moving
    distances: Distances
    number: int


class Search:
    """Tries legs on points that judge, and keeps those that bring these closer to the choosing rows.

    Parameters
    ----------
    refiner : DGflowRefiner
        The owner of generator, log-ratios and units.
    rows : Tensor of shape (m, *shape)
        Scaled rows to choose by.
    judges : Moving
        Points on which no log-ratio was fitted.
    learners : Moving
        Points on which log-ratios are fitted. They move alike.
    """

    def __init__(self, refiner: DGflowRefiner, rows: Tensor, judges: Moving, learners: Moving) -> None:
        self.refiner = refiner
        self.rows = rows
        self.judges = judges
        self.learners = learners
        self.legs: list[Leg] = []
        self.log: list[dict[str, Any]] = []
        self._of_rows = energy_of_rows(rows)
        self._now = self._distances(judges)

    @property
    def distance(self) -> float:
        """The unbiased energy distance of the judging points from the choosing rows."""
        return self._now.energy - self._of_rows

    @property
    def steps_left(self) -> int:
        """Number of steps that the plan may still take."""
        return self.refiner._params.n_steps - sum(leg.n_steps for leg in self.legs)

    def reading(self, log_ratio: Callable[[Tensor], Tensor], noise: float = 0.0) -> Reading:
        """How a log-ratio reads as log-odds of the choosing rows against the judging points as they are.

        With `noise`, normal noise of this standard deviation is added to both, as it was where the ratio was fitted.
        """
        source, rows = self.source(len(self.log), 2), self.refiner._rows_of(self.judges)
        with torch.no_grad():
            t = [log_ratio(noised(points, noise, source)) for points in (self.rows.to(rows.device), rows)]
        return Reading.learned(*t)

    def best(self, legs: Iterable[Leg], counts: Collection[int], **about: Any) -> Trial | None:
        """The best trial of some legs, or None if none of them comes closer than the present points.

        Parameters
        ----------
        legs : iterable of Leg
        counts : collection of int
            Numbers of steps to compare.
        **about
            What `rounds_` says of these legs, besides their own settings.
        """
        tried = [trial for trial in (self.attempt(leg, counts, **about) for leg in legs) if trial is not None]
        return min(tried, key=lambda trial: trial.distance, default=None)

    def attempt(self, leg: Leg, counts: Collection[int], **about: Any) -> Trial | None:
        """Take the steps of a leg with the judging points, and find the best of these counts of steps."""
        best, least = None, math.inf
        for k, moving, now in self._followed(leg, counts):
            distance = now.energy - self._of_rows
            if distance < least:
                least, best = distance, (k, moving, now)
            elif distance > _HOPELESS * max(self.distance, 0.0) + _LOST:
                break
        return self._tried(leg, best, least, about, good=least < self.distance)

    def follow(self, leg: Leg, counts: Collection[int], **about: Any) -> Trial | None:
        """As `attempt`, while the steps bring the points closer. A first step may also leave them as far as they are.

        That is, to within a standard error of the choosing rows and the judging points, in pairs. What they cannot see
        may still be worth a step, if they know the log-ratio to be right.
        """
        best, least = None, math.inf
        for k, moving, now in self._followed(leg, counts):
            distance = now.energy - self._of_rows
            if k == min(counts):
                first = compare(self._now, now)
            if distance >= least:
                break
            least, best = distance, (k, moving, now)
        return self._tried(leg, best, least, about, good=not first.difference > first.standard_error)

    def _followed(self, leg: Leg, counts: Collection[int]) -> Iterator[tuple[int, Moving, Distances]]:
        """The judging points after each of these counts of steps, and their distances from the choosing rows."""
        moving, space = self._in_space(self.judges, leg), self.refiner._space_of(leg)
        step = self.refiner._step(leg, space, self.source(len(self.legs), 1))
        for k in range(1, max(counts) + 1):
            moving = self.refiner._advance(moving, step, space)
            if k in counts:
                yield k, moving, self._distances(moving)

    def _tried(
        self, leg: Leg, best: tuple[int, Moving, Distances] | None, distance: float, about: Any, *, good: bool
    ) -> Trial | None:
        """Log a leg. Return the trial of its best number of steps, if that is good."""
        kept = best if good else None
        n_steps = 0 if kept is None else kept[0]
        self.log.append({**_described(leg), **about, "distance": distance, "n_steps": n_steps, "kept": False})
        if kept is None:
            return None
        return Trial(replace(leg, n_steps=n_steps), distance, *kept[1:], len(self.log) - 1)

    def keep(self, trial: Trial) -> None:
        """Add a trial's leg to the plan, and move all points by it."""
        self.learners = self.refiner._move(self.learners, [trial.leg], self.source(len(self.legs), 0))
        self.legs.append(trial.leg)
        self.judges, self._now = trial.moved, trial.distances
        self.log[trial.number]["kept"] = True

    def ends(self, leg: Leg) -> Ends:
        """Where single points stop in a leg: at the log-ratios of the choosing rows."""
        moving = self._in_space(self.judges, leg)
        with torch.no_grad():
            samples = self.refiner._space_of(leg).log_ratio(self.refiner._settled(moving).points)
            return Ends.learned(samples, self.refiner._stage_field(leg.stage)(self.rows.to(samples.device)))

    def step_size(self, stage: int, space: str) -> tuple[float, float]:
        """A step size at which a first step moves the points by some hundredths of their spread, and its reach."""
        leg = Leg(1, 1.0, stage=stage, space=space)
        moving = self._in_space(self.judges, leg)
        return typical_step(self.refiner, leg, moving.points)

    def source(self, *key: int) -> torch.Generator:
        """A source of noise. The same key gives the same noise."""
        return torch.Generator("cpu").manual_seed(chunk_seed(self.refiner._entropy, _NOISE_KEY, *key))

    def _in_space(self, moving: Moving, leg: Leg) -> Moving:
        if moving.latent and leg.space == "data":
            return moving.as_rows(self.refiner._rows_of(moving))
        return moving

    def _distances(self, moving: Moving) -> Distances:
        return Distances.measured(self.refiner._rows_of(moving), self.rows)


def typical_step(refiner: DGflowRefiner, leg: Leg, points: Tensor) -> tuple[float, float]:
    """The step size at which a first step moves points by 3% of their spread, and 3 times that distance.

    Parameters
    ----------
    refiner : DGflowRefiner
    leg : Leg
        Its stage and its space.
    points : Tensor of shape (n, *shape)
        Points in that space.
    """
    points = points[:_STEEP]
    space = refiner._space_of(leg)
    direction, _ = velocity(differentiated(space.log_ratio), points, refiner._weighting())
    lengths = direction.flatten(1).norm(dim=1)
    steepness = float(lengths[lengths.isfinite()].square().mean().sqrt())
    flat = points.flatten(1)
    moved = _DISPLACED * float((flat - flat.mean(0)).square().sum(1).mean().sqrt())
    if not (0 < steepness < math.inf and moved > 0):
        return 1.0, math.inf  # a flat ratio moves nothing at any step size
    return moved / steepness, _REACH * moved


def step_counts(most: int) -> list[int]:
    """Counts of steps to compare: denser at the beginning, where the ratio is not stale and a steep one needs few."""
    return sorted({*np.geomspace(1, max(1, most), _TRIED).round().astype(int).tolist()})


def noised(rows: Tensor, noise: float, source: torch.Generator) -> Tensor:
    """Rows with normal noise of a standard deviation, the same on every device."""
    if not noise:
        return rows
    xi = torch.randn(rows.shape, generator=source, dtype=torch.float32, device=source.device)
    return rows + noise * xi.to(rows.device, rows.dtype)


def _described(leg: Leg) -> dict[str, Any]:
    """A leg's settings, as a row of `rounds_` begins."""
    return {
        "stage": leg.stage,
        "space": leg.space,
        "step_size": leg.step_size,
        "noise": leg.noise,
        "keeps_prior": leg.keeps_prior,
        "ends": "same" if leg.ends is None else "own",
    }
