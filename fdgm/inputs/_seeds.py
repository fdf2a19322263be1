"""One seed sequence per fit, with a child for each use of randomness."""

import threading
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state

from ..persistence import State

__all__ = ["Seeds", "chunk_seed", "entropy_of", "given_key", "int_seed", "key_of_call", "some_rows", "with_seed"]

_COUNTING = threading.Lock()
_GIVEN = 2**16  # past the streams of a fit's own seed


def entropy_of(random_state: Any) -> int:
    """128 bits from a user's `random_state`. None gives fresh entropy. numpy's global state is not used."""
    if random_state is None:
        return int(np.random.SeedSequence().entropy)  # type: ignore[arg-type]
    if isinstance(random_state, np.random.Generator):
        return int.from_bytes(random_state.bytes(16), "little")
    if isinstance(random_state, (int, np.integer)):
        check_random_state(random_state)  # refuses what is out of range
        return int(random_state)
    return int.from_bytes(check_random_state(random_state).bytes(16), "little")


def chunk_seed(entropy: int, *key: int) -> int:
    """The 63-bit seed of one chunk of one call. It is a pure function, so chunks may be made in any order."""
    return int(np.random.SeedSequence(entropy, spawn_key=key).generate_state(1, np.uint64)[0] >> np.uint64(1))


def int_seed(entropy: int, *key: int) -> int:
    """As `chunk_seed`, in the 32 bits of a `random_state`."""
    return chunk_seed(entropy, *key) % 2**32


def some_rows(n: int, at_most: int, seed: int) -> np.ndarray:
    """Indices, in order, of at most `at_most` of n rows that represent all of them.

    They are drawn at random. Rows are often sorted, so the first ones could all be of one class.
    """
    if n <= at_most:
        return np.arange(n)
    return np.sort(np.random.default_rng(seed).choice(n, at_most, replace=False))


def with_seed(estimator: BaseEstimator, seed: int) -> BaseEstimator:
    """The estimator, with a fixed seed if its `random_state` was None."""
    if estimator.get_params(deep=False).get("random_state", seed) is None:
        estimator.set_params(random_state=seed % 2**32)
    return estimator


def given_key(random_state: Any) -> tuple[int, int]:
    """The seed of a call with a `random_state`. It differs from all seeds of a fit with the same `random_state`."""
    return entropy_of(random_state), _GIVEN


def key_of_call(model: Any, random_state: Any, stream: tuple[int, ...]) -> tuple[int, ...]:
    """The seed of a call of a fitted model.

    Parameters
    ----------
    model : estimator
        Its `_n_calls` counts the calls along its stream. It is None after a fit without a `random_state`, which has no
        stream.
    random_state : int, RandomState, Generator or None
        None is the next number of the stream, which every copy of the model repeats from where it stood. In a model
        without a stream it is fresh entropy, so that no two processes draw alike.
    stream : tuple of int
    """
    if random_state is not None or model._n_calls is None:
        return given_key(random_state)
    with _COUNTING:  # threads that sample one model take a number each
        n = model._n_calls
        model._n_calls = n + 1
    return (*stream, n)


@dataclass(frozen=True)
class Seeds:
    """Seeds of one fit, independent of one another."""

    generator: int
    critic: int
    batches: int
    latents: int
    sample: int
    encoder: int

    @classmethod
    def from_entropy(cls, entropy: int) -> "Seeds":
        return cls(*(chunk_seed(entropy, i) for i in range(6)))

    def to_state(self) -> State:
        """The whole state, for a file."""
        return State(json=asdict(self))

    @classmethod
    def from_state(cls, state: State) -> "Seeds":
        """Restore what `to_state` gave."""
        return cls(*(state.integer(field.name) for field in fields(cls)))
