"""What held-out log-ratios tell: whether they are calibrated, and whether two samples differ."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy.special import expit

__all__ = ["TwoSampleTest", "calibration", "permutation_test"]


@dataclass(frozen=True)
class TwoSampleTest:
    """Result of a permutation test of whether two samples come from one distribution.

    Attributes
    ----------
    statistic : float
        Mean of σ(T) over the rows of P minus that over the rows of Q, where T is the log-ratio. Between −1 and 1.
    p_value : float in (0, 1]
        Fraction of the permutations, including the observed one, that reach the statistic.
    null : ndarray of shape (n_permutations,)
        The statistic of each permutation.
    """

    statistic: float
    p_value: float
    null: np.ndarray = field(repr=False, compare=False)


def permutation_test(p: np.ndarray, q: np.ndarray, n_permutations: int, rng: np.random.Generator) -> TwoSampleTest:
    """Test by log-ratios at held-out rows. Under one distribution all assignments are equally likely.

    The statistic uses probabilities. With log-ratios one row far from all others would outweigh the rest.
    """
    p, q = expit(p), expit(q)
    together = np.concatenate([p, q])
    # The statistic grows with the sum over the rows of P alone.
    sums = np.array([rng.permutation(together)[: len(p)].sum() for _ in range(n_permutations)])
    rounding = 1e-12 * np.abs(together).sum()
    n_as_large = 1 + np.count_nonzero(sums >= p.sum() - rounding)
    null = sums / len(p) - (together.sum() - sums) / len(q)
    return TwoSampleTest(float(p.mean() - q.mean()), float(n_as_large / (1 + n_permutations)), null)


def calibration(p: np.ndarray, q: np.ndarray, n_bins: int) -> pd.DataFrame:
    """The table `calibration` of :class:`fdgm.ratios.Diagnosis`, from log-ratios at the rows of P and of Q."""
    log_ratio = np.concatenate([p, q])
    is_p = np.repeat([1.0, 0.0], [len(p), len(q)])
    weight = np.where(is_p == 1, 0.5 / len(p), 0.5 / len(q))
    rows = []
    order = np.argsort(log_ratio, kind="stable")
    # Bins begin with a value's first row: here rows of P come before those of Q, also among equal values.
    at = np.arange(1, n_bins) * len(order) // n_bins
    begins = np.unique(np.searchsorted(log_ratio[order], log_ratio[order[at]]))
    for part in np.split(order, begins[begins > 0]):
        rows.append(
            (
                np.average(expit(log_ratio[part]), weights=weight[part]),
                np.average(is_p[part], weights=weight[part]),
                len(part),
            )
        )
    return pd.DataFrame(rows, columns=["predicted", "observed", "rows"])
