"""VGrow on images."""

from typing import Any

from benchmarks._format import RESULTS, interval, machine, stored


def image_tables() -> list[str]:
    """Lines of VGrow's images, of each scale that is kept: scores, and the curve of the Inception score."""
    lines: list[str] = []
    for scale, title in (("cpu", "narrow networks"), ("paper", "the paper's networks")):
        result = stored(f"vgrow_images_{scale}")
        if not result:
            continue
        lines += [
            "",
            f"## VGrow on images: {title}",
            "",
            f"Inception score by the stored classifier and FD-classifier to the test set, of 10,000 samples, with the"
            f" interval of {result['draws']} bootstrap draws; {result['note']}. {machine(result)}.",
            "",
            "| data | networks | model | seed | seconds | loops | Inception score (of the test set)"
            " | FD-classifier (of the training set) | smallest class |",
            "|---|---|---|---|---|---|---|---|---|",
        ]
        for run in whole(result):
            score, distance = (
                f"{run[name]:.3g} ({run[name + '_interval'][0]:.3g} to {run[name + '_interval'][1]:.3g})"
                for name in ("inception_score", "fd_classifier")
            )
            seconds = "" if run["seconds"] is None else f"{run['seconds']:g}"
            lines.append(
                f"| {run['data']} | {run['architecture']} | {run['model']} | {run['seed']} | {seconds} | {run['loops']}"
                f" | {score} ({run['inception_score_of_test']:.3g})"
                f" | {distance} ({run['fd_classifier_of_training']:.3g}) | {run['smallest_fraction']:.1%} |"
            )
        curves = f"curves_{scale}.png"
        if (RESULTS / "vgrow_images" / curves).exists():
            text = "Inception score of 2,000 samples along the training"
            lines += ["", f"{text}:", "", f"![{text}](../../benchmarks/results/vgrow_images/{curves})"]
        sheets: list[str] = []
        for run in whole(result):
            sheet = f"{run['data']}-{run['architecture']}-{run['model'].replace(' ', '-')}-{run['seed']}.png"
            if scale == "cpu" and (RESULTS / "vgrow_images" / sheet).exists():
                sheets.append(f"![{run['data']}, {run['model']}](../../benchmarks/results/vgrow_images/{sheet})")
        lines += ["", "Samples, in the same order:", "", *sheets] if sheets else []
        lines += [
            "",
            "Images a second of a particle step, and its rate as a fraction of a bare pass forward and back to the"
            " input: "
            + "; ".join(
                f"`{rate['architecture']}` {rate['images_per_second']:.0f}, {interval(rate['fraction_of_bare'], 2)}"
                for rate in result["speed"]
            )
            + ".",
        ]
    return lines


def whole(result: dict[str, Any]) -> list[dict[str, Any]]:
    """The runs whose training did not fail at once."""
    return [run for run in result["runs"] if "failed" not in run]
