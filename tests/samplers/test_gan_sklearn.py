"""scikit-learn's own checks, with every objective."""

from sklearn.utils.estimator_checks import parametrize_with_checks

import fdgm
from fdgm import GANSampler
from fdgm.architectures import MLP

TINY = {"n_generator_steps": 1, "max_iter": 2, "batch_size": 64, "architecture": MLP(width=16, depth=2)}


@parametrize_with_checks(
    [GANSampler(objective, **TINY) for objective in fdgm.available("objective")]
    + [GANSampler(regularizer=[name], **TINY) for name in fdgm.available("regularizer")]
)
def test_sklearn_checks(estimator, check):
    check(estimator)
