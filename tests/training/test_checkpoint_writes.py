"""A checkpoint that cannot be written is found out before training, and does not end it later."""

import errno
import sys
import warnings
from itertools import count

import numpy as np
import pytest
from disturb import AtUpdate
from sklearn.exceptions import NotFittedError
from skorch.callbacks import Callback

from fdgm.exceptions import TrainingWarning
from fdgm.options import Checkpoint
from fdgm.training import _checkpoint


@pytest.mark.parametrize("place", ["missing/c", "a_file/c", "a_folder"])
def test_a_path_that_cannot_be_written_is_refused_before_the_first_update(trainee, place, tmp_path):
    (tmp_path / "a_file").write_bytes(b"")
    (tmp_path / "a_folder").mkdir()
    updated = AtUpdate(AssertionError("an update came first"))
    model = trainee.make(max_iter=1, checkpoint=Checkpoint(tmp_path / place, seconds=1000), callbacks=[updated])
    named = rf"checkpoint of {type(model).__name__}.*{place.partition('/')[0]}"
    with pytest.raises((OSError, ValueError), match=named):
        trainee.fit(model)
    with pytest.raises(NotFittedError):
        trainee.bits(model)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a_file", "a_folder"]


def test_a_full_disk_is_found_out_before_the_first_update(trainee, tmp_path, monkeypatch):
    def full(*args):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(_checkpoint, "write", full)
    with pytest.raises(OSError, match=r"checkpoint of .* must be a path that can be written.*No space left") as error:
        trainee.fit(trainee.make(max_iter=1, checkpoint=tmp_path / "c"))
    assert error.value.errno == errno.ENOSPC


def test_a_write_that_fails_later_warns_once_and_training_goes_on(trainee, tmp_path, monkeypatch):
    """The file holds what was last written, from which a fit goes on."""
    path = tmp_path / "c"
    write, n_written, kept = _checkpoint.write, count(), []

    def fills_up(*args):
        if next(n_written) >= 2:  # the trial, and the first loop
            raise OSError(errno.ENOSPC, "No space left on device")
        write(*args)
        kept.append(path.read_bytes())

    class Looks(Callback):
        def on_epoch_end(self, net, **kwargs):
            if len(net.history) > 2:
                kept.append(path.read_bytes())

    params = {"max_iter": 5, "checkpoint": Checkpoint(path, seconds=0)}
    monkeypatch.setattr(_checkpoint, "write", fills_up)
    model = trainee.make(**params, callbacks=[Looks()])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        trainee.fit(model)
    told = [warning for warning in caught if "could not be written" in str(warning.message)]
    assert len(told) == 1
    assert issubclass(told[0].category, TrainingWarning)
    assert model.n_iter_ == 5
    assert len(kept) == 5
    assert len(set(kept[1:])) == 1
    monkeypatch.undo()
    path.write_bytes(kept[-1])
    assert trainee.bits(trainee.fit(trainee.make(**params))) == trainee.bits(model)


def test_a_fit_that_was_killed_before_its_first_loop_ended_begins_at_the_beginning(trainee, tmp_path):
    params = {"max_iter": 2, "checkpoint": Checkpoint(tmp_path / "c", seconds=0)}

    with pytest.raises(RuntimeError, match="killed"):
        trainee.fit(trainee.make(**params, callbacks=[AtUpdate(RuntimeError("killed"))]))
    assert (tmp_path / "c").exists()
    assert trainee.bits(trainee.fit(trainee.make(**params))) == trainee.bits(trainee.fit(trainee.make(max_iter=2)))


@pytest.mark.parametrize("stream", ["closed", "none", "full"])
def test_a_bar_that_cannot_be_shown_stops_nothing(trainee, stream, monkeypatch):
    class Full:
        encoding = "utf-8"

        def write(self, text):
            raise OSError(errno.ENOSPC, "No space left on device")

        def flush(self):
            pass

    class Closed(Full):
        closed = True

    monkeypatch.setattr(sys, "stderr", {"closed": Closed(), "none": None, "full": Full()}[stream])
    model = trainee.fit(trainee.make(max_iter=2, verbose=1))
    assert trainee.bits(model) == trainee.bits(trainee.fit(trainee.make(max_iter=2)))


def test_a_history_has_no_columns_of_what_was_not_taken(trainee):
    held_out = {"held_out_distance", "held_out_loss"}
    nothing = {"validation_fraction": None} if trainee.is_ratio else {}
    without = trainee.fit(trainee.make(max_iter=2, **nothing)).history_
    with_some = trainee.fit(trainee.stopping_early(max_iter=2)).history_
    assert not held_out & set(without)
    assert held_out & set(with_some)
    assert set(with_some) - held_out == set(without)
    assert not without.isna().all().any()
    assert np.isfinite(with_some[[*held_out & set(with_some)]].to_numpy()).any()
