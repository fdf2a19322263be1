"""A log-ratio of densities does not change where both samples' columns change places, or their unit does."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone

from fdgm.ratios import KLIEP, ClassifierRatio, LogisticRatio, RuLSIF, TelescopingRatio, uLSIF

D = 3
BY_DISTANCES = {
    "uLSIF": uLSIF(random_state=0),
    "RuLSIF": RuLSIF(random_state=0),
    "KLIEP": KLIEP(random_state=0),
    "telescoping": TelescopingRatio(base=KLIEP(width=1.0), n_bridges=1, random_state=0),
    "classifier": ClassifierRatio(),
}
RATIOS = {  # a network's initial weights are of columns in one order
    **BY_DISTANCES,
    "logistic": LogisticRatio(max_iter=1, n_critic_steps=5, validation_fraction=None, random_state=0),
}
seeds = st.integers(0, 2**32 - 1)


def samples(seed):
    rng = np.random.default_rng(seed)
    return rng.normal([1.0, 0.0, -1.0], 1.0, (60, D)), rng.normal(0.0, 1.5, (50, D)), rng.normal(size=(20, D))


def log_ratio(ratio, X_p, X_q, X):
    return clone(ratio).fit(X_p, X_q).log_ratio(X)


@pytest.mark.parametrize("ratio", BY_DISTANCES.values(), ids=BY_DISTANCES)
@settings(max_examples=5)
@given(seed=seeds, order=st.permutations(range(D)))
def test_columns_in_another_order(ratio, seed, order):
    """To the rounding of sums over columns in float64, which selection and training carry further."""
    expected = log_ratio(ratio, *samples(seed))
    found = log_ratio(ratio, *(X[:, order] for X in samples(seed)))
    np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("ratio", RATIOS.values(), ids=RATIOS)
@settings(max_examples=5)
@given(seed=seeds, exponent=st.floats(-12, 12))
def test_another_unit(ratio, seed, exponent):
    """To rounding, which is that of float32 for a network."""
    rounding = 1e-4 if isinstance(ratio, LogisticRatio) else 1e-8
    expected = log_ratio(ratio, *samples(seed))
    found = log_ratio(ratio, *(X * 10**exponent for X in samples(seed)))
    np.testing.assert_allclose(found, expected, rtol=rounding, atol=rounding)
