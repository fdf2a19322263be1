"""One network in place of many maps."""

import torch
from torch import Tensor

from ..metrics import energy_distance
from ..nets import Clock, set_lr
from ..options import Adam
from ._beside import with_beside
from ._maps_net import MapsNet
from ._start import fit_generator

__all__ = ["distill_maps"]

_DRAWING = 0.4  # fraction of the time in which pairs are made, rather than fitted
_FRESH = 2**16  # pairs that are made where updates are counted and not seconds
_AT_ONCE, _MOST_NUMBERS = 4096, 2**25  # latents that pass through the maps at once, and numbers of samples to keep
_RATE = 1e-3
_COMPARED = 2000  # samples whose distance is measured, as many as early stopping compares


def distill_maps(net: MapsNet, clock: Clock) -> float:
    """Fit one network by least squares to what base and maps make of latents, and put it in their place.

    Parameters
    ----------
    net : MapsNet
    clock : Clock
        Of seconds, for all of it, or of updates of the network.

    Returns
    -------
    distance : float
        Energy distance between samples of the maps and of the network, in scaled units.
    """
    s = net.settings
    stream = torch.Generator("cpu").manual_seed(net.seeds.latents)
    network = net.make_network().train()
    optimizer = Adam(_RATE, betas=(0.9, 0.999)).make(network.parameters())
    latents, targets = _pairs(net, clock, stream)
    begin = min(clock.seconds / clock.max_seconds, 1.0) if clock.max_seconds is not None else 0.0
    first = True
    while first or clock.finished() is None:
        first, along = False, (clock.read() - begin) / max(1 - begin, 1e-9)
        set_lr(optimizer, _RATE * max(1 - along, 0.01))
        index = torch.randint(len(latents), (s.batch_size,), generator=stream, dtype=torch.int64, device="cpu")
        index = index.to(net.device)
        fit_generator(network, optimizer, latents[index], targets[index], s.precision)
    with torch.no_grad():  # independent samples: the same latents would seem nearer
        samples = [module(_draw(net, _COMPARED, stream)) for module in (net.sampling_module, network.eval())]
    net.start_from(network)
    return energy_distance(*(rows.cpu().numpy() for rows in samples))


def _draw(net: MapsNet, n: int, stream: torch.Generator) -> Tensor:
    """Latents (n, latent_size) on the net's device."""
    s = net.settings
    latents = torch.randn(n, s.latent_size, generator=stream, dtype=torch.float32, device="cpu")
    return with_beside(latents, s.beside, stream).to(net.device)


def _pairs(net: MapsNet, clock: Clock, stream: torch.Generator) -> tuple[Tensor, Tensor]:
    """Latents (n, latent_size), and what base and maps make of them (n, *shape)."""
    latents, targets = net.pairs()
    parts = [(latents, targets)]
    fresh, room = 0, _MOST_NUMBERS - targets.numel()
    with torch.no_grad():
        while room > 0 and (
            fresh < _FRESH if clock.max_seconds is None else clock.seconds < _DRAWING * clock.max_seconds
        ):
            z = _draw(net, _AT_ONCE, stream)
            parts.append((z, net.sampling_module(z)))
            fresh, room = fresh + len(z), room - parts[-1][1].numel()
    return torch.cat([z for z, _ in parts]), torch.cat([x for _, x in parts])
