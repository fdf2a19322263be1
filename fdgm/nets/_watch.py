"""What tells that a model has broken: its rows leave the data behind, or fall into one point."""

from typing import Protocol, Self

from torch import Tensor

from ..persistence import State
from ._failures import TrainingFailure

__all__ = ["Watch", "spread"]

_EXPLODED = 1e4  # standard deviations of the data: far past any row that can come back
_COLLAPSED = 0.02  # of the data's spread: at a tenth of the points' distances from one another, and less
_COLLAPSED_LOOPS, _SMALL_LOOPS = 3, 50  # in a row; the second of a generator that began small and never spread


def spread(rows: Tensor, data: Tensor) -> Tensor:
    """Root of the total variance of `rows` over that of `data`, both (n, *shape): a tensor ()."""
    return (rows.var(dim=0).sum() / data.var(dim=0).sum()).sqrt()


class Remembering(Protocol):
    """A net that can keep its networks as they are."""

    def remember_good(self) -> None: ...


class Watch:
    """Looks at the rows of each outer loop, and has its net remember the networks of a good one.

    Parameters
    ----------
    what : str
        What moves the rows away, for the message.
    """

    def __init__(self, what: str) -> None:
        self.what = what
        self._n_collapsed, self._patience = 0, _SMALL_LOOPS

    def to_state(self) -> State:
        """What it knows of the loops before."""
        return State(json={"n_collapsed": self._n_collapsed, "patience": self._patience})

    def from_state(self, state: State) -> Self:
        """Take up what `to_state` gave."""
        self._patience = state.choice("patience", (_COLLAPSED_LOOPS, _SMALL_LOOPS))
        self._n_collapsed = state.integer("n_collapsed", most=self._patience)
        return self

    def __call__(self, net: Remembering, *, farthest: float, spread: float, generated: float = 0.0) -> None:
        """Judge a loop by its largest absolute coordinate and by the spread of its rows, as a share of the data's.

        The spread is the smaller of the trained rows' and of those that `sample` would give: an averaged generator
        can fall to one point alone. Where rows are moved after they are generated, `generated` is the largest
        coordinate before, so that what moves them is not blamed for the generator.

        Raises
        ------
        TrainingFailure
            By the name of ``"explosion"``, or of ``"collapse"``.
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
            self._n_collapsed = 0  # training may go on from the last good networks
            raise TrainingFailure(
                "collapse", f"the generator collapsed: its samples spread over {spread:.2g} of the data's spread"
            )
