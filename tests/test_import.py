"""What `import fdgm` does, and what it must not do."""

import statistics
import subprocess
import sys
from importlib import metadata

import pytest

STATE = """
import sys, random, warnings, numpy, torch, sklearn, logging
from importlib import metadata
read = []
original = metadata.entry_points
metadata.entry_points = lambda *a, **k: read.append((a, k)) or original(*a, **k)
def state():
    return (torch.get_rng_state().numpy().tobytes(), numpy.random.get_state()[1].tobytes(), random.getstate(),
            torch.get_default_dtype(), torch.get_num_threads(), list(warnings.filters), logging.root.level)
before = state()
import fdgm
print(before == state(), read)
"""


def run(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def test_it_changes_no_global_state_and_reads_no_entry_points():
    assert run(STATE) == "True []"


@pytest.mark.parametrize(
    "code",
    [
        "import fdgm",
        "import fdgm; dir(fdgm); fdgm.__version__",
        "import sys, runpy\nsys.argv[1:] = ['--help']\ntry: runpy.run_module('fdgm', run_name='__main__')\n"
        "except SystemExit: pass",
    ],
    ids=["import", "dir", "help"],
)
def test_nothing_heavy_is_imported_before_it_is_used(code):
    heavy = ["torch", "numpy", "scipy", "pandas", "sklearn", "skorch", "matplotlib"]
    assert run(f"{code}\nimport sys; print([m for m in {heavy} if m in sys.modules])").splitlines()[-1] == "[]"


def test_public_names_are_there():
    import fdgm

    assert set(fdgm.__all__) <= set(dir(fdgm))
    for name in fdgm.__all__:
        assert getattr(fdgm, name) is not None


def test_the_version_is_that_of_the_distribution():
    import fdgm

    assert fdgm.__version__ == metadata.version("fdgm")


UNINSTALLED = """
import sys
from importlib import metadata
def version(name, original=metadata.version):
    if name == "fdgm":
        raise metadata.PackageNotFoundError(name)
    return original(name)
metadata.version = version
import fdgm
from fdgm.ratios import KLIEP
KLIEP(width=1.0).fit([[0.0], [1.0], [2.0]], [[1.0], [2.0]]).save(sys.argv[1])
print(fdgm.__version__, fdgm.load(sys.argv[1]).width, fdgm.registry.report()[0][0].version)
"""


def test_it_works_from_a_folder_that_was_not_installed(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", UNINSTALLED, str(tmp_path / "r")], capture_output=True, text=True, check=True
    )
    version = metadata.version("fdgm")
    assert done.stdout.split() == [version, "1.0", version]


def test_a_distribution_that_calls_itself_fdgm_does_not_change_the_version(tmp_path):
    info = tmp_path / "fdgm-99.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: fdgm\nVersion: 99.0\n")
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import fdgm; print(fdgm.__version__)"
    assert run(code) == metadata.version("fdgm")


def test_an_unknown_name_is_an_attribute_error():
    import fdgm

    with pytest.raises(AttributeError, match="VGrow_sampler"):
        _ = fdgm.VGrow_sampler


@pytest.mark.slow
def test_it_costs_little_beside_torch_and_scikit_learn():
    """In one process: seconds of `import fdgm` after torch and sklearn, over theirs. Median of five."""
    code = (
        "import time; a = time.perf_counter(); import torch, sklearn; b = time.perf_counter(); import fdgm;"
        "print((time.perf_counter() - b) / (b - a))"
    )
    assert statistics.median(float(run(code)) for _ in range(5)) <= 0.15
