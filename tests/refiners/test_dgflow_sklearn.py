"""scikit-learn's own checks."""

from sklearn.mixture import GaussianMixture
from sklearn.utils.estimator_checks import parametrize_with_checks

from fdgm import DGflowRefiner
from fdgm.refiners import DOTRefiner, MetropolisHastingsRefiner, RejectionRefiner

REFINERS = [
    DGflowRefiner(GaussianMixture(), n_steps=2, ratio="ulsif"),
    DOTRefiner(GaussianMixture(), n_steps=2, ratio="ulsif"),
    RejectionRefiner(GaussianMixture(), ratio="ulsif"),
    MetropolisHastingsRefiner(GaussianMixture(), n_steps=5, ratio="ulsif"),
]


@parametrize_with_checks(REFINERS)
def test_sklearn_checks(estimator, check):
    check(estimator)
