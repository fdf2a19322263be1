"""Training loops as one would write them for a paper: no library, no checks, no history. What overhead is over.

Each takes standardised rows and a number of iterations, and returns the seconds of the loops.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from fdgm.nets import Clock

BATCH, LATENTS, WIDTH = 256, 8, 128


def mlp(size: int, out: int, width: int = WIDTH, depth: int = 2) -> nn.Sequential:
    """So many hidden layers."""
    layers: list[nn.Module] = []
    for _ in range(depth):
        layers += [nn.Linear(size, width), nn.ReLU()]
        size = width
    return nn.Sequential(*layers, nn.Linear(size, out))


def vgrow(data: Tensor, loops: int, *, particles: int = 1024, steps: int = 20, projections: int = 32) -> float:
    """VGrow with instance noise."""
    n, d = data.shape
    G, C = mlp(LATENTS, d), mlp(d, 1)
    opt_g = torch.optim.Adam(G.parameters(), lr=1e-3, fused=True)
    opt_c = torch.optim.Adam(C.parameters(), lr=5e-4, betas=(0.5, 0.9), fused=True)
    start = Clock.now()
    for _ in range(loops):
        w = torch.randn(particles, LATENTS)
        with torch.no_grad():
            z = G(w)
        for _ in range(steps):
            for p in C.parameters():
                p.requires_grad_(True)
            real = data[torch.randint(n, (BATCH,))]
            fake = z[torch.randint(particles, (BATCH,))]
            real = real + 0.3 * torch.randn_like(real)
            fake = fake + 0.3 * torch.randn_like(fake)
            out = C(torch.cat([real, fake]))[:, 0]
            loss = softplus(-out[:BATCH]).mean() + softplus(out[BATCH:]).mean()
            opt_c.zero_grad()
            loss.backward()
            opt_c.step()
            for p in C.parameters():
                p.requires_grad_(False)
            z.requires_grad_(True)
            (g,) = torch.autograd.grad(C(z).sum(), z)
            z = z.detach() + 0.1 * g
        for _ in range(projections):
            i = torch.randint(particles, (BATCH,))
            fit = (G(w[i]) - z[i]).square().sum(1).mean()
            opt_g.zero_grad()
            fit.backward()
            opt_g.step()
    return Clock.now() - start


def gan(data: Tensor, loops: int, *, steps: int = 50) -> float:
    """The non-saturating GAN, one critic step to one of the generator."""
    n, d = data.shape
    G, C = mlp(LATENTS, d), mlp(d, 1)
    opt_g = torch.optim.Adam(G.parameters(), lr=5e-4, betas=(0.5, 0.9), fused=True)
    opt_c = torch.optim.Adam(C.parameters(), lr=5e-4, betas=(0.5, 0.9), fused=True)
    start = Clock.now()
    for _ in range(loops * steps):
        for p in C.parameters():
            p.requires_grad_(True)
        real = data[torch.randint(n, (BATCH,))]
        fake = G(torch.randn(BATCH, LATENTS))
        out = C(torch.cat([real, fake.detach()]))[:, 0]
        loss = softplus(-out[:BATCH]).mean() + softplus(out[BATCH:]).mean()
        opt_c.zero_grad()
        loss.backward()
        opt_c.step()
        for p in C.parameters():
            p.requires_grad_(False)
        loss = softplus(-C(fake)[:, 0]).mean()
        opt_g.zero_grad()
        loss.backward()
        opt_g.step()
    return Clock.now() - start


def wgan_gp(
    data: Tensor, loops: int, *, width: int = WIDTH, depth: int = 2, steps: int = 10, critic_steps: int = 5
) -> float:
    """WGAN-GP, five critic steps to one of the generator."""
    n, d = data.shape
    G, C = mlp(LATENTS, d, width, depth), mlp(d, 1, width, depth)
    opt_g = torch.optim.Adam(G.parameters(), lr=1e-4, betas=(0.5, 0.9), fused=True)
    opt_c = torch.optim.Adam(C.parameters(), lr=1e-4, betas=(0.5, 0.9), fused=True)
    start = Clock.now()
    for _ in range(loops * steps):
        for p in C.parameters():
            p.requires_grad_(True)
        for k in range(critic_steps):
            real = data[torch.randint(n, (BATCH,))]
            with torch.set_grad_enabled(k == critic_steps - 1):
                fake = G(torch.randn(BATCH, LATENTS))
            held = fake.detach()
            out = C(torch.cat([real, held]))[:, 0]
            fraction = torch.rand(BATCH, 1)
            between = torch.lerp(held, real, fraction).requires_grad_(True)
            (g,) = torch.autograd.grad(C(between).sum(), between, create_graph=True)
            penalty = 10 * (g.norm(dim=1) - 1).square().mean()
            loss = out[BATCH:].mean() - out[:BATCH].mean() + penalty
            opt_c.zero_grad()
            loss.backward()
            opt_c.step()
        for p in C.parameters():
            p.requires_grad_(False)
        loss = -C(fake).mean()
        opt_g.zero_grad()
        loss.backward()
        opt_g.step()
    return Clock.now() - start
