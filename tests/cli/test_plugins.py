"""`fdgm plugins`."""

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
