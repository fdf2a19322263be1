"""
Refine a Gaussian mixture
=========================

A mixture of few Gaussians is too smooth for a swiss roll. ``DGflowRefiner`` moves its samples towards the data. It
asks held-out rows how far to go.
"""

import matplotlib.pyplot as plt
from sklearn.mixture import GaussianMixture

from fdgm import DGflowRefiner, datasets, metrics
from fdgm.plot import SampleDisplay

X = datasets.make_swiss_roll(2000, random_state=0)
mixture = GaussianMixture(6, random_state=0).fit(X)
refiner = DGflowRefiner(mixture, random_state=0).fit(X)

figure, axes = plt.subplots(1, 2, figsize=(9, 4.2), layout="constrained")
before, after = mixture.sample(2000)[0], refiner.sample(2000, random_state=0)
SampleDisplay.from_predictions(X, before, ax=axes[0])
SampleDisplay.from_predictions(X, after, ax=axes[1])
test = datasets.make_swiss_roll(2000, random_state=1)
for axis, name, samples in zip(axes, ("mixture", "refined"), (before, after), strict=True):
    axis.set_title(f"{name}: energy distance {metrics.energy_distance(test, samples):.4f}")
