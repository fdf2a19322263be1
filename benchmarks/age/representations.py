"""What AGE's representations are good for: a linear classifier on them beside PCA's, and classes kept on the way back.

Digits for 120 s and MNIST for 1,200 s of one core by default, three splits, beside a VAE of equal time and PCA of equal
dimension. AGE is there by pairs that move, as published, and as published with its reconstructions in the loss.

A class is kept if a classifier of images finds in the reconstruction what it finds in the original. That classifier is
one that recognises these images: of the digits, 8 by 8 pixels, a support vector machine fitted to the training rows
(99% of the originals), and of MNIST the stored one. The stored one recognises only 91% of the digits.
"""

import argparse
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from benchmarks import _common
from fdgm import AGEBidirectional, datasets, metrics
from fdgm.architectures import DCGAN, MLP
from fdgm.bidirectional import VAE
from fdgm.options import Adam, Flow, Gradient

#: Seconds for each data set, and the networks at each number of latents. The digits' 6 and MNIST's 10 were added once
#: the others had been measured, where PCA had the better representation.
SETTINGS: dict[str, dict[str, Any]] = {
    "digits": {"seconds": 120.0, "networks": {6: None, 10: None, 32: None}},
    "mnist": {
        "seconds": 1200.0,
        "networks": {
            10: MLP.bidirectional(width=256),
            32: DCGAN(width=16, critic_norm="spectral"),
            50: DCGAN(width=16, critic_norm="spectral"),
        },
    },
}
COMPARED = 5000  # samples, at most, and held-out rows
FEW, FEW_DRAWS = 100, 10  # labels, and how often they are drawn
#: What each adds to the defaults, chosen by fits of 60 to 240 s on the first splits, by their held-out rows. The
#: slower AGE's encoder, the longer its latents keep what the principal components tell; with the cycles in the loss
#: it can be as quick as the generator.
METHODS: dict[str, dict[str, Any]] = {
    "AGE, flow": {"method": "flow"},
    "AGE": {"method": Gradient(n_critic_steps=3), "encoder_optimizer": Adam(2e-6)},
    "AGE, cycles": {"method": Gradient(cycle_weight=30.0), "generator_optimizer": Adam(3e-4)},
    "VAE": {},
    "VAE, convolutions": {"architecture": DCGAN(width=16)},
}


def split(data: str, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Training and held-out rows and their classes; MNIST's test set is held out for each seed's 50,000 others."""
    if data == "digits":
        X, y = datasets.load_digits_images(flat=True, return_labels=True)
        return train_test_split(X, y, test_size=0.25, random_state=seed, stratify=y)
    X, y = datasets.load_mnist(return_labels=True)
    held_out, classes = datasets.load_mnist("test", return_labels=True)
    kept = np.random.default_rng(seed).permutation(len(X))[:50_000]
    return X[kept], held_out, y[kept], classes


def model(data: str, method: str, latents: int, seed: int, seconds: float) -> AGEBidirectional:
    """The estimator of one run. By pairs that move it has its default networks."""
    networks = None if method == "AGE, flow" else SETTINGS[data]["networks"][latents]
    params: dict[str, Any] = {"architecture": networks, "data_range": (-1.0, 1.0), **METHODS[method]}
    if method == "AGE, flow" and data == "digits":  # columns with one unit
        params |= {"scaling": "whole", "data_range": "auto"}
    return (VAE if method.startswith("VAE") else AGEBidirectional)(
        latent_size=latents, max_iter=None, max_seconds=seconds, random_state=seed, **params
    )


def updates(estimator: AGEBidirectional) -> int:
    """Updates of encoder and generator, or rounds of pairs that move."""
    method = estimator.net_.settings.method
    return estimator.n_iter_ * (method.n_rounds if isinstance(method, Flow) else method.n_updates)


def linear_accuracy(train: np.ndarray, test: np.ndarray, y: np.ndarray, classes: np.ndarray) -> float:
    """Of logistic regression on standardised features; on 10,000 rows of more."""
    classifier = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))
    return float(classifier.fit(train[:10_000], y[:10_000]).score(test, classes))


def few_labels(train: np.ndarray, test: np.ndarray, y: np.ndarray, classes: np.ndarray) -> float:
    """`linear_accuracy` from few labelled rows, the mean over draws of them."""
    draws = [np.random.default_rng(i).permutation(len(train))[:FEW] for i in range(FEW_DRAWS)]
    return float(np.mean([linear_accuracy(train[rows], test, y[rows], classes) for rows in draws]))


def judge(data: str, X: np.ndarray, y: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """A classifier of images (n, ...) in [−1, 1] that recognises these: from images to classes (n,)."""
    if data == "digits":
        machine = SVC(C=10).fit(X, y)
        return lambda images: machine.predict(images.clip(-1, 1))
    classifier = metrics.load_classifier("mnist")
    return lambda images: classifier.probabilities(images.clip(-1, 1)).argmax(axis=1)


def run(data: str, method: str, latents: int, seed: int, seconds: float) -> dict[str, Any]:
    """Train and measure."""
    X, held_out, y, classes = split(data, seed)
    estimator = model(data, method, latents, seed, seconds).fit(X)
    n = min(len(held_out), COMPARED)
    flat, flat_held_out = X.reshape(len(X), -1), held_out.reshape(len(held_out), -1)
    pca = PCA(latents, random_state=0).fit(flat)
    back = pca.inverse_transform(pca.transform(flat_held_out)).reshape(held_out.shape)
    ours = (estimator.transform(X), estimator.transform(held_out), y, classes)
    theirs = (pca.transform(flat), pca.transform(flat_held_out), y, classes)
    class_of, samples = judge(data, X, y), estimator.sample(n, random_state=seed)
    found = class_of(held_out)
    others = X[np.random.default_rng(seed).permutation(len(X))[:n]]
    figures = {
        "updates": updates(estimator),
        "linear": linear_accuracy(*ours),
        "pca": linear_accuracy(*theirs),
        "few": few_labels(*ours),
        "pca_few": few_labels(*theirs),
        "kept": float((class_of(estimator.reconstruct(held_out)) == found).mean()),
        "pca_kept": float((class_of(back) == found).mean()),
        "judge": float((found == classes).mean()),
        "energy": metrics.energy_distance(held_out[:n], samples),
        "energy_of_data": metrics.energy_distance(held_out[:n], others),
    }
    if data == "mnist":
        features = metrics.load_classifier("mnist").features
        figures["fd_classifier"] = metrics.frechet_distance(held_out[:n], samples, features=features)
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", choices=["cpu", "paper"], default="cpu", help="paper: ten times the seconds")
    parser.add_argument("--data", nargs="+", choices=list(SETTINGS), default=list(SETTINGS))
    parser.add_argument("--seconds", type=float, help="of training for each run, of either data set")
    parser.add_argument("--seeds", type=int, default=3, help="splits")
    parser.add_argument("--latents", type=int, nargs="+", help="of those of the data sets")
    parser.add_argument("--methods", nargs="+", choices=list(METHODS), default=list(METHODS))
    parser.add_argument("--jobs", type=int, default=2, help="fits at a time")
    parser.add_argument("--into", default="age_representations", help="name of the file in results/")
    options = parser.parse_args()
    longer = 10.0 if options.scale == "paper" else 1.0
    jobs = [
        {
            "data": data,
            "method": method,
            "latents": latents,
            "seed": seed,
            "seconds": options.seconds or longer * SETTINGS[data]["seconds"],
        }
        for data in options.data
        for seed in range(options.seeds)
        for latents in SETTINGS[data]["networks"]
        if options.latents is None or latents in options.latents
        for method in options.methods
    ]
    _common.sweep(options.into, jobs, run, n_jobs=options.jobs, note=_common.SIDE_BY_SIDE)
    runs = pd.DataFrame(_common.finished(options.into))
    groups = runs.groupby(["data", "method", "latents", "seconds"], sort=False)
    table = groups.mean(numeric_only=True).assign(seed=groups.size()).rename(columns={"seed": "seeds"}).reset_index()
    _common.update(options.into, summary=table.to_dict("records"))
    print(table.to_string(index=False, float_format=lambda v: f"{v:.4f}"))


if __name__ == "__main__":
    main()
