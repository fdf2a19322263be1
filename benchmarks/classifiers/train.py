"""Train the classifiers that come with fdgm.metrics, and store them in the package: ``make classifiers``."""

import argparse
import time
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor
from torch.nn.functional import cross_entropy, interpolate, pad

import fdgm.metrics
from fdgm.datasets import load_fashion_mnist, load_mnist
from fdgm.metrics._classifier_net import ImageClassifier, to_size

LOADERS = {"mnist": load_mnist, "fashion-mnist": load_fashion_mnist}
FLIPPED = {"mnist": False, "fashion-mnist": True}  # a shirt in a mirror is a shirt; a digit is none
N_EPOCHS = {"mnist": 4, "fashion-mnist": 7}
BATCH = 128
SEED = 0


def augmented(images: Tensor, generator: torch.Generator, *, flip: bool) -> Tensor:
    """Images moved by up to 2 pixels each way; half of them mirrored; half of the batches through 32 pixels and back.

    Samplers are trained on images of 32 x 32, and theirs come as blurred to the classifier as these.
    """
    n, _, side, _ = images.shape
    images = pad(images, (2, 2, 2, 2), value=-1.0)
    row, column = torch.randint(5, (2, n, 1), generator=generator) + torch.arange(side)  # (n, side) each
    images = images[torch.arange(n)[:, None, None], 0, row[:, :, None], column[:, None, :]][:, None]
    if torch.rand((), generator=generator) < 0.5:
        images = to_size(interpolate(images, (32, 32), mode="bilinear", align_corners=False))
    if flip:
        images = torch.where(torch.rand(n, 1, 1, 1, generator=generator) < 0.5, images.flip(3), images)
    return images


def accuracy(net: ImageClassifier, images: Tensor, labels: Tensor) -> float:
    with torch.no_grad():
        right = sum((net(x).argmax(1) == y).sum().item() for x, y in zip(images.split(500), labels.split(500)))  # noqa: B905
    return right / len(labels)


def train(name: str) -> tuple[ImageClassifier, float]:
    X, y = (torch.from_numpy(array) for array in LOADERS[name](return_labels=True))
    generator = torch.Generator().manual_seed(SEED)
    torch.manual_seed(SEED)  # this process is ours
    net = ImageClassifier().to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(net.parameters(), lr=4e-3, weight_decay=0.02)
    steps = N_EPOCHS[name] * (len(X) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 4e-3, total_steps=steps, pct_start=0.2)
    start, start_cpu = time.perf_counter(), time.process_time()
    for epoch in range(N_EPOCHS[name]):
        net.train()
        for rows in torch.randperm(len(X), generator=generator)[: len(X) // BATCH * BATCH].split(BATCH):
            loss = cross_entropy(net(augmented(X[rows], generator, flip=FLIPPED[name])), y[rows])
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            schedule.step()
        left = (time.perf_counter() - start) / (epoch + 1) * (N_EPOCHS[name] - epoch - 1)
        print(f"{name}: epoch {epoch + 1} of {N_EPOCHS[name]}, loss {loss.item():.3f}, {left:.0f} s left", flush=True)
    net.eval()
    test = accuracy(net, *(torch.from_numpy(array) for array in LOADERS[name]("test", return_labels=True)))
    seconds, cpu = time.perf_counter() - start, time.process_time() - start_cpu
    print(f"{name}: {seconds:.0f} s ({cpu:.0f} s of processors), accuracy on the test set {test:.4f}", flush=True)
    return net, test


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path(fdgm.metrics.__file__).parent / "weights")
    parser.add_argument("names", nargs="*", default=list(LOADERS), metavar="name")
    arguments = parser.parse_args()
    arguments.out.mkdir(exist_ok=True)
    for name in arguments.names:
        net, test = train(name)
        tensors = {key: value.contiguous() for key, value in net.state_dict().items()}
        save_file(tensors, arguments.out / f"{name}.safetensors", {"test_accuracy": f"{test:.4f}"})


if __name__ == "__main__":
    main()
