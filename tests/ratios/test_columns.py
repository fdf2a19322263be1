"""Both samples of a density ratio, and all that it is asked of later, mean the same by a name."""

import numpy as np
import pandas as pd
import pytest

import fdgm
from fdgm.ratios import KLIEP, ClassifierRatio, LogisticRatio, TelescopingRatio, diagnose, two_sample_test, uLSIF

NAMES = {"strings": ["a", "b"], "integers": [5, 3], "levels": [("x", 1), ("y", 2)]}
RATIOS = {
    "uLSIF": uLSIF(random_state=0),
    "classifier": ClassifierRatio(),
    "logistic": LogisticRatio(max_iter=2, random_state=0),
    "telescoping": TelescopingRatio(base=KLIEP(width=1.0), n_bridges=1, random_state=0),
}
# Two iterations leave the critic almost constant, which is no matter here.
pytestmark = pytest.mark.filterwarnings("ignore::fdgm.exceptions.ConstantRatioWarning")
kinds = pytest.mark.parametrize("names", NAMES.values(), ids=NAMES)
ratios = pytest.mark.parametrize("ratio", RATIOS.values(), ids=RATIOS)


def samples(names):
    rng = np.random.default_rng(0)
    columns = pd.MultiIndex.from_tuples(names) if isinstance(names[0], tuple) else names
    return tuple(pd.DataFrame(rng.normal([shift, 10], 1, (60, 2)), columns=columns) for shift in (0.5, 0))


@kinds
@ratios
def test_samples_and_rows_go_by_name(ratio, names, tmp_path):
    X_p, X_q = samples(names)
    turned = X_q[X_q.columns[::-1]]
    expected = ratio.fit(X_p.to_numpy(), X_q.to_numpy()).log_ratio(X_q.to_numpy())
    ratio.fit(X_p, turned)
    np.testing.assert_array_equal(ratio.log_ratio(X_q), expected)
    np.testing.assert_array_equal(ratio.log_ratio(turned), expected)
    assert ratio.score(X_p, turned) == ratio.score(X_p, X_q)
    ratio.save(tmp_path / "r")
    np.testing.assert_array_equal(fdgm.load(tmp_path / "r").log_ratio(turned), expected)


@kinds
@ratios
def test_other_names_are_refused_and_leave_the_fit_as_it_was(ratio, names):
    X_p, X_q = samples(names)
    expected = ratio.fit(X_p, X_q).log_ratio(X_q)
    other = X_q.set_axis(["p", "q"], axis=1)
    for refused in (
        lambda: ratio.log_ratio(other),
        lambda: ratio.fit(other, X_q),
        lambda: ratio.fit(X_p[X_p.columns[:1]], X_q),
    ):
        with pytest.raises(ValueError, match="must have the columns of "):
            refused()
    np.testing.assert_array_equal(ratio.log_ratio(X_q), expected)


def test_a_warm_start_keeps_the_columns():
    X_p, X_q = samples(["a", "b"])
    once, again = (LogisticRatio(max_iter=2, warm_start=True, random_state=0).fit(X_p, X_q) for _ in range(2))
    once.fit(X_p, X_q)
    again.fit(X_p[["b", "a"]], X_q)
    np.testing.assert_array_equal(again.log_ratio(X_q), once.log_ratio(X_q))


def test_diagnoses_and_tests_go_by_name():
    X_p, X_q = samples(["a", "b"])
    turned = X_q[["b", "a"]]
    ratio = uLSIF(random_state=0).fit(X_p, X_q)
    found, expected = (diagnose(ratio, X_p, X, n_permutations=9, random_state=0) for X in (turned, X_q))
    assert found.log_loss == expected.log_loss
    assert two_sample_test(X_p, turned, n_permutations=9, random_state=0) == two_sample_test(
        X_p, X_q, n_permutations=9, random_state=0
    )
