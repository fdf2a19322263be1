"""Every sampler, beside other people's models, on the same rows, seconds and core.

All models are trained on the same rows and measured on the same references, ten draws of both. The runs go through all
data at the first seed, then at the next, so that a sweep that was stopped has a whole table of fewer seeds; called
again, it goes on. ``--mnist`` measures on MNIST in place of the other data.
"""

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks import _common, _peers
from benchmarks.samplers import _data
from benchmarks.samplers._summary import summary
from benchmarks.vgrow import images as vgrow_images
from fdgm import AGEBidirectional, DGflowRefiner, FlowMatchingSampler, GANSampler, VGrowSampler, datasets, metrics

NAME = "samplers"
DRAWS = 10
TOLD_APART = 3  # draws that a classifier is trained on

#: What each takes in place of its defaults on MNIST, where they do not fit.
IMAGES: dict[str, Any] = {"architecture": vgrow_images.architecture("dcgan"), **vgrow_images.NARROW}


def vgrow(X: np.ndarray, **params: Any) -> Any:
    return VGrowSampler(**params, **(vgrow_images.moves("dcgan", "kl") if X.ndim > 2 else {})).fit(X)


def gan(X: np.ndarray, **params: Any) -> Any:
    return GANSampler(**params, **({"objective": "non_saturating", **vgrow_images.GAN} if X.ndim > 2 else {})).fit(X)


def age(X: np.ndarray, **params: Any) -> Any:
    return AGEBidirectional(**params).fit(X)


def flow_matching(X: np.ndarray, **params: Any) -> Any:
    return FlowMatchingSampler(**params).fit(X)


def refined(X: np.ndarray, **params: Any) -> Any:
    return DGflowRefiner(vgrow(X, **params), random_state=params["random_state"]).fit(X)


OURS: dict[str, Callable[..., Any]] = {
    "VGrowSampler": vgrow,
    "GANSampler": gan,
    "FlowMatchingSampler": flow_matching,
    "AGEBidirectional": age,
    "VGrowSampler, DGflowRefiner": refined,
}
MODELS = (*_peers.CLASSICAL, "VGrowSampler", "GANSampler", "FlowMatchingSampler", *_peers.PEERS, "AGEBidirectional")


def fit(model: str, X: np.ndarray, seconds: float, seed: int) -> Callable[[int, int], np.ndarray]:
    """A model by name, trained for so many seconds; scikit-learn's take what they need. Gives (rows, draw) a sample."""
    others = {**_peers.PEERS, **_peers.CLASSICAL}
    if model in others:
        draw = others[model](X, seconds, seed)
        return lambda n, k: draw(n)
    params = {"max_iter": None, "max_seconds": seconds, "random_state": seed, **(IMAGES if X.ndim > 2 else {})}
    fitted = OURS[model](X, **params)
    return lambda n, k: fitted.sample(n, random_state=k)


def run(data: str, model: str, seed: int, seconds: float, draws: int) -> dict[str, Any]:
    """Train, sample, measure: means over the draws."""
    start = time.process_time()
    sample = fit(model, _data.training(data, seed), seconds, seed)
    trained = time.process_time() - start
    in_units, distance = _data.units_of(data, seed), _data.real_distance(data, seed)
    found: dict[str, list[float]] = {"units": [], "energy_distance": []}
    for k in range(draws):
        H = _data.reference(data, seed, k)
        S = sample(len(H), k)
        pair = in_units(H), in_units(S)
        found["units"].append(metrics.energy_units(*pair, real_distance=distance))
        found["energy_distance"].append(metrics.energy_distance(*pair))
        if data in _data.REAL and k < TOLD_APART:
            told = metrics.classifier_two_sample_test(*pair, random_state=k)
            found.setdefault("c2st", []).append(told.accuracy)
        if data in ("ring", "grid"):
            centers = datasets.ring_centers() if data == "ring" else datasets.grid_centers(scale=_data.SCALE)
            std = _data.STD if data == "ring" else _data.STD / _data.SCALE
            modes = metrics.mode_coverage(centers, S, std=std)
            found.setdefault("modes", []).append(modes.n_captured)
            found.setdefault("high_quality", []).append(modes.high_quality_fraction)
    figures = {name: float(np.mean(values)) for name, values in found.items()}
    return {**figures, "trained": trained, "all_seconds": time.process_time() - start}


def run_mnist(model: str, seed: int, seconds: float) -> dict[str, Any]:
    """Train on MNIST, sample once, measure in the stored classifier's features."""
    held_out, classifier = datasets.load_mnist("test")[:5000], metrics.load_classifier("mnist")
    S = fit(model, datasets.load_mnist("train"), seconds, seed)(len(held_out), 0).reshape(held_out.shape).clip(-1, 1)
    return {
        "energy_distance": metrics.energy_distance(held_out, S),
        "fd_classifier": metrics.frechet_distance(held_out, S, features=classifier.features),
        "inception_score": float(metrics.inception_score(classifier.probabilities(S))),
    }


def jobs(data: list[str], models: list[str], seconds: list[float], seeds: int, draws: int) -> list[dict[str, Any]]:
    """One for each run, the most useful first."""
    return [
        {"data": name, "model": model, "seed": seed, "seconds": budget, "draws": draws}
        for seed in range(seeds)
        for budget in seconds
        for name in data
        for model in models
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, nargs="+", default=[30.0, 10.0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--draws", type=int, default=DRAWS)
    parser.add_argument("--data", nargs="+", default=list(_data.NAMES))
    parser.add_argument("--models", nargs="+", default=list(MODELS))
    parser.add_argument("--jobs", type=int, default=2, help="runs at a time")
    parser.add_argument("--mnist", action="store_true", help="MNIST for 300 s, one seed")
    options = parser.parse_args()
    if options.mnist:
        wanted = [{"model": model, "seed": 0, "seconds": 300.0} for model in options.models]
        _common.sweep("samplers_mnist", wanted, run_mnist, n_jobs=options.jobs, note=_common.SIDE_BY_SIDE)
        return
    wanted = jobs(options.data, options.models, options.seconds, options.seeds, options.draws)
    _common.sweep(NAME, wanted, run, n_jobs=options.jobs, note=_common.SIDE_BY_SIDE)
    _common.update(NAME, summary=summary(_common.finished(NAME)))


if __name__ == "__main__":
    main()
