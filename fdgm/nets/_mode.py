"""Training and evaluation mode, switched many times a second."""

from torch import nn

__all__ = ["Mode"]


class Mode:
    """Puts a network into training or evaluation mode, as ``module.train(mode)`` does.

    That walks the tree and sets attributes the slow way, which is a twentieth of the time of a small critic's step;
    here the flags are set in a list made once, unless a module inside has a `train` of its own.

    Parameters
    ----------
    module : Module
        Its parts do not change.
    """

    def __init__(self, module: nn.Module) -> None:
        self.module = module
        self.parts = list(module.modules())
        self.plain = all(type(part).train is nn.Module.train for part in self.parts)

    def __call__(self, training: bool) -> None:
        """Switch all parts."""
        if not self.plain:
            self.module.train(training)
            return
        for part in self.parts:
            vars(part)["training"] = training
