"""The base class of models with an encoder and a generator."""

from collections.abc import Callable, Sequence
from numbers import Integral
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import torch
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.neighbors import NearestNeighbors
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted
from torch import Tensor, nn

from .._ambient import undisturbed
from .._checks import check_count, check_flag
from .._columns import Labels, align, labels_of
from .._sklearn import output_config
from ..architectures import Conditional
from ..inputs import index_of, validate, validate_latents
from ..plot._rows import draw_rows
from ..training import GenerativeModel, chunk_noise, map_rows
from ._encoded import EncodedCritic
from ._joint import chain
from ._net import BidirectionalNet

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["BidirectionalModel"]

_DRAWING = ("transform", "inverse_transform", "reconstruct")  # the methods whose draws have their own streams


class BidirectionalModel(ClassNamePrefixFeaturesOutMixin, TransformerMixin, GenerativeModel):
    """Base class of models whose net has two conditional distributions: `encoding_module` and `sampling_module`."""

    net_: BidirectionalNet

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn to represent X, to reconstruct it, and to sample from its distribution.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or (n_samples, ...)
            At least two rows of finite numbers. A memory-mapped array stays in its file.
        y : ignored

        Returns
        -------
        self

        Raises
        ------
        ValueError, TypeError
            If a parameter is out of range, or if X is not two or more rows of finite real numbers.
        TrainingError
            If training failed before there were networks to keep.

        Warns
        -----
        TrainingWarning
            If training failed later. The last good networks are kept. The warning names the iteration, the network,
            the last losses and the parameter to change.
        """
        return super().fit(X, y)

    @undisturbed()
    def transform(self, X: Any, *, level: int | None = None, stochastic: bool = False, random_state: Any = None) -> Any:
        """Encode rows as latents.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or (n_samples, ...)
        level : int or None, default=None
            Level of latents of a hierarchical architecture, counted from the data. None is the last level, the
            prior's.
        stochastic : bool, default=False
            Whether to draw from p_e(z|x) instead of taking its mean. The mean of an implicit encoder is its output for
            zero noise.
        random_state : int, RandomState, Generator or None, default=None
            Seed of the draw. None is as in `sample`.

        Returns
        -------
        Z : ndarray of shape (n_samples, latent_size)
            In the units of the prior, which is standard normal, and in X's dtype at `fit` if that was a float. Another
            level has its own width. At the last level, a DataFrame if ``set_output`` asks for one.

        Raises
        ------
        ValueError, TypeError
            If X is not finite numbers of the shape at `fit`, or if there is no such level. Also if ``set_output`` asks
            for a DataFrame of another level than the last.
        """
        check_is_fitted(self)
        array, _ = validate(self, X, reset=False)
        level = self._checked_level("transform", level)
        container = output_config("transform", self)["dense"]
        if level < len(self.net_.settings.level_sizes) and container != "default":
            raise ValueError(
                f"level of {type(self).__name__}.transform must be the last with set_output(transform={container!r}),"
                f" whose columns have its names, got {level}."
            )
        stages = self.net_.encoding_module.eval().stages[:level]
        key = self._noise_key("transform", stochastic, random_state)
        latents = self._chain(stages, array, self._scaler.to_tensor, key)
        return latents.astype(self._record.dtype, copy=False)

    @undisturbed()
    def inverse_transform(
        self, Z: Any, *, level: int | None = None, stochastic: bool = False, random_state: Any = None
    ) -> Any:
        """Decode latents to rows.

        Parameters
        ----------
        Z : array-like of shape (n_samples, latent_size)
            As wide as `transform` gives them at that level. The columns of a table must have the names that
            `transform` gives them with ``set_output``, or be numbered from 0.
        level : int or None, default=None
            Level of the latents, as in `transform`.
        stochastic : bool, default=False
            Whether to draw from p_g(x|z) instead of taking its mean. The mean of an implicit generator is its output
            for zero noise.
        random_state : int, RandomState, Generator or None, default=None
            Seed of the draw. None is as in `sample`.

        Returns
        -------
        X : ndarray or DataFrame of shape (n_samples, n_features)
            In the units, shape and container of the X at `fit`.

        Raises
        ------
        ValueError, TypeError
            If Z is not finite numbers of that width, if its columns have other names, or if there is no such level.
        """
        check_is_fitted(self)
        level = self._checked_level("inverse_transform", level)
        size = self.net_.settings.level_sizes[level - 1]
        Z = self._aligned_latents(Z, level, size)
        hint = "" if len(self.net_.settings.level_sizes) == 1 else "; latents of another level want its level="
        latents = validate_latents(f"{type(self).__name__}.inverse_transform", Z, size, hint=hint)
        key = self._noise_key("inverse_transform", stochastic, random_state)
        return self._record.restore(self._decode(latents, level, key), index_of(Z))

    @undisturbed()
    def reconstruct(self, X: Any, *, level: int = 1, stochastic: bool = False, random_state: Any = None) -> Any:
        """Encode rows and decode them again, G(E(x)).

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or (n_samples, ...)
        level : int, default=1
            Level of latents up to which a hierarchical architecture encodes, counted from the data. Higher levels keep
            less detail of a row.
        stochastic : bool, default=False
            Whether to draw from p_e(z|x) and p_g(x|z) instead of taking their means.
        random_state : int, RandomState, Generator or None, default=None
            Seed of the draw. None is as in `sample`.

        Returns
        -------
        X : ndarray or DataFrame of shape (n_samples, n_features)
            In the units, shape and container of X at `fit`. A DataFrame has the index of the given X.

        Raises
        ------
        ValueError, TypeError
            If X is not finite numbers of the shape at `fit`, or if there is no such level.
        """
        check_is_fitted(self)
        array, _ = validate(self, X, reset=False)
        level = self._checked_level("reconstruct", level)
        rows = self._reconstruct(array, level, self._noise_key("reconstruct", stochastic, random_state))
        return self._record.restore(self._to_array(rows), index_of(X))

    @undisturbed()
    def score_samples(self, X: Any) -> np.ndarray:
        """Anomaly score: minus the mean squared reconstruction error of each row. Lower is more abnormal.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        scores : ndarray of shape (n_samples,), float64, at most 0
            In scaled units, in which a column's standard deviation is 1 unless the data have a range.
        """
        check_is_fitted(self)
        array, _ = validate(self, X, reset=False)
        rows = self._scaler.restore_constants(torch.from_numpy(self._reconstruct(array, 1, None)))
        residual = rows.numpy().astype(np.float64) - self._scaler.to_tensor(array).numpy()
        return -np.square(residual).reshape(len(array), -1).mean(axis=1)

    @undisturbed()
    def interpolate(self, X1: Any, X2: Any, steps: int = 8) -> np.ndarray:
        """Interpolate between rows of X1 and X2, along straight lines between their representations.

        Parameters
        ----------
        X1, X2 : array-like of shape (n_samples, n_features) or (n_samples, ...)
            The i-th row of X1 is paired with the i-th row of X2.
        steps : int, default=8
            Number of rows on each line, at least 2. The first and the last are the reconstructions of the rows of X1
            and X2, at the last level of latents.

        Returns
        -------
        X : ndarray of shape (n_samples, steps, n_features) or (n_samples, steps, ...)
            In X's units.

        Raises
        ------
        ValueError
            If X1 and X2 differ in shape, or `steps` is less than 2.
        """
        check_is_fitted(self)
        steps = check_count(steps, "steps", "interpolate")
        first, second = (self._represent(X) for X in (X1, X2))
        if len(first) != len(second) or steps < 2:
            raise ValueError(
                f"interpolate of {type(self).__name__} must have as many rows in X2 as in X1, and steps of at least 2,"
                f" got {len(first)} and {len(second)} rows and steps={steps}."
            )
        fraction = np.linspace(0, 1, steps, dtype=np.float32)[:, None]
        latents = (1 - fraction) * first[:, None] + fraction * second[:, None]  # (n, steps, k)
        rows = self._decode(latents.reshape(-1, latents.shape[2]), len(self.net_.settings.level_sizes), None)
        return rows.reshape(len(first), steps, *rows.shape[1:])

    @undisturbed()
    def neighbors(self, X: Any, k: int = 4, *, among: Any = None) -> tuple[np.ndarray, np.ndarray]:
        """Find the rows whose representations are nearest.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or (n_samples, ...)
        k : int, default=4
            Number of neighbours of each row.
        among : array-like of shape (n_candidates, n_features) or None, default=None
            Candidates. None is X itself, where a row is no neighbour of itself.

        Returns
        -------
        distances : ndarray of shape (n_samples, k), float64
            Euclidean distances between mean representations, the nearest first.
        indices : ndarray of shape (n_samples, k), int64
            Row numbers in `among`.

        Raises
        ------
        ValueError
            If there are fewer candidates than `k`.
        """
        check_is_fitted(self)
        k = check_count(k, "k", "neighbors")
        latents = self._represent(X)
        candidates = latents if among is None else self._represent(among)
        n_others = len(candidates) - (among is None)
        if k > n_others:
            raise ValueError(
                f"k of {type(self).__name__}.neighbors must be at most the number of candidates, which is {n_others},"
                f" got {k}; look for them among more rows."
            )
        index = NearestNeighbors(n_neighbors=k).fit(candidates)
        distances, indices = index.kneighbors(None if among is None else latents)
        return distances, indices

    def plot_interpolation(
        self, X1: Any, X2: Any, steps: int = 8, *, image_shape: tuple[int, ...] | None = None
    ) -> "Figure":
        """Plot the result of `interpolate`, one line for each pair, with the rows themselves at its ends.

        Parameters
        ----------
        X1, X2 : array-like of shape (n_samples, n_features) or (n_samples, ...)
        steps : int, default=8
        image_shape : tuple of int or None, default=None
            Image shape of flat rows: (height, width) or (channels, height, width).

        Returns
        -------
        matplotlib.figure.Figure

        Raises
        ------
        ValueError
            As `interpolate`. Also if flat rows are not images of `image_shape`.
        ImportError
            If matplotlib is not installed.
        """
        rows = self.interpolate(X1, X2, steps)
        ends = [validate(self, X, reset=False)[0][:, None] for X in (X1, X2)]
        labels = ["first", *(f"{fraction:.2f}" for fraction in np.linspace(0, 1, steps)), "second"]
        series = np.concatenate([ends[0], rows, ends[1]], axis=1)
        return draw_rows(series, labels, image_shape, f"{type(self).__name__}.plot_interpolation")

    def plot_neighbors(
        self, X: Any, k: int = 4, *, among: Any = None, image_shape: tuple[int, ...] | None = None
    ) -> "Figure":
        """Plot the result of `neighbors`, one line for each row, the row itself first.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or (n_samples, ...)
        k : int, default=4
        among : array-like of shape (n_candidates, n_features) or None, default=None
        image_shape : tuple of int or None, default=None
            Image shape of flat rows: (height, width) or (channels, height, width).

        Returns
        -------
        matplotlib.figure.Figure

        Raises
        ------
        ValueError
            As `neighbors`. Also if flat rows are not images of `image_shape`.
        ImportError
            If matplotlib is not installed.
        """
        _, indices = self.neighbors(X, k, among=among)
        rows, _ = validate(self, X, reset=False)
        candidates = rows if among is None else validate(self, among, reset=False)[0]
        labels = ["query", *(str(i) for i in range(1, k + 1))]
        series = np.concatenate([rows[:, None], candidates[indices]], axis=1)
        return draw_rows(series, labels, image_shape, f"{type(self).__name__}.plot_neighbors")

    @property
    def _n_features_out(self) -> int:
        return self.net_.settings.latent_size

    def _noise_key(self, method: str, stochastic: bool, random_state: Any) -> tuple[int, ...] | None:
        """A key that differs by method, so that two methods with one `random_state` draw different noise."""
        check_flag(stochastic, "stochastic", type(self).__name__)
        return (*self._key(random_state), _DRAWING.index(method)) if stochastic else None

    def _checked_level(self, method: str, level: int | None) -> int:
        last = len(self.net_.settings.level_sizes)
        if level is None:
            return last
        if isinstance(level, bool) or not isinstance(level, Integral) or not 1 <= level <= last:
            raise ValueError(
                f"level of {type(self).__name__}.{method} must be an int from 1 to {last}, the levels of latents that"
                f" its architecture has, got {level!r}."
            )
        return int(level)

    def _aligned_latents(self, Z: Any, level: int, size: int) -> Any:
        """A table of latents with ordered columns: by number or, at the last level, by `transform`'s names."""
        labels = labels_of(Z)
        expected: Labels = tuple(range(size))
        if level == len(self.net_.settings.level_sizes) and set(labels or ()) != set(expected):
            expected = tuple(self.get_feature_names_out())
        return align(Z, expected, f"Z of {type(self).__name__}.inverse_transform", "transform's output")

    def _represent(self, X: Any) -> np.ndarray:
        """Mean representations at the last level, (n, latent_size)."""
        array, _ = validate(self, X, reset=False)
        return self._chain(self.net_.encoding_module.eval().stages, array, self._scaler.to_tensor, None)

    def _decode(self, latents: np.ndarray, level: int, key: tuple[int, ...] | None) -> np.ndarray:
        stages = self.net_.sampling_module.eval().stages[-level:]
        return self._to_array(self._chain(stages, latents, torch.from_numpy, key))

    def _reconstruct(self, array: np.ndarray, level: int, key: tuple[int, ...] | None) -> np.ndarray:
        up, down = self.net_.encoding_module.eval().stages[:level], self.net_.sampling_module.eval().stages[-level:]
        return self._chain((*up, *down), array, self._scaler.to_tensor, key)

    def _chain(
        self,
        stages: Sequence[Conditional],
        array: np.ndarray,
        to_tensor: Callable[[np.ndarray], Tensor],
        key: tuple[int, ...] | None,
    ) -> np.ndarray:
        """Outputs of the last stage for an array's rows, in scaled units. Without a key the noise is zero."""
        size = sum(stage.noise_size for stage in stages)

        def part(rows: slice, chunk: int) -> tuple[Tensor, ...]:
            inputs = to_tensor(array[rows])
            return (inputs,) if key is None else (inputs, chunk_noise(key, chunk, len(inputs), size))

        return map_rows(lambda *inputs: chain(stages, *inputs)[-1], len(array), part, self.net_.device)

    def _to_array(self, rows: np.ndarray) -> np.ndarray:
        return self._scaler.to_array(torch.from_numpy(rows), self._record.dtype)

    def _make_rows(self, n: int, source: torch.Generator) -> Tensor:
        net = self.net_
        generator = net.sampling_module.eval()
        latents, noise = (
            torch.randn(n, size, generator=source, dtype=torch.float32, device="cpu").to(net.device)
            for size in (net.settings.latent_size, generator.noise_size)
        )
        return chain(generator.stages, latents, noise)[-1]

    def _scaled_generator(self) -> tuple[int, Callable[[Tensor], Tensor]]:
        """The generator takes latents, then noise. All are standard normal, so all count as latents here."""
        net = self.net_
        generator, size = net.sampling_module.eval(), net.settings.latent_size

        def generate(latents: Tensor) -> Tensor:
            return chain(generator.stages, latents[:, :size], latents[:, size:], net.settings.precision)[-1]

        return size + generator.noise_size, generate

    def _scaled_log_ratio(self) -> Callable[[Tensor], Tensor] | None:
        """T(x, E(x)) as a function of scaled rows."""
        net = self.net_
        if not net.settings.objective.gives_log_ratio:
            return None
        return EncodedCritic(net.critic_, net.encoding_module, net.critic_step_.objective)

    def _critic_copy(self) -> nn.Module | None:
        critic = self._scaled_log_ratio()
        return critic.copy() if isinstance(critic, EncodedCritic) else None

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
