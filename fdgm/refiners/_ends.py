"""Where the evolution of single samples ends: at the log-ratio of real rows."""

from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ["Ends"]

_QUANTILES = 200


@dataclass(frozen=True)
class Ends:
    """The log-ratio T at which each row's evolution ends: that of the held-out row of its rank.

    A row whose T is at rank r among the samples moves until its T is at rank r among held-out real rows, and so the
    law of T among the samples comes to the one among real rows, and not to a point at its maximum. With the right T
    no row is asked to go back: by the ratio's monotonicity, T is greater among data at every rank.

    Parameters
    ----------
    samples : Tensor of shape (n_quantiles,)
        Quantiles of T among samples before they move.
    held_out : Tensor of shape (n_quantiles,)
        The same among held-out real rows.
    """

    samples: Tensor
    held_out: Tensor

    @classmethod
    def learned(cls, samples: Tensor, held_out: Tensor) -> "Ends":
        """From T of samples (n,) and of held-out rows (m,)."""
        at = (torch.arange(_QUANTILES, dtype=torch.float32, device="cpu") + 0.5) / _QUANTILES
        return cls(*(torch.quantile(t.detach().float().cpu(), at) for t in (samples, held_out)))

    def __call__(self, t: Tensor) -> Tensor:
        """T (n,) where rows end that begin at t (n,)."""
        x, y = self.samples.to(t), self.held_out.to(t)
        right = torch.searchsorted(x, t.contiguous()).clamp(1, len(x) - 1)
        low, high = x[right - 1], x[right]
        share = torch.where(high > low, (t - low) / (high - low).clamp(min=torch.finfo(t.dtype).tiny), 1.0).clamp(0, 1)
        return torch.lerp(y[right - 1], y[right], share)
