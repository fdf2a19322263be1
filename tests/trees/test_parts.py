"""Trees as arrays, beside scikit-learn's; and the order of levels."""

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.tree import DecisionTreeClassifier

from fdgm.tables import Positions
from fdgm.trees._boosted import Boosted
from fdgm.trees._forest import Forest

rng = np.random.default_rng(0)
X = rng.integers(0, 50, size=(3000, 6)).astype(np.float32)
y = (X[:, 0] * X[:, 1] > 600).astype(int) + (X[:, 2] > 25)


def test_leaves_are_those_of_the_trees():
    trees = [DecisionTreeClassifier(min_samples_leaf=5, random_state=k).fit(X[k::2], y[k::2]) for k in range(2)]
    forest = Forest.of(trees, X, y)
    for number, tree in enumerate(trees):
        leaves = forest.apply(np.full(len(X), number), X)
        np.testing.assert_array_equal(leaves - forest.roots[number], tree.apply(X))


def test_a_leaf_holds_the_targets_of_its_rows():
    forest = Forest.of([DecisionTreeClassifier(min_samples_leaf=50, random_state=0).fit(X, y)], X, y)
    leaves = forest.apply(np.zeros(len(X), dtype=int), X)
    for leaf in np.unique(leaves):
        held = forest.donors[forest.start[leaf] : forest.start[leaf + 1]]
        np.testing.assert_array_equal(held, np.sort(y[leaves == leaf]))


@pytest.mark.parametrize("kind", [HistGradientBoostingRegressor, HistGradientBoostingClassifier])
@pytest.mark.parametrize("target", ["two", "three"])
def test_predictions_are_those_of_the_booster(kind, target):
    labels = y if target == "three" else np.minimum(y, 1)
    model = kind(max_iter=30, max_leaf_nodes=24).fit(X, labels)
    found = Boosted.of(model).predict(X)
    if kind is HistGradientBoostingRegressor:
        np.testing.assert_allclose(found[:, 0], model.predict(X), rtol=1e-12, atol=1e-14)
    elif target == "two":
        np.testing.assert_allclose(found[:, 0], model.decision_function(X), rtol=1e-10, atol=1e-12)
    else:
        np.testing.assert_allclose(found, model.predict_proba(X), rtol=1e-10)


def test_levels_are_ordered_along_what_goes_with_them():
    """Levels that were numbered at random come back in the order of the columns that know it."""
    hidden = rng.normal(size=5000)
    level = np.digitize(hidden, [-1.5, -0.5, 0.5, 1.5])
    shuffled = np.array([3, 0, 4, 1, 2])[level].astype(float)
    others = hidden[:, None] + 0.3 * rng.normal(size=(5000, 3))
    found = Positions.of(np.column_stack([shuffled, others]), np.array([True, False, False, False]), 0)
    order = found.values[0].tolist()
    assert order in ([3, 0, 4, 1, 2], [2, 1, 4, 0, 3])


def test_positions_come_back():
    codes = np.column_stack([rng.integers(0, 9, 100), rng.normal(size=100)]).astype(float)
    codes[::7] = np.nan
    found = Positions.of(codes, np.array([True, False]), 0)
    positions = found.encode(codes)
    np.testing.assert_array_equal(found.decode(positions), codes)
    assert (positions[::7] == 0).all()


def test_a_number_between_two_values_is_between_their_positions():
    found = Positions.of(np.array([[1.0], [2.0], [4.0]]), np.array([False]), 0)
    numbers = np.array([0.0, 1.0, 1.5, 2.0, 3.0, 4.0, 9.0])
    np.testing.assert_array_equal(found.encode_column(0, numbers), [0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.0])
