"""Least squares on the ratio over non-negative weights, and its leave-one-out in closed form for many penalties."""

import numpy as np
from scipy.linalg import cholesky, eigh, solve_triangular
from scipy.optimize import nnls

__all__ = ["leave_one_out", "non_negative_weights"]


def non_negative_weights(gram: np.ndarray, mean: np.ndarray, penalty: float) -> np.ndarray:
    """θ ≥ 0 (b,) that minimises θᵀ(H + λI)θ/2 − hᵀθ.

    Parameters
    ----------
    gram : ndarray of shape (b, b)
        H, positive semidefinite.
    mean : ndarray of shape (b,)
        h.
    penalty : float
        λ > 0.
    """
    # Below the rounding of H itself a penalty would not make it positive definite.
    floor = 4 * len(gram) * np.finfo(np.float64).eps * np.trace(gram)
    matrix = gram + max(penalty, floor) * np.eye(len(gram))
    factor = cholesky(matrix, lower=True)
    return nnls(factor.T, solve_triangular(factor, mean, lower=True))[0]


def leave_one_out(
    phis: tuple[np.ndarray, np.ndarray],
    grams: tuple[np.ndarray, np.ndarray],
    means: tuple[np.ndarray, np.ndarray],
    sizes: tuple[int, int],
    alpha: float,
    penalties: np.ndarray,
) -> np.ndarray:
    """Mean loss of a pair of rows, one of each sample, under the ratio fitted to all the others.

    The weights without a pair have the support S of those with it, unless one of them crosses 0, and there they are
    (H − a φ_p φ_pᵀ − c φ_q φ_qᵀ + λI)⁻¹ h: a change of rank two (Sherman, Morrison and Woodbury) of a matrix whose
    eigenvectors serve every pair, and every λ that has this support.

    Parameters
    ----------
    phis : pair of ndarray of shape (n, b)
        Kernels at the rows of the pairs, P's and Q's: i-th with i-th.
    grams : pair of ndarray of shape (b, b)
        Means of φφᵀ over all rows of each sample.
    means : pair of ndarray of shape (b,)
        Means of φ.
    sizes : (n_p, n_q)
        Rows of each sample, both at least 2.
    alpha : float in [0, 1)
    penalties : ndarray of shape (L,)

    Returns
    -------
    losses : ndarray of shape (L,)
        Means of α r_p²/2 + (1 − α) r_q²/2 − r_p, of r scaled to mean 1 under its denominator.

    References
    ----------
    Kanamori, Hido and Sugiyama, "A Least-squares Approach to Direct Importance Estimation", JMLR 10, 2009,
    section 3.2: there of rank one, since α is 0, and over weights that may be negative until they are cut.
    """
    n_p, n_q = sizes
    gram = alpha * grams[0] + (1 - alpha) * grams[1]
    without = alpha * n_p / (n_p - 1) * grams[0] + (1 - alpha) * n_q / (n_q - 1) * grams[1]
    weights = np.stack([non_negative_weights(gram, means[0], penalty) for penalty in penalties])  # (L, b)
    totals = weights @ (alpha * means[0] + (1 - alpha) * means[1])  # (L,)
    losses = np.full(len(penalties), np.inf)
    supports, group = np.unique(weights > 0, axis=0, return_inverse=True)
    for k, support in enumerate(supports):
        members = (group == k) & (totals > 0)
        if not support.any() or not members.any():
            continue
        eigenvalues, vectors = eigh(without[np.ix_(support, support)])
        inverse = 1 / (np.maximum(eigenvalues, 0) + penalties[members, None])  # (l, s)
        p, q = (phi[:, support] @ vectors for phi in phis)  # (n, s)
        r_p, r_q = _ratios(p, q, means[0][support] @ vectors, inverse, sizes, alpha)  # (l, n)
        r_p, r_q = r_p / totals[members, None], r_q / totals[members, None]
        losses[members] = (alpha * r_p * r_p + (1 - alpha) * r_q * r_q).mean(axis=1) / 2 - r_p.mean(axis=1)
    return losses


def _ratios(
    p: np.ndarray, q: np.ndarray, mean: np.ndarray, inverse: np.ndarray, sizes: tuple[int, int], alpha: float
) -> tuple[np.ndarray, np.ndarray]:
    """The ratio at each pair's rows (l, n) under the weights without it, all in the eigenvectors' coordinates."""
    n_p, n_q = sizes
    a, c, drop = alpha / (n_p - 1), (1 - alpha) / (n_q - 1), 1 / (n_p - 1)
    pp, pq, qq = inverse @ (p * p).T, inverse @ (p * q).T, inverse @ (q * q).T
    weighted = inverse * (mean * n_p / (n_p - 1))
    base_p, base_q = weighted @ p.T, weighted @ q.T
    up, uq = base_p - drop * pp, base_q - drop * pq
    determinant = (1 - a * pp) * (1 - c * qq) - a * c * pq * pq
    share_p = (a * (1 - c * qq) * up + a * c * pq * uq) / determinant - drop
    share_q = (c * (1 - a * pp) * uq + a * c * pq * up) / determinant
    return base_p + share_p * pp + share_q * pq, base_q + share_p * pq + share_q * qq
