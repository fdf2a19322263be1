"""The command as a program, and a small table."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from fdgm import cli

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def fdgm_command():
    """Run ``fdgm`` with arguments in a folder. Nothing of the caller's terminal is inherited."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "NO_COLOR": "1", "COLUMNS": "200"}

    def run(*arguments, cwd, **options):
        command = [sys.executable, "-m", "fdgm", *map(str, arguments)]
        streams = {} if "stdout" in options else {"stdout": subprocess.PIPE}
        return subprocess.run(
            command, cwd=cwd, env=environment, stderr=subprocess.PIPE, text=True, timeout=300, **streams, **options
        )

    run.environment = environment
    return run


@pytest.fixture(scope="session")
def folder(tmp_path_factory, fdgm_command):
    """A folder with data and the model that `fdgm fit` makes of it."""
    folder = tmp_path_factory.mktemp("cli")
    rows = np.random.default_rng(0).normal([170.0, 65.0], [10.0, 12.0], size=(200, 2))
    table = pd.DataFrame(rows, columns=["height", "weight"])
    table.to_csv(folder / "real.csv", index=False)
    np.save(folder / "real.npy", rows)
    arguments = ("real.csv", "--out", "model.fdgm", "--seed", 0, "--set", "max_iter=2", "--license", "CC0")
    done = fdgm_command("fit", *arguments, cwd=folder)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    return folder


@pytest.fixture
def run(request, monkeypatch):
    """Run a command in this process, in the test's folder: most tests need no program of their own."""
    monkeypatch.chdir(request.getfixturevalue("folder" if "folder" in request.fixturenames else "tmp_path"))
    return lambda *arguments: CliRunner().invoke(cli.app, [str(argument) for argument in arguments])
