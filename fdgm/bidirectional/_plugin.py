"""Registers the bidirectional models and their objectives by the hooks that plugins use."""

from .. import bidirectional
from ..hookspecs import hookimpl


@hookimpl
def fdgm_joint_objectives() -> dict[str, type]:
    return {
        "age": bidirectional.AdversarialGradient,
        "avb": bidirectional.AdversarialELBO,
        "f_gan": bidirectional.BidirectionalFGAN,
        "hinge": bidirectional.BidirectionalHinge,
        "non_saturating": bidirectional.NonSaturating,
        "vae": bidirectional.ELBO,
    }


@hookimpl
def fdgm_estimators() -> dict[str, type]:
    return {"AGEBidirectional": bidirectional.AGEBidirectional}
