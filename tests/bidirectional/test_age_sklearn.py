"""scikit-learn's own checks, those of transformers included."""

from sklearn.utils.estimator_checks import parametrize_with_checks

from fdgm import AGEBidirectional
from fdgm.architectures import MLP


@parametrize_with_checks(
    [AGEBidirectional(architecture=MLP(width=16), n_warmup_steps=2, n_updates=2, batch_size=32, max_iter=3)]
)
def test_sklearn_checks(estimator, check):
    check(estimator)
