"""What goes beside an objective: penalties, projections and remedies."""

from abc import ABC

from ..component import Component

__all__ = ["Regularizer"]


class Regularizer(Component, ABC):
    """Something that a critic's or a GAN's training is given beside its objective."""

    def clashes(self, other: Component) -> str | None:
        """Why this cannot go together with `other`, an objective or another regularizer; None where it can."""
        return None
