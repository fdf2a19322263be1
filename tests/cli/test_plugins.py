"""`fdgm plugins`."""

from typer.testing import CliRunner

import fdgm
from fdgm.cli import app


def test_lists_every_registered_divergence():
    result = CliRunner().invoke(app, ["plugins"])
    assert result.exit_code == 0
    assert set(fdgm.available("divergence")) <= set(result.output.split())
