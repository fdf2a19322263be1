"""A process by itself, and the start of several."""

import os

import pytest
import torch

import fdgm
from fdgm.distributed import _launch, alone, current, launch, together


def test_a_group_of_one_gives_back_what_it_was_given():
    group = current()
    rows = torch.arange(6.0).view(3, 2)
    assert (group.rank, group.size) == (0, 1)
    assert (group.share(7), group.first("a"), group.each("a")) == (7, "a", ["a"])
    assert group.mean(rows) is rows
    assert group.part(rows) is rows
    assert group.gather(rows) is rows
    before = rows.clone()
    group.average([rows])
    group.broadcast([rows])
    assert torch.equal(rows, before)


def test_without_torch_distributed_a_fit_is_alone():
    with together("test") as group:
        assert group.size == 1
    with alone():
        assert current().size == 1


def test_an_error_leaves_a_fit_as_it_came():
    with pytest.raises(KeyError, match="mine"), together("test"):
        raise KeyError("mine")


def test_no_figure_of_processes_is_in_a_fit_of_one(tmp_path):
    model = fdgm.VGrowSampler(max_iter=1, random_state=0).fit([[0.0], [1.0], [2.0]])
    assert "n_processes" not in model.history_


def test_launch_gives_workers_a_store_of_their_own_while_they_run(monkeypatch):
    seen = {}

    class Elastic:
        def __init__(self, config, entrypoint):
            seen["config"], seen["store"] = config, os.environ["TORCH_DISABLE_SHARE_RDZV_TCP_STORE"]

        def __call__(self, fn, args, n_processes):
            return {0: fn(*args), 1: "other"}

    monkeypatch.setattr("torch.distributed.launcher.api.elastic_launch", Elastic)
    monkeypatch.delenv("TORCH_DISABLE_SHARE_RDZV_TCP_STORE", raising=False)
    assert launch(max, (2, 5), n_processes=3, max_restarts=0) == 5
    assert (seen["config"].nproc_per_node, seen["config"].max_restarts, seen["store"]) == (3, 0, "1")
    assert "TORCH_DISABLE_SHARE_RDZV_TCP_STORE" not in os.environ
    monkeypatch.setenv("TORCH_DISABLE_SHARE_RDZV_TCP_STORE", "0")
    with _launch._own_store():
        assert os.environ["TORCH_DISABLE_SHARE_RDZV_TCP_STORE"] == "1"
    assert os.environ["TORCH_DISABLE_SHARE_RDZV_TCP_STORE"] == "0"


@pytest.mark.parametrize("wrong", [{"n_processes": 0}, {"max_restarts": -1}])
def test_launch_refuses_numbers_of_nothing(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        launch(print, **wrong)
