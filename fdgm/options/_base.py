"""The base of the options."""

import inspect
from abc import ABC
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import clone

from .._sklearn import validate_parameter_constraints
from ..component import Component

__all__ = ["Option"]


class Option(Component, ABC):
    """A group of parameters that an estimator takes as one object.

    It is cloned with the estimator, stored in its files, and searched by nested names (``critic_optimizer__lr``). If a
    parameter's default is None, the estimator that takes the option has the default.
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {}
    #: Parameters that take options themselves, and the class that None stands for.
    _options: ClassVar[dict[str, "type[Option]"]] = {}

    def check(self, owner: str) -> Self:
        """Check that the parameters are in range, and return the option itself.

        Parameters
        ----------
        owner : str
            Where the option is used, for the message, such as ``"critic_optimizer of VGrowSampler"``.

        Raises
        ------
        ValueError, TypeError
            If a parameter is out of range. The message names the first.
        """
        params = self.get_params(deep=False)
        validate_parameter_constraints(
            self._parameter_constraints, params, caller_name=f"{type(self).__name__} ({owner})"
        )
        return self

    def set_params(self, **params: Any) -> Self:
        """Set parameters. A nested name first replaces None or a plain value by the option that it stands for."""
        for name in params:
            parent, nested, _ = name.partition("__")
            if nested and parent in self._options and not isinstance(getattr(self, parent), Option):
                value, kind = getattr(self, parent), self._options[parent]
                setattr(self, parent, kind() if value is None else kind.of(value))
        super().set_params(**params)
        return self

    @classmethod
    def of(cls, value: Any) -> Self:
        """Make the option that a plain value stands for, if an estimator takes plain values too.

        Raises
        ------
        TypeError
            If no plain value stands for one.
        """
        raise TypeError(f"{cls.__name__} must be given as an object, got {value!r}.")

    def filled(self, default: "Option") -> Self:
        """Make a copy that takes each parameter left as None from `default`. The same holds for options inside it."""
        known, signature = default.get_params(deep=False), inspect.signature(type(self)).parameters
        made = clone(self)
        for name, value in self.get_params(deep=False).items():
            inner = known.get(name)
            if isinstance(value, np.generic):  # parts of torch refuse numpy's numbers
                setattr(made, name, value.item())
            elif value is None and signature[name].default is None:
                setattr(made, name, inner)
            elif isinstance(value, Option) and isinstance(inner, Option):
                setattr(made, name, value.filled(inner))
        return made
