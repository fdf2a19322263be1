"""A sampler of tables by trees: columns in turn, each given those before it."""

from numbers import Integral, Real
from typing import Any, ClassVar, Literal, Self, overload

import numpy as np
import pandas as pd
from sklearn.utils.validation import check_is_fitted

from .._bar import Verbose
from .._checks import check_count
from .._columns import library_of
from .._literals import Auto
from .._sklearn import Interval, StrOptions
from ..exceptions import FileError
from ..inputs import (
    as_before_on_error,
    chunk_seed,
    columns_of,
    entropy_of,
    index_of,
    int_seed,
    is_stored,
    key_of_call,
    plain_columns,
    set_columns,
    some_rows,
)
from ..metrics import energy_distance
from ..nets import Clock
from ..persistence import Savable, State, as_tensor, forget_card
from ..scale import SamplesToFiles
from ..tables import Positions, Schema, units
from ._chain import CHUNK, Chain
from ._conditional import Conditional, Recipe
from ._form import Form
from ._given import Given, read_given
from ._streamed import sampled_table
from ._sweeps import fill_at_random, fit_given_all_others, sweep

__all__ = ["TreeSampler"]

_SCORED = 5000  # rows that `score` compares
_FIT_KEY, _SCORE_KEY, _PUBLIC_KEY, _ROWS_KEY = 0, 1, 2, 3
_CACHED = 8  # sets of given columns whose trees are kept


class TreeSampler(SamplesToFiles, Savable):
    """Sample tables of mixed kinds by bagged trees, one column after another.

    Columns are drawn in the order of their numbers of values, each given those before it. For each there are bagged
    trees, which also split on an out-of-fold prediction by boosted trees. A sample takes a random tree and a random
    value of the leaf that it falls in. Categories are put in an order in which neighbours are alike, and a missing
    value is a value like others. There is nothing to prepare: X may hold numbers, strings, categories, booleans, dates
    and holes, and samples come back with the dtypes of X.

    Parameters
    ----------
    condition : None, "y" or list, default=None
        What samples are mostly asked for given: ``"y"`` is the y of `fit`, a list names columns of X. They are drawn
        first. Any other columns can be given to `sample` too, which then fits trees for them. None ignores y.
    n_trees : int, default=8
        Trees of a column.
    min_samples_leaf : int or "auto", default="auto"
        The fewest rows of a leaf. "auto" is 15, or 8 if X has fewer than 2,000 rows.
    n_bins : int, default=32
        Bins of a number's values, by which half of its trees choose their splits; the other half regress it.
    n_folds : int or "auto", default="auto"
        Boosted predictions of a column, each fitted without one fold of the rows. "auto" is 3, or 5 if X has fewer than
        20,000 rows. 0 is none.
    privacy : bool, default=False
        Whether leaves have at least 40 rows, so that samples are about as far from the training rows as from others.
        This is no guarantee of privacy.
    max_seconds : float or None, default=None
        Seconds, after which the columns that are left have one tree each and no boosted prediction.
    n_jobs : int or None, default=None
        Columns that are fitted at once, in threads. The bits are the same for any number.
    random_state : int, RandomState, Generator or None, default=None
    verbose : int or "auto", default="auto"
        1 shows a progress bar, and ``"auto"`` shows it at a terminal from the tenth second on.

    Attributes
    ----------
    schema_ : Schema or None
        What each column is. None if X was an array.
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (n_features,)
        If all columns of X have names that are strings.
    stop_reason_ : str
        "finished" or "max_seconds".

    See Also
    --------
    VGrowSampler : Samples by a network, for images and smooth data.

    Notes
    -----
    Values are those of the training rows, so that a column of keys is repeated. Leaves keep them: a saved model holds
    every column of X.

    Fit takes about 12 s of one core for 32,561 rows and 15 columns (Adult).

    Examples
    --------
    >>> import pandas as pd
    >>> from fdgm import TreeSampler
    >>> X = pd.DataFrame({"size": ["s", "m", "l", None] * 50, "price": [1, 2, 3, 4] * 50})
    >>> sampler = TreeSampler(random_state=0).fit(X)
    >>> sampler.sample(3)
      size  price
    0  NaN      4
    1    s      1
    2    s      1
    >>> sampler.sample(2, given={"price": 2})
      size  price
    0    m      2
    1    m      2
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "condition": [StrOptions({"y"}), list, tuple, None],
        "n_trees": [Interval(Integral, 1, None, closed="left")],
        "min_samples_leaf": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "n_bins": [Interval(Integral, 2, None, closed="left")],
        "n_folds": [StrOptions({"auto"}), Interval(Integral, 0, None, closed="left")],
        "privacy": ["boolean"],
        "max_seconds": [Interval(Real, 0, None, closed="neither"), None],
        "n_jobs": [Integral, None],
        "random_state": ["random_state", np.random.Generator],
        "verbose": ["verbose", StrOptions({"auto"})],
    }

    n_features_in_: int

    def __init__(
        self,
        *,
        condition: Literal["y"] | list[Any] | tuple[Any, ...] | None = None,
        n_trees: int = 8,
        min_samples_leaf: int | Auto = "auto",
        n_bins: int = 32,
        n_folds: int | Auto = "auto",
        privacy: bool = False,
        max_seconds: float | None = None,
        n_jobs: int | None = None,
        random_state: Any = None,
        verbose: Verbose = "auto",
    ) -> None:
        self.condition = condition
        self.n_trees = n_trees
        self.min_samples_leaf = min_samples_leaf
        self.n_bins = n_bins
        self.n_folds = n_folds
        self.privacy = privacy
        self.max_seconds = max_seconds
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn to sample from the distribution of X, or of X and y.

        Parameters
        ----------
        X : DataFrame, Table or array-like of shape (n_samples, n_features)
            At least two rows. A table of pandas, polars or pyarrow may hold numbers, strings, categories, booleans,
            dates, durations and missing values. An array holds numbers, and NaN for missing ones.

            Or a source of rows, such as a path of Parquet files or an iterable of tables. Up to 200,000 of its rows are
            drawn at random in one pass. Rows that hold an extreme of a column, or the first of a level, are among them.
        y : array-like of shape (n_samples,) or None, default=None
            Ignored, unless `condition` is "y".

        Returns
        -------
        self

        Raises
        ------
        ValueError, TypeError
            If a parameter is out of range, a column cannot be represented (which the message names), or `condition`
            names columns that there are not.
        """
        self._validate_params()
        clock = Clock(1, self.max_seconds)
        with as_before_on_error(self):
            entropy, n_rows = entropy_of(self.random_state), None
            if is_stored(X):
                X, n_rows = self._drawn(X, entropy)
            form, codes = Form.of(self, X)
            schema_of_y = None
            if self.condition == "y":
                schema_of_y, column = self._read_y(y, len(codes))
                codes = np.column_stack([codes, column])
            categorical = form.categorical
            if schema_of_y is not None:
                categorical = np.append(categorical, schema_of_y.categorical)
            self._form, self._schema_of_y = form, schema_of_y
            names = columns_of(self) or tuple(f"x{k}" for k in range(self.n_features_in_))
            self._seen = {
                "rows": n_rows or len(codes),
                "n_columns": len(names),
                "columns": [str(name) for name in names],
            }
            forget_card(self)
            self._seed = chunk_seed(entropy, _FIT_KEY)
            self._positions = Positions.of(codes, categorical, self._seed)
            self._rows = self._positions.encode(codes).astype(np.int32)
            self._recipe = Recipe.of(self, len(codes), privacy=self.privacy)
            self._n_calls = None if self.random_state is None else 0
            self._given_others: dict[int, Conditional] = {}
            self._chains: dict[tuple[int, ...], Chain] = {}

            def late() -> bool:
                return self.max_seconds is not None and clock.seconds >= self.max_seconds

            self._chain = self._fit_chain(self._conditioned(), late)
            self.stop_reason_ = "max_seconds" if late() else "finished"
        return self

    def _drawn(self, X: Any, entropy: int) -> tuple[Any, int]:
        """Rows of a source, as many as fit into memory, and their number in the source."""
        owner = type(self).__name__
        if self.condition == "y":
            raise ValueError(f'condition of {owner} must not be "y" where X is read from a source, got a y beside it.')
        return sampled_table(X, f"X of {owner}", chunk_seed(entropy, _ROWS_KEY))

    @overload
    def sample(
        self,
        n_samples: int = ...,
        *,
        y: Any = ...,
        given: Any = ...,
        return_y: Literal[False] = ...,
        random_state: Any = ...,
    ) -> Any: ...
    @overload
    def sample(
        self, n_samples: int = ..., *, y: Any = ..., given: Any = ..., return_y: Literal[True], random_state: Any = ...
    ) -> tuple[Any, np.ndarray]: ...
    def sample(
        self,
        n_samples: int = 1,
        *,
        y: Any = None,
        given: Any = None,
        return_y: bool = False,
        random_state: Any = None,
    ) -> Any:
        """Draw samples from the model, all or some of whose values may be given.

        Parameters
        ----------
        n_samples : int, default=1
            With a `given` or a `y` of n values it is n, and may be left out.
        y : scalar, array-like of shape (n_samples,) or None, default=None
            The y of the samples, after a fit with ``condition="y"``. None draws it at the fractions of the training
            rows.
        given : dict, DataFrame or None, default=None
            Values of some columns. A dict gives one value for all samples, or an Interval of pandas. Columns with such
            ranges are drawn jointly, as training rows have them. A table gives a value for each sample. Trees for
            columns that are given for the first time are fitted now, and kept.
        return_y : bool, default=False
            Whether to return y too.
        random_state : int, RandomState, Generator or None, default=None
            With None successive calls differ. After a fit with a `random_state` they advance the model's own stream,
            which copies of the model repeat from where it stood.

        Returns
        -------
        X : DataFrame, Table or ndarray of shape (n_samples, n_features)
            In X's form, with its columns and dtypes.
        y : ndarray of shape (n_samples,)
            If `return_y`.

        Raises
        ------
        NotFittedError
            Before `fit`.
        ValueError
            If conditions are impossible: the message has the nearest possible ones. If y is given, or asked for, after
            a fit without it. If lengths differ.
        """
        check_is_fitted(self)
        n_samples = check_count(n_samples, "n_samples", "sample")
        if (y is not None or return_y) and self._schema_of_y is None:
            raise ValueError(f'{type(self).__name__} has no y: fit it with condition="y".')
        what = None
        if y is not None or given is not None:
            what = self._read_given(given, y)
            if len(what.codes) > 1 or library_of(given) is not None:
                if n_samples not in (1, len(what.codes)):
                    raise ValueError(
                        f"n_samples of sample must be the {len(what.codes)} that are given, got {n_samples}."
                    )
                n_samples = len(what.codes)
        codes = self._draw(n_samples, self._key(random_state), what)
        drawn = self._form.decode(codes[:, : self.n_features_in_])
        if not return_y:
            return drawn
        return drawn, self._schema_of_y.decode(codes[:, -1:])["y"].to_numpy()  # type: ignore[union-attr]

    def _key(self, random_state: Any) -> tuple[int, ...]:
        return key_of_call(self, random_state, (self._seed, _PUBLIC_KEY))

    def score(self, X: Any, y: Any = None) -> float:
        """Minus the energy distance between X and the model. Greater is better.

        At most 5,000 rows of X, drawn at random, are compared with as many samples. Both draws are the same at each
        call. Numbers are compared by their ranks among the training rows, categories by equality.

        Parameters
        ----------
        X : DataFrame, Table or array-like of shape (n_samples, n_features)
            A level that was not in the training rows counts as missing.
        y : ignored

        Returns
        -------
        score : float, at most 0
        """
        check_is_fitted(self)
        codes = self._form.encode(self, X, unknown="missing")
        key = (self._seed, _SCORE_KEY)
        rows = self._positions.encode(codes[some_rows(len(codes), _SCORED, chunk_seed(*key))])
        drawn = self._positions.encode(self._draw(len(rows), key, None)[:, : self.n_features_in_])
        return -energy_distance(self._units(rows), self._units(drawn))

    def impute(self, X: Any, *, n_sweeps: int = 3, random_state: Any = None) -> Any:
        """Fill the holes of X by draws, given the other values of their rows.

        A hole is first filled with a known value of its column at random, then drawn `n_sweeps` times given all others.
        Trees for a column given all others are fitted when it first has a hole, and kept.

        Parameters
        ----------
        X : DataFrame, Table or array-like of shape (n_samples, n_features)
        n_sweeps : int, default=3
        random_state : int, RandomState, Generator or None, default=None
            As of `sample`.

        Returns
        -------
        X : DataFrame, Table or ndarray of shape (n_samples, n_features)
            In the form of the X of `fit`. Values that were there are unchanged. A column without a single value in
            `fit` keeps its holes.

        See Also
        --------
        GenerativeImputer : Learns from rows with holes.
        """
        check_is_fitted(self)
        n_sweeps = check_count(n_sweeps, "n_sweeps", "impute")
        codes = self._form.encode(self, X)
        holes = np.isnan(codes)
        d = self.n_features_in_
        positions = self._positions.encode(codes)
        training = self._rows[:, :d].astype(np.float32)
        missing = [place for place in np.flatnonzero(holes.any(axis=0)).tolist() if place not in self._given_others]
        sizes = [len(values) for values in self._positions.values[:d]]
        self._given_others |= fit_given_all_others(
            training, training > 0, missing, sizes, self._positions.categorical, self._recipe, self._seed, self.n_jobs
        )
        rng = np.random.default_rng(int_seed(*key_of_call(self, random_state, (self._seed, _PUBLIC_KEY))))
        known = {place: np.bincount(column) for place, column in enumerate(self._rows[:, :d].T)}
        fill_at_random(positions, holes, known, rng)
        sweep(positions, holes, self._given_others, n_sweeps, rng)
        return self._form.decode(np.where(holes, self._positions.decode(np.floor(positions)), codes), index_of(X))

    def _units(self, positions: np.ndarray) -> np.ndarray:
        return units(positions, self._rows[:, : positions.shape[1]], self._positions.categorical)

    @property
    def schema_(self) -> Schema | None:
        """What each column is. None if X was an array."""
        check_is_fitted(self)
        return self._form.schema

    def _read_y(self, y: Any, n: int) -> tuple[Schema, np.ndarray]:
        if y is None:
            raise ValueError(f'y of {type(self).__name__} must be given with condition="y", got None.')
        table = pd.DataFrame({"y": np.asarray(y) if not isinstance(y, pd.Series) else y.array})
        if len(table) != n:
            raise ValueError(f"y of {type(self).__name__} must have a value for each of {n} rows, got {len(table)}.")
        schema = Schema.of(table, f"y of {type(self).__name__}")
        return schema, schema.encode(table)

    def _conditioned(self) -> tuple[int, ...]:
        """The columns that `condition` names."""
        if self.condition is None:
            return ()
        if isinstance(self.condition, str):
            return (self.n_features_in_,)
        places = self._places()
        unknown = [label for label in self.condition if label not in places]
        if unknown or not len(self.condition):
            raise ValueError(
                f"condition of {type(self).__name__} must name columns of X, {list(places)[:8]}, got"
                f" {unknown or 'none'}."
            )
        return tuple(sorted({places[label][0] for label in self.condition}))

    def _places(self) -> dict[Any, tuple[int, Any]]:
        """Place and description of each column of X by its name."""
        labels = columns_of(self) or tuple(range(self.n_features_in_))
        schema = self._form.schema
        columns = [None] * self.n_features_in_ if schema is None else schema.columns
        return {label: (place, column) for place, (label, column) in enumerate(zip(labels, columns, strict=True))}

    def _fit_chain(self, given: tuple[int, ...], late: Any = lambda: False) -> Chain:
        return Chain.fit(
            self._positions,
            self._rows,
            given,
            self._recipe,
            self._seed,
            n_jobs=self.n_jobs,
            late=late,
            verbose=self.verbose,
        )

    def _chain_of(self, given: tuple[int, ...]) -> Chain:
        """The trees that begin with these columns. The main ones do if these are the first that they draw."""
        main, size = self._chain, len(given)
        if size >= main.n_first and set(main.order[:size]) == set(given):
            return Chain(main.order, size, main.steps[size - main.n_first :], self._positions)
        if given not in self._chains:
            while len(self._chains) >= _CACHED:
                self._chains.pop(next(iter(self._chains)))
            self._chains[given] = self._fit_chain(given)
        return self._chains[given]

    def _read_given(self, given: Any, y: Any) -> Given:
        owner = type(self).__name__
        training = self._positions.decode(self._rows)
        places = self._places()
        if y is None:
            return read_given(given, places, training, owner)
        column = self._schema_of_y.columns[0]  # type: ignore[union-attr]  # it was checked
        places[_Y] = (self.n_features_in_, column)
        scalar = np.ndim(y) == 0
        if library_of(given) is None and scalar:
            return read_given({**(given or {}), _Y: y}, places, training, owner)
        values = pd.DataFrame({_Y: np.asarray(y) if not isinstance(y, pd.Series) else y.array})
        found = read_given(values, places, training, owner)
        if given is None:
            return found
        others = read_given(given, places, training, owner)
        if others.rows is not None:
            raise ValueError(f"given of {owner} must not have ranges beside an array of y; give one y.")
        n = max(len(found.codes), len(others.codes))
        both = [np.broadcast_to(part.codes, (n, part.codes.shape[1])) for part in (others, found)]
        return Given((*others.columns, *found.columns), np.column_stack(both), None)

    def _draw(self, n: int, key: tuple[int, ...], given: Given | None) -> np.ndarray:
        """Codes (n, d) of samples. What is given is as it was given."""
        chain = self._chain if given is None else self._chain_of(given.columns)
        places = list(chain.order[: chain.n_first])
        pool = self._rows if given is None or given.rows is None else self._rows[given.rows]

        def first(start: int, rng: np.random.Generator) -> np.ndarray:
            rows = self._positions.decode(pool[rng.integers(len(pool), size=CHUNK)])
            if given is not None:
                part = given.codes if len(given.codes) == 1 else given.codes[start : start + CHUNK]
                ranged = np.isnan(part) & (given.rows is not None)
                columns = list(given.columns)
                held = rows[: CHUNK if len(part) == 1 else len(part), columns]
                rows[: len(held), columns] = np.where(ranged, held, part)
            return rows[:, places]

        return chain.draw(first, n, key)

    def to_state(self) -> State:
        tensors = {"rows": as_tensor(self._rows)}
        json = {
            "seed": self._seed,
            "n_calls": self._n_calls,
            "columns": plain_columns(self),
            "n_features": self.n_features_in_,
            "stop_reason": self.stop_reason_,
        }
        parts: dict[str, Any] = {"form": self._form, "positions": self._positions, "chain": self._chain}
        if self._schema_of_y is not None:
            parts["y"] = Form(self._schema_of_y, None)
        return State(tensors, json, {name: part.to_state() for name, part in parts.items()})

    def from_state(self, state: State) -> Self:
        rows = state.array("rows", (None, None), "int32", least=0)
        n_features = state.integer("n_features", 1, rows.shape[1])
        with_y = int(self.condition == "y")
        if rows.shape[1] != n_features + with_y or len(rows) < 2:
            raise FileError(f"rows must be two or more of {n_features + with_y} columns, got {rows.shape}")
        self._form = Form.from_state(state.part("form"), n_features)
        self._schema_of_y = Form.from_state(state.part("y"), 1).schema if with_y else None
        self._positions = Positions.from_state(state.part("positions"), rows.shape[1])
        self._form.check_values(self._positions.values)
        if self._schema_of_y is not None:
            Form(self._schema_of_y, None).check_values(self._positions.values[-1:])
        sizes = [len(values) for values in self._positions.values]
        if (rows.max(axis=0) > sizes).any():
            raise FileError("rows must be positions of values that there are, and are not")
        self._rows = rows
        self._chain = Chain.from_state(state.part("chain"), self._positions)
        self._recipe = Recipe.of(self, len(rows), privacy=self.privacy)
        self._seed = state.integer("seed")
        self._n_calls = None if state.value("n_calls") is None else state.integer("n_calls")
        self._chains, self._given_others = {}, {}
        self.stop_reason_ = state.choice("stop_reason", ("finished", "max_seconds"))
        self.n_features_in_ = n_features
        set_columns(self, state.value("columns"), n_features)
        self._row_shape = (n_features,)
        return self

    def __sklearn_is_fitted__(self) -> bool:
        return "_chain" in vars(self)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


class _NameOfY:
    """The name of y among the columns, which none of X's can have."""

    def __repr__(self) -> str:
        return "y"


_Y = _NameOfY()
