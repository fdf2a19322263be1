"""What every benchmark writes down: machine, versions, seeds, and an interval for each figure."""

import fcntl
import json
import math
import os
import platform
import time
from collections.abc import Callable, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from joblib import Parallel, delayed
from tqdm.auto import tqdm

from fdgm.exceptions import TrainingError
from fdgm.nets import Clock

#: How most sweeps are run; budgets are seconds of the processor, so that neither the other fit nor anyone else counts.
SIDE_BY_SIDE = "one thread a fit, two fits at a time, seconds of the processor"

HERE = Path(__file__).parent
RESULTS = HERE / "results"


def processor() -> str:
    """The processor's name and widest instructions, and whether it multiplies in bfloat16."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [line.split(":", 1)[1].strip() for line in cpuinfo.read_text().splitlines() if "model name" in line]
        model = names[0] if names else model
    return f"{model} ({torch.backends.cpu.get_cpu_capability()}{', bfloat16' if has_bfloat16() else ''})"


def has_bfloat16() -> bool:
    """Whether bfloat16 is faster here than float32; elsewhere torch emulates it, many times slower."""
    here = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    return torch.cuda.is_available() or here


#: Those that are worth measuring here.
PRECISIONS = ("float32", *(["bfloat16"] if has_bfloat16() else []))


def machine() -> dict[str, Any]:
    """What the figures were measured on, and with which versions."""
    packages = ("fdgm", "torch", "numpy", "scikit-learn", "skorch")
    return {
        "cpu": processor(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "python": platform.python_version(),
        **{package: metadata.version(package) for package in packages},
    }


def median_interval(values: list[float], level: float = 0.95) -> dict[str, float]:
    """Median, with a bootstrap interval of 2,000 resamples."""
    resampled = np.median(np.random.default_rng(0).choice(values, (2000, len(values))), axis=1)
    low, high = np.quantile(resampled, [(1 - level) / 2, (1 + level) / 2])
    return {"median": float(np.median(values)), "low": float(low), "high": float(high), "n": len(values)}


def write(name: str, **content: Any) -> None:
    """One JSON file beside the page that shows it, whole at any moment."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(_plain({"machine": machine(), **content}), indent=1, allow_nan=False) + "\n")
    os.replace(partial, path)


def _plain(value: Any) -> Any:
    """The same with null for NaN and infinity, which JSON has not."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def stored(name: str) -> dict[str, Any]:
    """What an earlier call wrote down."""
    path = RESULTS / f"{name}.json"
    return json.loads(path.read_text()) if path.exists() else {}


def finished(name: str) -> list[dict[str, Any]]:
    """The runs that an earlier call wrote down, each with its processor: the next may run on another."""
    found = stored(name)
    return [{"cpu": found["machine"]["cpu"], **run} for run in found.get("runs", [])]


def update(name: str, *, run: dict[str, Any] | None = None, **content: Any) -> None:
    """Put content, and maybe one more run, beside what the file has; also while another process does."""
    RESULTS.mkdir(exist_ok=True)
    with (RESULTS / f".{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        kept = {key: value for key, value in stored(name).items() if key != "machine"}
        write(name, **{**kept, **content, "runs": finished(name) + ([] if run is None else [run])})


def summary(runs: list[dict[str, Any]], keys: list[str], figures: list[str]) -> pd.DataFrame:
    """Median and interval of each figure, for each value of the keys in the order of the runs.

    Of runs that ended; `failed` counts the others.
    """
    rows: list[dict[str, Any]] = []
    frame = pd.DataFrame(runs).reindex(columns=[*keys, *figures, "failed"])
    for group, table in frame.groupby(keys, sort=False):
        row: dict[str, Any] = dict(zip(keys, group, strict=True))
        for figure in figures:
            values = table[figure].dropna().tolist()
            found = median_interval(values) if values else dict.fromkeys(("median", "low", "high"))
            row |= {figure: found["median"], f"{figure} low": found["low"], f"{figure} high": found["high"]}
        rows.append({**row, "n": len(table), "failed": int(table["failed"].notna().sum())})
    return pd.DataFrame(rows)


def sweep(
    name: str,
    jobs: Sequence[dict[str, Any]],
    run: Callable[..., dict[str, Any]],
    *,
    n_jobs: int = 2,
    **content: Any,
) -> list[dict[str, Any]]:
    """``run(**job)`` for each job, two at a time with one thread each, and the JSON file of them all.

    Each run is written down as it ends, and one that the file has already, by its job, is not run again: a sweep that
    was stopped goes on when it is called again. The runs of other jobs in the file stay, and so does what it says
    beside them. A training that failed is written down as such.
    """
    left = [job for job in jobs if not any(job.items() <= done.items() for done in finished(name))]
    update(name, **content)
    for done in tqdm(
        Parallel(n_jobs=n_jobs, return_as="generator_unordered")(delayed(_one)(run, job) for job in left),
        total=len(left),
        desc=name,
    ):
        update(name, run=done)
    return [done for done in finished(name) if any(job.items() <= done.items() for job in jobs)]


def count_processor_time() -> None:
    """From now on, budgets of training in this process are in seconds of one processor, unless a GPU trains."""
    if not torch.cuda.is_available():
        Clock.now = staticmethod(time.process_time)


def _one(run: Callable[..., dict[str, Any]], job: dict[str, Any]) -> dict[str, Any]:
    torch.set_num_threads(1)
    count_processor_time()
    try:
        figures = run(**job)
    except TrainingError as error:
        figures = {"failed": str(error)}
    return {**job, "cpu": processor(), **figures}
