"""Adam without torch's compiler takes torch's steps, to the same bits."""

import subprocess
import sys
from copy import deepcopy

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from fdgm.options import Adam


def weights(seed):
    source = torch.Generator().manual_seed(seed)
    return [torch.nn.Parameter(torch.randn(shape, generator=source)) for shape in ((3, 2), (4,), ())]


@given(
    lr=st.floats(1e-5, 1.0), beta1=st.floats(0.0, 0.95), beta2=st.floats(0.5, 0.999), seed=st.integers(0, 1000),
    n_steps=st.integers(1, 5),
)  # fmt: skip
def test_its_steps_are_torchs(lr, beta1, beta2, seed, n_steps):
    mine, theirs = weights(seed), weights(seed)
    ours = Adam(lr, betas=(beta1, beta2)).make(mine)
    other = torch.optim.Adam(theirs, lr=lr, betas=(beta1, beta2), fused=True)
    source = torch.Generator().manual_seed(seed + 1)
    for k in range(n_steps):
        for a, b in zip(mine, theirs, strict=True):
            a.grad = torch.randn(a.shape, generator=source) if k or a.dim() else None
            b.grad = None if a.grad is None else a.grad.clone()
        ours.step()
        other.step()
    for a, b in zip(mine, theirs, strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=0)
        assert ours.state[a].keys() == other.state[b].keys()


def test_state_goes_on_where_it_was():
    a, b = weights(0), weights(0)
    first, second = Adam(0.1, betas=(0.9, 0.99)).make(a), Adam(0.1, betas=(0.9, 0.99)).make(b)
    for _ in range(3):
        for weight in a:
            weight.grad = weight.detach().clone()
        first.step()
    with torch.no_grad():
        for x, y in zip(a, b, strict=True):
            y.copy_(x)
            x.grad = y.grad = x.clone()
    second.load_state_dict(deepcopy(first.state_dict()))
    first.step()
    second.step()
    for x, y in zip(a, b, strict=True):
        torch.testing.assert_close(x, y, rtol=0, atol=0)


def test_moments_of_a_weight_without_gradient_do_not_become_denormal():
    """They would take a processor a hundred times as long. A moment falls by 0.9 a step: to 1e-37 in some 800."""
    (weight,) = weights(0)[1:2]
    optimizer = Adam(0.1, betas=(0.9, 0.99)).make([weight])
    weight.grad = torch.ones_like(weight)
    optimizer.step()
    weight.grad.zero_()
    for _ in range(1500):
        optimizer.step()
        moment = optimizer.state[weight]["exp_avg"].abs()
        assert ((moment == 0) | (moment >= torch.finfo(torch.float32).tiny)).all()
    assert (moment == 0).all()


def test_hooks_see_the_gradients_and_can_be_removed():
    (weight,) = weights(0)[1:2]
    optimizer = Adam(0.1, betas=(0.9, 0.99)).make([weight])
    weight.grad = torch.ones_like(weight)
    seen = []
    hook = optimizer.register_step_pre_hook(lambda *args: seen.append(weight.grad.sum().item()))
    optimizer.step()
    hook.remove()
    optimizer.step()
    assert seen == [4.0]


@pytest.mark.parametrize("model", ["VGrowSampler", "GANSampler"])
def test_training_does_not_import_torchs_compiler(model):
    """It takes some two seconds, of a budget that may be ten."""
    code = (
        f"import sys, numpy as np, fdgm; X = np.random.default_rng(0).normal(size=(50, 2));"
        f"fdgm.{model}(max_iter=1, device='cpu', random_state=0).fit(X); print('torch._dynamo' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
