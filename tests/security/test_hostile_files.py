"""600 files that mean harm, seeded: each ends in the one documented error, soon, and in little memory."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

CASES = 300
CRAFTED = ("count", "dtype", "name", "nesting", "params", "shape", "value")
DAMAGED = ("flip", "truncation")


@pytest.fixture(scope="module")
def ends():
    """How each of them ended. The program forks, and so it runs in a process that has no threads."""
    program = Path(__file__).with_name("hostile_files.py")
    done = subprocess.run(
        [sys.executable, str(program), str(CASES)],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.skipif(sys.platform != "linux", reason="memory and seconds of a child are read as Linux has them")
@pytest.mark.parametrize("kind", CRAFTED + DAMAGED)
def test_every_hostile_file_ends_in_the_documented_error(ends, kind):
    of_kind = [end for end in ends if end["kind"] == kind]
    assert len(of_kind) >= CASES // len(CRAFTED) if kind in CRAFTED else CASES // len(DAMAGED)
    for end in of_kind:
        assert end["error"] == "FileError", end
        assert "path of load must be a file that fdgm wrote" in end["message"], end
        assert "MemoryError" not in end["message"], end  # it was asked for
        assert "allocate" not in end["message"], end
        assert end["seconds"] < 2, end
        assert end["memory"] < 500e6, end
