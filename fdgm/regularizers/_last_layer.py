"""The critic's last layer, which several stabilizers look into or replace."""

from torch import nn

from ..component import Component

__all__ = ["last_layer"]


def last_layer(owner: Component, critic: nn.Module) -> tuple[str, nn.Linear]:
    """Name and module of the critic's last linear layer, whose inputs are its features.

    Raises
    ------
    ValueError
        If it has none.
    """
    layers = [(name, layer) for name, layer in critic.named_modules() if isinstance(layer, nn.Linear)]
    if not layers:
        raise ValueError(
            f"the critic that {type(owner).__name__} looks into must have a linear layer, whose inputs are its"
            f" features, got {type(critic).__name__} without one; take an architecture whose critic has."
        )
    return layers[-1]
