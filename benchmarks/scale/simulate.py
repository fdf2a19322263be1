"""What n processes would reach, replayed from what was measured in one and two. Every figure here is computed.

An iteration is its computing, which falls with the batch of a process, and an all-reduce after each optimizer step. A
ring sends 2 (n − 1)/n of the bytes at the bandwidth of a link, in 2 (n − 1) messages of its latency. Each step waits
for the slowest process: iterations are drawn from those that were measured, relative to their median.
"""

import argparse
from typing import Any

import numpy as np

from benchmarks import _common

SOURCE, NAME = "shared_fits", "simulated_fits"
PROCESSES = (1, 2, 8, 64)
#: Bytes a second and seconds of latency, assumed. Beside them stands what was measured here.
LINKS = {"ethernet, 10 Gbit/s": (1.25e9, 5e-5), "InfiniBand, 400 Gbit/s": (5e10, 5e-6), "NVLink": (4.5e11, 5e-6)}
FASTER = {"this processor": 1.0, "100 times as fast": 100.0}  # devices, by their speed over one core here
_DRAWS = 2000


def measured_link(messages: dict[str, float]) -> tuple[float, float]:
    """Bandwidth and latency of two processes' all-reduce: bytes/bandwidth + 2 latency."""
    sizes = np.array([4.0 * int(n) for n in messages])
    taken = np.array(list(messages.values()))
    latency = taken[0] / 2
    return float(sizes[-1] / max(taken[-1] - 2 * latency, 1e-9)), float(latency)


def all_reduce(n: int, n_bytes: float, bandwidth: float, latency: float) -> float:
    """Seconds of a ring's all-reduce."""
    return 2 * (n - 1) / n * n_bytes / bandwidth + 2 * (n - 1) * latency


def computing(by_batch: dict[str, dict[str, float]]) -> tuple[float, float]:
    """Seconds of an iteration that do not depend on the batch, and seconds for each row of it."""
    batches = np.array([float(b) for b in by_batch])
    slope, constant = np.polyfit(batches, [found["processor"] for found in by_batch.values()], 1)
    return max(float(constant), 0.0), float(slope)


def iteration(
    n: int, batch: float, found: dict[str, Any], link: tuple[float, float], faster: float
) -> dict[str, float]:
    """Seconds of an iteration in n processes of which each has `batch` rows."""
    constant, slope = computing(found["iteration_by_batch"])
    one = np.array([pair["one"]["processor"] for pair in found["pairs"]])
    spread = one / np.median(one)
    slowest = np.random.default_rng(0).choice(spread, (_DRAWS, n)).max(axis=1).mean()
    s = found["setting"]
    messages = s["critic_steps"] * all_reduce(n, 4 * s["critic_parameters"], *link)
    messages += s["generator_steps"] * all_reduce(n, 4 * s["generator_parameters"], *link)
    return {"computing": float((constant + slope * batch) / faster * slowest), "messages": messages}


def main() -> None:
    argparse.ArgumentParser(description=__doc__).parse_args()
    found = _common.stored(SOURCE)
    batch = found["setting"]["batch_size"]
    links = {"measured here, gloo": measured_link(found["messages"]), **LINKS}
    rows = []
    for link, figures in links.items():
        for device, faster in FASTER.items():
            alone = sum(iteration(1, batch, found, figures, faster).values())
            for n in PROCESSES:
                same, grown = (iteration(n, b, found, figures, faster) for b in (batch / n, batch))
                rows.append(
                    {
                        "link": link,
                        "device": device,
                        "processes": n,
                        "speed_same_batch": alone / sum(same.values()),
                        "rows_a_second_grown_batch": n * alone / sum(grown.values()),
                        "fraction_messages_same_batch": same["messages"] / sum(same.values()),
                        "fraction_messages_grown_batch": grown["messages"] / sum(grown.values()),
                    }
                )
    for row in rows:
        print(row)
    _common.write(NAME, computed_from=SOURCE, links=links, runs=rows)


if __name__ == "__main__":
    main()
