"""AGE's tables 5 and 7 and figure 6, on Stacked MNIST: modes of 1,000, KL, accuracy of reconstructions, FD-classifier.

``--scale cpu`` trains narrow networks for so many seconds on one core, ``--scale paper`` the paper's for 50 epochs. A
sweep that was stopped goes on where it was, within a run at the scale of the paper too, when it is called again.
"""

import argparse
import warnings
from typing import Any

import numpy as np
import pandas as pd

from benchmarks import _common
from fdgm import AGEBidirectional, GANSampler, datasets, metrics
from fdgm.architectures import DCGAN
from fdgm.exceptions import TrainingWarning
from fdgm.objectives import AGE
from fdgm.options import Adam, Gradient

CHECKPOINTS = _common.HERE / "checkpoints"
BATCH = 64
N_UPDATES = 50  # in an iteration

#: Divergence or objective of each method; a clip of 0 is none.
METHODS: dict[str, dict[str, Any]] = {
    "AGE-ALL": {"divergence": "all"},
    "AGE-ALL(d)": {"divergence": "all", "encoder": "deterministic", "generator": "deterministic"},
    "AGE-KL": {"divergence": "kl"},
    "AGE-H2": {"divergence": "squared_hellinger"},
    "AGE-JS": {"divergence": "js"},
    "AGE-RevKL": {"divergence": "reverse_kl"},
    "f-GAN-KL": {"divergence": "kl", "objective": "f_gan"},
    "GAN (JS)": {"divergence": "js", "scale_clip": None},
    "logD-GAN": {"objective": "non_saturating"},
    "Hinge": {"objective": "hinge"},
}
UNIDIRECTIONAL = "AGE-ALL, no encoder"  # table 6, row one
CLIPPED = ("AGE-KL", "AGE-H2", "AGE-JS", "AGE-RevKL")

#: As published, over 10 trials: tables 5 and 7 (clip 0.5), the FID by Inception, which is no FD-classifier.
PUBLISHED = {
    "AGE-ALL": {"modes": 981.2, "kl": 0.36, "reconstruction": 0.865, "fid": 4.40},
    "AGE-ALL(d)": {"modes": 971.7, "kl": 0.42, "reconstruction": 0.817},
    "AGE-KL": {"modes": 983.5, "kl": 0.3503, "reconstruction": 0.8484, "fid": 4.68},
    "AGE-H2": {"modes": 982.5, "kl": 0.3497, "reconstruction": 0.8558, "fid": 5.04},
    "AGE-JS": {"modes": 977.7, "kl": 0.3600, "reconstruction": 0.8370, "fid": 5.36},
    "AGE-RevKL": {"modes": 976.9, "kl": 0.3690, "reconstruction": 0.8473, "fid": 5.06},
    "f-GAN-KL": {"modes": 466.0, "kl": 3.49, "reconstruction": 0.278},
    "GAN (JS)": {"modes": 954.2, "kl": 0.71, "reconstruction": 0.642},
    "logD-GAN": {"modes": 932.1, "kl": 0.55, "reconstruction": 0.813, "fid": 5.56},
    "Hinge": {"modes": 959.9, "kl": 0.53, "reconstruction": 0.841, "fid": 5.63},
}

SCALES: dict[str, dict[str, Any]] = {
    "cpu": {"n_warmup_steps": 300, "width": 16, "rows": 40_000, "lr": 3e-4, "lr_schedule": ((0.5, 1.0), (1.0, 0.05))},
    "paper": {"n_warmup_steps": 0, "width": 64, "rows": 128_000, "lr": 1e-4, "lr_schedule": (), "epochs": 50},
}
TEST_ROWS = 26_000


def model(
    method: str, clip: float | None, seed: int, scale: str, seconds: float | None
) -> AGEBidirectional | GANSampler:
    """The estimator of one run: Gaussian encoder, implicit generator, 8 latents, one critic step.

    Without an encoder the same networks, except the critic's head and a generator that takes no noise.
    """
    s = SCALES[scale]
    budget: dict[str, Any] = {"max_iter": None, "max_seconds": seconds}
    if seconds is None:
        updates = s["epochs"] * (s["rows"] // BATCH)
        name = f"stacked-{scale}-{method}-{clip}-{seed}"
        budget = {"max_iter": updates // N_UPDATES, "checkpoint": CHECKPOINTS / name}
    optimizer = Adam(s["lr"], betas=(0.0, 0.999), schedule=s["lr_schedule"])
    params: dict[str, Any] = {
        "architecture": DCGAN(width=s["width"]),
        "latent_size": 8,
        "batch_size": BATCH,
        "critic_optimizer": optimizer,
        "generator_optimizer": optimizer,
        "data_range": (-1.0, 1.0),
        "random_state": seed,
        **budget,
    }
    if method == UNIDIRECTIONAL:
        return GANSampler(
            AGE("all"),
            n_generator_steps=N_UPDATES,
            n_critic_steps=1,
            n_warmup_steps=0,
            ema=None,
            instance_noise=0.0,
            **params,
        )
    params |= {"encoder": "gaussian", "generator": "implicit", **METHODS[method]}
    params["method"] = Gradient(n_updates=N_UPDATES, n_warmup_steps=s["n_warmup_steps"])
    if method in CLIPPED:
        params["scale_clip"] = clip or None
    return AGEBidirectional(**params)


def classes_of(classifier: Any, images: np.ndarray) -> np.ndarray:
    """The class, 0 to 999, of each image; in parts, as there are a thousand probabilities for each."""
    parts = np.array_split(images, max(1, len(images) // 2000))
    return np.concatenate([classifier.probabilities(part).argmax(axis=1) for part in parts])


def run(method: str, clip: float | None, seed: int, scale: str, seconds: float | None) -> dict[str, Any]:
    """Train and measure."""
    X = datasets.make_stacked_mnist(SCALES[scale]["rows"], random_state=1000 + seed)
    estimator = model(method, clip, seed, scale, seconds)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", TrainingWarning)
        estimator.fit(X)
    del X
    failed = next((str(w.message) for w in caught if issubclass(w.category, TrainingWarning)), None)
    real, classes = datasets.make_stacked_mnist(TEST_ROWS, split="test", return_labels=True, random_state=2000 + seed)
    S = estimator.sample(TEST_ROWS, random_state=0)
    classifier = metrics.load_classifier("stacked-mnist")
    found = metrics.mode_coverage(classes, classes_of(classifier, S), n_modes=1000)
    figures: dict[str, Any] = {"failed": failed}
    if isinstance(estimator, GANSampler):
        figures["updates"] = estimator.n_iter_ * estimator.n_generator_steps
    else:
        figures["updates"] = estimator.n_iter_ * N_UPDATES
        kept = classes_of(classifier, estimator.reconstruct(real[:5000])) == classes[:5000]
        figures["reconstruction"] = float(kept.mean())
    return {
        **figures,
        "modes": found.n_captured,
        "kl": found.reverse_kl,
        "fd_classifier": metrics.frechet_distance(real, S, features=classifier.features),
    }


def report(runs: list[dict[str, Any]]) -> pd.DataFrame:
    """Means over seeds beside the published figures."""
    rows = []
    keys = ["method", "clip", "seconds"]
    for group_of, group in pd.DataFrame(runs).groupby(keys, sort=False, dropna=False):
        method = group_of[0]
        row: dict[str, Any] = {**dict(zip(keys, group_of, strict=True)), "seeds": len(group)}
        row["failed"] = int(group["failed"].notna().sum())
        for figure in ("modes", "kl", "reconstruction", "fd_classifier"):
            row[figure] = group[figure].mean() if figure in group else float("nan")
            if figure in PUBLISHED.get(method, {}):
                row[f"{figure} published"] = PUBLISHED[method][figure]
        rows.append(row)
    return pd.DataFrame(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", choices=list(SCALES), default="cpu")
    parser.add_argument("--seconds", type=float, help="of training for each run at the scale of a CPU", default=1800.0)
    parser.add_argument("--seeds", type=int, help="1 at the scale of a CPU and 10 at the paper's by default")
    parser.add_argument("--methods", nargs="+", choices=[UNIDIRECTIONAL, *METHODS])
    parser.add_argument("--clips", type=float, nargs="+", default=[0.5], help="0 is none; figure 6 goes from 0 to 1")
    options = parser.parse_args()
    cpu = options.scale == "cpu"
    CHECKPOINTS.mkdir(exist_ok=True)
    jobs = [
        {
            "method": method,
            "clip": clip,
            "seed": seed,
            "scale": options.scale,
            "seconds": options.seconds if cpu else None,
        }
        for seed in range(options.seeds or (1 if cpu else 10))
        for method in options.methods
        or (["AGE-ALL", "logD-GAN", "Hinge", UNIDIRECTIONAL] if cpu else [UNIDIRECTIONAL, *METHODS])
        for clip in (options.clips if method in CLIPPED else [None])
    ]
    name = f"age_stacked_mnist_{options.scale}"
    _common.sweep(name, jobs, run, note=_common.SIDE_BY_SIDE, published=PUBLISHED)
    table = report(_common.finished(name))
    _common.update(name, summary=table.to_dict("records"))
    print(table.to_string(index=False, float_format=lambda v: f"{v:.4f}"))


if __name__ == "__main__":
    main()
