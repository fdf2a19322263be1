"""scikit-learn's own checks of every registered estimator that can be fitted to X alone."""

from sklearn.utils.estimator_checks import parametrize_with_checks
from small import small

from fdgm import registry

#: One takes two samples, and two refine a sampler that was fitted to data of other shapes.
EXCEPT = {"CorrectedRatio", "CrankNicolsonRefiner", "DDLSRefiner"}


@parametrize_with_checks([small(name) for name in registry.available("estimator") if name not in EXCEPT])
def test_sklearn_checks(estimator, check):
    check(estimator)
