"""The command line: thin over Python, one file for each command."""

from ._app import app

__all__ = ["app"]
