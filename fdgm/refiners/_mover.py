"""The base class of the refiners that move points, chunk by chunk."""

import warnings
from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
import torch
from joblib import Parallel, delayed, effective_n_jobs
from sklearn.utils.validation import check_is_fitted
from torch import Tensor

from .._ambient import one_thread, undisturbed
from .._checks import check_count
from .._chunks import apply_in_chunks
from .._literals import SpaceName
from .._sklearn import StrOptions
from ..exceptions import TrainingWarning
from ..flows import pull_back
from ..inputs import chunk_seed, given_key, index_of, validate, validate_latents
from ..nets import resolve_device
from ..persistence import State, as_tensor
from ..samplers import VGrowSampler
from ..training import padded
from ._base import Refiner
from ._fields import depends_on
from ._generators import LatentSource
from ._leg import Leg
from ._points import Moving, Space, Step
from ._prior import Prior

__all__ = ["Mover"]

_CHUNK = 1024  # rows moved at once, the last chunk padded: the bits of a matrix product depend on its rows
_TRACED = 256  # samples that `history_` follows
_HISTORY = ["log_ratio", "displacement", "leg", "step_size", "noise"]
_REFINE_KEY, _TRACE_KEY = 10, 11  # streams of the fit's own seed, in addition to the base class's


class Mover(Refiner):
    """Base class of the refiners that move samples, or the latents that made them.

    A subclass defines in `_legs` which steps there are, and in `_step` how points move in one.
    """

    _mover_constraints: ClassVar[dict[str, list[Any]]] = {
        **Refiner._refiner_constraints,
        "space": [StrOptions({"auto", "data", "latent"})],
    }

    space: SpaceName
    space_: str
    history_: pd.DataFrame

    @abstractmethod
    def _step(self, leg: Leg, space: Space, source: torch.Generator) -> Step:
        """One step, as a function of points (n, *shape). Its randomness comes from `source`, on the CPU."""

    @abstractmethod
    def _legs(self) -> list[Leg]:
        """All steps of samples, from beginning to end."""

    def _legs_of_rows(self) -> list[Leg]:
        """All steps of rows whose latents are not known."""
        return [replace(leg, space="data") for leg in self._legs()]

    @undisturbed()
    def refine(self, X: Any, *, random_state: Any = None) -> Any:
        """Move rows, or move latents and map them to rows.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or (n_samples, latent_size)
            If points move in the data space, rows like the real ones. If they move in the latent space, latents.
        random_state : int, RandomState, Generator or None, default=None
            Seed of the noise, if there is any. None gives the same noise at each call.

        Returns
        -------
        X_refined : ndarray or DataFrame of shape (n_samples, n_features)
            In X's units and container. In the data space, and without any step, a copy of X.

        Warns
        -----
        TrainingWarning
            If rows met a NaN. They keep their last good state, and the warning counts them.
        """
        check_is_fitted(self)
        if self.space_ == "data":
            return self._refine_rows(X, random_state)
        latents = self._check_latents(X, "refine")
        refined = self._run(latents, len(latents), self._refine_key(random_state), latent=True)
        return self._record.restore(refined, index_of(X))

    @undisturbed()
    def refine_latents(self, Z: Any, *, random_state: Any = None) -> np.ndarray:
        """Move latents, without mapping them to rows.

        Parameters
        ----------
        Z : array-like of shape (n_samples, latent_size)
        random_state : int, RandomState, Generator or None, default=None
            As in `refine`.

        Returns
        -------
        Z_refined : ndarray of shape (n_samples, latent_size), float32
        """
        check_is_fitted(self)
        if self.space_ != "latent":
            raise ValueError(
                f"space of {type(self).__name__} must be 'latent' for latents to move, got {self.space!r}, which is"
                f" {self.space_!r} with this generator."
            )
        latents = self._check_latents(Z, "refine_latents")
        return self._run(latents, len(latents), self._refine_key(random_state), latent=True, keep_latents=True)

    @undisturbed()
    def trajectory(self, n_samples: int = 50, *, random_state: Any = None) -> np.ndarray:
        """Record fresh samples at every step.

        Parameters
        ----------
        n_samples : int, default=50
        random_state : int, RandomState, Generator or None, default=None
            None gives the same samples at each call.

        Returns
        -------
        trajectory : ndarray of shape (n_steps + 1, n_samples, n_features)
            In X's units, also if latents move. DOT's proximal step is a single step.
        """
        check_is_fitted(self)
        n_samples = check_count(n_samples, "n_samples", "trajectory")
        key = (self._entropy, _TRACE_KEY) if random_state is None else given_key(random_state)
        steps = self._trace(n_samples, key)
        return np.stack([self._scaler.to_array(rows, self._record.dtype) for rows in steps])

    def plot_trajectory(self, n_samples: int = 50, *, ax: Any = None, random_state: Any = None) -> Any:
        """Plot the paths of fresh samples, for data of two columns.

        Parameters
        ----------
        n_samples : int, default=50
        ax : matplotlib Axes or None, default=None
            None is the current axes.
        random_state : int, RandomState, Generator or None, default=None

        Returns
        -------
        ax : matplotlib Axes
            Lines from the samples' starting points to dots where they ended.
        """
        check_is_fitted(self)
        if self._record.shape != (2,):
            raise ValueError(
                f"X of {type(self).__name__} must have two columns for plot_trajectory, got rows of shape"
                f" {self._record.shape}."
            )
        import matplotlib.pyplot as plt  # in the extra fdgm[plot]

        ax = plt.gca() if ax is None else ax
        ways = self.trajectory(n_samples, random_state=random_state)
        ax.plot(ways[..., 0], ways[..., 1], color="0.6", linewidth=0.8)
        ax.scatter(*ways[-1].T, s=8, color="tab:red", zorder=3)
        return ax

    def _default_generator(self) -> Any:
        if self.generator is None and self.space == "latent":
            return VGrowSampler(generator="network", device=self.device)  # samples of maps have no latents to move
        return super()._default_generator()

    def _prepare(self, array: np.ndarray) -> None:
        source = self._source()
        owner = type(self).__name__
        differentiable = isinstance(source, LatentSource)
        if self.space == "latent" and not differentiable:
            raise ValueError(
                f"generator of {owner} must be a differentiable map from latents for latents to move, got"
                f" {self.generator!r}{_why(self.generator)}; DGflowRefiner(space='data') moves its samples."
            )
        self.space_ = ("latent" if differentiable else "data") if self.space == "auto" else self.space
        if isinstance(source, LatentSource) and self._needs_gradient:
            self._check_differentiable(source)
        self._follow(array)
        self.history_ = self._traced_history()

    def _follow(self, array: np.ndarray) -> None:
        """Let a subclass learn from moving points, before `fit` ends."""

    def to_state(self) -> State:
        state = super().to_state()
        state.json["space"] = self.space_
        history = self.history_.to_numpy(np.float64)
        state.tensors |= {"history": as_tensor(history[:, :2]), "settings": as_tensor(history[:, 2:])}
        return state

    def from_state(self, state: State) -> Self:
        super().from_state(state)
        source = self._source()
        allowed = ("data", "latent") if isinstance(source, LatentSource) else ("data",)
        self.space_ = state.choice("space", allowed)
        figures = state.array("history", (None, 2), finite=False)
        settings = state.array("settings", (len(figures), len(_HISTORY) - 2), least=0.0)
        self.history_ = pd.DataFrame(np.hstack([figures, settings]), columns=_HISTORY).astype({"leg": int})
        return self

    def _check_differentiable(self, source: LatentSource) -> None:
        latents = torch.zeros(
            1, source.prior.size, dtype=torch.float32, device=resolve_device(self.device), requires_grad=True
        )
        with torch.enable_grad():
            rows = source.generate(latents)
        if self.space_ == "latent" and not depends_on(rows, latents):
            raise ValueError(
                f"generator of {type(self).__name__} must be differentiable in its latents for space='latent', got one"
                " whose output has no gradient; set space to 'data'."
            )

    def _traced_history(self) -> pd.DataFrame:
        """Figures of a few samples, before the first step and after each step."""
        steps = self._trace(_TRACED, (self._entropy, _TRACE_KEY))
        taken = [(number, leg) for number, leg in enumerate(self._legs(), start=1) for _ in range(leg.n_steps)]
        settings = [(0, 0.0, 0.0), *((number, leg.step_size, leg.noise) for number, leg in taken)]
        figures = [self._figures(steps[0], rows) for rows in steps]
        rows = [(*found, *setting) for found, setting in zip(figures, settings, strict=True)]
        return pd.DataFrame(rows, columns=_HISTORY)

    def _figures(self, start: Tensor, rows: Tensor) -> tuple[float, float]:
        """Mean log-ratio of scaled rows, and root mean square of their distance from the start."""
        with torch.no_grad():
            t = self._field()(rows)
        return float(t.mean()), float((rows - start).flatten(1).square().sum(1).mean().sqrt())

    def _trace(self, n: int, key: tuple[int, ...]) -> list[Tensor]:
        """n fresh samples as scaled rows, before the first step and after each step."""
        moving, source = self._fresh(n, key)
        steps = [self._rows_of(moving)]
        self._move(moving, self._legs(), source, lambda moving: steps.append(self._rows_of(moving)))
        return steps

    def _fresh(self, n: int, key: tuple[int, ...], *, skip: int = 0) -> tuple[Moving, torch.Generator]:
        """n points before the first step, and the source of their randomness.

        The first few rows can be skipped if rows are drawn, not made from latents.
        """
        made, source = self._source(), torch.Generator("cpu").manual_seed(chunk_seed(*key, 0))
        given = None if isinstance(made, LatentSource) else made.sample(skip + n, chunk_seed(*key))[skip:]
        return self._start(given, source, self.space_ == "latent", n), source

    def _rows_of(self, moving: Moving) -> Tensor:
        """Points as scaled rows."""
        made = self._source()
        if isinstance(made, LatentSource) and moving.latent:
            return self._from_latents(made, self._settled(moving).points)
        return moving.points

    def _settled(self, moving: Moving) -> Moving:
        """Stop latents from which the generator makes no finite row, where they were one step before."""
        made = self._source()
        if not isinstance(made, LatentSource) or not moving.latent:
            return moving
        with torch.no_grad():
            bad = ~torch.isfinite(made.generate(moving.points)).flatten(1).all(1)
        return moving.stopped(bad, back=True)

    def _refine_key(self, random_state: Any) -> tuple[int, ...]:
        return (self._entropy, _REFINE_KEY) if random_state is None else given_key(random_state)

    def _refine_rows(self, X: Any, random_state: Any) -> Any:
        array, record = validate(self, X, reset=False)
        if not self._legs_of_rows():
            return record.restore(self._scaler.held(array, record.dtype), index_of(X))
        return record.restore(self._run(array, len(array), self._refine_key(random_state), latent=False), index_of(X))

    def _check_latents(self, Z: Any, method: str) -> np.ndarray:
        owner, source = type(self).__name__, self._source()
        if not isinstance(source, LatentSource):
            raise ValueError(f"space of {owner} must be 'data' with this generator, got {self.space!r}.")
        latents = validate_latents(f"{owner}.{method}", Z, source.prior.size, hint="; transform moves rows of data")
        self._check_support(torch.from_numpy(latents), source.prior)
        return latents

    def _check_support(self, latents: Tensor, prior: Prior) -> None:
        outside = int((~prior.contains(latents)).sum())
        if outside:
            raise ValueError(
                f"latents of {type(self).__name__} must lie in the prior's support {prior.bounds}, outside of which the"
                f" generator has not learned anything, got {outside} of {len(latents)} outside."
            )

    def _sample(self, n_samples: int, key: tuple[int, ...]) -> np.ndarray:
        source = self._source()
        if isinstance(source, LatentSource):
            return self._run(None, n_samples, key, latent=self.space_ == "latent")
        rows = source.sample(n_samples, chunk_seed(*key))
        return self._run(rows, n_samples, key, latent=False)

    def _run(
        self,
        given: np.ndarray | None,
        n_samples: int,
        key: tuple[int, ...],
        *,
        latent: bool,
        keep_latents: bool = False,
    ) -> np.ndarray:
        """Move chunks in several processes. Each chunk has its own seed, so the process does not matter."""
        n_chunks = -(-n_samples // _CHUNK)
        groups = np.array_split(np.arange(n_chunks), min(n_chunks, effective_n_jobs(self.n_jobs)))
        tasks = [
            delayed(self._run_part)(
                None if given is None else given[group[0] * _CHUNK : (group[-1] + 1) * _CHUNK],
                group,
                key,
                latent,
                keep_latents,
                min((group[-1] + 1) * _CHUNK, n_samples) - group[0] * _CHUNK,
            )
            for group in groups
        ]
        parts, stopped = [], 0
        for rows, n_stopped in Parallel(n_jobs=len(groups))(tasks):
            parts.append(rows)
            stopped += n_stopped
        result = parts[0] if len(parts) == 1 else np.concatenate(parts)
        if stopped:
            warnings.warn(
                f"{type(self).__name__}: {stopped} of {n_samples} rows met a NaN or infinity and keep their last good"
                " state; lower step_size.",
                TrainingWarning,
                stacklevel=4,
            )
        return result

    def _run_part(
        self,
        given: np.ndarray | None,
        chunks: np.ndarray,
        key: tuple[int, ...],
        latent: bool,
        keep_latents: bool,
        n_rows: int,
    ) -> tuple[np.ndarray, int]:
        """Move consecutive chunks, n_rows in all. Return them and the number of rows that were stopped."""
        stopped = 0

        def moved(here: slice) -> np.ndarray:
            nonlocal stopped
            chunk, n = int(chunks[here.start // _CHUNK]), here.stop - here.start
            rows, alive = self._run_chunk(None if given is None else given[here], (*key, chunk), latent, keep_latents)
            stopped += int((~alive[:n]).sum())
            return rows[:n]

        with one_thread():
            return apply_in_chunks(moved, n_rows, _CHUNK), stopped

    def _run_chunk(
        self, given: np.ndarray | None, key: tuple[int, ...], latent: bool, keep_latents: bool
    ) -> tuple[np.ndarray, np.ndarray]:
        source = torch.Generator("cpu").manual_seed(chunk_seed(*key))
        moving = self._start(given, source, latent)
        legs = self._legs() if latent or given is None else self._legs_of_rows()
        if keep_latents:
            legs = [leg for leg in legs if leg.space == "latent"]
        moving = self._settled(self._move(moving, legs, source))
        alive = moving.alive.cpu().numpy()
        if keep_latents:
            return moving.points.cpu().numpy(), alive
        return self._scaler.to_array(self._rows_of(moving), self._record.dtype), alive

    def _space_of(self, leg: Leg) -> Space:
        """The space where points move in a leg."""
        made, field = self._source(), self._stage_field(leg.stage)
        if leg.space == "latent" and isinstance(made, LatentSource):
            return Space(pull_back(field, made.generate), made.prior)
        return Space(field, None)

    def _start(self, given: np.ndarray | None, source: torch.Generator, latent: bool, n: int = _CHUNK) -> Moving:
        """n points to move."""
        device, made = resolve_device(self.device), self._source()
        if isinstance(made, LatentSource) and given is None:
            points = made.prior.sample(n, source).to(device)
            return Moving.begin(points if latent else self._from_latents(made, points), latent=latent)
        if given is None:
            raise ValueError(f"{type(self).__name__} must have rows to move, got none.")
        points = torch.tensor(given, dtype=torch.float32, device=device) if latent else self._scaled_rows(given)
        return Moving.begin(padded(points, n), latent=latent)

    def _move(
        self,
        moving: Moving,
        legs: Sequence[Leg],
        source: torch.Generator,
        seen: Callable[[Moving], None] | None = None,
    ) -> Moving:
        """All steps of these legs. Latents become rows before the first leg of rows."""
        for leg in legs:
            if moving.latent and leg.space == "data":
                moving = moving.as_rows(self._rows_of(moving))
            space = self._space_of(leg)
            step = self._step(leg, space, source)
            for _ in range(leg.n_steps):
                moving = self._advance(moving, step, space)
                if seen is not None:
                    seen(moving)
        return moving

    def _advance(self, moving: Moving, step: Step, space: Space) -> Moving:
        """Take one step, in the range of rows or the support of latents.

        A point that would become NaN stops where it is. A latent stops one step earlier, since its row may be NaN.
        """
        moved = step(moving.points)
        if space.prior is not None:
            moved = space.prior.reflected(moved)
        elif self._clamp is not None:
            moved = moved.clamp(*self._clamp)
        bad = ~torch.isfinite(moved).flatten(1).all(1)
        return moving.stopped(bad, back=space.prior is not None).moved(moved)


def _why(generator: Any) -> str:
    """What keeps the latents of a sampler with maps from moving."""
    if not isinstance(generator, VGrowSampler):
        return ""
    return ", whose maps are gradients of a critic: a second derivative of it is nothing to follow (of ReLU it is 0)"
