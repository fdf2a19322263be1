"""Every registered objective: least at its stated optimum, with the value that theory gives it."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.distance import jensenshannon
from scipy.stats import entropy, wasserstein_distance

import fdgm
from fdgm import registry
from fdgm.objectives import FGAN, WGAN, WGANGP

SETTINGS = settings(max_examples=30, deadline=None, derandomize=True)
NAMES = fdgm.available("objective")
KINDS = 4
counts = arrays(np.int64, (2, KINDS), elements=st.integers(1, 9))


def objectives():
    """One of each, and the bound of each divergence."""
    for name in NAMES:
        yield pytest.param(registry.get("objective", name)(), id=name)
    for name in fdgm.available("divergence"):
        if name != "alpha":
            for activation in ("published", "universal"):
                yield pytest.param(FGAN(name, activation=activation), id=f"f_gan-{name}-{activation}")
    yield pytest.param(FGAN(fdgm.divergences.Alpha(0.5)), id="f_gan-alpha")


def pointwise():
    """Those whose best output at a point is determined there."""
    for param in objectives():
        (objective,) = param.values
        try:
            objective.optimum(torch.zeros(1))
        except NotImplementedError:
            continue
        yield param


def sample(n):
    """Rows of kinds 0 to 3 as often as `n` says, and the fractions of the kinds."""
    return torch.repeat_interleave(torch.arange(KINDS), torch.from_numpy(n)), n / n.sum()


@pytest.mark.parametrize("objective", list(pointwise()))
@SETTINGS
@given(
    counts=counts,
    shift=arrays(np.float64, KINDS, elements=st.floats(-3, 3).filter(lambda x: x == 0 or abs(x) > 1e-3)),
)
def test_no_other_output_has_a_lower_loss(objective, counts, shift):
    (kinds_p, p), (kinds_q, q) = (sample(n) for n in counts)
    best = objective.optimum(torch.from_numpy(np.log(p / q)))
    at_best, elsewhere = (
        objective.loss(output[kinds_p], output[kinds_q]) for output in (best, best + torch.from_numpy(shift))
    )
    # Terms are at most e^6 times 9² in size, each rounded at 1e-16. Pearson's published output has no ratio below −2.
    assert at_best <= elsewhere + 1e-11 or (
        torch.isnan(elsewhere) and isinstance(objective, FGAN) and objective.divergence == "pearson"
    )


@pytest.mark.parametrize("objective", [param for param in pointwise() if param.values[0].exact])
@SETTINGS
@given(l=arrays(np.float64, 5, elements=st.floats(-9, 9)))
def test_the_output_at_the_optimum_gives_the_log_ratio(objective, l):
    l = torch.from_numpy(l)
    # A probability within 1e-4 of 1 keeps twelve digits of its odds, of sixteen.
    torch.testing.assert_close(objective.log_ratio(objective.optimum(l)), l, rtol=1e-9, atol=1e-9)


#: Objectives of one critic, and of several generators.
LOGISTIC = ("age", "logistic", "minimax", "non_saturating")

LEAST = {
    **dict.fromkeys(LOGISTIC, lambda p, q: 2 * np.log(2) - 2 * jensenshannon(p, q) ** 2),
    "lsif": lambda p, q: -np.sum(p**2 / q) / 2,
    "kliep": lambda p, q: -entropy(p, q),
    "f_gan": lambda p, q: -entropy(p, q),
    "least_squares": lambda p, q: np.sum(p * q / (p + q)) / 2,
    # A logistic regression of pairs against the same pairs exchanged, of which each pair is one half.
    "relativistic": lambda p, q: np.log(2) - jensenshannon(np.outer(p, q).ravel(), np.outer(q, p).ravel()) ** 2,
    "hinge": lambda p, q: 2 * np.minimum(p, q).sum(),
}


@pytest.mark.parametrize("name", sorted(LEAST))
@SETTINGS
@given(counts=counts)
def test_the_least_loss_is_that_of_theory(name, counts):
    objective = registry.get("objective", name)()
    (kinds_p, p), (kinds_q, q) = (sample(n) for n in counts)
    best = objective.optimum(torch.from_numpy(np.log(p / q)))
    np.testing.assert_allclose(objective.loss(best[kinds_p], best[kinds_q]).item(), LEAST[name](p, q), atol=1e-9)


def test_every_pointwise_objective_has_its_least_loss_checked():
    assert {param.id for param in pointwise() if "-" not in param.id} == set(LEAST)


@pytest.mark.parametrize("name", [n for n in fdgm.available("divergence") if n != "alpha"])
@SETTINGS
@given(counts=counts)
def test_the_variational_bound_is_tight(name, counts):
    (kinds_p, p), (kinds_q, q) = (sample(n) for n in counts)
    l = torch.from_numpy(np.log(p / q))
    true = (torch.from_numpy(q) * fdgm.divergences.get(name).f(l)).sum()
    torch.testing.assert_close(
        -FGAN(name, activation="universal").loss(l[kinds_p], l[kinds_q]), true, rtol=1e-9, atol=1e-9
    )


@pytest.mark.parametrize("objective", [WGANGP(), WGAN()])
@SETTINGS
@given(counts=counts, slopes=arrays(np.float64, KINDS - 1, elements=st.floats(-1, 1)))
def test_wasserstein_is_least_at_minus_the_distance_over_slopes_of_at_most_one(objective, counts, slopes):
    """Kinds stand at 0, 1, 2, 3 on the line; there the best potential falls where more of p than of q is below."""
    (kinds_p, p), (kinds_q, q) = (sample(n) for n in counts)

    def loss(steps):
        potential = torch.from_numpy(np.concatenate([[0.0], np.cumsum(steps)]))
        return objective.loss(potential[kinds_p], potential[kinds_q]).item()

    best = loss(np.sign(np.cumsum(q - p)[:-1]))
    np.testing.assert_allclose(best, -wasserstein_distance(range(KINDS), range(KINDS), p, q), atol=1e-12)
    assert best <= loss(slopes) + 1e-12


@pytest.mark.parametrize("objective", list(objectives()))
@SETTINGS
@given(outputs=arrays(np.float64, (2, 6), elements=st.floats(-4, 4)))
def test_the_promise_of_antisymmetry(objective, outputs):
    """Some map of outputs changes the log-ratio's sign and exchanges the samples' parts of the loss."""
    if not objective.antisymmetric:
        return
    mirror = (lambda v: 1 - v) if type(objective).__name__ == "LSGAN" else torch.neg
    p, q = torch.from_numpy(outputs)
    torch.testing.assert_close(objective.loss(p, q), objective.loss(mirror(q), mirror(p)))
    torch.testing.assert_close(objective.log_ratio(p), -objective.log_ratio(mirror(p)), atol=1e-9, rtol=1e-9)


@pytest.mark.parametrize("objective", [p for p in objectives() if p.id != "f_gan-pearson-published"])
def test_losses_and_slopes_are_finite_at_large_outputs(objective):
    output = torch.tensor([-40.0, 0.0, 40.0], requires_grad=True)
    loss = objective.loss(output, output) + objective.log_ratio(output).sum()
    (slope,) = torch.autograd.grad(loss, output)
    assert torch.isfinite(loss)
    assert torch.isfinite(slope).all()


@pytest.mark.parametrize("objective", list(objectives()))
def test_slopes_are_the_derivatives_of_the_loss_by_the_outputs(objective):
    source = torch.Generator().manual_seed(0)
    p, q = (torch.randn(n, generator=source, dtype=torch.float64) for n in (5, 3))
    loss, *slopes = objective.loss_and_slopes(p, q)
    p, q = p.requires_grad_(), q.requires_grad_()
    expected = objective.loss(p, q)
    torch.testing.assert_close(loss, expected.detach())
    torch.testing.assert_close(slopes, list(torch.autograd.grad(expected, [p, q])))
    assert not any(value.requires_grad for value in (loss, *slopes))
