"""Every estimator that trains networks, small, under one pair of functions: fit it, and look at its bits."""

import numpy as np
import pytest

from fdgm import AGEBidirectional, GANSampler, VGrowSampler
from fdgm.architectures import MLP
from fdgm.options import EarlyStopping, Gradient, Network
from fdgm.ratios import LogisticRatio

X = np.random.default_rng(0).normal([1.0, -20.0], [0.1, 5.0], size=(300, 2))
SMALL = {"batch_size": 16, "random_state": 0}
MLP_8 = MLP(width=8, depth=1)
TRAINABLE = {
    "VGrow": VGrowSampler(
        **SMALL, architecture=MLP_8, generator=Network(n_particles=32, n_particle_steps=2, passes=1, n_warmup_steps=3)
    ),
    "GAN": GANSampler(**SMALL, architecture=MLP_8, n_generator_steps=3, n_critic_steps=2),
    "AGE": AGEBidirectional(**SMALL, architecture=MLP_8, method=Gradient(n_warmup_steps=4, n_updates=3)),
    "VAE": AGEBidirectional(
        **SMALL,
        architecture=MLP_8,
        objective="vae",
        generator="gaussian",
        method=Gradient(n_warmup_steps=0, n_updates=3),
    ),
    "LogisticRatio": LogisticRatio(**SMALL, architecture=MLP_8, n_critic_steps=3),
}


class Trainee:
    """One of them, whatever it is fitted to."""

    def __init__(self, estimator):
        self.estimator = estimator
        self.is_ratio = isinstance(estimator, LogisticRatio)

    @property
    def n_warmup_steps(self):
        """Updates before its first iteration."""
        params = self.estimator.get_params()
        return params.get("generator__n_warmup_steps", params.get("method__n_warmup_steps", 0))

    def make(self, **changed):
        """A fresh one, with some parameters changed."""
        return type(self.estimator)(**{**self.estimator.get_params(deep=False), **changed})

    def stopping_early(self, **changed):
        """A fresh one that holds rows out."""
        return self.make(**changed) if self.is_ratio else self.make(**changed, early_stopping=EarlyStopping(every=1))

    def fit(self, estimator, data=X):
        return estimator.fit(data, data[::-1] + 0.1) if self.is_ratio else estimator.fit(data)

    def partial_fit(self, estimator, data=X):
        return estimator.partial_fit(data, data[::-1] + 0.1) if self.is_ratio else estimator.partial_fit(data)

    def bits(self, estimator):
        """What it learned, as bytes."""
        if self.is_ratio:
            return estimator.log_ratio(X).tobytes()
        return estimator.sample(20, random_state=0).tobytes()


@pytest.fixture(params=TRAINABLE)
def trainee(request):
    return Trainee(TRAINABLE[request.param])
