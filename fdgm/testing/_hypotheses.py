"""Hypothesis with the same examples each time, so that a plugin always gets the same verdict."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from torch import Tensor

__all__ = ["distributions", "for_all", "log_ratios"]


def for_all(**strategies: st.SearchStrategy[Any]) -> Callable[[Callable[..., None]], None]:
    """Run the decorated function immediately, on examples drawn from the strategies."""

    def run(holds: Callable[..., None]) -> None:
        settings(
            max_examples=30,
            derandomize=True,
            database=None,  # nothing is written into the folder of whoever tests a plugin
            deadline=None,
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        )(given(**strategies)(holds))()

    return run


def log_ratios(bound: float) -> st.SearchStrategy[Tensor]:
    """A few log-ratios within ±bound, in float64."""
    return st.lists(st.floats(-bound, bound), min_size=1, max_size=20).map(
        lambda values: torch.tensor(values, dtype=torch.float64, device="cpu")
    )


@st.composite
def distributions(draw: st.DrawFn, n: int) -> list[Tensor]:
    """n discrete distributions on the same few points, all probabilities positive."""
    size = draw(st.integers(2, 6))
    masses = [draw(arrays(np.float64, size, elements=st.floats(0.01, 1))) for _ in range(n)]
    return [torch.from_numpy(mass / mass.sum()) for mass in masses]
