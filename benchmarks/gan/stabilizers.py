"""Stabilizers for lost modes against the bare minimax GAN, without noise, on ring and grid, over seeds: 60 s a fit.

A run that is in the JSON file already, by its data, stabilizer, seed and seconds, is not run again.
"""

import argparse
from typing import Any

from benchmarks import _common
from fdgm import GANSampler, datasets, metrics
from fdgm.options import InstanceNoise
from fdgm.regularizers import MinibatchDiscrimination, Packing, Reconstructor, Regularizer, SpectralNorm, Unrolling

STD = 0.05
SCALE = 2 * 2**0.5

STABILIZERS: dict[str, list[Regularizer]] = {
    "none": [],
    "packing": [Packing(2)],
    "unrolling": [Unrolling(5)],
    "minibatch_discrimination": [MinibatchDiscrimination()],
    "reconstructor": [Reconstructor()],
    "spectral_norm": [SpectralNorm()],
    "instance_noise": [],
}
#: The reconstructor gives one point of the latents for each of the data, which must be able to fill them.
LATENTS = {"reconstructor": 2}


def draw(data: str, n: int, seed: Any) -> Any:
    """The ring of radius 2, or the grid of 25 with spacing 2, divided by 2√2."""
    if data == "ring":
        return datasets.make_ring(n, std=STD, random_state=seed)
    return datasets.make_grid(n, std=STD, scale=SCALE, random_state=seed)


def run(data: str, stabilizer: str, seed: int, seconds: float) -> dict[str, Any]:
    """One fit of the plain alternation with the stabilizer, and without the noise that is one itself."""
    sampler = GANSampler(
        "minimax",
        regularizer=STABILIZERS[stabilizer],
        latent_size=LATENTS.get(stabilizer),
        instance_noise=InstanceNoise(0.3 if stabilizer == "instance_noise" else 0.0, schedule=((0.0, 1.0), (1.0, 0.0))),
        n_warmup_steps=0,
        batch_size=256,
        ema=None,
        max_iter=None,
        max_seconds=seconds,
        random_state=seed,
    ).fit(draw(data, 50_000, 1000 + seed))
    S = sampler.sample(5_000)
    ring = data == "ring"
    centers = datasets.ring_centers() if ring else datasets.grid_centers(scale=SCALE)
    found = metrics.mode_coverage(centers, S, std=STD if ring else STD / SCALE)
    return {
        "loops": sampler.n_iter_,
        "stop_reason": sampler.stop_reason_,
        "modes": found.n_captured,
        "high_quality": found.high_quality_fraction,
        "energy_distance": metrics.energy_distance(draw(data, 5_000, 2000 + seed), S),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument(
        "--stabilizers", nargs="+", default=list(STABILIZERS), choices=list(STABILIZERS), metavar="NAME"
    )
    options = parser.parse_args()
    jobs = [
        {"data": data, "stabilizer": stabilizer, "seed": seed, "seconds": options.seconds}
        for seed in range(options.seeds)
        for data in ("ring", "grid")
        for stabilizer in options.stabilizers
    ]
    runs = _common.sweep("stabilizers", jobs, run, note=_common.SIDE_BY_SIDE)
    print(_common.summary(runs, ["data", "stabilizer"], ["modes", "high_quality", "energy_distance"]).to_string())


if __name__ == "__main__":
    main()
