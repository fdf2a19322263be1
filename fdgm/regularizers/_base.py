"""The base class of additions to an objective: penalties, projections and stabilizers."""

from abc import ABC

from ..component import Component

__all__ = ["Regularizer"]


class Regularizer(Component, ABC):
    """An addition to the objective in the training of a critic or a GAN."""

    def clashes(self, other: Component) -> str | None:
        """The reason why this cannot be combined with `other`, an objective or a regularizer. None if it can."""
        return None
