"""Every estimator that trains networks, small, under one pair of functions: fit it, and look at its bits."""

import numpy as np
import pytest
from small import small, trainable

from fdgm.options import EarlyStopping
from fdgm.ratios import DensityRatio

X = np.random.default_rng(0).normal([1.0, -20.0], [0.1, 5.0], size=(300, 2))


class Trainee:
    """One of them, whatever it is fitted to."""

    def __init__(self, estimator):
        self.estimator = estimator.set_params(random_state=0)
        self.is_ratio = isinstance(estimator, DensityRatio)

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


@pytest.fixture(params=trainable())
def trainee(request):
    return Trainee(small(request.param))
