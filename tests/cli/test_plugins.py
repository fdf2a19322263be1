"""`fdgm`, and `fdgm plugins`."""

import subprocess
import sys

import pytest
from typer.testing import CliRunner

import fdgm
from fdgm import cli, registry
from fdgm.divergences import KL
from fdgm.registry import Failure, Registration


def listing():
    result = CliRunner().invoke(cli.app, ["plugins"])
    assert result.exit_code == 0
    return result.stdout


def test_lists_every_registered_name_under_its_family():
    words = listing().split()
    for family in registry.FAMILIES:
        assert {family, *fdgm.available(family)} <= set(words)


@pytest.fixture
def installed(monkeypatch):
    """Something of a third party, a name that two claim, and a plugin that failed."""
    entries = [
        Registration("divergence", "kl", KL, "fdgm", "0.1.0"),
        Registration("divergence", "mine", KL, "third-party", "1.2"),
        Registration("divergence", "ours", KL, "first", "1.0"),
        Registration("divergence", "ours", KL, "second", "2.0"),
    ]
    failures = [Failure("broken", "of-somebody", "3.4", "raised RuntimeError when imported: not today")]
    monkeypatch.setattr(registry, "report", lambda: (entries, failures))


def test_says_from_which_distribution_and_version(installed):
    assert ["mine", "third-party", "1.2", "KL"] in [line.split() for line in listing().splitlines()]


def test_says_what_failed_to_load_and_why(installed):
    assert "failed to load\n  broken  of-somebody 3.4\n    raised RuntimeError when imported: not today\n" in listing()


def test_says_which_name_is_claimed_twice(installed):
    twice = [line.split()[:3] for line in listing().splitlines() if "claimed twice: uninstall all but one" in line]
    assert twice == [["ours", "first", "1.0"], ["ours", "second", "2.0"]]


def test_no_failure_is_no_heading():
    assert "failed" not in listing()


@pytest.mark.parametrize("command", [["--version"], ["plugins", "--check"], ["plugins"]])
def test_an_environment_in_order_exits_with_zero(command):
    assert CliRunner().invoke(cli.app, command).exit_code == 0


@pytest.mark.parametrize(("options", "code"), [([], 0), (["--check"], 1)])
def test_a_check_says_that_something_is_wrong(installed, options, code):
    assert CliRunner().invoke(cli.app, ["plugins", *options]).exit_code == code


def test_a_name_claimed_twice_is_wrong_by_itself(monkeypatch):
    twice = [Registration("divergence", "ours", KL, name, "1.0") for name in ("first", "second")]
    monkeypatch.setattr(registry, "report", lambda: (twice, []))
    assert CliRunner().invoke(cli.app, ["plugins", "--check"]).exit_code == 1


def test_the_package_runs_as_the_command():
    done = subprocess.run([sys.executable, "-m", "fdgm", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"fdgm {fdgm.__version__}\n"
