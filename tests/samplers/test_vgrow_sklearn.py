"""scikit-learn's own checks."""

from sklearn.utils.estimator_checks import parametrize_with_checks

from fdgm import VGrowSampler
from fdgm.options import Network


@parametrize_with_checks([VGrowSampler(generator=Network(n_particles=128, n_particle_steps=2, passes=1))])
def test_sklearn_checks(estimator, check):
    check(estimator)
