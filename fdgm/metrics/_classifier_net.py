"""The convolutional classifier of MNIST and Fashion-MNIST."""

from torch import Tensor, nn
from torch.nn.functional import interpolate

__all__ = ["ImageClassifier", "to_size"]

_SIDE = 28


def to_size(images: Tensor) -> Tensor:
    """Images (n, 1, H, W), resized to the classifier's size: bilinearly, with averaging if they shrink."""
    if images.shape[2:] == (_SIDE, _SIDE):
        return images
    smaller = max(images.shape[2:]) > _SIDE
    return interpolate(images, (_SIDE, _SIDE), mode="bilinear", align_corners=False, antialias=smaller)


class ImageClassifier(nn.Module):
    """Four 3 × 3 convolutions with batch norm, an average over pixels, and a linear layer.

    Parameters
    ----------
    n_classes : int, default=10
    n_features : int, default=128
    """

    def __init__(self, n_classes: int = 10, n_features: int = 128) -> None:
        super().__init__()
        self.body = nn.Sequential(
            *_convolution(1, 32),
            nn.MaxPool2d(2),  # 14 x 14
            *_convolution(32, 64),
            nn.MaxPool2d(2),  # 7 x 7
            *_convolution(64, n_features),
            *_convolution(n_features, n_features),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
        )
        self.last = nn.Linear(n_features, n_classes)

    def features(self, images: Tensor) -> Tensor:
        """Features (n, n_features) of images (n, 1, 28, 28) in [−1, 1]."""
        return self.body(images)

    def forward(self, images: Tensor) -> Tensor:
        """Logits (n, n_classes)."""
        return self.last(self.features(images))


def _convolution(channels: int, out: int) -> list[nn.Module]:
    return [nn.Conv2d(channels, out, 3, padding=1, bias=False), nn.BatchNorm2d(out), nn.ReLU()]
