"""scikit-learn's own checks."""

from sklearn.utils.estimator_checks import parametrize_with_checks

from fdgm import VGrowSampler


@parametrize_with_checks([VGrowSampler(n_particles=128, n_particle_steps=2, n_projection_passes=1)])
def test_sklearn_checks(estimator, check):
    check(estimator)
