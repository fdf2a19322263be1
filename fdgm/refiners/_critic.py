"""A critic of the user's, as a density ratio that is trained on."""

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ..inputs import AffineScaler
from ..ratios import LogisticRatio
from ..training import GenerativeModel

__all__ = ["Rescaled", "own_units", "trained_on"]


class Rescaled(nn.Module):
    """A network of rows in other units: from rows (n, *shape) to log-ratios (n,).

    Parameters
    ----------
    body : Module
        From `factor` · rows + `offset` to log-ratios (n,) or (n, 1).
    factor, offset : ndarray of shape (*shape,)
    """

    factor: Tensor
    offset: Tensor

    def __init__(self, body: nn.Module, factor: np.ndarray, offset: np.ndarray) -> None:
        super().__init__()
        self.body = body
        self.register_buffer("factor", torch.from_numpy(factor.astype(np.float32)))
        self.register_buffer("offset", torch.from_numpy(offset.astype(np.float32)))

    def forward(self, rows: Tensor) -> Tensor:
        t = self.body(rows * self.factor + self.offset)
        return t[:, 0] if t.dim() == 2 and t.shape[1] == 1 else t


def own_units(shape: tuple[int, ...]) -> AffineScaler:
    """The scaling that leaves rows as they are."""
    return AffineScaler(np.zeros(shape), np.ones(shape), np.ones(shape, dtype=bool))


def trained_on(
    critic: GenerativeModel | nn.Module, scaler: AffineScaler, settings: LogisticRatio
) -> LogisticRatio | None:
    """A density ratio of rows in the units of `scaler`, with these settings, that begins from a critic.

    Parameters
    ----------
    critic : GenerativeModel or Module
        A module is one of rows in X's units.
    scaler : AffineScaler
    settings : LogisticRatio
        Of which one of the same settings is made, but for critic, precision and device.

    Returns
    -------
    ratio : LogisticRatio or None
        Not fitted; None if the model has no network for a critic.
    """
    params: dict[str, Any] = {**settings.get_params(deep=False), "warm_start": True}
    if isinstance(critic, GenerativeModel):
        body = critic._critic_copy()
        if body is None:
            return None
        its = critic._scaler
        factor, offset = scaler.scale / its.scale, (scaler.mean - its.mean) / its.scale
        params |= {"precision": critic.precision, "device": str(critic.net_.device)}
    else:
        body, factor, offset = critic, scaler.scale, scaler.mean
    return LogisticRatio(**{**params, "critic": Rescaled(body, factor, offset)})
