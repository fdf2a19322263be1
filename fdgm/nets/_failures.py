"""The exception for a training step that fails."""

__all__ = ["TrainingFailure"]


class TrainingFailure(Exception):
    """A training step went wrong.

    Parameters
    ----------
    reason : {"non_finite", "explosion", "collapse"}
    what : str
        What happened, beginning with the network that it happened to.
    culprit : str, default=""
        The network whose updates are to blame, if that is known.
    """

    def __init__(self, reason: str, what: str, culprit: str = "") -> None:
        super().__init__(what)
        self.reason = reason
        self.culprit = culprit
