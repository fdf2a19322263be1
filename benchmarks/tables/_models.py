"""Samplers of tables: ours, and what they are compared with."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri

from fdgm import TreeSampler
from fdgm.tables import Positions, Schema

__all__ = ["MODELS"]


def trees(train: pd.DataFrame, n: int, seed: int) -> pd.DataFrame:
    return TreeSampler(random_state=seed).fit(train).sample(n)


def private_trees(train: pd.DataFrame, n: int, seed: int) -> pd.DataFrame:
    return TreeSampler(privacy=True, random_state=seed).fit(train).sample(n)


def copula(train: pd.DataFrame, n: int, seed: int) -> pd.DataFrame:
    """A Gaussian copula: normal scores of ranks, ties spread at random, with their correlations."""
    rng = np.random.default_rng(seed)
    schema = Schema.of(train)
    codes = schema.encode(train)
    positions = Positions.of(codes, schema.categorical, seed)
    places = positions.encode(codes).astype(np.int64)
    ends = [np.cumsum(np.bincount(column)) / len(places) for column in places.T]
    spread = [
        np.where(column > 0, end[column - 1], 0.0) + rng.random(len(column)) * np.diff(end, prepend=0)[column]
        for column, end in zip(places.T, ends, strict=True)
    ]
    scores = ndtri(np.clip(np.column_stack(spread), 1e-6, 1 - 1e-6))
    drawn = ndtr(rng.multivariate_normal(np.zeros(scores.shape[1]), np.corrcoef(scores.T), size=n, method="eigh"))
    made = [np.minimum(np.searchsorted(end, u), len(end) - 1) for end, u in zip(ends, drawn.T, strict=True)]
    return schema.decode(positions.decode(np.column_stack(made)))


def independent(train: pd.DataFrame, n: int, seed: int) -> pd.DataFrame:
    """Each column by itself."""
    rng = np.random.default_rng(seed)
    drawn = {name: train[name].to_numpy()[rng.integers(len(train), size=n)] for name in train}
    return pd.DataFrame(drawn).astype(train.dtypes)


def rows(train: pd.DataFrame, n: int, seed: int) -> pd.DataFrame:
    """Training rows: a perfect copier."""
    return train.iloc[np.random.default_rng(seed).permutation(len(train))[:n]].reset_index(drop=True)


MODELS: dict[str, Callable[[pd.DataFrame, int, int], pd.DataFrame]] = {
    "TreeSampler": trees,
    "TreeSampler, privacy": private_trees,
    "Gaussian copula": copula,
    "independent columns": independent,
    "training rows": rows,
}
