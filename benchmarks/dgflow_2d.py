"""Refinement on the 25 Gaussians: the paper's table 1 on a saved sampler, and VGrow with DGflow at equal time.

``table1 PATH`` takes a file of ``sampler.save``, as of a WGAN-GP; ``grid`` trains a VGrowSampler and refines it.
"""

import argparse
from typing import Any

import _common
import pandas as pd

import fdgm
from fdgm import DGflowRefiner, VGrowSampler, datasets, metrics
from fdgm.refiners import DDLSRefiner, DOTRefiner

STD, SCALE = 0.05, 2 * 2**0.5  # SCALE makes the grid's standard deviation 1, the refiners' unit
CENTERS = datasets.grid_centers(scale=SCALE)
ROWS = 5000
FLOW = {"space": "data", "step_size": 0.01, "n_steps": 100, "noise": 0.01}

#: Methods of table 1 and their settings, from appendix D.1.
METHODS: dict[str, Any] = {
    "DOT": lambda base: DOTRefiner(base, space="data", n_steps=100, lr=0.01, betas=(0.0, 0.9)),
    "DDLS": lambda base: DDLSRefiner(base, step_size=0.01, n_steps=50, noise_scale=0.1),
    "DGflow kl": lambda base: DGflowRefiner(base, "kl", **FLOW),
    "DGflow js": lambda base: DGflowRefiner(base, "js", **FLOW),
    "DGflow logd": lambda base: DGflowRefiner(base, "logd", **FLOW),
}


def real(n: int, seed: int) -> Any:
    return datasets.make_grid(n, std=STD, scale=SCALE, random_state=seed)


def table1(path: str, method: str, repeat: int) -> dict[str, Any]:
    """One method, one sample of 5,000."""
    base = fdgm.load(path)
    X = real(ROWS, 1000)
    model = base if method == "base" else METHODS[method](base).fit(X)
    S = model.sample(ROWS, random_state=repeat)
    return {
        "high_quality": metrics.high_quality_share(CENTERS, S, std=STD / SCALE),
        "kde_score": metrics.kde_score(X, S, bandwidth=0.1),
    }


def grid(divergence: str, seconds: float, seed: int, n_steps: int) -> dict[str, Any]:
    """VGrow for so many seconds, and its samples before and after DGflow."""
    X = real(50_000, 1000 + seed)
    sampler = VGrowSampler(divergence, max_iter=None, max_seconds=seconds, random_state=seed).fit(X)
    refiner = DGflowRefiner(sampler, n_steps=n_steps, random_state=seed).fit(X)
    held_out, figures = real(ROWS, 2000 + seed), {}
    for name, S in (("before", sampler.sample(ROWS)), ("after", refiner.sample(ROWS))):
        found = metrics.mode_coverage(CENTERS, S, std=STD / SCALE)
        figures |= {
            f"modes_{name}": found.n_captured,
            f"high_quality_{name}": found.high_quality_share,
            f"energy_distance_{name}": metrics.energy_distance(held_out, S),
        }
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("table1")
    one.add_argument("path")
    one.add_argument("--repeats", type=int, default=10)
    two = commands.add_parser("grid")
    two.add_argument("--divergences", nargs="+", default=["kl", "jeffreys"])
    two.add_argument("--seconds", type=float, default=60.0)
    two.add_argument("--seeds", type=int, default=5)
    two.add_argument("--steps", type=int, nargs="+", default=[10, 25, 50])
    options = parser.parse_args()
    if options.command == "table1":
        name, by, function = "dgflow_table1", ["method"], table1
        jobs = [
            {"path": options.path, "method": method, "repeat": repeat}
            for repeat in range(options.repeats)
            for method in ["base", *METHODS]
        ]
    else:
        name, by, function = "dgflow_grid", ["divergence", "n_steps"], grid
        jobs = [
            {"divergence": divergence, "seconds": options.seconds, "seed": seed, "n_steps": n_steps}
            for seed in range(options.seeds)
            for divergence in options.divergences
            for n_steps in options.steps
        ]
    note = "one thread a run, two runs at a time"
    table = pd.DataFrame(_common.sweep(name, jobs, function, note=note))
    figures = [column for column in table.columns if column not in jobs[0]]
    summary = [
        {
            **dict(zip(by, key, strict=True)),
            **{figure: _common.median_interval(group[figure].tolist()) for figure in figures},
        }
        for key, group in table.groupby(by, sort=False)
    ]
    _common.write(name, note=note, summary=summary, runs=_common.finished(name))
    print(table.groupby(by, sort=False)[figures].median())


if __name__ == "__main__":
    main()
