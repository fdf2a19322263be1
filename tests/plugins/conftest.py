"""Fresh virtual environments, as a stranger's: fdgm and plugins are installed there, and the rest is lent to them."""

import json
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PLUGINS = ("fdgm-power-divergences", "fdgm-boosted-ratio", "fdgm-fourier-mlp")


class Environment:
    """A virtual environment that has everything that this one has, except fdgm and any plugin of it."""

    def __init__(self, folder):
        self.folder = folder
        self.work = folder / "work"
        # By this name hypothesis knows what is installed: any other module it would search for constants, for half a
        # minute.
        lent = folder / "lent" / "site-packages"
        venv.create(folder / "venv", with_pip=False, symlinks=True)
        self.work.mkdir()
        lent.mkdir(parents=True)
        for path in {path for path in sys.path if path.endswith("-packages")}:
            for entry in Path(path).iterdir():
                if "fdgm" not in entry.name and entry.suffix != ".pth":
                    (lent / entry.name).symlink_to(entry)
        (site,) = (folder / "venv").glob("lib/python*/site-packages")
        (site / "lent.pth").write_text(str(lent))
        unset = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")
        self.environ = {name: value for name, value in os.environ.items() if name not in unset} | {
            "PATH": f"{folder / 'venv' / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "PIP_NO_BUILD_ISOLATION": "0",  # pip reads the value of a "no": false is no isolation
            "PIP_NO_CACHE_DIR": "1",
            "PIP_NO_INDEX": "1",
            "PIP_PYTHON": str(folder / "venv" / "bin" / "python"),
        }

    def run(self, *command, cwd=None, check=True, **environ):
        """Run a command there, and return what it wrote to both streams."""
        done = subprocess.run(
            command,
            cwd=cwd or self.work,
            env=self.environ | environ,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        assert not check or done.returncode == 0, done.stdout
        return done.stdout

    def python(self, code, *options, **environ):
        """Run a program that has nothing of this repository on its path."""
        return self.run(str(self.folder / "venv" / "bin" / "python"), *options, "-c", code, **environ)

    def install(self, *distributions):
        """From folders, or wheels; needs that are not met are an error."""
        self.run(sys.executable, "-m", "pip", "install", "--quiet", *map(str, distributions))


def copied(source, folder, *names):
    """A copy that building may write into."""
    for name in names:
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        ignored = shutil.ignore_patterns("__pycache__", "*.egg-info", "build")
        if (source / name).is_dir():
            shutil.copytree(source / name, target, ignore=ignored)
        else:
            shutil.copy2(source / name, target)
    return folder


@pytest.fixture(scope="session")
def new_environment(tmp_path_factory):
    """Make environments with fdgm, from one wheel, and with what else is named."""
    wheels = []

    def make(*distributions):
        environment = Environment(tmp_path_factory.mktemp("environment"))
        if not wheels:
            source = copied(ROOT, tmp_path_factory.mktemp("fdgm"), "fdgm", "pyproject.toml", "README.md", "LICENSE")
            environment.run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", source / "dist", source)
            wheels.extend((source / "dist").glob("*.whl"))
        environment.install(*wheels, *distributions)
        return environment

    return make


@pytest.fixture(scope="session")
def stranger(new_environment, tmp_path_factory):
    """An environment with fdgm and our three plugins, each from its folder."""
    folder = copied(ROOT / "plugins", tmp_path_factory.mktemp("plugins"), *PLUGINS)
    environment = new_environment(*(folder / name for name in PLUGINS))
    environment.plugins = folder
    return environment


USE = """
import fdgm, json

X = fdgm.datasets.make_ring(200, random_state=0)
NETWORK = fdgm.options.Network(n_particles=32, n_particle_steps=2, passes=1)
TINY = {"generator": NETWORK, "batch_size": 16, "max_iter": 2}
shapes = {}
for parameter, name in [("divergence", "arimoto"), ("divergence", "skew_js"), ("divergence", "skew_chi2"),
                        ("architecture", "fourier_mlp"), ("ratio", "boosted")]:
    sampler = fdgm.VGrowSampler(**{parameter: name}, **TINY, random_state=0).fit(X)
    sampler.save("sampler")
    assert (fdgm.load("sampler").sample(5) == sampler.sample(5)).all()
    shapes[name] = sampler.sample(5).shape
registered = {family: {} for family in fdgm.registry.FAMILIES}
for entry in fdgm.registry.report()[0]:
    registered[entry.family][entry.name] = entry.distribution
print(json.dumps({"shapes": shapes, "registered": registered, "path": fdgm.__file__,
                  "gradients": fdgm.ratios.with_gradient()}))
"""


@pytest.fixture(scope="session")
def used(stranger):
    """What a program that imports only fdgm made of the three plugins, all by name, with warnings as errors."""
    return json.loads(stranger.python(USE, "-W", "error"))
