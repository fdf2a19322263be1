"""The base of everything a user can pass by name or as an instance: a value with parameters."""

from sklearn.base import BaseEstimator

__all__ = ["Component"]


class Component(BaseEstimator):
    """A divergence, an architecture, an objective: immutable in use, equal when its parameters are.

    Being a :class:`~sklearn.base.BaseEstimator`, it is cloned with the estimator that holds it, its parameters
    can be searched (``architecture__width``), and it is stored by its class and parameters alone.
    """

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        return bool(self.get_params() == other.get_params())

    def __hash__(self) -> int:
        return hash(type(self))  # parameters may be equal without being of one type, or of one that hashes
