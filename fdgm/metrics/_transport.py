"""Optimal transport between two samples by POT's network simplex, with few rounding errors and with Ctrl-C."""

import threading
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from ._interrupt import interruptible
from ._pairs import blocks

__all__ = ["optimal_cost"]

_DENSE = 10**7  # pairs whose costs are kept in memory, some 400 MB with the solver's own; more are made as needed
_QUICK = 10**5  # pairs that are solved in some hundredths of a second, too short to need Ctrl-C
_SLICE = 500_000  # iterations after which an abandoned solver ends: a few minutes at 20,000 rows
_ROOM = 4  # times the most that an arc of the optimum can cost, above which costs are lowered
_ROUNDING = float(np.finfo(np.float64).eps)


def _diameter(x: np.ndarray, y: np.ndarray) -> float:
    """A distance that no two rows exceed."""
    return float(np.linalg.norm(np.maximum(x.max(axis=0), y.max(axis=0)) - np.minimum(x.min(axis=0), y.min(axis=0))))


def optimal_cost(x: np.ndarray, y: np.ndarray, p: int, chunk_size: int) -> tuple[float, float]:
    """W_p^p between the rows of x (n, d) and y (m, d) with entries below 2, and a bound of the solver's error."""
    try:
        import ot
    except ImportError as error:
        raise ImportError(
            "wasserstein_distance needs POT where there are several features: install the extra fdgm[metrics]."
        ) from error
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of a slice that ends before the optimum; other states are raised
        return _optimal_cost(ot, x, y, p, chunk_size)


def _optimal_cost(ot: Any, x: np.ndarray, y: np.ndarray, p: int, chunk_size: int) -> tuple[float, float]:
    if len(x) * len(y) > _DENSE:
        return interruptible(lambda stopped: _solve_lazily(ot, x, y, p, stopped))
    costs = np.empty((len(x), len(y)))
    for rows, columns, block in blocks(x, y, chunk_size):
        costs[rows, columns] = block**p
    if costs.size <= _QUICK:
        return _solve(ot, costs, threading.Event())
    return interruptible(lambda stopped: _solve(ot, costs, stopped))


def _solve(ot: Any, costs: np.ndarray, stopped: threading.Event) -> tuple[float, float]:
    """The minimal cost, and a bound of its error.

    Rounding hides costs below 10⁻¹⁶ of the largest one. An outlier that both samples share makes the largest cost
    huge. But no arc of the optimum costs more than the total cost of any plan divided by the arc's mass. Larger costs
    can be lowered to that value, and the problem is solved again with more digits. The cost of any plan is an upper
    bound, so the smallest one is always the best.
    """
    n, m = costs.shape
    a, b = np.full(n, 1 / n), np.full(m, 1 / m)
    best, cap = np.inf, float(costs.max())
    while True:
        if cap == 0:  # the square of a non-zero distance may be 0
            return 0.0, float(np.finfo(np.float64).tiny)
        lowered = np.minimum(costs, cap)
        lowered /= cap
        plan, _ = _in_slices(partial(ot.emd, a, b, lowered), stopped)
        total = float(np.vdot(plan, costs))
        error = 2 * (n + m) * _ROUNDING * cap + float(np.finfo(np.float64).tiny)
        lower = _ROOM * max(n, m) * total
        if total >= best or lower * _ROOM >= cap:
            return min(total, best), error
        best, cap = total, lower


def _solve_lazily(ot: Any, x: np.ndarray, y: np.ndarray, p: int, stopped: threading.Event) -> tuple[float, float]:
    a, b = np.full(len(x), 1 / len(x)), np.full(len(y), 1 / len(y))
    metric = "euclidean" if p == 1 else "sqeuclidean"
    total, _ = _in_slices(partial(ot.lp.emd2_lazy, x, y, a, b, metric=metric, return_matrix=False), stopped)
    return max(float(total), 0.0), 2 * (len(x) + len(y)) * _ROUNDING * _diameter(x, y) ** p


def _in_slices(solve: Callable[..., tuple[Any, Any]], stopped: threading.Event) -> tuple[Any, Any]:
    """Solve in slices of iterations. Each slice starts with the potentials of the last one."""
    potentials = None
    while True:
        found, log = solve(numItermax=_SLICE, log=True, center_dual=False, potentials_init=potentials)
        if stopped.is_set() or log["warning"] is None:
            return found, log
        if log["result_code"] != 3:
            raise RuntimeError(f"The solver of wasserstein_distance failed: {log['warning']}")
        potentials = log["u"], log["v"]
