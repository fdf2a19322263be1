"""Other people's models, trained for so many seconds on the same rows: what fdgm's samplers are measured beside."""

import functools
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from sklearn.base import BaseEstimator
from sklearn.decomposition import PCA
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KernelDensity
from torch import Tensor, nn

from benchmarks import _common
from fdgm.nets import Clock

#: From a number of rows to a sample.
Draw = Callable[[int], np.ndarray]

BATCH = 256
COMPONENTS = 100  # principal ones, that stand for images where a model cannot have all pixels

Fit = Callable[[np.ndarray, float, int], Draw]


def on_components(fit: Fit) -> Fit:
    """The model on principal components where rows are images."""

    @functools.wraps(fit)
    def fitted(X: np.ndarray, seconds: float, seed: int) -> Draw:
        if X.ndim == 2:
            return fit(X, seconds, seed)
        pca = PCA(COMPONENTS, random_state=0).fit(X.reshape(len(X), -1))
        draw = fit(pca.transform(X.reshape(len(X), -1)), seconds, seed)
        return lambda n: pca.inverse_transform(draw(n)).clip(X.min(), X.max())

    return fitted


class Standardiser:
    """Columns to mean 0 and standard deviation 1, and back."""

    def __init__(self, X: np.ndarray) -> None:
        each = 0 if X.ndim == 2 else None  # column; images have one mean and one deviation
        self.mean = X.mean(axis=each)
        std = X.std(axis=each)
        self.std = np.where(std > 0, std, 1.0)

    def forward(self, X: np.ndarray) -> Tensor:
        return torch.from_numpy(((X - self.mean) / self.std).astype(np.float32))

    def back(self, rows: Tensor) -> np.ndarray:
        return rows.double().numpy() * self.std + self.mean


def batches(data: Tensor, optimizer: torch.optim.Optimizer, seconds: float) -> Iterator[Tensor]:
    """Batches until time is up, the learning rate falling along a cosine: every peer's budget and schedule."""
    start, base = Clock.now(), optimizer.param_groups[0]["lr"]
    while (fraction := (Clock.now() - start) / seconds) < 1:
        optimizer.param_groups[0]["lr"] = base * 0.5 * (1 + math.cos(math.pi * fraction))
        yield data[torch.randint(len(data), (BATCH,))]


def nsf_of(X: np.ndarray, seconds: float, seed: int) -> tuple[Any, Standardiser]:
    """zuko's neural spline flow, three transforms of 2 × 128 hidden units, by maximum likelihood; and its units."""
    import zuko

    torch.manual_seed(seed)
    scale = Standardiser(X)
    data = scale.forward(X)
    flow = zuko.flows.NSF(data.shape[1], transforms=3, hidden_features=(128, 128))
    optimizer = torch.optim.Adam(flow.parameters(), lr=1e-3, fused=True)
    for x in batches(data, optimizer, seconds):
        loss = -flow().log_prob(x).mean()
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(flow.parameters(), 5.0)
        optimizer.step()
    return flow, scale


@on_components
def nsf(X: np.ndarray, seconds: float, seed: int) -> Draw:
    """Samples of `nsf_of`."""
    flow, scale = nsf_of(X, seconds, seed)

    def draw(n: int) -> np.ndarray:
        with torch.no_grad():
            return scale.back(flow().sample((n,)))

    return draw


class Field(nn.Module):
    """A velocity field of x and t, of 3 × 256 hidden units."""

    def __init__(self, d: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        width = d + 16
        for _ in range(3):
            layers += [nn.Linear(width, 256), nn.SiLU()]
            width = 256
        self.layers = nn.Sequential(*layers, nn.Linear(width, d))

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        angles = t * (2.0 ** torch.arange(8)) * math.pi
        return self.layers(torch.cat([x, angles.sin(), angles.cos()], dim=1))


class ImageField(nn.Module):
    """A velocity field of images and t: a U-Net of two halvings, with 16, 32 and 64 channels."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, 16, 3, padding=1)
        self.down = nn.ModuleList([nn.Conv2d(16, 32, 4, 2, 1), nn.Conv2d(32, 64, 4, 2, 1)])
        self.middle = nn.Conv2d(64, 64, 3, padding=1)
        self.up = nn.ModuleList([nn.ConvTranspose2d(64, 32, 4, 2, 1), nn.ConvTranspose2d(64, 16, 4, 2, 1)])
        self.times = nn.ModuleList([nn.Linear(16, width) for width in (16, 32, 64, 64)])
        self.last = nn.Conv2d(32, channels, 3, padding=1)
        self.to(memory_format=torch.channels_last)

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        angles = t * (2.0 ** torch.arange(8)) * math.pi
        angles = torch.cat([angles.sin(), angles.cos()], dim=1)
        shifts = [time(angles)[:, :, None, None] for time in self.times]
        silu = nn.functional.silu
        a = silu(self.first(x) + shifts[0])
        b = silu(self.down[0](a) + shifts[1])
        c = silu(self.down[1](b) + shifts[2])
        c = silu(self.middle(c) + shifts[3])
        b = torch.cat([silu(self.up[0](c)), b], dim=1)
        return self.last(torch.cat([silu(self.up[1](b)), a], dim=1))


def flow_matching(X: np.ndarray, seconds: float, seed: int) -> Draw:
    """Conditional flow matching along straight paths (Lipman et al., 2023); samples by 100 midpoint steps."""
    torch.manual_seed(seed)
    scale = Standardiser(X)
    data = scale.forward(X)
    field = Field(data.shape[1]) if data.ndim == 2 else ImageField(data.shape[1])
    optimizer = torch.optim.Adam(field.parameters(), lr=1e-3, fused=True)
    quick = data.ndim > 2 and _common.has_bfloat16()  # as our samplers' networks on images
    for x in batches(data, optimizer, seconds):
        noise, t = torch.randn_like(x), torch.rand(len(x), 1)
        fraction = t.reshape(-1, *[1] * (x.ndim - 1))
        with torch.autocast("cpu", torch.bfloat16, enabled=quick):
            velocity = field((1 - fraction) * noise + fraction * x, t)
        loss = (velocity.float() - (x - noise)).square().flatten(1).sum(dim=1).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    @torch.no_grad()
    def draw(n: int, steps: int = 100) -> np.ndarray:
        x = torch.randn(n, *data.shape[1:])
        for k in range(steps):
            t = torch.full((n, 1), k / steps)
            middle = x + field(x, t) / (2 * steps)
            x = x + field(middle, t + 1 / (2 * steps)) / steps
        return scale.back(x).clip(X.min(), X.max()) if X.ndim > 2 else scale.back(x)

    return draw


def kernel_density(X: np.ndarray, seconds: float, seed: int) -> Draw:
    """scikit-learn's, with the bandwidth of the best cross-validated likelihood on 5,000 rows."""
    X = X.reshape(len(X), -1)
    scale = Standardiser(X)
    rows = scale.forward(X).numpy()
    rng = np.random.default_rng(seed)
    some = rows[rng.permutation(len(rows))[:5000]]
    search = GridSearchCV(KernelDensity(), {"bandwidth": np.geomspace(0.002, 2, 16)}, cv=3).fit(some)
    # Of two thirds of them; with more rows the best falls as their number to the power of −1/(d + 4).
    fraction = len(rows) / (len(some) * 2 / 3)
    bandwidth = search.best_params_["bandwidth"] * fraction ** (-1 / (rows.shape[1] + 4))
    model = KernelDensity(bandwidth=bandwidth).fit(rows)
    chance = np.random.RandomState(seed)
    return lambda n: scale.back(torch.from_numpy(model.sample(n, random_state=chance)))


@on_components
def gaussian_mixture(X: np.ndarray, seconds: float, seed: int) -> Draw:
    """scikit-learn's, with the number of components, up to 50, of the lowest BIC on 10,000 rows."""
    scale = Standardiser(X)
    rows = scale.forward(X).numpy()[:10_000]
    covariance = "full" if X.shape[1] <= 10 else "diag"
    least = 1e-6 if X.shape[1] <= 10 else 1e-4  # of a variance: many columns of few rows need more
    models = [
        GaussianMixture(k, covariance_type=covariance, random_state=seed, reg_covar=least).fit(rows)
        for k in (1, 2, 5, 8, 15, 25, 50)
    ]
    best = min(models, key=lambda model: model.bic(rows))
    best.random_state = np.random.RandomState(seed)
    return lambda n: scale.back(torch.from_numpy(best.sample(n)[0]))


class OnComponents(BaseEstimator):
    """A Gaussian mixture on principal components, as a generator of images."""

    def __init__(self, n_principal: int, n_components: int = 50) -> None:
        self.n_principal = n_principal
        self.n_components = n_components

    def fit(self, X: np.ndarray) -> "OnComponents":
        flat = X.reshape(len(X), -1).astype(np.float64)
        self.shape_ = X.shape[1:]
        self.pca_ = PCA(self.n_principal, random_state=0).fit(flat)
        self.mixture_ = GaussianMixture(self.n_components, reg_covar=1e-3, random_state=0).fit(
            self.pca_.transform(flat)
        )
        return self

    def sample(self, n: int, random_state: int | None = None) -> np.ndarray:
        mixture = self.mixture_.set_params(random_state=random_state)
        rows = self.pca_.inverse_transform(mixture.sample(n)[0])
        return rows.reshape(n, *self.shape_).clip(-1, 1).astype(np.float32)


class FlowOnComponents(nn.Module):
    """A coupling flow on principal components, from normal latents to images."""

    def __init__(self, X: np.ndarray, n_principal: int) -> None:
        import zuko

        super().__init__()
        flat = X.reshape(len(X), -1)
        pca = PCA(n_principal, random_state=0).fit(flat)
        self.shape = X.shape[1:]
        std = pca.transform(flat).std(axis=0)
        for name, value in {"mean": pca.mean_, "components": pca.components_, "std": std}.items():
            self.register_buffer(name, torch.from_numpy(np.asarray(value, dtype=np.float32)))
        self.flow = zuko.flows.NSF(n_principal, transforms=4, passes=2, hidden_features=(128, 128))

    def encode(self, X: Tensor) -> Tensor:
        return (X.flatten(1) - self.mean) @ self.components.T / self.std

    def forward(self, latents: Tensor) -> Tensor:
        rows = self.flow().transform.inv(latents) * self.std @ self.components + self.mean
        return rows.unflatten(1, self.shape)


PEERS: dict[str, Fit] = {
    "NSF (zuko)": nsf,
    "flow matching": flow_matching,
}
CLASSICAL: dict[str, Fit] = {
    "KernelDensity": kernel_density,
    "GaussianMixture": gaussian_mixture,
}
