"""Which fdgm this is: written here alone, since any distribution may call itself fdgm."""

__all__ = ["VERSION", "version"]

VERSION = "0.1.0"


def version() -> str:
    """The version of the code that runs, whatever is installed under the name."""
    return VERSION
