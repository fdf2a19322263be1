"""What is common to the tests of faults."""

from unittest import SkipTest

import pytest


@pytest.fixture
def failures():
    """Run a whole contract: name and message of each check that fails."""

    def run(checks):
        found = {}
        for check in checks:
            try:
                check()
            except SkipTest:  # it rests on one that fails
                continue
            except Exception as error:
                found[check.name] = f"{type(error).__name__}: {error}"
        return found

    return run
