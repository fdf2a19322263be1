"""Data that come from files or in batches: the bits of a fit on the same rows in memory, names, and bad sources."""

import gc
import os
import resource

import numpy as np
import pandas as pd
import pytest
import torch
from torch.utils.data import DataLoader, Dataset, IterableDataset, TensorDataset

from fdgm import VGrowSampler
from fdgm.architectures import MLP
from fdgm.inputs import spooled
from fdgm.options import Network
from fdgm.ratios import LogisticRatio

pa = pytest.importorskip("pyarrow")
N = 500


@pytest.fixture(scope="module")
def table():
    return pd.DataFrame(np.random.default_rng(0).normal([1, -2, 3], [1, 2, 0.5], (N, 3)), columns=["a", "b", "c"])


def write(table, folder, n_files=1):
    folder.mkdir(exist_ok=True)
    for k, index in enumerate(np.array_split(np.arange(len(table)), n_files)):
        table.iloc[index].to_parquet(folder / f"{k}.parquet", index=False, row_group_size=100)
    return folder


def vgrow():
    small = {"architecture": MLP(width=8, depth=1), "batch_size": 32, "max_iter": 2, "random_state": 0}
    return VGrowSampler(**small, generator=Network(n_particles=64, n_particle_steps=2, n_warmup_steps=3))


def sources(table, tmp_path):
    import pyarrow.dataset as ds
    import zarr

    folder = write(table, tmp_path / "parts", n_files=3)
    array = np.ascontiguousarray(table.to_numpy())
    np.save(tmp_path / "rows.npy", array)
    table.to_feather(tmp_path / "rows.feather")
    tensors = TensorDataset(torch.from_numpy(array), torch.zeros(N))
    stored = zarr.create_array(str(tmp_path / "rows.zarr"), shape=array.shape, chunks=(128, 3), dtype="f8")
    stored[:] = array

    class Streamed(IterableDataset):
        def __iter__(self):
            return iter(tensors)

    return {
        "file": write(table, tmp_path / "one") / "0.parquet",
        "folder": str(folder),
        "glob": str(folder / "*.parquet"),
        "feather": tmp_path / "rows.feather",
        "arrow data set": ds.dataset(folder),
        "arrow reader": pa.Table.from_pandas(table).to_reader(max_chunksize=90),
        "npy": tmp_path / "rows.npy",
        "zarr": stored,
        "torch data set": tensors,
        "torch stream": Streamed(),
        "loader": DataLoader(tensors, batch_size=64),
        "generator of arrays": (array[i : i + 90] for i in range(0, N, 90)),
        "generator of tables": (table.iloc[i : i + 90] for i in range(0, N, 90)),
    }


NAMED = ("file", "folder", "glob", "feather", "arrow data set", "arrow reader", "generator of tables")


@pytest.mark.parametrize("name", [*NAMED, "npy", "zarr", "torch data set", "torch stream", "loader",
                                  "generator of arrays"])  # fmt: skip
def test_a_fit_has_the_bits_of_a_fit_on_the_array_in_memory(table, tmp_path, name):
    expected = vgrow().fit(np.ascontiguousarray(table.to_numpy())).sample(20, random_state=1)
    model = vgrow().fit(sources(table, tmp_path)[name])
    samples = model.sample(20, random_state=1)
    if name in NAMED:
        assert list(samples.columns) == list(table.columns)
        assert model.feature_names_in_.tolist() == list(table.columns)
    np.testing.assert_array_equal(np.asarray(samples), expected)


def test_columns_are_put_in_the_order_at_fit(table, tmp_path):
    model = vgrow().fit(table)
    other = write(table[["c", "a", "b"]], tmp_path / "other")
    np.testing.assert_array_equal(model.log_ratio(other), model.log_ratio(table))
    with pytest.raises(ValueError, match=r"must have the columns of .* by name"):
        model.log_ratio(write(table.rename(columns={"a": "z"}), tmp_path / "renamed"))


def test_a_ratio_takes_two_files(table, tmp_path):
    P, Q = table.iloc[:250], table.iloc[250:] + 0.5
    ratio = LogisticRatio(architecture=MLP(width=8, depth=1), max_iter=2, n_critic_steps=3, random_state=0)
    expected = ratio.fit(P, Q).log_ratio(P)
    found = ratio.fit(write(P, tmp_path / "p"), write(Q[["b", "a", "c"]], tmp_path / "q")).log_ratio(P)
    np.testing.assert_array_equal(found, expected)


def test_images_of_a_data_set_are_arrays():
    image = pytest.importorskip("PIL.Image")

    class Images(Dataset):
        def __len__(self):
            return 7

        def __getitem__(self, i):
            return image.fromarray(np.full((4, 5), i, dtype=np.uint8)), "label"

    rows = spooled(Images(), "X")
    assert rows.shape == (7, 4, 5)
    assert rows[:, 0, 0].tolist() == list(range(7))


def test_float32_stays(table, tmp_path):
    model = vgrow().fit(write(table.astype(np.float32), tmp_path / "single"))
    assert (model.sample(3).dtypes == np.float32).all()


def test_missing_values_are_found_by_row_and_column(table, tmp_path):
    holes = table.copy()
    holes.loc[333, "b"] = np.nan
    with pytest.raises(ValueError, match="got NaN at row 333, column 'b'"):
        vgrow().fit(write(holes, tmp_path / "holes", n_files=4))


@pytest.mark.parametrize(("make", "error", "message"), [
    (lambda path: path / "nothing.parquet", FileNotFoundError, "must be a file, a folder or a pattern"),
    (lambda path: iter(()), ValueError, "X of VGrowSampler must have rows, got none"),
    (lambda path: iter([np.zeros((5, 2)), np.zeros((5, 3))]), ValueError, "all with rows of one shape"),
    (lambda path: iter([np.zeros(5)]), ValueError, "must come in batches of shape"),
    (lambda path: iter([pd.DataFrame({"a": ["x", "y"]})]), ValueError, "must hold numbers, got strings in column 'a'"),
    (lambda path: iter([pd.DataFrame({"a": [1.0]}), pd.DataFrame({"b": [1.0]})]), ValueError, "by name"),
])  # fmt: skip
def test_bad_sources(tmp_path, make, error, message):
    with pytest.raises(error, match=message):
        vgrow().fit(make(tmp_path))


def test_a_file_that_is_no_table_is_refused(tmp_path):
    (tmp_path / "rows.parquet").write_bytes(b"nonsense" * 100)
    with pytest.raises(ValueError, match="must be Parquet, Feather"):
        vgrow().fit(tmp_path / "rows.parquet")


def test_the_copy_goes_with_the_fit(table, tmp_path, monkeypatch):
    """The temporary file has no name, and nothing of it is open after the fit."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    before = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else None
    model = vgrow().fit(table.to_numpy()[i : i + 50] for i in range(0, N, 50))
    gc.collect()
    assert os.listdir(tmp_path) == []
    if before is not None:
        assert len(os.listdir("/proc/self/fd")) <= before
    assert model.sample(3).shape == (3, 3)


def test_memory_does_not_grow_with_the_rows():
    """100 MB of rows pass through a process whose anonymous memory grows by less than a fifth of that."""

    def batches():
        rng = np.random.default_rng(0)
        for _ in range(50):
            yield rng.normal(size=(25_000, 10))

    spooled(iter([np.zeros((10, 10))]), "X")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    rows = spooled(batches(), "X")
    assert rows.shape == (1_250_000, 10)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000  # kilobytes
