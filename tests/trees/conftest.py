"""A table of every kind."""

import pytest
from mixed import mixed


@pytest.fixture(scope="session")
def table():
    return mixed(1500)
