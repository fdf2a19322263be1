"""One run of training: from the present networks, under a budget, to networks that are whole."""

import math
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from string import Formatter
from typing import Any

import numpy as np
import pandas as pd
import torch

from ..distributed import current
from ..exceptions import TrainingError, TrainingWarning
from ..inputs import chunk_seed, is_mapped
from ..nets import (
    N_PROCESSES,
    Clock,
    MemmapRows,
    MultiNet,
    ProgressBar,
    ResidentRows,
    Rows,
    RowsWithout,
    TrainingFailure,
)
from ._callbacks import user_callbacks
from ._checkpoint import Checkpointer
from ._whole import Keeper, LastWhole

__all__ = ["describe_history", "forget", "is_trained", "make_clock", "rows_of", "train", "without_half_a_fit"]

_SPREAD_KEY = 1  # of the seed of the batches: where ties are put over their ranks


def make_clock(model: Any) -> Clock:
    """The budget of an estimator, from its parameters.

    Raises
    ------
    ValueError
        If it has no end.
    """
    owner = type(model).__name__
    if model.replay is not None:
        replay = model.replay.check(f"replay of {owner}")
        return Clock(len(replay.progress), None, [float(value) for value in replay.progress], replay.n_inner_steps)
    if model.max_iter is None and model.max_seconds is None:
        raise ValueError(f"max_iter of {owner} must be an int where max_seconds is None, got None for both.")
    return Clock(model.max_iter, model.max_seconds)


def rows_of(
    model: Any, array: np.ndarray, held_out: np.ndarray | None = None, *, beside: np.ndarray | None = None
) -> Rows:
    """A sample to draw batches from, without the rows at some indices. It is on the device or stays in its file.

    What networks see of a condition (n, size) is in the last columns.
    """
    if is_mapped(array):
        rows = MemmapRows(array, model._scaler.to_tensor)
        return rows if held_out is None else RowsWithout(rows, held_out)
    kept = array if held_out is None else np.delete(array, held_out, axis=0)
    kept = model._record.spread(kept, chunk_seed(model.net_.seeds.batches, _SPREAD_KEY))
    scaled = model._scaler.to_tensor(kept)
    if beside is not None:
        given = beside if held_out is None else np.delete(beside, held_out, axis=0)
        scaled = torch.cat([scaled, torch.from_numpy(given)], dim=1)
    return ResidentRows(scaled.to(model.net_.device))


def is_trained(model: Any) -> bool:
    """Whether there are networks and one of their iterations has begun."""
    net = vars(model).get("net_")
    return net is not None and len(net.history) > 0


def forget(model: Any, *names: str) -> None:
    """Remove the attributes that a fit left, where they exist."""
    for name in names:
        if name in vars(model):
            delattr(model, name)


@contextmanager
def without_half_a_fit(model: Any) -> Iterator[None]:
    """A context between making fresh networks and training them. If it fails, the networks go."""
    try:
        yield
    except BaseException:
        if not model._progress:
            forget(model, "net_")
        raise


def train(
    model: Any,
    samples: tuple[Rows, ...],
    clock: Clock,
    *,
    keepers: Sequence[Keeper] = (),
    checkpointer: Checkpointer | None = None,
) -> None:
    """Train the networks of an estimator, and describe on it what happened.

    It sets `stop_reason_`, `n_iter_` and `history_`. If training fails, the last good networks are kept.

    Parameters
    ----------
    model : Trainable
        It has a `net_`, made or trained before.
    samples : tuple of Rows
    clock : Clock
    keepers : sequence of Keeper
        The estimator's own callbacks.
    checkpointer : Checkpointer or None

    Raises
    ------
    TrainingError
        If training failed before there were networks to keep.

    Warns
    -----
    TrainingWarning
        If training failed later, or if the clock left no time for an iteration.
    """
    net: MultiNet = model.net_
    last_whole = LastWhole(model, keepers)
    users = user_callbacks(model.callbacks)
    bar = [ProgressBar(type(model).__name__, model.verbose)] if current().rank == 0 else []
    again = [last_whole] if users else []
    shared = current().size > 1
    writing = [] if checkpointer is None or shared else [checkpointer]
    net.callbacks = [*keepers, last_whole, *bar, *users, *again, *writing]
    net.verbose = 0 if model.verbose == "auto" else int(model.verbose)
    net._initialize_callbacks()
    try:
        between = {} if checkpointer is None else {"between": checkpointer.between}
        model.stop_reason_ = net.train(samples, clock, **between)
        if _unfinished(net):
            last_whole.go_back()
    except TrainingFailure as failure:
        _keep_last_good(model, failure, clock)
    except BaseException as error:  # of a callback, or the user's interrupt: whole iterations stay
        interrupted = isinstance(error, KeyboardInterrupt)
        if interrupted or _unfinished(net):
            last_whole.go_back()
        _trim(model, clock)
        forget(model, "stop_reason_")
        try:
            if interrupted:
                model.stop_reason_ = "interrupted"
                if checkpointer is not None and not shared:
                    checkpointer.write()
        finally:
            _describe(model, clock)
            if not model.n_iter_:
                forget(model, "net_")
        raise
    finally:
        net.callbacks, net.callbacks_ = None, []  # they belong to this call, and need not be picklable
    _trim(model, clock)
    _describe(model, clock)
    _warn_of_little(model, clock)
    if checkpointer is not None:
        checkpointer.finish()


def describe_history(model: Any) -> None:
    """Set the attributes that the net's history gives."""
    net = model.net_
    names = list(net.history_names)
    model.n_iter_ = len(model._progress)
    if any(N_PROCESSES in row for row in net.history):
        names.append(N_PROCESSES)
    rows = [[row.get(name, math.nan) for name in names] for row in net.history]
    figures = pd.DataFrame(rows, columns=names)
    idle = [name for name in names if name in net.optional_names and figures[name].isna().all()]
    model.history_ = figures.drop(columns=idle)


def _describe(model: Any, clock: Clock) -> None:
    model._progress = model._progress + clock.readings
    describe_history(model)


def _trim(model: Any, clock: Clock) -> None:
    """Forget an iteration that did not end."""
    history = model.net_.history
    n_ended = sum("seconds" in row for row in history)
    del history[n_ended:], clock.readings[n_ended - len(model._progress) :]


def _unfinished(net: MultiNet) -> bool:
    """Whether training stopped in the middle of an iteration, or before one."""
    return not net.history or "seconds" not in net.history[-1]


def _keep_last_good(model: Any, failure: TrainingFailure, clock: Clock) -> None:
    """Go back to the last good networks. Warn of what happened and which parameter to change."""
    net = model.net_
    loop, loss = len(net.history), net.history_names[0]
    hint = model._failure_hint(failure.reason, failure.culprit)
    named = {name: f"{name} (now {getattr(model, name)!r})" for _, name, _, _ in Formatter().parse(hint) if name}
    message = (
        f"{type(model).__name__}: in iteration {loop}, {failure} (last values of {loss}:"
        f" {[round(row[loss], 4) for row in net.history[-3:]]}). {hint.format(**named)}"
    )
    if net.good_ is None:
        del model.net_
        raise TrainingError(message)
    lost = loop - net.good_loop_
    del net.history[-lost:], clock.readings[-lost:]
    net.go_back()
    model.stop_reason_ = failure.reason
    _warn(f"{message} The networks of iteration {net.good_loop_} are kept.")


def _warn_of_little(model: Any, clock: Clock) -> None:
    """Warn if `max_seconds` did not suffice for one iteration."""
    if clock.cut_at is not None and clock.n_inner_steps is None:
        what = f"in the first iteration, after {clock.cut_at} of its inner steps"
    elif model.stop_reason_ == "max_seconds" and not clock.readings:
        what = "before one more iteration was whole, so that nothing was learned"
    else:
        return
    _warn(f"{type(model).__name__}: training ended {what}. Raise max_seconds (now {model.max_seconds!r}).")


def _warn(message: str) -> None:
    if current().rank == 0:
        warnings.warn(message, TrainingWarning, stacklevel=6)  # the line that calls the estimator's `fit`
