"""The hinge as a critic's objective."""

import pytest
import torch

from fdgm.objectives import Hinge


@pytest.mark.parametrize(("p", "best"), [(0.3, -1.0), (0.7, 1.0)])
def test_at_its_least_the_output_is_the_sign_of_the_log_ratio(p, best):
    """One kind of rows, of which P has a fraction p and Q 1 − p."""
    outputs = torch.linspace(-3, 3, 601)
    losses = [p * Hinge().loss(v, torch.tensor(-1.0)) + (1 - p) * Hinge().loss(torch.tensor(1.0), v) for v in outputs]
    assert outputs[int(torch.stack(losses).argmin())] == pytest.approx(best, abs=1e-6)


def test_its_output_stands_in_for_the_log_ratio():
    output = torch.tensor([-2.0, 3.0])
    assert torch.equal(Hinge().log_ratio(output), output)
    assert not Hinge().exact
