"""VGrowSampler on MNIST and Fashion-MNIST: scores along the training, sheets, and a GAN of the same networks beside it.

``--scale cpu`` trains narrow networks for so many seconds on one core each; ``--scale paper`` is the paper's full
setting (tables 2 and 3), for a GPU. Both go on where they were stopped, within a run at the paper's scale too, so that
``timeout 540 python benchmarks/vgrow_images.py --scale paper``, called again and again, ends with the whole table.
"""

import argparse
import time
from pathlib import Path
from typing import Any

import _common
import numpy as np
import pandas as pd
import torch
from skorch.callbacks import Callback
from torch import Tensor

from fdgm import GANSampler, VGrowSampler, datasets, metrics
from fdgm.architectures import DCGAN, Architecture, ResNet
from fdgm.divergences import Scaling
from fdgm.flows import euler_step, velocity

CHECKPOINTS = Path(__file__).parent / "checkpoints"
SHEETS = _common.RESULTS / "vgrow_images"
LOADERS = {"mnist": datasets.load_mnist, "fashion-mnist": datasets.load_fashion_mnist}
DIVERGENCES = ("kl", "js", "logd", "jeffreys")
SAMPLES, WATCHED, DRAWS = 10_000, 2_000, 5
PAPER_LOOPS = 2000

SIDE = 32

#: Of both samplers at the scale of a CPU, and of VGrow alone, by its networks. Chosen by fits of 120 s, but for the
#: critic's normalisation: without it the critic breaks away after some 1,200 loops, and the samples fall to one image.
NARROW: dict[str, Any] = {
    "latent_size": 32,
    "batch_size": 64,
    "precision": "bfloat16" if _common.has_bfloat16() else "float32",
}
VGROW: dict[str, Any] = {"n_particles": 128, "n_particle_steps": 5, "n_projection_passes": 4}
RATES: dict[str, dict[str, float]] = {
    "dcgan": {"critic_lr": 1e-3, "generator_lr": 2e-3},
    "resnet": {"critic_lr": 2e-4, "generator_lr": 3e-4},  # at the rates of dcgan it collapses
}
#: Steps of the particles where the weight is 1: pixels have a range, and a slope is spread over a thousand of them.
STEPS = {"dcgan": 16.0, "resnet": 4.0}


def architecture(name: str) -> Architecture:
    return DCGAN(width=16, critic_norm="spectral") if name == "dcgan" else ResNet(width=16)


def sampler(name: str, model: str, seed: int, seconds: float | None, **params: Any) -> VGrowSampler | GANSampler:
    """The estimator of one run; without seconds, the paper's."""
    divergence = model.removeprefix("VGrow ")
    if seconds is None:
        CHECKPOINTS.mkdir(exist_ok=True)
        params |= {"max_iter": PAPER_LOOPS, "checkpoint": CHECKPOINTS / f"vgrow-images-{params.pop('key')}"}
        return VGrowSampler.preset("images", divergence=divergence, random_state=seed, **params)
    params.pop("key")
    params |= {"architecture": architecture(name), "max_iter": None, "max_seconds": seconds, "random_state": seed}
    if model == "GAN":
        return GANSampler(**NARROW, **params)
    return VGrowSampler(divergence, **NARROW, **moves(name, divergence), **params)


def moves(name: str, divergence: str) -> dict[str, Any]:
    """VGrow's own settings, with a step as long for every divergence."""
    weight = float(Scaling.make(divergence, None, auto=None).weight(torch.zeros(())))
    return {**VGROW, **RATES[name], "step_size": STEPS[name] / weight}


class Watch(Callback):
    """The Inception score of samples at some twenty moments of the training."""

    def __init__(self, classifier: metrics.Extractor, every: float) -> None:
        self.classifier, self.every = classifier, every
        self.curve: list[dict[str, float]] = []
        self.next = 0.0

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        seconds = net.history[-1]["seconds"]
        if seconds < self.next:
            return
        self.next = seconds + self.every
        latents = torch.randn(WATCHED, net.settings.latent_size, generator=torch.Generator().manual_seed(0))
        with torch.no_grad():
            parts = [net.sampling_module(part.to(net.device)).cpu() for part in latents.split(200)]
        score = metrics.inception_score(self.classifier.probabilities(torch.cat(parts).clamp(-1, 1).numpy()))
        self.curve.append({"loop": len(net.history), "seconds": round(seconds, 1), "inception_score": float(score)})


def run(data: str, architecture: str, model: str, seed: int, seconds: float | None) -> dict[str, Any]:
    """Train, sample, measure, draw."""
    X, test = (LOADERS[data](part, image_size=SIDE) for part in ("train", "test"))
    classifier = metrics.load_classifier(data)
    watch = Watch(classifier, 60.0 if seconds is None else seconds / 20)
    key = f"{data}-{architecture}-{model.replace(' ', '-')}-{seed}"
    fitted = sampler(architecture, model, seed, seconds, key=key, callbacks=[watch]).fit(X)
    S = fitted.sample(SAMPLES, random_state=0)
    draw(SHEETS / f"{key}.png", S)
    probabilities, features = classifier.probabilities(S), classifier.features(S)
    score = metrics.bootstrap_interval(metrics.inception_score, probabilities, n_resamples=DRAWS, random_state=0)
    real = classifier.features(test)
    distance = metrics.bootstrap_interval(metrics.frechet_distance, real, features, n_resamples=DRAWS, random_state=0)
    shares = np.bincount(probabilities.argmax(axis=1), minlength=10) / SAMPLES
    kept = np.random.default_rng(0).permutation(len(X))[:SAMPLES]
    return {
        "loops": fitted.n_iter_,
        "stop_reason": fitted.stop_reason_,
        "inception_score": score.estimate,
        "inception_score_interval": [score.low, score.high],
        "inception_score_of_test": float(metrics.inception_score(classifier.probabilities(test))),
        "fd_classifier": distance.estimate,
        "fd_classifier_interval": [distance.low, distance.high],
        "fd_classifier_of_training": float(metrics.frechet_distance(real, classifier.features(X[kept]))),
        "smallest_share": float(shares.min()),
        "shares": shares.tolist(),
        "curve": watch.curve,
    }


def draw(path: Path, images: np.ndarray, side: int = 12) -> None:
    """A sheet of samples."""
    import matplotlib.pyplot as plt

    path.parent.mkdir(parents=True, exist_ok=True)
    h, w = images.shape[2:]
    tiles = images[: side * side, 0].reshape(side, side, h, w)
    plt.imsave(path, tiles.transpose(0, 2, 1, 3).reshape(side * h, side * w), cmap="gray", vmin=-1, vmax=1)


def rates(name: str, pairs: int = 12) -> dict[str, Any]:
    """Images a second of a particle step, over those of a bare pass forward and to the input, in turns."""
    critic = architecture(name).critic((1, SIDE, SIDE), seed=0).eval().requires_grad_(False)
    particles = torch.rand(VGROW["n_particles"], 1, SIDE, SIDE, generator=torch.Generator().manual_seed(0)) * 2 - 1
    scaling = Scaling.make("js", None, auto=None)

    def step() -> Tensor:
        direction, _ = velocity(critic, particles, scaling)
        return euler_step(particles, direction, 0.1).clamp(-1, 1)

    def bare() -> Tensor:
        x = particles.detach().requires_grad_()
        return torch.autograd.grad(critic(x).sum(), x)[0]

    shares, fastest = [], 0.0
    for _ in range(pairs):
        seconds = []
        for once in (step, bare):
            start = time.perf_counter()
            once()
            seconds.append(time.perf_counter() - start)
        shares.append(seconds[1] / seconds[0])
        fastest = max(fastest, len(particles) / seconds[0])
    return {"architecture": name, "images_per_second": fastest, "share_of_bare": _common.median_interval(shares[2:])}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", choices=["cpu", "paper"], default="cpu")
    parser.add_argument("--seconds", type=float, default=1200.0, help="of training for each run, at the scale of a CPU")
    parser.add_argument("--data", nargs="+", choices=list(LOADERS), default=list(LOADERS))
    parser.add_argument("--architectures", nargs="+", choices=["dcgan", "resnet"])
    parser.add_argument("--models", nargs="+", help="by default every divergence, and a GAN at the scale of a CPU")
    parser.add_argument("--seeds", type=int, default=3, help="of the first divergence; the others have one")
    options = parser.parse_args()
    paper = options.scale == "paper"
    models = options.models or [f"VGrow {d}" for d in DIVERGENCES] + ([] if paper else ["GAN"])
    jobs = [
        {
            "data": data,
            "architecture": name,
            "model": model,
            "seed": seed,
            "seconds": None if paper else options.seconds,
        }
        for seed in range(options.seeds)
        for data in options.data
        for name in options.architectures or (["resnet"] if paper else ["dcgan"])
        for model in (models if seed == 0 else models[:1])
    ]
    name = f"vgrow_images_{options.scale}"
    note = "one fit at a time" if paper else "one thread a fit, two fits at a time"
    speed = _common.stored(name).get("speed") or [rates(each) for each in ("dcgan", "resnet")]
    runs = _common.sweep(name, jobs, run, n_jobs=1 if paper else 2, speed=speed, draws=DRAWS, note=note)
    columns = ["data", "architecture", "model", "seed", "loops", "inception_score", "fd_classifier", "smallest_share"]
    print(pd.DataFrame(runs)[columns].to_string(index=False))


if __name__ == "__main__":
    main()
