"""The state of the parts of a net, as tensors: modules, optimizers and random streams."""

import struct
import zlib

import torch
from torch import Tensor, nn

from ..exceptions import FileError
from ..persistence import State

__all__ = ["fitting", "module_state", "optimizer_state", "restore_optimizer", "restore_stream"]

#: What each optimizer keeps of a parameter except the number of its steps: tensors of the parameter's shape, and
#: whether they are means of squares.
_MOMENTS: dict[type[torch.optim.Optimizer], dict[str, bool]] = {
    torch.optim.Adam: {"exp_avg": False, "exp_avg_sq": True},
    torch.optim.RMSprop: {"square_avg": True},
}
_STREAM_BYTES = 5056  # size of the state of a CPU's generator
_TWISTER = 624  # number of its words


def module_state(module: nn.Module) -> State:
    """Parameters and buffers."""
    return State(module.state_dict())


def fitting(module: nn.Module, state: State, *, halved: bool = False) -> dict[str, Tensor]:
    """What `module_state` gave, perhaps rounded to float16, checked against the present module."""
    held: dict[str, Tensor] = {}
    for name, now in module.state_dict().items():
        dtype = torch.float16 if halved and now.is_floating_point() else now.dtype
        least = 0.0 if name.split(".")[-1] == "running_var" else None
        held[name] = state.tensor(name, tuple(now.shape), dtype, least=least)
    return held


def optimizer_state(optimizer: torch.optim.Optimizer) -> State:
    """Moments, by the number of their parameter."""
    moments = optimizer.state_dict()["state"].items()
    return State({f"{index}.{key}": value for index, state in moments for key, value in state.items()})


def restore_optimizer(optimizer: torch.optim.Optimizer, state: State) -> None:
    """Restore what `optimizer_state` gave.

    A fused step walks through a parameter and its moments together, to the end of the parameter. A moment of another
    shape, dtype or layout would make it read foreign memory.
    """
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    kept: dict[int, dict[str, Tensor]] = {}
    for index, parameter in enumerate(parameters):
        if not state.has(f"{index}.step"):
            continue  # never updated, so it has no moments; any that are given are left over and refused
        kept[index] = {"step": state.tensor(f"{index}.step", (), torch.float32, least=0.0)}
        for name, squared in _moments(optimizer).items():
            least = 0.0 if squared else None
            kept[index][name] = state.tensor(f"{index}.{name}", tuple(parameter.shape), parameter.dtype, least=least)
    kept = {index: {name: value.clone() for name, value in held.items()} for index, held in kept.items()}
    optimizer.load_state_dict({"state": kept, "param_groups": optimizer.state_dict()["param_groups"]})
    for parameter, moments in optimizer.state.items():
        for name in _moments(optimizer):
            moments[name] = torch.empty_like(parameter).copy_(moments[name])


def _moments(optimizer: torch.optim.Optimizer) -> dict[str, bool]:
    return next(moments for cls, moments in _MOMENTS.items() if isinstance(optimizer, cls))


def restore_stream(stream: torch.Generator, name: str, state: State) -> None:
    """Restore the position of a random stream."""
    kept = state.tensor(name, (None,), torch.uint8)
    now = stream.get_state().numel()
    if kept.numel() == _STREAM_BYTES:
        _check_stream(kept, name)
    elif kept.numel() > _STREAM_BYTES:
        raise FileError(f"stream {name} must be one of a random generator, got {kept.numel()} bytes")
    if kept.numel() == now:
        stream.set_state(kept.cpu())
    else:  # a stream of another kind of device: start a new one, seeded from it
        stream.manual_seed(zlib.crc32(kept.cpu().numpy().tobytes()))


def _check_stream(kept: Tensor, name: str) -> None:
    """Check that a Mersenne twister's position in its words can be reached.

    Torch checks separately that the number of words left and the next word's number are at most 624. With both at 624
    it would read past the last word.
    """
    data = kept.cpu().numpy().tobytes()
    left, seeded, following = struct.unpack_from("<iiQ", data, 8)
    words = struct.unpack_from(f"<{_TWISTER}Q", data, 24)
    normals = (*struct.unpack_from("<3d", data, 24 + 8 * _TWISTER), *struct.unpack_from("<f", data, 52 + 8 * _TWISTER))
    fresh = (left, following) == (1, 0)
    if seeded != 1 or not (fresh or (0 < left <= _TWISTER and left + following == _TWISTER + 1)):
        raise FileError(f"stream {name} must be one of a random generator, got a place that none comes to")
    if max(words) >= 2**32 or not all(abs(value) < 100 for value in normals):
        raise FileError(f"stream {name} must be one of a random generator, got numbers that none has")
