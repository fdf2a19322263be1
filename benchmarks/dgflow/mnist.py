"""MNIST before and after refinement: the paper's tables 2, 4 and 11 to 15, on five kinds of generators.

A GAN and VGrow with their own critics; a VAE, a flow and a Gaussian mixture on principal components with VGrow's critic
as it is (``borrowed``), with a corrector (``corrected``), and with a ratio of their own (``fitted``). Quality is the
Fréchet distance in the features of the stored classifier, and its inception score, on as many samples as there are
test images, with bootstrap intervals. Models are trained once and stored; a sweep that was stopped goes on.
"""

import argparse
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from benchmarks import _common, _peers
from benchmarks.vgrow import images as vgrow_images
from fdgm import DGflowRefiner, GANSampler, VGrowSampler, datasets, load, metrics
from fdgm.bidirectional import VAE
from fdgm.nets import Clock
from fdgm.options import Adam, Gradient
from fdgm.ratios import LogisticRatio
from fdgm.refiners import CorrectedRatio, DDLSRefiner, DOTRefiner, LatentGenerator

MODELS = _common.HERE / "checkpoints"
COMPONENTS = 20  # principal ones, of the flow and the mixture
RATIO_ROWS = 10_000  # real ones that a ratio is fitted to, beside as many generated
OWN, LENT = ("gan", "vgrow"), ("vae", "flow", "mixture")  # models by whether they have a critic
TRAINED = ("corrected", "fitted")  # ratios, for each model
RATIOS = ("borrowed", *TRAINED)
DIVERGENCES = ("kl", "js", "logd")
#: Beside DGflow as in the paper: the baselines, and for one model what goes past it, whose `fit` takes minutes.
WAYS = {"gan": ("DOT", "DDLS"), "vgrow": ("stop", "refresh", "stop and refresh", "DOT", "DDLS")}
NETWORK: dict[str, Any] = {
    "architecture": vgrow_images.architecture("dcgan"),
    **vgrow_images.NARROW,
    "data_range": (-1.0, 1.0),
    "max_iter": None,
}


def train_flow(X: np.ndarray, path: Path, seconds: float) -> _peers.FlowOnComponents:
    """By maximum likelihood."""
    torch.manual_seed(0)
    module = _peers.FlowOnComponents(X, COMPONENTS)
    if path.exists():
        module.load_state_dict(torch.load(path, weights_only=True))
        return module
    with torch.no_grad():
        data = module.encode(torch.from_numpy(X))
    optimizer = torch.optim.Adam(module.flow.parameters(), lr=1e-3)
    for x in _peers.batches(data, optimizer, seconds):
        loss = -module.flow().log_prob(x).mean()
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(module.flow.parameters(), 5.0)
        optimizer.step()
    torch.save(module.state_dict(), path)
    return module


def rows(split: str, n: int) -> np.ndarray:
    """n random images, the same at each call."""
    X = datasets.load_mnist(split)
    return X[np.random.default_rng(0).permutation(len(X))[:n]]


def model(name: str, n: int, seconds: float) -> Any:
    """Trained on n images for so many seconds, or as it was stored."""
    MODELS.mkdir(exist_ok=True)
    path, X = MODELS / f"mnist_{name}_{n}_{seconds:g}.fdgm", rows("train", n)
    if name == "mixture":
        if not path.exists():
            joblib.dump(_peers.OnComponents(COMPONENTS).fit(X), path)
        return joblib.load(path)
    if name == "flow":
        return LatentGenerator(train_flow(X, path, seconds), COMPONENTS)
    if not path.exists():
        settings = {**NETWORK, "max_seconds": seconds, "random_state": 0, "checkpoint": path.with_suffix(".part")}
        settings |= {
            "vgrow": vgrow_images.moves("dcgan", "kl"),
            "gan": vgrow_images.GAN,
            "vae": {"latent_size": vgrow_images.LATENT, "method": Gradient(ema=vgrow_images.EMA)},
        }[name]
        fitted = {"gan": GANSampler, "vgrow": VGrowSampler, "vae": VAE}[name](**settings).fit(X)
        if fitted.stop_reason_ != "max_seconds":
            raise RuntimeError(f"the training of {name} ended by {fitted.stop_reason_}")
        fitted.set_params(checkpoint=None).save(path, compact=True)
    fitted = load(path)
    if name != "vae":
        return fitted
    # A decoder without noise gives its mean, which is what a VAE draws: the noise of pixels is for the likelihood.
    return LatentGenerator(fitted.net_.sampling_module, vgrow_images.LATENT)


def ratio_of(name: str, n: int, seconds: float) -> Any:
    """What gives the log-ratio, by its name in the table."""
    if name == "own":
        return "auto"
    if name == "fitted":
        return LogisticRatio(architecture=NETWORK["architecture"], max_iter=10, batch_size=64, optimizer=Adam(0.0005))
    source = model("vgrow", n, seconds)
    return (
        source if name == "borrowed" else CorrectedRatio(source, LogisticRatio(batch_size=64, optimizer=Adam(0.0002)))
    )


def fitted_ratio(name: str, ratio: str, n: int, seconds: float) -> Any:
    """The log-ratio of images, trained once for all plans that differ in how samples move."""
    path = MODELS / f"mnist_{name}_{ratio}_{n}_{seconds:g}.fdgm"
    if not path.exists():
        params = {"ratio": ratio_of(ratio, n, seconds), "n_steps": 0, "data_range": (-1.0, 1.0), "random_state": 0}
        DGflowRefiner(model(name, n, seconds), **params).fit(rows("train", n)[:RATIO_ROWS]).ratio_.save(path)
    return load(path).log_ratio_tensor  # images lie in [-1, 1] as scaled rows do, so that the units are the same


def quality(S: np.ndarray, n_test: int) -> dict[str, float]:
    """Fréchet distance and inception score, by the stored classifier."""
    classifier = metrics.load_classifier("mnist")
    distance = metrics.bootstrap_interval(
        metrics.frechet_distance, rows("test", n_test), S, features="classifier-mnist", n_resamples=50, random_state=0
    )
    score = metrics.bootstrap_interval(
        metrics.inception_score, classifier.probabilities(S), n_resamples=50, random_state=0
    )
    return {
        **{f"fd{end}": value for end, value in zip(("", "_low", "_high"), distance[:3], strict=True)},
        **{f"is{end}": value for end, value in zip(("", "_low", "_high"), score[:3], strict=True)},
    }


def run(
    name: str, ratio: str, divergence: str, noise: float, way: str, n: int, n_test: int, seconds: float
) -> dict[str, Any]:
    """One model, before (``way="base"``) or after refinement; ``stop`` and ``refresh`` go past the paper."""
    if name == "data":
        return quality(rows("train", n_test), n_test)
    settings: dict[str, Any] = (
        {"step_size": 0.1, "n_steps": 25} if ratio == "own" else {"step_size": 0.05, "n_steps": 15}
    )
    if way == "base":
        settings["ratio"] = _level
    elif way == "paper" and ratio in TRAINED:
        settings["ratio"] = fitted_ratio(name, ratio, n, seconds)
    else:  # with rows held out for `stop`, or to go on from for `refresh`
        settings["ratio"] = ratio_of(ratio, n, seconds)
    if name not in OWN:
        settings["data_range"] = (-1.0, 1.0)
    base = model(name, n, seconds)
    refiner: Any
    if way == "DOT":
        refiner = DOTRefiner(base, n_steps=settings["n_steps"], ratio=settings["ratio"], random_state=0)
    elif way == "DDLS":
        refiner = DDLSRefiner(base, noise_scale=0.1, **settings, random_state=0)
    else:
        settings |= {"stop": "auto" if "stop" in way else None, "refresh": 5 if "refresh" in way else None}
        settings |= {"n_steps": 0} if way == "base" else {}
        refiner = DGflowRefiner(base, divergence, noise=noise, random_state=0, **settings)
    start = Clock.now()
    refiner.fit(rows("train", n)[:RATIO_ROWS])
    fitted = Clock.now()
    S = refiner.sample(n_test, random_state=1).clip(-1, 1)
    return {
        **quality(S, n_test),
        "n_steps": getattr(refiner, "n_steps_", refiner.n_steps),
        "fit_seconds": fitted - start,
        "sample_seconds": Clock.now() - fitted,
    }


def _level(x: Tensor) -> Tensor:
    """A log-ratio that moves nothing."""
    return 0 * x.flatten(1).sum(1)


def jobs_of(options: argparse.Namespace) -> list[dict[str, Any]]:
    common = {"n": options.rows, "n_test": options.test_rows, "seconds": options.seconds}
    same = {"ratio": "none", "divergence": "kl", "noise": 0.0}
    jobs: list[dict[str, Any]] = [{"name": "data", **same, "way": "training set"}]
    for name in options.models:
        jobs.append({"name": name, **same, "way": "base"})
        for ratio in ("own",) if name in OWN else RATIOS:
            for divergence, noise in (*((d, 0.01) for d in options.divergences), ("kl", 0.0)):
                jobs.append({"name": name, "ratio": ratio, "divergence": divergence, "noise": noise, "way": "paper"})
            for way in WAYS.get(name, ()):
                jobs.append({"name": name, "ratio": ratio, "divergence": "kl", "noise": 0.0, "way": way})
    return [{**job, **common} for job in jobs]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", nargs="+", choices=[*OWN, *LENT], default=[*OWN, *LENT])
    parser.add_argument("--divergences", nargs="+", default=list(DIVERGENCES))
    parser.add_argument("--seconds", type=float, default=300.0, help="of training for each model")
    parser.add_argument("--rows", type=int, default=60_000, help="of the training images")
    parser.add_argument("--test-rows", type=int, default=2_500)
    options = parser.parse_args()
    torch.set_num_threads(1)
    _common.count_processor_time()
    for name in dict.fromkeys((*options.models, "vgrow")):  # first, so that runs side by side find them
        model(name, options.rows, options.seconds)
    for name in options.models:
        for ratio in () if name in OWN else TRAINED:
            fitted_ratio(name, ratio, options.rows, options.seconds)
    runs = _common.sweep("dgflow_mnist", jobs_of(options), run, note=_common.SIDE_BY_SIDE)
    table = pd.DataFrame(runs).sort_values(["name", "ratio", "way", "divergence", "noise"])
    _common.update("dgflow_mnist", summary=table.to_dict("records"))
    shown = ["name", "ratio", "way", "divergence", "noise", "fd", "fd_low", "fd_high", "is", "n_steps", "fit_seconds"]
    print(table.reindex(columns=shown).to_string(index=False, float_format=lambda v: f"{v:.3f}"))


if __name__ == "__main__":
    main()
