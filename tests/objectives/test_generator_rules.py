"""What a generator follows under each objective, against the divergences' own gradients on two Gaussians."""

import numpy as np
import pytest
import torch
from scipy.integrate import quad
from scipy.special import expit
from scipy.stats import norm

import fdgm
from fdgm.objectives import AGE, FGAN, LSGAN, Logistic, Minimax, NonSaturating, Relativistic

DATA, MODEL = 0.7, -0.4  # means of N(., 1), data and model: the log-ratio below is exact, and linear

#: f'(1), which makes an integrand of any of these divergences vanish to second order at r = 1.
DIVERGENCES = fdgm.available("divergence")


def log_ratio(x, model=MODEL):
    """log p_data/p_model at x."""
    return (DATA - model) * x - (DATA**2 - model**2) / 2


def followed(objective, x):
    """s at points x, where the rows that a generator makes there move along s ∇T."""
    t = torch.from_numpy(log_ratio(x)).requires_grad_()
    output = objective.optimum(t)
    (gradient,) = torch.autograd.grad(objective.generator_loss(output), t)
    return -len(x) * gradient.numpy()  # the loss is a mean over rows


def gradient_in_the_mean(objective):
    """−E[s ∇T], the gradient of the generator's loss in the mean of its Gaussian, T being held fixed."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(80)
    return -(weights / weights.sum() * followed(objective, nodes + MODEL)).sum() * (DATA - MODEL)


def divergence_in_the_mean(f, h=1e-4):
    """d/dm of ∫ q f(p/q) with q = N(m, 1), by central differences of a quadrature."""

    def value(mean):
        def integrand(x):
            l = log_ratio(x, mean)
            return norm.pdf(x, mean) * f(torch.tensor(l, dtype=torch.float64)).item()

        return quad(integrand, -12, 12, epsabs=1e-13, epsrel=1e-12, limit=400)[0]

    return (value(MODEL + h) - value(MODEL - h)) / (2 * h)


def tilted(divergence):
    """f of the divergence with its arguments exchanged, which is r f(1/r)."""
    return lambda l: l.exp() * divergence.f(-l)


@pytest.mark.parametrize("name", DIVERGENCES)
@pytest.mark.parametrize("rule", [lambda d: AGE(d, scale_clip=None), FGAN], ids=["age", "f_gan"])
def test_age_and_f_gan_descend_their_divergence_of_data_and_model(name, rule):
    """Theorem 2 of AGE. The error of the differences is of h² = 1e-8 times a third derivative of order ten."""
    divergence = fdgm.divergences.get(name)
    expected = divergence_in_the_mean(divergence.f_centered)
    assert gradient_in_the_mean(rule(name)) == pytest.approx(expected, rel=1e-5, abs=1e-6)


def test_the_logd_trick_descends_the_logd_divergence_of_model_and_data():
    """Theorem 3.1 of VGrow."""
    expected = divergence_in_the_mean(tilted(fdgm.divergences.LogD()))
    assert gradient_in_the_mean(NonSaturating()) == pytest.approx(expected, rel=1e-5)


def test_the_minimax_generator_descends_twice_the_jensen_shannon_divergence():
    assert gradient_in_the_mean(Minimax()) == pytest.approx(
        divergence_in_the_mean(fdgm.divergences.JensenShannon().f), rel=1e-5
    )


#: s as the papers have it, for objectives that have no divergence's name.
STATED = {
    "minimax": lambda t: expit(t),
    "non_saturating": lambda t: expit(-t),
    "least_squares": lambda t: expit(t) * expit(-t) ** 2,  # (1 − D) dD/dT at D = σ(T)
    "logistic": np.ones_like,
    "kliep": np.ones_like,
    "relativistic": np.ones_like,  # beside data it has a rule of its own, below
    "lsif": lambda t: np.exp(2 * t),
}


@pytest.mark.parametrize("name", STATED)
def test_rows_follow_the_stated_weight(name):
    x = np.linspace(-2, 2, 9)
    objective = fdgm.registry.make("objective", name)
    np.testing.assert_allclose(followed(objective, x), STATED[name](log_ratio(x)), rtol=1e-9)


NO_RATIO = ["hinge", "wasserstein", "wasserstein_gp"]


def test_every_objective_has_its_rule_checked():
    """AGE's and f-GAN's by every divergence, below."""
    assert {*STATED, *NO_RATIO, "age", "f_gan"} == set(fdgm.available("objective"))


@pytest.mark.parametrize("name", NO_RATIO)
def test_rows_follow_the_output_itself_where_it_is_no_ratio(name):
    output = torch.linspace(-3, 3, 7, dtype=torch.float64).requires_grad_()
    fdgm.registry.make("objective", name).generator_loss(output).backward()
    np.testing.assert_allclose(output.grad, -np.ones(7) / 7, rtol=1e-15)


@pytest.mark.parametrize("name", [*DIVERGENCES, "all"])
@pytest.mark.parametrize("clip", [0.5, 1.0])
def test_a_clip_bounds_what_age_follows(name, clip):
    """r is held to [r0, 1/r0], over which r² f''(r) is monotone for all of these but Jeffreys and alpha's like."""
    if name == "all":
        weights = followed(AGE("all"), np.linspace(-9, 9, 7))
        np.testing.assert_array_equal(weights, np.ones(7))
        return
    x = np.linspace(-9, 9, 181)
    weights = followed(AGE(name, scale_clip=clip), x)
    bound = -np.log(clip)
    inside = followed(AGE(name, scale_clip=None), x)[np.abs(log_ratio(x)) <= bound]
    np.testing.assert_allclose(weights[np.abs(log_ratio(x)) <= bound], inside, rtol=1e-12)
    outside = log_ratio(x) > bound
    assert np.ptp(weights[outside]) <= 1e-12 * weights[outside].max()


def test_no_gradient_goes_through_the_weight():
    """Else it would be that of s(T) T, which for KL at T = 0 is 1 as well, and at T = 1 is 2e."""
    t = torch.tensor([1.0], dtype=torch.float64, requires_grad=True)
    AGE("kl", scale_clip=None).generator_loss(t).backward()
    assert t.grad.item() == pytest.approx(-np.e)


def test_the_critics_of_logistic_regression_are_one():
    p, q = torch.randn(2, 7, generator=torch.Generator().manual_seed(0))
    losses = {objective.loss(p, q).item() for objective in (Logistic(), Minimax(), NonSaturating(), AGE("js"))}
    assert len(losses) == 1


def test_least_squares_pulls_a_row_that_is_past_the_label_back():
    """(D − 1)²/2 is least at the label, on both of whose sides it pulls."""
    output = torch.tensor([0.5, 1.5], requires_grad=True)
    LSGAN().generator_loss(output).backward()
    assert output.grad.tolist() == [-0.25, 0.25]


def test_beside_data_a_sample_follows_the_chance_that_it_is_taken_for_less_real():
    """s is the mean over data x of σ(T(x) − T(y)), which no constant of T changes."""
    p, q = torch.randn(2, 7, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    for constant in (0.0, 3.0):
        output = (q + constant).requires_grad_()
        (gradient,) = torch.autograd.grad(Relativistic().paired_generator_loss(p + constant, output), output)
        expected = expit(p.numpy()[:, None] - q.numpy()).mean(axis=0)
        np.testing.assert_allclose(-7 * gradient.numpy(), expected, rtol=1e-12)


def test_a_single_sample_of_each_is_a_logistic_regression_of_their_order():
    """log(1 + e^(D(y) − D(x)))."""
    loss = Relativistic().loss(torch.tensor([1.5]), torch.tensor([-0.5]))
    assert loss.item() == pytest.approx(np.log1p(np.exp(-2.0)))
