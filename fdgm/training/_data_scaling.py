"""The scaling of data to the units that networks see."""

from typing import Any

import numpy as np

from ..architectures import Architecture
from ..inputs import Scaler

__all__ = ["scaled_range", "scalers_of"]


def scaled_range(architecture: Architecture, data_range: Any, shape: tuple[int, ...]) -> tuple[float, float] | None:
    """The range that all data are mapped to and particles are clamped to. None if columns are standardised."""
    if data_range is None:
        return None
    by_architecture = architecture.data_range(shape)
    return (-1.0, 1.0) if by_architecture is None and data_range != "auto" else by_architecture


def scalers_of(
    X: np.ndarray,
    scaling: str,
    data_range: Any,
    scaled: tuple[float, float] | None,
    owner: str,
    *,
    auto: str = "robust",
) -> tuple[Scaler, Scaler | None]:
    """The scaling of the networks, and the robust one if that is another.

    Parameters
    ----------
    X : ndarray of shape (n_samples, *row_shape)
    scaling : str
        Parameter of the estimator.
    data_range : (float, float), None or "auto"
        Parameter of the estimator.
    scaled : (float, float) or None
        What `scaled_range` gave.
    owner : str
        Name of the estimator, for errors.
    auto : str, default="robust"
        The scaling of data without a range that ``scaling="auto"`` stands for.

    Raises
    ------
    ValueError
        If `scaling` is given where the data have a range, or `data_range` is no range.
    """
    if scaled is None:
        robust = Scaler.of(X)
        scaling = auto if scaling == "auto" else scaling
        scaler = robust if scaling == "robust" else Scaler.of(X, scaling=scaling)
        if data_range is None:
            scaler = scaler.within(-np.inf, np.inf)
        return scaler, None if scaler is robust else robust
    if scaling != "auto":
        raise ValueError(
            f"scaling of {owner} must be 'auto' where the data have a range, which takes its place, got {scaling!r}"
            f" with data_range={data_range!r}; set data_range to None."
        )
    return Scaler.to_range(X, scaled, None if data_range == "auto" else _checked_range(data_range, owner)), None


def _checked_range(data_range: Any, owner: str) -> tuple[float, float]:
    try:
        low, high = (float(bound) for bound in data_range)
    except (TypeError, ValueError):
        low = high = np.nan
    if not (np.isfinite([low, high]).all() and low < high):
        raise ValueError(
            f"data_range of {owner} must be 'auto', None or two growing finite numbers, got {data_range!r}."
        )
    return low, high
