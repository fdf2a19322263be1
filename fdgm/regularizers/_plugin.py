"""Registers the built-in regularizers by the hook that plugins use."""

from .. import regularizers
from ..hookspecs import hookimpl


@hookimpl
def fdgm_regularizers() -> dict[str, type]:
    return {
        "feature_matching": regularizers.FeatureMatching,
        "gradient_penalty": regularizers.GradientPenalty,
        "minibatch_discrimination": regularizers.MinibatchDiscrimination,
        "packing": regularizers.Packing,
        "r1": regularizers.R1,
        "r1r2": regularizers.R1R2,
        "reconstructor": regularizers.Reconstructor,
        "spectral_norm": regularizers.SpectralNorm,
        "unrolling": regularizers.Unrolling,
        "weight_clip": regularizers.WeightClip,
    }
