"""How large the errors of reconstructions are, column by column."""

import torch
from torch import Tensor, nn

__all__ = ["Residuals"]

_LEAST_FRACTION = 0.2  # of the newest batch in the running variances
_PRIOR_ROWS = 10  # rows that the columns' common variance counts as


class Residuals(nn.Module):
    """Running variances of the errors of reconstructions, as state of a net.

    Parameters
    ----------
    shape : tuple of int
        Shape of a row.

    Examples
    --------
    >>> import torch
    >>> from fdgm.bidirectional._residuals import Residuals
    >>> residuals = Residuals((2,))
    >>> residuals.update(torch.tensor([[1.0, 2.0], [-1.0, 2.0]]), n_rows=30)
    >>> residuals.variances(torch.tensor([True, True]))  # 1 and 4, towards their mean of 2.5
    tensor([1.3750, 3.6250])
    """

    running_var: Tensor
    n_updates: Tensor
    n_rows: Tensor

    def __init__(self, shape: tuple[int, ...]) -> None:
        super().__init__()
        self.register_buffer("running_var", torch.zeros(shape, dtype=torch.float32, device="cpu"))
        for name in ("n_updates", "n_rows"):
            self.register_buffer(name, torch.zeros((), dtype=torch.int64, device="cpu"))

    @torch.no_grad()
    def update(self, errors: Tensor, *, n_rows: int) -> None:
        """Take in the errors of a batch ``(n, *shape)``, drawn from as many rows."""
        self.n_updates += 1
        self.n_rows.clamp_(min=n_rows)
        fraction = (1 / self.n_updates).clamp(min=_LEAST_FRACTION)
        self.running_var.lerp_(errors.square().mean(dim=0), fraction)

    def variances(self, varies: Tensor, *, shared: bool = False) -> Tensor:
        """The variance of the error in each column ``(*shape,)``, above 0. Few rows draw it towards the common one.

        Parameters
        ----------
        varies : Tensor of bool, of shape ``(*shape,)``
            Columns that are not constant. Errors of the others are zero.
        shared : bool, default=False
            Whether it is the common one for all columns.
        """
        common = (self.running_var.sum() / varies.sum().clamp(min=1)).expand_as(self.running_var)
        n = self.n_rows.to(common.dtype)
        drawn = common if shared else (n * self.running_var + _PRIOR_ROWS * common) / (n + _PRIOR_ROWS)
        return drawn.clamp(min=torch.finfo(drawn.dtype).tiny)
