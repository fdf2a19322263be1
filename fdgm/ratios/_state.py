"""The state of a fitted density ratio, and the checks of one that comes from a file."""

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..exceptions import FileError
from ..inputs import plain_columns, set_columns
from ..persistence import State, as_tensor

__all__ = ["LOG_RATIOS", "check_finite", "restore", "state_of", "take_learned"]

LOG_RATIOS = ("log_ratio_p_", "log_ratio_q_")
#: What all learn, and the card of a file, which is no part of the state.
_COMMON = (*LOG_RATIOS, "n_features_in_", "feature_names_in_", "_columns", "_params", "_row_shape", "_saved_card")
_PROBED = 2**20  # numbers in the largest row on which a loaded estimator is tested
_DTYPES = (
    *(torch.float64, torch.float32, torch.float16),
    *(torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8, torch.bool),
)


def state_of(ratio: Any) -> State:
    """Log-ratios, columns, and every attribute that is learned and is an array, a number, a string or a list."""
    params = ratio.get_params(deep=False)
    learned = State()
    for name, value in vars(ratio).items():
        if name in params or name in _COMMON or name in ratio._apart:
            continue
        if isinstance(value, Tensor):
            value = value.detach().cpu().numpy()
        if isinstance(value, np.ndarray) and value.dtype.kind in "biuf":
            learned.tensors[name] = as_tensor(value)
        else:
            learned.json[name] = _plain(type(ratio).__name__, name, value)
    return State(
        {name: as_tensor(getattr(ratio, name)) for name in LOG_RATIOS},
        {"row_shape": list(ratio._row_shape), "columns": plain_columns(ratio)},
        {"learned": learned},
    )


def restore(ratio: Any, state: State) -> None:
    """Restore what `state_of` gave.

    Raises
    ------
    FileError
        If an entry is missing, or is not what this estimator would have learned.
    """
    ratio._row_shape = state.shape("row_shape")
    ratio.n_features_in_ = ratio._row_shape[0]
    set_columns(ratio, state.value("columns"), ratio.n_features_in_)
    for name in LOG_RATIOS:
        setattr(ratio, name, state.array(name, (None,)))
    size = math.prod(ratio._row_shape)
    ratio._take_learned(state.part("learned"), {"d": size})
    if size <= _PROBED:
        check_finite(ratio)


def take_learned(ratio: Any, learned: State, sizes: dict[str, int]) -> None:
    """Restore the attributes that a ratio learned, by the rules in its `_learned`.

    Without rules, as in a plugin, an attribute may be anything that is no method or property of the class.
    """
    if ratio._learned is not None:
        for name, rule in ratio._learned.items():
            setattr(ratio, name, rule.take(learned, name, sizes))
        return
    for name in (*learned.tensors, *learned.json):
        of_class = getattr(type(ratio), name, None)
        if not name.isidentifier() or name[:2] == "__" or callable(of_class) or isinstance(of_class, property):
            raise FileError(f"{name[:80]!r} is nothing that {type(ratio).__name__} learns")
        if name in learned.json:
            setattr(ratio, name, learned.value(name))
        else:
            shape = tuple(learned.tensors[name].shape)
            setattr(ratio, name, learned.tensor(name, shape, *_DTYPES, finite=False).numpy().copy())


def check_finite(ratio: Any) -> None:
    """Check that a ratio gives finite log-ratios. This is the only check of what a plugin has learned.

    Raises
    ------
    FileError
        If it does not.
    """
    values = ratio._log_ratio(np.zeros((2, *ratio._row_shape)))
    if np.shape(values) != (2,) or not np.isfinite(values).all():
        raise FileError(f"what {type(ratio).__name__} learned must give a finite log-ratio, and does not")


def _plain(owner: str, name: str, value: Any) -> Any:
    """A learned value as JSON."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (np.integer, np.floating, np.bool_)):
        return value.item()
    if isinstance(value, (list, tuple)) or (isinstance(value, np.ndarray) and value.dtype == object):
        return [_plain(owner, name, item) for item in value]
    raise TypeError(
        f"{name} of {owner} must be an array, a number, a string or a list of them to be saved, got {value!r}, which"
        " cannot be stored without pickle."
    )
