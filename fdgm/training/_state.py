"""What a fitted estimator is made of, as tensors and JSON: for its files and its checkpoints."""

from typing import Any

import torch
from torch import Tensor

from ..inputs import AffineScaler, Record, Seeds, plain_columns, set_columns
from ..nets import MultiNet, net_tensors, restore_net
from ..persistence import as_tensor, under

__all__ = ["restore", "state_of", "without_training"]


def state_of(estimator: Any) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Tensors, and everything else that was learned."""
    net, scaler = estimator.net_, estimator._scaler
    tensors = {f"net/{name}": tensor for name, tensor in net_tensors(net).items()}
    tensors |= scaler.to_tensors()
    arrays, learned = estimator._learned()
    tensors |= {f"learned/{name}": as_tensor(array) for name, array in arrays.items()}
    state = {
        "seeds": vars(net.seeds),
        "record": estimator._record.to_json(),
        "learned": learned,
        "schedule": estimator.schedule_,
        "n_features_in": estimator.n_features_in_,
        "feature_names_in": plain_columns(estimator),
        "history": [{name: row[name] for name in net.history_names} for row in net.history if "seconds" in row],
        "stop_reason": getattr(estimator, "stop_reason_", None),
        "output": getattr(estimator, "_sklearn_output_config", None),
        "watch": None if net.watch_ is None else net.watch_.state,
    }
    return tensors, state


def without_training(net: MultiNet, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """What `state_of` gave, without the optimizers' moments and with the networks' weights as float16.

    Raises
    ------
    ValueError
        If a weight is too large for it.
    """
    left = {
        name: tensor
        for name, tensor in tensors.items()
        if not name.startswith(tuple(f"net/{optimizer}/" for optimizer in net.optimizer_names))
    }
    for module in net.module_names:
        for name, tensor in under(left, f"net/{module}/").items():
            if not tensor.is_floating_point():
                continue
            halved = tensor.half()
            if tensor.isfinite().all() and not halved.isfinite().all():
                raise ValueError(
                    f"compact of save must be False for weights past {torch.finfo(torch.half).max:g}, got"
                    f" {tensor.abs().max().item():g} in {name} of {module}."
                )
            left[f"net/{module}/{name}"] = halved
    return left


def restore(estimator: Any, tensors: dict[str, Tensor], state: dict[str, Any]) -> None:
    """Give an estimator of the same parameters what `state_of` took from a fitted one."""
    estimator._record = Record.from_json(state["record"])
    estimator._scaler = AffineScaler.from_tensors(tensors)
    estimator._row_shape = estimator._record.shape
    estimator._build(estimator._record.shape, Seeds(**state["seeds"]))
    net = estimator.net_
    restore_net(net, under(tensors, "net/"))
    if state.get("watch") is not None:
        net.watch_.state = state["watch"]
    estimator.schedule_ = state["schedule"]
    estimator.n_features_in_ = state["n_features_in"]
    set_columns(estimator, state["feature_names_in"])
    if state.get("output"):
        estimator._sklearn_output_config = dict(state["output"])
    arrays = {name: tensor.numpy() for name, tensor in under(tensors, "learned/").items()}
    estimator._set_learned(arrays, state["learned"])
    for row in state["history"]:
        net.history.new_epoch()
        net.history.record("epoch", len(net.history))
        for name, value in row.items():
            net.history.record(name, value)
    net.remember_good()
