"""Seconds of the processor per 5,000 samples of DGflow, DOT and DDLS, 100 steps in the latent space: table 8.

Beside them, in the same run and on the same networks: the published way, in float32, which computes the gradients of
generator's and critic's weights and throws them away, and a bare loop of forward passes and input gradients. Each
repeat times all of them, one after the other, and ratios are taken within it.
"""

import argparse
from collections.abc import Callable
from copy import deepcopy
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import torch

from benchmarks import _common
from fdgm import DGflowRefiner, VGrowSampler, datasets
from fdgm.architectures import MLP
from fdgm.nets import Clock, forward
from fdgm.options import Network
from fdgm.refiners import DDLSRefiner, DOTRefiner

STEP_SIZE, CHUNK = 0.01, 1024
WIDTH, DEPTH, LATENT = 512, 3, 2  # of the paper's networks for the 25 Gaussians


def by_hand(sampler: VGrowSampler, rows: int, steps: int, *, published: bool) -> Callable[[], None]:
    """Latents that move along the gradient of T∘g, in the way of the published code or with nothing to spare."""
    net, precision = sampler.net_, "float32" if published else sampler.precision
    generator, critic = (
        deepcopy(module).eval().requires_grad_(published) for module in (net.sampling_module, net.critic_)
    )

    def refine() -> None:
        for _ in range(0, rows, CHUNK):
            z = torch.randn(CHUNK, LATENT)
            for _ in range(steps):
                z.requires_grad_()
                t = forward(critic, precision, forward(generator, precision, z)).sum()
                if published:
                    generator.zero_grad()
                    critic.zero_grad()
                    t.backward()
                    gradient = z.grad
                else:
                    (gradient,) = torch.autograd.grad(t, z)
                z = (z + STEP_SIZE * gradient).detach()

    return refine


def run(precision: str, rows: int, steps: int, repeat: int) -> dict[str, Any]:
    """Seconds of each way."""
    X = datasets.make_grid(2000, random_state=repeat)
    sampler = VGrowSampler(
        architecture=MLP(width=WIDTH, depth=DEPTH),
        generator=Network(latent_size=LATENT),
        precision=precision,
        max_iter=1,
        random_state=repeat,
    ).fit(X)
    refiners = {
        "DGflow": DGflowRefiner(sampler, step_size=STEP_SIZE, n_steps=steps, stop=None),
        "DOT": DOTRefiner(sampler, n_steps=steps),
        "DDLS": DDLSRefiner(sampler, step_size=STEP_SIZE, n_steps=steps),
    }
    ways: dict[str, Callable[[], Any]] = {
        name: partial(refiner.fit(X).sample, rows) for name, refiner in refiners.items()
    }
    ways |= {
        "published": by_hand(sampler, rows, steps, published=True),
        "bare": by_hand(sampler, rows, steps, published=False),
    }
    seconds = {}
    for name in np.random.default_rng(repeat).permutation(list(ways)):
        start = Clock.now()
        ways[name]()
        seconds[str(name)] = Clock.now() - start
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=8)
    parser.add_argument("--precisions", nargs="+", default=list(_common.PRECISIONS))
    parser.add_argument("--rows", type=int, default=CHUNK, help="to time: one chunk")
    parser.add_argument("--steps", type=int, default=100)
    options = parser.parse_args()
    jobs = [
        {"precision": precision, "rows": options.rows, "steps": options.steps, "repeat": repeat}
        for repeat in range(options.repeats)
        for precision in options.precisions
    ]
    note = "one thread, seconds of the processor"
    runs = pd.DataFrame(_common.sweep("dgflow_speed", jobs, run, n_jobs=1, note=note))
    ratios = {
        "DOT over DGflow": runs["DOT"] / runs["DGflow"],
        "DDLS over DGflow": runs["DDLS"] / runs["DGflow"],
        "published over DGflow": runs["published"] / runs["DGflow"],
        "bare over DGflow": runs["bare"] / runs["DGflow"],
        "DGflow, seconds per 5,000 samples": 5000 / options.rows * runs["DGflow"],
    }
    summary = {
        precision: {name: _common.median_interval(values[rows].tolist()) for name, values in ratios.items()}
        for precision in options.precisions
        for rows in [runs["precision"] == precision]
    }
    _common.update("dgflow_speed", summary=summary)
    print(pd.DataFrame({p: {name: row["median"] for name, row in rows.items()} for p, rows in summary.items()}))


if __name__ == "__main__":
    main()
