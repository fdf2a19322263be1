"""VGrow with maps: particles move along the critic's gradient, and what moved them is kept."""

import math
from collections.abc import Iterator
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from ..distributed import current
from ..metrics import energy_distance
from ..nets import (
    Average,
    Budget,
    CriticStep,
    MultiNet,
    PrincipalComponents,
    Rows,
    RowsWithout,
    Watch,
    hold_out,
    mean_loss,
    spread,
)
from ..objectives import Logistic
from ..persistence import State
from ._beside import Beside, held_still, make_generator, with_beside
from ._maps import MapStack

__all__ = ["MapsNet", "latents_of"]

_CLOSING = 0.05  # last fraction of the budget, in which the critic alone is trained, on clean rows
_FRESH = 2048  # particles that no map was trained on, which the closing critic tells from data
_BASE_ROWS = 2_048, 20_000  # least and greatest number of rows for the principal components, if there are so many
_BASE_NUMBERS = 2**22  # numbers in them, which 0.3 s suffice for in 784 columns
_HELD_OUT = 5  # one row in so many tells whether one map more helps, up to as many as there are fresh particles
_N_NOISES = 6  # noises, from the first to the last, of which that map has the widest that helps
_SURE = 2.0  # standard errors by which the critic must be better than a coin
_FIRST_STEPS = 4  # times as many critic steps before the first map
_MOST_LATENTS = 1024
_DRAWN_AT_ONCE = 2**20  # numbers of rows for the critic

_CRITIC, _PARTICLES = "the critic", "the particles, which the critic's gradient moves"

#: Figures that must be finite, and whose they are.
_EXPECTED = {"critic_loss": _CRITIC, "displacement": _PARTICLES}


def latents_of(shape: tuple[int, ...]) -> int:
    """Number of latents of a base for rows of this shape: one for each number, up to 1,024."""
    return min(math.prod(shape), _MOST_LATENTS)


class Base(nn.Module):
    """Where particles start: a Gaussian with the mean and the covariance of the data, or a network in its place.

    Parameters
    ----------
    shape : tuple of int
        Of a row.
    latent_size : int
        Directions beyond it are left out.
    """

    mean: Tensor
    root: Tensor

    def __init__(self, shape: tuple[int, ...], latent_size: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(shape, dtype=torch.float32, device="cpu"))
        self.register_buffer("root", torch.zeros(latent_size, *shape, dtype=torch.float32, device="cpu"))
        self.network: nn.Module | None = None

    def set(self, rows: Tensor, beside: Beside | None = None) -> None:
        """Take mean and covariance from rows; with a condition at their end, those given it, by linear regression."""
        if beside is not None:
            self._set_given(rows, beside.size)
            return
        found = PrincipalComponents.of(rows, len(self.root))
        self.mean.copy_(found.mean)
        self.root.zero_()
        self.root[: len(found.deviations)] = (found.deviations[:, None] * found.directions).unflatten(
            1, self.mean.shape
        )

    def _set_given(self, rows: Tensor, size: int) -> None:
        """Latents end with the condition, which moves the mean of the rows and passes through."""
        x, given = rows[:, :-size], rows[:, -size:]
        mean, centre = x.mean(dim=0), given.mean(dim=0)
        slopes = torch.linalg.pinv(given - centre, rtol=1e-4) @ (x - mean)  # (size, d)
        found = PrincipalComponents.of(x - mean - (given - centre) @ slopes, len(self.root) - size)
        self.mean.zero_()
        self.root.zero_()
        self.mean[:-size] = mean - centre @ slopes + found.mean
        self.root[: len(found.deviations), :-size] = found.deviations[:, None] * found.directions
        self.root[-size:, :-size] = slopes
        self.root[-size:, -size:] = torch.eye(size, dtype=rows.dtype, device=rows.device)

    def forward(self, latents: Tensor) -> Tensor:
        if self.network is not None:
            made: Tensor = self.network(latents)
            return made
        return self.mean + torch.tensordot(latents, self.root, dims=1)


class Composition(nn.Module):
    """The sampler: the base, then all maps.

    Parameters
    ----------
    base : Base
    maps : MapStack
    """

    def __init__(self, base: Base, maps: MapStack) -> None:
        super().__init__()
        self.base = base
        self.maps = maps

    def forward(self, latents: Tensor) -> Tensor:
        return self.maps(self.base(latents))


class MapsNet(MultiNet):
    """A critic, and the maps that it has been. A training step makes one map."""

    module_names = ("critic_", "average_", "base_")
    optimizer_names = ("optimizer_critic_",)
    stream_names = ("batches_",)
    watch_: Watch
    history_names = ("critic_loss", "displacement", "spread", "divergence", "held_out_distance", "seconds")

    def initialize_module(self) -> "MapsNet":
        s, seeds = self.settings, self.seeds
        self.critic_ = s.architecture.critic(self.data_shape, seed=seeds.critic).to(self.device)
        self.averager_ = Average(self.critic_, s.maps.ema)
        self.average_ = self.averager_.module
        self.base_ = Base(self.data_shape, s.latent_size + (0 if s.beside is None else s.beside.size)).to(self.device)
        player = s.architecture.critic(self.data_shape, seed=seeds.critic).to(self.device)
        self.maps_ = MapStack(player, s.scaling, s.clamp, s.beside)
        self.composition_ = Composition(self.base_, self.maps_)
        self.batches_ = torch.Generator(self.device).manual_seed(seeds.batches)
        self.watch_ = Watch("the particles")
        self._pool: Tensor | None = None
        self._pool_of = 0, 1  # rank and number of the processes that share the particles
        self._n_moved = 0
        self.n_added_ = 0  # maps that came one by one, since the fit or since they were distilled
        return self

    def initialize_optimizer(self) -> "MapsNet":
        s = self.settings
        self.optimizer_critic_ = s.critic_optimizer.make(self.critic_.parameters())
        self.critic_step_ = CriticStep(self.critic_, self.optimizer_critic_, Logistic(), precision=s.precision)
        return self

    @property
    def sampling_module(self) -> nn.Module:
        """The composition, from latents to samples."""
        return self.composition_

    def weights(self) -> State:
        """With the numbers of maps, which are only ever added."""
        held = super().weights()
        held.json |= {"n_maps": len(self.maps_), "n_added": self.n_added_}
        return held

    def set_weights(self, weights: State, *, halved: bool = False) -> None:
        super().set_weights(weights, halved=halved)
        self.maps_.truncate(weights.integer("n_maps", most=len(self.maps_)))
        self.n_added_ = weights.integer("n_added", most=len(self.maps_))

    def checked_weights(self, weights: State) -> State:
        held = super().checked_weights(weights)
        n_maps = weights.integer("n_maps", most=len(self.maps_))
        held.json |= {"n_maps": n_maps, "n_added": weights.integer("n_added", most=n_maps)}
        return held

    def to_state(self, *, compact: bool = False) -> State:
        state = super().to_state(compact=compact)
        state.parts["maps"] = self.maps_.to_state(compact=compact)
        state.json["is_distilled"] = self.base_.network is not None
        return state

    def from_state(self, state: State) -> Self:
        self.maps_.from_state(state.part("maps"), compact=state.choice("compact", (False, True)))
        if state.choice("is_distilled", (False, True)):
            with Budget(state):
                self.base_.network = self.make_network().eval().requires_grad_(False)
        return super().from_state(state)

    def make_network(self) -> nn.Module:
        """A fresh network from latents to rows, for base and maps to be distilled into."""
        s = self.settings
        return make_generator(s, self.data_shape, self.seeds.generator).to(self.device)

    def start_from(self, network: nn.Module) -> None:
        """Take a network as the base, in the place of the present base and all maps."""
        self.base_.network = network.eval().requires_grad_(False)
        self.maps_.truncate(0)
        self.n_added_, self._pool = 0, None
        self.remember_good()

    def train_step(self, batch: tuple[Rows], **fit_params: Any) -> dict[str, Any]:
        """Critic steps, then one map of all particles. At the end of the budget, critic steps on clean rows alone.

        Outside of any budget there is no schedule, and held-out rows choose the noise of the map.
        """
        (X,) = batch
        s = self.settings
        progress, iteration = self.clock_.read(), len(self.history)
        self.set_rate("optimizer_critic_", s.critic_optimizer.lr_at(progress, iteration))
        if iteration == 1:
            n_rows = max(_BASE_ROWS[0], min(_BASE_ROWS[1], _BASE_NUMBERS // math.prod(self.data_shape)))
            rows = X.sample(current().share(min(current().first(len(X)), n_rows)), self.batches_)
            self.base_.set(rows, s.beside)
        start = pool = self._moved()
        self._losses: list[tuple[str, Tensor]] = []
        if self.clock_.is_single:
            with self.inner_steps():
                self._add_if_it_helps(X, pool)
        elif (noise := self._noise(progress / (1 - _CLOSING))) is None:
            self._teach(X, pool[self._n_particles :], None)
        else:
            with self.inner_steps():
                self._teach(X, pool[: self._n_particles], noise)
            self._add(noise)
        pool, losses = self._moved(), self._losses
        self.particles_ = pool[: self._n_particles]
        loss = mean_loss(losses, _CRITIC, like=pool)
        self._summarise(X, start, pool, loss, losses)
        return {"loss": loss, "y_pred": None}

    def _teach(self, X: Rows, particles: Tensor, noise: float | None) -> None:
        """Update the critic and its average some times, with this noise or, if it is None, on clean rows."""
        n_steps = self.settings.maps.n_critic_steps * (1 if self._losses or len(self.maps_) else _FIRST_STEPS)
        for real, generated in self._batches(X, particles, noise, n_steps):
            self.tick()
            self._losses.append((_CRITIC, self.critic_step_(real, generated)))
            self.averager_.update(_PAST_WARM_UP)

    def _add(self, noise: float) -> None:
        """Make a map of the averaged critic."""
        self.share_buffers()
        self.maps_.append(self.average_, self._step_factor * noise**2)

    def _add_if_it_helps(self, X: Rows, pool: Tensor) -> None:
        """Add the map of the widest noise of those that help, if one does. Then train the critic on clean rows.

        A map helps if two things hold of held-out rows and of particles that its critic was not trained on: the critic
        tells them apart at this noise, by its logistic loss, and the map brings them nearer to each other. Of
        processes that share the fit, the first one's held-out rows decide.
        """
        n_particles, n_held_out = self._n_particles, min(_FRESH, min(current().each(len(X))) // _HELD_OUT)
        if n_held_out > 1:
            seed = int(torch.randint(2**31, (), generator=self.batches_, device=self.device, dtype=torch.int64))
            index = hold_out(len(X), n_held_out, np.random.default_rng(seed))
            held_out, others = X.take(torch.from_numpy(index).to(self.device)), RowsWithout(X, index)
            first, last = self.settings.maps.noise_for(math.prod(self.data_shape))
            for noise in np.geomspace(first, last, _N_NOISES).tolist():
                self._teach(others, pool[:n_particles], noise)
                tells = current().first(self._tells(held_out, pool[n_particles:], noise))
                if tells and self._helps(held_out, pool, noise):
                    self.n_added_ += 1
                    break
        self._teach(X, self._moved()[n_particles:], None)

    @torch.no_grad()
    def _tells(self, held_out: Tensor, particles: Tensor, noise: float) -> bool:
        """Whether the averaged critic's logistic loss at this noise is below that of a coin, beyond its own error."""
        losses = []
        for rows, sign in ((held_out, -1.0), (particles, 1.0)):
            xi = noise * torch.randn(rows.shape, generator=self.batches_, dtype=rows.dtype, device=self.device)
            xi = held_still(xi, self.settings.beside)
            losses.append(softplus(sign * self.average_(rows + xi)))
        error = math.sqrt(sum(loss.var().item() / len(loss) for loss in losses))
        return sum(loss.mean().item() for loss in losses) < 2 * math.log(2) - _SURE * error

    def _helps(self, held_out: Tensor, pool: Tensor, noise: float) -> bool:
        """Make a map, and keep it if it brings particles nearer to the held-out rows."""
        n_before = len(self.maps_)
        self._add(noise)
        moved = self.maps_(pool, n_before)
        real, *both = (rows.cpu().numpy() for rows in (held_out, *(p[self._n_particles :] for p in (pool, moved))))
        before, after = (energy_distance(real, rows) for rows in both)
        if not current().first(after < before):
            self.maps_.truncate(n_before)
            return False
        self._pool, self._n_moved = moved, len(self.maps_)
        return True

    @property
    def _n_particles(self) -> int:
        """Particles of this process that the critic is trained on."""
        return current().share(self.settings.maps.n_particles)

    @property
    def _step_factor(self) -> float:
        """η over the variance of the noise: so that all divergences move particles alike near the data."""
        s = self.settings
        return s.maps.step_size / float(s.scaling.weight(torch.zeros((), dtype=torch.float32, device="cpu")))

    def _noise(self, along: float) -> float | None:
        """Standard deviation at this fraction of the flow, never above the last map's; None once the flow is over."""
        if along >= 1 and len(self.maps_):
            return None
        first, last = self.settings.maps.noise_for(math.prod(self.data_shape))
        noise = first * (last / first) ** min(along, 1.0)
        if not len(self.maps_):
            return noise
        return min(noise, math.sqrt(self.maps_.steps[-1] / self._step_factor))

    def _batches(
        self, X: Rows, particles: Tensor, noise: float | None, n_steps: int
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """Noised rows of X and particles for so many steps of the critic. Many steps are drawn at a time."""
        size = current().share(self.settings.batch_size)
        at_once = max(1, _DRAWN_AT_ONCE // (size * math.prod(self.data_shape)))
        for done in range(0, n_steps, at_once):
            n = min(at_once, n_steps - done) * size
            index = torch.randint(len(particles), (n,), generator=self.batches_, device=self.device, dtype=torch.int64)
            real, generated = X.sample(n, self.batches_), particles.index_select(0, index)
            if noise is not None:
                xi = self._xi(n, noise)
                real, generated = real + xi, generated + xi
            yield from zip(real.split(size), generated.split(size), strict=True)

    def _xi(self, n: int, noise: float) -> Tensor:
        """Noise for n rows: for most of that deviation, for some of the first and widest.

        Real rows and particles get the same noises: they take as long to draw as a fifth of a critic step of 64
        columns.
        """
        maps, source, device = self.settings.maps, self.batches_, self.device
        uniform = torch.rand(n, generator=source, device=device, dtype=torch.float32)
        wide = (uniform < maps.wide_fraction).to(torch.float32)
        scale = noise + (maps.noise_for(math.prod(self.data_shape))[0] - noise) * wide
        xi = torch.randn(n, *self.data_shape, generator=source, device=device, dtype=torch.float32)
        return held_still(xi.mul_(scale.view(-1, *[1] * len(self.data_shape))), self.settings.beside)

    def pairs(self) -> tuple[Tensor, Tensor]:
        """Latents (n, latent_size) of all particles, and where the maps have moved them (n, *shape)."""
        return self._start(), self._moved()

    def _moved(self) -> Tensor:
        """All particles after the maps so far. The critic is trained on the first `n_particles`.

        Their start is a function of the seed, so a net from a file finds them by replaying its maps.
        """
        of = current().rank, current().size
        if self._pool is None or self._n_moved > len(self.maps_) or self._pool_of != of:
            self._pool, self._n_moved, self._pool_of = self.base_(self._start()), 0, of
        self._pool = self.maps_(self._pool, self._n_moved)
        self._n_moved = len(self.maps_)
        return self._pool

    def _start(self) -> Tensor:
        """Latents of all particles: scrambled Sobol points, more even than independent ones, then independent ones.

        Processes that share a fit take turns in both sequences.
        """
        s, group = self.settings, current()
        engine = torch.quasirandom.SobolEngine(s.latent_size, scramble=True, seed=self.seeds.latents)
        engine.fast_forward(1)  # torch keeps the first point in the default dtype
        even = engine.draw(group.size * group.share(s.maps.n_particles), dtype=torch.float64).clamp(1e-6, 1 - 1e-6)
        source = torch.Generator("cpu").manual_seed(self.seeds.latents)
        fresh = torch.randn(
            group.size * group.share(_FRESH), s.latent_size, generator=source, dtype=torch.float32, device="cpu"
        )
        latents = torch.cat([group.part(torch.special.ndtri(even).float()), group.part(fresh)])
        return with_beside(latents, s.beside, source).to(self.device)

    @torch.no_grad()
    def _summarise(self, X: Rows, start: Tensor, pool: Tensor, loss: Tensor, losses: list[tuple[str, Tensor]]) -> None:
        """Put the iteration's figures into the history, in one transfer, and raise where they show a failure."""
        s = self.settings
        real = X.sample(current().share(s.batch_size), self.batches_)
        t = self.critic_step_.log_ratio()(real)
        *named, farthest = self.figures(
            [
                loss,
                (pool - start).flatten(1).norm(dim=1).mean(),
                spread(pool, real),
                s.scaling.divergence.f_centered(-t).mean(),
            ],
            [pool.abs().max()],
        )
        figures = dict(zip(self.history_names, [*named, math.nan], strict=False))
        self.record(figures, expected=_EXPECTED, losses=losses)
        self.watch_(self, farthest=farthest, spread=named[2])


#: Updates after which an average forgets at its full rate: it begins at the critic's own initial weights.
_PAST_WARM_UP = 10**6
