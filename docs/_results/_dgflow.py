"""DGflow and its baselines."""

from typing import Any

from benchmarks._format import RESULTS, interval, of_summary, section, stored, table

PUBLISHED = {  # table 1, on the 25 Gaussians: high-quality fraction, KDE score
    "base": (0.265, -7037),
    "DOT": (0.698, -4149),
    "DDLS": (0.893, -2997),
    "DGflow kl": (0.895, -2893),
    "DGflow js": (0.826, -3118),
    "DGflow logd": (0.845, -3036),
}
FIGURES = {
    "samples": "Samples of a WGAN-GP and what refinement makes of them (the paper's figures 2 and 4)",
    "drift": "The velocity of DGflow before the first step (figure 5)",
    "latents": "The distribution of latents that refinement aims at, and latents that it moved (figure 6)",
    "past": "Past the paper, without noise: energy distance of samples from held-out rows after so many steps",
}


def dgflow_tables() -> list[str]:
    """Lines of every result of refinement that is kept."""
    return [*_default(), *_table_1(), *_grid(), *_mnist(), *_speed(), *_limits(), *_figures()]


def refinement_table() -> str:
    """Markdown of the table on the front of refinement: what the defaults make of each pair that was run."""
    result = stored("dgflow_default", "summary")
    if not result:
        return ""
    rows = [row for row in result["summary"] if not row["generator"].startswith("ratio ")]
    counts = result["counts"]
    text = (
        f"With no argument except `random_state`, in {counts['no worse']} of {counts['pairs']} pairs of generator and"
        " data further rows see no harm. At most a half of the excess over real rows is left in"
        f" {counts['at most a half left']}, and at most a quarter in {counts['at most a quarter left']}:"
    )
    return "\n".join([text, "", *table(_HEADS, [_of_pair(row) for row in rows])]) + "\n"


def _default() -> list[str]:
    result = stored("dgflow_default", "summary")
    if not result:
        return []
    text = (
        "`DGflowRefiner(generator, random_state=seed).fit(X)` and nothing else, on 5,000 rows of drawn data and on two"
        " thirds of real data. The excess is the unbiased energy distance of 5,000 samples from rows that nothing has"
        " seen; 0 is that of real rows. It is in X's units, or in standard deviations of each column where columns have"
        " units of their own. Medians over the seeds. D is the change of the distance of the same samples, in its"
        " standard errors: below −2 is a gain. Seconds of the processor are of `fit`, on a machine with other work."
        " Lines that begin with a ratio are of ratios that are wrong, for a GAN of one's own."
    )
    return section("DGflow at its defaults", text, result, _HEADS, [_of_pair(row) for row in result["summary"]])


_HEADS = ["generator", "data", "excess before", "after", "left", "D / error", "as it came", "s of fit", "seeds"]


def _of_pair(row: dict[str, Any]) -> list[Any]:
    left = f"{100 * row['left']:.0f}%" if row["before"] > 0 else ""
    figures = [f"{row['before']:.4f}", f"{row['after']:.4f}", left, f"{row['errors']:.1f}"]
    return [row["generator"], row["data"], *figures, row["unrefined"] or "", f"{row['fit_seconds']:.0f}", row["n"]]


def _table_1() -> list[str]:
    result = stored("dgflow_table1", "summary")
    if not result:
        return []
    rows = []
    for row in result["summary"]:
        fraction, score = PUBLISHED.get(row["method"], ("", ""))
        times = [f"{row[name]:.1f}" for name in ("fit_seconds", "sample_seconds")]  # of one fit, and a mean
        rows.append(
            [row["method"], of_summary(row, "high_quality"), fraction, of_summary(row, "kde_score", 0), score, *times]
        )
    text = (
        "The stored WGAN-GP, 5,000 samples, 10 repeats, with intervals over the repeats; the paper's was trained for as"
        " long, at a penalty of 10 in place of 0.1. High quality: within 4 std of a mode; the KDE score is the"
        " log-likelihood of 5,000 real rows by kernels of width 0.1; seconds of `fit` and of 5,000 rows."
        " Both measures reward samples that gather in points: real rows score -2,561 to -2,572, so that what scores"
        " more has gathered at the maxima of the critic, as it does without noise."
    )
    return section(
        "DGflow, table 1: a WGAN-GP on the 25 Gaussians, refined",
        text,
        result,
        ["method", "high quality", "published", "KDE score", "published", "s of fit", "s of samples"],
        rows,
    )


def _grid() -> list[str]:
    result = stored("dgflow_grid", "summary")
    if not result:
        return []
    rows = [
        [
            row["model"],
            row["plan"],
            *(of_summary(row, name) for name in ("modes", "high_quality", "energy_distance")),
            of_summary(row, "fit_seconds", 1),
            row["n"],
        ]
        for row in result["summary"]
    ]
    seconds = {run["seconds"] for run in result["runs"]}
    text = (
        f"Models trained for {max(seconds):g} s; VGrow's samples refined by its own critic, by several plans. Energy"
        " distance in units of the mean between two real samples; seconds of the refiner's `fit` come on top."
    )
    return section(
        "VGrow with DGflow on the 25 Gaussians",
        text,
        result,
        ["model", "plan", "modes", "high quality", "energy distance", "s of refiner's fit", "seeds"],
        rows,
    )


def _mnist() -> list[str]:
    result = stored("dgflow_mnist", "summary")
    if not result:
        return []
    rows: list[list[Any]] = []
    for row in result["summary"]:
        figures = [f"{row[name]:.3g} ({row[f'{name}_low']:.3g} to {row[f'{name}_high']:.3g})" for name in ("fd", "is")]
        rows.append([row["name"], row["ratio"], row["way"], row["divergence"], row["noise"], *figures])
    text = (
        "Like the paper's tables 2, 4 and 11 to 15, with the stored classifier in Inception's place: FD-classifier to"
        " the test set and Inception score, with bootstrap intervals, of {n} samples and as many test images. Each"
        " model was trained for {seconds} s of one core, or as long as it needed."
    ).format(n=result["summary"][0]["n_test"], seconds=f"{result['summary'][0]['seconds']:g}")
    return section(
        "MNIST before and after refinement",
        text,
        result,
        ["model", "ratio", "way", "divergence", "noise", "FD-classifier", "Inception score"],
        rows,
    )


def _speed() -> list[str]:
    result = stored("dgflow_speed", "summary")
    if not result:
        return []
    names = list(dict.fromkeys(name for row in result["summary"].values() for name in row))
    rows = [[name, *(interval(row[name], 2) for row in result["summary"].values())] for name in names]
    text = "100 steps in the latent space, networks of 3 × 512; ratios of times in the same run."
    return section("DGflow, table 8: time", text, result, ["", *result["summary"]], rows)


def _limits() -> list[str]:
    result = stored("dgflow_limits", "equal")
    if not result:
        return []
    rows = [
        [run["space"], run["n_jobs"], f"{run['megabytes_beyond_result']:.0f}", f"{run['seconds']:.1f}"]
        for run in result["runs"]
    ]
    equal = "the same bits" if all(result["equal"].values()) else "**other bits**"
    text = f"Ten steps of 1,000,000 × 2; two processes give {equal}."
    return section(
        "A million rows refined", text, result, ["space", "processes", "MB beyond the result", "seconds"], rows
    )


def _figures() -> list[str]:
    lines = []
    for data in ("grid", "swiss_roll", "mnist"):
        for name, title in FIGURES.items():
            if (RESULTS / f"dgflow_{name}_{data}.png").exists():
                where = f"../../benchmarks/results/dgflow_{name}_{data}.png"
                lines += [
                    "",
                    f"![{title}, {data.replace('_', ' ')}]({where})",
                    "",
                    f"{title}: {data.replace('_', ' ')}.",
                ]
    return ["", "## Refinement drawn", *lines] if lines else []
