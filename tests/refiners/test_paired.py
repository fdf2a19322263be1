"""The paired test that confirms a plan of refinement."""

import numpy as np
import pytest
import torch

from fdgm.exceptions import FileError
from fdgm.metrics import energy_distance
from fdgm.refiners._paired import Confirmation, Distances, compare, energy_of_rows

N, REPEATS = 80, 400
#: Plans that bring no gain: from samples (n, 2) to samples, and where the model's mean is.
HARMLESS = {
    "as far on the other side": (lambda x: -x, 0.4),
    "of a model that is right": (lambda x: -x, 0.0),
    "farther": (lambda x: x + 0.02, 0.4),
    "wider": (lambda x: 1.1 * x, 0.0),
    "each for itself": (lambda x: x.flip(0), 0.0),
}


def compared(before, after, rows):
    return compare(*(Distances.measured(samples, rows) for samples in (before, after)))


def confirmed(before, after, rows):
    """With the scaled units those of X."""
    return Confirmation.of(*[compared(before, after, rows)] * 2)


def energy(samples, rows):
    return Distances.measured(samples, rows).energy


def draws(rng, mean):
    return torch.from_numpy(rng.normal(mean, 1.0, size=(N, 2)))


@pytest.mark.parametrize("plan", HARMLESS)
def test_a_null_or_harmful_plan_passes_at_most_once_in_twenty(plan):
    """Three standard errors of a fraction of 0.05 in so many repeats."""
    refined, mean = HARMLESS[plan]
    rng = np.random.default_rng(0)
    passed = 0
    for _ in range(REPEATS):
        samples = draws(rng, mean)
        passed += confirmed(samples, refined(samples), draws(rng, 0.0)).accepted
    assert passed / REPEATS <= 0.05 + 3 * (0.05 * 0.95 / REPEATS) ** 0.5


def test_a_gain_passes():
    rng = np.random.default_rng(0)
    samples = draws(rng, 1.0)
    found = confirmed(samples, samples - 1.0, draws(rng, 0.0))
    assert found.accepted
    assert (found.n_rows, found.n_pairs) == (N, N)


def test_a_gain_in_scaled_units_that_is_a_loss_in_xs_does_not_pass():
    """The first column comes closer and the second goes away. Scaled units see the first, X's own the second."""
    rng = np.random.default_rng(0)
    samples, rows = draws(rng, 1.0), draws(rng, 0.0)
    scaled, in_x = (
        compared(*(weight * points for points in (samples, samples + torch.tensor([-1.0, 1.0]), rows)))
        for weight in (torch.tensor([1.0, 0.1]), torch.tensor([0.1, 1.0]))
    )
    found = Confirmation.of(scaled, in_x)
    assert (found.gains, found.spoils, found.accepted) == (True, True, False)
    assert Confirmation.of(scaled, scaled).accepted


def test_the_difference_is_that_of_the_two_distances():
    """U of n samples is V with its mean distances within over n(n − 1), not n²."""
    rng = np.random.default_rng(0)
    before, after, rows = draws(rng, 0.5), draws(rng, 0.2), draws(rng, 0.0)
    of_rows = energy_of_rows(rows)
    assert compared(before, after, rows).difference == pytest.approx(energy(after, rows) - energy(before, rows))
    v = energy_distance(rows, before)
    within = torch.cdist(before, before).mean().item() + torch.cdist(rows, rows).mean().item()
    # U leaves a share 1/(N − 1) of each mean distance within out.
    assert energy(before, rows) - of_rows == pytest.approx(v - within / (N - 1))


def test_the_error_is_that_of_the_difference_over_draws():
    """Within a fifth, over 400 repeats; their standard deviation is known to 1 in 28."""
    rng = np.random.default_rng(1)
    found = []
    for _ in range(REPEATS):
        samples = draws(rng, 0.6)
        found.append(compared(samples, 0.9 * samples - 0.3, draws(rng, 0.0)))
    spread = np.std([one.difference for one in found])
    assert np.mean([one.standard_error for one in found]) == pytest.approx(spread, rel=0.2)


def test_images_are_compared_as_rows():
    rng = np.random.default_rng(0)
    before, rows = (torch.from_numpy(rng.normal(size=(9, 1, 2, 2))) for _ in range(2))
    flat = compared(before.flatten(1), before.flatten(1) + 1, rows.flatten(1))
    assert compared(before, before + 1, rows) == flat


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        [0.0, 1.0, 2, 2],
        [0.0, float("nan"), 2, 2, 0.0, 1.0],
        [0.0, 1.0, -2, 2, 0.0, 1.0],
        [0.0, 1.0, 2, 2.5, 0.0, 1.0],
        [0.0, 1.0, 2, 2, 0.0, "1"],
    ],
)
def test_malformed_numbers_in_a_file(value):
    with pytest.raises(FileError, match="confirmation must be"):
        Confirmation.from_json(value)
