"""Objectives whose Gaussian generator has a likelihood in closed form: VAE and adversarial variational Bayes."""

import math
from collections.abc import Callable
from typing import ClassVar, cast

import torch
from torch import Tensor

from ..architectures import Conditional, Gaussian
from ..divergences import Scaling
from ..nets import forward
from ..objectives import Logistic, Objective
from ._joint import Batch, Joint, Pair
from ._objective import JointObjective

__all__ = ["ELBO", "AdversarialELBO", "gaussian_log_density", "kl_to_standard_normal", "moments"]


def gaussian_log_density(x: Tensor, mean: Tensor, log_std: Tensor, of: Tensor | None = None) -> Tensor:
    """log N(x; mean, exp(log_std)²) of each row, (n,), over independent coordinates: those where `of` is true."""
    if of is not None:
        x, mean, log_std = x[:, of], mean[:, of], log_std[:, of]
    squares = ((x - mean) * (-log_std).exp()).square()
    return -(squares / 2 + log_std + math.log(2 * math.pi) / 2).flatten(1).sum(dim=1)


def kl_to_standard_normal(mean: Tensor, log_std: Tensor) -> Tensor:
    """KL(N(mean, exp(log_std)²)‖N(0, 1)) of each row, (n,)."""
    return ((mean.square() + (2 * log_std).exp() - 1) / 2 - log_std).flatten(1).sum(dim=1)


def moments(distribution: Conditional, input: Tensor, precision: str = "float32") -> tuple[Tensor, Tensor]:
    """Mean and log deviation of a Gaussian distribution."""
    gaussian = cast(Gaussian, distribution)
    mean, log_std = forward(lambda rows: torch.stack(gaussian.mean_and_log_std(rows)), precision, input)
    return mean, log_std


class ELBO(JointObjective):
    """VAE: minus the evidence lower bound, E[−log p_g(x|E(x)) + KL(p_e(z|x)‖p(z))], with the second term exact.

    It is KL(p_e‖p_g) of the joint distributions minus E[log p_data(x)], which is constant.

    References
    ----------
    Kingma and Welling, "Auto-Encoding Variational Bayes", ICLR 2014.
    Shen et al., "Bidirectional Generative Modeling Using Adversarial Gradient Estimation", 2020, section 4.1. (Its
    equation 6 has the sign of the second term wrong.)

    Examples
    --------
    >>> from fdgm.bidirectional import VAE
    >>> VAE().objective
    'vae'
    """

    max_levels: ClassVar = 1
    encoders: ClassVar = ("gaussian", "isotropic")
    generators: ClassVar = ("gaussian", "isotropic")

    def critic(self, scaling: Scaling) -> None:
        return None

    def loss(self, joint: Joint, batch: Batch, critic: Callable[[Tensor, Tensor], Tensor], scaling: Scaling) -> Tensor:
        (encoder,), (generator,) = joint.encoder.stages, joint.generator.stages
        mean, log_std = moments(encoder, batch.rows, joint.precision)
        z = mean + log_std.exp() * batch.encoder_noise
        likelihood = gaussian_log_density(batch.rows, *moments(generator, z, joint.precision), joint.varies)
        return (kl_to_standard_normal(mean, log_std) - likelihood).mean()


class AdversarialELBO(JointObjective):
    """AVB, adversarial variational Bayes: the ELBO of an encoder without density, with a critic for its KL term.

    The critic tells (x, E(x)) from (x, z) with z from the prior, so it learns T' = log p_e(z|x)/p(z). The encoder
    descends T' − log p_g(x|z) at z = E(x). The generator descends −log p_g(x|z).

    References
    ----------
    Mescheder et al., "Adversarial Variational Bayes", ICML 2017, equation 3.3 and algorithm 1.
    Shen et al., 2020, section 4.1.

    Examples
    --------
    >>> from fdgm.bidirectional import AVB
    >>> AVB().objective
    'avb'
    """

    max_levels: ClassVar = 1
    encoders: ClassVar = ("gaussian", "isotropic", "implicit")
    generators: ClassVar = ("gaussian", "isotropic")

    def critic(self, scaling: Scaling) -> Objective:
        return Logistic()

    def critic_pairs(self, joint: Joint, batch: Batch) -> tuple[Pair, Pair]:
        x, z = joint.encode(batch)
        return (x, z), (x, batch.latents)  # the same x in both, with the same noise

    def loss(self, joint: Joint, batch: Batch, critic: Callable[[Tensor, Tensor], Tensor], scaling: Scaling) -> Tensor:
        (generator,) = joint.generator.stages
        x, z = joint.encode(batch)
        likelihood = gaussian_log_density(batch.rows, *moments(generator, z, joint.precision), joint.varies)
        return (critic(x, z) - likelihood).mean()
