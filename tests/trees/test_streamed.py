"""Tables from sources that are larger than memory."""

import numpy as np
import pandas as pd
import pytest

from fdgm import TreeSampler
from fdgm.trees._streamed import sampled_table


def table(n, seed=0):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "x": rng.normal(size=n),
            "when": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 1000, n), unit="D"),
            "kind": rng.choice(["a", "b"], n),
        }
    )


def batches(frame, size=1000):
    return (frame.iloc[start : start + size] for start in range(0, len(frame), size))


def test_a_small_source_comes_whole_and_gives_the_same_model():
    frame = table(300)
    found, n = sampled_table(batches(frame, 70), "X", 0)
    pd.testing.assert_frame_equal(found, frame)
    assert n == 300
    streamed, whole = (TreeSampler(n_trees=2, random_state=0).fit(X).sample(50) for X in (batches(frame), frame))
    pd.testing.assert_frame_equal(streamed, whole)


def test_rows_with_extremes_and_rare_levels_are_always_drawn():
    frame = table(20_000)
    frame.loc[12_345, "x"], frame.loc[777, "x"], frame.loc[15_000, "kind"] = 99.0, -99.0, "rare"
    for seed in range(3):
        found, n = sampled_table(batches(frame), "X", seed, most_rows=500)
        assert n == 20_000
        assert 500 <= len(found) <= 500 + 7
        assert (found["x"].min(), found["x"].max()) == (-99.0, 99.0)
        assert (found["when"].min(), found["when"].max()) == (frame["when"].min(), frame["when"].max())
        assert set(found["kind"]) == {"a", "b", "rare"}


def test_all_rows_are_drawn_equally_often():
    frame = pd.DataFrame({"i": np.arange(2000.0)})
    drawn = np.concatenate(
        [sampled_table(batches(frame, 300), "X", seed, most_rows=200)[0]["i"] for seed in range(100)]
    )
    counts, _ = np.histogram(drawn, bins=10, range=(0, 2000))
    expected = len(drawn) / 10
    assert (np.abs(counts - expected) < 5 * np.sqrt(expected)).all()


def test_arrays_stay_arrays_and_the_seed_decides():
    X = np.random.default_rng(0).normal(size=(900, 3))
    parts = [X[:400], X[400:]]
    (first, _), (same, _), (other, _) = (sampled_table(iter(parts), "X", seed, most_rows=50) for seed in (0, 0, 1))
    assert isinstance(first, np.ndarray)
    np.testing.assert_array_equal(first, same)
    assert not np.array_equal(first, other)


def test_parquet_files_are_read(tmp_path):
    pytest.importorskip("pyarrow")
    frame = table(400)
    frame.iloc[:200].to_parquet(tmp_path / "a.parquet")
    frame.iloc[200:].to_parquet(tmp_path / "b.parquet")
    sampler = TreeSampler(n_trees=2, random_state=0).fit(f"{tmp_path}/*.parquet")
    assert list(sampler.sample(5).columns) == list(frame.columns)
    assert sampler._seen["rows"] == 400


def test_no_rows_and_a_y_are_refused():
    with pytest.raises(ValueError, match="must have rows, got none"):
        TreeSampler().fit(iter([]))
    with pytest.raises(ValueError, match='must not be "y" where X is read from a source'):
        TreeSampler(condition="y").fit(batches(table(10)), np.zeros(10))
