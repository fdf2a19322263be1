"""Fits in several processes, and data larger than memory."""

from typing import Any

from benchmarks._format import interval, machine, stored, table

_SHOWN = ("measured here, gloo", "ethernet, 10 Gbit/s", "InfiniBand, 400 Gbit/s", "NVLink")


def scale_tables() -> list[str]:
    """Lines of what was measured in one and two processes, and of what more would reach."""
    lines: list[str] = []
    result = stored("shared_fits", "pairs")
    if result:
        s, loads = result["setting"], [pair["load"] for pair in result["pairs"]]
        lines += [
            "",
            "## Fits in two processes",
            "",
            f"An iteration of `GANSampler` with {s['architecture']} networks on images of shape {tuple(s['shape'])},"
            f" `batch_size={s['batch_size']}`: {s['critic_steps']} steps of the critic ({s['critic_parameters']:,}"
            f" parameters) and {s['generator_steps']} of the generator ({s['generator_parameters']:,}). One process"
            f" beside two of half the batch, one thread each, in turn. {machine(result)}. Other work ran on the"
            f" machine: its load was {min(loads):.0f} to {max(loads):.0f}. Under load, two processes get more of the"
            " processors than one does. Seconds of the processor leave out waiting.",
            "",
            *table(
                ["clock", "times as fast as one process", "pairs"],
                [
                    ["wall", interval(result["speed_by_wall"], 2), result["speed_by_wall"]["n"]],
                    ["processor", interval(result["speed_by_processor"], 2), result["speed_by_processor"]["n"]],
                ],
            ),
            "",
            "Averaging float32 numbers over the two processes by gloo, median, under the same load:",
            "",
            *table(
                ["numbers", "milliseconds"],
                [[f"{int(n):,}", f"{1e3 * seconds:.1f}"] for n, seconds in result["messages"].items()],
            ),
        ]
    return lines + _simulated() + _out_of_core()


def _simulated() -> list[str]:
    result = stored("simulated_fits")
    if not result:
        return []
    shown = [run for run in result["runs"] if run["link"] in _SHOWN and run["processes"] > 1]
    return [
        "",
        "## More processes, computed",
        "",
        "What `benchmarks.scale.simulate` computes for the same networks, from the times above. Nothing in this table"
        " was measured. Links other than gloo's are assumed. A device is one core of the same processor, or one that is"
        " assumed to be 100 times as fast. Messages that were measured under load include waiting for a processor, so"
        " that two processes by gloo are computed to be slower than they were measured to be.",
        "",
        *table(
            ["link", "device", "processes", "speed, same batch", "messages", "rows/s, batch × processes", "messages"],
            [
                [
                    run["link"],
                    run["device"],
                    run["processes"],
                    f"{run['speed_same_batch']:.2f}",
                    f"{run['fraction_messages_same_batch']:.0%}",
                    f"{run['rows_a_second_grown_batch']:.1f}",
                    f"{run['fraction_messages_grown_batch']:.0%}",
                ]
                for run in shown
            ],
        ),
    ]


def _out_of_core() -> list[str]:
    result = stored("out_of_core", "fits")
    if not result:
        return []
    fits: dict[str, Any] = result["fits"]
    base = fits["sources"]["mapped file"]["processor_seconds"]
    lines = [
        "",
        "## Data larger than memory",
        "",
        f"`VGrowSampler(max_iter={fits['iterations']})` on {fits['rows']:,} × {fits['columns']} rows, one thread."
        f" {machine(result)}. Memory is anonymous memory, with all imports.",
        "",
        *table(
            ["X", "seconds of the processor", "over the mapped file's", "MB"],
            [
                [
                    name,
                    f"{found['processor_seconds']:.1f}",
                    f"{found['processor_seconds'] / base:.2f}",
                    f"{found['megabytes']:.0f}",
                ]
                for name, found in fits["sources"].items()
            ],
        ),
    ]
    samples = result.get("samples")
    if samples:
        rows = [
            [
                n,
                f"{found['wall_seconds']:.1f}",
                f"{found['load_before']:.0f}",
                f"{found['megabytes_of_the_largest_process']:.0f}",
            ]
            for n, found in samples["by_workers"].items()
        ]
        digests = {found["files"] for found in samples["by_workers"].values()}
        lines += [
            "",
            f"`sample_to` of {samples['rows']:,} rows by a distilled network, in wall-clock seconds beside the load of"
            f" the machine. Files of one and of two workers are {'the same' if len(digests) == 1 else 'different'}.",
            "",
            *table(["workers", "seconds", "load", "MB of the largest process"], rows),
        ]
    return lines
