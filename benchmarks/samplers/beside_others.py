"""Every sampler, beside other people's models, on the same rows, seconds and core.

With ``--front`` the runs of the table on the documentation's front: five data sets, all models. Without it, VGrow by
four divergences beside a neural spline flow and flow matching, in few dimensions. A sweep that was stopped goes on.
"""

import argparse
from typing import Any

import numpy as np
import pandas as pd
from sklearn.datasets import make_moons

from benchmarks import _common, _peers
from benchmarks.vgrow import images as vgrow_images
from fdgm import AGEBidirectional, DGflowRefiner, GANSampler, VGrowSampler, datasets, metrics

STD = 0.05
SCALE = 2 * 2**0.5
N = {"digits": 1400, "mnist": 60_000}  # training rows; 50,000 of the others

FRONT = ("ring", "grid", "circles", "digits", "mnist")
OURS = ("VGrow kl", "VGrow + DGflow", "GAN", "AGE")
#: What each takes in place of its defaults on images, where they do not fit.
IMAGES: dict[str, Any] = {"architecture": vgrow_images.architecture("dcgan"), **vgrow_images.NARROW}


def pinwheel(n: int, rng: np.random.Generator) -> np.ndarray:
    """Five arms that curl (Johnson et al., 2016)."""
    arm = rng.integers(5, size=n)
    radius, across = 1 + 0.3 * rng.standard_normal(n), 0.1 * rng.standard_normal(n)
    angle = 2 * np.pi * arm / 5 + 0.25 * np.exp(radius)
    turned = np.stack([np.cos(angle), np.sin(angle)]), np.stack([-np.sin(angle), np.cos(angle)])
    return 2 * (radius * turned[0] + across * turned[1]).T


def digits() -> np.ndarray:
    X = datasets.load_digits_images(flat=True).astype(np.float64)
    return X[np.random.default_rng(0).permutation(len(X))]


def draw(data: str, n: int, seed: Any) -> np.ndarray:
    """Real rows; of digits and MNIST, the training rows for seeds below 2,000 and the held-out ones above."""
    held_out = isinstance(seed, int) and seed >= 2000
    if data == "mnist":
        return datasets.load_mnist("test" if held_out else "train")[:n]
    if data == "digits":
        return digits()[N["digits"] :] if held_out else digits()[: N["digits"]]
    rng = seed if isinstance(seed, np.random.Generator) else np.random.default_rng(seed)
    if data == "ring":
        return datasets.make_ring(n, std=STD, random_state=rng)
    if data == "grid":
        return datasets.make_grid(n, std=STD, scale=SCALE, random_state=rng)
    if data == "circles":
        return datasets.make_circles(n, std=STD, random_state=rng)
    if data == "moons":
        return make_moons(n, noise=STD, random_state=int(rng.integers(2**31)))[0]
    return pinwheel(n, rng)


def fit(model: str, X: np.ndarray, seconds: float, seed: int) -> _peers.Draw:
    """A model by name, trained for so many seconds; scikit-learn's take what they need."""
    others = {**_peers.PEERS, **_peers.CLASSICAL}
    if model in others:
        return others[model](X, seconds, seed)
    params: dict[str, Any] = {"max_iter": None, "max_seconds": seconds, "random_state": seed}
    params |= IMAGES if X.ndim > 2 else {}
    if model == "GAN":
        params |= vgrow_images.GAN if X.ndim > 2 else {}
        return GANSampler(**params).fit(X).sample
    if model == "AGE":
        return AGEBidirectional(**params).fit(X).sample
    divergence = "kl" if model == "VGrow + DGflow" else model.removeprefix("VGrow ")
    params |= vgrow_images.moves("dcgan", divergence) if X.ndim > 2 else {}
    sampler = VGrowSampler(divergence, **params).fit(X)
    return DGflowRefiner(sampler, random_state=seed).fit(X).sample if model == "VGrow + DGflow" else sampler.sample


def run(data: str, model: str, seed: int, seconds: float) -> dict[str, Any]:
    """Train, sample, measure."""
    sample = fit(model, draw(data, N.get(data, 50_000), 1000 + seed), seconds, seed)
    held_out = draw(data, 5_000, 2000 + seed)
    S = sample(len(held_out)).reshape(held_out.shape)
    if data == "mnist":
        S = S.clip(-1, 1)
    figures: dict[str, Any] = {
        "energy_distance": metrics.energy_distance(*(A.reshape(len(A), -1) for A in (held_out, S)))
    }
    if data in ("ring", "grid"):
        centers = datasets.ring_centers() if data == "ring" else datasets.grid_centers(scale=SCALE)
        found = metrics.mode_coverage(centers, S, std=STD if data == "ring" else STD / SCALE)
        figures |= {"modes": found.n_captured, "high_quality": found.high_quality_fraction}
    if data == "mnist":
        classifier = metrics.load_classifier("mnist")
        figures["fd_classifier"] = metrics.frechet_distance(held_out, S, features=classifier.features)
        figures["inception_score"] = float(metrics.inception_score(classifier.probabilities(S)))
    if data == "digits":
        figures["c2st"] = metrics.classifier_two_sample_test(held_out, S, random_state=seed).accuracy
    return figures


def jobs_in_the_plane(data: list[str], seconds: float, seeds: int) -> list[dict[str, Any]]:
    """VGrow by its divergences, and the baselines that are trained for as long."""
    ours = {
        name: ["VGrow kl", "VGrow jeffreys", *(["VGrow js", "VGrow logd"] if name == "ring" else [])] for name in data
    }
    return [
        {"data": name, "model": model, "seed": seed, "seconds": seconds}
        for name in data
        for seed in range(seeds)
        for model in [*ours[name], *(_peers.PEERS if name != "ring" else ())]
    ]


def jobs_of_front(seconds: float, image_seconds: float, seeds: int) -> list[dict[str, Any]]:
    """Every model on every data set; on images one seed."""
    return [
        {"data": data, "model": model, "seed": seed, "seconds": image_seconds if data == "mnist" else seconds}
        for data in FRONT
        for seed in range(1 if data == "mnist" else seeds)
        for model in (*OURS, *_peers.PEERS, *_peers.CLASSICAL)
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--front", action="store_true", help="the table of all samplers")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--image-seconds", type=float, default=300.0, help="of the front's table, for MNIST")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--data", nargs="+", default=["ring", "grid", "circles", "moons", "pinwheel", "digits"])
    options = parser.parse_args()
    if options.front:
        jobs = jobs_of_front(options.seconds, options.image_seconds, options.seeds)
    else:
        jobs = jobs_in_the_plane(options.data, options.seconds, options.seeds)
    _common.sweep("samplers", jobs, run, note=_common.SIDE_BY_SIDE)
    write_summary()


def write_summary() -> None:
    """Medians of all runs that are kept, with intervals."""
    table = pd.DataFrame(_common.finished("samplers"))
    units = {
        data: _peers.unit_of(lambda n, rng, data=data: draw(data, n, rng))
        for data in table["data"].unique()
        if data not in N
    }
    table["units"] = table["energy_distance"] / table["data"].map(units)
    summary = []
    for (data, model, seconds), group in table.groupby(["data", "model", "seconds"], sort=False):
        row: dict[str, Any] = {"data": data, "model": model, "seconds": seconds, "seeds": len(group)}
        for column in ("units", "energy_distance", "high_quality", "c2st", "fd_classifier", "inception_score"):
            values = group[column].dropna().tolist() if column in group else []
            if values:
                row[column] = _common.median_interval(values)
        if "modes" in group and group["modes"].notna().all():
            row["fewest_modes"] = int(group["modes"].min())
        summary.append(row)
    _common.update("samplers", units=units, summary=summary)
    print(pd.json_normalize(summary).to_string())


if __name__ == "__main__":
    main()
