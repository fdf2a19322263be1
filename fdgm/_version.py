"""Which fdgm this is."""

from importlib import metadata

__all__ = ["version"]


def version() -> str:
    """The installed version, or "unknown" where fdgm runs from a folder that nothing was installed from."""
    try:
        return metadata.version("fdgm")
    except metadata.PackageNotFoundError:
        return "unknown"
