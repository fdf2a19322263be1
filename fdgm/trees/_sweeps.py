"""Holes filled by sweeps: each column drawn given all others, again and again."""

from collections.abc import Mapping, Sequence

import numpy as np
from joblib import Parallel, delayed
from threadpoolctl import threadpool_limits

from ..inputs import int_seed
from ._conditional import Conditional, Recipe

__all__ = ["fill_at_random", "fit_given_all_others", "sweep"]


def _others(positions: np.ndarray, place: int) -> np.ndarray:
    """All columns but one; without any, one that says nothing."""
    if positions.shape[1] == 1:
        return np.zeros_like(positions)
    return np.ascontiguousarray(np.delete(positions, place, axis=1))


def fit_given_all_others(
    positions: np.ndarray,
    known: np.ndarray,
    places: Sequence[int],
    sizes: Sequence[int],
    categorical: np.ndarray,
    recipe: Recipe,
    seed: int,
    n_jobs: int | None = None,
) -> dict[int, Conditional]:
    """The distribution of each of some columns given all others.

    Parameters
    ----------
    positions : ndarray of shape (n, d), float32
    known : ndarray of shape (n, d), bool
        Which values were there. Only they are targets.
    places : sequence of int
        The columns. One without any known value is left out.
    sizes : sequence of int
        Numbers of values of all columns.
    categorical : ndarray of shape (d,), bool
    recipe : Recipe
    seed : int
    n_jobs : int or None

    Returns
    -------
    conditionals : dict
        By column.
    """

    def one(place: int) -> Conditional:
        rows = known[:, place]
        with threadpool_limits(1):
            return Conditional.fit(
                _others(positions[rows], place),
                positions[rows, place].astype(np.int64),
                sizes[place],
                not categorical[place],
                recipe,
                int_seed(seed, place),
            )

    places = [place for place in places if known[:, place].any()]
    made = Parallel(n_jobs=n_jobs, prefer="threads")(delayed(one)(place) for place in places)
    return dict(zip(places, made, strict=True))


def fill_at_random(
    positions: np.ndarray, holes: np.ndarray, known: Mapping[int, np.ndarray], rng: np.random.Generator
) -> None:
    """Put into each hole a known value of its column, drawn at random; a column without any is left as it is.

    Parameters
    ----------
    positions : ndarray of shape (n, d)
        It is changed.
    holes : ndarray of shape (n, d), bool
    known : mapping
        By column, the number of times that each position is known, 0 first.
    rng : Generator
    """
    for place in np.flatnonzero(holes.any(axis=0)).tolist():
        count = known[place].astype(np.float64)
        count[0] = 0.0
        if count.sum():
            rows = np.flatnonzero(holes[:, place])
            positions[rows, place] = rng.choice(len(count), size=len(rows), p=count / count.sum())


def sweep(
    positions: np.ndarray,
    holes: np.ndarray,
    conditionals: Mapping[int, Conditional],
    n_sweeps: int,
    rng: np.random.Generator,
) -> None:
    """Draw each hole given all other values of its row, `n_sweeps` times, the fullest columns first.

    Parameters
    ----------
    positions : ndarray of shape (n, d), float32
        It is changed.
    holes : ndarray of shape (n, d), bool
    conditionals : mapping
        By column.
    n_sweeps : int
    rng : Generator
    """
    places = [place for place in np.argsort(holes.sum(axis=0), kind="stable") if holes[:, place].any()]
    for _ in range(n_sweeps):
        for place in places:
            if place not in conditionals:
                continue
            rows = np.flatnonzero(holes[:, place])
            drawn = conditionals[place].draw(_others(positions[rows], place), rng.random((len(rows), 3)))
            positions[rows, place] = drawn
