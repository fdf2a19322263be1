"""Pictures without a screen, and closed after each test."""

import pytest

mpl = pytest.importorskip("matplotlib")


@pytest.fixture(autouse=True)
def closed_figures():
    import matplotlib.pyplot as plt

    before = mpl.get_backend()
    plt.switch_backend("agg")
    yield
    plt.close("all")
    plt.switch_backend(before)
