"""A command whose first word may name another."""

from pathlib import Path

import click
import pytest

from loopflow.cli.words import WordedCommand
from tests.support.run import run

WORDED = WordedCommand(
    "worded",
    words={"count": "loopflow.cli.count:count"},
    sections={},
    examples="",
    params=[click.Argument(["file"]), click.Option(["--help"], is_flag=True)],
)


def test_a_word_names_another_command_with_its_own_options(tmp_path: Path) -> None:
    done = run("count", "-", cwd=tmp_path, stdin=b"one two three", command=WORDED)
    assert (done.code, done.out.strip()) == (0, "3")


@pytest.mark.parametrize("name", ["./count", "counts", "-"])
def test_anything_else_is_an_argument_of_the_command_itself(name: str) -> None:
    assert WORDED.make_context("worded", [name]).params["file"] == name


def test_the_words_stand_in_the_help() -> None:
    context = click.Context(WORDED)
    assert "Commands:\n  count " in WORDED.get_help(context)
    assert WORDED.make_context("loopflow worded", ["count", "-"]).command_path == "loopflow worded count"
