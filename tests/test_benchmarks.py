"""What keeps the results of benchmarks: hours of measurement depend on it."""

import importlib
import json
from pathlib import Path

import pytest

from fdgm.exceptions import TrainingError


@pytest.fixture
def common(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1] / "benchmarks"))
    module = importlib.import_module("_common")
    monkeypatch.setattr(module, "RESULTS", tmp_path)
    monkeypatch.setattr(module.torch, "set_num_threads", lambda n: None)  # of a run's own process
    return module


def double(x):
    """A run, of which one fails."""
    if x == 3:
        raise TrainingError("three broke")
    return {"y": 2 * x}


def test_a_sweep_goes_on_where_it_was(common, monkeypatch):
    common.sweep("s", [{"x": 1}, {"x": 2}], double, n_jobs=1, note="n")
    common.update("s", summary=[4])
    asked = []
    wanted = common.sweep("s", [{"x": 2}, {"x": 4}], lambda x: asked.append(x) or double(x), n_jobs=1)
    assert asked == [4]
    assert [run["y"] for run in wanted] == [4, 8]
    kept = common.stored("s")
    assert [run["x"] for run in kept["runs"]] == [1, 2, 4]
    assert (kept["note"], kept["summary"]) == ("n", [4])


def test_a_training_that_failed_is_written_down_and_not_tried_again(common):
    jobs = [{"x": 3}, {"x": 5}]
    for _ in range(2):
        runs = common.sweep("s", jobs, double, n_jobs=1)
        assert [run.get("failed") for run in runs] == ["three broke", None]
    table = common.summary([{"k": "a", **run} for run in runs], ["k"], ["y"])
    assert table.to_dict("records") == [{"k": "a", "y": 10.0, "y low": 10.0, "y high": 10.0, "n": 2, "failed": 1}]


def test_each_run_keeps_the_processor_it_was_measured_on(common, monkeypatch):
    monkeypatch.setattr(common, "processor", lambda: "old")
    common.sweep("s", [{"x": 1}], double, n_jobs=1)
    monkeypatch.setattr(common, "processor", lambda: "new")
    common.sweep("s", [{"x": 2}], double, n_jobs=1)
    assert [run["cpu"] for run in common.finished("s")] == ["old", "new"]


def test_a_write_that_dies_leaves_the_file_whole(common, monkeypatch):
    common.update("s", run={"x": 1})
    monkeypatch.setattr(common.os, "replace", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        common.update("s", run={"x": 2})
    assert [run["x"] for run in json.loads((common.RESULTS / "s.json").read_text())["runs"]] == [1]
