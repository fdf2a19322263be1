"""How a command ends: one line for a mistake, and an exit code that scripts can read."""

import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import typer

__all__ = ["FAILED", "INTERRUPTED", "MISTAKE", "Mistake", "one_line", "say"]

FAILED, MISTAKE, INTERRUPTED, BROKEN_PIPE = 1, 2, 130, 141  # the last two as shells count signals 2 and 13


class Mistake(Exception):
    """A mistake of the person who typed the command; its text is all that they see."""


def say(message: str) -> None:
    """Write a line for the person: on the standard error, so that the standard output holds results alone."""
    typer.echo(message, err=True)


@contextmanager
def one_line() -> Iterator[None]:
    """A context that ends the program with one line and an exit code instead of a traceback.

    Warnings are one line each. FDGM_TRACEBACK=1 in the environment shows the traceback.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what only authors of code can mend
            warnings.simplefilter("default", UserWarning)
            warnings.showwarning = lambda message, *_, **__: say(f"fdgm: warning: {' '.join(str(message).split())}")
            yield
        sys.stdout.flush()  # a full disk or a closed pipe is noticed here, not at the interpreter's exit
    except typer.Exit:
        raise
    except KeyboardInterrupt:
        say("fdgm: interrupted; nothing was written")
        raise typer.Exit(INTERRUPTED) from None
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(BROKEN_PIPE) from None
    except Exception as error:
        if os.environ.get("FDGM_TRACEBACK"):
            raise
        code, text = _code_and_text(error)
        if isinstance(error, OSError):  # what is left in the buffer would fail again
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        say(f"fdgm: {text}")
        raise typer.Exit(code) from None


def _code_and_text(error: Exception) -> tuple[int, str]:
    first = " ".join(str(error).split()) or type(error).__name__
    if isinstance(error, (Mistake, ValueError, TypeError, ImportError)):
        return MISTAKE, first
    if isinstance(error, (FileNotFoundError, IsADirectoryError, PermissionError)) and error.filename is not None:
        return MISTAKE, f"{os.fspath(error.filename)}: {error.strerror or first}"
    if isinstance(error, MemoryError):
        return FAILED, f"out of memory: {first}"
    if isinstance(error, OSError):
        return FAILED, first
    return FAILED, f"{type(error).__name__}: {first} (FDGM_TRACEBACK=1 shows where)"
