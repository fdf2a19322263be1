"""The paper's figures 2, 4, 5 and 6 on the 25 Gaussians and the Swiss roll, of stored WGAN-GPs, one PNG each.

And what `stop` and `refresh` gain at each number of steps there, and on MNIST for the VGrowSampler of
``dgflow.mnist``. ``--models`` is the folder that ``gan.wgan_gp_2d`` stores its models in. A figure that is there
already is not drawn again.
"""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import torch

import fdgm
from benchmarks import _common
from benchmarks.dgflow import mnist as dgflow_mnist
from fdgm import DGflowRefiner, datasets, metrics
from fdgm.divergences import Scaling
from fdgm.flows import differentiated, velocity
from fdgm.refiners import DDLSRefiner, DOTRefiner

FLOW: dict[str, Any] = {"space": "data", "step_size": 0.01, "n_steps": 100, "noise": 0.01}
DIVERGENCES = ("kl", "logd", "js")
#: Past the paper, without noise: short steps in the plane, where a ratio that is estimated anew is steep.
PAST: dict[str, dict[str, Any]] = {
    "grid": {"space": "data", "step_size": 1e-3, "n_steps": 100, "refresh": 10},
    "swiss_roll": {"space": "data", "step_size": 1e-3, "n_steps": 100, "refresh": 10},
    "mnist": {"step_size": 0.1, "n_steps": 25, "refresh": 5},
}
COMPARED = 2000  # samples that are followed, and rows that they are compared with
DATA: dict[str, Callable[[int], np.ndarray]] = {
    "grid": lambda n: datasets.make_grid(n, std=0.05, scale=2 * 2**0.5, random_state=1000),
    "swiss_roll": lambda n: datasets.make_swiss_roll(n, random_state=1000),
}


def scatter(ax: Any, rows: np.ndarray, title: str, color: str) -> None:
    ax.scatter(*rows.T, s=1, color=color, rasterized=True)
    ax.set(title=title, xticks=[], yticks=[], aspect="equal")


def refined(base: Any, X: np.ndarray, n: int, seed: int) -> dict[str, np.ndarray]:
    """Samples of the generator, of each baseline, of DGflow, and of DGflow past the paper."""
    models = {
        "GAN": base,
        "DOT": DOTRefiner(base, space="data", n_steps=100),
        "DDLS": DDLSRefiner(base, step_size=0.01, n_steps=50, noise_scale=0.1),
        **{f"DGflow ({name})": DGflowRefiner(base, name, stop=None, **FLOW) for name in DIVERGENCES},
        "DGflow (kl), past the paper": DGflowRefiner(base, stop="auto", refresh=10, random_state=seed, **FLOW),
    }
    return {
        name: (model if model is base else model.fit(X)).sample(n, random_state=seed) for name, model in models.items()
    }


def drift(base: Any, X: np.ndarray, divergence: str) -> tuple[np.ndarray, np.ndarray]:
    """Points of a lattice, and the velocity of the flow there at first."""
    low, high = X.min(axis=0) - 0.2, X.max(axis=0) + 0.2
    points = np.stack(np.meshgrid(*np.linspace(low, high, 25).T), axis=-1).reshape(-1, 2)
    at = torch.from_numpy(points.astype(np.float32))
    direction, _ = velocity(differentiated(base.log_ratio_tensor), at, Scaling.make(divergence, None))
    return points, direction.numpy()


def latents(base: Any, X: np.ndarray, n: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Figure 6: a lattice of latents, p_Z e^T∘g on it up to a constant, and latents that DGflow moved there."""
    side = np.linspace(-3, 3, 200)
    lattice = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2).astype(np.float32)
    frozen = DGflowRefiner(base, space="latent", n_steps=0, stop=None).fit(X)
    log_density = frozen.log_ratio(frozen.refine(lattice)) - (lattice**2).sum(axis=1) / 2
    Z = np.random.default_rng(seed).normal(size=(n, 2))
    paper = {"space": "latent", "step_size": 0.01, "n_steps": 100, "noise": 0.01, "stop": None}
    moved = DGflowRefiner(base, random_state=seed, **paper).fit(X).refine_latents(Z)
    return side, np.exp(log_density - log_density.max()).reshape(200, 200), moved


def past(data: str, base: Any, X: np.ndarray, path: Path, seed: int) -> None:
    """The distance of samples from held-out rows by their steps, with and without `stop` and `refresh`."""
    import matplotlib.pyplot as plt

    H, plan = X[:COMPARED], PAST[data]
    by_hand = {"DGflow": {**plan, "refresh": None}, "refresh": plan}
    figure, ax = plt.subplots(figsize=(5, 3.5), layout="constrained")
    for title, params in by_hand.items():
        refiner = DGflowRefiner(base, stop=None, random_state=seed, **params).fit(X[COMPARED:])
        ax.plot([metrics.energy_distance(H, rows) for rows in refiner.trajectory(COMPARED)], label=title, marker=".")
    for title, params in {"stop and refresh": plan, "default": {}}.items():
        refiner = DGflowRefiner(base, random_state=seed, **params).fit(X[COMPARED:])
        ax.axhline(metrics.energy_distance(H, refiner.sample(COMPARED)), label=title, linestyle="--")
    ax.set(xlabel="steps", ylabel="energy distance from held-out rows", title=data, ylim=(0, None))
    ax.legend()
    figure.savefig(path, dpi=100)
    plt.close(figure)


def draw(data: str, base: Any, folder: Path, n: int, seed: int) -> None:
    """All figures of one data set in the plane."""
    import matplotlib.pyplot as plt

    X = DATA[data](max(n, 100))
    wanted = {name: folder / f"dgflow_{name}_{data}.png" for name in ("samples", "drift", "latents")}
    if not wanted["samples"].exists():  # figures 2 and 4
        rows = refined(base, X, n, seed)
        figure, axes = plt.subplots(1, len(rows) + 1, figsize=(3 * (len(rows) + 1), 3.2), layout="constrained")
        scatter(axes[0], X[:n], "real samples", "tab:brown")
        for ax, (name, sample) in zip(axes[1:], rows.items(), strict=True):
            scatter(ax, sample, name, "tab:blue" if name == "GAN" else "tab:red")
        figure.savefig(wanted["samples"], dpi=100)
        plt.close(figure)
    if not wanted["drift"].exists():  # figure 5
        figure, axes = plt.subplots(1, len(DIVERGENCES), figsize=(12, 4), layout="constrained")
        for ax, divergence in zip(axes, DIVERGENCES, strict=True):
            points, direction = drift(base, X, divergence)
            scatter(ax, X[:n], divergence, "0.8")
            ax.quiver(*points.T, *direction.T, angles="xy")
        figure.savefig(wanted["drift"], dpi=100)
        plt.close(figure)
    if not wanted["latents"].exists():  # figure 6
        side, density, moved = latents(base, X, n, seed)
        figure, axes = plt.subplots(1, 2, figsize=(8, 4), layout="constrained")
        axes[0].pcolormesh(side, side, density, rasterized=True)
        axes[0].set(title="p(z) exp T(g(z))", aspect="equal")
        scatter(axes[1], moved, "DGflow", "tab:red")
        axes[1].set(xlim=(-3, 3), ylim=(-3, 3))
        figure.savefig(wanted["latents"], dpi=100)
        plt.close(figure)


def main() -> None:
    here = _common.HERE
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=Path, default=here / "models")
    parser.add_argument("--out", type=Path, default=here / "results")
    parser.add_argument("--data", nargs="+", choices=list(PAST), default=list(PAST))
    parser.add_argument("--samples", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    mpl.use("Agg")
    options.out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    for data in options.data:
        if data == "mnist":
            base, X = dgflow_mnist.model("vgrow", 60_000, 300.0), dgflow_mnist.rows("test", dgflow_mnist.RATIO_ROWS)
        else:
            base, X = fdgm.load(options.models / f"wgan_gp_{data}.fdgm"), DATA[data](50_000)
            draw(data, base, options.out, options.samples, options.seed)
        path = options.out / f"dgflow_past_{data}.png"
        if not path.exists():
            past(data, base, X, path, options.seed)
        print(data)


if __name__ == "__main__":
    main()
