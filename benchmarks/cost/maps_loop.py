"""An iteration of VGrow's loop of maps, against the same loop by autograd and against its matrix products alone.

On one thread, in seconds of the processor, the three in turn in one run.
"""

import argparse
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from benchmarks import _common
from fdgm import VGrowSampler
from fdgm.nets import Clock

N = 20_000
WIDTH, DEPTH, BATCH, PARTICLES, CRITIC_STEPS = 128, 3, 256, 16_384 + 2_048, 50  # the defaults of Maps


def library(data: np.ndarray, loops: int) -> float:
    """Seconds of so many iterations after the first."""
    seconds = VGrowSampler(generator="maps", max_iter=loops + 1, random_state=0).fit(data).history_["seconds"]
    return float(seconds.iloc[-1] - seconds.iloc[0])


def by_autograd(data: np.ndarray, loops: int) -> float:
    """The same, as one would write it for a paper."""
    rows = torch.from_numpy(data.astype(np.float32))
    d = rows.shape[1]
    sizes = [d, *[WIDTH] * DEPTH]
    layers: list[nn.Module] = []
    for a, b in pairwise(sizes):
        layers += [nn.Linear(a, b), nn.ReLU()]
    critic = nn.Sequential(*layers, nn.Linear(WIDTH, 1))
    average = torch.optim.swa_utils.AveragedModel(critic, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.93))
    optimizer = torch.optim.Adam(critic.parameters(), lr=1e-3, betas=(0.9, 0.99), fused=True)
    particles = torch.randn(PARTICLES, d)
    wide, noise = 0.3, 0.1
    start = Clock.now()
    for _ in range(loops):
        for _ in range(CRITIC_STEPS):
            batch = [A[torch.randint(len(A), (BATCH,))] for A in (rows, particles)]
            real, fake = (
                x + torch.where(torch.rand(BATCH, 1) < 0.25, wide, noise) * torch.randn_like(x) for x in batch
            )
            out = critic(torch.cat([real, fake]))[:, 0]
            loss = softplus(-out[:BATCH]).mean() + softplus(out[BATCH:]).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            average.update_parameters(critic)
        x = particles.requires_grad_()
        (slope,) = torch.autograd.grad(average(x).sum(), x)
        particles = (x + noise**2 * slope).detach()
    return Clock.now() - start


def products(data: np.ndarray, loops: int) -> float:
    """The matrix products alone: three of each layer in a critic's step, two in a map."""
    sizes = [data.shape[1], *[WIDTH] * DEPTH, 1]
    weights = [torch.randn(a, b) for a, b in pairwise(sizes)]
    in_steps, in_map = _Products(weights, 2 * BATCH), _Products(weights, 1024)
    start = Clock.now()
    for _ in range(loops):
        for _ in range(CRITIC_STEPS):
            in_steps(by_weights=True)
        for _ in range(PARTICLES // 1024):
            in_map(by_weights=False)
    return Clock.now() - start


class _Products:
    """Those of n rows, in buffers that are made once."""

    def __init__(self, weights: list[Tensor], n: int) -> None:
        self.weights = weights
        self.rows = [torch.randn(n, len(weights[0])), *(torch.randn(n, weight.shape[1]) for weight in weights)]
        self.out = [torch.empty_like(rows) for rows in self.rows]
        self.slopes = [torch.empty_like(weight) for weight in weights]

    def __call__(self, *, by_weights: bool) -> None:
        for k, weight in enumerate(self.weights):
            torch.mm(self.rows[k], weight, out=self.out[k + 1])
        for k, weight in enumerate(self.weights):
            if by_weights:
                torch.mm(self.rows[k].T, self.rows[k + 1], out=self.slopes[k])
            if k or not by_weights:
                torch.mm(self.rows[k + 1], weight.T, out=self.out[k])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--loops", type=int, default=10)
    parser.add_argument("--columns", type=int, nargs="+", default=[2, 64])
    options = parser.parse_args()
    torch.set_num_threads(1)
    _common.count_processor_time()
    kinds = {"library": library, "autograd": by_autograd, "products": products}
    results = {}
    for d in options.columns:
        X = np.random.default_rng(0).normal(size=(N, d))
        for kind in kinds.values():
            kind(X, 1)
        rounds = [{name: kind(X, options.loops) for name, kind in kinds.items()} for _ in range(options.rounds)]
        results[str(d)] = {
            "milliseconds_per_loop": {
                name: _common.median_interval([1e3 * found[name] / options.loops for found in rounds]) for name in kinds
            },
            "times_as_fast_as_autograd": _common.median_interval([r["autograd"] / r["library"] for r in rounds]),
            "times_the_products": _common.median_interval([r["library"] / r["products"] for r in rounds]),
        }
        print(f"{d} columns:", results[str(d)])
    _common.write("maps_loop", columns=results, loops=options.loops)


if __name__ == "__main__":
    main()
