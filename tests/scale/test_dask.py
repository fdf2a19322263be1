"""Samples, scores and files on a cluster of two workers, beside one process."""

import joblib
import numpy as np
import pandas as pd
import pytest

import fdgm
from fdgm.ratios import RuLSIF

distributed = pytest.importorskip("distributed")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def cluster():
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as made,
        distributed.Client(made) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def model():
    X = np.random.default_rng(0).normal(size=(300, 2))
    return fdgm.VGrowSampler(max_iter=2, random_state=0).fit(pd.DataFrame(X, columns=["a", "b"]))


def test_files_have_the_bytes_of_one_process(cluster, model, tmp_path):
    model.sample_to(tmp_path / "one", 3_000, part_size=1_000, random_state=0)
    with joblib.parallel_config(backend="dask"):
        model.sample_to(tmp_path / "two", 3_000, part_size=1_000, random_state=0)
    one, two = ([file.read_bytes() for file in sorted((tmp_path / name).iterdir())] for name in ("one", "two"))
    assert len(one) == 3
    assert one == two


def test_partitions_are_scored_by_a_model_from_its_file(cluster, model, tmp_path):
    dd = pytest.importorskip("dask.dataframe")
    model.save(tmp_path / "model.fdgm")
    path = str(tmp_path / "model.fdgm")
    table = model.sample(200, random_state=1)

    def score(part):
        return part.assign(log_ratio=fdgm.load(path).log_ratio(part[["a", "b"]]))

    meta = table.assign(log_ratio=0.0)
    found = dd.from_pandas(table, npartitions=2).map_partitions(score, meta=meta).compute()
    np.testing.assert_allclose(found["log_ratio"], model.log_ratio(table), rtol=1e-6)  # products of other sizes


def test_a_refiner_moves_its_samples_on_workers(cluster):
    X = np.random.default_rng(0).normal(size=(300, 2))
    refiner = fdgm.DGflowRefiner(
        fdgm.VGrowSampler(max_iter=2, random_state=0), ratio=RuLSIF(width=1.0), step_size=0.01, n_steps=2, stop=None,
        refresh=None, random_state=0, n_jobs=2,
    ).fit(X)  # fmt: skip
    alone = refiner.sample(3_000, random_state=0)
    with joblib.parallel_config(backend="dask"):
        np.testing.assert_array_equal(refiner.sample(3_000, random_state=0), alone)
