"""Other people's models, trained for so many seconds on the same rows: what fdgm's samplers are measured beside."""

import math
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KernelDensity
from torch import Tensor, nn

#: From a number of rows to a sample.
Draw = Callable[[int], np.ndarray]

BATCH = 256


class Standardiser:
    """Columns to mean 0 and standard deviation 1, and back."""

    def __init__(self, X: np.ndarray) -> None:
        self.mean = X.mean(axis=0)
        std = X.std(axis=0)
        self.std = np.where(std > 0, std, 1.0)

    def forward(self, X: np.ndarray) -> Tensor:
        return torch.from_numpy(((X - self.mean) / self.std).astype(np.float32))

    def back(self, rows: Tensor) -> np.ndarray:
        return rows.double().numpy() * self.std + self.mean


def batches(data: Tensor, optimizer: torch.optim.Optimizer, seconds: float) -> Iterator[Tensor]:
    """Batches until time is up, the learning rate falling along a cosine: every peer's budget and schedule."""
    start, base = time.perf_counter(), optimizer.param_groups[0]["lr"]
    while (share := (time.perf_counter() - start) / seconds) < 1:
        optimizer.param_groups[0]["lr"] = base * 0.5 * (1 + math.cos(math.pi * share))
        yield data[torch.randint(len(data), (BATCH,))]


def nsf(X: np.ndarray, seconds: float, seed: int) -> Draw:
    """zuko's neural spline flow, three transforms of 2 × 128 hidden units, by maximum likelihood."""
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


def flow_matching(X: np.ndarray, seconds: float, seed: int) -> Draw:
    """Conditional flow matching along straight paths (Lipman et al., 2023); samples by 100 midpoint steps."""
    torch.manual_seed(seed)
    scale = Standardiser(X)
    data = scale.forward(X)
    field = Field(data.shape[1])
    optimizer = torch.optim.Adam(field.parameters(), lr=1e-3, fused=True)
    for x in batches(data, optimizer, seconds):
        noise, t = torch.randn_like(x), torch.rand(len(x), 1)
        loss = (field((1 - t) * noise + t * x, t) - (x - noise)).square().sum(dim=1).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    @torch.no_grad()
    def draw(n: int, steps: int = 100) -> np.ndarray:
        x = torch.randn(n, data.shape[1])
        for k in range(steps):
            t = torch.full((n, 1), k / steps)
            middle = x + field(x, t) / (2 * steps)
            x = x + field(middle, t + 1 / (2 * steps)) / steps
        return scale.back(x)

    return draw


def kernel_density(X: np.ndarray, seconds: float, seed: int) -> Draw:
    """scikit-learn's, with the bandwidth of the best cross-validated likelihood on 5,000 rows."""
    scale = Standardiser(X)
    rows = scale.forward(X).numpy()
    rng = np.random.default_rng(seed)
    some = rows[rng.permutation(len(rows))[:5000]]
    search = GridSearchCV(KernelDensity(), {"bandwidth": np.geomspace(0.02, 0.5, 8)}, cv=3).fit(some)
    model = KernelDensity(bandwidth=search.best_params_["bandwidth"]).fit(rows)
    return lambda n: scale.back(torch.from_numpy(model.sample(n, random_state=seed)))


def gaussian_mixture(X: np.ndarray, seconds: float, seed: int) -> Draw:
    """scikit-learn's, with the number of components, up to 50, of the lowest BIC on 10,000 rows."""
    scale = Standardiser(X)
    rows = scale.forward(X).numpy()[:10_000]
    covariance = "full" if X.shape[1] <= 10 else "diag"
    models = [
        GaussianMixture(k, covariance_type=covariance, random_state=seed, reg_covar=1e-4).fit(rows)
        for k in (2, 5, 8, 15, 25, 50)
    ]
    best = min(models, key=lambda model: model.bic(rows))
    return lambda n: scale.back(torch.from_numpy(best.sample(n)[0]))


PEERS: dict[str, Callable[[np.ndarray, float, int], Draw]] = {
    "NSF (zuko)": nsf,
    "flow matching": flow_matching,
}
CLASSICAL: dict[str, Callable[[np.ndarray, float, int], Draw]] = {
    "KernelDensity": kernel_density,
    "GaussianMixture": gaussian_mixture,
}


def unit_of(draw: Callable[[int, Any], np.ndarray]) -> float:
    """Mean energy distance between two real samples of 5,000: the unit that distances are given in."""
    from fdgm import metrics

    return metrics.energy_distance_unit(draw, random_state=0)
