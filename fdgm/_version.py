"""The version, written here and nowhere else: a distribution's metadata could claim another."""

__all__ = ["VERSION", "version"]

VERSION = "0.1.0"


def version() -> str:
    """The version of the code that runs, whatever the installed metadata say."""
    return VERSION
