"""Refinement with no argument except the seed: eight kinds of generators on six data sets, and ratios that are wrong.

A sweep that was stopped goes on. ``summary`` prints what is there, beside the aims.
"""

import argparse
import time
import warnings
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from sklearn.datasets import load_breast_cancer, load_wine
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KernelDensity
from sklearn.preprocessing import StandardScaler
from torch import nn

from benchmarks import _common, _peers
from benchmarks.samplers import _data
from fdgm import DGflowRefiner, GANSampler, VGrowSampler, datasets, metrics
from fdgm.bidirectional import VAE
from fdgm.exceptions import TrainingWarning, UnrefinedWarning
from fdgm.refiners import LatentGenerator
from fdgm.refiners._paired import Distances, compare

NAME = "dgflow_default"
SECONDS = 10.0  # of training, of generators that train
ROWS = 5000  # of training, and as many further ones, of data that is drawn
UPDATES = 2000  # of a GAN of one's own
SAMPLES = 5000
WORSE = 2.0  # standard errors by which refined samples may be farther, in the median over seeds

Rows = np.ndarray
DRAWN: dict[str, Callable[[int, np.random.Generator], Rows]] = {
    "ring": _data.DRAWN["ring"],
    "moons": _data.DRAWN["moons"],
    "normal squared": lambda n, rng: rng.normal(size=(n, 3)) ** 2,
}
REAL: dict[str, Callable[[], Rows]] = {
    "digits": lambda: datasets.load_digits_images(flat=True).astype(np.float64),
    "breast cancer": lambda: load_breast_cancer().data,
    "wine": lambda: load_wine().data,
}
OF_MANY_UNITS = ("breast cancer", "wine")
#: Half of the components that each data set needs.
COMPONENTS = {"ring": 4, "moons": 4, "normal squared": 2, "digits": 5, "breast cancer": 1, "wine": 1}


def rows_of(data: str, seed: int) -> tuple[Rows, Rows]:
    """Rows of training, and further rows that nothing sees before the end: of real data a third."""
    if data in DRAWN:
        return tuple(DRAWN[data](ROWS, np.random.default_rng([seed, part])) for part in range(2))  # type: ignore[return-value]
    X = REAL[data]()
    order = np.random.default_rng(seed).permutation(len(X))
    return X[order[: 2 * len(X) // 3]], X[order[2 * len(X) // 3 :]]


class Scaled(nn.Module):
    """A network's outputs in the units of X."""

    def __init__(self, body: nn.Module, mean: Rows, std: Rows) -> None:
        super().__init__()
        self.body = body
        self.mean, self.std = (nn.Buffer(torch.from_numpy(value.astype(np.float32))) for value in (mean, std))

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        return self.body(z) * self.std + self.mean


class Judge(nn.Module):
    """A critic of rows in the units of X, with logits (n, 1)."""

    def __init__(self, body: nn.Module, mean: Rows, std: Rows) -> None:
        super().__init__()
        self.body = body
        self.mean, self.std = (nn.Buffer(torch.from_numpy(value.astype(np.float32))) for value in (mean, std))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.body((x - self.mean) / self.std)


@lru_cache(12)
def own_gan(data: str, seed: int) -> tuple[LatentGenerator, nn.Module]:
    """A GAN of the rows of training."""
    return gan_of(rows_of(data, seed)[0], seed)


def gan_of(X: Rows, seed: int) -> tuple[LatentGenerator, nn.Module]:
    """A GAN as a newcomer writes it: two layers of 64 units each, the non-saturating loss, Adam."""
    torch.manual_seed(seed)
    d, size = X.shape[1], max(2, X.shape[1] // 2)
    layers = [
        nn.Sequential(nn.Linear(n, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, m))
        for n, m in ((size, d), (d, 1))
    ]
    std = np.where(X.std(0) > 0, X.std(0), 1.0)
    g, c = Scaled(layers[0], X.mean(0), std), Judge(layers[1], X.mean(0), std)
    adam = [torch.optim.Adam(module.parameters(), lr=1e-3, betas=(0.5, 0.999)) for module in (g, c)]
    data, loss = torch.from_numpy(X.astype(np.float32)), nn.functional.softplus
    for _ in range(UPDATES):
        real = data[torch.randint(len(data), (128,))]
        adam[1].zero_grad()
        (loss(-c(real)).mean() + loss(c(g(torch.randn(128, size)).detach())).mean()).backward()
        adam[1].step()
        adam[0].zero_grad()
        loss(-c(g(torch.randn(128, size)))).mean().backward()
        adam[0].step()
    return LatentGenerator(g.eval(), size), c.eval()


class WideKernels:
    """Kernels of twice the width that cross-validation finds, of rows in standard deviations."""

    def __init__(self, X: Rows) -> None:
        self.scaler = StandardScaler().fit(X)
        rows = self.scaler.transform(X)
        widths = {"bandwidth": np.geomspace(0.01, 1.0, 13)}
        best = GridSearchCV(KernelDensity(), widths, cv=3).fit(rows[:2000]).best_params_["bandwidth"]
        self.kernels = KernelDensity(bandwidth=2 * best).fit(rows)

    def sample(self, n: int, random_state: int | None = None) -> Rows:
        return self.scaler.inverse_transform(self.kernels.sample(n, random_state=random_state))


def spline_flow(X: Rows, seed: int) -> LatentGenerator:
    """zuko's NSF, as it is trained beside the samplers."""
    flow, scale = _peers.nsf_of(X, SECONDS, seed)
    return LatentGenerator(Scaled(Inverse(flow), scale.mean, scale.std), X.shape[1])


class Inverse(nn.Module):
    """A zuko flow from latents to rows."""

    def __init__(self, flow: nn.Module) -> None:
        super().__init__()
        self.flow = flow

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        return self.flow().transform.inv(z)


def trained(kind: Any, X: Rows, seed: int) -> Any:
    return kind(max_iter=None, max_seconds=SECONDS, random_state=seed).fit(X)


#: From data's name, rows and seed to a generator, and a ratio.
GENERATORS: dict[str, Callable[[str, Rows, int], tuple[Any, Any]]] = {
    "mixture of half the components": lambda data, X, seed: (
        GaussianMixture(COMPONENTS[data], random_state=seed).fit(X),
        "auto",
    ),
    "kernels of twice the width": lambda data, X, seed: (WideKernels(X), "auto"),
    "spline flow": lambda data, X, seed: (spline_flow(X, seed), "auto"),
    "own GAN": lambda data, X, seed: (own_gan(data, seed)[0], "auto"),
    "own GAN and its critic": lambda data, X, seed: own_gan(data, seed),
    "VGrowSampler": lambda data, X, seed: (trained(VGrowSampler, X, seed), "auto"),
    "GANSampler": lambda data, X, seed: (trained(GANSampler, X, seed), "auto"),
    "VAE": lambda data, X, seed: (trained(VAE, X, seed), "auto"),
}


def untrained(data: str, X: Rows, seed: int) -> nn.Module:
    """A network that nobody trained."""
    torch.manual_seed(seed)
    body = nn.Sequential(nn.Linear(X.shape[1], 64), nn.ReLU(), nn.Linear(64, 1))
    return Judge(body, X.mean(0), X.std(0))


def of_other_data(data: str, X: Rows, seed: int) -> nn.Module:
    """A critic that was trained on the same columns, each in an order of its own and turned round."""
    rng = np.random.default_rng(seed)
    return gan_of(X.max(0) + X.min(0) - np.stack([rng.permutation(column) for column in X.T], axis=1), seed)[1]


class Reversed(nn.Module):
    """A critic's logits, of the opposite sign."""

    def __init__(self, body: nn.Module) -> None:
        super().__init__()
        self.body = body

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return -self.body(x)


WRONG: dict[str, Callable[[str, Rows, int], nn.Module]] = {
    "untrained": untrained,
    "of other data": of_other_data,
    "reversed": lambda data, X, seed: Reversed(own_gan(data, seed)[1]),
}


def run(generator: str, data: str, seed: int) -> dict[str, Any]:
    """One pair. Distances are unbiased: 0 is that of real rows.

    They are in X's units if its columns share one, and otherwise in standard deviations of the training rows.
    """
    X, further = rows_of(data, seed)
    if generator.startswith("ratio "):
        model, ratio = own_gan(data, seed)[0], WRONG[generator.removeprefix("ratio ")](data, X, seed)
    else:
        model, ratio = GENERATORS[generator](data, X, seed)
    start, wall = time.process_time(), time.perf_counter()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        refiner = DGflowRefiner(model, ratio=ratio, random_state=seed).fit(X)
    seconds, wall = time.process_time() - start, time.perf_counter() - wall
    moves_nothing = not refiner.n_steps_
    as_they_came = DGflowRefiner(model, ratio="kliep", n_steps=0, random_state=seed).fit(X)
    before, after = (one.sample(SAMPLES, random_state=seed + 1) for one in (as_they_came, refiner))
    scale = X.std(axis=0) if data in OF_MANY_UNITS else np.ones(X.shape[1])
    in_units = [torch.from_numpy(rows.astype(np.float64) / scale) for rows in (before, after, further)]
    found = compare(*(Distances.measured(rows, in_units[2]) for rows in in_units[:2]))
    real = metrics.mean_distance(in_units[2].numpy())
    excess = [
        (metrics.energy_units(in_units[2].numpy(), rows.numpy(), real_distance=real) - 1)
        * real * (1 / SAMPLES + 1 / len(further))
        for rows in in_units[:2]
    ]  # fmt: skip
    figures = {
        "before": excess[0],
        "after": excess[1],
        "difference": found.difference,
        "standard_error": found.standard_error,
        "real": real * (1 / SAMPLES + 1 / len(further)),
        "distance_before": metrics.energy_distance(further, before),
        "distance_after": metrics.energy_distance(further, after),
        "fit_seconds": seconds,
        "wall_seconds": wall,
        "n_steps": refiner.n_steps_,
        "n_stages": len(refiner._stages),
        "unrefined": moves_nothing,
        "warned": any(issubclass(w.category, UnrefinedWarning) for w in caught),
        "warned_of_the_sign": any(issubclass(w.category, TrainingWarning) and "sign" in str(w.message) for w in caught),
    }
    if data == "ring":
        modes = metrics.mode_coverage(datasets.ring_centers(), after, std=_data.STD)
        figures |= {"modes": modes.n_captured, "high_quality": modes.high_quality_fraction}
    return figures


def verdict(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Of one pair over its seeds: medians, and the gain in standard errors of the median seed."""
    middle = {
        name: float(np.median([run[name] for run in runs]))
        for name in ("before", "after", "real", "distance_before", "distance_after", "fit_seconds", "n_steps")
    }
    worse = float(np.median([run["difference"] / max(run["standard_error"], 1e-300) for run in runs]))
    left = float(np.median([max(run["after"], 0.0) / max(run["before"], 1e-12) for run in runs]))
    return {**middle, "left": left, "errors": worse, "n": len(runs), "unrefined": sum(run["unrefined"] for run in runs)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("command", nargs="?", choices=["sweep", "summary"], default="sweep")
    wrong = [f"ratio {name}" for name in WRONG]
    parser.add_argument("--generators", nargs="+", choices=[*GENERATORS, *wrong], default=[*GENERATORS, *wrong])
    parser.add_argument("--data", nargs="+", choices=list(COMPONENTS), default=list(COMPONENTS))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--n-jobs", type=int, default=2)
    options = parser.parse_args()
    jobs = [
        {"generator": generator, "data": data, "seed": seed}
        for seed in options.seeds
        for generator in options.generators
        for data in options.data
    ]
    if options.command == "sweep":
        _common.sweep(NAME, jobs, run, n_jobs=options.n_jobs, note="one thread a run, seconds of the processor")
    done = [one for one in _common.finished(NAME) if "failed" not in one]
    table = [
        {"generator": g, "data": d, **verdict(found)}
        for g in (*GENERATORS, *wrong)
        for d in COMPONENTS
        if (found := [one for one in done if (one["generator"], one["data"]) == (g, d)])
    ]
    pairs = [row for row in table if row["generator"] in GENERATORS]
    counts = {
        "pairs": len(pairs),
        "no worse": sum(int(row["errors"] <= WORSE) for row in pairs),
        "at most a half left": sum(int(row["left"] <= 0.5) for row in pairs),
        "at most a quarter left": sum(int(row["left"] <= 0.25) for row in pairs),
    }
    _common.update(NAME, summary=table, counts=counts)
    for row in table:
        figures = " ".join(f"{name} {row[name]:.4f}" for name in ("before", "after", "left", "errors", "fit_seconds"))
        print(f"{row['generator']:32} {row['data']:15} {figures} unrefined {row['unrefined']} of {row['n']}")
    print(counts)


if __name__ == "__main__":
    main()
