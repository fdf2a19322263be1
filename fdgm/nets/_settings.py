"""The settings of a training rule."""

from dataclasses import dataclass, fields

import numpy as np

__all__ = ["Settings"]


@dataclass(frozen=True)
class Settings:
    """Base class of the settings. It turns numpy's numbers into Python's, since not all of torch takes them."""

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, np.generic):
                object.__setattr__(self, field.name, value.item())
