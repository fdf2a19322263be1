"""The logistic objective."""

import math

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from fdgm.objectives import Logistic


@given(counts=arrays(np.int64, (2, 4), elements=st.integers(1, 9)))
def test_it_is_least_at_the_log_ratio_whatever_the_sizes_of_the_samples(counts):
    """Rows of four kinds: the gradient in a kind's output vanishes where the output is log p/q of that kind."""
    objective = Logistic()
    kinds = [torch.repeat_interleave(torch.arange(4), torch.from_numpy(c)) for c in counts]
    p, q = (torch.from_numpy(c / c.sum()) for c in counts)
    best = torch.log(p / q).requires_grad_()
    loss = objective.loss(best[kinds[0]], best[kinds[1]])
    (gradient,) = torch.autograd.grad(loss, best)
    # Each kind's gradient is a sum of at most 18 float64 terms of size at most 1.
    assert gradient.abs().max() < 1e-14
    away = best.detach() + 0.1
    assert objective.loss(away[kinds[0]], away[kinds[1]]) > loss


def test_it_is_two_log_two_where_nothing_can_be_told_apart():
    assert math.isclose(Logistic().loss(torch.zeros(3).double(), torch.zeros(8).double()).item(), 2 * math.log(2))


def test_the_output_is_the_log_ratio():
    t = torch.randn(5, generator=torch.Generator().manual_seed(0))
    assert torch.equal(Logistic().log_ratio(t), t)
