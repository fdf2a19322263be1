"""scikit-learn's own checks, those of transformers included."""

from sklearn.utils.estimator_checks import parametrize_with_checks

from fdgm import AGEBidirectional
from fdgm.architectures import MLP
from fdgm.options import Gradient


@parametrize_with_checks(
    [
        AGEBidirectional(
            architecture=MLP(width=16), batch_size=32, max_iter=3, method=Gradient(n_warmup_steps=2, n_updates=2)
        )
    ]
)
def test_sklearn_checks(estimator, check):
    check(estimator)
