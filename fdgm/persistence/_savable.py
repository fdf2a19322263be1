"""The base of every estimator that a file can hold."""

import os
from abc import ABC, abstractmethod
from typing import Any, ClassVar, Self

from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from .. import registry
from .._ambient import undisturbed
from ._card import completed_card, make_card
from ._file import write
from ._params import encode_params
from ._state import State

__all__ = ["Savable", "describe"]


class Savable(BaseEstimator, ABC):
    """Base of the estimators whose fit can be stored in a file without pickle, and loaded again.

    A subclass implements `to_state` and `from_state` by the protocol of :class:`~fdgm.persistence.State`. It must be
    registered in the family "estimator" or "density_ratio", so that `load` finds it by name.
    """

    #: Parameters that may be fitted estimators, which a file holds with all that they learned.
    _held: ClassVar[tuple[str, ...]] = ()

    _saved_card: dict[str, Any]

    @abstractmethod
    def to_state(self) -> State:
        """Return everything learned, as tensors and JSON.

        Returns
        -------
        state : State
            It unpacks as ``tensors, json``.

        Raises
        ------
        TypeError
            If something learned cannot be stored without pickle. The message names it.
        """

    @abstractmethod
    def from_state(self, state: State) -> Self:
        """Restore what `to_state` gave, in an estimator with the same parameters.

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
    def save(self, path: str | os.PathLike[str], *, license: str | None = None, report: Any = None) -> None:
        """Write the fitted estimator to one file without pickle, which :func:`fdgm.load` reads.

        The file is written completely or not at all. It replaces an existing file and keeps that file's mode. These
        parameters are not stored: `callbacks`, `checkpoint`, `device`, `n_jobs` and `verbose`.

        Parameters
        ----------
        path : str or path
        license : str or None, default=None
            Licence of the model, for its card.
        report : DataFrame or None, default=None
            Figures for the card, as :func:`fdgm.metrics.report` gives them.

        Raises
        ------
        NotFittedError
            Before `fit`.
        TypeError
            If a parameter, or something learned, cannot be stored without pickle. The message names it.
        ValueError, OSError
            If the path is a folder or a device, or cannot be written.
        """
        self._write(path, describe(self), license, report)

    @property
    def card_(self) -> dict[str, Any]:
        """What data the model saw (columns, ranges and counts, no rows), its parameters, versions, figures and licence.

        `save` writes it into the file, and it comes back with :func:`fdgm.load`.
        """
        check_is_fitted(self)
        return make_card(self)

    def _write(self, path: str | os.PathLike[str], description: State, license: str | None, report: Any) -> None:
        """Write a description with its card."""
        description.json["card"] = completed_card(self.card_, license, report)
        write(path, description)

    def _fitted_params(self) -> dict[str, Any]:
        """The constructor parameters that the fit was made with."""
        return self.get_params(deep=False)

    def _held_estimators(self) -> "dict[str, Savable]":
        """The fitted estimators in `_held` that are stored, as they are after loading."""
        return {}

    def _left_out(self) -> dict[str, str]:
        """Names and classes of the parameters in `_held` that cannot be stored. `load` takes them again."""
        return {}


def describe(estimator: Savable) -> State:
    """Return all that a file holds of a fitted estimator: its registered name, its parameters, and what it learned.

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
    # Held and left-out parameters are no plain values. All other values of such a parameter are.
    without = {name for name in estimator._held if name in held or name in estimator._left_out()}
    json = {
        "family": entry.family,
        "name": entry.name,
        "params": encode_params(owner, params, without=without),
        "left_out": estimator._left_out(),
    }
    parts = {name: describe(value) for name, value in held.items()}
    return State({}, json, {**parts, "state": state})
