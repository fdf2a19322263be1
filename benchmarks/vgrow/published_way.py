"""VGrowSampler against the way its published code trains, on the same residual networks and images, paired in one run.

The published way makes a fresh DataLoader for each critic step, and has the gradients of the critic's weights computed
in the particle step, and thrown away. Its images and weights lie in memory channel by channel, as PyTorch has them
where nothing is said. Both ways do the same arithmetic otherwise.
"""

import argparse
import time
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import softplus
from torch.utils.data import DataLoader, TensorDataset

from benchmarks import _common
from fdgm import VGrowSampler, datasets, metrics
from fdgm.architectures import Architecture, ResNet

PARTICLES, BATCH, STEPS, LATENT = 512, 64, 10, 128


def settings(channels: int, loops: int, **params: Any) -> VGrowSampler:
    """The published settings, except a smaller pool, fewer particle steps, and one pass of projection."""
    return VGrowSampler.preset(
        "images", architecture=ResNet(width=channels), max_iter=loops, random_state=0, **params
    ).set_params(
        generator__n_particles=PARTICLES,
        generator__n_particle_steps=STEPS,
        generator__passes=1,
        generator__passes_schedule=(),
    )


def published(architecture: Architecture, images: np.ndarray, loops: int) -> float:
    """Seconds of so many iterations."""
    shape = images.shape[1:]
    G, D = architecture.generator(shape, LATENT, seed=0), architecture.critic(shape, seed=0)
    for net in (G, D):
        net.to(memory_format=torch.contiguous_format)
    opt_g, opt_d = (torch.optim.RMSprop(net.parameters(), lr=1e-4, alpha=0.9) for net in (G, D))
    data = TensorDataset(torch.from_numpy(images))
    start = time.perf_counter()
    for _ in range(loops):
        latents = torch.randn(PARTICLES, LATENT)
        G.eval()
        with torch.no_grad():
            particles = G(latents)
        for _ in range(STEPS):
            D.train()
            (real,) = next(iter(DataLoader(data, BATCH, shuffle=True)))
            (fake,) = next(iter(DataLoader(TensorDataset(particles), BATCH, shuffle=True)))
            output = D(torch.cat([real, fake]))
            loss = softplus(-output[:BATCH]).mean() + softplus(output[BATCH:]).mean()
            opt_d.zero_grad()
            loss.backward()
            opt_d.step()
            D.eval()
            particles = particles.detach().requires_grad_()
            D(particles).sum().backward()
            particles = (particles + 0.5 * particles.grad).detach().clamp(-1, 1)
        project(G, opt_g, latents, particles)
    return time.perf_counter() - start


def project(G: nn.Module, optimizer: torch.optim.Optimizer, latents: Tensor, particles: Tensor) -> None:
    """One pass over the pool."""
    G.train()
    for z, x in DataLoader(TensorDataset(latents, particles), BATCH, shuffle=True):
        loss = (G(z) - x).square().flatten(1).sum(dim=1).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def library(images: np.ndarray, channels: int, loops: int, precision: str) -> float:
    """Seconds of so many iterations, from the end of the first, so that set-up is apart."""
    seconds = settings(channels, loops + 1, precision=precision).fit(images).history_["seconds"]
    return float(seconds.iloc[-1] - seconds.iloc[0])


def quality(images: np.ndarray, held_out: np.ndarray, channels: int, loops: int, precision: str) -> float:
    """Energy distance of pixels to held-out images after as many loops in each precision."""
    S = settings(channels, loops, precision=precision).fit(images).sample(len(held_out))
    return metrics.energy_distance(held_out, S)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--loops", type=int, default=1)
    parser.add_argument("--quality-loops", type=int, default=20)
    parser.add_argument("--channels", type=int, default=32)
    options = parser.parse_args()
    images = datasets.load_mnist(image_size=32)
    held_out = datasets.load_mnist("test", image_size=32)[:1000]
    architecture = ResNet(width=options.channels)
    rows: dict[str, list[float]] = {way: [] for way in ("published", *_common.PRECISIONS)}
    for _ in range(options.pairs):
        rows["published"].append(published(architecture, images, options.loops))
        for precision in _common.PRECISIONS:
            rows[precision].append(library(images, options.channels, options.loops, precision))
        print({name: round(times[-1], 2) for name, times in rows.items()}, flush=True)
    speed_up = {
        precision: _common.median_interval([a / b for a, b in zip(rows["published"], rows[precision], strict=True)])
        for precision in _common.PRECISIONS
    }
    distance = {
        precision: quality(images, held_out, options.channels, options.quality_loops, precision)
        for precision in _common.PRECISIONS
    }
    _common.write(
        "published_way",
        particles=PARTICLES, steps=STEPS, channels=options.channels, seconds=rows, speed_up=speed_up,
        quality_loops=options.quality_loops, energy_distance=distance,
    )  # fmt: skip
    print(speed_up, distance)


if __name__ == "__main__":
    main()
