"""What data and samples larger than memory cost: rows of Parquet beside the same in a mapped file, and `sample_to`.

Each measurement runs in a process of its own, on one thread for each worker. Seconds of the processor are of that
process. Wall-clock seconds come with the load of the machine, since others may use it.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import _common
from benchmarks.cost.limits import Sampled

NAME = "out_of_core"
ROWS, COLUMNS, FILES, ITERATIONS = 10**7, 20, 50, 20


def write_data(folder: Path, n: int) -> None:
    """The same normal rows as one .npy file, one Parquet file, and 50 Parquet files."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    X = np.lib.format.open_memmap(folder / "X.npy", mode="w+", dtype=np.float32, shape=(n, COLUMNS))
    rng, per_file = np.random.default_rng(0), n // FILES
    (folder / "parts").mkdir()
    schema = pa.schema([(f"x{j}", pa.float32()) for j in range(COLUMNS)])
    with pq.ParquetWriter(folder / "X.parquet", schema) as whole:
        for k in range(FILES):
            rows = rng.standard_normal((per_file, COLUMNS), dtype=np.float32)
            X[k * per_file : (k + 1) * per_file] = rows
            table = pa.table(dict(zip(schema.names, rows.T, strict=True)), schema=schema)
            whole.write_table(table)
            pq.write_table(table, folder / "parts" / f"{k:02d}.parquet")
    X.flush()


SOURCES = {"mapped file": "X.npy", "one Parquet file": "X.parquet", "50 Parquet files": "parts/*.parquet"}


def fit(folder: str, source: str) -> dict[str, Any]:
    """A fit of 20 iterations."""
    from fdgm import VGrowSampler

    before = Sampled.now()
    Sampled.watch()
    start, wall = time.process_time(), time.perf_counter()
    VGrowSampler(max_iter=ITERATIONS, random_state=0).fit(Path(folder) / SOURCES[source])
    return {
        "processor_seconds": time.process_time() - start,
        "wall_seconds": time.perf_counter() - wall,
        "megabytes": Sampled.peak / 1e6,
        "megabytes_beyond_imports": (Sampled.peak - before) / 1e6,
    }


def prepare_model(folder: str) -> dict[str, Any]:
    """A model whose samples come from a network, distilled from maps."""
    from fdgm import VGrowSampler

    X = np.load(Path(folder) / "X.npy", mmap_mode="r")[:5000]
    VGrowSampler(max_iter=5, random_state=0).fit(X).distill(n_seconds=2).save(Path(folder) / "model.fdgm")
    return {}


def sample(folder: str, n_jobs: str, n: str) -> dict[str, Any]:
    """Samples to files, by so many workers."""
    import hashlib

    import fdgm

    model = fdgm.load(Path(folder) / "model.fdgm")
    target = Path(folder) / f"samples-{n_jobs}"
    model.sample_to(Path(folder) / f"warm-{n_jobs}", 4, part_size=1, n_jobs=int(n_jobs), random_state=0)
    peaks = _watch_family()
    wall = time.perf_counter()
    files = model.sample_to(target, int(n), n_jobs=int(n_jobs), random_state=0)
    wall = time.perf_counter() - wall
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes())
        file.unlink()
    return {
        "wall_seconds": wall,
        "megabytes_of_the_largest_process": max(peaks.values()) / 1e6,
        "files": digest.hexdigest(),
    }


def _watch_family() -> dict[int, int]:
    """Peaks of anonymous memory of this process and those that it started, filled by a thread."""
    import threading

    peaks: dict[int, int] = {}

    def look() -> None:
        while True:
            own = os.getpid()
            for status in Path("/proc").glob("[0-9]*/status"):
                try:
                    fields = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
                except OSError:
                    continue
                pid = int(fields["Pid"])
                if pid == own or int(fields["PPid"]) in {own, *peaks}:
                    peaks[pid] = max(peaks.get(pid, 0), int(fields.get("RssAnon", "0").split()[0]) * 1024)
            time.sleep(0.05)

    threading.Thread(target=look, daemon=True).start()
    time.sleep(0.2)
    return peaks


MEASURED = {"fit": fit, "prepare_model": prepare_model, "sample": sample}


def measured(*arguments: str) -> dict[str, Any]:
    command = [sys.executable, "-m", __spec__.name, "--measure", *arguments]
    load = os.getloadavg()[0]
    found = json.loads(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout)
    print(*arguments[:1], *arguments[2:], found, flush=True)
    return {**found, "load_before": load}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--samples", type=int, default=ROWS)
    parser.add_argument("--measure", nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        import torch

        torch.set_num_threads(1)
        name, *arguments = options.measure
        print(json.dumps(MEASURED[name](*arguments), default=float))
        return
    with tempfile.TemporaryDirectory() as folder:
        write_data(Path(folder), options.rows)
        fits = {source: measured("fit", folder, source) for source in SOURCES}
        shape = {"rows": options.rows, "columns": COLUMNS, "iterations": ITERATIONS, "cores": os.cpu_count()}
        _common.update(NAME, fits={**shape, "sources": fits})
        measured("prepare_model", folder)
        samples = {n: measured("sample", folder, n, str(options.samples)) for n in ("1", "2")}
        _common.update(NAME, samples={"rows": options.samples, "columns": COLUMNS, "by_workers": samples})


if __name__ == "__main__":
    main()
