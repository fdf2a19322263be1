"""
Fashion-MNIST
=============

Images of 28 × 28 pixels by residual or convolutional networks take hours on a processor. Where ``FDGM_DATA`` names the
folder of the data, this page trains for a short while. Elsewhere it shows a picture that was stored after a long run.
"""

import os
from pathlib import Path

import matplotlib.pyplot as plt

from fdgm import VGrowSampler, datasets
from fdgm.plot import SampleDisplay

SECONDS = float(os.environ.get("FDGM_GALLERY_SECONDS", "50"))

try:
    X = datasets.load_fashion_mnist()[:5000]
except (FileNotFoundError, ValueError):
    X = None

if X is not None:
    sampler = VGrowSampler(architecture="dcgan", max_iter=None, max_seconds=SECONDS, random_state=0).fit(X)
    SampleDisplay.from_estimator(sampler, X, n_samples=64, random_state=0)
else:
    root = next(folder for folder in (Path.cwd(), *Path.cwd().parents) if (folder / "benchmarks/results").is_dir())
    stored = root / "benchmarks/results/vgrow_images/fashion-mnist-dcgan-VGrow-kl-0.png"
    figure, axis = plt.subplots(figsize=(6, 6), layout="constrained")
    axis.imshow(plt.imread(stored))
    axis.set_title("stored picture: DCGAN, KL, benchmarks/vgrow/images.py")
    axis.axis("off")
