"""Another process gives the same bits, whatever Python makes of hashes there."""

import hashlib
import os
import runpy
import subprocess
import sys
from pathlib import Path

from fdgm.testing._trial import EstimatorTrial

ROOT = Path(__file__).parents[2]


def digests():
    """Of what every registered estimator answers."""
    made = runpy.run_path(str(ROOT / "tests" / "small.py"))
    answers = {name: EstimatorTrial(made["small"](name)).answers for name in made["NAMES"]}
    return {
        name: hashlib.sha256(b"".join(found[key] for key in sorted(found))).hexdigest()
        for name, found in answers.items()
    }


def test_another_process_gives_the_same_bits():
    env = {**os.environ, "PYTHONHASHSEED": "1"}
    done = subprocess.run([sys.executable, __file__], capture_output=True, text=True, check=True, env=env)
    assert done.stdout.strip() == str(digests())


if __name__ == "__main__":
    print(digests())
