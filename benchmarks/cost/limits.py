"""Memory, time and bad days: default fits, a million samples, a file of 2 GB, and a fit that is killed ten times."""

import argparse
import hashlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import _common

MAPPED_ROWS, MAPPED_COLUMNS = 25_000_000, 20  # float32: 2.0 GB


class Sampled:
    """Anonymous resident memory, read every 10 ms by a thread: the kernel keeps a peak of all memory alone."""

    peak = 0

    @staticmethod
    def now() -> int:
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("RssAnon"):
                return int(line.split()[1]) * 1024
        raise OSError("the kernel does not tell the anonymous memory")

    @classmethod
    def watch(cls) -> None:
        import threading

        cls.peak = cls.now()

        def look() -> None:
            while True:
                cls.peak = max(cls.peak, cls.now())
                time.sleep(0.01)

        threading.Thread(target=look, daemon=True).start()


def default_fit() -> dict[str, Any]:
    """Seconds of a default `fit` on 2,000 × 10."""
    from fdgm import VGrowSampler

    X = np.random.default_rng(0).normal(size=(2000, 10)) @ np.random.default_rng(1).normal(size=(10, 10))
    start = time.perf_counter()
    VGrowSampler(random_state=0).fit(X)
    return {"seconds": time.perf_counter() - start}


def default_digits() -> dict[str, Any]:
    """Nearest-centroid classes of 2,000 samples of a default fit on the digits."""
    from sklearn.datasets import load_digits
    from sklearn.neighbors import NearestCentroid

    from fdgm import VGrowSampler

    X, y = load_digits(return_X_y=True)
    start = time.perf_counter()
    S = VGrowSampler(random_state=0).fit(X).sample(2000)
    seconds = time.perf_counter() - start
    fractions = np.bincount(NearestCentroid().fit(X, y).predict(S), minlength=10) / len(S)
    return {"seconds": seconds, "least_fraction": fractions.min(), "greatest_fraction": fractions.max()}


def age_digits() -> dict[str, Any]:
    """Seconds of a default `fit` of AGEBidirectional on the digits, 1,797 × 64."""
    from sklearn.datasets import load_digits

    from fdgm import AGEBidirectional

    X, _ = load_digits(return_X_y=True)
    start = time.perf_counter()
    AGEBidirectional(random_state=0).fit(X)
    return {"seconds": time.perf_counter() - start}


def million_samples() -> dict[str, Any]:
    """Memory beyond the result, and seconds, of a million samples of two columns; NSF's seconds beside them."""
    import torch

    from benchmarks import _peers
    from fdgm import VGrowSampler, datasets

    X = datasets.make_ring(5000, random_state=0)
    sampler = VGrowSampler(max_iter=2, random_state=0).fit(X)
    flow = _peers.nsf(X, 2.0, 0)
    sampler.sample(5000)
    before = Sampled.now()
    Sampled.watch()
    start = time.perf_counter()
    S = sampler.sample(10**6)
    ours = time.perf_counter() - start
    beyond = Sampled.peak - before - S.nbytes
    del S
    start = time.perf_counter()
    for _ in range(10):
        flow(10**5)
    return {
        "megabytes_beyond_result": beyond / 1e6,
        "seconds": ours,
        "nsf_seconds": time.perf_counter() - start,
        "threads": torch.get_num_threads(),
    }


def mapped_fit() -> dict[str, Any]:
    """Memory beyond imports of a fit on a memory-mapped file of 2 GB."""
    from fdgm import VGrowSampler

    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as folder:
        path = Path(folder) / "X"
        X = np.memmap(path, dtype=np.float32, mode="w+", shape=(MAPPED_ROWS, MAPPED_COLUMNS))
        rng = np.random.default_rng(0)
        for start in range(0, MAPPED_ROWS, 10**6):
            X[start : start + 10**6] = rng.standard_normal((10**6, MAPPED_COLUMNS), dtype=np.float32)
        X.flush()
        del X
        X = np.memmap(path, dtype=np.float32, mode="r", shape=(MAPPED_ROWS, MAPPED_COLUMNS))
        before = Sampled.now()
        Sampled.watch()
        start = time.perf_counter()
        VGrowSampler(max_iter=20, random_state=0).fit(X)
        return {
            "gigabytes": X.nbytes / 1e9,
            "megabytes": (Sampled.peak - before) / 1e6,
            "seconds": time.perf_counter() - start,
        }


def long_fit(loops: int, folder: str | None) -> dict[str, Any]:
    """A fit of so many loops, with a checkpoint in `folder`, that notes each loop as it ends."""
    from skorch.callbacks import Callback

    from fdgm import VGrowSampler, datasets

    class Note(Callback):
        def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
            if folder:
                (Path(folder) / "loop").write_text(str(len(net.history)))

    X = datasets.make_ring(20_000, random_state=0)
    checkpoint = None if folder is None else Path(folder) / "checkpoint"
    sampler = VGrowSampler(max_iter=loops, random_state=0, checkpoint=checkpoint, callbacks=[Note()]).fit(X)
    bits = sampler.sample(1000).tobytes() + sampler.log_ratio(X[:1000]).tobytes()
    seconds = float(sampler.history_["seconds"].iloc[-1])
    return {"sha256": hashlib.sha256(bits).hexdigest(), "seconds": seconds}


def kills(loops: int, n_kills: int) -> dict[str, Any]:
    """The bits of a fit killed at random moments, beside one that was not, and the work that each kill lost."""
    rng = np.random.default_rng(0)
    whole = subprocess.Popen(_command("long_fit", loops, None), stdout=subprocess.PIPE, text=True)
    lost = []
    with tempfile.TemporaryDirectory() as folder:
        checkpoint = Path(folder) / "checkpoint"
        for _ in range(n_kills):
            process = subprocess.Popen(_command("long_fit", loops, folder), stdout=subprocess.DEVNULL)
            started = time.time()
            # Long enough, more often than not, for a checkpoint of its own: 60 s apart.
            time.sleep(rng.uniform(5, 80))
            if process.poll() is not None:
                break
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            saved = checkpoint.stat().st_mtime if checkpoint.exists() else started
            lost.append(time.time() - max(saved, started))
        resumed = subprocess.run(_command("long_fit", loops, folder), capture_output=True, text=True, check=True)
    first, second = json.loads(whole.communicate()[0]), json.loads(resumed.stdout)
    return {
        "same_bits": first["sha256"] == second["sha256"],
        "kills": len(lost),
        "seconds_lost": lost,
        "most_seconds_lost": max(lost),
        "uninterrupted_seconds": first["seconds"],
    }


def _command(name: str, *arguments: Any) -> list[str]:
    return [sys.executable, "-m", __spec__.name, "--measure", name, json.dumps(arguments)]


MEASURES = {
    "default_fit": default_fit,
    "default_digits": default_digits,
    "age_digits": age_digits,
    "million_samples": million_samples,
    "mapped_fit": mapped_fit,
    "long_fit": long_fit,
    "kills": kills,
}
MEASURED = [name for name in MEASURES if name != "long_fit"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help=f"of {MEASURED}; by default all")
    parser.add_argument("--loops", type=int, default=800, help="of the fit that is killed: some 3 minutes")
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--measure", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:  # in a process of its own, so that nothing is in its memory but what it measures
        name, arguments = options.measure
        print(json.dumps(MEASURES[name](*json.loads(arguments)), default=float))
        return
    path = _common.RESULTS / "limits.json"
    measured = json.loads(path.read_text())["measured"] if path.exists() else {}
    for name in options.names or MEASURED:
        arguments = (options.loops, options.kills) if name == "kills" else ()
        done = subprocess.run(_command(name, *arguments), stdout=subprocess.PIPE, text=True, check=True)
        measured[name] = json.loads(done.stdout)
        print(name, json.dumps(measured[name]), flush=True)
        _common.write("limits", measured=measured)


if __name__ == "__main__":
    main()
