"""Modes, high-quality share and energy distance on the ring and the grid, over seeds: 60 s a fit."""

import argparse
from functools import cache
from typing import Any

import _common
import pandas as pd
from joblib import Parallel, delayed

from fdgm import VGrowSampler, datasets, metrics

STD = 0.05
SCALE = 2 * 2**0.5
CASES = [("ring", d) for d in ("kl", "js", "logd", "jeffreys")] + [("grid", d) for d in ("kl", "jeffreys")]


def draw(data: str, n: int, seed: Any) -> Any:
    """The ring of radius 2, or the grid of 25 with spacing 2, divided by 2√2."""
    if data == "ring":
        return datasets.make_ring(n, std=STD, random_state=seed)
    return datasets.make_grid(n, std=STD, scale=SCALE, random_state=seed)


@cache
def unit(data: str) -> float:
    """Mean energy distance between pairs of real samples of 5,000: the unit that distances are given in."""
    return metrics.energy_distance_unit(lambda n, rng: draw(data, n, rng), random_state=0)


def run(data: str, divergence: str, seed: int, seconds: float) -> dict[str, Any]:
    """One fit at its default parameters."""
    sampler = VGrowSampler(divergence, max_iter=None, max_seconds=seconds, random_state=seed)
    S = sampler.fit(draw(data, 50_000, 1000 + seed)).sample(5_000)
    ring = data == "ring"
    centers = datasets.ring_centers() if ring else datasets.grid_centers(scale=SCALE)
    found = metrics.mode_coverage(centers, S, std=STD if ring else STD / SCALE)
    return {
        "data": data,
        "divergence": divergence,
        "seed": seed,
        "loops": sampler.n_iter_,
        "modes": found.n_captured,
        "of": found.n_modes,
        "high_quality": found.high_quality_share,
        "energy_distance": metrics.energy_distance(draw(data, 5_000, 2000 + seed), S),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seeds", type=int, default=5)
    options = parser.parse_args()
    jobs = [(*case, seed) for seed in range(options.seeds) for case in CASES]
    units = {data: unit(data) for data in ("ring", "grid")}
    # Two fits at a time with one thread each: a fit has one core, not two, for its seconds.
    runs = Parallel(n_jobs=2, verbose=5)(delayed(run)(*job, options.seconds) for job in jobs)
    table = pd.DataFrame(runs)
    table["units"] = table["energy_distance"] / table["data"].map(units)
    summary = []
    for (data, divergence), group in table.groupby(["data", "divergence"], sort=False):
        row: dict[str, Any] = {"data": data, "divergence": divergence, "fewest_modes": int(group["modes"].min())}
        for column in ("high_quality", "units"):
            row[column] = _common.median_interval(group[column].tolist())
        summary.append(row)
    _common.write(
        "quality_2d", seconds=options.seconds, seeds=options.seeds, units=units, summary=summary, runs=runs,
        note="one thread a fit, two fits at a time",
    )  # fmt: skip
    print(pd.json_normalize(summary).to_string())


if __name__ == "__main__":
    main()
