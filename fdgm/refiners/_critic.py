"""A user's critic as a density ratio that can be trained further."""

import copy
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from .._columns import Labels
from ..inputs import Scaler
from ..ratios import DensityRatio, LogisticRatio
from ..training import GenerativeModel
from ._ordering import column_order, of_ordered

__all__ = ["Rescaled", "finetune", "warm_start"]

_BUDGET_DIVISOR = 4  # each stage trains for the fraction 1/4 of a critic's first training


class Rescaled(nn.Module):
    """A network that takes rows (n, *shape) in other units than its own, and gives log-ratios (n,).

    Parameters
    ----------
    body : Module
        Maps rows in the units of `its`, or in X's units if that is None, to log-ratios (n,) or (n, 1).
    ours : Scaler
        Scaler of the units in which rows are given.
    its : Scaler or None
        Scaler of the body's units, with columns in the rows' order.
    order : ndarray of int of shape (n_features,) or None, default=None
        Positions of the rows' columns among those that `body` takes.
    """

    def __init__(self, body: nn.Module, ours: Scaler, its: Scaler | None, order: np.ndarray | None = None) -> None:
        super().__init__()
        self.body = body
        self.ours = ours
        self.its = its
        self.order = order
        self._alike = its is not None and its.maps_like(ours)

    def forward(self, rows: Tensor) -> Tensor:
        if not self._alike:
            rows = self.ours.unscaled(rows)
            rows = (rows if self.its is None else self.its.scaled(rows)).to(torch.float32)
        t = of_ordered(self.body, self.order)(rows)
        return t[:, 0] if t.dim() == 2 and t.shape[1] == 1 else t


def warm_start(
    owner: str,
    critic: GenerativeModel | nn.Module,
    scaler: Scaler,
    settings: LogisticRatio,
    columns: Labels | None,
) -> LogisticRatio | None:
    """A density ratio of rows in the units of `scaler`, with these settings, that starts from a critic.

    Parameters
    ----------
    owner : str
        Name of the critic's owner, for the error if the columns of a model have other names.
    critic : GenerativeModel or Module
        A module takes rows in X's units.
    scaler : Scaler
    settings : LogisticRatio
        The new ratio has these settings, except critic, precision and device.
    columns : tuple or None
        The names of the rows' columns, in their order.

    Returns
    -------
    ratio : LogisticRatio or None
        Not fitted. None if the model's critic is not a network.
    """
    params: dict[str, Any] = {**settings.get_params(deep=False), "warm_start": True}
    if isinstance(critic, GenerativeModel):
        body = critic._critic_copy()
        if body is None:
            return None
        order = column_order(owner, critic, columns)
        its = critic._scaler.ordered(order)
        params |= {"precision": critic.net_.settings.precision, "device": str(critic.net_.device)}
    else:
        body, its, order = critic, None, None
    return LogisticRatio(**{**params, "critic": Rescaled(body, scaler, its, order)})


def finetune(
    ratio: DensityRatio, X_p: np.ndarray, X_q: np.ndarray, *, budget_divisor: int = _BUDGET_DIVISOR
) -> DensityRatio:
    """A copy of a density ratio, re-estimated from its present state for samples that have moved.

    A critic is trained for another quarter of its budget, or another fraction 1/`budget_divisor`. Its learning rate
    falls, and held-out rows choose the best state. An update at a constant rate would leave noise in the gradient,
    which many stages add up. A constant ratio gives no warning: it is the aim of samples that move.
    """
    made: DensityRatio = copy.deepcopy(ratio)
    if "log_ratio_p_" not in vars(made):
        return made._fit_silently(X_p, X_q)
    if not isinstance(made, LogisticRatio):
        return made.update(X_p, X_q)
    budget = {"max_iter": made.max_iter, "max_seconds": made.max_seconds, "replay": made.replay}
    iterations = None if made.max_iter is None else max(1, made.max_iter // budget_divisor)
    seconds = None if made.max_seconds is None else made.max_seconds / budget_divisor
    made.set_params(max_iter=iterations, max_seconds=seconds, replay=None, warm_start=True)._fit_silently(X_p, X_q)
    return made.set_params(**budget)
