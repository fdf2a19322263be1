"""Samples written to a folder of files, part by part, by one process or several."""

import os
from pathlib import Path
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from sklearn.utils.validation import check_is_fitted
from threadpoolctl import threadpool_limits

from .._ambient import one_thread
from .._checks import check_count
from ..inputs import chunk_seed, int_seed

__all__ = ["SamplesToFiles"]


class SamplesToFiles:
    """A generative model whose samples can be written straight to files, in constant memory."""

    def _key(self, random_state: Any) -> tuple[int, ...]:
        """The seed of a call's randomness."""
        raise NotImplementedError

    def sample_to(
        self,
        path: str | os.PathLike[str],
        n_samples: int,
        *,
        part_size: int = 100_000,
        n_jobs: int | None = None,
        random_state: Any = None,
        **condition: Any,
    ) -> list[Path]:
        """Write samples to a folder of Parquet files, in memory that does not grow with their number.

        Each part has a seed of its own. So rows and files are the same for any number of processes, and on any backend
        of joblib, such as that of Dask or Ray. They are not those of one call of `sample`.

        Parameters
        ----------
        path : str or path
            A folder that is empty or does not exist.
        n_samples : int
        part_size : int, default=100_000
            Rows in a file, at least 1. Each process holds one part in memory.
        n_jobs : int or None, default=None
            Number of processes, as in joblib. None is 1, unless a `joblib.parallel_config` says otherwise.
        random_state : int, RandomState, Generator or None, default=None
            As in `sample`.
        **condition
            Further arguments of `sample`. Each holds for all samples, as ``given={"colour": "red"}`` does.

        Returns
        -------
        files : list of Path
            ``part-00000.parquet`` and so on, in order. A table has its columns and dtypes. Columns of an array are
            "x0", "x1", ... Samples with more than one axis, such as images, are in ``part-00000.npy`` and so on.

        Raises
        ------
        NotFittedError
            Before `fit`.
        FileExistsError
            If the folder has anything in it.
        ImportError
            If the files are Parquet and pyarrow is not installed.
        TypeError
            If `sample` takes no such argument.
        ValueError
            If a number is out of its range.

        Examples
        --------
        >>> import tempfile
        >>> import numpy as np
        >>> import pandas as pd
        >>> from fdgm import VGrowSampler
        >>> X = np.random.default_rng(0).normal(size=(500, 2))
        >>> sampler = VGrowSampler(max_iter=2, random_state=0).fit(X)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     files = sampler.sample_to(folder, 2_500, part_size=1_000, random_state=0)
        ...     [file.name for file in files], pd.read_parquet(folder).shape
        (['part-00000.parquet', 'part-00001.parquet', 'part-00002.parquet'], (2500, 2))
        """
        check_is_fitted(self)
        if "return_y" in condition:
            raise TypeError("sample_to takes no return_y, since each file holds one table.")
        owner = "sample_to"
        n_samples = check_count(n_samples, "n_samples", owner)
        part_size = check_count(part_size, "part_size", owner)
        folder = Path(path)
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise FileExistsError(f"path of {owner} must be an empty folder or a new one, got {str(folder)!r}.")
        entropy = chunk_seed(*self._key(random_state))
        tasks = (
            delayed(_write_part)(
                self, folder, number, min(part_size, n_samples - start), int_seed(entropy, number), condition
            )
            for number, start in enumerate(range(0, n_samples, part_size))
        )
        # Without memory maps of the model's arrays, which networks in workers could not change.
        return list(Parallel(n_jobs=n_jobs, max_nbytes=None)(tasks))


def _write_part(model: Any, folder: Path, number: int, n: int, seed: int, condition: dict[str, Any]) -> Path:
    """Write one part under another name first, so that a part that has its name is whole."""
    with threadpool_limits(1), one_thread():  # the number of threads can change the bits of a product
        rows = model.sample(n, random_state=seed, **condition)
    name = f"part-{number:05d}"
    if isinstance(rows, np.ndarray) and rows.ndim > 2:
        target = folder / f"{name}.npy"
        with open(partial := folder / f".{name}", "wb") as file:
            np.save(file, rows)
    else:
        target = folder / f"{name}.parquet"
        _write_parquet(partial := folder / f".{name}", rows)
    partial.replace(target)
    return target


def _write_parquet(path: Path, rows: Any) -> None:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise ImportError("sample_to writes Parquet files with pyarrow; pip install 'fdgm[arrow]'.") from None
    if isinstance(rows, np.ndarray):
        table = pa.table({f"x{j}": column for j, column in enumerate(rows.T)})
    elif isinstance(rows, pa.Table):
        table = rows
    elif hasattr(rows, "to_arrow"):
        table = rows.to_arrow()  # polars
    else:
        table = pa.Table.from_pandas(rows, preserve_index=False)
    pq.write_table(table, path)
