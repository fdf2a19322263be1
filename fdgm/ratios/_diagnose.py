"""Diagnose a density ratio by its mean, its weights, its calibration and a test of the two samples."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.utils.validation import check_is_fitted

from .. import registry
from .._checks import check_count
from ..inputs import entropy_of, validate_pair, with_seed
from ..metrics._log_ratios import TwoSampleTest, calibration, permutation_test
from ._base import DensityRatio

__all__ = ["Diagnosis", "TwoSampleTest", "diagnose", "two_sample_test"]


@dataclass(frozen=True)
class Diagnosis:
    """Result of `diagnose` on held-out samples.

    Attributes
    ----------
    mean_ratio : float
        E_q[ratio], which is 1 for the true ratio.
    mean_ratio_error : float
        Standard error of `mean_ratio`.
    effective_sample_size : float
        (Σw)²/Σw² of the importance weights of the rows of Q. That many rows of P would estimate equally well.
    effective_fraction : float
        `effective_sample_size` divided by the number of rows, between 0 and 1.
    log_loss : float
        −E_p[log σ(T)] − E_q[log σ(−T)]. It is 2 log 2 = 1.386 if nothing can be told apart.
    calibration : DataFrame of shape (n_bins, 3)
        One row for each bin of σ(T). Bins have equally many rows, except that rows of one value share a bin. Columns:

        - ``predicted``: mean of σ(T);
        - ``observed``: fraction of P, with both samples weighted equally;
        - ``rows``: number of rows.

        The log-ratio is calibrated where ``predicted`` equals ``observed``.
    test : TwoSampleTest
    """

    mean_ratio: float
    mean_ratio_error: float
    effective_sample_size: float
    effective_fraction: float
    log_loss: float
    calibration: pd.DataFrame
    test: TwoSampleTest


def diagnose(
    ratio: DensityRatio,
    X_p: Any,
    X_q: Any,
    *,
    n_bins: int = 10,
    n_permutations: int = 999,
    random_state: Any = None,
) -> Diagnosis:
    """Diagnose a fitted density ratio on samples that it was not fitted to.

    Parameters
    ----------
    ratio : DensityRatio
        A fitted density ratio.
    X_p : array-like of shape (n_p, n_features)
        Held-out sample of the numerator P.
    X_q : array-like of shape (n_q, n_features)
        Held-out sample of the denominator Q.
    n_bins : int, default=10
        Number of bins of the calibration curve.
    n_permutations : int, default=999
        Number of permutations of the test. The smallest possible p-value is 1/(1 + n_permutations).
    random_state : int, RandomState, Generator or None, default=None
        Seed of the permutations.

    Returns
    -------
    diagnosis : Diagnosis

    References
    ----------
    Kong, "A note on importance sampling using standardized weights", 1992 (effective sample size); Friedman, "On
    multivariate goodness-of-fit and two-sample testing", 2003 (the test).

    Examples
    --------
    >>> import numpy as np
    >>> from fdgm.ratios import ClassifierRatio, diagnose
    >>> X_p, X_q = np.random.default_rng(0).normal([[[0.5]], [[0.0]]], 1, size=(2, 400, 1))
    >>> ratio = ClassifierRatio().fit(X_p[:200], X_q[:200])
    >>> diagnose(ratio, X_p[200:], X_q[200:], random_state=0).test.p_value
    0.001
    """
    check_is_fitted(ratio)
    n_bins = check_count(n_bins, "n_bins", "diagnose")
    n_permutations = check_count(n_permutations, "n_permutations", "diagnose")
    p, q = (ratio._in_chunks(X) for X in validate_pair(ratio, X_p, X_q, reset=False))
    r = np.exp(np.minimum(q, np.log(np.finfo(np.float64).max) / 2))
    weights = np.exp(q - q.max())
    effective = float(weights.sum() ** 2 / np.square(weights).sum())
    return Diagnosis(
        mean_ratio=float(r.mean()),
        mean_ratio_error=float(r.std(ddof=1) / np.sqrt(len(r))) if len(r) > 1 else float("nan"),
        effective_sample_size=effective,
        effective_fraction=effective / len(q),
        log_loss=float(np.logaddexp(0, -p).mean() + np.logaddexp(0, q).mean()),
        calibration=calibration(p, q, n_bins),
        test=permutation_test(p, q, n_permutations, np.random.default_rng(entropy_of(random_state))),
    )


def two_sample_test(
    X_p: Any,
    X_q: Any,
    *,
    ratio: str | DensityRatio = "ulsif",
    n_permutations: int = 999,
    random_state: Any = None,
) -> TwoSampleTest:
    """Test whether two samples come from one distribution, by a density ratio.

    The ratio is fitted to half of each sample. The test permutes the rows of the other halves between the samples. The
    p-value is valid for any ratio; a poor ratio only has less power.

    Parameters
    ----------
    X_p : array-like of shape (n_p, n_features)
        Sample of the numerator P, with at least four rows.
    X_q : array-like of shape (n_q, n_features)
        Sample of the denominator Q, with at least four rows.
    ratio : str or DensityRatio, default="ulsif"
        One of ``fdgm.available("density_ratio")`` or an instance, which is left unfitted.
    n_permutations : int, default=999
    random_state : int, RandomState, Generator or None, default=None
        Seed of the halves, of the permutations, and of the ratio if it takes one and has none.

    Returns
    -------
    test : TwoSampleTest

    References
    ----------
    Lopez-Paz and Oquab, "Revisiting Classifier Two-Sample Tests", ICLR 2017, section 3.

    Examples
    --------
    >>> import numpy as np
    >>> from fdgm.ratios import two_sample_test
    >>> X_p, X_q = np.random.default_rng(0).normal([[[0.5]], [[0.0]]], 1, size=(2, 300, 2))
    >>> two_sample_test(X_p, X_q, random_state=0).p_value
    0.001
    """
    n_permutations = check_count(n_permutations, "n_permutations", "two_sample_test")
    rng = np.random.default_rng(entropy_of(random_state))
    estimator = with_seed(clone(registry.make("density_ratio", ratio)), int(rng.integers(2**32)))
    halves = []
    for X in validate_pair(estimator, X_p, X_q, reset=True, min_samples=4):
        order = rng.permutation(len(X))
        halves.append((X[order[: len(X) // 2]], X[order[len(X) // 2 :]]))
    (fit_p, test_p), (fit_q, test_q) = halves
    estimator.fit(fit_p, fit_q)
    return permutation_test(estimator.log_ratio(test_p), estimator.log_ratio(test_q), n_permutations, rng)
