"""Rows in units in which distances mean something, whatever the columns are."""

import numpy as np

__all__ = ["units"]

_ONE_HOT = 50  # levels up to which a category is compared by equality


def units(positions: np.ndarray, training: np.ndarray, categorical: np.ndarray) -> np.ndarray:
    """Ordered columns as their ranks, of variance 1, and categories as one-hots.

    Parameters
    ----------
    positions : ndarray of shape (n, d)
    training : ndarray of shape (n_training, d), int
        Positions of the training rows.
    categorical : ndarray of shape (d,), bool

    Returns
    -------
    rows : ndarray of shape (n, n_units), float64
    """
    blocks = []
    for place, known in enumerate(training.T):
        column, n_values = positions[:, place], int(known.max(initial=0))
        count = np.bincount(known, minlength=n_values + 1)
        if categorical[place] and n_values <= _ONE_HOT:
            blocks.append(np.eye(n_values + 1)[np.minimum(column.astype(np.int64), n_values)])
            continue
        ranks = (np.cumsum(count) - count / 2) / len(training)
        spread = np.sqrt(np.average(np.square(ranks - 0.5), weights=count))
        below = np.interp(column, np.arange(n_values + 1), ranks)
        blocks.append((below[:, None] - 0.5) / (spread if spread > 0 else 1.0))
    return np.column_stack(blocks)
