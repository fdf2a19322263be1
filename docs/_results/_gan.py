"""GANSampler: objectives, stabilizers, and the WGAN-GP of DGflow's tables."""

import statistics
from typing import Any

from benchmarks._format import mean, section, stored


def gan_tables() -> list[str]:
    """Objectives and stabilizers of GANSampler."""
    tables = {
        "gan_objectives": (
            "Objectives of GANs",
            "AGE's 25 imbalanced Gaussians, 12 of them a twentieth as frequent: modes of 25 (20 of 10,000 samples"
            " within 4 std), KL of the samples' modes to the data's.",
            ["objective", "noise", "seconds"],
            ["modes", "kl", "high_quality", "energy_distance"],
        ),
        "stabilizers": (
            "Stabilizers for lost modes",
            "The minimax GAN without noise, with one stabilizer each, 5,000 samples, on the ring of 8 and the grid of"
            " 25. The reconstructor has 2 latents, the others 8.",
            ["data", "stabilizer", "seconds"],
            ["modes", "high_quality", "energy_distance"],
        ),
        "wgan_gp_2d": (
            "WGAN-GP in the plane",
            "Trained as in DGflow's appendix D.1, but for a penalty of 0.1; energy distance in units of the mean"
            " between two real samples.",
            ["data", "steps", "seed"],
            ["modes", "high_quality", "energy_distance"],
        ),
    }
    lines: list[str] = []
    for name, (title, text, keys, figures) in tables.items():
        result = stored(name)
        if not result:
            continue
        groups: dict[tuple[str, ...], list[dict[str, Any]]] = {}
        for run in result["runs"]:
            groups.setdefault(
                tuple(f"{run[key]:g}" if isinstance(run[key], float) else str(run[key]) for key in keys), []
            ).append(run)
        rows = [
            [
                *group,
                *(mean([run[figure] for run in runs if figure in run]) for figure in figures),
                len(runs),
                sum(run.get("failed") is not None for run in runs),
            ]
            for group, runs in groups.items()
        ]
        lines += section(title, text, result, [*keys, *figures, "seeds", "failed"], rows)
        if name == "stabilizers":
            lines += ["", "; ".join(stabilizers(groups)) + "."]
    return lines


def stabilizers(groups: dict[tuple[str, ...], list[dict[str, Any]]]) -> list[str]:
    """Whether each stabilizer raised the mean number of modes, and by how much."""
    modes = {group: statistics.mean(run["modes"] for run in runs if "modes" in run) for group, runs in groups.items()}
    said = []
    for (data, stabilizer, seconds), found in modes.items():
        bare = modes.get((data, "none", seconds))
        if stabilizer != "none" and bare is not None:
            verdict = "raises" if found > bare else "does not raise"
            said.append(f"on the {data}, {stabilizer} {verdict} the mean number of modes ({found - bare:+.1f})")
    return said
