"""Match the columns of a fitted model with those of the rows that a refiner was fitted on."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from sklearn.base import BaseEstimator
from torch import Tensor

from .._columns import Labels, order_of
from ..inputs import columns_of
from ..training import GenerativeModel

__all__ = ["column_order", "names_of", "of_ordered", "ordered"]


def names_of(model: Any) -> Labels | None:
    """The column names of a model's samples, if it knows them."""
    if isinstance(model, GenerativeModel):
        return columns_of(model)
    names = getattr(model, "feature_names_in_", None) if isinstance(model, BaseEstimator) else None
    return None if names is None else tuple(names)


def column_order(what: str, model: Any, columns: Labels | None) -> np.ndarray | None:
    """Positions of X's columns among a model's: ``rows[:, order]`` has X's order. None if the orders agree.

    Raises
    ------
    ValueError
        If the two have columns of different names.
    """
    return order_of(names_of(model), columns, what, "X at fit")


def ordered(function: Callable[[Tensor], Tensor], order: np.ndarray | None) -> Callable[[Tensor], Tensor]:
    """A function that gives a model's samples, with columns in X's order."""
    if order is None:
        return function
    index = torch.from_numpy(order)

    def in_order(points: Tensor) -> Tensor:
        rows = function(points)
        return rows.index_select(1, index.to(rows.device))

    return in_order


def of_ordered(function: Callable[[Tensor], Tensor], order: np.ndarray | None) -> Callable[[Tensor], Tensor]:
    """Turn a function of a model's rows into one of rows with columns in X's order."""
    if order is None:
        return function
    index = torch.from_numpy(np.argsort(order))
    return lambda rows: function(rows.index_select(1, index.to(rows.device)))
