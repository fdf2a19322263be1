"""WGAN-GP on the two plane data sets of DGflow's appendix D.1, trained once and stored for the tables of refinement.

Networks of 3 x 512, batches of 256, 10,000 generator steps of 5 critic steps: 35 to 70 minutes each on one core. A run
that was stopped goes on from its checkpoint; a model that is there already is not trained again.

The penalty is 0.1, as in the published code of WGAN-GP for the plane, and not the appendix's 10: with 10 a slope of
one leaves the critic no room to follow, the networks turn about each other for all of the 10,000 steps, and the 25
Gaussians end with 3% of the samples near a mode.
"""

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import _common
from fdgm import GANSampler, datasets, load, metrics
from fdgm.architectures import MLP
from fdgm.objectives import WGANGP
from fdgm.options import Adam, Checkpoint

MODELS = _common.HERE / "models"
SCALE = 2 * 2**0.5
STD = 0.05
STEPS = 100  # of the generator in an iteration
PENALTY = 0.1


def rows(data: str, n: int, seed: int) -> np.ndarray:
    """The 25 Gaussians with spacing 2 and std 0.05, divided by 2√2, or the Swiss roll."""
    if data == "grid":
        return datasets.make_grid(n, std=STD, scale=SCALE, random_state=seed)
    return datasets.make_swiss_roll(n, random_state=seed)


def sampler(path: Path, steps: int, seed: int) -> GANSampler:
    """The appendix's settings except the penalty; rates stay as they are to the end."""
    return GANSampler(
        WGANGP(penalty=PENALTY),
        architecture=MLP(width=512, depth=3, activation="relu"),
        latent_size=2,
        n_generator_steps=min(STEPS, steps),
        n_critic_steps=5,
        n_warmup_steps=0,
        scaling="standard",
        data_range=None,
        critic_optimizer=Adam(1e-4, schedule=()),
        generator_optimizer=Adam(1e-4, schedule=()),
        instance_noise=0.0,
        ema=None,
        batch_size=256,
        max_iter=max(1, steps // STEPS),
        checkpoint=Checkpoint(path.with_suffix(".checkpoint"), seconds=30),
        random_state=seed,
        verbose=1,
    )


def run(data: str, steps: int, seed: int) -> dict[str, Any]:
    """Train where there is no model yet, and measure what is stored."""
    MODELS.mkdir(exist_ok=True)
    name = f"wgan_gp_{data}{'' if steps == 10_000 else f'_{steps}'}{f'_seed{seed}' if seed else ''}"
    path = MODELS / f"{name}.fdgm"
    if not path.exists():
        model = sampler(path, steps, seed).fit(rows(data, 100_000, seed))
        if model.stop_reason_ != "max_iter":
            raise RuntimeError(f"the training on {data} ended by {model.stop_reason_} at loop {model.n_iter_}")
        # A checkpoint's path is of the machine that trained.
        model.set_params(checkpoint=None, verbose=0).save(path, compact=True)
    model = load(path)
    S = model.sample(5_000, random_state=0)
    held_out = rows(data, 5_000, 10_000 + seed)
    unit = metrics.energy_distance_unit(lambda n, rng: rows(data, n, rng), random_state=0)
    figures: dict[str, Any] = {
        "loops": model.n_iter_,
        "seconds": float(model.history_["seconds"].iloc[-1]),
        "megabytes": path.stat().st_size / 1e6,
        "energy_distance": metrics.energy_distance(held_out, S) / unit,
    }
    if data == "grid":
        found = metrics.mode_coverage(datasets.grid_centers(scale=SCALE), S, std=STD / SCALE)
        figures |= {"modes": found.n_captured, "high_quality": found.high_quality_fraction}
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=10_000, help="of the generator")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    jobs = [{"data": data, "steps": options.steps, "seed": options.seed} for data in ("grid", "swiss_roll")]
    for done in _common.sweep("wgan_gp_2d", jobs, run, note="one thread a fit, two fits at a time"):
        print(done)


if __name__ == "__main__":
    main()
