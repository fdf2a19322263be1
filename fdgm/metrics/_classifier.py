"""The small classifiers that come with the package, as extractors."""

from collections.abc import Callable
from importlib import resources
from typing import Any, Literal

import numpy as np

from .._chunks import apply_in_chunks
from ._extractors import Extractor

__all__ = ["CLASSIFIERS", "load_classifier"]

#: Names that `load_classifier` takes, each with its number of channels and its file of weights.
ClassifierName = Literal["mnist", "fashion-mnist", "stacked-mnist"]
CLASSIFIERS: dict[ClassifierName, tuple[int, str]] = {
    "mnist": (1, "mnist"),
    "fashion-mnist": (1, "fashion-mnist"),
    "stacked-mnist": (3, "mnist"),
}

_BATCH = 500  # images at once: the first layer holds 0.1 MB for each


def load_classifier(name: ClassifierName = "mnist", *, device: Any = "auto") -> Extractor:
    """A convolutional classifier of MNIST, Fashion-MNIST or Stacked MNIST, for scores and distances in its own space.

    ``features="classifier-mnist"`` and ``classifier="classifier-mnist"`` load it, and likewise for the other names. It
    comes with the package and was trained only on the training sets. It errs on 0.5% of the test images of MNIST and
    on 9.0% of those of Fashion-MNIST.

    A Fréchet distance in its features is an FD-classifier, never an FID. Compare it only with distances of the same
    classifier, such as that of the test set to the training set.

    Parameters
    ----------
    name : {"mnist", "fashion-mnist", "stacked-mnist"}, default="mnist"
        ``"stacked-mnist"`` applies the MNIST classifier to each of three channels.
    device : str or torch.device, default="auto"
        Device to run on. "auto" is CUDA if available, and otherwise the CPU.

    Returns
    -------
    extractor : Extractor
        Its `features` (n, 128) are averages over pixels of the last convolution. Its `probabilities` (n, 10) are the
        softmax. For ``"stacked-mnist"`` the features (n, 384) are those of the channels, concatenated. The
        probabilities (n, 1000) are products, and the class is the number that the three digits spell. Both take images
        of shape (n, 1 or 3, H, W), as uint8 from 0 to 255 or as floats in [-1, 1]. Images that are not 28 × 28 are
        resized bilinearly.

    Raises
    ------
    ValueError
        If there is no classifier of that name.

    Examples
    --------
    >>> import numpy as np
    >>> from fdgm.datasets import load_digits_images
    >>> from fdgm.metrics import load_classifier
    >>> X, digits = load_digits_images(return_labels=True)  # 8 x 8, and without the margin of MNIST's
    >>> framed = np.pad(X, ((0, 0), (0, 0), (2, 2), (2, 2)), constant_values=-1)
    >>> right = load_classifier("mnist").probabilities(framed).argmax(axis=1) == digits
    >>> bool(right.mean() > 0.9)  # though it never saw these
    True
    """
    import torch
    from safetensors.torch import load

    from .._ambient import undisturbed
    from ._classifier_net import ImageClassifier, to_size

    if name not in CLASSIFIERS:
        raise ValueError(f"name of load_classifier must be one of {list(CLASSIFIERS)}, got {name!r}.")
    channels, file = CLASSIFIERS[name]
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    weights = load(resources.files(__package__).joinpath("weights", f"{file}.safetensors").read_bytes())
    with torch.device("meta"):  # no initial weights, which would be drawn from torch's global generator
        net = ImageClassifier()
    net.load_state_dict(weights, assign=True)
    net.to(device, memory_format=torch.channels_last).eval()  # type: ignore[call-overload]

    def run(X: Any, look: Callable[[torch.Tensor], torch.Tensor]) -> np.ndarray:
        """Outputs of `look` for each channel: (n, channels, d)."""
        images = _as_images(X, channels, name)

        def outputs(rows: slice) -> np.ndarray:
            batch = torch.from_numpy(images[rows]).to(device)
            seen = look(to_size(batch.flatten(0, 1)[:, None]))
            return seen.double().cpu().numpy().reshape(len(batch), channels, -1)

        with undisturbed(), torch.no_grad():
            return apply_in_chunks(outputs, len(images), _BATCH)

    def features(X: Any) -> np.ndarray:
        return run(X, net.features).reshape(len(X), -1)

    def probabilities(X: Any) -> np.ndarray:
        p = run(X, lambda images: net(images).double().softmax(dim=1))
        joint = p[:, 0]
        for channel in range(1, channels):
            joint = (joint[:, :, None] * p[:, channel, None, :]).reshape(len(p), -1)
        return joint

    return Extractor(f"classifier-{name}", features=features, probabilities=probabilities)


def _as_images(X: Any, channels: int, name: str) -> np.ndarray:
    """Images as float32 (n, channels, H, W) in [-1, 1]."""
    images = np.asarray(X)
    if images.ndim != 4 or images.shape[1] != channels or images.size == 0:
        raise ValueError(
            f"The classifier of {name} takes images of shape (n, {channels}, H, W), at least one, got shape"
            f" {images.shape}."
        )
    if images.dtype == np.uint8:
        return images.astype(np.float32) / np.float32(127.5) - 1
    low, high = float(images.min()), float(images.max())
    # Rounding in a sampler's last layer may exceed [-1, 1] a little.
    if images.dtype.kind != "f" or not (low >= -1.001 and high <= 1.001):
        raise ValueError(
            f"The classifier of {name} takes images of uint8, or floats in [-1, 1],"
            f" got {images.dtype} from {low:.6g} to {high:.6g}."
        )
    return np.ascontiguousarray(images, np.float32)
