"""Feature matching: the generator matches the mean of the critic's features."""

from typing import ClassVar

import torch
from torch import Tensor

from ._last_layer import last_layer
from ._stabilizer import GeneratorStep, Stabilizer

__all__ = ["FeatureMatching"]


class FeatureMatching(Stabilizer):
    """Feature matching: the generator's loss is ‖E_data[h] − E_model[h]‖².

    h is the input of the critic's last linear layer. This replaces the objective's rule for the generator. The
    critic's loss stays the objective's.

    References
    ----------
    Salimans et al., "Improved Techniques for Training GANs", NeurIPS 2016, section 3.1.
    """

    replaces_rule: ClassVar = True

    def generator_loss(self, step: GeneratorStep) -> Tensor:
        features: list[Tensor] = []
        _, layer = last_layer(self, step.critic)
        hook = layer.register_forward_pre_hook(lambda module, inputs: features.append(inputs[0]))
        try:
            with torch.no_grad():
                step.critic_fn(*step.real)
            step.critic_fn(*step.fake)
        finally:
            hook.remove()
        # Features may be bfloat16, too coarse for means over many rows.
        real, fake = (h.mean(dim=0, dtype=torch.promote_types(h.dtype, torch.float32)) for h in features)
        return (real - fake).square().sum()
