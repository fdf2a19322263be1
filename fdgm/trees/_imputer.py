"""Missing values drawn given the others."""

from collections.abc import Iterator
from numbers import Integral
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import OneToOneFeatureMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from .._checks import check_count
from .._literals import Auto
from .._sklearn import Interval, StrOptions
from ..exceptions import FileError
from ..inputs import as_before_on_error, chunk_seed, entropy_of, index_of, int_seed, plain_columns, set_columns
from ..persistence import Savable, State
from ..tables import Positions
from ._conditional import Conditional, Recipe
from ._form import Form
from ._sweeps import fill_at_random, fit_given_all_others, sweep

__all__ = ["GenerativeImputer"]

_FIT_KEY, _DRAW_KEY = 0, 1


class GenerativeImputer(OneToOneFeatureMixin, TransformerMixin, Savable):
    """Fill missing values with draws from their distribution given the other values of their row.

    Means and nearest neighbours make a completed table narrower than the truth. Draws leave its distribution as it is,
    and several draws show how uncertain a result is. Each column has the trees of :class:`~fdgm.TreeSampler`, given all
    others; holes are filled at random first, and then drawn by turns.

    Parameters
    ----------
    n_sweeps : int, default=3
        How often each hole is drawn; in `fit` also how often the trees are fitted, if X has holes.
    n_trees, min_samples_leaf, n_bins, n_folds
        As in :class:`~fdgm.TreeSampler`, by default 8, "auto", 32 and 2.
    n_jobs : int or None, default=None
        Columns that are fitted at once, in threads, where X has no holes.
    random_state : int, RandomState, Generator or None, default=None

    Attributes
    ----------
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (n_features,)
        If all columns of X have names that are strings.

    See Also
    --------
    TreeSampler.impute : With a model that was fitted on whole rows, in which missing is a value.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from fdgm.trees import GenerativeImputer
    >>> X = pd.DataFrame({"kind": ["a", "b"] * 100, "size": [1.0, 5.0] * 100})
    >>> holed = X.mask(np.random.default_rng(0).random(X.shape) < 0.2)
    >>> full = GenerativeImputer(random_state=0).fit_transform(holed)
    >>> bool(full.isna().any(axis=None)), bool((full["size"] > 3).eq(full["kind"] == "b").mean() > 0.9)
    (False, True)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "n_sweeps": [Interval(Integral, 1, None, closed="left")],
        "n_trees": [Interval(Integral, 1, None, closed="left")],
        "min_samples_leaf": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "n_bins": [Interval(Integral, 2, None, closed="left")],
        "n_folds": [Interval(Integral, 0, None, closed="left")],
        "n_jobs": [Integral, None],
        "random_state": ["random_state", np.random.Generator],
    }

    def __init__(
        self,
        *,
        n_sweeps: int = 3,
        n_trees: int = 8,
        min_samples_leaf: int | Auto = "auto",
        n_bins: int = 32,
        n_folds: int = 2,
        n_jobs: int | None = None,
        random_state: Any = None,
    ) -> None:
        self.n_sweeps = n_sweeps
        self.n_trees = n_trees
        self.min_samples_leaf = min_samples_leaf
        self.n_bins = n_bins
        self.n_folds = n_folds
        self.n_jobs = n_jobs
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn how each column depends on the others.

        Parameters
        ----------
        X : DataFrame, Table or array-like of shape (n_samples, n_features)
            At least two rows, with holes or without.
        y : ignored

        Returns
        -------
        self

        Raises
        ------
        ValueError, TypeError
            If a parameter is out of range or a column cannot be represented.
        """
        self._validate_params()
        with as_before_on_error(self):
            form, codes = Form.of(self, X)
            recipe, categorical = Recipe.of(self, len(codes)), form.categorical
            seed = chunk_seed(entropy_of(self.random_state), _FIT_KEY)
            positions = Positions.of(codes, categorical, seed)
            sizes = [len(values) for values in positions.values]
            current = positions.encode(codes)
            holes = np.isnan(codes)
            self._form, self._seed, self._positions = form, seed, positions
            self._known = {j: np.bincount(column.astype(np.int64)) for j, column in enumerate(current.T)}
            rng = np.random.default_rng(int_seed(seed, _FIT_KEY))
            fill_at_random(current, holes, self._known, rng)
            holed = [place for place in np.argsort(holes.sum(axis=0), kind="stable") if holes[:, place].any()]
            for number in range(self.n_sweeps - 1 if len(holed) else 0):
                for place in holed:
                    fitted = fit_given_all_others(
                        current, ~holes, [place], sizes, categorical, recipe.light(), int_seed(seed, number, place)
                    )
                    sweep(current, holes & (np.arange(holes.shape[1]) == place), fitted, 1, rng)
            every = range(len(sizes))
            self._conditionals = fit_given_all_others(
                current, ~holes, every, sizes, categorical, recipe, seed, self.n_jobs
            )
        return self

    def transform(self, X: Any) -> Any:
        """X with its holes filled, the same at each call.

        Parameters
        ----------
        X : DataFrame, Table or array-like of shape (n_samples, n_features)
            Other rows or those of `fit`.

        Returns
        -------
        X : DataFrame, Table or ndarray of shape (n_samples, n_features)
            In the form that X had in `fit`. Values that were there are unchanged. A column without a single value in
            `fit` keeps its holes.
        """
        return next(self.draws(X, 1))

    def draws(self, X: Any, n_draws: int = 5) -> Iterator[Any]:
        """Several completions of X, independent of one another: their spread is the uncertainty of what was missing.

        Parameters
        ----------
        X : DataFrame, Table or array-like of shape (n_samples, n_features)
        n_draws : int, default=5

        Yields
        ------
        X : DataFrame, Table or ndarray of shape (n_samples, n_features)
        """
        check_is_fitted(self)
        n_draws = check_count(n_draws, "n_draws", "draws")
        codes = self._form.encode(self, X)
        positions, holes = self._positions.encode(codes), np.isnan(codes)

        def made() -> Iterator[Any]:
            for number in range(n_draws):
                rng = np.random.default_rng(chunk_seed(self._seed, _DRAW_KEY, number))
                current = positions.copy()
                fill_at_random(current, holes, self._known, rng)
                sweep(current, holes, self._conditionals, self.n_sweeps, rng)
                yield self._form.decode(np.where(holes, self._positions.decode(np.floor(current)), codes), index_of(X))

        return made()

    def to_state(self) -> State:
        parts = {f"column{place}": fitted.to_state() for place, fitted in self._conditionals.items()}
        json = {
            "seed": self._seed,
            "columns": plain_columns(self),
            "n_features": self.n_features_in_,
            "fitted": sorted(self._conditionals),
        }
        return State({}, json, {**parts, "form": self._form.to_state(), "positions": self._positions.to_state()})

    def from_state(self, state: State) -> Self:
        n_features = state.integer("n_features", 1)
        self._form = Form.from_state(state.part("form"), n_features)
        self._positions = Positions.from_state(state.part("positions"), n_features)
        self._form.check_values(self._positions.values)
        fitted = state.value("fitted")
        if not isinstance(fitted, list) or not all(type(place) is int and 0 <= place < n_features for place in fitted):
            raise FileError("fitted must be columns, and is not")
        sizes = [len(values) for values in self._positions.values]
        self._conditionals = {
            place: Conditional.from_state(state.part(f"column{place}"), max(n_features - 1, 1), sizes[place])
            for place in fitted
        }
        nothing = {place: np.zeros(1, dtype=np.int64) for place in range(n_features)}
        self._known = nothing | {place: fitted.count for place, fitted in self._conditionals.items()}
        self._seed = state.integer("seed")
        self.n_features_in_ = n_features
        set_columns(self, state.value("columns"), n_features)
        self._row_shape = (n_features,)
        return self

    def __sklearn_is_fitted__(self) -> bool:
        return "_conditionals" in vars(self)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags
