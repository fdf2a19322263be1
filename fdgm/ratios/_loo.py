"""The closed form of leave-one-out for least squares on the ratio, over a whole grid of penalties at once."""

import numpy as np
from scipy.linalg import eigh

__all__ = ["leave_one_out"]

_BLOCK = 512  # pairs at once: their arrays fit the processor's cache


def leave_one_out(
    phi_p: np.ndarray,
    phi_q: np.ndarray,
    gram_p: np.ndarray,
    gram_q: np.ndarray,
    mean_p: np.ndarray,
    sizes: tuple[int, int],
    alpha: float,
    penalties: np.ndarray,
) -> np.ndarray:
    """Mean loss of a pair of rows, one of each sample, under the weights fitted to all the others.

    The weights without a pair are θ = max(0, (H − a φ_p φ_pᵀ − c φ_q φ_qᵀ + λI)⁻¹ h), a change of rank two of a
    matrix whose eigenvectors serve every pair and every λ (Sherman, Morrison and Woodbury).

    Parameters
    ----------
    phi_p, phi_q : ndarray of shape (n, b)
        Kernels at the rows of the pairs: i-th with i-th.
    gram_p, gram_q : ndarray of shape (b, b)
        Means of φφᵀ over all rows of each sample.
    mean_p : ndarray of shape (b,)
        Mean of φ over all rows of the numerator.
    sizes : (n_p, n_q)
        Rows of each sample, both at least 2.
    alpha : float in [0, 1)
    penalties : ndarray of shape (L,)

    Returns
    -------
    losses : ndarray of shape (L,)
        Means of α r_p²/2 + (1 − α) r_q²/2 − r_p.

    References
    ----------
    Kanamori, Hido and Sugiyama, "A Least-squares Approach to Direct Importance Estimation", JMLR 10, 2009,
    section 3.2; here without a pair's row of P in H as well, which their case, α = 0, does not have.
    """
    n_p, n_q = sizes
    keep = n_p / (n_p - 1)
    a, c, drop = alpha / (n_p - 1), (1 - alpha) / (n_q - 1), 1 / (n_p - 1)
    eigenvalues, vectors = eigh(alpha * keep * gram_p + (1 - alpha) * n_q / (n_q - 1) * gram_q)
    inverse = 1 / (np.maximum(eigenvalues, 0) + penalties[:, None])  # (L, b)
    mean = mean_p @ vectors * keep  # (b,)
    losses = np.zeros(len(penalties))
    for start in range(0, len(phi_p), _BLOCK):
        rows_p, rows_q = phi_p[start : start + _BLOCK], phi_q[start : start + _BLOCK]  # (m, b)
        turned_p, turned_q = rows_p @ vectors, rows_q @ vectors
        pp, pq, qq = (inverse @ (u * v).T for u, v in ((turned_p,) * 2, (turned_p, turned_q), (turned_q,) * 2))
        weighted = inverse * mean
        up, uq = weighted @ turned_p.T - drop * pp, weighted @ turned_q.T - drop * pq  # (L, m)
        determinant = (1 - a * pp) * (1 - c * qq) - a * c * pq * pq
        share_p = (a * (1 - c * qq) * up + a * c * pq * uq) / determinant - drop
        share_q = (c * (1 - a * pp) * uq + a * c * pq * up) / determinant
        for k, scale in enumerate(inverse):
            theta = turned_p * share_p[k, :, None]
            theta += turned_q * share_q[k, :, None]
            theta += mean
            theta = theta @ (vectors * scale).T  # (m, b)
            np.maximum(theta, 0, out=theta)
            r_p, r_q = np.einsum("ij,ij->i", theta, rows_p), np.einsum("ij,ij->i", theta, rows_q)
            losses[k] += (alpha * r_p * r_p + (1 - alpha) * r_q * r_q).sum() / 2 - r_p.sum()
    return losses / len(phi_p)
