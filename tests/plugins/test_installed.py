"""Our three plugins, installed from their folders into a fresh environment, and used there by name."""

import pytest


@pytest.mark.parametrize("name", ["arimoto", "skew_js", "skew_chi2", "fourier_mlp", "boosted"])
def test_a_sampler_takes_it_by_name(used, name):
    assert used["shapes"][name] == [5, 2]


def test_the_boosted_ratio_is_known_to_have_a_gradient(used):
    assert "boosted" in used["gradients"]


def test_fdgm_itself_was_the_installed_one(used, stranger):
    assert used["path"].startswith(str(stranger.folder))


def test_they_and_no_others_are_registered_there(used):
    distributions = {name: origin for names in used["registered"].values() for name, origin in names.items()}
    assert {name: origin for name, origin in distributions.items() if origin != "fdgm"} == {
        "arimoto": "fdgm-power-divergences",
        "skew_chi2": "fdgm-power-divergences",
        "skew_js": "fdgm-power-divergences",
        "boosted": "fdgm-boosted-ratio",
        "fourier_mlp": "fdgm-fourier-mlp",
    }


@pytest.mark.slow
def test_their_own_tests_pass_there(stranger):
    python = str(stranger.folder / "venv" / "bin" / "python")
    options = ("-q", "-W", "error", "--import-mode=importlib", "-p", "no:cacheprovider")
    folders = sorted(map(str, stranger.plugins.glob("*/tests")))
    assert len(folders) == 3
    assert " passed" in stranger.run(python, "-m", "pytest", *options, *folders)


def test_they_import_nothing_private_of_fdgm(stranger):
    lines = [
        line.strip()
        for path in stranger.plugins.rglob("*.py")
        for line in path.read_text().splitlines()
        if line.strip().startswith(("from fdgm", "import fdgm"))
    ]
    assert len(lines) > 10
    assert [line for line in lines if line.startswith(("from fdgm.", "import fdgm.")) and "._" in line] == []
