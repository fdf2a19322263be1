"""Draw the picture of the front page, for light and for dark screens: `python docs/_front_picture.py`.

Particles on their way to a ring of eight modes, and digits that a model drew. It takes about two minutes of one core.
"""

import argparse
from pathlib import Path

import matplotlib as mpl

mpl.use("agg")

import matplotlib.pyplot as plt
import numpy as np

from fdgm import VGrowSampler, datasets
from fdgm.options import Network
from fdgm.plot._images import sheet

LOOPS = (1, 8, 60)
STATIC = Path(__file__).parent / "_static"


def draw(path: Path, ring: np.ndarray, particles: dict[int, np.ndarray], digits: np.ndarray, *, dark: bool) -> None:
    """One picture."""
    ink, paper, blue, orange = (
        ("#e6edf3", "#0d1117", "#79b8ff", "#ffa657") if dark else ("#1f2328", "#ffffff", "#3b6ea5", "#d9640f")
    )
    figure, axes = plt.subplots(1, 4, figsize=(12, 3.2), layout="constrained", facecolor=paper)
    for axis, loop in zip(axes, LOOPS, strict=False):
        axis.scatter(*ring[:2000].T, s=3, color=blue, alpha=0.35, linewidths=0)
        axis.scatter(*particles[loop][:1500].T, s=3, color=orange, alpha=0.8, linewidths=0)
        axis.set(xlim=(-2.8, 2.8), ylim=(-2.8, 2.8), aspect="equal")
        axis.set_title(f"samples after {loop} iteration{'s' if loop > 1 else ''}", color=ink, fontsize=11)
    axes[3].imshow(sheet(digits.reshape(-1, 8, 8), -1.0, 1.0), cmap="gray" if dark else "gray_r", vmin=0, vmax=1)
    axes[3].set_title("new handwritten digits", color=ink, fontsize=11)
    for axis in axes:
        axis.set(xticks=[], yticks=[], facecolor=paper)
        for side in axis.spines.values():
            side.set_visible(False)
    figure.savefig(path, dpi=100, facecolor=paper)
    plt.close(figure)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=45.0, help="of training, for the digits")
    options = parser.parse_args()
    ring = datasets.make_ring(5000, random_state=0)
    sampler = VGrowSampler(generator=Network(), max_iter=LOOPS[-1], record_particles=LOOPS, random_state=0).fit(ring)
    X = datasets.load_digits_images(flat=True)
    model = VGrowSampler(max_iter=None, max_seconds=options.seconds, random_state=0).fit(X)
    digits = model.sample(64, random_state=0)
    STATIC.mkdir(exist_ok=True)
    for name, dark in (("front-light.png", False), ("front-dark.png", True)):
        draw(STATIC / name, ring, sampler.particles_, digits, dark=dark)


if __name__ == "__main__":
    main()
