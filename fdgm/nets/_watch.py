"""What tells that a model has broken: its rows leave the data behind, or fall into one point."""

from ._net import MultiNet, TrainingFailure

__all__ = ["Watch"]

_EXPLODED = 1e4  # standard deviations of the data: far past any row that can come back
_COLLAPSED = 0.02  # of the data's spread: at a tenth of the points' distances from one another, and less
_COLLAPSED_LOOPS, _SMALL_LOOPS = 3, 50  # in a row; the second of a generator that began small and never spread


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

    def __call__(self, net: MultiNet, *, farthest: float, spread: float) -> None:
        """Judge a loop by its largest absolute coordinate and by the spread of its samples, as a share of the data's.

        Raises
        ------
        TrainingFailure
            By the name of ``"explosion"``, or of ``"collapse"``.
        """
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
        if self._n_collapsed == self._patience:
            raise TrainingFailure(
                "collapse", f"the generator collapsed: its samples spread over {spread:.2g} of the data's spread"
            )
