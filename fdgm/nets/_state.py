"""The whole state of a net as named tensors, for files and checkpoints."""

import zlib

import torch
from torch import Tensor

from ..persistence import under
from ._net import MultiNet

__all__ = ["net_tensors", "restore_net"]


def net_tensors(net: MultiNet) -> dict[str, Tensor]:
    """Weights, optimizers' states and random streams, under the names of the net's attributes."""
    tensors: dict[str, Tensor] = {}
    for name in net.module_names:
        tensors |= {f"{name}/{key}": value for key, value in getattr(net, name).state_dict().items()}
    for name in net.optimizer_names:
        for index, state in getattr(net, name).state_dict()["state"].items():
            tensors |= {f"{name}/{index}/{key}": value for key, value in state.items()}
    for name in net.stream_names:
        tensors[name] = getattr(net, name).get_state()
    return tensors


def restore_net(net: MultiNet, tensors: dict[str, Tensor]) -> None:
    """Put what `net_tensors` gave into an initialised net of the same settings, on any device."""
    for name in net.module_names:
        getattr(net, name).load_state_dict(under(tensors, f"{name}/"))
    for name in net.optimizer_names:
        optimizer = getattr(net, name)
        state: dict[int, dict[str, Tensor]] = {}
        for key, value in under(tensors, f"{name}/").items():
            index, _, field = key.partition("/")
            state.setdefault(int(index), {})[field] = value.clone()
        optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})
        for parameter, kept in optimizer.state.items():
            for field, value in kept.items():
                if value.shape == parameter.shape:  # a fused step walks their memory together: one layout for all
                    kept[field] = torch.empty_like(parameter).copy_(value)
    for name in net.stream_names:
        stream, kept = getattr(net, name), tensors[name].to(torch.uint8)
        if kept.numel() == stream.get_state().numel():
            stream.set_state(kept)
        else:  # another device's, whose streams are of another kind: one that begins anew from it
            stream.manual_seed(zlib.crc32(kept.cpu().numpy().tobytes()))
