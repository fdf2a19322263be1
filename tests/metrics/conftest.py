"""The independent library that several measures are held against."""

import importlib
from types import SimpleNamespace

import pytest

MODULES = ("metric_fid", "metric_kid", "metric_isc", "metric_prc", "feature_extractor_inceptionv3")


@pytest.fixture(scope="session")
def fidelity(torchvision):
    """torch-fidelity's modules of metrics, which take features."""
    return SimpleNamespace(**{name: importlib.import_module(f"torch_fidelity.{name}") for name in MODULES})
