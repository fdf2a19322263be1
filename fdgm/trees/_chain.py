"""Columns drawn one after another, each given those before it."""

from collections.abc import Callable, Sequence
from typing import Self

import numpy as np
from joblib import Parallel, delayed
from threadpoolctl import threadpool_limits
from tqdm.auto import tqdm

from ..exceptions import FileError
from ..inputs import chunk_seed, int_seed
from ..persistence import State, as_tensor
from ._conditional import Conditional, Recipe

__all__ = ["CHUNK", "Chain"]

CHUNK = 4096  # rows that are drawn together, from one seed


class Chain:
    """The joint distribution of all columns, by positions.

    Parameters
    ----------
    order : tuple of int
        The columns, as they are drawn.
    n_first : int
        The first of them, which are given, or come jointly from training rows.
    steps : list of Conditional
        One for each of the others, given the columns before it.
    """

    def __init__(self, order: tuple[int, ...], n_first: int, steps: list[Conditional]) -> None:
        self.order = order
        self.n_first = n_first
        self.steps = steps

    @classmethod
    def fit(
        cls,
        positions: np.ndarray,
        sizes: Sequence[int],
        categorical: np.ndarray,
        given: Sequence[int],
        recipe: Recipe,
        entropy: int,
        *,
        n_jobs: int | None = None,
        late: Callable[[], bool] = lambda: False,
        verbose: bool = False,
    ) -> Self:
        """Fit all columns, in the order of their numbers of values.

        Parameters
        ----------
        positions : ndarray of shape (n, d), float32
        sizes : sequence of int
            Numbers of values of the columns.
        categorical : ndarray of shape (d,), bool
        given : sequence of int
            Columns that come first. Without any it is the one with the fewest values.
        recipe : Recipe
        entropy : int
            Of the seeds.
        n_jobs : int or None
            Columns that are fitted at once. The bits are the same for any number.
        late : callable
            Whether time is up: columns that are fitted from then on have one tree each and no boosters.
        verbose : bool
            Whether to show a progress bar.
        """
        by_size = sorted(range(len(sizes)), key=lambda place: sizes[place])
        first = tuple(given) or tuple(by_size[:1])
        order = (*first, *(place for place in by_size if place not in first))

        def one(number: int) -> Conditional:
            place = order[number]
            with threadpool_limits(1):
                return Conditional.fit(
                    np.ascontiguousarray(positions[:, order[:number]]),
                    positions[:, place].astype(np.int64),
                    sizes[place],
                    not categorical[place],
                    recipe.light() if late() else recipe,
                    int_seed(entropy, *(order[:number]), place),
                )

        todo = range(len(first), len(order))
        made = Parallel(n_jobs=n_jobs, prefer="threads", return_as="generator")(delayed(one)(number) for number in todo)
        steps = list(tqdm(made, total=len(todo), desc="columns", disable=not verbose))
        return cls(order, len(first), steps)

    def draw(self, first: Callable[[int, np.random.Generator], np.ndarray], n: int, key: tuple[int, ...]) -> np.ndarray:
        """Draw rows, in chunks with a seed each, so that the first rows are the same for any n.

        Parameters
        ----------
        first : callable
            Of the number of the chunk's first row and a generator: the chunk's positions (CHUNK, n_first) in the first
            columns.
        n : int
        key : tuple of int
            The seed.

        Returns
        -------
        positions : ndarray of shape (n, d), float32
        """
        out = np.empty((n, len(self.order)), dtype=np.float32)
        for chunk, start in enumerate(range(0, n, CHUNK)):
            rng = np.random.default_rng(chunk_seed(*key, chunk))
            rows = out[start : start + CHUNK]
            rows[:, self.order[: self.n_first]] = first(start, rng)[: len(rows)]
            for number, step in enumerate(self.steps, self.n_first):
                uniform = rng.random((CHUNK, 3))[: len(rows)]
                rows[:, self.order[number]] = step.draw(rows[:, self.order[:number]], uniform)
        return out

    def to_state(self) -> State:
        """The whole state, for a file."""
        parts = {f"step{number}": step.to_state() for number, step in enumerate(self.steps)}
        return State({"order": as_tensor(np.array(self.order))}, {"n_first": self.n_first}, parts)

    @classmethod
    def from_state(cls, state: State, sizes: Sequence[int]) -> Self:
        """What `to_state` gave, for columns of that many values."""
        order = tuple(state.array("order", (len(sizes),), "int64", least=0).tolist())
        if sorted(order) != list(range(len(sizes))):
            raise FileError("the order of columns must have each of them once")
        n_first = state.integer("n_first", 1, len(sizes))
        steps = [
            Conditional.from_state(state.part(f"step{number}"), n_first + number, sizes[place])
            for number, place in enumerate(order[n_first:])
        ]
        return cls(order, n_first, steps)
