"""A fit that stops in the middle of an iteration, by Ctrl-C, an error or the clock, is one of its last whole loop."""

import warnings
from itertools import count

import numpy as np
import pytest
import torch
from disturb import AtUpdate
from sklearn.exceptions import NotFittedError
from skorch.callbacks import Callback

import fdgm
from fdgm import AGEBidirectional
from fdgm.exceptions import TrainingWarning
from fdgm.nets import Clock, MultiNet
from fdgm.options import Checkpoint, Replay
from fdgm.options._plain_adam import PlainAdam
from fdgm.training import _checkpoint, _early_stopping


class Interrupts:
    """Wraps a function, and stands for a Ctrl-C at its nth call."""

    def __init__(self, function, nth):
        self.function = function
        self.nth = nth
        self.n_calls = 0

    def __call__(self, *args, **kwargs):
        self.n_calls += 1
        if self.n_calls == self.nth:
            raise KeyboardInterrupt
        return self.function(*args, **kwargs)


class InterruptsAt(Callback):
    """A Ctrl-C in a callback, at the end of that loop."""

    def __init__(self, loop):
        self.loop = loop

    def on_epoch_end(self, net, **kwargs):
        if len(net.history) == self.loop:
            raise KeyboardInterrupt


def interrupted(trainee, estimator):
    with pytest.raises(KeyboardInterrupt):
        trainee.fit(estimator)
    assert estimator.stop_reason_ == "interrupted"
    assert estimator.n_iter_ == len(estimator.history_) == len(estimator.replay_.progress)
    return estimator


@pytest.mark.parametrize("nth", [2, 5])
def test_an_interrupt_between_updates_goes_back_to_the_last_whole_loop(trainee, nth):
    callback = AtUpdate(KeyboardInterrupt(), nth, iteration=3)
    stopped = interrupted(trainee, trainee.make(replay=Replay([0.0] * 9), callbacks=[callback]))
    assert 2 <= stopped.n_iter_ < 9
    stopped.set_params(callbacks=None)
    whole = trainee.fit(trainee.make(replay=Replay([0.0] * stopped.n_iter_)))
    assert trainee.bits(stopped) == trainee.bits(whole)
    # And what is not seen, moments and random streams, is that of the whole loop too.
    assert trainee.bits(trainee.partial_fit(stopped)) == trainee.bits(trainee.partial_fit(whole))


def test_an_error_in_the_middle_of_a_loop_goes_back_too(trainee):
    callback = AtUpdate(RuntimeError("out of memory"), iteration=3)
    model = trainee.make(replay=Replay([0.0] * 9), callbacks=[callback])
    with pytest.raises(RuntimeError, match="out of memory"):
        trainee.fit(model)
    assert model.n_iter_ == 2
    assert trainee.bits(model) == trainee.bits(trainee.fit(trainee.make(replay=Replay([0.0] * 2))))


def test_an_interrupt_of_the_first_loop_leaves_no_fit(trainee):
    model = trainee.make(max_iter=3, callbacks=[AtUpdate(KeyboardInterrupt(), 2)])
    with pytest.raises(KeyboardInterrupt):
        trainee.fit(model)
    with pytest.raises(NotFittedError):
        trainee.bits(model)


def test_an_interrupt_in_a_callback_is_no_stop(trainee):
    stopped = interrupted(trainee, trainee.make(max_iter=9, callbacks=[InterruptsAt(2)]))
    assert stopped.n_iter_ == 2


@pytest.mark.parametrize("where", ["checkpoint", "comparison"])
def test_an_interrupt_of_a_write_or_a_comparison_is_raised_and_resumed(trainee, where, tmp_path, monkeypatch):
    params = {"max_iter": 4, "checkpoint": Checkpoint(tmp_path / "c", seconds=0)}
    whole = trainee.fit(trainee.stopping_early(**params))
    with monkeypatch.context() as patch:
        if where == "checkpoint":
            patch.setattr(_checkpoint, "write", Interrupts(_checkpoint.write, 3))
        elif trainee.is_ratio:
            original = Interrupts(fdgm.ratios._best.BestCritic.look, 4)  # the first is before the first loop
            patch.setattr(fdgm.ratios._best.BestCritic, "look", lambda *args: original(*args))
        else:
            patch.setattr(_early_stopping, "energy_distance", Interrupts(_early_stopping.energy_distance, 3))
        stopped = interrupted(trainee, trainee.stopping_early(**params))
    assert stopped.n_iter_ == 2
    assert (tmp_path / "c").exists()
    resumed = trainee.fit(trainee.stopping_early(**params))
    assert resumed.n_iter_ == 4
    assert trainee.bits(resumed) == trainee.bits(whole)
    assert not (tmp_path / "c").exists()


def test_an_interrupted_checkpoint_holds_the_last_whole_loop(trainee, tmp_path, monkeypatch):
    """Though it was not yet time to write one."""
    params = {"max_iter": 4, "checkpoint": Checkpoint(tmp_path / "c", seconds=1000)}
    stopped = interrupted(trainee, trainee.make(**params, callbacks=[InterruptsAt(3)]))
    assert stopped.n_iter_ == 3
    loops = count()
    resumed = trainee.make(**params, callbacks=[CountsLoops(loops)])
    trainee.fit(resumed)
    assert next(loops) == 1
    assert trainee.bits(resumed) == trainee.bits(trainee.fit(trainee.make(max_iter=4)))


class CountsLoops(Callback):
    def __init__(self, loops):
        self.loops = loops

    def on_epoch_end(self, net, **kwargs):
        next(self.loops)


class Ticks:
    """A clock that is one second later at each look."""

    def __init__(self):
        self.seconds = 0

    def __call__(self):
        self.seconds += 1
        return self.seconds


@pytest.mark.parametrize("seconds", [2.5, 6.5, 9.5, 14.5, 30.5, 47.5, 61.5])
def test_what_the_clock_ended_is_replayed_to_the_same_bits(trainee, seconds, monkeypatch):
    """At whatever step it did: in the warm-up, between updates of different networks, or in a later loop."""
    with monkeypatch.context() as patch:
        patch.setattr(Clock, "now", Ticks())
        timed = trainee.make(max_iter=None, max_seconds=seconds)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", TrainingWarning)
            trainee.fit(timed)
    assert timed.stop_reason_ == "max_seconds"
    assert timed.n_iter_ == len(timed.history_) >= 1
    assert (timed.replay_.n_inner_steps is None) or timed.n_iter_ == 1
    replayed = trainee.make(replay=timed.replay_)
    trainee.fit(replayed)
    assert trainee.bits(replayed) == trainee.bits(timed)
    assert replayed.replay_ == timed.replay_
    assert trainee.bits(trainee.partial_fit(replayed)) == trainee.bits(trainee.partial_fit(timed))


@pytest.mark.filterwarnings("ignore::fdgm.exceptions.ConstantRatioWarning")  # one update finds nothing
def test_a_first_loop_that_was_cut_says_so_and_is_stored(trainee, tmp_path):
    model = trainee.make(max_iter=None, max_seconds=1e-9)
    with pytest.warns(TrainingWarning, match=r"first iteration, after 1 of its .* Raise max_seconds .*1e-09"):
        trainee.fit(model)
    assert (model.n_iter_, model.replay_.n_inner_steps, model.stop_reason_) == (1, 1, "max_seconds")
    assert np.isfinite(np.frombuffer(trainee.bits(model))).all()
    model.save(tmp_path / "m")
    assert fdgm.load(tmp_path / "m").replay_.n_inner_steps == 1


def test_the_clock_discards_what_it_cuts_of_a_warm_start(trainee):
    model = trainee.fit(trainee.make(max_iter=2, warm_start=True))
    before = trainee.bits(model)
    model.set_params(max_iter=None, max_seconds=1e-9)
    with pytest.warns(TrainingWarning, match="nothing was learned"):
        trainee.fit(model)
    assert model.n_iter_ == 2
    assert trainee.bits(model) == before


def test_the_clock_is_looked_at_before_every_update(trainee, monkeypatch):
    """So that no more than one batch comes after the end: of the warm-up and of each network alike."""
    seen = []
    tick = MultiNet.tick
    monkeypatch.setattr(MultiNet, "tick", lambda net: (seen.append("tick"), tick(net))[1])
    for cls in (torch.optim.Adam, PlainAdam):
        step = cls.step
        monkeypatch.setattr(
            cls, "step", lambda *args, step=step, **kwargs: (seen.append("step"), step(*args, **kwargs))
        )
    trainee.fit(trainee.make(max_iter=2))
    allowed = 2 if isinstance(trainee.estimator, AGEBidirectional) else 1  # encoder and generator together
    runs = "".join(event[0] for event in seen).split("t")
    assert max(map(len, runs)) <= allowed
    assert "step" in seen
