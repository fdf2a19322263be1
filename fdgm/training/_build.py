"""Fresh networks of an estimator, from its parameters."""

from typing import Any

from ..inputs import Seeds
from ._options import settings_of
from ._params import at_fit

__all__ = ["build"]


def build(model: Any, shape: tuple[int, ...], seeds: Seeds) -> None:
    """Make fresh networks for rows of this shape, and note the parameters that they are made with."""
    model._made_with = vars(at_fit(model, without=model._call_params))
    model.net_ = model._make_net(settings_of(model, model._made_with), shape, seeds)
