"""Samples in files: the same rows for any number of processes, whole files, and what a folder must be."""

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from small import NAMES, small

from fdgm import TreeSampler


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    return pd.DataFrame({"n": rng.normal(size=200), "k": rng.choice(["a", "b"], 200), "i": rng.integers(5, size=200)})


@pytest.fixture(scope="module")
def model(table):
    return TreeSampler(random_state=0).fit(table)


def sampling():
    return [name for name in NAMES if hasattr(small(name), "sample_to")]


def read(folder):
    return {file.name: pd.read_parquet(file) for file in sorted(folder.iterdir())}


@pytest.mark.parametrize("name", sampling())
def test_every_generative_estimator_writes_what_its_parts_are(name, tmp_path):
    X = np.random.default_rng(1).normal(size=(40, 2))
    model = clone(small(name)).fit(X)
    files = model.sample_to(tmp_path, 25, part_size=10, random_state=3)
    parts = [pd.read_parquet(file) for file in files]
    assert [len(part) for part in parts] == [10, 10, 5]
    assert [list(part.columns) for part in parts] == [["x0", "x1"]] * 3
    rows = np.concatenate(parts)
    assert np.isfinite(rows).all()
    assert len(np.unique(rows, axis=0)) > 10  # the parts are not copies of one another


@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_the_files_do_not_depend_on_the_number_of_workers(model, tmp_path, backend):
    alone, together = tmp_path / "1", tmp_path / "2"
    model.sample_to(alone, 90, part_size=40, random_state=0)
    with joblib.parallel_config(backend=backend, n_jobs=2):
        model.sample_to(together, 90, part_size=40, random_state=0)
    assert [file.read_bytes() for file in sorted(alone.iterdir())] == [
        file.read_bytes() for file in sorted(together.iterdir())
    ]


def test_a_table_keeps_its_columns_and_dtypes(model, table, tmp_path):
    (file,) = model.sample_to(tmp_path, 30, random_state=0)
    part = pd.read_parquet(file)
    assert list(part.columns) == list(table.columns)
    assert part.dtypes.astype(str).tolist() == table.dtypes.astype(str).tolist()


def test_a_condition_holds_in_every_part(model, tmp_path):
    model.sample_to(tmp_path, 60, part_size=20, given={"k": "b"}, random_state=0)
    assert {value for part in read(tmp_path).values() for value in part["k"]} == {"b"}


def test_calls_without_a_seed_advance_the_models_stream(table, tmp_path):
    model = TreeSampler(random_state=0).fit(table)
    first, second = (read(tmp_path / name) for name in "ab" if model.sample_to(tmp_path / name, 20))
    assert not first["part-00000.parquet"].equals(second["part-00000.parquet"])


def test_images_are_arrays(tmp_path):
    from fdgm import GANSampler
    from fdgm.architectures import MLP

    X = np.random.default_rng(0).random((40, 1, 4, 4)).astype(np.float32)
    gan = GANSampler(architecture=MLP(width=8, depth=1), max_iter=1, batch_size=16, random_state=0).fit(X)
    (file,) = gan.sample_to(tmp_path, 12, random_state=0)
    assert file.name == "part-00000.npy"
    rows = np.load(file)
    assert (rows.shape, rows.dtype) == ((12, 1, 4, 4), np.float32)


def test_a_folder_with_something_in_it_is_left_alone(model, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(FileExistsError, match="must be an empty folder"):
        model.sample_to(tmp_path, 10)
    assert [file.name for file in tmp_path.iterdir()] == ["notes.txt"]


def test_a_part_that_fails_leaves_no_file_of_that_name(model, tmp_path, monkeypatch):
    monkeypatch.setattr("pyarrow.parquet.write_table", lambda *args: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        model.sample_to(tmp_path, 10)
    assert not list(tmp_path.glob("part-*"))


@pytest.mark.parametrize(("params", "error", "message"), [
    ({"n_samples": 0}, ValueError, "n_samples of sample_to"),
    ({"part_size": 0}, ValueError, "part_size of sample_to"),
    ({"return_y": True}, TypeError, "return_y"),
    ({"colour": "red"}, TypeError, "colour"),
])  # fmt: skip
def test_bad_arguments(model, tmp_path, params, error, message):
    with pytest.raises(error, match=message):
        model.sample_to(tmp_path, **{"n_samples": 5, **params})


def test_before_fit(tmp_path):
    with pytest.raises(NotFittedError):
        TreeSampler().sample_to(tmp_path, 5)
