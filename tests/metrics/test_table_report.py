"""Measures of tables."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold

from fdgm.metrics import table_report, table_score
from fdgm.metrics._closeness import copies, nearer_to_training
from fdgm.metrics._judged import detection_score, utility
from fdgm.metrics._shapes import bounds_broken, levels_lost, missing_difference, pairs, precision_and_recall, shapes
from fdgm.tables import Positions, Schema


def made(n, seed, shift=0.0):
    rng = np.random.default_rng(seed)
    x = rng.normal(shift, 1, size=n)
    kind = np.where(x + rng.normal(size=n) > 0, "a", np.where(rng.random(n) < 0.5, "b", "c"))
    return pd.DataFrame(
        {"x": np.round(x, 2), "y": pd.Series(2 * x + rng.normal(size=n)).mask(rng.random(n) < 0.1), "kind": kind}
    )


TRAIN, TEST, FRESH = (made(1500, seed) for seed in range(3))
NONE, SOME = np.zeros(1, dtype=bool), np.ones(1, dtype=bool)


def column(*values):
    return np.array(values, dtype=float)[:, None]


def test_fresh_rows_cannot_be_told_and_others_can():
    assert table_score(TEST, FRESH) > 0.94
    assert table_score(TEST, made(1500, 2, shift=1.0)) < 0.75
    assert table_score(TEST, made(1500, 2, shift=9.0)) < 0.01


def test_independent_columns_are_told():
    rng = np.random.default_rng(0)
    apart = FRESH.apply(lambda c: c.to_numpy()[rng.permutation(len(c))])
    assert table_score(TEST, apart) < 0.5


def test_the_interval_covers_the_mean_over_draws():
    keep = ["x", "y"]
    draws = [(made(500, 10 + 2 * k)[keep], made(500, 11 + 2 * k, shift=1.0)[keep]) for k in range(8)]
    found = [detection_score(a.to_numpy(), b.to_numpy(), (0,)) for a, b in draws]
    mean = np.mean([figure.value for figure in found])
    assert 0.2 < mean < 0.9
    assert sum(figure.low < mean < figure.high for figure in found) >= 6
    assert all(figure.low < figure.value < figure.high for figure in found)


def xgboost_score(xgb, real, generated):
    label = np.repeat([1, 0], len(real))
    rows = np.concatenate([real, generated])
    found = []
    for seed in range(3):
        for inside, outside in StratifiedKFold(3, shuffle=True, random_state=seed).split(rows, label):
            judge = xgb.XGBClassifier(n_estimators=100, max_depth=6, n_jobs=1, random_state=seed)
            predicted = judge.fit(rows[inside], label[inside]).predict_proba(rows[outside])[:, 1]
            found.append(roc_auc_score(label[outside], predicted))
    return min(2 - 2 * np.mean(found), 1.0)


def coded(real, generated):
    schema = Schema.of(real)
    rows = [schema.encode(frame, unknown="missing") for frame in (real, generated)]
    positions = Positions.of(rows[0], schema.categorical, 0)
    for part in rows:
        for place in np.flatnonzero(schema.categorical):
            part[:, place] = positions.encode_column(place, part[:, place])
    return rows


@pytest.mark.slow
@pytest.mark.parametrize("shift", [0.0, 0.2, 0.5])
def test_the_score_agrees_with_xgboost(shift):
    xgb = pytest.importorskip("xgboost", reason="xgboost, a dependency of benchmarks, is not installed")
    real, generated = made(6000, 1), made(6000, 2, shift=shift)
    assert table_score(real, generated) == pytest.approx(xgboost_score(xgb, *coded(real, generated)), abs=0.02)


@pytest.mark.slow
@pytest.mark.data
def test_the_score_of_adult_agrees_with_xgboost():
    xgb = pytest.importorskip("xgboost", reason="xgboost, a dependency of benchmarks, is not installed")
    home = Path(os.environ.get("FDGM_DATA", "nowhere")) / "tables"
    if not home.is_dir():
        pytest.skip("FDGM_DATA names no folder with tables/")
    train, test = (pd.read_csv(home / f"adult-{part}.csv.gz") for part in ("train", "test"))
    rng = np.random.default_rng(0)
    test = test.iloc[rng.permutation(len(test))[:8000]].reset_index(drop=True)
    mixed = train.iloc[rng.permutation(len(train))[:8000]].reset_index(drop=True)
    wrong = rng.permutation(8000)
    for name in ("occupation", "age"):  # some columns know nothing of the others
        mixed[name] = mixed[name].to_numpy()[wrong]
    found = table_score(test, mixed)
    assert found == pytest.approx(xgboost_score(xgb, *coded(test, mixed)), abs=0.02)
    assert 0.05 < found < 0.95


def test_a_model_is_trained_on_samples_and_tested_on_rows():
    rng = np.random.default_rng(0)
    real, noise = rng.normal(size=(2, 800, 2))
    real[:, 1] = real[:, 0] > 0
    noise[:, 1] = rng.random(800) > 0.5
    assert utility(real, real, 1)[1].low > 0.999
    name, figure = utility(real, noise, 1)
    assert name == "auc"
    assert figure.low < 0.5 < figure.high or abs(figure.value - 0.5) < 0.1
    real[:, 1] = 3 * real[:, 0]
    assert utility(real, real, 1)[0] == "r2"
    assert utility(real, real, 1)[1].value > 0.98


def test_samples_near_training_rows_are_counted_with_half_of_the_ties():
    train, test = column(*range(0, 100, 2)), column(*range(1, 101, 2))
    assert nearer_to_training(train, test, train + 0.25, NONE).value == 1
    assert nearer_to_training(train, test, test + 0.25, NONE).value == pytest.approx(0.0, abs=0.021)
    assert nearer_to_training(train, test, train + 0.5, NONE).value == pytest.approx(0.5, abs=0.021)  # ties
    assert nearer_to_training(train % 4, train % 4, train, SOME).value == 0.5


def test_copies_are_whole_rows():
    rows = np.array([[1.0, np.nan], [2.0, 3.0]])
    assert copies(rows, np.array([[1.0, np.nan], [2.0, 4.0], [1.0, 3.0], [2.0, 3.0]])).value == 0.5


def test_columns_and_pairs_have_closed_forms():
    a, b = column(0, 0, 1, 1), column(0, 1, 1, 1)
    assert shapes(a, b, SOME).value == 0.75
    assert shapes(a, b, NONE).value == 0.75
    both, apart = np.hstack([a, a]), np.hstack([a, a[::-1]])
    two = np.ones(2, dtype=bool)
    assert pairs(both, both, two).value == 1
    assert pairs(both, apart, two).value == 0
    assert shapes(both, apart, two).value == 1


def test_precision_and_recall_of_the_same_and_of_others():
    rng = np.random.default_rng(0)
    real, same, narrow = rng.normal(size=(3, 1500, 3))
    precision, recall = precision_and_recall(real, same)
    assert precision.value > 0.95
    assert 0.4 < recall.value <= 1  # as of real rows: half have no sample within their nearest neighbour's distance
    assert precision_and_recall(real, 0.01 * narrow)[1].value < 0.1
    assert precision_and_recall(real, narrow + 9)[0].value < 0.05


def test_holes_levels_and_bounds():
    train = np.array([[0.0, 1.0], [1.0, 2.0], [2.0, np.nan], [0.0, 3.0]])
    rows = np.array([[0.0, 1.0], [1.0, 4.0], [1.0, np.nan], [0.0, np.nan]])
    free = np.array([True, False])
    assert missing_difference(train, rows).value == 0.25
    assert levels_lost(train, rows, free).value == pytest.approx(1 / 3)
    assert bounds_broken(train, rows, free).value == 0.25


@pytest.fixture(scope="module")
def table():
    return table_report(TRAIN, FRESH, TEST, target="kind")


def test_a_report_has_real_rows_and_independent_columns_beside_each_figure(table):
    assert list(table.columns) == ["value", "low", "high", "better", "real", "independent", "n_rows"]
    assert table.loc["score", "independent"] < 0.5 < 0.9 < table.loc["score", "real"]
    assert table.loc["nearer_to_train", "real"] > 0.98  # a few rows are in both
    assert table.loc["way_to_copying", "real"] == 1
    assert abs(table.loc["way_to_copying", "value"]) < 0.1
    assert table.loc["exact_copies", "real"] == 1
    assert table.loc["train_on_synthetic", "independent"] < table.loc["train_on_synthetic", "value"] - 0.1
    low, value, high = (table.loc["nearer_to_train", name] for name in ("low", "value", "high"))
    assert low < 0.5 < high
    assert low < value < high


def test_a_report_prints_and_has_pictures(table):
    assert "way_to_copying" in repr(table)
    assert "<svg" in table._repr_html_()


def test_arrays_and_other_libraries_are_taken():
    pl = pytest.importorskip("polars")
    pytest.importorskip("pyarrow")
    frames = [pl.from_pandas(frame.head(300)) for frame in (TRAIN, FRESH, TEST)]
    a = table_report(*frames, references=False)
    b = table_report(*(frame.head(300) for frame in (TRAIN, FRESH, TEST)), references=False)
    pd.testing.assert_frame_equal(pd.DataFrame(a), pd.DataFrame(b))
    X = np.random.default_rng(0).normal(size=(3, 100, 2))
    assert table_report(*X, references=False).loc["exact_copies", "value"] == 0


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"target": "colour"}, "target of table_report must be a column of train, .*got 'colour'"),
        ({"synthetic": FRESH.head(5)}, "synthetic of table_report must have at least 10 rows, got 5"),
        ({"test": TEST.drop(columns="x")}, "got none of \\['x'\\]"),
        ({"synthetic": FRESH.assign(x="a")}, "column 'x': it must hold numbers as in fit"),
        ({"references": 1}, "references of table_report must be a bool, got 1"),
    ],
)
def test_other_tables_are_refused(change, match):
    given = {"train": TRAIN, "synthetic": FRESH, "test": TEST, **change}
    with pytest.raises(ValueError, match=match):
        table_report(**given)
