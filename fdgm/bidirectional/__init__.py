"""Models with an encoder and a generator."""

from ._adversarial import AdversarialGradient, BidirectionalFGAN, BidirectionalHinge, NonSaturating
from ._age import AGEBidirectional
from ._joint import Batch, Joint
from ._named import ALI, AVB, VAE, BiGAN
from ._objective import JointObjective
from ._variational import ELBO, AdversarialELBO

__all__ = [
    "ALI",
    "AVB",
    "ELBO",
    "VAE",
    "AGEBidirectional",
    "AdversarialELBO",
    "AdversarialGradient",
    "Batch",
    "BiGAN",
    "BidirectionalFGAN",
    "BidirectionalHinge",
    "Joint",
    "JointObjective",
    "NonSaturating",
]
