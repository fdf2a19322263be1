"""The base of everything that a user can pass by name or as an instance."""

from sklearn.base import BaseEstimator

__all__ = ["Component"]


class Component(BaseEstimator):
    """A value with parameters, such as a divergence, an architecture or an objective. Equal parameters make it equal.

    It is a :class:`~sklearn.base.BaseEstimator`: it is cloned with the estimator that holds it, and its parameters can
    be searched (``architecture__width``). Files store its class and parameters, and nothing else. No method changes it.
    """

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        return bool(self.get_params() == other.get_params())

    def __hash__(self) -> int:
        return hash(type(self))  # parameters may be equal without being of one type, or of one that hashes
