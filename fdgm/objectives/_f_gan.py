"""The variational bound of f-GAN, in its universal form and with the published activations."""

from typing import Literal, Self

from sklearn.base import clone
from torch import Tensor

from .. import registry
from ..divergences import Divergence
from ._base import Objective

__all__ = ["FGAN"]


class FGAN(Objective):
    """f-GAN: −E_p[f'(r)] + E_q[f*(f'(r))], where r is the critic's ratio. Its minimum is −D_f(P‖Q).

    Parameters
    ----------
    divergence : str or Divergence, default="kl"
    activation : {"published", "universal"}, default="published"
        How the output V becomes log r. ``"published"`` follows f-GAN's table of activations if that has the divergence
        (V − 1 for `kl`). ``"universal"`` is log r = V for all. The two differ only in scale and offset, but train
        differently.

    Notes
    -----
    For `kl`, `pearson` and others the terms grow with the ratio, so one large output outweighs its batch.
    :class:`KLIEPObjective` and :class:`LSIFObjective` have the optima of `kl` and `pearson` and are more stable.

    References
    ----------
    Nowozin et al., "f-GAN: Training Generative Neural Samplers using Variational Divergence Minimization", NIPS
    2016, equation 6 and table 2.
    Shen et al., "Bidirectional Generative Modeling Using Adversarial Gradient Estimation", 2020, table 2.

    Examples
    --------
    >>> import torch
    >>> from fdgm.objectives import FGAN
    >>> FGAN("kl").log_ratio(torch.tensor([1.0, 3.0]))
    tensor([0., 2.])
    """

    learning_rates = (5e-4, 2e-4)  # some of these losses grow with the ratio, and a fast critic diverges

    def __init__(
        self, divergence: str | Divergence = "kl", *, activation: Literal["published", "universal"] = "published"
    ) -> None:
        self.divergence = divergence
        self.activation = activation

    def loss(self, output_p: Tensor, output_q: Tensor) -> Tensor:
        divergence = registry.make("divergence", self.divergence)
        slope = divergence.f_prime if self._is_universal() else divergence.output_activation
        return self._conjugate(output_q).mean() - slope(output_p).mean()

    def log_ratio(self, output: Tensor) -> Tensor:
        if self._is_universal():
            return output
        return registry.make("divergence", self.divergence).log_ratio_from_output(output)

    def generator_loss(self, output: Tensor) -> Tensor:
        return -self._conjugate(output).mean()

    def optimum(self, log_ratio: Tensor) -> Tensor:
        if self._is_universal():
            return log_ratio
        return registry.make("divergence", self.divergence).output_from_log_ratio(log_ratio)

    def resolved(self) -> Self:
        return clone(self).set_params(divergence=registry.make("divergence", self.divergence))

    def _conjugate(self, output: Tensor) -> Tensor:
        divergence = registry.make("divergence", self.divergence)
        return (divergence.conjugate_of_slope if self._is_universal() else divergence.conjugate_of_output)(output)

    def _is_universal(self) -> bool:
        if self.activation not in ("published", "universal"):
            raise ValueError(f"activation of FGAN must be 'published' or 'universal', got {self.activation!r}.")
        return self.activation == "universal"
