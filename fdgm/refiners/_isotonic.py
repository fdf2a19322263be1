"""An increasing curve from a score to a log-ratio, by counts of two samples."""

import numpy as np
from sklearn.isotonic import IsotonicRegression

__all__ = ["isotonic_log_ratio"]


def isotonic_log_ratio(t_p: np.ndarray, t_q: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The log-ratio of P to Q as an increasing step function of a score.

    The steps are those of isotonic regression. Each step gets an additional count of both samples, in proportion to
    their sizes: half a row of the smaller one. So a step at the end with rows of only one sample has a finite level. A
    step with few rows is drawn to 0, whatever the sizes. Steps that no longer increase are pooled.

    Parameters
    ----------
    t_p, t_q : ndarray of shape (n_p,) and (n_q,)
        The score at rows of P and of Q.

    Returns
    -------
    t : ndarray of shape (n_p + n_q,)
        The scores, sorted.
    log_ratio : ndarray of shape (n_p + n_q,)
        The level at each score.
    """
    n_p, n_q = len(t_p), len(t_q)
    t, label = np.concatenate([t_p, t_q]), np.repeat([1, 0], [n_p, n_q])
    weight = np.where(label, 1 / n_p, 1 / n_q)  # without weights it would contain log n_p/n_q
    curve = IsotonicRegression(out_of_bounds="clip").fit(t, label, sample_weight=weight)
    step = np.unique(curve.predict(t), return_inverse=True)[1]
    p, q = np.bincount(step, weights=label) / n_p, np.bincount(step, weights=1 - label) / n_q
    levels = _growing(p, q, 0.5 / min(n_p, n_q))
    order = np.argsort(t, kind="stable")
    return t[order], levels[step[order]]


def _growing(p: np.ndarray, q: np.ndarray, more: float) -> np.ndarray:
    """Levels of steps that hold these fractions of P and Q, plus `more` of each, pooled until they increase."""
    pools: list[tuple[float, float, int]] = []  # fraction of P, of Q, and steps
    for one, other in zip(p.tolist(), q.tolist(), strict=True):
        pool = (one, other, 1)
        while pools and _level(pools[-1], more) >= _level(pool, more):
            last = pools.pop()
            pool = (last[0] + pool[0], last[1] + pool[1], last[2] + pool[2])
        pools.append(pool)
    return np.repeat([_level(pool, more) for pool in pools], [size for _, _, size in pools])


def _level(pool: tuple[float, float, int], more: float) -> float:
    p, q, _ = pool
    return float(np.log(p + more) - np.log(q + more))
