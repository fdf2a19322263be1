"""Pairs of both kinds, and how they move."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from ..divergences import Scaling
from ..flows import differentiated, velocity

__all__ = ["Pairs", "velocities"]


@dataclass(frozen=True)
class Pairs:
    """The encoder's pairs (rows, encoded), and the generator's (generated, latents).

    Parameters
    ----------
    rows, generated : Tensor of shape ``(n, *data_shape)``
        Rows of the data, and rows that the generator made.
    encoded, latents : Tensor of shape (n, latent_size)
        Latents that the encoder made, and latents of the prior.
    """

    rows: Tensor
    encoded: Tensor
    generated: Tensor
    latents: Tensor


def velocities(log_ratio: Callable[[Tensor, Tensor], Tensor], pairs: Pairs, scaling: Scaling) -> tuple[Tensor, Tensor]:
    """The velocities of generated rows, s_θ ∇ₓT, and of encoded latents, −s_φ ∇_zT.

    Both are VGrow's velocity:

    - To generated pairs the encoder's are the target, so the log-ratio of target to model is T. D_f(p_e‖p_g) is the
      divergence of model to target with the dual of f.
    - To encoded pairs the generator's are the target, so the log-ratio is −T, and f is its own.

    Parameters
    ----------
    log_ratio : callable
        T = log p_e/p_g (n,), of rows and latents.
    pairs : Pairs
    scaling : Scaling
        Of D_f(p_e‖p_g).

    Returns
    -------
    along_rows : Tensor of shape ``(n, *data_shape)``
    along_latents : Tensor of shape (n, latent_size)

    References
    ----------
    Shen et al., "Bidirectional Generative Modeling Using Adversarial Gradient Estimation", 2020, theorem 1. Gao et al.,
    "Deep Generative Learning via Variational Gradient Flow", ICML 2019, equation 7.
    """
    along_rows, _ = velocity(differentiated(lambda x: log_ratio(x, pairs.latents)), pairs.generated, scaling.dual)
    along_latents, _ = velocity(differentiated(lambda z: -log_ratio(pairs.rows, z)), pairs.encoded, scaling)
    return along_rows, along_latents
