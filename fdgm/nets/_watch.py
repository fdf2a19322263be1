"""Detects that a model has broken: its samples leave the data far behind, or collapse to one point."""

from typing import Protocol, Self

from torch import Tensor

from ..persistence import State
from ._failures import TrainingFailure

__all__ = ["Watch", "spread"]

_EXPLODED = 1e4  # standard deviations of the data: no row comes back from so far
_COLLAPSED = 0.02  # fraction of the data's spread: a tenth of the points' distances from one another, or less
_COLLAPSED_LOOPS, _SMALL_LOOPS = 3, 50  # consecutive iterations; the second for a generator that has never spread


def spread(rows: Tensor, data: Tensor) -> Tensor:
    """Square root of the total variance of `rows` divided by that of `data`, both (n, *shape): a tensor ()."""
    return (rows.var(dim=0).sum() / data.var(dim=0).sum()).sqrt()


class Remembering(Protocol):
    """A net that can keep a copy of its networks."""

    def remember_good(self) -> None: ...


class Watch:
    """Inspects the samples of each iteration, and lets the net remember its networks after a good one.

    Parameters
    ----------
    what : str
        Name of what moves the rows, for the message.
    """

    def __init__(self, what: str) -> None:
        self.what = what
        self._n_collapsed, self._patience = 0, _SMALL_LOOPS

    def to_state(self) -> State:
        """What it knows of earlier iterations."""
        return State(json={"n_collapsed": self._n_collapsed, "patience": self._patience})

    def from_state(self, state: State) -> Self:
        """Restore what `to_state` gave."""
        self._patience = state.choice("patience", (_COLLAPSED_LOOPS, _SMALL_LOOPS))
        self._n_collapsed = state.integer("n_collapsed", most=self._patience)
        return self

    def __call__(self, net: Remembering, *, farthest: float, spread: float, generated: float = 0.0) -> None:
        """Judge an iteration by its largest absolute coordinate and by the spread of its samples.

        The spread is a fraction of the data's. It is the smaller of two spreads, of the trained rows and of the samples
        that `sample` would give. An averaged generator can collapse alone. If rows are moved after they are generated,
        `generated` is the largest coordinate before. The generator's fault is then not blamed on what moves them.

        Raises
        ------
        TrainingFailure
            For the reason ``"explosion"`` or ``"collapse"``.
        """
        if generated > _EXPLODED:
            who = "the generator"
            raise TrainingFailure(
                "explosion", f"{who}'s rows exploded to {generated:.3g} standard deviations of the data", who
            )
        if farthest > _EXPLODED:
            raise TrainingFailure(
                "explosion", f"{self.what} exploded to {farthest:.3g} standard deviations of the data"
            )
        if not spread < _COLLAPSED:
            self._n_collapsed, self._patience = 0, _COLLAPSED_LOOPS
            net.remember_good()
            return
        if self._patience == _SMALL_LOOPS:
            net.remember_good()
        self._n_collapsed += 1
        if self._n_collapsed >= self._patience:
            self._n_collapsed = 0  # training may continue from the last good networks
            raise TrainingFailure(
                "collapse", f"the generator collapsed: its samples spread over {spread:.2g} of the data's spread"
            )
