"""1-NN accuracy, precision, recall, density and coverage: values by construction, under the null, and by others."""

import numpy as np
import pytest
import torch
from sklearn.metrics import accuracy_score
from sklearn.model_selection import LeaveOneOut, cross_val_predict
from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors

from fdgm.metrics import one_nn_accuracy, precision_recall_density_coverage


def pair(n=60, m=45, width=3, seed=0, shift=0.5):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((n, width)), shift + rng.standard_normal((m, width))


class TestOneNN:
    @pytest.mark.parametrize("width", [2, 70])
    @pytest.mark.parametrize("shift", [0.0, 0.5])
    def test_agrees_with_scikit_learn(self, width, shift):
        X, Y = pair(60, 60, width, shift=shift)
        labels = np.repeat([1, 0], 60)
        predicted = cross_val_predict(KNeighborsClassifier(1), np.vstack([X, Y]), labels, cv=LeaveOneOut())
        for of, kind in (("both", [0, 1]), ("real", [1]), ("generated", [0])):
            chosen = np.isin(labels, kind)
            expected = accuracy_score(labels[chosen], predicted[chosen])
            assert one_nn_accuracy(X, Y, of=of) == pytest.approx(expected, rel=1e-14)

    def test_under_the_null(self):
        # A row's nearest neighbour among 2n − 1 is of its kind with probability (n − 1)/(2n − 1).
        n, n_trials = 20, 300
        values = [one_nn_accuracy(*pair(n, n, seed=seed, shift=0.0)) for seed in range(n_trials)]
        expected = (n - 1) / (2 * n - 1)
        assert np.mean(values) == pytest.approx(expected, abs=4 * np.std(values) / np.sqrt(n_trials))

    def test_apart_is_one(self):
        assert one_nn_accuracy(*pair(30, 30, shift=100.0)) == 1.0

    @pytest.mark.parametrize("width", [3, 70])
    def test_copies_are_zero(self, width):
        X, _ = pair(width=width)
        assert one_nn_accuracy(X, X[::-1]) == 0.0

    def test_collapse_shows_in_the_generated_ones(self):
        X = np.arange(0.0, 50.0, 5.0)[:, None]
        collapsed = 7 + 0.01 * np.arange(10.0)[:, None]  # nearest to 5 and to 10 only
        assert one_nn_accuracy(X, collapsed, of="generated") == 1.0
        assert one_nn_accuracy(X, collapsed, of="real") == 0.8

    def test_ties_count_one_half(self):
        assert one_nn_accuracy([[0.0], [1.0]], [[2.0], [3.0]]) == (1 + 0.5 + 0.5 + 1) / 4

    @pytest.mark.parametrize(
        ("X", "Y", "received"),
        [(np.zeros((3, 1)), np.zeros((2, 1)), "got 3 real and 2"), (np.zeros((1, 1)), np.zeros((1, 1)), "got 1 real")],
    )
    def test_refuses_numbers_of_rows(self, X, Y, received):
        with pytest.raises(ValueError, match=f"one_nn_accuracy needs as many .* {received}"):
            one_nn_accuracy(X, Y)

    def test_refuses_of(self):
        with pytest.raises(ValueError, match=r"of of one_nn_accuracy .* got 'fake'"):
            one_nn_accuracy(*pair(9, 9), of="fake")


class TestPrecisionRecallDensityCoverage:
    @pytest.mark.parametrize("n_neighbors", [1, 3, 5])
    @pytest.mark.parametrize("width", [3, 100])
    def test_precision_and_recall_agree_with_torch_fidelity(self, fidelity, n_neighbors, width):
        X, Y = pair(200, 150, width)
        expected = fidelity.metric_prc.prc_features_to_metric(
            torch.from_numpy(Y), torch.from_numpy(X), prc_neighborhood=n_neighbors, verbose=False
        )
        found = precision_recall_density_coverage(X, Y, n_neighbors=n_neighbors)
        assert found.precision == pytest.approx(expected["precision"], rel=1e-6)  # theirs is a float32 mean
        assert found.recall == pytest.approx(expected["recall"], rel=1e-6)
        assert 0 < found.precision < 1

    @pytest.mark.parametrize("n_neighbors", [1, 5])
    def test_density_and_coverage_by_scikit_learns_neighbours(self, n_neighbors):
        X, Y = pair(80, 50)
        radius = NearestNeighbors(n_neighbors=n_neighbors).fit(X).kneighbors()[0][:, -1]
        tree = NearestNeighbors().fit(Y)
        inside = np.array([len(tree.radius_neighbors(X[i : i + 1], radius[i])[0][0]) for i in range(80)])
        found = precision_recall_density_coverage(X, Y, n_neighbors=n_neighbors)
        assert found.density == pytest.approx(inside.sum() / (n_neighbors * 50), rel=1e-12)
        assert found.coverage == pytest.approx((inside > 0).mean(), rel=1e-12)

    @pytest.mark.parametrize(("n", "m"), [(30, 30), (30, 60)])
    def test_density_and_coverage_under_the_null(self, n, m):
        # A generated row is among the k nearest of a real one with probability k/n; that none of m is, has
        # probability Π (n − i)/(n + m − i), as the n − 1 + m others come in any order alike.
        k, n_trials = 3, 300
        found = np.array(
            [
                precision_recall_density_coverage(*pair(n, m, seed=seed, shift=0.0), n_neighbors=k)[2:]
                for seed in range(n_trials)
            ]
        )
        expected = 1.0, 1 - np.prod([(n - i) / (n + m - i) for i in range(1, k + 1)])
        error = 4 * found.std(axis=0) / np.sqrt(n_trials)
        assert np.all(np.abs(found.mean(axis=0) - expected) <= error)

    @pytest.mark.parametrize("width", [2, 100])
    def test_identical_samples(self, width):
        X, _ = pair(width=width)
        found = precision_recall_density_coverage(X, X.copy()[::-1])
        assert (found.precision, found.recall, found.coverage) == (1.0, 1.0, 1.0)

    def test_identical_samples_with_duplicates(self):
        X = np.repeat(np.arange(4.0)[:, None], 6, axis=0)  # balls of radius 0
        found = precision_recall_density_coverage(X, X, n_neighbors=3)
        assert (found.precision, found.recall, found.coverage) == (1.0, 1.0, 1.0)

    @pytest.mark.parametrize("seed", range(3))
    def test_exchange_of_the_samples(self, seed):
        X, Y = pair(seed=seed)
        forth, back = precision_recall_density_coverage(X, Y), precision_recall_density_coverage(Y, X)
        assert (forth.precision, forth.recall) == (back.recall, back.precision)

    def test_samples_apart(self):
        assert precision_recall_density_coverage(*pair(shift=100.0)) == (0.0, 0.0, 0.0, 0.0)

    def test_good_samples_of_half_of_the_data(self):
        X = np.concatenate([np.arange(20.0), 1000 + np.arange(20.0)])[:, None]
        Y = np.arange(20.0)[:, None] + 0.1
        found = precision_recall_density_coverage(X, Y, n_neighbors=2)
        assert (found.precision, found.recall, found.coverage) == (1.0, 0.5, 0.5)

    @pytest.mark.parametrize("n_neighbors", [0, 45, 2.0])
    def test_refuses_n_neighbors(self, n_neighbors):
        with pytest.raises(ValueError, match=f"n_neighbors of precision_recall_density_coverage .* got {n_neighbors}"):
            precision_recall_density_coverage(*pair(), n_neighbors=n_neighbors)


@pytest.mark.parametrize("metric", [one_nn_accuracy, precision_recall_density_coverage])
class TestBoth:
    @pytest.mark.parametrize("chunk_size", [1, 7, 1000])
    @pytest.mark.parametrize("width", [3, 70])
    def test_chunk_size_changes_nothing(self, metric, chunk_size, width):
        X, Y = pair(45, 45, width)
        assert metric(X, Y, chunk_size=chunk_size) == pytest.approx(metric(X, Y), rel=1e-12)

    def test_refuses_nan(self, metric):
        X, Y = pair(9, 9)
        Y[3, 1] = np.inf
        with pytest.raises(ValueError, match=f"X_generated of {metric.__name__} must be finite, got inf in row 3"):
            metric(X, Y)
