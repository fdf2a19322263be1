"""Rows that come from files or batch by batch, spooled once to a temporary memory-mapped array.

A network draws its batches at random from all rows. From a memory-mapped array that is one read for each row. A Parquet
file would have to be decoded for each batch, or shuffled through a buffer, so that a row meets only its neighbours. One
pass that copies the rows therefore comes first, and everything after it is as for any memory-mapped array.
"""

import glob
import os
import sys
import tempfile
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.utils.data import Dataset, IterableDataset

from .._columns import Labels, align, labels_of
from .._numbers import as_numbers

__all__ = ["batches_of", "is_stored", "spooled"]

_BATCH = 65_536  # rows that are decoded at once
_ITEMS = 1024  # samples of a data set of torch that are copied at once


def is_stored(X: Any) -> bool:
    """Whether X is a source of rows and no array or table: a path, a data set of Arrow, Zarr or torch, or batches."""
    if isinstance(X, (str, os.PathLike, Dataset)) or _is_arrow(X) or _is_zarr(X):
        return True
    return isinstance(X, Iterable) and not any(
        hasattr(X, name) for name in ("__getitem__", "__array__", "__dataframe__", "todense")
    )


def spooled(X: Any, what: str, like: Labels | None = None) -> np.ndarray:
    """The rows of a source as a memory-mapped array, whose temporary file is deleted with it.

    Parameters
    ----------
    X : path, Dataset, Array or iterable
        A path or pattern of Parquet or Feather files, or of one .npy file; a data set of pyarrow or torch; an array of
        Zarr; or an iterable of arrays, tensors or tables. Of pairs, as torch's data sets have, the first part counts.
    what : str
        X's name in errors: "X of VGrowSampler".
    like : tuple or None
        The columns at fit, into whose order those of X are put. None takes them as they come.

    Returns
    -------
    rows : memmap of shape (n_samples, *row_shape)
        float32 if the first batch is, or else float64. It has the columns' names, if there are any, as `labels`.

    Raises
    ------
    FileNotFoundError
        If no file matches a path.
    ImportError
        If a file needs pyarrow, which is not installed.
    ValueError
        If there are no rows, batches differ in the shape of their rows or in their columns, or hold no numbers.
    OSError
        If the disk is full.
    """
    if (mapped := _mapped_file(X)) is not None:
        return mapped
    named, n, shape = False, 0, None
    dtype: np.dtype[Any] = np.dtype(np.float64)
    with tempfile.TemporaryFile(prefix="fdgm-") as file:  # the mapping keeps it, and its space is freed with the array
        for batch in batches_of(X, what):
            if n == 0:
                named, like = labels_of(batch) is not None, labels_of(batch) if like is None else like
            rows = np.asarray(as_numbers(align(batch, like, what, "its first batch or X at fit"), what))
            if n == 0:
                shape, dtype = rows.shape[1:], np.dtype(np.float32 if rows.dtype == np.float32 else np.float64)
            if rows.ndim < 2 or rows.shape[1:] != shape:
                raise ValueError(
                    f"{what} must come in batches of shape (n, features) or (n, *row_shape), all with rows of one"
                    f" shape, got a batch of shape {rows.shape} after rows of {shape}."
                )
            file.write(np.ascontiguousarray(rows, dtype=dtype).data)
            n += len(rows)
        if not n:
            raise ValueError(f"{what} must have rows, got none.")
        file.flush()
        made = np.memmap(file, dtype, "r", shape=(n, *(shape or ()))).view(SpooledRows)
    made.labels = like if named else None
    return made


class SpooledRows(np.memmap):
    """A memory-mapped array with the names of its columns."""

    labels: Labels | None = None


def batches_of(X: Any, what: str) -> Iterator[Any]:
    """Batches of rows, as arrays or tables, in order."""
    if isinstance(X, (str, os.PathLike)):
        yield from _arrow_batches(_open_parquet(X, what))
    elif _is_arrow(X):
        yield from _arrow_batches(X)
    elif _is_zarr(X):
        for start in range(0, X.shape[0], step := max(X.chunks[0], 1)):
            yield np.asarray(X[start : start + step])
    elif isinstance(X, Dataset):
        items = iter(X) if isinstance(X, IterableDataset) else (X[i] for i in range(len(X)))  # type: ignore[arg-type]
        while rows := [_row(item) for item in islice(items, _ITEMS)]:
            yield np.stack(rows)
    elif _is_reader(X):
        yield from (batch.to_pandas() for batch in X)
    else:
        for batch in X:
            yield _first(batch) if isinstance(batch, (list, tuple, torch.Tensor)) else batch


def _first(item: Any) -> Any:
    """The samples of an item, which may be a pair of samples and labels, as an array."""
    if isinstance(item, (list, tuple)) and item and isinstance(item[0], (np.ndarray, torch.Tensor)):
        item = item[0]
    return item.detach().cpu().numpy() if isinstance(item, torch.Tensor) else item


def _row(item: Any) -> np.ndarray:
    """A sample of a data set of torch: a tensor, an array, an image, a list of numbers, or the first of a tuple."""
    return np.asarray(_first(item[0] if isinstance(item, tuple) else item))


def _mapped_file(X: Any) -> np.ndarray | None:
    """An .npy file as it is, if it holds numbers."""
    if isinstance(X, (str, os.PathLike)) and Path(X).suffix == ".npy":
        return np.load(X, mmap_mode="r", allow_pickle=False)
    return None


def _open_parquet(path: str | os.PathLike[str], what: str) -> Any:
    name = os.fspath(path)
    files: Any = name if os.path.isdir(name) else sorted(glob.glob(name)) or [name]
    if isinstance(files, list) and not os.path.exists(files[0]):
        raise FileNotFoundError(f"{what} must be a file, a folder or a pattern with matches, got {name!r}.")
    try:
        import pyarrow.dataset as ds
    except ImportError:
        raise ImportError(f"{what} in a Parquet file needs pyarrow; pip install 'fdgm[arrow]'.") from None
    try:
        return ds.dataset(files, format="feather" if _suffix(files) in (".feather", ".arrow") else "parquet")
    except (OSError, ValueError) as error:
        raise ValueError(f"{what} must be Parquet, Feather or .npy, got {name!r}: {error}") from error


def _suffix(files: str | list[str]) -> str:
    return Path(files if isinstance(files, str) else files[0]).suffix


def _arrow_batches(dataset: Any) -> Iterator[Any]:
    for batch in dataset.to_batches(batch_size=_BATCH, batch_readahead=1, fragment_readahead=1):
        if len(batch):
            yield batch.to_pandas()


def _is_arrow(X: Any) -> bool:
    module = sys.modules.get("pyarrow.dataset")
    return module is not None and isinstance(X, module.Dataset)


def _is_reader(X: Any) -> bool:
    module = sys.modules.get("pyarrow")
    return module is not None and isinstance(X, module.RecordBatchReader)


def _is_zarr(X: Any) -> bool:
    module = sys.modules.get("zarr")
    return module is not None and isinstance(X, module.Array)
