"""A small convolutional classifier of MNIST's digits, trained once and kept, by which generated digits are judged."""

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from fdgm import datasets

HERE = Path(__file__).parent / "checkpoints"


def _network() -> nn.Sequential:
    """Features (n, 64), and then ten logits."""
    return nn.Sequential(
        nn.Conv2d(1, 16, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(32 * 49, 64), nn.ReLU(), nn.Linear(64, 10),
    )  # fmt: skip


def _train(network: nn.Sequential, epochs: int = 4) -> None:
    X, y = datasets.load_mnist(return_labels=True)
    images, labels = torch.from_numpy(X), torch.from_numpy(y)
    source = torch.Generator().manual_seed(0)
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)
    steps = epochs * (len(images) // 128)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, total_steps=steps)
    for _ in range(epochs):
        for index in torch.randperm(len(images), generator=source).split(128)[: len(images) // 128]:
            loss = nn.functional.cross_entropy(network(images[index]), labels[index])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()


@cache
def classifier() -> nn.Sequential:
    """The network, from its file where there is one."""
    path = HERE / "mnist_classifier.safetensors"
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = _network()
    if path.exists():
        network.load_state_dict(load_file(path))
    else:
        _train(network)
        HERE.mkdir(exist_ok=True)
        save_file(network.state_dict(), path)
    return network.eval()


@torch.no_grad()
def _apply(layers: nn.Module, images: np.ndarray) -> np.ndarray:
    parts: list[Tensor] = [layers(part) for part in torch.from_numpy(np.ascontiguousarray(images)).split(500)]
    return torch.cat(parts).numpy()


def digits_of(images: np.ndarray) -> np.ndarray:
    """The digit (n,) of each image (n, 1, 28, 28) in [−1, 1]."""
    return _apply(classifier(), images).argmax(axis=1)


def stacked_classes_of(images: np.ndarray) -> np.ndarray:
    """The class (n,), 0 to 999, of each image of three digits (n, 3, 28, 28)."""
    return np.stack([digits_of(images[:, [c]]) for c in range(3)], axis=1) @ np.array([100, 10, 1])


def stacked_features_of(images: np.ndarray) -> np.ndarray:
    """The features (n, 192) of all three channels."""
    return np.concatenate([_apply(classifier()[:-1], images[:, [c]]) for c in range(3)], axis=1)


def accuracy() -> float:
    """On MNIST's test set, which every table by this classifier states."""
    X, y = datasets.load_mnist("test", return_labels=True)
    return float((digits_of(X) == y).mean())


def described() -> dict[str, Any]:
    """What a table says of it."""
    return {"test_accuracy": accuracy(), "features": 192}
