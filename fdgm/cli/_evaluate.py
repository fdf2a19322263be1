"""`fdgm evaluate`."""

from pathlib import Path
from typing import Annotated, Any

import typer

from ._errors import one_line, say
from ._options import AsJSON, Data, Encoding, Seed, print_json

__all__ = ["evaluate", "html_page"]


def evaluate(
    real: Data,
    generated: Annotated[Path, typer.Argument(help="Samples to judge, of the same columns.", show_default=False)],
    held_out: Annotated[
        Path | None, typer.Option("--held-out", help="Other real data: what a perfect model would score.")
    ] = None,
    html: Annotated[Path | None, typer.Option("--html", help="Page to write, with pictures.")] = None,
    seed: Seed = 0,
    encoding: Encoding = "utf-8",
    as_json: AsJSON = False,
) -> None:
    """Measure how alike generated and real data are, with 95% intervals."""
    with one_line():
        from ..metrics import report
        from ._comparable import comparable
        from ._files import check_output, read_alike
        from ._models import interactive

        if html is not None:
            check_output(html)
        held_out_files = [] if held_out is None else [held_out]
        X, S, *rest = read_alike(real, generated, *held_out_files, encoding=encoding)
        H = rest[0] if rest else None
        table = report(*comparable(X, S, H), random_state=seed, verbose=int(interactive()))
        if html is not None:
            html.write_text(html_page(f"{generated.name} beside {real.name}", table, X, S), encoding="utf-8")
            say(f"{html}: written")
        if as_json:
            print_json({str(name): dict(line) for name, line in table.iterrows()})
        else:
            typer.echo(repr(table))


def html_page(title: str, table: Any, X: Any, S: Any) -> str:
    """A page with the report and a picture of both samples, in one file."""
    import html

    picture = _picture(X, S)
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{html.escape(title)}</title>
<style>
:root {{ color-scheme: light dark }}
body {{ font: 15px/1.5 system-ui, sans-serif; max-width: 64rem; margin: 2rem auto; padding: 0 1rem }}
table {{ border-collapse: collapse; display: block; overflow-x: auto }}
td, th {{ padding: .3rem .7rem; border-bottom: 1px solid #8884 }}
img {{ max-width: 100%; background: #fff }}
</style></head>
<body><h1>{html.escape(title)}</h1>
{table._repr_html_()}
{picture}
</body></html>
"""


def _picture(X: Any, S: Any) -> str:
    """Both samples as an inline image; a note where matplotlib is not installed."""
    import base64
    import io

    try:
        import matplotlib as mpl
    except ImportError:
        return "<p>Pictures need matplotlib: pip install 'fdgm[plot]'.</p>"
    mpl.use("agg")
    from ..plot import SampleDisplay

    buffer = io.BytesIO()
    SampleDisplay.from_predictions(X, S).figure_.savefig(buffer, format="png", dpi=110)
    encoded = base64.b64encode(buffer.getvalue()).decode()
    return f'<img alt="real and generated data" src="data:image/png;base64,{encoded}">'
