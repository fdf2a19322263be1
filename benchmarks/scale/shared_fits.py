"""What a fit in two processes gains over one, and what its messages cost.

Both on this machine's cores, one thread a process, in pairs that take turns. Wall-clock seconds come with the load of
the machine. Seconds of the processor are those of the process that takes longest, and leave waiting out.
"""

import argparse
import json
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from skorch.callbacks import Callback

import fdgm
from benchmarks import _common

NAME = "shared_fits"
SIZE, BATCH, CRITIC_STEPS, GENERATOR_STEPS = (3, 32, 32), 64, 1, 2
ITERATIONS, PAIRS = 3, 3
NUMBERS = (10**3, 10**4, 10**5, 10**6, 10**7)  # float32 in a message


class Times(Callback):
    """Seconds of each iteration, by both clocks."""

    def __init__(self) -> None:
        self.read: list[tuple[float, float]] = []

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        self.read.append((time.perf_counter(), time.process_time()))

    def seconds(self) -> np.ndarray:
        """Of each iteration after the first: wall-clock and the processor's, (n, 2)."""
        return np.diff(np.array(self.read), axis=0)


def timed_fit(batch: int = BATCH) -> tuple[np.ndarray, Any]:
    """Times of the iterations of a GAN of images, and its net."""
    torch.set_num_threads(1)
    X = np.random.default_rng(0).uniform(-1, 1, size=(256, *SIZE)).astype(np.float32)
    times = Times()
    model = fdgm.GANSampler(
        "non_saturating",
        architecture="dcgan",
        batch_size=batch,
        n_critic_steps=CRITIC_STEPS,
        n_generator_steps=GENERATOR_STEPS,
        n_warmup_steps=0,
        max_iter=ITERATIONS + 1,
        random_state=0,
        callbacks=[times],
    ).fit(X)
    return times.seconds(), model.net_


def shared(path: str) -> None:
    """In each process: the median iteration, and the time of messages."""
    seconds, _ = timed_fit()
    own = np.median(seconds, axis=0).tolist()
    with fdgm.distributed.together("measurement") as group:
        messages = {n: _message(group, n) for n in NUMBERS}
        both = group.each(own)
    if group.rank == 0:
        found = {"wall": max(w for w, _ in both), "processor": max(p for _, p in both), "messages": messages}
        Path(path).write_text(json.dumps(found))


def _message(group: fdgm.distributed.Group, n: int) -> float:
    """Median seconds of averaging so many numbers."""
    numbers, taken = [torch.zeros(n, dtype=torch.float32)], []
    for _ in range(30 if n < 10**6 else 8):
        start = time.perf_counter()
        group.average(numbers)
        taken.append(time.perf_counter() - start)
    return float(np.median(taken))


def main() -> None:
    argparse.ArgumentParser(description=__doc__).parse_args()
    pairs = []
    for _ in range(PAIRS):
        load = os.getloadavg()[0]
        seconds, net = timed_fit()
        wall, processor = np.median(seconds, axis=0).tolist()
        with tempfile.TemporaryDirectory() as folder:
            path = str(Path(folder) / "found")
            fdgm.distributed.launch(shared, (path,), n_processes=2, max_restarts=0)
            two = json.loads(Path(path).read_text())
        pairs.append({"load": load, "one": {"wall": wall, "processor": processor}, "two": two})
        print(pairs[-1], flush=True)
    sizes = {b: np.median(timed_fit(b)[0], axis=0).tolist() for b in (BATCH // 8, BATCH // 4, BATCH // 2, BATCH)}
    _common.write(
        NAME,
        setting={
            "architecture": "dcgan",
            "shape": SIZE,
            "batch_size": BATCH,
            "critic_steps": GENERATOR_STEPS * CRITIC_STEPS,
            "generator_steps": GENERATOR_STEPS,
            "critic_parameters": sum(p.numel() for p in net.critic_.parameters()),
            "generator_parameters": sum(p.numel() for p in net.generator_.parameters()),
        },
        pairs=pairs,
        speed_by_wall=_common.median_interval([pair["one"]["wall"] / pair["two"]["wall"] for pair in pairs]),
        speed_by_processor=_common.median_interval(
            [pair["one"]["processor"] / pair["two"]["processor"] for pair in pairs]
        ),
        messages={n: float(np.median([pair["two"]["messages"][str(n)] for pair in pairs])) for n in NUMBERS},
        iteration_by_batch={b: {"wall": w, "processor": p} for b, (w, p) in sizes.items()},
    )


if __name__ == "__main__":
    main()
