"""Every `marrowmap` command line printed in the documents is one that the program takes."""

import re
import shlex
from pathlib import Path

import pytest
import typer

from marrowmap.cli.main import cli

DOCS = Path(__file__).parents[2] / "docs"
LINE = re.compile(r"^(?:\$ )?(marrowmap .+)$", re.MULTILINE)
INLINE = re.compile(r"`(marrowmap [^`\n]+)`")


def lines_of(path):
    text = path.read_text(encoding="utf-8")
    blocks = "\n".join(re.findall(r"^```[a-z]*\n(.*?)^```", text, re.DOTALL | re.MULTILINE))
    return [*LINE.findall(blocks), *INLINE.findall(text)]


COMMANDS = [(p, line) for p in sorted(DOCS.rglob("*.md")) for line in lines_of(p)]


def taken(line):
    """The command that the line names; every option of the line must be one of its own."""
    words = shlex.split(line.split(" > ")[0].split("#")[0], posix=True)[1:]
    here = typer.main.get_command(cli)
    while hasattr(here, "commands") and words and words[0] in here.commands:
        here = here.commands[words.pop(0)]
    if hasattr(here, "commands"):
        # A group by itself is a fair thing to name; a word after it is a command that is not there.
        assert not words or words[0].startswith("-"), f"{words[0]} is no command of {here.name}"
    known = {o for p in here.params for o in (*p.opts, *p.secondary_opts)} | {"--help", "--version"}
    for word in words:
        if re.match(r"--[a-z]", word):
            assert word.split("=")[0] in known, f"{word} is no option of {here.name}"
    return here


def test_the_documents_name_commands():
    assert len(COMMANDS) > 25
    assert any("registry study consensus" in line for _, line in COMMANDS)


@pytest.mark.parametrize(
    ("path", "line"), COMMANDS, ids=[f"{p.stem}-{n}" for n, (p, _) in enumerate(COMMANDS)]
)
def test_the_program_takes_it(path, line):
    taken(line.replace("[", " ").replace("]", " ").replace("…", " ").replace("...", " "))


@pytest.mark.parametrize(
    "line", ["marrowmap cohort draw", "marrowmap cohort tables --in x", "marrowmap redo"]
)
def test_what_is_not_there_is_seen(line):
    with pytest.raises(AssertionError, match=r"no command|no option"):
        taken(line)
