"""Fits that two processes share. Each test starts them with a limit on their time, so that none can hang.

The limits include the start of the processes. Fits that meet trouble have a minute in all, without it.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import shared_jobs as jobs
import torch

import fdgm
from fdgm.options import Checkpoint

pytestmark = pytest.mark.slow

JOBS = Path(jobs.__file__)


def run(job, folder, *, limit, command=()):
    """Run a job in two processes. Return what each wrote, by the name of its file."""
    env = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, *command, JOBS, job, folder],
        env=env,
        timeout=limit,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    return {path.stem: json.loads(path.read_text()) for path in Path(folder).glob("*.json")}


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    found = run("fit_all", tmp_path_factory.mktemp("fitted"), limit=240)
    return found["0"], found["1"]


@pytest.fixture(scope="module")
def troubled(tmp_path_factory):
    found = run("trouble", tmp_path_factory.mktemp("troubled"), limit=240)
    return found["0"], found["1"]


@pytest.mark.parametrize("name", [*jobs.models(), "rows of its own"])
def test_all_processes_end_with_the_same_weights_and_moments(fitted, name):
    first, second = fitted
    assert first[name]["weights"] == second[name]["weights"]


@pytest.mark.parametrize("name", jobs.models())
def test_all_processes_have_one_history_and_streams_of_their_own(fitted, name):
    first, second = fitted
    assert first[name]["history"] == second[name]["history"]
    assert first[name]["n_processes"] == [2, 2]
    assert all(a != b for a, b in zip(first[name]["streams"], second[name]["streams"], strict=True))


def test_particles_of_all_processes_are_recorded(fitted):
    assert fitted[0]["vgrow maps"]["particles"] == [16384, 2]


def test_the_scaling_is_learned_from_the_rows_of_all(fitted):
    X = np.concatenate([jobs.rows(200 + 50 * rank, shift=3.0 * rank, seed=rank) for rank in range(2)])
    expected = fdgm.VGrowSampler(max_iter=1).fit(X)._scaler.mean
    for found in fitted:
        np.testing.assert_allclose(found["rows of its own"]["mean"], expected, rtol=1e-12)
        assert found["rows of its own"]["n_rows"] == len(X)


def test_a_step_takes_the_gradient_over_the_rows_of_all(fitted):
    layer = torch.nn.Linear(3, 1, dtype=torch.float32)
    with torch.no_grad():
        layer.weight.fill_(1.0)
        layer.bias.fill_(0.0)
    x = torch.arange(24.0).view(8, 3)
    layer(x).square().mean().backward()
    assert fitted[0]["gradient"] == fitted[1]["gradient"]
    np.testing.assert_allclose(fitted[0]["gradient"], layer.weight.grad.tolist(), rtol=1e-6)


def test_alone_a_process_fits_by_itself(fitted):
    first, second = fitted
    assert first["alone"]["weights"] != second["alone"]["weights"]
    assert "n_processes" not in first["alone"]["columns"]


def test_losses_are_those_of_one_process_with_the_whole_batch(tmp_path):
    shared = run("curves", tmp_path, limit=240)["0"]
    for name, curves in shared.items():
        alone = np.array([jobs.curve(jobs.fit(jobs.curve_models(seed)[name], jobs.rows())) for seed in range(6)])
        difference = np.abs(np.mean(curves, axis=0) - alone.mean(axis=0))
        error = alone.std(axis=0, ddof=1) * np.sqrt(1 / len(curves) + 1 / len(alone))
        assert (difference <= 4 * error).all(), (name, difference / error)


@pytest.mark.parametrize("name", ["stop", "nan", "explosion"])
def test_what_ends_training_in_one_process_ends_it_in_all(troubled, name):
    reason = {"stop": "enough", "nan": "non_finite", "explosion": "explosion"}[name]
    for found in troubled:
        assert (found[name]["stop_reason"], found[name]["n_iter"], found[name]["error"]) == (reason, 2, None)
    assert troubled[0][name]["weights"] == troubled[1][name]["weights"]


@pytest.mark.parametrize("name", ["nan", "explosion"])
def test_one_process_warns_for_all(troubled, name):
    assert [len(found[name]["warnings"]) for found in troubled] == [1, 0]


def test_an_interrupt_of_one_process_is_raised_in_all(troubled):
    for found in troubled:
        assert found["interrupt"]["error"].startswith("KeyboardInterrupt: process 1 of 2 was interrupted")
        assert (found["interrupt"]["stop_reason"], found["interrupt"]["n_iter"]) == ("interrupted", 2)


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("fail", "OSError: no such row"),
        ("no rows", "ValueError: Found array with 0 sample(s)"),
        ("no rows left", "EOFError: the source is empty"),
    ],
)
def test_an_error_of_one_process_is_named_in_the_other(troubled, name, error):
    first, second = (found[name]["error"] for found in troubled)
    assert second.startswith(error)
    assert first.startswith("TrainingError: The fit has ended in all processes")
    assert f"process 1 of 2 ended it: VGrowSampler: {error}" in first


def test_processes_that_fit_different_estimators_are_told(troubled):
    for found in troubled:
        assert "got max_iter '2' in process 0 and '3' in process 1" in found["other parameters"]["error"]


def test_one_clock_ends_all_processes(troubled):
    first, second = (found["other budget"] for found in troubled)
    assert first["stop_reason"] == second["stop_reason"] == "max_seconds"
    assert (first["n_iter"], first["weights"]) == (second["n_iter"], second["weights"])


def test_after_all_that_processes_still_fit_together(troubled):
    first, second = (found["fine again"] for found in troubled)
    assert first["error"] is second["error"] is None
    assert first["weights"] == second["weights"]


def test_a_killed_process_costs_an_iteration_and_no_bit(tmp_path):
    (tmp_path / "killed").mkdir()
    (tmp_path / "unharmed").mkdir()
    killed = run("killed", tmp_path / "killed", limit=240)
    unharmed = run("unharmed", tmp_path / "unharmed", limit=240)
    assert set(killed) == {"0-1", "1-1"}
    assert killed["0-1"]["weights"] == killed["1-1"]["weights"] == unharmed["0-0"]["weights"]
    assert killed["0-1"]["iterations"] == [1, 2, 3, 4, 2, 3, 4]  # the first fit anew, the second from its checkpoint


def test_a_fit_goes_on_in_another_number_of_processes_and_says_so(tmp_path):
    run("leave_half", tmp_path, limit=240)
    checkpoint = Checkpoint(tmp_path / "half", seconds=1e9)
    model = jobs.models(max_iter=4, checkpoint=checkpoint)["gan"].fit(jobs.rows())
    assert model.history_["n_processes"].tolist() == [2, 2, 1, 1]
    model.save(tmp_path / "model.fdgm")
    loaded = fdgm.load(tmp_path / "model.fdgm")
    assert loaded.history_["n_processes"].tolist() == [2, 2, 1, 1]


def test_torchrun_fits_and_one_process_loads(tmp_path):
    command = ("-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2")
    found = run("save", tmp_path, limit=240, command=command)
    assert found["0"]["weights"] == found["1"]["weights"]
    model = fdgm.load(tmp_path / "model.fdgm")
    np.testing.assert_array_equal(model.sample(3, random_state=0), found["0"]["sample"])


@pytest.mark.filterwarnings(
    "ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::ResourceWarning"
)  # of Ray itself
def test_ray_trains_and_one_process_loads(tmp_path):
    ray = pytest.importorskip("ray", reason="ray is not installed")
    from ray.train import ScalingConfig
    from ray.train.torch import TorchTrainer

    where = os.pathsep.join([str(JOBS.parent), *filter(None, sys.path)])  # workers import the jobs and fdgm from there
    ray.init(num_cpus=2, runtime_env={"env_vars": {"PYTHONPATH": where, "OMP_NUM_THREADS": "1"}})
    try:
        TorchTrainer(
            jobs.save, train_loop_config=str(tmp_path), scaling_config=ScalingConfig(num_workers=2, use_gpu=False)
        ).fit()
    finally:
        ray.shutdown()
    found = json.loads((tmp_path / "0.json").read_text())
    np.testing.assert_array_equal(fdgm.load(tmp_path / "model.fdgm").sample(3, random_state=0), found["sample"])
