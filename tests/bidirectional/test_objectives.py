"""Joint objectives against closed forms, on Gaussians of one dimension each for data and latents."""

import math
from dataclasses import replace

import pytest
import torch
from torch import nn
from torch.distributions import MultivariateNormal, Normal, kl_divergence
from torch.nn.functional import softplus

import fdgm
from fdgm.architectures import DISTRIBUTIONS, MLP, Conditional
from fdgm.bidirectional import ELBO, AdversarialELBO, AdversarialGradient, Batch, BidirectionalFGAN, Joint
from fdgm.bidirectional._pairs import Pairs, velocities
from fdgm.bidirectional._variational import gaussian_log_density, kl_to_standard_normal
from fdgm.divergences import Scaling

MEAN, STD = 0.3, 1.1  # of the data
KL = Scaling.make("kl", None)


class Affine(Conditional):
    """N(slope · input + offset, exp(log_std)²), in float64."""

    def __init__(self, slope, offset, log_std):
        super().__init__(1)
        self.weights = nn.Parameter(torch.tensor([slope, offset, log_std], dtype=torch.float64))

    def mean_and_log_std(self, input):
        slope, offset, log_std = self.weights
        return slope * input + offset, log_std.expand_as(input)

    def forward(self, input, noise=None):
        mean, log_std = self.mean_and_log_std(input)
        return mean + log_std.exp() * noise


def model():
    """Joints whose ratio has moments up to the fourth in both orders, which estimates of Neyman's need."""
    return Joint(Affine(0.45, -0.1, -0.17), Affine(0.5, 0.2, -0.05), "float32")


def batch(n, seed):
    x, *normal = torch.randn(4, n, 1, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return Batch(MEAN + STD * x, *normal)


def distributions(joint):
    """p_e and p_g over (x, z), in closed form."""
    a, b, log_c = joint.encoder.weights
    alpha, beta, log_gamma = joint.generator.weights
    one, v = torch.ones((), dtype=torch.float64), torch.tensor(STD**2, dtype=torch.float64)
    mean_e = torch.stack([MEAN * one, MEAN * a + b])
    cov_e = torch.stack([torch.stack([v, a * v]), torch.stack([a * v, a**2 * v + (2 * log_c).exp()])])
    mean_g = torch.stack([beta, 0 * one])
    cov_g = torch.stack([torch.stack([alpha**2 + (2 * log_gamma).exp(), alpha]), torch.stack([alpha, one])])
    return MultivariateNormal(mean_e, cov_e), MultivariateNormal(mean_g, cov_g)


@pytest.mark.parametrize(
    ("name", "encoder", "generator"),
    [
        ("non_saturating", torch.sigmoid, lambda t: -torch.sigmoid(-t)),
        ("hinge", torch.ones_like, lambda t: -torch.ones_like(t)),
    ],
)
def test_baselines_send_data_down_the_critic_and_samples_up(name, encoder, generator):
    objective = fdgm.registry.make("joint_objective", name)
    for loss, slope in ((objective.encoder_loss, encoder), (objective.generator_loss, generator)):
        t = torch.linspace(-4, 4, 9, dtype=torch.float64, requires_grad=True)
        (found,) = torch.autograd.grad(loss(t, KL).sum(), t)
        torch.testing.assert_close(found, slope(t.detach()))


def exact_critic(joint):
    """T = log p_e/p_g, which does not move with the parameters."""
    with torch.no_grad():
        p_e, p_g = distributions(joint)
    return lambda x, z: p_e.log_prob(torch.cat([x, z], 1)) - p_g.log_prob(torch.cat([x, z], 1))


def weights(joint):
    return [joint.encoder.weights, joint.generator.weights]


def gradient(value, joint):
    return torch.cat(torch.autograd.grad(value, weights(joint), materialize_grads=True))


def by_quadrature(divergence, joint):
    """D_f(p_e‖p_g) on a grid that leaves out less than e^-30 of either distribution."""
    ticks = torch.linspace(-10, 10, 401, dtype=torch.float64)
    points = torch.cartesian_prod(ticks, ticks)
    p_e, p_g = (distribution.log_prob(points) for distribution in distributions(joint))
    return (divergence.f(p_e - p_g) * p_g.exp()).sum() * (ticks[1] - ticks[0]) ** 2


def estimates(objective, scaling, joint, n, repetitions=20):
    critic = exact_critic(joint)
    losses = (objective.loss(joint, batch(n, seed), critic, scaling) for seed in range(repetitions))
    return torch.stack([gradient(loss, joint) for loss in losses])


def assert_unbiased(found, expected):
    """The mean of independent estimates is within five of its standard errors, in each of six coordinates."""
    error = (found.mean(dim=0) - expected).abs()
    assert (error <= 5 * found.std(dim=0) / math.sqrt(len(found)) + 1e-9).all(), (found.mean(dim=0), expected)


def test_avbs_critic_sees_the_same_rows_in_both_pairs():
    """Also where noise is added to them, by which it could tell the pairs apart otherwise."""
    clear = batch(5, 0)
    blurred = replace(clear, instance_noise=torch.ones(2, 5, 1))
    (x, z), (same, prior) = AdversarialELBO().critic_pairs(model(), blurred)
    assert torch.equal(x, same)
    assert torch.equal(x, clear.rows + 1)
    assert torch.equal(prior, clear.latents)
    assert not torch.equal(z, prior)


@pytest.mark.parametrize("name", fdgm.available("divergence"))
def test_theorem_1_gives_the_gradient_of_every_divergence(name):
    """Generator's and encoder's alike; 20 batches of 20,000."""
    joint = model()
    expected = gradient(by_quadrature(fdgm.divergences.get(name), joint), joint)
    found = estimates(AdversarialGradient(), Scaling.make(name, None), joint, 20_000)
    assert_unbiased(found, expected)
    assert (found.std(dim=0) < 0.1 * (1 + expected.abs())).all()  # else being near means nothing


def moved_gradient(scaling, joint, rows):
    """Slope of the least squares by which the networks follow pairs that moved, for a step of size 1."""
    (x, z), (y, w) = joint.encode(rows), joint.generate(rows)
    pairs = Pairs(x, z.detach(), y.detach(), w)
    along_rows, along_latents = velocities(exact_critic(joint), pairs, scaling)
    misfit = (y - pairs.generated - along_rows).square() + (z - pairs.encoded - along_latents).square()
    return gradient(misfit.sum(dim=1).mean() / 2, joint)


@pytest.mark.parametrize("name", fdgm.available("divergence"))
def test_networks_that_follow_moved_pairs_descend_every_divergence(name):
    """Theorem 1 for pairs that move; 20 batches of 20,000."""
    joint, scaling = model(), Scaling.make(name, None)
    expected = gradient(by_quadrature(fdgm.divergences.get(name), joint), joint)
    found = torch.stack([moved_gradient(scaling, joint, batch(20_000, seed)) for seed in range(20)])
    assert_unbiased(found, expected)
    assert (found.std(dim=0) < 0.1 * (1 + expected.abs())).all()


@pytest.mark.parametrize("name", [*fdgm.available("divergence"), "all"])
@pytest.mark.parametrize("clip", [None, 0.5])
def test_a_small_move_followed_is_a_step_along_the_gradient(name, clip):
    """Both methods have the same gradient on the same batch, with the clip too."""
    joint, scaling = model(), Scaling.make(name, None if name == "all" else clip)
    rows = batch(50, 0)
    direct = gradient(AdversarialGradient().loss(joint, rows, exact_critic(joint), scaling), joint)
    torch.testing.assert_close(moved_gradient(scaling, joint, rows), direct)


def test_the_estimate_converges_as_the_batch_grows():
    """From 200 rows to 20,000 its error falls tenfold, give or take what 20 repetitions leave open."""
    joint = model()
    expected = gradient(kl_divergence(*distributions(joint)), joint)
    small, large = (
        (estimates(AdversarialGradient(), KL, joint, n) - expected).square().mean().sqrt() for n in (200, 20_000)
    )
    assert 6 < small / large < 16


def fitted_critic(joint, rows):
    """T by logistic regression of the batch's pairs on 1, x, z and their products: by Newton's method, to the end."""
    with torch.no_grad():
        (x, z), (y, w) = joint.encode(rows), joint.generate(rows)

    def features(x, z):
        return torch.cat([torch.ones_like(x), x, z, x * x, x * z, z * z], dim=1)

    design = torch.cat([features(x, z), -features(y, w)])
    weights = torch.zeros(6, dtype=torch.float64)
    for _ in range(25):
        probability = torch.sigmoid(-design @ weights)
        curvature = (design * (probability * (1 - probability))[:, None]).T @ design
        weights = weights + torch.linalg.solve(curvature + 1e-9 * torch.eye(6), design.T @ probability)
    return lambda x, z: features(x, z) @ weights


@pytest.mark.parametrize("name", ["kl", "js", "squared_hellinger"])
def test_with_a_fitted_critic_it_converges_too(name):
    """Critic and gradient by batches of 500 rows and of 20,000: the error falls by about √40 = 6.3.

    Of 20 repetitions in six coordinates, which hang together, each root mean square is known to a tenth or so.
    """
    joint, scaling = model(), Scaling.make(name, None)
    expected = gradient(by_quadrature(fdgm.divergences.get(name), joint), joint)
    errors = []
    for n in (500, 20_000):
        found = [
            gradient(
                AdversarialGradient().loss(joint, batch(n, seed), fitted_critic(joint, batch(n, 1000 + seed)), scaling),
                joint,
            )
            for seed in range(20)
        ]
        errors.append((torch.stack(found) - expected).square().mean().sqrt())
    assert 4 < errors[0] / errors[1] < 10


def networks(encoder="gaussian", generator="gaussian", seed=0):
    """Untrained networks for three dimensions and two latents, a critic of their pairs, and a batch."""
    architecture = MLP(width=16)
    joint = Joint(
        architecture.conditional_encoder((3,), 2, distribution=encoder, seed=1),
        architecture.conditional_generator((3,), 2, distribution=generator, seed=2),
        "float32",
    )
    source = torch.Generator().manual_seed(seed)
    sizes = (3, 2, joint.encoder.noise_size, joint.generator.noise_size)
    critic = architecture.pair_critic((3,), 2, seed=3)
    return joint, critic, Batch(*(torch.randn(50, size, generator=source) for size in sizes))


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
@pytest.mark.parametrize("name", ["js", "gan"])
def test_js_is_the_minimax_game_of_bigan_and_ali(distribution, name):
    joint, critic, rows = networks(distribution, distribution)
    moving = [*joint.encoder.parameters(), *joint.generator.parameters()]
    found = torch.autograd.grad(
        AdversarialGradient().loss(joint, rows, critic, Scaling.make(name, None)), moving, allow_unused=True
    )
    minimax = -softplus(-critic(*joint.encode(rows))).mean() - softplus(critic(*joint.generate(rows))).mean()
    for one, other in zip(found, torch.autograd.grad(minimax, moving, allow_unused=True), strict=True):
        if one is not None or other is not None:
            torch.testing.assert_close(one, other)


@pytest.mark.parametrize("name", [*fdgm.available("divergence"), "all"])
@pytest.mark.parametrize("clip", [None, 0.5])
def test_the_generators_weight_is_the_encoders_times_the_clamped_ratio(name, clip):
    """The weights read off as slopes of the two losses in the critic's output."""
    scaling = Scaling.make(name, None if name == "all" else clip)
    t = torch.linspace(-5, 5, 41, dtype=torch.float64, requires_grad=True)
    objective = AdversarialGradient()
    (s_phi,) = torch.autograd.grad(objective.encoder_loss(t, scaling).sum(), t)
    (s_theta,) = torch.autograd.grad(-objective.generator_loss(t, scaling).sum(), t)
    low = scaling.scale_clip or 0.0
    torch.testing.assert_close(s_theta, s_phi * t.detach().exp().clamp(low, 1 / low if low else math.inf))


@pytest.mark.parametrize("name", fdgm.available("divergence"))
def test_f_gan_moves_along_its_own_variational_bound(name):
    """What encoder and generator descend has the gradient of E_e[g(V)] − E_g[f*(g(V))], V being the critic's output."""
    divergence, scaling = fdgm.divergences.get(name), Scaling.make(name, None)
    v = torch.linspace(-1, 1, 21, dtype=torch.float64, requires_grad=True)
    objective = BidirectionalFGAN()
    bound = divergence.output_activation(v), -divergence.conjugate(divergence.output_activation(v).detach())
    (encoder,) = torch.autograd.grad(objective.encoder_loss(v, scaling).sum(), v)
    torch.testing.assert_close(encoder, torch.autograd.grad(bound[0].sum(), v)[0])
    (generator,) = torch.autograd.grad(objective.generator_loss(v, scaling).sum(), v)
    step = 1e-4
    shifted = [-divergence.conjugate(divergence.output_activation(v.detach() + s)) for s in (step, -step)]
    torch.testing.assert_close(generator, (shifted[0] - shifted[1]) / (2 * step), rtol=1e-5, atol=1e-6)


def test_f_gan_teaches_the_critic_otherwise_than_age_does():
    """But the same where the divergence is Jensen–Shannon's, whose bound is the logistic loss: up to a constant."""
    p, q = torch.randn(2, 30, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    losses = {
        name: [
            objective().critic(Scaling.make(name, None)).loss(p, q)
            for objective in (BidirectionalFGAN, AdversarialGradient)
        ]
        for name in ("js", "kl")
    }
    assert (losses["js"][0] - losses["js"][1]).item() == pytest.approx(-2 * math.log(2))
    assert (losses["kl"][0] - losses["kl"][1]).abs() > 0.1


def test_the_elbo_is_the_joint_kl_but_for_the_datas_entropy():
    """L_VAE = KL(p_e‖p_g) − E[log p_data]: value and gradient, by 20 batches of 20,000."""
    joint = model()
    entropy = Normal(MEAN, STD).entropy()
    losses = [ELBO().loss(joint, batch(20_000, seed), None, KL) for seed in range(20)]
    values, expected = torch.stack(losses).detach(), kl_divergence(*distributions(joint))
    assert abs(values.mean() - expected - entropy) < 5 * values.std() / math.sqrt(20)
    assert_unbiased(torch.stack([gradient(loss, joint) for loss in losses]), gradient(expected, joint))


def test_avb_has_the_encoders_gradient_of_theorem_1_once_the_reconstructions_is_added():
    """Batch by batch, with the critic of each at its best; the generator's is the likelihood's, right on average."""
    joint = model()
    with torch.no_grad():
        mean_and_std = joint.encoder.weights.clone()

    def critic(x, z):
        slope, offset, log_std = mean_and_std
        return (Normal(slope * x + offset, log_std.exp()).log_prob(z) - Normal(0.0, 1.0).log_prob(z)).squeeze(1)

    found = []
    for seed in range(20):
        rows = batch(20_000, seed)
        avb = gradient(AdversarialELBO().loss(joint, rows, critic, KL), joint)
        age = gradient(AdversarialGradient().loss(joint, rows, exact_critic(joint), KL), joint)
        torch.testing.assert_close(avb[:3], age[:3], rtol=1e-9, atol=1e-12)
        found.append(avb)
    assert_unbiased(torch.stack(found), gradient(kl_divergence(*distributions(joint)), joint))


def test_avbs_critic_tells_encodings_from_the_prior_on_the_same_rows():
    joint, _, rows = networks()
    (x, z), (same, prior) = AdversarialELBO().critic_pairs(joint, rows)
    assert x is same is rows.rows
    assert prior is rows.latents
    assert not torch.equal(z, prior)


def test_gaussian_densities_are_those_of_torch():
    x, mean, log_std = torch.randn(3, 7, 2, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    distribution = Normal(mean, log_std.exp())
    torch.testing.assert_close(gaussian_log_density(x, mean, log_std), distribution.log_prob(x).sum(dim=(1, 2)))
    expected = kl_divergence(distribution, Normal(0.0, 1.0)).sum(dim=(1, 2))
    torch.testing.assert_close(kl_to_standard_normal(mean, log_std), expected)
