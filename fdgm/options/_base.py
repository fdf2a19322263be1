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

    Being a component, it is cloned with the estimator, stored in its files, and searched by nested names
    (``critic_optimizer__lr``). A parameter whose default is None has that of the estimator that takes the option.
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {}
    #: Parameters that take options themselves, and what they stand for where they are None.
    _options: ClassVar[dict[str, "type[Option]"]] = {}

    def check(self, owner: str) -> Self:
        """This option, once its parameters are found to be in range.

        Parameters
        ----------
        owner : str
            Where it is used, such as ``"critic_optimizer of VGrowSampler"``, for the message.

        Raises
        ------
        ValueError, TypeError
            By the name of the first parameter that is not.
        """
        params = self.get_params(deep=False)
        validate_parameter_constraints(
            self._parameter_constraints, params, caller_name=f"{type(self).__name__} ({owner})"
        )
        return self

    def set_params(self, **params: Any) -> Self:
        """As scikit-learn's; an option that is None, or a plain value, is made before its parameters are set."""
        for name in params:
            parent, nested, _ = name.partition("__")
            if nested and parent in self._options and not isinstance(getattr(self, parent), Option):
                value, kind = getattr(self, parent), self._options[parent]
                setattr(self, parent, kind() if value is None else kind.of(value))
        super().set_params(**params)
        return self

    @classmethod
    def of(cls, value: Any) -> Self:
        """The option that a plain value stands for, where an estimator takes one in its place.

        Raises
        ------
        TypeError
            If no plain value stands for one.
        """
        raise TypeError(f"{cls.__name__} must be given as an object, got {value!r}.")

    def filled(self, default: "Option") -> Self:
        """A copy whose parameters that were left out as None are those of `default`; options in it alike."""
        known, signature = default.get_params(deep=False), inspect.signature(type(self)).parameters
        made = clone(self)
        for name, value in self.get_params(deep=False).items():
            inner = known.get(name)
            if isinstance(value, np.generic):  # as not all of torch takes numpy's numbers
                setattr(made, name, value.item())
            elif value is None and signature[name].default is None:
                setattr(made, name, inner)
            elif isinstance(value, Option) and isinstance(inner, Option):
                setattr(made, name, value.filled(inner))
        return made
