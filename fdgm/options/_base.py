"""The base of the options."""

from abc import ABC
from typing import Any, ClassVar, Self

from sklearn.base import clone
from sklearn.utils._param_validation import validate_parameter_constraints

from ..component import Component

__all__ = ["Option"]


class Option(Component, ABC):
    """A group of parameters that an estimator takes as one object.

    Being a component, it is cloned with the estimator, stored in its files, and searched by nested names
    (``critic_optimizer__lr``). A parameter that is None is the default of the estimator that takes the option.
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {}

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

    def filled(self, default: "Option") -> Self:
        """A copy whose parameters that are None are those of the default, if that has them."""
        known = default.get_params(deep=False)
        missing = {
            name: known[name] for name, value in self.get_params(deep=False).items() if value is None and name in known
        }
        return clone(self).set_params(**missing)
