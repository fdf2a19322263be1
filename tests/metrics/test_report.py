"""The report: which measures it holds, that they are theirs, and what stands beside them."""

import importlib.util
import io
import pickle
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.neural_network import MLPClassifier

from fdgm.datasets import make_ring, ring_centers
from fdgm.metrics import (
    Extractor,
    energy_distance,
    frechet_distance,
    inception_score,
    kernel_mmd,
    mode_coverage,
    ngram_js,
    one_nn_accuracy,
    precision_recall_density_coverage,
    register_extractor,
    report,
)
from fdgm.metrics import _extractors as registry
from fdgm.metrics._report import _of_hits

OF_ROWS = [
    "frechet_distance",
    "energy_distance",
    "kernel_mmd",
    "wasserstein_distance",
    "sliced_wasserstein_distance",
    "one_nn_accuracy",
    "classifier_two_sample_accuracy",
    "precision",
    "recall",
    "density",
    "coverage",
]


def rings(n=120, n_sets=3):
    return [make_ring(n, random_state=seed) for seed in range(n_sets)]


def classes(X):
    """Probabilities of four classes, from the quadrant."""
    return 0.91 * np.eye(4)[2 * (X[:, 0] > 0) + (X[:, 1] > 0)] + 0.0225


@pytest.fixture(scope="module")
def table():
    X, S, T = rings()
    return report(X, S, T, centers=ring_centers(), std=0.05, n_resamples=10, random_state=0)


class TestPlane:
    def test_measures(self, table):
        assert list(table.index) == [
            *OF_ROWS,
            "kde_score",
            "birthday_support",
            "modes_captured",
            "high_quality_fraction",
            "reverse_kl",
        ]

    def test_columns(self, table):
        assert list(table.columns) == ["value", "low", "high", "better", "held_out", "space", "n_rows"]
        assert (table["n_rows"] == 120).all()

    def test_values_are_the_functions(self, table):
        X, S, T = rings()
        expected = {
            "frechet_distance": frechet_distance(X, S),
            "energy_distance": energy_distance(X, S),
            "kernel_mmd": kernel_mmd(X, S),
            "one_nn_accuracy": one_nn_accuracy(X, S),
            **precision_recall_density_coverage(X, S)._asdict(),
            "reverse_kl": mode_coverage(ring_centers(), S, std=0.05).reverse_kl,
        }
        for name, value in expected.items():
            assert table.loc[name, "value"] == pytest.approx(value, rel=1e-9), name
        assert table.loc["energy_distance", "held_out"] == pytest.approx(energy_distance(X, T), rel=1e-9)
        assert table.loc["reverse_kl", "held_out"] == mode_coverage(ring_centers(), T, std=0.05).reverse_kl

    def test_intervals_are_about_the_values(self, table):
        without = table[["low", "high"]].isna().all(axis=1)
        assert table.index[without].tolist() == ["birthday_support"]
        assert (table["low"] <= table["value"])[~without].all()
        assert (table["value"] <= table["high"])[~without].all()

    def test_shares_stay_fractions(self, table):
        fractions = table.loc[["precision", "recall", "coverage", "high_quality_fraction", "one_nn_accuracy"]]
        assert fractions[["low", "high"]].stack().between(0, 1).all()

    def test_same_seed_same_table(self):
        X, S, _ = rings(30)
        tables = [report(X, S, n_resamples=2, random_state=seed) for seed in (1, 1, 2)]
        assert tables[0].equals(tables[1])
        assert not tables[0].equals(tables[2])


class TestBudget:
    """5,000 samples in 64 features in seconds: what takes time sees fewer, and nothing is trained for an interval."""

    def test_it_is_kept(self, monkeypatch):
        trained, fit = [], MLPClassifier.fit
        monkeypatch.setattr(MLPClassifier, "fit", lambda self, X, y: trained.append(len(X)) or fit(self, X, y))
        X, S, T = np.random.default_rng(0).standard_normal((3, 1010, 2))
        table = report(X, S, T, n_resamples=2, random_state=0)
        assert table.loc["frechet_distance", "n_rows"] == 1010
        assert (table["n_rows"].drop("frechet_distance") == 1000).all()
        assert trained == [1000, 1000]  # once for the generated, once for the held-out samples
        accuracy, low, high = table.loc["classifier_two_sample_accuracy", ["value", "low", "high"]]
        assert low < accuracy < high
        assert (high - low) / 2 == pytest.approx(1.96 * np.sqrt(accuracy * (1 - accuracy) / 1000), rel=0.01)

    def test_the_interval_of_the_classifiers_accuracy_holds_its_expectation(self):
        """Given one classifier, in about 95 of 100 test sets."""
        rng = np.random.default_rng(0)
        hits = (rng.binomial(20, 0.9, 500) / 20 + rng.binomial(20, 0.5, 500) / 20) / 2
        intervals = [_of_hits(accuracy, 40) for accuracy in hits]
        assert np.mean([found.low <= 0.7 <= found.high for found in intervals]) >= 0.93


class TestPrinting:
    def test_no_column_is_left_out(self, table):
        with pd.option_context("display.width", 40, "display.max_columns", 3, "display.max_rows", 4):
            for lines in (str(table).splitlines(), repr(table).splitlines(), str(table[table.columns]).splitlines()):
                assert lines[0].split() == list(table.columns)
                assert len(lines) == len(table) + 2  # a line for the columns, one for the index's name

    def test_it_is_a_frame_whose_values_are_whole(self, table):
        assert isinstance(table, pd.DataFrame)
        assert pickle.loads(pickle.dumps(table)).equals(table)
        assert table["value"].sum() == pd.DataFrame(table)["value"].sum()

    @pytest.mark.parametrize(("verbose", "shown"), [(0, False), (1, True)])
    def test_bar(self, capsys, verbose, shown):
        X, S, _ = rings(20)
        report(X, S, n_resamples=0, verbose=verbose)
        written = capsys.readouterr()
        assert ("birthday_support" in written.err) == shown
        assert written.out == ""

    @pytest.mark.parametrize("stream", ["none", "closed"])
    def test_no_bar_without_a_standard_error(self, monkeypatch, stream):
        closed = io.StringIO()
        closed.close()
        monkeypatch.setattr(sys, "stderr", None if stream == "none" else closed)
        X, S, _ = rings(20)
        assert len(report(X, S, n_resamples=0, verbose=1)) > 10


class TestWhatFits:
    def test_without_intervals_and_held_out_rows(self):
        X, S, _ = rings(30)
        table = report(X, S, n_resamples=0)
        assert table[["low", "high", "held_out"]].isna().all(axis=None)
        assert table["value"].notna().all()

    def test_no_frechet_distance_with_few_rows_and_no_kde_in_space(self):
        X, S = np.random.default_rng(0).standard_normal((2, 20, 10))
        table = report(X, S, n_resamples=0)
        assert not {"frechet_distance", "kde_score"} & set(table.index)

    def test_no_wasserstein_distance_without_pot(self, monkeypatch):
        monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
        X, S, _ = rings(30)
        assert "wasserstein_distance" not in report(X, S, n_resamples=0).index

    def test_no_mmd_where_the_real_rows_are_one(self):
        assert "kernel_mmd" not in report(np.zeros((20, 2)), np.ones((20, 2)), n_resamples=0).index

    def test_samples_of_unequal_numbers(self):
        X, S, T = make_ring(60), make_ring(50), make_ring(40)
        table = report(X, S, T, n_resamples=0)
        assert table.loc["energy_distance", "n_rows"] == 40

    def test_max_rows(self):
        X, S, _ = rings(60)
        table = report(X, S, max_rows=25, n_resamples=0)
        assert (table.loc["energy_distance", "n_rows"], table.loc["frechet_distance", "n_rows"]) == (25, 60)

    def test_a_support_that_shows_no_duplicate_is_given_no_size(self):
        X, few = np.arange(40.0)[:, None], np.repeat(np.arange(20.0), 2)[:, None]
        row = report(X, few, 3 * X, n_resamples=2, random_state=0).loc["birthday_support"]
        assert (row["held_out"], row["better"]) == (np.inf, "higher")
        # 20 values twice each: no more than 21 rows without a duplicate.
        assert row["value"] <= 21**2

    def test_texts(self):
        real, generated = ["the cat sat", "a dog ran", "no", "the cow ate"] * 5, ["the cat ran", "a cow sat"] * 10
        table = report(real, generated, real, n_resamples=4, random_state=0)
        assert list(table.index) == ["JS-1", "JS-2", "JS-3", "JS-4", "JS-6"]
        assert table.loc["JS-4", "value"] == pytest.approx(ngram_js(real, generated), rel=1e-12)
        assert table.loc["JS-4", "held_out"] == pytest.approx(0.0, abs=1e-12)

    @pytest.mark.parametrize(("n_long", "measures"), [(6, ["JS-1"]), (7, ["JS-1", "JS-2", "JS-3"])])
    def test_ngrams_that_every_half_has(self, n_long, measures):
        """A half of 11 texts is 5, as many as are short where 6 are long."""
        texts = ["abc"] * n_long + ["a"] * (11 - n_long)
        assert list(report(texts, texts, n_resamples=0).index) == measures

    def test_no_ngrams_longer_than_most_texts(self):
        assert list(report(["abc"] * 10, ["abd"] * 10, n_resamples=0).index) == ["JS-1", "JS-2", "JS-3"]


class TestNetworks:
    def test_a_named_extractor_gives_fd_and_scores_under_its_name(self):
        register_extractor("tiny", lambda: Extractor("tiny", features=lambda X: X[:, :1], probabilities=classes))
        X, S, T = rings(60)
        table = report(X, S, T, features="tiny", n_resamples=3, random_state=0)
        assert table.loc["FD-tiny", "value"] == pytest.approx(frechet_distance(X[:, :1], S[:, :1]), rel=1e-9)
        scores = {"inception_score", "mode_score", "classes_captured", "classes_reverse_kl"}
        assert {"KD-tiny", *scores} <= set(table.index)
        assert not {"FID", "KID", "frechet_distance"} & set(table.index)
        assert (table["space"] == "tiny").all()

    def test_fid_is_the_inception_networks_alone(self, monkeypatch):
        monkeypatch.setitem(registry._LOADED, "inception", Extractor("inception", lambda X: X, classes))
        X, S, _ = rings(60)
        assert {"FID", "KID"} <= set(report(X, S, features="inception", n_resamples=0).index)

    def test_the_real_test_set_gives_the_ceiling_of_the_score(self):
        X, S, T = rings(60)
        table = report(X, S, T, classifier=classes, n_resamples=0)
        assert table.loc["inception_score", "value"] == pytest.approx(inception_score(classes(S)), rel=1e-12)
        assert table.loc["inception_score", "held_out"] == pytest.approx(inception_score(classes(T)), rel=1e-12)
        assert table.loc["inception_score", "space"] == "classifier"

    def test_modes_by_classes_and_by_centers_have_rows_of_their_own(self):
        X, S, _ = rings(60)
        table = report(X, S, classifier=classes, centers=ring_centers(), std=0.05, n_resamples=0)
        assert table.index.is_unique
        found = {"classes": mode_coverage(classes(X), classes(S)), "modes": mode_coverage(ring_centers(), S, std=0.05)}
        assert table.loc["classes_captured", "value"] == found["classes"].n_captured
        assert table.loc["modes_captured", "value"] == found["modes"].n_captured
        assert table.loc["classes_reverse_kl", "value"] == pytest.approx(found["classes"].reverse_kl, rel=1e-12)
        assert table.loc["reverse_kl", "value"] == pytest.approx(found["modes"].reverse_kl, rel=1e-12)

    def test_features_by_a_callable(self):
        X, S, _ = rings(60)
        table = report(X, S, features=lambda a: 10 * a, n_resamples=0)
        assert table.loc["frechet_distance", "value"] == pytest.approx(100 * frechet_distance(X, S), rel=1e-9)
        assert table.loc["frechet_distance", "space"] == "features"


@pytest.mark.parametrize(
    ("call", "received"),
    [
        (lambda X: report(X, X[:9]), "X_generated of report must have at least 10 rows, got 9"),
        (lambda X: report(X, 3.0), "X_generated of report must have at least 10 rows, got 0"),
        (lambda X: report(X, X[:, :1]), r"samples of report must have equally many features, got \[2, 1\]"),
        (lambda X: report(X, X, X * np.nan), "X_held_out of report must be finite, got nan"),
        (lambda X: report(X, X, std=1.0), "centers of report must be given together with std, got None"),
        (lambda X: report(X, X, centers=X), "std of report must be given together with centers, got None"),
        (lambda X: report(X, X, max_rows=9), "max_rows of report .* got 9"),
        (lambda X: report(X, X, n_resamples=1), "n_resamples of report .* got 1"),
        (lambda X: report(X, X, features="vgg"), "features of report .* got 'vgg'"),
        (lambda X: report(["abc"] * 10, ["abc"] * 10, features="vgg"), "features of report .* texts, got 'vgg'"),
    ],
)
def test_refuses(call, received):
    with pytest.raises(ValueError, match=received):
        call(rings(20)[0])
