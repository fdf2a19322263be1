"""torch's fused Adam, without the compiler that its first use would import."""

from typing import Any

import torch
from torch.optim import Optimizer

__all__ = ["PlainAdam"]

_SWEEP = 64  # steps between sweeps of the moments
#: Moments nearer to 0 are set to 0. A weight without gradient, as of a dead unit, has moments that only decay. Below
#: 1e-38 a processor takes some hundred times as long for them: half of a small critic's step. No sweep comes too late:
#: in 64 steps by a beta of 0.9 a moment falls to a thousandth.
_NEAR_0 = 1e-32


def _bare(method: Any) -> Any:
    """A method of torch's without the decorator that imports torch._dynamo."""
    return getattr(method, "__wrapped__", method)


class PlainAdam(torch.optim.Adam):
    """Adam with one fused kernel, of torch's own states and results.

    torch's optimizers import torch._dynamo at their first use, which takes some two seconds: much of a short budget.
    Their step also looks for graph captures, closures and profilers. This one steps, and calls the hooks it was given.

    Moments that have decayed to almost nothing are set to 0 now and then, since numbers below 1e-38 are slow.

    Parameters
    ----------
    params : iterable of Parameter
        Of real dtype.
    lr : float
    betas : (float, float)
    """

    def __init__(self, params: Any, *, lr: float, betas: tuple[float, float]) -> None:
        super().__init__(params, lr=lr, betas=betas, fused=True)

    add_param_group = _bare(Optimizer.add_param_group)
    zero_grad = _bare(Optimizer.zero_grad)
    load_state_dict = _bare(Optimizer.load_state_dict)
    state_dict = _bare(Optimizer.state_dict)

    def _patch_step_function(self) -> None:
        """Leave `step` as it is, where torch wraps it in a profiler's record."""
        self._zero_grad_profile_name = f"Optimizer.zero_grad#{type(self).__name__}.zero_grad"

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """Update all parameters that have a gradient.

        Parameters
        ----------
        closure : None
        """
        for hook in self._optimizer_step_pre_hooks.values():
            hook(self, (), {})
        for group in self.param_groups:
            params = [parameter for parameter in group["params"] if parameter.grad is not None]
            states = [self.state[parameter] or self._begin(parameter) for parameter in params]
            steps = [state["step"] for state in states]
            beta1, beta2 = group["betas"]
            torch._foreach_add_(steps, 1.0)
            if steps and steps[0].is_cpu and steps[0].item() % _SWEEP == 0:
                _sweep(states)
            torch._fused_adam_(
                params,
                [parameter.grad for parameter in params],
                [state["exp_avg"] for state in states],
                [state["exp_avg_sq"] for state in states],
                [],
                steps,
                amsgrad=False,
                beta1=beta1,
                beta2=beta2,
                lr=group["lr"],
                weight_decay=0.0,
                eps=group["eps"],
                maximize=False,
            )
        for hook in self._optimizer_step_post_hooks.values():
            hook(self, (), {})

    def _begin(self, parameter: torch.Tensor) -> dict[str, torch.Tensor]:
        """The state before the first step."""
        state = self.state[parameter]
        state["step"] = torch.zeros((), dtype=torch.float32, device=parameter.device)
        state["exp_avg"] = torch.zeros_like(parameter, memory_format=torch.preserve_format)
        state["exp_avg_sq"] = torch.zeros_like(parameter, memory_format=torch.preserve_format)
        return state


def _sweep(states: list[dict[str, torch.Tensor]]) -> None:
    for state in states:
        for name in ("exp_avg", "exp_avg_sq"):
            state[name].copy_(torch.nn.functional.hardshrink(state[name], _NEAR_0))
