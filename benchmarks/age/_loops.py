"""Algorithm 1 of AGE, written by hand twice: with no more arithmetic than it needs, and as its published code has it.

The networks are the paper's for two dimensions (appendix E.1), at any width.
"""

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from fdgm import AGEBidirectional
from fdgm.architectures import MLP
from fdgm.nets import Clock
from fdgm.options import Adam, Gradient

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
