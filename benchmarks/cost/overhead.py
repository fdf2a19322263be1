"""A training step of each estimator against a hand-written PyTorch loop of the same algorithm, paired in one run.

On one thread, in seconds of the processor, so that nothing else on the machine counts.
"""

import argparse
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch

from benchmarks import _common
from benchmarks.age import _loops as _age_loops
from benchmarks.cost import _plain
from fdgm import GANSampler, VGrowSampler
from fdgm.architectures import MLP
from fdgm.options import Network

N, D = 20_000, 10
_AGE_UPDATES = 20  # in an iteration
SAME: dict[str, Any] = {
    "architecture": MLP(width=_plain.WIDTH, depth=2),
    "batch_size": _plain.BATCH,
    "random_state": 0,
}
GAN: dict[str, Any] = {**SAME, "latent_size": _plain.LATENTS, "instance_noise": 0.0, "n_warmup_steps": 0, "ema": None}
NETWORK = Network(latent_size=_plain.LATENTS, n_warmup_steps=0, ema=None)

#: The estimator, and the loop that it is measured against.
CASES: dict[str, tuple[Callable[[int], Any], Callable[..., float]]] = {
    "VGrowSampler": (lambda loops: VGrowSampler(generator=NETWORK, max_iter=loops, **SAME), _plain.vgrow),
    "GANSampler": (lambda loops: GANSampler("non_saturating", max_iter=loops, **GAN), _plain.gan),
    "GANSampler, wasserstein_gp": (
        lambda loops: GANSampler("wasserstein_gp", n_generator_steps=10, max_iter=loops, **GAN),
        _plain.wgan_gp,
    ),
    "GANSampler, wasserstein_gp, 3 × 512": (  # the networks of DGflow's appendix D.1
        lambda loops: GANSampler(
            "wasserstein_gp",
            n_generator_steps=10,
            max_iter=loops,
            **{**GAN, "architecture": MLP(width=512, depth=3)},
        ),
        partial(_plain.wgan_gp, width=512, depth=3),
    ),
    "AGEBidirectional": (
        lambda loops: _age_loops.model(
            _age_loops.architecture(_plain.WIDTH, _plain.WIDTH),
            latent_size=_plain.LATENTS,
            batch_size=_plain.BATCH,
            n_updates=_AGE_UPDATES,
            max_iter=loops,
        ),
        lambda data, loops: _age_loops.plain(
            _age_loops.Networks(data.shape[1], _plain.LATENTS, _plain.WIDTH, _plain.WIDTH),
            data,
            updates=_AGE_UPDATES * loops,
            batch=_plain.BATCH,
        ),
    ),
    "AGEBidirectional, pairs that move": (
        lambda loops: _age_loops.flow_model(latent_size=_plain.LATENTS, batch_size=_plain.BATCH, max_iter=loops),
        partial(_age_loops.flow, latents=_plain.LATENTS, batch=_plain.BATCH, width=_plain.WIDTH),
    ),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=60)
    parser.add_argument("--loops", type=int, default=5)
    parser.add_argument("--only", nargs="+", default=list(CASES), choices=list(CASES), metavar="CASE")
    options = parser.parse_args()
    torch.set_num_threads(1)
    _common.count_processor_time()
    X = np.random.default_rng(0).normal(size=(N, D))
    data = torch.from_numpy(((X - X.mean(0)) / X.std(0)).astype(np.float32))
    results = _common.stored("overhead").get("cases", {})
    for case in options.only:
        make, plain = CASES[case]

        def library(loops: int, make: Callable[[int], Any] = make) -> float:
            """Seconds by the library's own history, from the end of the first loop, so set-up apart."""
            seconds = make(loops + 1).fit(X).history_["seconds"]
            return float(seconds.iloc[-1] - seconds.iloc[0])

        library(2)
        plain(data, 2)
        pairs = []
        for k in range(options.pairs):
            if k % 2:
                ours, theirs = library(options.loops), plain(data, options.loops)
            else:
                theirs, ours = plain(data, options.loops), library(options.loops)
            pairs.append((ours, theirs))
        results[case] = {
            "ratio": _common.median_interval([ours / theirs for ours, theirs in pairs]),
            "milliseconds_per_loop": _common.median_interval([1e3 * ours / options.loops for ours, _ in pairs]),
            "pairs": pairs,
        }
        _common.write("overhead", cases=results, loops=options.loops)
        print(f"{case}: library / plain loop", results[case]["ratio"])


if __name__ == "__main__":
    main()
