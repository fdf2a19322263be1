"""Columns drawn one after another, each given those before it."""

from collections.abc import Callable, Sequence
from typing import Self

import numpy as np
from joblib import Parallel, delayed
from threadpoolctl import threadpool_limits
from tqdm.auto import tqdm

from .._bar import Verbose, when_shown
from ..exceptions import FileError
from ..inputs import chunk_seed, int_seed
from ..persistence import State, as_tensor
from ..tables import Positions
from ._conditional import Conditional, Recipe
from ._derived import Derived
from ._identity import Identity

__all__ = ["CHUNK", "Chain"]

CHUNK = 4096  # rows that are drawn together, from one seed
_CONTINUOUS = 50  # values from which on a number may be nearly a function of others


class Chain:
    """The joint distribution of all columns, by positions.

    Parameters
    ----------
    order : tuple of int
        The columns, as they are drawn.
    n_first : int
        The first of them, which are given, or come jointly from training rows.
    steps : list of Conditional and Derived
        One for each of the others, given the columns before it.
    positions : Positions
        The values of the columns.
    """

    def __init__(
        self, order: tuple[int, ...], n_first: int, steps: list[Conditional | Derived], positions: Positions
    ) -> None:
        self.order = order
        self.n_first = n_first
        self.steps = steps
        self.positions = positions

    @classmethod
    def fit(
        cls,
        positions: Positions,
        rows: np.ndarray,
        given: Sequence[int],
        recipe: Recipe,
        entropy: int,
        *,
        n_jobs: int | None = None,
        late: Callable[[], bool] = lambda: False,
        verbose: Verbose = 0,
    ) -> Self:
        """Fit all columns, in the order of their numbers of values.

        Parameters
        ----------
        positions : Positions
            The values of the columns.
        rows : ndarray of shape (n, d), int
            The training rows.
        given : sequence of int
            Columns that come first. Without any it is the one with the fewest values.
        recipe : Recipe
        entropy : int
            Of the seeds.
        n_jobs : int or None
            Columns that are fitted at once. The bits are the same for any number.
        late : callable
            Whether time is up: columns that are fitted from then on have one tree each and no boosters.
        verbose : int or "auto"
            Whether to show a progress bar.
        """
        sizes = [len(values) for values in positions.values]
        codes, features = positions.decode(rows), rows.astype(np.float32)
        by_size = sorted(range(len(sizes)), key=lambda place: sizes[place])
        first = tuple(given) or tuple(by_size[:1])
        order = (*first, *(place for place in by_size if place not in first))

        def one(number: int) -> Conditional | Derived:
            place, before = order[number], order[:number]
            chosen = recipe.light() if late() else recipe
            seed = int_seed(entropy, *before, place)
            given_by = np.ascontiguousarray(features[:, before])
            with threadpool_limits(1):
                if not positions.categorical[place] and sizes[place] >= _CONTINUOUS:
                    numbers = codes[:, _ordered(before, positions)]
                    identity = Identity.find(numbers, codes[:, place], np.random.default_rng(seed))
                    if identity is not None:
                        return Derived.fit(identity, given_by, numbers, codes[:, place], chosen, seed)
                target, ordered = rows[:, place].astype(np.int64), not positions.categorical[place]
                return Conditional.fit(given_by, target, sizes[place], ordered, chosen, seed)

        todo = range(len(first), len(order))
        made = Parallel(n_jobs=n_jobs, prefer="threads", return_as="generator")(delayed(one)(number) for number in todo)
        steps = list(tqdm(made, total=len(todo), desc="columns", **when_shown(verbose)))
        return cls(order, len(first), steps, positions)

    def draw(
        self,
        first: Callable[[int, np.random.Generator], np.ndarray],
        n: int,
        key: tuple[int, ...],
    ) -> np.ndarray:
        """Draw rows, in chunks with a seed each, so that the first rows are the same for any n.

        Parameters
        ----------
        first : callable
            Of the number of the chunk's first row and a generator: the chunk's numbers (CHUNK, n_first) in the first
            columns.
        n : int
        key : tuple of int
            The seed.

        Returns
        -------
        codes : ndarray of shape (n, d), float64
            NaN is missing.
        """
        codes = np.empty((n, len(self.order)))
        for chunk, start in enumerate(range(0, n, CHUNK)):
            rng = np.random.default_rng(chunk_seed(*key, chunk))
            part = codes[start : start + CHUNK]
            part[:, self.order[: self.n_first]] = first(start, rng)[: len(part)]
            rows = np.zeros(part.shape, dtype=np.float32)
            for place in self.order[: self.n_first]:
                rows[:, place] = self.positions.encode_column(place, part[:, place])
            for number, step in enumerate(self.steps, self.n_first):
                place, before = self.order[number], self.order[:number]
                uniform = rng.random((CHUNK, 3))[: len(part)]
                if isinstance(step, Derived):
                    part[:, place] = step.draw(rows[:, before], part[:, _ordered(before, self.positions)], uniform)
                    rows[:, place] = self.positions.encode_column(place, part[:, place])
                else:
                    rows[:, place] = step.draw(rows[:, before], uniform)
                    part[:, place] = self.positions.decode_column(place, rows[:, place])
        return codes

    def to_state(self) -> State:
        """The whole state, for a file."""
        parts = {f"step{number}": step.to_state() for number, step in enumerate(self.steps)}
        derived = [isinstance(step, Derived) for step in self.steps]
        return State({"order": as_tensor(np.array(self.order))}, {"n_first": self.n_first, "derived": derived}, parts)

    @classmethod
    def from_state(cls, state: State, positions: Positions) -> Self:
        """What `to_state` gave, for columns of these values."""
        sizes = [len(values) for values in positions.values]
        order = tuple(state.array("order", (len(sizes),), "int64", least=0).tolist())
        if sorted(order) != list(range(len(sizes))):
            raise FileError("the order of columns must have each of them once")
        n_first = state.integer("n_first", 1, len(sizes))
        derived = state.value("derived")
        if not isinstance(derived, list) or len(derived) != len(order) - n_first:
            raise FileError("derived must tell of each step whether it is, and does not")
        steps: list[Conditional | Derived] = []
        for number, (place, is_derived) in enumerate(zip(order[n_first:], derived, strict=True)):
            part, before = state.part(f"step{number}"), order[: n_first + number]
            if is_derived:
                steps.append(Derived.from_state(part, len(before), len(_ordered(before, positions))))
            else:
                steps.append(Conditional.from_state(part, len(before), sizes[place]))
        return cls(order, n_first, steps, positions)


def _ordered(places: Sequence[int], positions: Positions) -> list[int]:
    """Those of some columns whose values have an order."""
    return [place for place in places if not positions.categorical[place]]
