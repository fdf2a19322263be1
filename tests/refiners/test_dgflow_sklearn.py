"""scikit-learn's own checks."""

from sklearn.mixture import GaussianMixture
from sklearn.utils.estimator_checks import parametrize_with_checks

from fdgm import DGflowRefiner


@parametrize_with_checks([DGflowRefiner(GaussianMixture(), n_steps=2, ratio="ulsif")])
def test_sklearn_checks(estimator, check):
    check(estimator)
