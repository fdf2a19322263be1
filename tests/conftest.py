"""Fixtures that several folders of tests share."""

import importlib
import os
from pathlib import Path

import pytest
import torch
from hypothesis import settings

from fdgm.nets import Average

# A busy machine is no failure, and a test fails today or never.
settings.register_profile("fdgm", deadline=None, derandomize=True)
settings.load_profile("fdgm")


@pytest.fixture(scope="session")
def torchvision():
    """torchvision, also where its operators in C++ were built for another torch.

    PyPI has it built beside CUDA only; next to torch's CPU build its import stops at the schemas of two operators of
    object detection, which nothing here calls.
    """
    try:
        return importlib.import_module("torchvision")
    except RuntimeError:
        schemas = torch.library.Library("torchvision", "DEF")
        for name in ("nms", "qnms"):
            schemas.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        module = importlib.import_module("torchvision")
        module.schemas_of_fdgms_tests = schemas  # they go when the library object does
        return module


@pytest.fixture(scope="session")
def real_data():
    """The folder of the real MNIST and Fashion-MNIST; without them the test is skipped."""
    home = os.environ.get("FDGM_DATA")
    if home is None:
        pytest.skip("FDGM_DATA is not set: it names the folder that holds mnist/ and fashion-mnist/")
    for name in ("mnist", "fashion-mnist"):
        if not (Path(home) / name).is_dir():
            pytest.skip(f"FDGM_DATA is {home}, which holds no folder {name}")
    return Path(home)


@pytest.fixture
def average_of_nothing(monkeypatch):
    """What has the averaged networks lose their weights from the given update on, counted from 0."""

    def since(first):
        original = Average.update

        def update(average, t):
            original(average, t)
            for weights in average.module.parameters():
                weights.data *= t < first

        monkeypatch.setattr(Average, "update", update)

    return since
