"""A fitted refiner as tensors and JSON, and back."""

from typing import Any

from torch import Tensor

from ..inputs import AffineScaler, Record, plain_columns, set_columns
from ..persistence import as_tensor, encode_params, revive, under
from ..ratios import DensityRatio
from ..samplers import Sampler
from ..training import GenerativeModel
from ._corrected import CorrectedRatio

__all__ = ["described", "restore"]

_KEPT = ("n_features_in_", "_entropy", "_n_calls")


def described(refiner: Any) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """What a file holds of a fitted refiner.

    Raises
    ------
    TypeError
        If its ratio is a function or a module, which cannot be stored without pickle.
    """
    owner, generator, ratio = type(refiner).__name__, refiner.generator_, refiner.ratio_
    if not isinstance(ratio, (DensityRatio, GenerativeModel)):
        raise TypeError(
            f"ratio of {owner} must be 'auto', a density ratio or a sampler to be saved, got {refiner.ratio!r}, which"
            " cannot be stored without pickle."
        )
    tensors = refiner._scaler.to_tensors()
    parts: dict[str, Any] = {}
    for name, part in {"generator": generator, "ratio": ratio}.items():
        if isinstance(part, (DensityRatio, GenerativeModel)) and not (name == "ratio" and part is generator):
            held, parts[name] = part._described()
            tensors |= {f"{name}/{key}": tensor for key, tensor in held.items()}
    stages: list[dict[str, Any]] = []
    for k, stage in enumerate(refiner._stages):
        arrays, values = stage._state()
        tensors |= {f"stage{k}/{key}": as_tensor(array) for key, array in arrays.items()}
        stages.append(values)
    if refiner._rows is not None:
        tensors["rows"] = as_tensor(refiner._rows)
    state = {
        **{name: getattr(refiner, name) for name in _KEPT},
        "record": refiner._record.to_json(),
        "clamp": refiner._clamp,
        "feature_names_in": plain_columns(refiner),
        "parts": parts,
        "stages": stages,
        "learned": refiner._learned(),
    }
    without = ["generator"] if generator is not None and "generator" not in parts else []
    left_out = ("device", "generator", *(["ratio"] if isinstance(refiner.ratio, (Sampler, CorrectedRatio)) else []))
    params = encode_params(refiner, without=left_out)
    return tensors, {"class": owner, "params": params, "state": state, "without": without}


def restore(refiner: Any, tensors: dict[str, Tensor], state: dict[str, Any]) -> None:
    """Give a refiner of the same parameters what `described` took from a fitted one."""
    for name in _KEPT:
        setattr(refiner, name, state[name])
    refiner._record = Record.from_json(state["record"])
    refiner._row_shape = refiner._record.shape
    refiner._scaler = AffineScaler.from_tensors(tensors)
    refiner._clamp = None if state["clamp"] is None else tuple(state["clamp"])
    set_columns(refiner, state["feature_names_in"])
    refiner._rows = tensors["rows"].numpy() if "rows" in tensors else None
    made = {
        name: revive(under(tensors, f"{name}/"), description, device=refiner.device)
        for name, description in state["parts"].items()
    }
    if "generator" in made:
        refiner.generator = made["generator"]
    refiner.generator_ = refiner.generator
    refiner.ratio_ = made.get("ratio", refiner.generator_)
    if isinstance(refiner.ratio_, (Sampler, CorrectedRatio)) and "ratio" in made:
        refiner.ratio = refiner.ratio_
    refiner._stages = []
    for k, values in enumerate(state["stages"]):
        stage = refiner._stage()
        stage._set_state({key: tensor.numpy() for key, tensor in under(tensors, f"stage{k}/").items()}, values)
        refiner._stages.append(stage)
    refiner._set_learned(state["learned"])
