"""AGE's tables 3 and 4, on imbalanced Gaussians in the plane: how well KL is minimised, and which modes are covered.

``--scale cpu`` trains small networks for so many seconds, ``--scale paper`` the paper's for its number of epochs. A
sweep that was stopped goes on where it was, within a run too, when it is called again.
"""

import argparse
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks import _common
from fdgm import AGEBidirectional, datasets, load, metrics
from fdgm.architectures import MLP
from fdgm.bidirectional import VAE
from fdgm.exceptions import TrainingWarning
from fdgm.options import Adam, Gradient

STD = 0.3
BATCH = 500
N_UPDATES = 20  # in an iteration
CHECKPOINTS = _common.HERE / "checkpoints"

#: Table 4's methods, and those of table 3.
METHODS: dict[str, dict[str, Any]] = {
    "AGE-KL": {"divergence": "kl", "scale_clip": None},
    "f-GAN-KL": {"divergence": "kl", "objective": "f_gan"},
    "AGE-H2": {"divergence": "squared_hellinger", "scale_clip": None},
    "AGE-RevKL": {"divergence": "reverse_kl", "scale_clip": None},
    "GAN (JS)": {"divergence": "js", "scale_clip": None},
    "AGE-ALL": {"divergence": "all"},
    "logD-GAN": {"objective": "non_saturating"},
    "Hinge": {"objective": "hinge"},
}
TABLE_3 = ("VAE", "AGE-KL", "f-GAN-KL")

#: As published: mean and standard error over 10 trials.
PUBLISHED = {
    3: {
        "VAE": {"objective": (2.739, 0.02), "cycle": (0.025, 0.07), "nll": (0.753, 0.01)},
        "AGE-KL": {"objective": (2.784, 0.06), "cycle": (-0.018, 0.16), "nll": (0.737, 0.02)},
        "f-GAN-KL": {"objective": (3.786, 1.05), "cycle": (1.173, 1.04), "nll": (1.401, 1.24)},
    },
    4: {
        "AGE-KL": {"modes": (24.9, 0.36), "kl": (0.0284, 0.0035)},
        "f-GAN-KL": {"modes": (24.1, 1.33), "kl": (0.0477, 0.0418)},
        "AGE-H2": {"modes": (24.5, 0.94), "kl": (0.0439, 0.0102)},
        "AGE-RevKL": {"modes": (21.8, 3.21), "kl": (0.2498, 0.2120)},
        "GAN (JS)": {"modes": (24.1, 1.23), "kl": (0.0462, 0.0159)},
        "AGE-ALL": {"modes": (23.2, 1.33), "kl": (0.1133, 0.0273)},
        "logD-GAN": {"modes": (20.0, 3.14), "kl": (0.3437, 0.1723)},
        "Hinge": {"modes": (20.9, 0.92), "kl": (0.1929, 0.0366)},
    },
}

#: What the two scales differ in. How long table 3 is trained the paper does not say: its published code has 300 epochs.
SCALES: dict[str, dict[str, Any]] = {
    "cpu": {
        "width": 128,
        "critic_width": 128,
        "critic_lr": {3: 2e-3, 4: 1e-3},
        "generator_lr": {3: 1.5e-3, 4: 5e-4},
        "lr_schedule": ((0.5, 1.0), (1.0, 0.05)),
        "rows": {3: 100, 4: 20_000},
        "n_temperatures": 300,
    },
    "paper": {
        "width": 500,
        "critic_width": 400,
        "critic_lr": {3: 1e-4, 4: 1e-4},
        "generator_lr": {3: 5e-5, 4: 5e-5},
        "lr_schedule": (),
        "epochs": {3: 300, 4: 30},
        "rows": {3: 10_000, 4: 20_000},
        "n_temperatures": 1000,
    },
}


def model(table: int, method: str, seed: int, scale: str, seconds: float | None, n_rows: int) -> AGEBidirectional:
    """The estimator of one run."""
    s = SCALES[scale]
    rates = 4 if method == "f-GAN-KL" else table  # at table 3's a small f-GAN breaks within 300 updates
    budget: dict[str, Any] = {"max_iter": None, "max_seconds": seconds}
    if seconds is None:
        updates = s["epochs"][table] * (n_rows // BATCH)
        budget = {"max_iter": updates // N_UPDATES, "checkpoint": CHECKPOINTS / f"{scale}-{table}-{method}-{seed}"}
    gaussian = table == 3
    betas, schedule = (0.0, 0.999), s["lr_schedule"]
    common = {
        "architecture": MLP(
            width=s["width"],
            depth=2,
            encoder_depth=3,
            batch_norm=True,
            critic_width=s["critic_width"],
            critic_activation="leaky_relu",
        ),
        "latent_size": 2,
        "encoder": "gaussian" if gaussian else "deterministic",
        "generator": "gaussian" if gaussian else "deterministic",
        "batch_size": BATCH,
        "generator_optimizer": Adam(s["generator_lr"][rates], betas=betas, schedule=schedule),
        "random_state": seed,
        **budget,
    }
    if method == "VAE":
        return VAE(method=Gradient(n_updates=N_UPDATES), **common)
    return AGEBidirectional(
        method=Gradient(n_updates=N_UPDATES, n_critic_steps=30 if gaussian else 5, n_warmup_steps=0),
        critic_optimizer=Adam(s["critic_lr"][rates], betas=betas, schedule=schedule),
        **common,
        **METHODS[method],
    )


def run(table: int, method: str, seed: int, scale: str, seconds: float | None) -> dict[str, Any]:
    """Train and measure; a training that broke says so, and is measured by its last good networks."""
    side = 3 if table == 3 else 5
    X = datasets.make_imbalanced_grid(side, std=STD, random_state=1000 + seed)
    estimator = model(table, method, seed, scale, seconds, len(X))
    path = CHECKPOINTS / f"{scale}-{table}-{method}-{seed}.fdgm"
    if seconds is None and path.exists():  # the likelihood of the paper's networks takes long too
        return measure(load(path), table, seed, scale, None, path.with_suffix(".parts"))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", TrainingWarning)
        estimator.fit(X)
    failed = next((str(w.message) for w in caught if issubclass(w.category, TrainingWarning)), None)
    if seconds is None and failed is None:
        estimator.save(path)
    return measure(estimator, table, seed, scale, failed, path.with_suffix(".parts") if seconds is None else None)


def measure(
    estimator: AGEBidirectional, table: int, seed: int, scale: str, failed: str | None, parts: Path | None
) -> dict[str, Any]:
    """The figures of one row."""
    side = 3 if table == 3 else 5
    figures = {"failed": failed, "updates": estimator.n_iter_ * N_UPDATES}
    n = SCALES[scale]["rows"][table]
    if table == 4:
        weights = np.where(np.arange(side**2) % 2, 500, 10_000)
        found = metrics.mode_coverage(
            datasets.grid_centers(side=side), estimator.sample(n, random_state=0), std=STD, weights=weights
        )
        return {**figures, "modes": found.n_captured, "kl": found.reverse_kl, "near": found.high_quality_fraction}
    held_out = datasets.make_imbalanced_grid(side, std=STD, random_state=2000 + seed)[:10_000]
    likelihood = log_likelihood(estimator, held_out[:n], SCALES[scale]["n_temperatures"], parts)
    return {
        **figures,
        "objective": float(-estimator.elbo(held_out, random_state=0).mean()),
        "cycle": float(-estimator.cycle_consistency(held_out, random_state=0).mean()),
        "nll": float(-likelihood.mean()),
    }


def log_likelihood(estimator: AGEBidirectional, X: np.ndarray, n_temperatures: int, parts: Path | None) -> np.ndarray:
    """Of each row (n,), a hundred at a time, which a folder keeps: all of the paper's rows take hours."""
    values = []
    for start in range(0, len(X), 100):
        path = None if parts is None else parts / f"{start}.npy"
        if path is None or not path.exists():
            rows = X[start : start + 100]
            values.append(estimator.log_likelihood(rows, n_temperatures=n_temperatures, random_state=start))
            if path is not None:
                path.parent.mkdir(exist_ok=True)
                np.save(path, values[-1])
        else:
            values.append(np.load(path))
    return np.concatenate(values)


def report(table: int, runs: list[dict[str, Any]]) -> pd.DataFrame:
    """Mean, standard error and median of each figure beside the published ones, by seconds of training."""
    figures = ("objective", "cycle", "nll") if table == 3 else ("modes", "kl", "near")
    rows = []
    for (method, seconds), group in pd.DataFrame(runs).groupby(["method", "seconds"], sort=False, dropna=False):
        row: dict[str, Any] = {"method": method, "seconds": seconds, "seeds": len(group)}
        row["failed"] = int(group["failed"].notna().sum())
        for figure in figures:
            values = group[figure].dropna() if figure in group else pd.Series(dtype=float)
            row |= {figure: values.mean(), f"{figure} se": values.sem(), f"{figure} median": values.median()}
            if figure in PUBLISHED[table][str(method)]:
                row[f"{figure} published"] = PUBLISHED[table][str(method)][figure][0]
        rows.append(row)
    return pd.DataFrame(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", choices=list(SCALES), default="cpu")
    parser.add_argument("--tables", type=int, nargs="+", choices=[3, 4], default=[3, 4])
    parser.add_argument("--seconds", type=float, help="of training for each run at the scale of a CPU", default=300.0)
    parser.add_argument("--seeds", type=int, help="5 for table 3 and 10 for table 4 by default")
    parser.add_argument("--methods", nargs="+", choices=["VAE", *METHODS])
    options = parser.parse_args()
    CHECKPOINTS.mkdir(exist_ok=True)
    for table in options.tables:
        methods = [m for m in (TABLE_3 if table == 3 else METHODS) if m in (options.methods or ("VAE", *METHODS))]
        seconds = options.seconds if options.scale == "cpu" else None
        jobs = [
            {"table": table, "method": method, "seed": seed, "scale": options.scale, "seconds": seconds}
            for seed in range(options.seeds or (5 if table == 3 else 10))
            for method in methods
        ]
        name = f"age_table_{table}_{options.scale}"
        _common.sweep(name, jobs, run, note=_common.SIDE_BY_SIDE, published=PUBLISHED[table])
        table_of_it = report(table, _common.finished(name))
        _common.update(name, summary=table_of_it.to_dict("records"))
        print(table_of_it.to_string(index=False, float_format=lambda v: f"{v:.4f}"))


if __name__ == "__main__":
    main()
