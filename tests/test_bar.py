"""The progress bar: at once, at a terminal after ten seconds, or never."""

import io
import time
from contextlib import redirect_stderr

import pytest
from joblib import Parallel, delayed

from fdgm._bar import Bar, when_shown


class Terminal(io.StringIO):
    def isatty(self):
        return True


def at_a_terminal():
    """In a test's body: pytest's own stream takes the place of what a fixture sets."""
    return redirect_stderr(Terminal())


def test_auto_is_silent_where_nobody_watches():
    with redirect_stderr(io.StringIO()) as stream, Bar("fit", "auto") as bar:
        bar.bar.delay = 0
        bar.at(0.5, "half")
        assert not when_shown(1)["disable"]
    assert stream.getvalue() == ""


def test_auto_is_silent_at_a_terminal_for_ten_seconds():
    with at_a_terminal() as terminal, Bar("fit", "auto") as bar:
        bar.at(0.5, "half")
    assert terminal.getvalue() == ""


def test_auto_shows_the_time_left_afterwards():
    with at_a_terminal() as terminal, Bar("fit", "auto") as bar:
        bar.bar.delay = 0  # as if they had passed
        time.sleep(0.2)  # tqdm writes every tenth of a second
        bar.at(0.5, "half")
    assert "left, half" in terminal.getvalue()


def test_auto_shows_one_bar_of_those_that_are_nested():
    with at_a_terminal():
        with Bar("outer", 1):
            assert when_shown("auto")["disable"]
            assert not when_shown(1)["disable"]
        assert not when_shown("auto")["disable"]


def test_auto_is_silent_in_workers():
    with at_a_terminal():
        silent = Parallel(n_jobs=2, prefer="threads")(delayed(when_shown)("auto") for _ in range(2))
        assert not when_shown("auto")["disable"]
    assert [shown["disable"] for shown in silent] == [True, True]


@pytest.mark.parametrize("stream", ["none", "closed"])
def test_work_goes_on_without_a_stream(stream):
    closed = Terminal()
    closed.close()
    with redirect_stderr(None if stream == "none" else closed):
        with Bar("fit", 1) as bar:
            bar.at(0.5, "half")
        assert when_shown(1) == {"disable": True}


def test_work_goes_on_when_the_stream_closes():
    with at_a_terminal() as terminal, Bar("fit", 1) as bar:
        terminal.close()
        time.sleep(0.2)  # so that tqdm writes
        bar.at(0.5, "half")  # must not raise
        bar.at(1.0, "whole")
    assert terminal.closed
