"""docs/plugins.md, step by step, in a fresh environment: its files, its commands, and what they print."""

import re
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "plugins.md").read_text()
BLOCKS = re.findall(r"(?:^`([^`\n]+)`\n\n)?^```(\w+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def words(line):
    return " ".join(line.split())


@pytest.fixture(scope="module")
def steps(new_environment):
    """Every block of output, with what the commands before it printed."""
    environment = new_environment()
    folder, printed, outputs = environment.work, "", []
    for name, language, text in BLOCKS:
        if name:
            (folder / name).write_text(text)
        elif language == "bash":
            done = environment.run("bash", "-euc", f"{text}\npwd", cwd=folder)
            printed, _, end = done.rstrip("\n").rpartition("\n")
            folder = Path(end)
        elif language == "text":
            outputs.append((text, printed))
    return outputs


def test_every_block_is_a_file_a_command_or_its_output():
    assert all(name or language in ("bash", "text") for name, language, _ in BLOCKS)
    assert [name for name, _, _ in BLOCKS if name] == [
        "pyproject.toml",
        "fdgm_mine.py",
        "test_mine.py",
        "use.py",
        "wrong.py",
    ]


@pytest.mark.slow
def test_commands_print_what_the_page_says(steps):
    assert len(steps) == 4
    for expected, printed in steps:
        lines = [words(line) for line in printed.splitlines()]
        for line in expected.splitlines():
            assert any(found.startswith(words(line)) for found in lines), (line, printed)
