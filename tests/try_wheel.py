"""What a stranger does first, with the package installed and nothing else; `make wheel` runs it so."""

import importlib
import pkgutil
import subprocess
import sys
import tempfile
from importlib import metadata
from pathlib import Path

import numpy as np

import fdgm

OPTIONAL = {"matplotlib", "PIL", "torchvision", "ot", "torch_fidelity", "pytest", "hypothesis"}  # the extras bring them


def main() -> None:
    """Raise at the first thing that is not as it should be."""
    home = Path(fdgm.__file__).parent
    if (Path.cwd() / "fdgm").exists() or "site-packages" not in home.parts:
        raise SystemExit(f"this must run against an installed fdgm, got {home}")
    if fdgm.__version__ != metadata.version("fdgm"):
        raise SystemExit(f"the wheel says {metadata.version('fdgm')}, the package {fdgm.__version__}")
    for module in pkgutil.walk_packages(fdgm.__path__, "fdgm."):
        if module.name != "fdgm.__main__":
            try:
                importlib.import_module(module.name)
            except ImportError as error:
                missing = [getattr(e, "name", None) or "" for e in (error, error.__cause__)]
                if not any(name.partition(".")[0] in OPTIONAL for name in missing):
                    raise
    X = fdgm.datasets.make_ring(500, random_state=0)
    sampler = fdgm.VGrowSampler(max_iter=3, random_state=0).fit(X)
    with tempfile.TemporaryDirectory() as folder:
        sampler.save(Path(folder) / "sampler.fdgm")
        again = fdgm.load(Path(folder) / "sampler.fdgm")
    np.testing.assert_array_equal(again.sample(20, random_state=1), sampler.sample(20, random_state=1))
    fdgm.metrics.load_classifier("mnist")  # its weights are in the wheel
    if not (home / "py.typed").exists():
        raise SystemExit("the wheel must bring py.typed")
    subprocess.run([sys.executable, "-m", "fdgm", "plugins", "--check"], check=True, stdout=subprocess.DEVNULL)
    sys.stdout.write(f"fdgm {fdgm.__version__} works in {sys.prefix}\n")


if __name__ == "__main__":
    main()
