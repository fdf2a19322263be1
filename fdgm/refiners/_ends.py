"""Where single samples stop moving: at the log-ratio of real rows."""

from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ["Ends"]

_QUANTILES = 200


@dataclass(frozen=True)
class Ends:
    """The log-ratio T at which each sample stops: that of the held-out row of its rank.

    A sample whose T has rank r among the samples moves until its T has rank r among held-out real rows. The
    distribution of T among samples thus approaches that among real rows, not a point at its maximum. With the right T
    no sample has to go back: by the ratio's monotonicity, T is greater among data at every rank.

    Parameters
    ----------
    samples : Tensor of shape (n_quantiles,)
        Quantiles of T among samples before they move.
    held_out : Tensor of shape (n_quantiles,)
        Quantiles of T among held-out real rows.
    """

    samples: Tensor
    held_out: Tensor

    @classmethod
    def learned(cls, samples: Tensor, held_out: Tensor) -> "Ends":
        """Make it from T of samples (n,) and of held-out rows (m,)."""
        at = (torch.arange(_QUANTILES, dtype=torch.float32, device="cpu") + 0.5) / _QUANTILES
        return cls(*(torch.quantile(t.detach().float().cpu(), at) for t in (samples, held_out)))

    def __call__(self, t: Tensor) -> Tensor:
        """T (n,) at which samples stop that start at t (n,)."""
        x, y = self.samples.to(t), self.held_out.to(t)
        right = torch.searchsorted(x, t.contiguous()).clamp(1, len(x) - 1)
        low, high = x[right - 1], x[right]
        fraction = torch.where(high > low, (t - low) / (high - low).clamp(min=torch.finfo(t.dtype).tiny), 1.0).clamp(
            0, 1
        )
        return torch.lerp(y[right - 1], y[right], fraction)
