"""Objectives whose gradients all come from a critic of pairs: adversarial gradient estimation, and its baselines."""

from abc import abstractmethod
from collections.abc import Callable
from typing import ClassVar

from torch import Tensor
from torch.nn.functional import softplus

from ..divergences import Scaling
from ..objectives import FGAN, Hinge, Logistic, Objective
from ._joint import Batch, Joint
from ._objective import JointObjective

__all__ = ["AdversarialGradient", "BidirectionalFGAN", "BidirectionalHinge", "NonSaturating"]


class _Adversarial(JointObjective):
    """Base class with two elementwise losses of the critic's outputs, on encoded pairs and on generated pairs."""

    @abstractmethod
    def encoder_loss(self, output: Tensor, scaling: Scaling) -> Tensor:
        """The loss that the encoder descends, at each encoded pair."""

    @abstractmethod
    def generator_loss(self, output: Tensor, scaling: Scaling) -> Tensor:
        """The loss that the generator descends, at each generated pair."""

    def loss(self, joint: Joint, batch: Batch, critic: Callable[[Tensor, Tensor], Tensor], scaling: Scaling) -> Tensor:
        # Two calls, not one of both halves: each needs the critic's gradient in only one of its two arguments.
        encoded = self.encoder_loss(critic(*joint.encode(batch)), scaling)
        generated = self.generator_loss(critic(*joint.generate(batch)), scaling)
        return encoded.mean() + generated.mean()


class _Weighted(_Adversarial):
    """Theorem 1: the loss is the log-ratio times a weight through which no gradient passes."""

    takes_divergence: ClassVar = True
    gives_log_ratio: ClassVar = True

    def encoder_loss(self, output: Tensor, scaling: Scaling) -> Tensor:
        t = self.critic(scaling).log_ratio(output)
        return scaling.weight(t) * t

    def generator_loss(self, output: Tensor, scaling: Scaling) -> Tensor:
        t = self.critic(scaling).log_ratio(output)
        return -scaling.generator_weight(t) * t

    @abstractmethod
    def critic(self, scaling: Scaling) -> Objective:
        """The critic's objective, which must give a log-ratio."""


class AdversarialGradient(_Weighted):
    """AGE: the gradient of D_f(p_e‖p_g), with the log-ratio T of a critic trained by logistic regression.

    The encoder descends s_φ ∇T with s_φ = r f''(r) = weight_f(T). The generator ascends s_θ ∇T with
    s_θ = r² f''(r) = weight_f~(−T). With a scaling clip the ratio r = e^T is clamped first. With `js` this is the
    minimax game of BiGAN and ALI.

    References
    ----------
    Shen et al., "Bidirectional Generative Modeling Using Adversarial Gradient Estimation", 2020, theorem 1,
    algorithm 1 and section 3.2.

    Examples
    --------
    >>> from fdgm import AGEBidirectional
    >>> AGEBidirectional("js", objective="age").objective
    'age'
    """

    takes_scale_clip: ClassVar = True
    takes_flow: ClassVar = True

    def critic(self, scaling: Scaling) -> Objective:
        return Logistic()


class BidirectionalFGAN(_Weighted):
    """f-GAN on pairs: encoder and generator move as in AGE, but the critic maximises f-GAN's variational bound.

    References
    ----------
    Nowozin et al., "f-GAN: Training Generative Neural Samplers using Variational Divergence Minimization", NIPS 2016.
    Shen et al., 2020, section 3.3 and table 2.

    Examples
    --------
    >>> from fdgm import AGEBidirectional
    >>> AGEBidirectional("kl", objective="f_gan").objective
    'f_gan'
    """

    def critic(self, scaling: Scaling) -> Objective:
        return FGAN(scaling.divergence)

    def encoder_loss(self, output: Tensor, scaling: Scaling) -> Tensor:
        return super().encoder_loss(output, Scaling(scaling.divergence))  # f-GAN clamps no ratio

    def generator_loss(self, output: Tensor, scaling: Scaling) -> Tensor:
        return super().generator_loss(output, Scaling(scaling.divergence))


class NonSaturating(_Adversarial):
    """BiGAN with the logD trick: encoder and generator descend the logistic loss with exchanged labels.

    The weights are s_φ = σ(T) and s_θ = σ(−T). They belong to no divergence, so this is a baseline for AGE, not a
    special case of it.

    References
    ----------
    Donahue et al., "Adversarial Feature Learning", ICLR 2017, section 3.
    Shen et al., 2020, section 5.2 ("logD-GAN").

    Examples
    --------
    >>> from fdgm import AGEBidirectional
    >>> AGEBidirectional(objective="non_saturating").objective
    'non_saturating'
    """

    gives_log_ratio: ClassVar = True

    def critic(self, scaling: Scaling) -> Objective:
        return Logistic()

    def encoder_loss(self, output: Tensor, scaling: Scaling) -> Tensor:
        return softplus(output)

    def generator_loss(self, output: Tensor, scaling: Scaling) -> Tensor:
        return softplus(-output)


class BidirectionalHinge(_Adversarial):
    """BigBiGAN's loss without its unary terms: a hinge loss for the critic; both networks move along ∇D with weight 1.

    References
    ----------
    Donahue and Simonyan, "Large Scale Adversarial Representation Learning", NeurIPS 2019, section 2.
    Shen et al., 2020, section 5.2.

    Examples
    --------
    >>> from fdgm import AGEBidirectional
    >>> AGEBidirectional(objective="hinge").objective
    'hinge'
    """

    def critic(self, scaling: Scaling) -> Objective:
        return Hinge()

    def encoder_loss(self, output: Tensor, scaling: Scaling) -> Tensor:
        return output

    def generator_loss(self, output: Tensor, scaling: Scaling) -> Tensor:
        return -output
