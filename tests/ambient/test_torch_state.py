"""Whatever state of torch's the caller has set, a seed gives the same bits."""

from contextlib import contextmanager

import pytest
import torch

from .conftest import as_bytes


@contextmanager
def default_dtype(dtype):
    torch.set_default_dtype(dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(torch.float32)


@contextmanager
def default_device(device):
    torch.set_default_device(device)
    try:
        yield
    finally:
        torch.set_default_device(None)


@contextmanager
def both(one, other):
    with one, other:
        yield


#: A default dtype and a mode go together, since one would not hide what the other does.
STATES = {
    "float64, autocast": lambda: both(default_dtype(torch.float64), torch.autocast("cpu", dtype=torch.bfloat16)),
    "float16, no_grad": lambda: both(default_dtype(torch.float16), torch.no_grad()),
    "bfloat16, inference_mode": lambda: both(default_dtype(torch.bfloat16), torch.inference_mode()),
    "meta": lambda: default_device("meta"),  # where any tensor without a device of its own has no numbers
}


@pytest.mark.parametrize("state", STATES)
def test_a_seed_gives_the_same_bits_under_any_state_of_torch(alone, scenario, state):
    before = torch.default_generator.get_state()
    with STATES[state]():
        found = as_bytes(scenario())
    assert found == alone[scenario.__name__]
    assert torch.equal(before, torch.default_generator.get_state())
