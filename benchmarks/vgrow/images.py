"""VGrowSampler on MNIST and Fashion-MNIST: scores along the training, sheets, and a GAN of the same networks beside it.

``--scale cpu`` trains narrow networks for so many seconds on one core each; ``--scale paper`` is the paper's full
setting (tables 2 and 3), for a GPU. Both go on where they were stopped, within a run at the paper's scale too, so that
``timeout 540 python -m benchmarks.vgrow.images --scale paper``, called again and again, ends with the whole table.
"""

import argparse
import json
import time
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from skorch.callbacks import Callback
from torch import Tensor

from benchmarks import _common
from fdgm import GANSampler, VGrowSampler, datasets, metrics
from fdgm.architectures import DCGAN, Architecture, ResNet
from fdgm.divergences import Scaling
from fdgm.flows import euler_step, velocity
from fdgm.nets import forward
from fdgm.options import Adam, InstanceNoise, Network

CHECKPOINTS = _common.HERE / "checkpoints"
SHEETS = _common.RESULTS / "vgrow_images"
LOADERS = {"mnist": datasets.load_mnist, "fashion-mnist": datasets.load_fashion_mnist}
DIVERGENCES = ("kl", "js", "logd", "jeffreys")
SAMPLES, WATCHED, DRAWS = 10_000, 2_000, 5
PAPER_LOOPS = 3500  # section 5.3: scores rise until then

SIDE = 32

LATENT, EMA = 32, 0.98
#: Of both samplers at the scale of a CPU, and of VGrow alone, by its networks. Chosen by fits of 120 s, except the
#: normalisation of dcgan's critic: without it the critic breaks away after some 1,200 loops, and the samples fall to
#: one image.
NARROW: dict[str, Any] = {"batch_size": 64, "precision": _common.PRECISIONS[-1]}
PARTICLES: dict[str, Any] = {"latent_size": LATENT, "n_particles": 128, "n_particle_steps": 5, "passes": 4, "ema": EMA}
VGROW: dict[str, dict[str, Any]] = {
    "dcgan": {
        "generator": Network(**PARTICLES, optimizer=Adam(2e-3)),
        "critic_optimizer": Adam(1e-3),
    },
    # Of rates and steps tried for 220 s. Where the noise falls to nothing, samples fell to one image on the way.
    "resnet": {
        "generator": Network(**PARTICLES, optimizer=Adam(1e-3)),
        "critic_optimizer": Adam(5e-4),
        "instance_noise": InstanceNoise(schedule=((0.0, 1.0), (1.0, 0.5))),
    },
}
#: Of the GAN, the best of four by fits of 180 s: its defaults, lower ones, and these with Adam's slower betas.
GAN: dict[str, Any] = {
    "latent_size": LATENT,
    "ema": EMA,
    "n_warmup_steps": 0,
    "instance_noise": InstanceNoise(0.3, schedule=((0.0, 1.0), (1.0, 0.0))),
    "critic_optimizer": Adam(2e-3),
    "generator_optimizer": Adam(2e-3),
}
#: Steps of the particles where the weight is 1: pixels have a range, and a slope is spread over a thousand of them.
STEPS = {"dcgan": 16.0, "resnet": 1.0}


def architecture(name: str) -> Architecture:
    return DCGAN(width=16, critic_norm="spectral") if name == "dcgan" else ResNet(width=16, spectral_norm=False)


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
        return GANSampler("non_saturating", **NARROW, **GAN, **params)
    return VGrowSampler(divergence, **NARROW, **moves(name, divergence), **params)


def moves(name: str, divergence: str) -> dict[str, Any]:
    """VGrow's own settings, with a step as long for every divergence."""
    weight = float(Scaling.make(divergence, None, auto=None).weight(torch.zeros(())))
    return {**VGROW[name], "step_size": STEPS[name] / weight}


class Watch(Callback):
    """The Inception score of samples at some twenty moments of the training.

    With a file, the curve goes on from there when a training does.
    """

    def __init__(self, classifier: metrics.Extractor, every: float, path: Path | None) -> None:
        self.classifier, self.every, self.path = classifier, every, path
        kept = path is not None and path.exists()
        self.curve: list[dict[str, float]] = json.loads(path.read_text()) if kept else []

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        seconds, loop = net.history[-1]["seconds"], len(net.history)
        self.curve = [point for point in self.curve if point["loop"] < loop]  # a training may go on from before
        if self.curve and seconds < self.curve[-1]["seconds"] + self.every:
            return
        latents = torch.randn(WATCHED, net.settings.latent_size, generator=torch.Generator().manual_seed(0))
        with torch.no_grad():
            parts = [net.sampling_module(part.to(net.device)).cpu() for part in latents.split(200)]
        score = metrics.inception_score(self.classifier.probabilities(torch.cat(parts).clamp(-1, 1).numpy()))
        self.curve.append({"loop": loop, "seconds": round(seconds, 1), "inception_score": float(score)})
        if self.path is not None:
            self.path.write_text(json.dumps(self.curve))


def run(data: str, architecture: str, model: str, seed: int, seconds: float | None) -> dict[str, Any]:
    """Train, sample, measure, draw."""
    X, test = (LOADERS[data](part, image_size=SIDE) for part in ("train", "test"))
    classifier = metrics.load_classifier(data)
    key = f"{data}-{architecture}-{model.replace(' ', '-')}-{seed}"
    curve = CHECKPOINTS / f"{key}.curve" if seconds is None else None
    watch = Watch(classifier, 60.0 if seconds is None else seconds / 20, curve)
    fitted = sampler(architecture, model, seed, seconds, key=key, callbacks=[watch]).fit(X)
    S = fitted.sample(SAMPLES, random_state=0)
    draw(SHEETS / f"{key}.png", S)
    probabilities, features = classifier.probabilities(S), classifier.features(S)
    score = metrics.bootstrap_interval(metrics.inception_score, probabilities, n_resamples=DRAWS, random_state=0)
    real = classifier.features(test)
    distance = metrics.bootstrap_interval(metrics.frechet_distance, real, features, n_resamples=DRAWS, random_state=0)
    fractions = np.bincount(probabilities.argmax(axis=1), minlength=10) / SAMPLES
    kept = np.random.default_rng(0).permutation(len(X))[:SAMPLES]
    ceiling = metrics.bootstrap_interval(
        metrics.frechet_distance, real, classifier.features(X[kept]), n_resamples=DRAWS, random_state=0
    )
    return {
        "loops": fitted.n_iter_,
        "stop_reason": fitted.stop_reason_,
        "inception_score": score.estimate,
        "inception_score_interval": [score.low, score.high],
        "inception_score_of_test": float(metrics.inception_score(classifier.probabilities(test))),
        "fd_classifier": distance.estimate,
        "fd_classifier_interval": [distance.low, distance.high],
        "fd_classifier_of_training": ceiling.estimate,
        "fd_classifier_of_training_interval": [ceiling.low, ceiling.high],
        "smallest_fraction": float(fractions.min()),
        "fractions": fractions.tolist(),
        "curve": watch.curve,
    }


def draw(path: Path, images: np.ndarray, side: int = 12) -> None:
    """A sheet of samples."""
    import matplotlib.pyplot as plt

    path.parent.mkdir(parents=True, exist_ok=True)
    h, w = images.shape[2:]
    tiles = images[: side * side, 0].reshape(side, side, h, w)
    plt.imsave(path, tiles.transpose(0, 2, 1, 3).reshape(side * h, side * w), cmap="gray", vmin=-1, vmax=1)


def draw_curves(path: Path, runs: list[dict[str, Any]]) -> None:
    """The Inception score along each run, a panel for each data set and networks."""
    import matplotlib.pyplot as plt

    panels = sorted({(run["data"], run["architecture"]) for run in runs})
    figure, axes = plt.subplots(
        1, len(panels), figsize=(5 * len(panels), 4), sharey=True, squeeze=False, layout="constrained"
    )
    for ax, panel in zip(axes[0], panels, strict=True):
        those = [run for run in runs if (run["data"], run["architecture"]) == panel]
        for run in those:
            curve = pd.DataFrame(run["curve"])
            ax.plot(curve["seconds"], curve["inception_score"], label=f"{run['model']}, seed {run['seed']}")
        ax.axhline(those[0]["inception_score_of_test"], color="0.7", linestyle="--", label="test images")
        ax.set(title=", ".join(panel), xlabel="seconds", ylabel="Inception score", ylim=(1, 10))
        ax.legend(fontsize="small", loc="lower right")
    figure.savefig(path, dpi=100)
    plt.close(figure)


def rates(name: str, pairs: int = 40) -> dict[str, Any]:
    """Images a second of a sampler's particle step, over those of a bare pass forward and to the input, in turns."""
    torch.set_num_threads(1)
    particles = torch.rand(PARTICLES["n_particles"], 1, SIDE, SIDE, generator=torch.Generator().manual_seed(0)) * 2 - 1
    params = {**NARROW, **moves(name, "js"), "architecture": architecture(name)}
    model = VGrowSampler("js", **params, max_iter=1, random_state=0).set_params(generator__n_warmup_steps=0)
    net = model.fit(particles.numpy()).net_
    critic = deepcopy(net.critic_).eval().requires_grad_(False)

    def step() -> Tensor:
        direction, _ = velocity(net.critic_step_.value_and_gradient(), particles, net.settings.scaling)
        return euler_step(particles, direction, 0.1).clamp(-1, 1)

    def bare() -> Tensor:
        x = particles.detach().requires_grad_()
        return torch.autograd.grad(forward(critic, NARROW["precision"], x).sum(), x)[0]

    fractions, fastest = [], 0.0
    for _ in range(pairs):
        seconds = []
        for once in (step, bare):
            start = time.process_time()
            once()
            seconds.append(time.process_time() - start)
        fractions.append(seconds[1] / seconds[0])
        fastest = max(fastest, len(particles) / seconds[0])
    return {
        "architecture": name,
        "images_per_second": fastest,
        "fraction_of_bare": _common.median_interval(fractions[2:]),
    }


def how_many(name: str, seed: int, paper: bool) -> int | None:
    """Of the models, from the first on: all on one seed by the networks of the scale, and one by the others'."""
    if name == ("resnet" if paper else "dcgan"):
        return None if seed == 0 else 1
    return 0 if paper or seed else 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", choices=["cpu", "paper"], default="cpu")
    parser.add_argument("--seconds", type=float, default=1200.0, help="of training for each run, at the scale of a CPU")
    parser.add_argument("--data", nargs="+", choices=list(LOADERS), default=list(LOADERS))
    parser.add_argument("--architectures", nargs="+", choices=["dcgan", "resnet"], default=["dcgan", "resnet"])
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
        for name in options.architectures
        for model in models[: how_many(name, seed, paper)]
    ]
    name = f"vgrow_images_{options.scale}"
    note = "one fit at a time" if paper else _common.SIDE_BY_SIDE
    speed = _common.stored(name).get("speed") or [rates(each) for each in ("dcgan", "resnet")]
    runs = _common.sweep(name, jobs, run, n_jobs=1 if paper else 2, speed=speed, draws=DRAWS, note=note)
    draw_curves(SHEETS / f"curves_{options.scale}.png", [run for run in runs if "failed" not in run])
    columns = [
        "data",
        "architecture",
        "model",
        "seed",
        "loops",
        "inception_score",
        "fd_classifier",
        "smallest_fraction",
    ]
    print(pd.DataFrame(runs)[columns].to_string(index=False))


if __name__ == "__main__":
    main()
