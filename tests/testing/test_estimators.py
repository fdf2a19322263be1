"""Every registered estimator meets the contract that all share. A new one is tested here with no edit."""

import pytest
from small import NAMES, small

from fdgm import testing

CHECKS = {f"{name}-{check.name}": check for name in NAMES for check in testing.check_estimator(small(name))}


@pytest.mark.parametrize("check", CHECKS.values(), ids=CHECKS)
def test_contract(check):
    check()
