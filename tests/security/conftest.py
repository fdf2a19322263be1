"""Files whose digest matches, and whose content is another."""

import json

import pytest
from safetensors.torch import load as load_tensors

from fdgm.persistence import _file


@pytest.fixture
def crafted(tmp_path):
    """``crafted(estimator, change)``: a file of the estimator after ``change(description, tensors)``."""

    def craft(estimator, change):
        path = tmp_path / "honest"
        estimator.save(path)
        return rewritten(path, change)

    def rewritten(path, change):
        data = path.read_bytes()
        length = int.from_bytes(data[:8], "little")
        description = json.loads(json.loads(data[8 : 8 + length])["__metadata__"]["fdgm"][64:])
        tensors = load_tensors(data)
        change(description["object"], tensors)
        bad = tmp_path / "crafted"
        bad.write_bytes(_file._pack(json.dumps(description), {k: v.contiguous().clone() for k, v in tensors.items()}))
        return bad

    craft.rewritten = rewritten
    return craft
