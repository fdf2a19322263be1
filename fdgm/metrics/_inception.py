"""The Inception network of the Fréchet Inception Distance, from torch-fidelity."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from .._chunks import apply_in_chunks
from ._extractors import Extractor

__all__ = ["load_inception"]

_BATCH = 32  # images at once: the first layers hold 15 MB for each


def load_inception(*, device: Any = "auto") -> Extractor:
    """The Inception network of the published FID, KID and Inception score, from torch-fidelity.

    ``features="inception"`` and ``classifier="inception"`` load it. Its weights are converted from the TensorFlow
    graph of 5 December 2015. They are looked for in ``$FDGM_DATA``, then in ``checkpoints`` of torch's hub folder, and
    otherwise downloaded to the latter. The file's SHA-256 is checked against its name. No other network replaces it.

    Parameters
    ----------
    device : str or torch.device, default="auto"
        Device to run on. "auto" is CUDA if available, and otherwise the CPU.

    Returns
    -------
    extractor : Extractor
        Its `features` are the 2,048 of the last pooling layer. Its `probabilities` are the softmax over 1,008 classes
        without the bias, as in torch-fidelity's Inception score. Both take images of shape (n, 1 or 3, H, W). They are
        uint8 from 0 to 255, or floats in [-1, 1], which are rounded to 8 bits. A single channel is repeated. The
        network resizes images to 299 × 299 as the TensorFlow graph does.

    Raises
    ------
    ImportError
        If torch-fidelity cannot be imported. The extra ``fdgm[inception]`` installs it.
    FileNotFoundError
        If the weights are in no folder and cannot be downloaded. The message says which file to fetch, and where to.
    ValueError
        If the file's content does not match its name.

    References
    ----------
    Heusel et al., "GANs Trained by a Two Time-Scale Update Rule Converge to a Local Nash Equilibrium", NIPS 2017.
    Obukhov et al., "High-fidelity performance metrics for generative models in PyTorch", 2020.

    Examples
    --------
    ``features="inception"`` loads it at the first use. To have it on another device, register it under another name:

    >>> from fdgm.metrics import load_inception, register_extractor
    >>> register_extractor("inception-cpu", lambda: load_inception(device="cpu"))
    """
    import torch

    from .._ambient import undisturbed

    try:
        from torch_fidelity import feature_extractor_inceptionv3 as inception
    except (ImportError, RuntimeError) as error:  # torchvision raises RuntimeError beside a torch it was not built for
        raise ImportError(
            "The Inception network needs torch-fidelity and the torchvision that matches torch "
            f"{torch.__version__}: install the extra fdgm[inception]. Importing them gave "
            f"{type(error).__name__}: {error}."
        ) from error
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    weights = _weights(inception.URL_INCEPTION_V3)
    with torch.random.fork_rng(devices=[]):  # its initial weights, which are not kept, are drawn from torch's generator
        net = inception.FeatureExtractorInceptionV3(
            "inception-v3-compat", ["2048", "logits_unbiased"], feature_extractor_weights_path=str(weights)
        ).to(device, torch.float32)

    def run(X: Any, layer: int, finish: Callable[[torch.Tensor], torch.Tensor]) -> np.ndarray:
        images = _as_bytes(X)

        def outputs(rows: slice) -> np.ndarray:
            batch = torch.from_numpy(images[rows]).to(device).expand(-1, 3, -1, -1)
            return finish(net(batch)[layer].double()).cpu().numpy()

        with undisturbed(), torch.no_grad():
            return apply_in_chunks(outputs, len(images), _BATCH)

    return Extractor(
        "inception",
        features=lambda X: run(X, 0, lambda pooled: pooled),  # (n, 2048)
        probabilities=lambda X: run(X, 1, lambda logits: logits.softmax(dim=1)),  # (n, 1008)
    )


def _as_bytes(X: Any) -> np.ndarray:
    """Images as uint8 (n, 1 or 3, H, W)."""
    images = np.asarray(X)
    if images.ndim != 4 or images.shape[1] not in (1, 3) or images.size == 0:
        raise ValueError(
            f"The Inception network takes images of shape (n, 1 or 3, H, W), at least one, got shape {images.shape}."
        )
    if images.dtype == np.uint8:
        return np.ascontiguousarray(images)
    low, high = float(images.min()), float(images.max())
    # Rounding in a sampler's last layer may exceed [-1, 1] a little.
    if images.dtype.kind != "f" or not (low >= -1.001 and high <= 1.001):
        raise ValueError(
            "The Inception network takes images of uint8, or floats in [-1, 1], "
            f"got {images.dtype} from {low:.6g} to {high:.6g}."
        )
    return np.clip(np.rint((images + 1) * 127.5), 0, 255).astype(np.uint8)


def _weights(url: str) -> Path:
    """The file of weights, checked. It is downloaded if it is in no folder."""
    import torch

    name = url.rsplit("/", 1)[1]
    prefix = Path(name).stem.rsplit("-", 1)[1]  # of its SHA-256, as torch's hub names its files
    hub = Path(torch.hub.get_dir()) / "checkpoints"
    data = os.environ.get("FDGM_DATA")
    folders = [*([Path(data)] if data else []), hub]
    for folder in folders:
        if (folder / name).is_file():
            return _checked(folder / name, prefix)
    try:
        hub.mkdir(parents=True, exist_ok=True)
        torch.hub.download_url_to_file(url, str(hub / name), hash_prefix=prefix, progress=False)
    except (OSError, RuntimeError) as error:
        places = " or ".join(str(folder) for folder in folders)
        also = "" if data else ", or into a folder that the environment variable FDGM_DATA names"
        raise FileNotFoundError(
            f"The Inception network needs its weights, {name} (91 MiB). They are not in {places}, and the download "
            f"gave {type(error).__name__}: {error}. Fetch {url} and put the file into {places}{also}."
        ) from error
    return hub / name


def _checked(path: Path, prefix: str) -> Path:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    if not digest.hexdigest().startswith(prefix):
        raise ValueError(
            f"{path} must be the file whose SHA-256 starts with {prefix}, got one with {digest.hexdigest()[:8]}: "
            "it is damaged or another file; delete it and fetch it again."
        )
    return path
