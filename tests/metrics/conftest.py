"""The independent library that several measures are held against."""

import importlib
import signal
import threading
from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from fdgm.metrics import _extractors

MODULES = ("metric_fid", "metric_kid", "metric_isc", "metric_prc", "feature_extractor_inceptionv3")


@pytest.fixture(autouse=True)
def private_extractors(monkeypatch):
    """Extractors that a test registers are gone after it."""
    monkeypatch.setattr(_extractors, "_LOADERS", dict(_extractors._LOADERS))
    monkeypatch.setattr(_extractors, "_LOADED", {})


@pytest.fixture(scope="session")
def fidelity(torchvision):
    """torch-fidelity's modules of metrics, which take features."""
    return SimpleNamespace(**{name: importlib.import_module(f"torch_fidelity.{name}") for name in MODULES})


@pytest.fixture
def interrupted_after():
    """``with interrupted_after(seconds):`` raises KeyboardInterrupt in this thread, as Ctrl-C does."""

    @contextmanager
    def interrupted(seconds):
        # A shell lets what it runs in the background ignore the signal, and Python then installs no handler.
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        timer = threading.Timer(seconds, signal.raise_signal, [signal.SIGINT])
        timer.start()
        try:
            yield
        finally:
            timer.join()
            signal.signal(signal.SIGINT, before)

    return interrupted
