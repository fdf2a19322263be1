"""scikit-learn's own checks."""

from sklearn.utils.estimator_checks import parametrize_with_checks

from fdgm import TreeSampler


@parametrize_with_checks([TreeSampler(n_trees=2)])
def test_sklearn_checks(estimator, check):
    check(estimator)
