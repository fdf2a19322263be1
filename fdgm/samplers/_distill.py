"""One network in place of many maps."""

import math

import torch
from torch import Tensor

from ..metrics import energy_distance
from ..nets import Clock, set_lr
from ._maps_net import MapsNet
from ._start import fit_generator
from ._vgrow_net import VGrowNet

__all__ = ["distill_maps"]

_DRAWING = 0.4  # fraction of the time in which pairs are made, rather than fitted
_AT_ONCE, _MOST_NUMBERS = 4096, 2**25  # latents that pass through the maps at once, and numbers of samples to keep
_RATE = 1e-3
_COMPARED = 2000  # samples whose distance is measured, as many as early stopping compares


def distill_maps(source: MapsNet, net: VGrowNet, seconds: float) -> None:
    """Fit the net's generator by least squares to what the source's maps make of latents.

    The net also takes over the source's critic. It gets one row of history, with the distance between samples of both.

    Parameters
    ----------
    source : MapsNet
    net : VGrowNet
        Fresh, for rows of the same shape and with as many latents.
    seconds : float, above 0
    """
    clock = Clock(None, seconds)
    latents, targets = _pairs(source, net, clock, seconds)
    net.generator_.train()
    loss = targets.new_tensor(math.nan)
    begin = min(clock.seconds / seconds, 1.0)
    first = True
    while first or clock.finished() is None:
        first, along = False, (clock.read() - begin) / max(1 - begin, 1e-9)
        set_lr(net.optimizer_generator_, _RATE * max(1 - along, 0.01))
        index = torch.randint(
            len(latents), (net.settings.batch_size,), generator=net.batches_, device=net.device, dtype=torch.int64
        )
        loss = fit_generator(net, latents[index], targets[index])
    net.generator_.eval()
    net.sampling_module.load_state_dict(net.generator_.state_dict())
    net.critic_.load_state_dict(source.critic_.state_dict())
    with torch.no_grad():  # independent samples: the same latents would seem nearer
        samples = [module(net.draw_latents(_COMPARED)) for module in (source.sampling_module, net.sampling_module)]
    distance = energy_distance(*(rows.cpu().numpy() for rows in samples))
    row = dict.fromkeys(net.history_names, math.nan)
    row |= {"projection_loss": loss.item(), "held_out_distance": distance, "seconds": clock.seconds}
    net.history.append({"batches": [], "epoch": 1, **row})


def _pairs(source: MapsNet, net: VGrowNet, clock: Clock, seconds: float) -> tuple[Tensor, Tensor]:
    """Latents (n, latent_size), and what the maps make of them (n, *shape)."""
    latents, targets = source.pairs()
    parts = [(latents, targets)]
    room = _MOST_NUMBERS - targets.numel()
    with torch.no_grad():
        while clock.seconds < _DRAWING * seconds and room > 0:
            fresh = net.draw_latents(_AT_ONCE)
            parts.append((fresh, source.sampling_module(fresh)))
            room -= parts[-1][1].numel()
    return torch.cat([z for z, _ in parts]), torch.cat([x for _, x in parts])
