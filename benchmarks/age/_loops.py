"""AGE written by hand: algorithm 1 with no more arithmetic than it needs and as its published code has it, and flow.

The networks of algorithm 1 are the paper's for two dimensions (appendix E.1), at any width. Those of `flow` are
`MLP.pairs`.
"""

import copy
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize, softplus

from fdgm import AGEBidirectional
from fdgm.architectures import MLP
from fdgm.nets import Clock
from fdgm.options import Adam, Flow, Gradient, InstanceNoise

CRITIC_STEPS, CRITIC_LR, LR, BETAS = 5, 1e-4, 5e-5, (0.0, 0.999)


def architecture(width: int, critic_width: int) -> MLP:
    """Generator and encoder of 2 and 3 layers with batch norm, and a critic of three modules of 2."""
    return MLP(
        width=width,
        depth=2,
        encoder_depth=3,
        activation="relu",
        batch_norm=True,
        critic_width=critic_width,
        critic_activation="leaky_relu",
    )


def model(
    networks: MLP, *, n_updates: int, critic_lr: float = CRITIC_LR, generator_lr: float = LR, **params: Any
) -> AGEBidirectional:
    """AGE-KL by the library, with deterministic encoder and generator, as in table 4."""
    return AGEBidirectional(
        **{
            "divergence": "kl",
            "scale_clip": None,
            "architecture": networks,
            "encoder": "deterministic",
            "generator": "deterministic",
            "method": Gradient(n_updates=n_updates, n_critic_steps=CRITIC_STEPS, n_warmup_steps=0),
            "critic_optimizer": Adam(critic_lr, betas=BETAS, schedule=()),
            "generator_optimizer": Adam(generator_lr, betas=BETAS, schedule=()),
            "random_state": 0,
            **params,
        }
    )


def _layers(sizes: list[int], *, norm: bool) -> list[nn.Module]:
    made: list[nn.Module] = []
    for a, b in pairwise(sizes):
        made += [nn.Linear(a, b), nn.BatchNorm1d(b), nn.ReLU()] if norm else [nn.Linear(a, b), nn.LeakyReLU(0.2)]
    return made


class Critic(nn.Module):
    """Modules of x, of z, and of the features of both."""

    def __init__(self, d: int, k: int, width: int) -> None:
        super().__init__()
        self.of_x = nn.Sequential(*_layers([d, width, width], norm=False))
        self.of_z = nn.Sequential(*_layers([k, width, width], norm=False))
        self.of_both = nn.Sequential(*_layers([2 * width, width, width], norm=False), nn.Linear(width, 1))

    def forward(self, x: Tensor, z: Tensor) -> Tensor:
        return self.of_both(torch.cat([self.of_x(x), self.of_z(z)], 1))[:, 0]


@dataclass
class Networks:
    """What `architecture` makes, by hand, and its optimizers."""

    d: int
    k: int
    width: int
    critic_width: int
    critic_lr: float = CRITIC_LR
    generator_lr: float = LR
    G: nn.Module = field(init=False)
    E: nn.Module = field(init=False)
    D: nn.Module = field(init=False)

    def __post_init__(self) -> None:
        d, k, width = self.d, self.k, self.width
        self.G = nn.Sequential(*_layers([k, width, width], norm=True), nn.Linear(width, d))
        self.E = nn.Sequential(*_layers([d, width, width, width], norm=True), nn.Linear(width, k))
        self.D = Critic(d, k, self.critic_width)

    def optimizers(self) -> list[torch.optim.Adam]:
        """Of critic, generator and encoder."""
        rates = ((self.D, self.critic_lr), (self.G, self.generator_lr), (self.E, self.generator_lr))
        return [torch.optim.Adam(net.parameters(), lr=lr, betas=BETAS, fused=True) for net, lr in rates]


def plain(nets: Networks, data: Tensor, *, updates: int, batch: int) -> float:
    """Seconds of AGE-KL as one would write it with care: no graph and no weight gradient that nothing needs."""
    G, E, D, n = nets.G, nets.E, nets.D, len(data)
    opt_d, opt_g, opt_e = nets.optimizers()
    start = Clock.now()
    for _ in range(updates):
        for p in D.parameters():
            p.requires_grad_(True)
        for _ in range(CRITIC_STEPS):
            x, z = data[torch.randint(n, (batch,))], torch.randn(batch, nets.k)
            with torch.no_grad():
                encoded, generated = E(x), G(z)
            out = D(torch.cat([x, generated]), torch.cat([encoded, z]))
            loss = softplus(-out[:batch]).mean() + softplus(out[batch:]).mean()
            opt_d.zero_grad()
            loss.backward()
            opt_d.step()
        for p in D.parameters():
            p.requires_grad_(False)
        x, z = data[torch.randint(n, (batch,))], torch.randn(batch, nets.k)
        on_encoded, on_generated = D(x, E(x)), D(G(z), z)
        loss = on_encoded.mean() - (on_generated.detach().exp() * on_generated).mean()
        opt_g.zero_grad()
        opt_e.zero_grad()
        loss.backward()
        opt_g.step()
        opt_e.step()
    return Clock.now() - start


def published(nets: Networks, data: Tensor, *, updates: int, batch: int) -> float:
    """Seconds of AGE-KL as its published code goes about it.

    Graphs are kept through encoder and generator in the critic's steps, and the critic's weight gradients computed in
    theirs, and thrown away. Batches and Adam are those of `plain`, so that this alone is compared.
    """
    G, E, D, n = nets.G, nets.E, nets.D, len(data)
    opt_d, opt_g, opt_e = nets.optimizers()
    start = Clock.now()
    for _ in range(updates):
        for _ in range(CRITIC_STEPS):
            x, z = data[torch.randint(n, (batch,))], torch.randn(batch, nets.k)
            D.zero_grad()
            encoded, generated = E(x), G(z)
            on_encoded, on_generated = D(x, encoded.detach()), D(generated.detach(), z)
            (softplus(on_generated).mean() + softplus(-on_encoded).mean()).backward()
            opt_d.step()
        x, z = data[torch.randint(n, (batch,))], torch.randn(batch, nets.k)
        encoded, generated = E(x), G(z)
        opt_e.zero_grad()
        opt_g.zero_grad()
        D(x, encoded).mean().backward()
        opt_e.step()
        opt_e.zero_grad()
        opt_g.zero_grad()
        (-D(generated, z).exp().mean()).backward()
        opt_g.step()
    return Clock.now() - start


ROUNDS = 10  # of pairs that move, in an iteration
PAIRS, MOVES, PASSES, STEP, LATENT_STEP, CYCLE, KL, KEEP = 512, 5, 3, 0.3, 0.1, 0.5, 0.01, 0.95
INPUT_NOISE, CRITIC_NOISE, CLIP = 0.8, 0.3, 0.5


def flow_model(*, latent_size: int, batch_size: int, max_iter: int) -> AGEBidirectional:
    """The second stage of the default, with noises, steps and rates that do not fall."""
    return AGEBidirectional(
        latent_size=latent_size,
        batch_size=batch_size,
        method=Flow(
            n_rounds=ROUNDS,
            max_draws=None,
            start=0.0,
            schedule=(),
            input_noise=InstanceNoise(INPUT_NOISE, schedule=()),
            instance_noise=InstanceNoise(CRITIC_NOISE, schedule=()),
        ),
        critic_optimizer=Adam(schedule=()),
        generator_optimizer=Adam(schedule=()),
        max_iter=max_iter,
        random_state=0,
    )


class Skip(nn.Module):
    """A linear map and a perceptron of two hidden layers."""

    def __init__(self, size: int, out: int, width: int) -> None:
        super().__init__()
        self.linear = nn.Linear(size, out)
        layers = [nn.Linear(size, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, out)]
        self.body = nn.Sequential(*layers)

    def forward(self, input: Tensor) -> Tensor:
        return self.linear(input) + self.body(input)


class ThreeTerms(nn.Module):
    """T(x, z) = T_x + T_z + T_xz."""

    def __init__(self, d: int, k: int, width: int) -> None:
        super().__init__()
        self.of_x = nn.Sequential(*_layers([d, width, width], norm=False))
        self.of_z = nn.Sequential(*_layers([k, width, width], norm=False))
        self.terms = nn.ModuleList(
            nn.Sequential(*_layers([size, width], norm=False), nn.Linear(width, 1))
            for size in (width, width, 2 * width)
        )

    def forward(self, x: Tensor, z: Tensor) -> Tensor:
        a, b = self.of_x(x), self.of_z(z)
        return sum(t(f) for t, f in zip(self.terms, (a, b, torch.cat([a, b], 1)), strict=True))[:, 0]


def flow(data: Tensor, iterations: int, *, latents: int, batch: int, width: int) -> float:
    """Seconds of as many iterations by pairs that move, from standardised rows, for KL with the default clip."""
    n, d = data.shape
    G, E, D = Skip(latents, d, width), Skip(d, 2 * latents, width), ThreeTerms(d, latents, width)
    pair = nn.ModuleList([G, E])
    average, weights = copy.deepcopy(pair), list(pair.parameters())
    optimizer = torch.optim.Adam(weights, lr=1e-3, fused=True)
    critic_optimizer = torch.optim.Adam(D.parameters(), lr=1e-3, betas=(0.5, 0.9), fused=True)
    matrices = [m.weight for m in D.modules() if isinstance(m, nn.Linear)]
    directions = [normalize(torch.randn(w.shape[1]), dim=0) for w in matrices]

    def encode(x: Tensor, noise: Tensor) -> Tensor:
        mean, log_std = E(x).chunk(2, 1)
        return mean + (softplus(log_std + 6) - 6).exp() * noise

    def aggregate_kl(z: Tensor) -> Tensor:
        mean = z.mean(0)
        centred = z - mean
        covariance = centred.T @ centred / len(z) + 1e-4 * torch.eye(latents)
        return (covariance.trace() + mean.square().sum() - latents - torch.logdet(covariance)) / 2

    start = Clock.now()
    for _ in range(ROUNDS * iterations):
        x, z, noise = data[torch.randint(n, (PAIRS,))], torch.randn(PAIRS, latents), torch.randn(PAIRS, latents)
        seen = x + INPUT_NOISE * torch.randn_like(x)
        with torch.no_grad():
            x_g, e = G(z), encode(seen, noise)
        for _ in range(MOVES):
            for p in D.parameters():
                p.requires_grad_(True)
            i, j = torch.randint(PAIRS, (2, batch))
            both = torch.cat([x[i], x_g[j]])
            t = D(both + CRITIC_NOISE * torch.randn_like(both), torch.cat([e[i], z[j]]))
            loss = softplus(-t[:batch]).mean() + softplus(t[batch:]).mean()
            critic_optimizer.zero_grad()
            loss.backward()
            critic_optimizer.step()
            with torch.no_grad():
                for k, w in enumerate(matrices):
                    image = w @ directions[k]
                    back = w.T @ image
                    length = back.norm()
                    directions[k] = back / length
                    w.div_((length / image.norm()).clamp(min=1))
            for p in D.parameters():
                p.requires_grad_(False)
            x_g.requires_grad_(True)
            e.requires_grad_(True)
            t = D(x_g, z)
            (up,) = torch.autograd.grad(t.sum(), x_g)
            (down,) = torch.autograd.grad(D(x, e).sum(), e)
            weight = t.detach().exp().clamp(CLIP, 1 / CLIP)[:, None]
            x_g, e = x_g.detach() + STEP * weight * up, e.detach() - LATENT_STEP * down
        for _ in range(PASSES):
            for i in torch.randperm(PAIRS).split(batch):
                encoded = encode(seen[i], noise[i])
                generated, back = G(torch.cat([z[i], encoded])).chunk(2)
                misfit = (generated - x_g[i]).square().mean() + CYCLE * (back - x[i]).square().mean()
                loss = misfit + (encoded - e[i]).square().mean() + KL * aggregate_kl(encoded)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
        with torch.no_grad():
            torch._foreach_lerp_(list(average.parameters()), weights, 1 - KEEP)
    return Clock.now() - start
