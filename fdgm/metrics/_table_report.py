"""A report of synthetic tables, beside real rows and independent columns."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from .._checks import check_flag
from .._columns import labels_of, library_of
from ..tables import Positions, Schema, units
from ._closeness import copies, nearer_to_training
from ._judged import Figure, detection_score, utility
from ._shapes import bounds_broken, levels_lost, missing_difference, pairs, precision_and_recall, shapes
from ._table import ReportTable

__all__ = ["table_report", "table_score"]

_SEEDS = (0, 1, 2)
_LEAST = 10  # rows


def table_score(held_out: Any, synthetic: Any) -> float:
    """How hard samples of a table are to tell from held-out rows: 2 − 2 AUC of boosted trees. 1 is best, 0 is worst.

    It is defined here once:

    - at most 16,000 rows of each kind, as many of one as of the other;
    - numbers, dates and booleans as numbers, missing as such; categories as positions along the first principal
      component of the held-out rows;
    - 100 boosted trees of depth 6 with learning rate 0.3 (scikit-learn's), three folds, three seeds, the mean of the
      AUCs; at most 1.

    Parameters
    ----------
    held_out : DataFrame, Table or array-like of shape (n_held_out, n_features)
        Real rows that the model has not seen.
    synthetic : DataFrame, Table or array-like of shape (n_samples, n_features)

    Returns
    -------
    score : float, from 0 to 1

    Raises
    ------
    ValueError, TypeError
        If a column cannot be represented, or columns differ in names or kinds.

    Notes
    -----
    XGBoost in scikit-learn's place (100 trees of depth 6) gives the same within 0.02.

    Examples
    --------
    >>> import numpy as np
    >>> from fdgm.metrics import table_score
    >>> X, S = np.random.default_rng(0).normal(size=(2, 500, 2))
    >>> table_score(X, S) > 0.9, table_score(X, S + 3) < 0.1
    (True, True)
    """
    real, generated = (_as_table(X) for X in (held_out, synthetic))
    schema = Schema.of(real, "held_out of table_score")
    _check_rows(((real, "held_out"), (generated, "synthetic")), "table_score")
    codes = schema.encode(real), schema.encode(generated, "synthetic of table_score", unknown="missing")
    judged = _Judged.of(schema, codes[0])
    return detection_score(judged.numbers(codes[0]), judged.numbers(codes[1]), _SEEDS).value


def table_report(
    train: Any, synthetic: Any, test: Any, *, target: Any = None, references: bool = True
) -> "pd.DataFrame":
    """Compare samples of a table with held-out rows, and with the rows that they were learned from.

    Parameters
    ----------
    train : DataFrame, Table or array-like of shape (n_train, n_features)
        The rows that the model was fitted on.
    synthetic : DataFrame, Table or array-like of shape (n_samples, n_features)
        Its samples. As many as there are training rows are best.
    test : DataFrame, Table or array-like of shape (n_test, n_features)
        Real rows that the model has not seen. As many as there are training rows are best: fit one half, hold out the
        other.
    target : label or None, default=None
        The column that is predicted, for ``train_on_synthetic``. None leaves it out.
    references : bool, default=True
        Whether to compute each figure for real rows and for independent columns too, which takes twice as long again.

    Returns
    -------
    table : DataFrame
        A line for each measure, with the columns ``value``, ``low`` and ``high`` (an interval of 95%, NaN where there
        is none), ``better`` ("higher", "lower" or the best value), ``real`` (the same of the training rows in place of
        the samples), ``independent`` (of the training rows, each column shuffled by itself) and ``n_rows``:

        - ``score``: :func:`table_score`;
        - ``train_on_synthetic``: a boosted model of `target` is trained on samples and tested on the test rows; AUC of
          two classes, accuracy of up to 20, R² of a number;
        - ``shapes``, ``pairs``: similarity of columns and of pairs of columns, from 0 to 1;
        - ``alpha_precision``, ``beta_recall``: of rows (Alaa et al., ICML 2022);
        - ``nearer_to_train``: the fraction of samples that are nearer to a training row than to any of as many test
          rows (DCR). ½ is best;
        - ``way_to_copying``: the same, minus ½, over that of copies;
        - ``exact_copies``: the fraction of samples that are training rows;
        - ``missing_difference``, ``levels_lost``, ``bounds_broken``: of columns.

    Raises
    ------
    ValueError, TypeError
        If a column cannot be represented, columns differ in names or kinds, there are fewer than 10 rows, or there is
        no column `target`.

    Notes
    -----
    ``way_to_copying`` near 0 is no guarantee of privacy: it is a mean over samples, and says nothing of single rows.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from fdgm.metrics import table_report
    >>> X = pd.DataFrame(np.random.default_rng(0).normal(size=(600, 2)), columns=["a", "b"])
    >>> table = table_report(X[:200], X[200:400], X[400:], references=False)
    >>> bool(table.loc["exact_copies", "value"] == 0)
    True
    """
    check_flag(references, "references", "table_report")
    frames = {name: _as_table(X) for name, X in (("train", train), ("synthetic", synthetic), ("test", test))}
    _check_rows(((frame, name) for name, frame in frames.items()), "table_report")
    schema = Schema.of(frames["train"], "train of table_report")
    codes = {name: schema.encode(frame, f"{name} of table_report", unknown="missing") for name, frame in frames.items()}
    place = None
    if target is not None:
        labels = list(labels_of(frames["train"]) or ())
        if target not in labels:
            raise ValueError(f"target of table_report must be a column of train, {labels[:8]}, got {target!r}.")
        place = labels.index(target)
    judged = _Judged.of(schema, codes["train"])
    compared = {"value": codes["synthetic"]}
    if references:
        rng = np.random.default_rng(0)
        compared["real"] = codes["train"]
        compared["independent"] = np.column_stack([rng.permutation(column) for column in codes["train"].T])
    copier = nearer_to_training(
        judged.numbers(codes["train"]), judged.numbers(codes["test"]), judged.numbers(codes["train"]), judged.free
    ).value
    found = {
        name: dict(_lines(judged, codes["train"], rows, codes["test"], place, copier, seeds))
        for (name, rows), seeds in zip(compared.items(), (_SEEDS, (0,), (0,)), strict=False)
    }
    nothing = Figure(np.nan)
    lines = [
        {
            "measure": measure,
            "value": figure.value,
            "low": figure.low,
            "high": figure.high,
            "better": better,
            "real": found.get("real", {}).get((measure, better), nothing).value,
            "independent": found.get("independent", {}).get((measure, better), nothing).value,
            "n_rows": len(codes["synthetic"]),
        }
        for (measure, better), figure in found["value"].items()
    ]
    return ReportTable(lines).set_index("measure")


class _Judged:
    """Rows as boosted trees and distances take them."""

    def __init__(self, positions: Positions, training: np.ndarray) -> None:
        self.positions = positions
        self.training = training

    @classmethod
    def of(cls, schema: Schema, codes: np.ndarray) -> "_Judged":
        positions = Positions.of(codes, schema.categorical, 0)
        return cls(positions, positions.encode(codes).astype(np.int64))

    @property
    def free(self) -> np.ndarray:
        """A mask of the categories."""
        return self.positions.categorical

    def numbers(self, codes: np.ndarray) -> np.ndarray:
        """Numbers as they are, and categories as positions; NaN is missing."""
        rows = codes.copy()
        for place in np.flatnonzero(self.free).tolist():
            known = np.isin(codes[:, place], self.positions.values[place])
            found = self.positions.encode_column(place, np.where(known, codes[:, place], np.nan))
            rows[:, place] = np.where(np.isnan(codes[:, place]), np.nan, np.where(known, found, -1.0))
        return rows

    def units(self, codes: np.ndarray) -> np.ndarray:
        """Ranks of variance 1, and one-hots."""
        known = codes.copy()
        for place in np.flatnonzero(self.free).tolist():
            hit = np.isin(codes[:, place], self.positions.values[place])
            known[:, place] = np.where(hit, codes[:, place], np.nan)
        return units(self.positions.encode(known), self.training, self.free)


def _lines(
    judged: _Judged,
    train: np.ndarray,
    rows: np.ndarray,
    test: np.ndarray,
    target: int | None,
    copier: float,
    seeds: tuple[int, ...],
) -> Iterator[tuple[tuple[str, str], Figure]]:
    """Each measure's name, what is better, and its figure."""
    held, made = judged.numbers(test), judged.numbers(rows)
    yield ("score", "higher"), detection_score(held, made, seeds)
    if target is not None:
        yield ("train_on_synthetic", "higher"), utility(held, made, target)[1]
    yield ("shapes", "higher"), shapes(held, made, judged.free)
    yield ("pairs", "higher"), pairs(held, made, judged.free)
    precision, recall = precision_and_recall(judged.units(test), judged.units(rows))
    yield ("alpha_precision", "higher"), precision
    yield ("beta_recall", "higher"), recall
    nearer = nearer_to_training(judged.numbers(train), held, made, judged.free)
    yield ("nearer_to_train", "0.5"), nearer
    yield ("way_to_copying", "0"), Figure(*((value - 0.5) / max(copier - 0.5, 1e-9) for value in nearer))
    yield ("exact_copies", "lower"), copies(train, rows)
    yield ("missing_difference", "lower"), missing_difference(test, rows)
    yield ("levels_lost", "lower"), levels_lost(train, rows, judged.free)
    yield ("bounds_broken", "lower"), bounds_broken(train, rows, judged.free)


def _as_table(X: Any) -> Any:
    """X itself if it is a table, an array as one."""
    return X if library_of(X) is not None else pd.DataFrame(np.asarray(X))


def _check_rows(tables: Any, function: str) -> None:
    for table, name in tables:
        if library_of(table) != "polars lazy" and len(table) < _LEAST:
            raise ValueError(f"{name} of {function} must have at least {_LEAST} rows, got {len(table)}.")
