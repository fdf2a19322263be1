"""Networks that give measures features of samples, and class probabilities if they have classes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._checks import check_count
from .._chunks import apply_in_chunks
from .._columns import align_all
from .._numbers import as_numbers
from ._rows import check_rows

__all__ = [
    "Extractor",
    "as_features",
    "as_probabilities",
    "feature_pair",
    "get_extractor",
    "has_classes",
    "register_extractor",
]

#: An extractor's name, a function from an array (n, ...) to features (n, d), or None for the rows themselves.
Features = str | Callable[[Any], Any] | None


@dataclass(frozen=True)
class Extractor:
    """A network that measures take by name.

    Attributes
    ----------
    name : str
        Its registered name, which reports print.
    features : callable
        ``features(X)`` gives features of shape (n, d) of an array of shape (n, ...). The features of a row must not
        depend on n or on the other rows.
    probabilities : callable or None
        ``probabilities(X)`` gives class probabilities of shape (n, n_classes). None if it has no classes.

    Examples
    --------
    >>> import numpy as np
    >>> from fdgm.metrics import Extractor
    >>> pixels = Extractor("mean-pixel", features=lambda X: X.mean(axis=(2, 3)))
    >>> pixels.features(np.ones((5, 3, 8, 8))).shape
    (5, 3)
    """

    name: str
    features: Callable[[Any], Any]
    probabilities: Callable[[Any], Any] | None = None


_LOADERS: dict[str, Callable[[], Extractor]] = {}
_LOADED: dict[str, Extractor] = {}


def register_extractor(name: str, load: Callable[[], Extractor]) -> None:
    """Register an extractor under a name that ``features=`` and ``classifier=`` take.

    Parameters
    ----------
    name : str
        A name that no other extractor has.
    load : callable
        ``load()`` gives the :class:`Extractor`. It is called once, at the first use of the name.

    Raises
    ------
    TypeError
        If `name` is not a str or `load` is not callable.
    ValueError
        If the name is taken.

    Examples
    --------
    >>> from fdgm.metrics import Extractor, energy_distance, register_extractor
    >>> register_extractor("doubled", lambda: Extractor("doubled", features=lambda X: 2 * X))
    >>> energy_distance([[0.0]], [[1.0]], features="doubled")
    4.0
    """
    if not isinstance(name, str):
        raise TypeError(f"name of register_extractor must be a str, got {name!r}.")
    if not callable(load):
        raise TypeError(f"load of register_extractor must be callable as load(), got {load!r}.")
    if name in _LOADERS:
        raise ValueError(f"name of register_extractor must be none of {sorted(_LOADERS)}, got {name!r}.")
    _LOADERS[name] = load


def get_extractor(name: str) -> Extractor:
    """Return the extractor registered under a name. It is loaded at the first call.

    Parameters
    ----------
    name : str
        ``"inception"``, or a name given to :func:`register_extractor`.

    Returns
    -------
    extractor : Extractor

    Raises
    ------
    ValueError
        If no extractor has the name.
    ImportError, FileNotFoundError
        If something that the extractor needs is not installed, or its weights are missing. No other network replaces
        it.

    Examples
    --------
    >>> from fdgm.metrics import Extractor, get_extractor, register_extractor
    >>> register_extractor("halved", lambda: Extractor("halved", features=lambda X: X / 2))
    >>> get_extractor("halved").name
    'halved'
    """
    if name not in _LOADERS:
        raise ValueError(f"name of get_extractor must be one of {sorted(_LOADERS)}, got {name!r}.")
    if name not in _LOADED:
        _LOADED[name] = _LOADERS[name]()
    return _LOADED[name]


def has_classes(features: Features) -> bool:
    """Whether `features` names an extractor that has class probabilities."""
    return isinstance(features, str) and features in _LOADERS and get_extractor(features).probabilities is not None


def as_features(X: Any, features: Features, name: str, function: str, *, chunk_size: int = 500) -> np.ndarray:
    """The finite float64 rows (n, d) by which `X` is compared."""
    if features is None:
        return check_rows(X, name, function)
    return _apply(_resolve(features, "features", function), X, "features", name, function, chunk_size)


def feature_pair(
    X_real: Any, X_generated: Any, features: Features, function: str, chunk_size: Any
) -> tuple[np.ndarray, np.ndarray, int]:
    """Rows of both samples with one width and columns aligned by name, and the checked `chunk_size`."""
    chunk_size = check_count(chunk_size, "chunk_size", function)
    X_real, X_generated = align_all((X_real, X_generated), ("X_real", "X_generated"), function)
    x = as_features(X_real, features, "X_real", function, chunk_size=chunk_size)
    y = as_features(X_generated, features, "X_generated", function, chunk_size=chunk_size)
    if x.shape[1] != y.shape[1]:
        raise ValueError(
            f"X_generated of {function} must have as many features as X_real, which has {x.shape[1]}, got {y.shape[1]}."
        )
    return x, y, chunk_size


def as_probabilities(X: Any, classifier: Features, name: str, function: str, *, chunk_size: int = 500) -> np.ndarray:
    """Class probabilities (n, n_classes), whose rows sum to 1. Without a classifier, `X` itself."""
    if classifier is None:
        p = check_rows(X, name, function)
    else:
        p = _apply(_resolve(classifier, "classifier", function), X, "classifier", name, function, chunk_size)
    total = p.sum(axis=1)
    # A softmax in half precision sums to 1 within 1e-3; logits do not.
    bad = (p < 0).any(axis=1) | (np.abs(total - 1) > 1e-2)
    if bad.any():
        row = int(np.argmax(bad))
        what = f"{name} of {function}" if classifier is None else f"What classifier of {function} returns for {name}"
        raise ValueError(
            f"{what} must be class probabilities, rows >= 0 that sum to 1, got a row {row} with least entry "
            f"{p[row].min():.6g} and sum {total[row]:.6g} (logits need a softmax first)."
        )
    return p / total[:, None]


def _resolve(features: str | Callable[[Any], Any], parameter: str, function: str) -> Callable[[Any], Any]:
    if callable(features):
        return features
    if not isinstance(features, str) or features not in _LOADERS:
        raise ValueError(
            f"{parameter} of {function} must be None, a callable from an array (n, ...) to an array (n, d), or one of "
            f"{sorted(_LOADERS)}, got {features!r}."
        )
    extractor = get_extractor(features)
    if parameter == "features":
        return extractor.features
    if extractor.probabilities is None:
        raise ValueError(f"{parameter} of {function} must have classes, got {features!r}, which has only features.")
    return extractor.probabilities


def _apply(call: Callable[[Any], Any], X: Any, parameter: str, name: str, function: str, chunk_size: int) -> np.ndarray:
    array = np.asarray(as_numbers(X, f"{name} of {function}"))
    if array.ndim == 0 or len(array) == 0:
        raise ValueError(f"{name} of {function} must be an array of shape (n >= 1, ...), got shape {array.shape}.")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        row = int(np.argwhere(~np.isfinite(array))[0, 0])
        raise ValueError(f"{name} of {function} must be finite, got a NaN or an infinity in row {row}.")

    def results(rows: slice) -> np.ndarray:
        part = check_rows(call(array[rows]), f"what {parameter} returns for {name}", function)
        if len(part) != rows.stop - rows.start:
            raise ValueError(
                f"{parameter} of {function} must return a row for each of the {rows.stop - rows.start} given, got"
                f" {len(part)}."
            )
        return part

    return apply_in_chunks(results, len(array), chunk_size)
