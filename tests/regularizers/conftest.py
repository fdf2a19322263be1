"""A step of a generator on a small problem, in float64, for the stabilizers to act upon."""

import pytest
import torch
from torch import nn
from torch.func import functional_call

from fdgm.nets import CriticStep
from fdgm.objectives import Minimax
from fdgm.regularizers import GeneratorStep


@pytest.fixture
def make_step():
    """A function of a shift of the generator's rows, and of how often the critic was trained, to a GeneratorStep."""

    def make(shift=0.0, *, n_critic_steps=0, objective=None, regularizers=(), norm=lambda layer: layer):
        torch_rng = torch.Generator().manual_seed(0)
        with torch.random.fork_rng():
            torch.manual_seed(1)
            first = norm(nn.Linear(2, 8))
            critic = nn.Sequential(first, nn.Tanh(), nn.Linear(8, 1), nn.Flatten(0)).double()
        real = torch.randn(6, 2, generator=torch_rng, dtype=torch.float64) + 1
        latents = torch.randn(6, 2, generator=torch_rng, dtype=torch.float64)
        optimizer = torch.optim.Adam(critic.parameters(), lr=1e-2, betas=(0.5, 0.9))
        stream = torch.Generator().manual_seed(2)
        critic_step = CriticStep(critic, optimizer, objective or Minimax(), regularizers=regularizers, stream=stream)
        for _ in range(n_critic_steps):
            critic_step(real, latents)
        rows = latents + shift
        return GeneratorStep(
            critic=critic,
            critic_fn=critic_step.outputs,
            critic_fn_with=lambda weights: lambda *points: functional_call(critic, weights, points),
            critic_loss=lambda critic_fn: critic_step.losses(critic_fn, (real,), (rows,))[1],
            optimizer=optimizer,
            real=(real,),
            fake=(rows,),
            rows=rows,
            latents=latents,
            modules={},
        )

    return make
