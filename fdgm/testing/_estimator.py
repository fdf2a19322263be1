"""The contract of an estimator: data in and out, parameters, seeds, copies and files."""

import pickle
import re
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from scipy import sparse
from sklearn.base import clone
from sklearn.utils import get_tags

from ..persistence import Savable
from ._check import Checks, Property, require
from ._component import global_states, stored
from ._invalid import invalid_params
from ._training import of_training
from ._trial import EstimatorTrial, require_same

__all__ = ["check_estimator"]


def check_estimator(obj: type[Savable] | Savable) -> Checks:
    """The contract of an estimator of the family "estimator" or "density_ratio", as named checks.

    Parameters
    ----------
    obj : class of Savable, or an instance
        An instance is checked with its own parameters, which may make it quicker. A class is checked with its defaults,
        except that ``batch_size=16``, ``max_iter=2`` and ``n_steps=2`` if it has them. A `random_state` is set if there
        is one.

    Returns
    -------
    Checks
        Loop over them, ``run()`` them, or give them to pytest. Some checks need a method (`sample`, `partial_fit`) or a
        parameter (`callbacks`, `checkpoint`, `max_iter`, `max_seconds`, `replay`, `verbose`, `warm_start`). They are
        left out if the estimator lacks it.

    Raises
    ------
    TypeError
        If `obj` is not a :class:`~fdgm.persistence.Savable`.

    Notes
    -----
    The estimator is fitted to 60 rows of two columns with different units, or to two such samples if `fit` takes two.
    Answers are compared bit for bit. Also run scikit-learn's
    :func:`~sklearn.utils.estimator_checks.parametrize_with_checks`, which checks what estimators of all packages share.

    Examples
    --------
    >>> from sklearn.mixture import GaussianMixture
    >>> from fdgm.refiners import RejectionRefiner
    >>> from fdgm.testing import check_estimator
    >>> check_estimator(RejectionRefiner(GaussianMixture(), ratio="ulsif")).run()
    """
    trial = EstimatorTrial(obj)
    properties: list[Property] = [
        parameters_are_left_alone,
        bad_parameters_are_refused,
        bad_data_are_refused,
        other_columns_are_refused,
        refused_data_leave_the_fit_as_it_was,
        columns_go_by_name,
        memory_mapped_data_are_the_same,
        numbers_of_any_kind_are_taken,
        integers_of_numpy_are_the_same,
        seed_is_obeyed,
        global_state_is_untouched,
        modes_of_torch_do_not_matter,
        clone_is_unfitted,
        pickle_keeps_the_fit,
        file_keeps_the_fit,
        files_have_the_same_bytes,
    ]
    if trial.has("sample"):
        properties += [samples_are_like_the_data, samples_differ_from_call_to_call, bad_counts_are_refused]
    return Checks(trial, [fit_gives_answers], [*properties, *of_training(trial)])


def fit_gives_answers(trial: EstimatorTrial) -> None:
    estimator = trial.make()
    require(trial.fit(estimator) is estimator, f"fit of {trial!r} must return the estimator itself")
    require(trial.answers, f"{trial!r} must have a method sample, log_ratio, score_samples or transform")
    for name in trial.methods:
        values = np.asarray(getattr(trial.fitted, name)(trial.X))
        require(
            len(values) == len(trial.X) and np.isfinite(values).all(),
            f"{name} of {trial!r} must give finite numbers, one row for each row of X",
        )


def parameters_are_left_alone(trial: EstimatorTrial) -> None:
    estimator = trial.make()
    before = repr(estimator.get_params())
    after = repr(trial.fit(estimator).get_params())
    require(before == after, f"fit of {trial!r} must not change its parameters, but they went from {before} to {after}")


def bad_parameters_are_refused(trial: EstimatorTrial) -> None:
    """Every parameter, and those of options. The error names the parameter and the value."""
    wrong = []
    for name, value in invalid_params(trial.estimator):
        try:
            said = trial.refusal(f"{name}={value!r}", lambda: trial.fit(trial.make(**{name: value})))  # noqa: B023
        except AssertionError as error:
            wrong.append(str(error))
            continue
        if re.search(rf"(?<!\w){name.rpartition('__')[2]}(?!\w)", said) is None or repr(value) not in said:
            wrong.append(f"the error of {name}={value!r} must name the parameter and the value, got: {said}")
    require(not wrong, "\n".join(wrong))


def _takes_nan(trial: EstimatorTrial) -> bool:
    """Whether missing values are data to it, by its tags."""
    return bool(get_tags(trial.make()).input_tags.allow_nan)


def bad_data_are_refused(trial: EstimatorTrial) -> None:
    X = trial.X
    nan, inf = X.copy(), X.copy()
    nan[7, 1], inf[7, 1] = np.nan, np.inf
    bad = {
        "a NaN": (nan, r"NaN.*row 7, column 1"),
        "an infinity": (inf, r"inf.*row 7, column 1"),
        "no rows": (X[:0], "0 sample"),
        "one dimension": (X[:, 0], "1D|dimension"),
        "complex numbers": (X * 1j, "[Cc]omplex"),
        "a sparse matrix": (sparse.csr_array(X), "[Ss]parse"),
        "text": ([["a", "b"], ["c", "d"]], "'a'"),
    }
    if _takes_nan(trial):
        del bad["a NaN"]
    for what, (data, pattern) in bad.items():
        for k in range(len(trial.samples)):
            samples = [data if i == k else sample for i, sample in enumerate(trial.samples)]
            said = trial.refusal(f"{what} in X", lambda: trial.fit(trial.make(), samples))  # noqa: B023
            require(re.search(pattern, said, re.DOTALL), f"the error of {what} must match {pattern!r}, got: {said}")


def other_columns_are_refused(trial: EstimatorTrial) -> None:
    for name in trial.methods:
        said = trial.refusal(f"three columns in {name}", lambda: getattr(trial.fitted, name)(np.zeros((4, 3))))  # noqa: B023
        require("3" in said, f"the error of three columns in {name} must say so, got: {said}")


def refused_data_leave_the_fit_as_it_was(trial: EstimatorTrial) -> None:
    estimator = trial.fit(trial.make())
    nothing = np.full((5, 3), np.nan)
    for bad in ([["a", "b", "c"]], *([] if _takes_nan(trial) else [nothing])):
        trial.refusal("text or a NaN", lambda: trial.fit(estimator, [bad] * len(trial.samples)))  # noqa: B023
    require_same(trial.ask(estimator), trial.answers, f"{trial!r} must stay as it was if fit refuses its data")


def columns_go_by_name(trial: EstimatorTrial) -> None:
    """A DataFrame is treated as its array. Later tables are put in its order. Samples have its columns."""
    names, turned = ["a", "b"], ["b", "a"]
    first, *later = (pd.DataFrame(sample, columns=names) for sample in trial.samples)
    # Sums depend on an array's layout in their last bits, so both have the same.
    arrays = [first.to_numpy(), *(table[turned][names].to_numpy() for table in later)]
    expected = trial.ask(trial.fit(trial.make(), arrays))
    fitted = trial.fit(trial.make(), [first, *(table[turned] for table in later)])
    for rows in (first, first[turned]):
        require_same(trial.ask(fitted, rows), expected, f"{trial!r} must read a DataFrame by its columns' names")
    if trial.has("sample"):
        sample = fitted.sample(3)
        require(
            isinstance(sample, pd.DataFrame) and list(sample.columns) == names,
            f"sample of {trial!r} must give the container and columns of X, got {type(sample).__name__}",
        )


def memory_mapped_data_are_the_same(trial: EstimatorTrial) -> None:
    with tempfile.TemporaryDirectory() as folder:
        mapped = []
        for k, sample in enumerate(trial.samples):
            np.save(Path(folder, f"{k}.npy"), sample)
            mapped.append(np.load(Path(folder, f"{k}.npy"), mmap_mode="r"))
        found = trial.ask(trial.fit(trial.make(), mapped), mapped[0])
        require_same(found, trial.answers, f"a memory-mapped X must be to {trial!r} what an array is")
        if _takes_nan(trial):
            return
        with_nan = np.lib.format.open_memmap(Path(folder, "0.npy"), mode="r+")
        with_nan[7, 1] = np.nan
        said = trial.refusal("a NaN in a file", lambda: trial.fit(trial.make(), [with_nan, *mapped[1:]]))
    require("row 7, column 1" in said, f"the error of a NaN in a file must say where it is, got: {said}")


def numbers_of_any_kind_are_taken(trial: EstimatorTrial) -> None:
    """Whole numbers, half precision, objects and lists."""
    whole = [np.round(10 * sample).astype(np.int64) for sample in trial.samples]
    kinds: dict[str, list[Any]] = {
        "int64": whole,
        "float16": [sample.astype(np.float16) for sample in whole],
        "object": [sample.astype(object) for sample in whole],
        "list": [sample.tolist() for sample in whole],
    }
    for kind, samples in kinds.items():
        fitted = trial.fit(trial.make(), samples)
        values = [getattr(fitted, name)(samples[0]) for name in trial.methods]
        values += [fitted.sample(4)] if trial.has("sample") else []
        require(
            all(np.asarray(value).dtype.kind == "f" and np.isfinite(value).all() for value in values),
            f"{trial!r} must take numbers as {kind}, and answer with finite floats",
        )


def integers_of_numpy_are_the_same(trial: EstimatorTrial) -> None:
    """A grid search over an array gives such integers."""
    ints = {name: np.int64(value) for name, value in trial.params.items() if type(value) is int}
    found = trial.ask(trial.fit(trial.make(**ints)))
    require_same(found, trial.answers, f"{trial!r} must take numpy's integers for {', '.join(ints)}")


def seed_is_obeyed(trial: EstimatorTrial) -> None:
    found = trial.ask(trial.fit(trial.make()))
    require_same(found, trial.answers, f"two fits of {trial!r} with one random_state must be the same")


def global_state_is_untouched(trial: EstimatorTrial) -> None:
    seed = {"random_state": None} if "random_state" in trial.params else {}
    before = global_states()
    fitted = trial.fit(trial.make(**seed))
    trial.ask(fitted)
    if trial.has("sample"):
        fitted.sample(3)
    changed = [name for name, state in global_states().items() if state != before[name]]
    require(
        not changed,
        f"{trial!r} must draw from its random_state alone, but it moved the global state of {', '.join(changed)}",
    )


@contextmanager
def _state(dtype: torch.dtype, device: str | None, *modes: Any) -> Iterator[None]:
    """Inside, torch has these defaults and modes of the caller."""
    default = torch.get_default_dtype()
    with ExitStack() as stack:
        stack.callback(torch.set_default_dtype, default)
        torch.set_default_dtype(dtype)
        stack.callback(torch.set_default_device, None)
        torch.set_default_device(device)
        for mode in modes:
            stack.enter_context(mode)
        yield


def modes_of_torch_do_not_matter(trial: EstimatorTrial) -> None:
    """A tensor made without its own device or dtype has no numbers here, or other ones."""
    states = {
        "float64 by default, under autocast and no_grad": lambda: _state(
            torch.float64, None, torch.autocast("cpu", dtype=torch.bfloat16), torch.no_grad()
        ),
        "device meta by default, in inference_mode": lambda: _state(torch.float32, "meta", torch.inference_mode()),
    }
    for what, state in states.items():
        with state():
            found = trial.ask(trial.fit(trial.make()))
        require_same(found, trial.answers, f"{trial!r} must give the same with {what}")


def clone_is_unfitted(trial: EstimatorTrial) -> None:
    copy = clone(trial.fitted)
    require(repr(copy.get_params()) == repr(trial.fitted.get_params()), f"a clone of {trial!r} has other parameters")
    trial.require_unfitted(copy, "before fit")


def _next(fitted: Any) -> bytes:
    """Draw the next samples of its own stream."""
    return np.ascontiguousarray(fitted.sample(3)).tobytes() if hasattr(fitted, "sample") else b""


def _require_a_copy(trial: EstimatorTrial, copy: Any, fitted: Any, way: str) -> None:
    require_same(trial.ask(copy), trial.ask(fitted), f"{trial!r} must be the same after {way}")
    require(_next(copy) == _next(fitted), f"after {way}, {trial!r} must draw next what it would have drawn")
    if hasattr(fitted, "history_"):
        require(copy.history_.equals(fitted.history_), f"history_ of {trial!r} must be the same after {way}")


def pickle_keeps_the_fit(trial: EstimatorTrial) -> None:
    fitted = trial.fit(trial.make())
    _next(fitted)
    _require_a_copy(trial, pickle.loads(pickle.dumps(fitted)), fitted, "pickle")


def file_keeps_the_fit(trial: EstimatorTrial) -> None:
    """With :meth:`~fdgm.persistence.Savable.save` and :func:`fdgm.load`, if its class is registered."""
    fitted = trial.fit(trial.make())
    _next(fitted)
    with tempfile.TemporaryDirectory() as folder:
        _require_a_copy(trial, stored(fitted, Path(folder, "model")), fitted, "saving and loading")


def files_have_the_same_bytes(trial: EstimatorTrial) -> None:
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder, name) for name in ("once", "twice", "loaded")]
        fitted = trial.fit(trial.make())
        again = stored(fitted, paths[0])
        stored(fitted, paths[1])
        stored(again, paths[2])
        once, *others = (path.read_bytes() for path in paths)
    require(all(other == once for other in others), f"two files of one fit of {trial!r} must have the same bytes")


def samples_are_like_the_data(trial: EstimatorTrial) -> None:
    """In shape and dtype, and finite."""
    for dtype in (np.float64, np.float32):
        sample = trial.fit(trial.make(), [rows.astype(dtype) for rows in trial.samples]).sample(4)
        require(
            isinstance(sample, np.ndarray)
            and sample.shape == (4, 2)
            and sample.dtype == dtype
            and np.isfinite(sample).all(),
            f"sample(4) of {trial!r} must give finite numbers of shape (4, 2) and {np.dtype(dtype)}, as X, got"
            f" {sample!r}",
        )


def samples_differ_from_call_to_call(trial: EstimatorTrial) -> None:
    first, second = trial.fitted.sample(4), trial.fitted.sample(4)
    require(not np.array_equal(first, second), f"two calls of sample of {trial!r} must draw different rows")
    one, again = (trial.fitted.sample(4, random_state=3) for _ in range(2))
    require(np.array_equal(one, again), f"sample of {trial!r} must draw the same rows with the same random_state")


def bad_counts_are_refused(trial: EstimatorTrial) -> None:
    for n in (0, -1, 2.5, "a"):
        said = trial.refusal(f"{n!r} samples", lambda: trial.fitted.sample(n))  # noqa: B023
        require(repr(n) in said, f"the error of sample({n!r}) must say what came, got: {said}")
