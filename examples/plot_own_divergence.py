"""
A divergence of your own
========================

A divergence is three functions of the log-ratio l. This one is the triangular discrimination, f(r) = (r − 1)²/(r + 1).
"""

import os

import matplotlib.pyplot as plt
import torch

from fdgm import VGrowSampler, datasets, divergences
from fdgm.plot import SampleDisplay

SECONDS = float(os.environ.get("FDGM_GALLERY_SECONDS", "15"))


class Triangular(divergences.Divergence):
    """Triangular discrimination (Le Cam)."""

    def f(self, l):
        return torch.expm1(l) * torch.tanh(l / 2)  # (r − 1)²/(r + 1), and (r − 1)/(r + 1) = tanh(l/2)

    def f_prime(self, l):
        return torch.tanh(l / 2) * (2 - torch.tanh(l / 2))  # u(2 − u), with u = (r − 1)/(r + 1)

    def log_weight(self, l):
        softplus = torch.nn.functional.softplus
        return 3 * torch.log(torch.tensor(2.0, dtype=l.dtype)) + l - 3 * softplus(l)  # r f''(r) = 8 r/(r + 1)³


# %%
# Its weight beside those of others: small where the model has far too many samples, as that of JS, and smaller still.
l = torch.linspace(-6, 6, 200, dtype=torch.float64)
figure, axis = plt.subplots(figsize=(5, 3.4), layout="constrained")
for name, divergence in (("triangular", Triangular()), ("js", divergences.get("js")), ("kl", divergences.get("kl"))):
    axis.plot(l, divergence.weight(l), label=name)
axis.set(xlabel="log-ratio of model to data", ylabel="weight")
axis.legend()

# %%
# Estimators take it like any other. :func:`fdgm.testing.check_divergence` tests it before it is published.
X = datasets.make_circles(4000, random_state=0)
sampler = VGrowSampler(Triangular(), max_iter=None, max_seconds=SECONDS, random_state=0).fit(X)
SampleDisplay.from_estimator(sampler, X, n_samples=2000, random_state=0)
