"""Refinement on the 25 Gaussians: the paper's table 1 on a saved sampler, and VGrow with DGflow at equal time.

``table1`` takes the WGAN-GP that ``gan.wgan_gp_2d`` stores, or another file of ``sampler.save``; ``grid`` trains a
VGrowSampler and refines it, beside a spline flow and flow matching of equal time. A sweep that was stopped goes on.
"""

import argparse
import time
from typing import Any

import fdgm
from benchmarks import _common, _peers
from fdgm import DGflowRefiner, VGrowSampler, datasets, metrics
from fdgm.refiners import DDLSRefiner, DOTRefiner

HERE = _common.HERE
STD, SCALE = 0.05, 2 * 2**0.5  # SCALE makes the grid's standard deviation 1, the refiners' unit
CENTERS = datasets.grid_centers(scale=SCALE)
ROWS = 5000
FLOW: dict[str, Any] = {"space": "data", "step_size": 0.01, "n_steps": 100, "noise": 0.01}
PAPER: dict[str, Any] = {**FLOW, "stop": None, "refresh": None}

#: Methods of table 1 and their settings, from appendix D.1.
METHODS: dict[str, Any] = {
    "DOT": lambda base: DOTRefiner(base, space="data", n_steps=100, lr=0.01, betas=(0.0, 0.9)),
    "DDLS": lambda base: DDLSRefiner(base, step_size=0.01, n_steps=50, noise_scale=0.1),
    "DGflow kl": lambda base: DGflowRefiner(base, "kl", **PAPER),
    # The critic of a Wasserstein GAN is the log-ratio up to a scale, which the penalty sets.
    "DGflow kl, twice the critic": lambda base: DGflowRefiner(
        base, "kl", ratio=lambda rows: 2 * base.log_ratio_tensor(rows), **PAPER
    ),
    "DGflow js": lambda base: DGflowRefiner(base, "js", **PAPER),
    "DGflow logd": lambda base: DGflowRefiner(base, "logd", **PAPER),
    "DGflow kl, no noise": lambda base: DGflowRefiner(base, "kl", **{**PAPER, "noise": 0.0}),
    "DGflow kl, stop": lambda base: DGflowRefiner(base, "kl", refresh=None, random_state=0, **FLOW),
    "DGflow kl, refresh": lambda base: DGflowRefiner(base, "kl", refresh=10, stop=None, random_state=0, **FLOW),
    "DGflow kl, no noise, short steps, refresh and stop": lambda base: DGflowRefiner(
        base, "kl", refresh=10, stop="auto", random_state=0, **{**FLOW, "step_size": 1e-3, "noise": 0.0}
    ),
    "DGflow kl, refresh and stop": lambda base: DGflowRefiner(
        base, "kl", refresh=10, stop="auto", random_state=0, **FLOW
    ),
}

#: How VGrow's samples are refined in `grid`: among latents, by its own critic.
PLANS: dict[str, dict[str, Any]] = {
    "10 steps": {"n_steps": 10, "step_size": 0.01, "stop": None},
    "25 steps": {"n_steps": 25, "step_size": 0.01, "stop": None},
    "50 steps": {"n_steps": 50, "step_size": 0.01, "stop": None},
    "stop": {"n_steps": 100, "step_size": 0.01, "noise": 0.0, "refresh": None},
    "refresh and stop": {"n_steps": 100, "step_size": 0.01, "noise": 0.0, "refresh": 10},
    "default": {},
}
PEERS = {"nsf": _peers.nsf, "flow matching": _peers.flow_matching}


def real(n: int, seed: int) -> Any:
    return datasets.make_grid(n, std=STD, scale=SCALE, random_state=seed)


def table1(model: str, method: str, repeats: int) -> dict[str, Any]:
    """One method, so many samples of 5,000; refiners are fitted on more rows than they are judged by, for the ratio."""
    base = fdgm.load(HERE / model)
    start = time.process_time()
    refiner = base if method == "base" else METHODS[method](base).fit(real(50_000, 2000))
    fitted = time.process_time()
    X = real(ROWS, 1000)
    samples = [refiner.sample(ROWS, random_state=repeat) for repeat in range(repeats)]
    return {
        "fit_seconds": fitted - start,
        "sample_seconds": (time.process_time() - fitted) / repeats,
        "n_steps": getattr(refiner, "n_steps_", None),
        "high_quality": [metrics.high_quality_fraction(CENTERS, S, std=STD / SCALE) for S in samples],
        "kde_score": [metrics.kde_score(X, S, bandwidth=0.1) for S in samples],
    }


def grid(model: str, seconds: float, seed: int) -> dict[str, Any]:
    """One model, trained for so many seconds, and its samples by each plan; of somebody else's, as they are.

    What fitting a refiner takes comes on top of VGrow's seconds, and is told.
    """
    X = real(50_000, 1000 + seed)
    unit = metrics.energy_distance_unit(
        lambda n, rng: datasets.make_grid(n, std=STD, scale=SCALE, random_state=rng), random_state=0
    )
    if model in PEERS:
        return {"plans": {"none": figures_of(PEERS[model](X, seconds, seed)(ROWS), seed, unit)}}
    sampler = VGrowSampler(model, max_iter=None, max_seconds=seconds, random_state=seed).fit(X)
    plans = {"none": figures_of(sampler.sample(ROWS), seed, unit)}
    for name, plan in PLANS.items():
        start = time.process_time()
        refiner = DGflowRefiner(sampler, random_state=seed, **plan).fit(X)
        seconds = time.process_time() - start
        plans[name] = {**figures_of(refiner.sample(ROWS), seed, unit), "fit_seconds": seconds}
    return {"plans": plans}


def figures_of(S: Any, seed: int, unit: float) -> dict[str, float]:
    """Modes, fraction of high quality, and energy distance from held-out rows in its unit."""
    found = metrics.mode_coverage(CENTERS, S, std=STD / SCALE)
    return {
        "modes": found.n_captured,
        "high_quality": found.high_quality_fraction,
        "energy_distance": metrics.energy_distance(real(ROWS, 2000 + seed), S) / unit,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("table1")
    one.add_argument("--model", default="models/wgan_gp_grid.fdgm", help="a path, from this folder on")
    one.add_argument("--methods", nargs="+", choices=["base", *METHODS], default=["base", *METHODS])
    one.add_argument("--repeats", type=int, default=10)
    two = commands.add_parser("grid")
    two.add_argument("--models", nargs="+", default=["kl", "jeffreys", *PEERS], help="divergences of VGrow, and peers")
    two.add_argument("--seconds", type=float, default=60.0)
    two.add_argument("--seeds", type=int, default=5)
    options = parser.parse_args()
    note = "one thread a run, seconds of the processor"
    if options.command == "table1":
        jobs = [{"model": options.model, "method": m, "repeats": options.repeats} for m in options.methods]
        runs = [
            {
                "method": run["method"],
                "high_quality": fraction,
                "kde_score": score,
                **{name: run[name] for name in ("fit_seconds", "sample_seconds")},
            }
            for run in _common.sweep("dgflow_table1", jobs, table1, note=note)
            if "failed" not in run
            for fraction, score in zip(run["high_quality"], run["kde_score"], strict=True)
        ]
        keys, name = ["method"], "dgflow_table1"
        figures = ["high_quality", "kde_score", "fit_seconds", "sample_seconds"]
    else:
        jobs = [
            {"model": model, "seconds": options.seconds, "seed": seed}
            for model in options.models
            for seed in range(options.seeds)
        ]
        done = _common.sweep("dgflow_grid", jobs, grid, note=note)
        runs = [
            {"model": run["model"], "plan": plan, **found}
            for run in done
            if "failed" not in run
            for plan, found in run["plans"].items()
        ]
        keys, name = ["model", "plan"], "dgflow_grid"
        figures = ["modes", "high_quality", "energy_distance", "fit_seconds"]
    table = _common.summary(runs, keys, figures)
    _common.update(name, summary=table.to_dict("records"))
    print(table.to_string(index=False, float_format=lambda v: f"{v:.3f}"))


if __name__ == "__main__":
    main()
