"""What keeps the results of benchmarks, since hours of measurement depend on it, and the table of what is run."""

import ast
import importlib
import json
from pathlib import Path

import numpy as np
import pytest

import fdgm
from fdgm.exceptions import TrainingError
from fdgm.metrics import energy_distance

ROOT = Path(__file__).parents[1]


@pytest.fixture
def common(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))
    module = importlib.import_module("benchmarks._common")
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


@pytest.fixture
def runner(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))
    return importlib.import_module("benchmarks.__main__")


def arguments_of(path):
    """The options that a module declares, positional choices too."""
    calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    named = {"add_argument", "add_parser"}
    declared = [call.args for call in calls if getattr(call.func, "attr", None) in named and call.args]
    return {arg.value for args in declared for arg in args if isinstance(arg, ast.Constant)}


def test_every_benchmark_is_in_the_table_and_the_table_names_no_other(runner):
    files = [path for path in (ROOT / "benchmarks").glob("*/*.py") if not path.name.startswith("_")]
    modules = {f"{path.parent.name}.{path.stem}" for path in files} - {"classifiers.train"}
    assert {module for module, *_ in runner.table()} == modules


def test_the_arguments_of_the_table_are_declared(runner):
    for module, *arguments in runner.table():
        declared = arguments_of(ROOT / "benchmarks" / f"{module.replace('.', '/')}.py")
        for argument in arguments:
            assert argument in declared or argument.isdigit(), f"{module} {argument}"


def test_a_folder_or_a_module_is_chosen_by_name(runner):
    assert [module for module, *_ in runner.chosen(["vgrow"])] == ["vgrow.published_way", "vgrow.images"]
    assert runner.chosen(["dgflow.plane"]) == [["dgflow.plane", "table1"], ["dgflow.plane", "grid"]]
    assert len(runner.chosen([])) == len(runner.table())
    with pytest.raises(SystemExit, match="got nothing_of_it"):
        runner.chosen(["vgrow", "nothing_of_it"])


def test_the_page_of_aims_is_that_of_the_results(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))
    aims = importlib.import_module("benchmarks.aims")
    assert aims.PAGE.read_text() == aims.page(), "write it again: python -m benchmarks.aims"


@pytest.mark.parametrize("data", ["grid", "swiss_roll"])
def test_the_stored_models_load_and_are_near_their_data(monkeypatch, data):
    monkeypatch.syspath_prepend(str(ROOT))
    maker = importlib.import_module("benchmarks.gan.wgan_gp_2d")
    model = fdgm.load(maker.MODELS / f"wgan_gp_{data}.fdgm")
    expected = maker.sampler(maker.MODELS / "x.fdgm", 10_000, 0).set_params(checkpoint=None, verbose="auto")
    assert str(model) == str(expected), "the file holds other parameters than the script that makes it"
    assert (model.n_iter_, model.stop_reason_, len(model.history_)) == (100, "max_iter", 100)
    X, S = maker.rows(data, 500, 1), model.sample(500, random_state=0)
    assert energy_distance(X, S) < energy_distance(X, X + 0.1)
    assert np.isfinite(model.log_ratio(X)).all()
