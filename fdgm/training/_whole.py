"""A skorch callback that keeps the last whole iteration, to which a fit returns if it stops in the middle of one."""

from typing import Any

from skorch.callbacks import Callback

from ..nets import Whole

__all__ = ["LastWhole"]


class LastWhole(Callback):
    """Note the state of net and estimator after each iteration, before and again after the user's callbacks.

    Parameters
    ----------
    estimator : Trainable
    """

    def __init__(self, estimator: Any) -> None:
        self.estimator = estimator
        self._last: tuple[Whole, dict[str, Any]] | None = None

    @property
    def n_loops(self) -> int:
        """Number of whole iterations. 0 if there is nothing to go back to."""
        return 0 if self._last is None else self._last[0].n_loops

    def on_train_begin(self, net: Any, **kwargs: Any) -> None:
        if net.history:
            self._last = Whole(net), self.estimator._noted()

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        if len(net.history) == 1:
            self.estimator._n_inner_steps = net.clock_.cut_at
        self._last = Whole(net), self.estimator._noted()  # in one step: an interrupt finds the new state or the old

    def go_back(self) -> None:
        """Restore net and estimator."""
        net = self.estimator.net_
        if self._last is None:
            del net.history[:]
            return
        whole, noted = self._last
        whole.put_back(net)
        vars(self.estimator).update(noted)
