"""The contract of an estimator that trains in iterations: budgets, interrupts, checkpoints, continued training."""

import io
import pickle
import tempfile
import warnings
from contextlib import redirect_stderr, redirect_stdout, suppress
from pathlib import Path
from typing import Any

from skorch.callbacks import Callback

from ..exceptions import StopTraining, TrainingWarning
from ..options import Checkpoint
from ._check import Property, require
from ._component import stored
from ._trial import EstimatorTrial, require_same

__all__ = ["of_training"]


def of_training(trial: EstimatorTrial) -> list[Property]:
    """The checks of the methods and parameters that this estimator has."""
    needed: list[tuple[Property, set[str]]] = [
        (max_iter_ends_training, {"max_iter"}),
        (max_seconds_ends_training_and_is_replayed, {"max_iter", "max_seconds", "replay"}),
        (no_budget_is_refused, {"max_iter", "max_seconds"}),
        (callback_stops_training, {"max_iter", "callbacks"}),
        (interrupt_is_raised_and_leaves_whole_iterations, {"max_iter", "callbacks"}),
        (interrupted_fit_is_resumed_to_the_same_bits, {"max_iter", "callbacks", "checkpoint"}),
        (checkpoint_of_other_data_is_refused, {"max_iter", "callbacks", "checkpoint"}),
        (verbose_shows_the_time_left, {"max_iter", "verbose"}),
        (warm_start_goes_on, {"max_iter", "warm_start"}),
    ]
    properties = [check for check, names in needed if names <= trial.params.keys()]
    if trial.has("partial_fit"):
        properties += [partial_fit_goes_on_from_a_copy]
        if "max_iter" in trial.params:
            properties += [partial_fit_is_an_iteration]
    return properties


class _At(Callback):
    """Raises at the end of an iteration, counted from 1."""

    def __init__(self, iteration: int, error: type[BaseException]) -> None:
        self.iteration = iteration
        self.error = error

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        if len(net.history) == self.iteration:
            raise self.error


def _interrupted(trial: EstimatorTrial, **params: Any) -> Any:
    """A fit that Ctrl-C ended after two of three iterations."""
    estimator = trial.make(max_iter=3, callbacks=[_At(2, KeyboardInterrupt)], **params)
    try:
        trial.fit(estimator)
    except KeyboardInterrupt:
        return estimator
    raise AssertionError(f"fit of {trial!r} must raise a KeyboardInterrupt again")


def _require_iterations(trial: EstimatorTrial, fitted: Any, n: int) -> None:
    history = getattr(fitted, "history_", range(n))
    require(
        fitted.n_iter_ == len(history) == n,
        f"n_iter_ and history_ of {trial!r} must be of {n} iterations, got {fitted.n_iter_} and {len(history)}",
    )


def max_iter_ends_training(trial: EstimatorTrial) -> None:
    fitted = trial.fit(trial.make(max_iter=3))
    _require_iterations(trial, fitted, 3)
    if hasattr(fitted, "history_"):
        require(
            fitted.history_["seconds"].is_monotonic_increasing,
            f"seconds in history_ of {trial!r} must be those since training began",
        )


def max_seconds_ends_training_and_is_replayed(trial: EstimatorTrial) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TrainingWarning)  # an iteration that was cut short says so
        timed = trial.fit(trial.make(max_iter=None, max_seconds=0.02))
    require(
        timed.stop_reason_ == "max_seconds" and timed.n_iter_ >= 1,
        f"max_seconds of {trial!r} must end training after an iteration, got stop_reason_={timed.stop_reason_!r}",
    )
    replayed = trial.fit(trial.make(replay=timed.replay_))
    require_same(trial.ask(replayed), trial.ask(timed), f"replay_ of {trial!r} must repeat a fit that the clock ended")


def no_budget_is_refused(trial: EstimatorTrial) -> None:
    said = trial.refusal("no budget", lambda: trial.fit(trial.make(max_iter=None, max_seconds=None)))
    require("max_iter" in said, f"the error of {trial!r} without a budget must name max_iter, got: {said}")


def callback_stops_training(trial: EstimatorTrial) -> None:
    fitted = trial.fit(trial.make(max_iter=3, callbacks=[_At(1, StopTraining)]))
    _require_iterations(trial, fitted, 1)
    require(fitted.stop_reason_ == "callback", f"stop_reason_ must be 'callback', got {fitted.stop_reason_!r}")


def interrupt_is_raised_and_leaves_whole_iterations(trial: EstimatorTrial) -> None:
    fitted = _interrupted(trial)
    _require_iterations(trial, fitted, 2)
    require(fitted.stop_reason_ == "interrupted", f"stop_reason_ must be 'interrupted', got {fitted.stop_reason_!r}")
    trial.ask(fitted)
    first = trial.make(callbacks=[_AtOnce()])
    with suppress(KeyboardInterrupt):
        trial.fit(first)
    trial.require_unfitted(first, "after an interrupt in the first iteration")


class _AtOnce(Callback):
    """Ctrl-C as training begins."""

    def on_epoch_begin(self, net: Any, **kwargs: Any) -> None:
        raise KeyboardInterrupt


def interrupted_fit_is_resumed_to_the_same_bits(trial: EstimatorTrial) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "checkpoint")
        _interrupted(trial, checkpoint=Checkpoint(path, seconds=0))
        require(path.exists(), f"an interrupted fit of {trial!r} must leave its checkpoint")
        resumed = trial.fit(trial.make(max_iter=3, checkpoint=Checkpoint(path, seconds=0)))
        require(not path.exists(), f"a fit of {trial!r} that ended must remove its checkpoint")
    _require_iterations(trial, resumed, 3)
    whole = trial.ask(trial.fit(trial.make(max_iter=3)))
    require_same(trial.ask(resumed), whole, f"{trial!r} must resume from a checkpoint to the fit that nothing stopped")


def checkpoint_of_other_data_is_refused(trial: EstimatorTrial) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "checkpoint")
        _interrupted(trial, checkpoint=Checkpoint(path, seconds=0))
        other = [sample[::-1].copy() for sample in trial.samples]
        estimator = trial.make(max_iter=3, checkpoint=path)
        said = trial.refusal("the checkpoint of other data", lambda: trial.fit(estimator, other))
    require("checkpoint" in said, f"the error of another fit's checkpoint must name checkpoint, got: {said}")


def verbose_shows_the_time_left(trial: EstimatorTrial) -> None:
    """On the error stream. With 0, nothing is written."""
    for verbose in (1, 0):
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            trial.fit(trial.make(verbose=verbose))
        shown = "left" in err.getvalue() if verbose else not err.getvalue()
        require(
            shown and not out.getvalue(),
            f"verbose={verbose} of {trial!r} must write {'the time left to stderr' if verbose else 'nothing'}, got"
            f" {err.getvalue()!r} there and {out.getvalue()!r} on stdout",
        )


def warm_start_goes_on(trial: EstimatorTrial) -> None:
    """Without it training starts again."""
    for warm, n in ((True, 4), (False, 2)):
        estimator = trial.make(max_iter=2, warm_start=warm)
        _require_iterations(trial, trial.fit(trial.fit(estimator)), n)


def partial_fit_is_an_iteration(trial: EstimatorTrial) -> None:
    estimator = trial.make()
    for n in (1, 2):
        _require_iterations(trial, trial.fit(estimator, method="partial_fit"), n)


def partial_fit_goes_on_from_a_copy(trial: EstimatorTrial) -> None:
    """Training continues to the same bits from a pickle and from a file."""
    fitted = trial.fit(trial.make(), method="partial_fit")
    with tempfile.TemporaryDirectory() as folder:
        copies = {
            "a pickle": pickle.loads(pickle.dumps(fitted)),
            "a file": stored(fitted, Path(folder, "model")),
        }
    expected = trial.ask(trial.fit(fitted, method="partial_fit"))
    for way, copy in copies.items():
        found = trial.ask(trial.fit(copy, method="partial_fit"))
        require_same(found, expected, f"partial_fit of {trial!r} must go on from {way} as from the fit itself")
