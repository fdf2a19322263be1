"""The base of every estimator that a file can hold."""

import os
from abc import ABC, abstractmethod
from typing import Any, ClassVar, Self

from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from .. import registry
from .._ambient import undisturbed
from ._file import write
from ._params import encode_params
from ._state import State

__all__ = ["Savable", "describe"]


class Savable(BaseEstimator, ABC):
    """An estimator whose fit can be stored, and made again from a file without pickle.

    A subclass writes `to_state` and `from_state`, whose protocol is :class:`~fdgm.persistence.State`'s. Its class must
    be registered, in the family "estimator" or "density_ratio", for `load` to find it by name.
    """

    #: Parameters that may be fitted estimators, which a file holds with all that they learned.
    _held: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def to_state(self) -> State:
        """Everything learned: tensors and JSON.

        Returns
        -------
        state : State
            It unpacks as ``tensors, json``.

        Raises
        ------
        TypeError
            If something learned cannot be stored without pickle; it is named.
        """

    @abstractmethod
    def from_state(self, state: State) -> Self:
        """Take up what `to_state` gave, in an estimator of the same parameters.

        Parameters
        ----------
        state : State

        Returns
        -------
        self

        Raises
        ------
        FileError
            If an entry is missing, or is not what this estimator would have learned.
        """

    @undisturbed()
    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the fitted estimator to one file, which :func:`fdgm.load` reads; there is no pickle in it.

        The file is written at once or not at all. It replaces another file, and keeps that one's mode. Parameters of a
        call stay out of it: `callbacks`, `checkpoint`, `device`, `n_jobs` and `verbose`.

        Parameters
        ----------
        path : str or path

        Raises
        ------
        NotFittedError
            Before `fit`.
        TypeError
            If a parameter, or something learned, cannot be stored without pickle; it is named.
        ValueError, OSError
            If the path is a folder or a device, or cannot be written.
        """
        write(path, describe(self))

    def _fitted_params(self) -> dict[str, Any]:
        """Constructor parameters that the fit was made with."""
        return self.get_params(deep=False)

    def _held_estimators(self) -> "dict[str, Savable]":
        """Those of `_held` that are fitted estimators to be stored, as they are after loading."""
        return {}

    def _left_out(self) -> dict[str, str]:
        """Those of `_held` that cannot be stored and are given again to `load`, and the classes that they are of."""
        return {}


def describe(estimator: Savable) -> State:
    """All that a file holds of a fitted estimator: its registered name, its parameters, and what it learned.

    Raises
    ------
    NotFittedError, TypeError
        As `Savable.save`.
    """
    check_is_fitted(estimator)
    owner = type(estimator).__name__
    entry = registry.registered(type(estimator), families=("estimator", "density_ratio"))
    if entry is None:
        raise TypeError(
            f"{owner} must be registered to be saved, through the hook fdgm_estimators or fdgm_density_ratios, so that"
            f" load can find its class; got a class that is not among {registry.available('estimator')} and"
            f" {registry.available('density_ratio')}."
        )
    state = estimator.to_state()
    held, params = estimator._held_estimators(), estimator._fitted_params()
    # What is held, or left out, is no plain value; what else such a parameter may be is one.
    without = {name for name in estimator._held if name in held or name in estimator._left_out()}
    json = {
        "family": entry.family,
        "name": entry.name,
        "params": encode_params(owner, params, without=without),
        "left_out": estimator._left_out(),
    }
    parts = {name: describe(value) for name, value in held.items()}
    return State({}, json, {**parts, "state": state})
