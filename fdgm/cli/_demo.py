"""`fdgm demo`."""

from pathlib import Path
from typing import Annotated, Any

import typer

from ._errors import one_line, say
from ._options import Seed

__all__ = ["demo"]


def demo(
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder to write.")] = Path("fdgm-demo"),
    seconds: Annotated[float, typer.Option("--seconds", help="Training time of each fit.", min=0.1)] = 10.0,
    seed: Seed = 0,
) -> None:
    """Fit handwritten digits and a ring of eight modes, draw samples, and save pictures, samples and a model."""
    with one_line():
        from .. import datasets, metrics
        from ..samplers import VGrowSampler
        from ._files import write_data
        from ._models import interactive

        out.mkdir(parents=True, exist_ok=True)
        watched = int(interactive())
        budget: dict[str, Any] = {"max_iter": None, "max_seconds": seconds, "random_state": seed, "verbose": watched}
        ring = datasets.make_ring(5000, random_state=seed)
        sampler = VGrowSampler(**budget).fit(ring)
        samples = sampler.sample(2000, random_state=seed)
        found = metrics.mode_coverage(datasets.ring_centers(), samples, std=0.05)
        write_data(samples, out / "ring.csv")
        sampler.save(out / "ring.fdgm")
        say(f"ring: {found.n_captured} of 8 modes, {found.high_quality_fraction:.0%} of the samples within one of them")
        digits = datasets.load_digits_images(flat=True)
        model = VGrowSampler(**budget).fit(digits)
        pictures = model.sample(100, random_state=seed)
        model.save(out / "digits.fdgm")
        try:
            import matplotlib as mpl
        except ImportError:
            say("pictures need matplotlib: pip install 'fdgm[plot]'")
        else:
            mpl.use("agg")
            from ..plot import SampleDisplay

            SampleDisplay.from_predictions(ring, samples).figure_.savefig(out / "ring.png", dpi=120)
            display = SampleDisplay.from_predictions(digits, pictures, image_shape=(8, 8), n_images=100)
            display.figure_.savefig(out / "digits.png", dpi=120)
        for path in sorted(out.iterdir()):
            typer.echo(str(path))
        say(f"next: fdgm sample {out / 'ring.fdgm'} -n 5; fdgm info {out / 'digits.fdgm'}")
