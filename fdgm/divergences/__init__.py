"""f-divergences as elementwise functions of log-ratios: f, f', weight, dual and conjugate."""

from typing import Any

from .. import registry
from ._alpha import Alpha
from ._base import Divergence, DualDivergence
from ._hellinger import SquaredHellinger
from ._jeffreys import Jeffreys
from ._jensen_shannon import GAN, JensenShannon
from ._kl import KL, ReverseKL
from ._logd import LogD
from ._pearson import Neyman, Pearson
from ._scaling import Scaling

__all__ = [
    "GAN",
    "KL",
    "Alpha",
    "Divergence",
    "DualDivergence",
    "Jeffreys",
    "JensenShannon",
    "LogD",
    "Neyman",
    "Pearson",
    "ReverseKL",
    "Scaling",
    "SquaredHellinger",
    "get",
]


def get(name: str, **params: Any) -> Divergence:
    """Make an instance of the divergence registered under `name`.

    Parameters
    ----------
    name : str
        One of ``fdgm.available("divergence")``.
    **params
        Parameters of that divergence, such as ``alpha``.

    Examples
    --------
    >>> import torch
    >>> import fdgm
    >>> d = fdgm.divergences.get("jeffreys")
    >>> d.weight(torch.tensor([0.0, 40.0]))
    tensor([2., 1.])
    """
    return registry.make("divergence", name, **params)
