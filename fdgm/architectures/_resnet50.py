"""ResNet-50 from torchvision as the body of an encoder."""

import torch
from torch import nn

__all__ = ["resnet50"]


def resnet50(owner: str, channels: int) -> tuple[nn.Module, int]:
    """Untrained convolutions and global average of ResNet-50, and the number of its features.

    Raises
    ------
    ImportError
        If torchvision is not installed, or was not built for this torch.
    """
    try:
        from torchvision.models import resnet50 as make
    except (ImportError, RuntimeError) as error:  # torchvision raises RuntimeError beside a torch it was not built for
        raise ImportError(
            f"backbone='resnet50' of {owner} needs the torchvision that matches torch {torch.__version__}: install the"
            f" extra fdgm[images], or take backbone='small'. Importing it gave {type(error).__name__}: {error}."
        ) from error
    net = make(weights=None)
    size = net.fc.in_features
    net.fc = nn.Identity()
    if channels != 3:
        net.conv1 = nn.Conv2d(channels, net.conv1.out_channels, 7, stride=2, padding=3, bias=False)
    return net, size
