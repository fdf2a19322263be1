"""Multilayer perceptrons over random Fourier features."""

from fdgm import hookimpl

from ._fourier import FourierFeatures, FourierMLP

__all__ = ["FourierFeatures", "FourierMLP"]


@hookimpl
def fdgm_architectures() -> dict[str, type]:
    return {"fourier_mlp": FourierMLP}
