"""A training step of VGrowSampler against a hand-written PyTorch loop of the same algorithm, paired in one run."""

import argparse
import time

import _common
import numpy as np
import torch
from torch import nn
from torch.nn.functional import softplus

from fdgm import VGrowSampler
from fdgm.architectures import MLP

N, D, BATCH, PARTICLES, STEPS, PROJECTIONS = 20_000, 10, 256, 1024, 20, 32


def plain(X: np.ndarray, loops: int) -> float:
    """Seconds of `loops` outer loops, written as one would for a paper: no library, no checks, no history."""

    def mlp(size: int, out: int) -> nn.Sequential:
        return nn.Sequential(nn.Linear(size, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, out))

    data = torch.from_numpy(((X - X.mean(0)) / X.std(0)).astype(np.float32))
    G, C = mlp(8, D), mlp(D, 1)
    opt_g = torch.optim.Adam(G.parameters(), lr=1e-3, fused=True)
    opt_c = torch.optim.Adam(C.parameters(), lr=5e-4, betas=(0.5, 0.9), fused=True)
    start = time.perf_counter()
    for _ in range(loops):
        w = torch.randn(PARTICLES, 8)
        with torch.no_grad():
            z = G(w)
        for _ in range(STEPS):
            for p in C.parameters():
                p.requires_grad_(True)
            real = data[torch.randint(N, (BATCH,))]
            fake = z[torch.randint(PARTICLES, (BATCH,))]
            real = real + 0.3 * torch.randn_like(real)
            fake = fake + 0.3 * torch.randn_like(fake)
            out = C(torch.cat([real, fake]))[:, 0]
            loss = softplus(-out[:BATCH]).mean() + softplus(out[BATCH:]).mean()
            opt_c.zero_grad()
            loss.backward()
            opt_c.step()
            for p in C.parameters():
                p.requires_grad_(False)
            z.requires_grad_(True)
            (g,) = torch.autograd.grad(C(z).sum(), z)
            z = z.detach() + 0.1 * g
        for _ in range(PROJECTIONS):
            i = torch.randint(PARTICLES, (BATCH,))
            fit = (G(w[i]) - z[i]).square().sum(1).mean()
            opt_g.zero_grad()
            fit.backward()
            opt_g.step()
    return time.perf_counter() - start


def library(X: np.ndarray, loops: int) -> float:
    """Seconds of as many by the library, history included; from the end of the first loop, so set-up apart."""
    sampler = VGrowSampler(
        architecture=MLP(width=128, depth=2), latent_size=8, ema=None, max_iter=loops + 1, random_state=0
    )
    seconds = sampler.fit(X).history_["seconds"]
    return float(seconds.iloc[-1] - seconds.iloc[0])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=60)
    parser.add_argument("--loops", type=int, default=5)
    options = parser.parse_args()
    X = np.random.default_rng(0).normal(size=(N, D))
    library(X, 2)
    plain(X, 2)
    pairs = []
    for k in range(options.pairs):
        one, other = (library, plain) if k % 2 else (plain, library)
        first, second = one(X, options.loops), other(X, options.loops)
        pairs.append((first, second) if k % 2 else (second, first))
    ratio = _common.median_interval([ours / theirs for ours, theirs in pairs])
    per_loop = _common.median_interval([1e3 * ours / options.loops for ours, _ in pairs])
    _common.write("overhead", ratio=ratio, milliseconds_per_loop=per_loop, pairs=pairs, loops=options.loops)
    print("library / plain loop:", ratio)


if __name__ == "__main__":
    main()
