"""What the pages say is true of the program: commands print what they say, are understood, and lists are complete."""

import os
import re
import runpy
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import tiktoken.model

from loopflow.cli.code_context import code_context
from loopflow.cli.logs import logs
from loopflow.cli.memory import memory
from loopflow.cli.requests import read_options
from loopflow.cli.usage import usage
from loopflow.config.resolve import resolve
from loopflow.config.sections import read_section
from loopflow.console.command import Answered
from loopflow.model import CutReason, Reason
from loopflow.render.formats import FORMATS
from loopflow.tokens.encodings import VOCABULARY_DIGESTS

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
RUNNER = runpy.run_path(str(DOCS / "run_tutorial.py"))
TUTORIAL = DOCS / "tutorial.md"  # has a test of its own
WITH_COMMANDS = [page for page in RUNNER["find_pages"]() if page != TUTORIAL]
ALL = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(DOCS.rglob("*.md"))]
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_ENDS = {"|", ">", ">>", "&&", "||", ";"}


def _blocks(page: Path, *languages: str) -> Iterator[str]:
    for language, block in _BLOCK.findall(page.read_text("utf-8")):
        if language in languages:
            yield block


def _commands(page: Path, name: str) -> Iterator[list[str]]:
    """Yield the arguments of each command `name` in the blocks of a page, up to a pipe or the end of the command."""
    words = name.split()
    for block in _blocks(page, "sh", "console"):
        for line in block.replace("\\\n", " ").splitlines():
            if f"{name} " in line and not line.startswith(("#", ">")):
                yield from _find(words, _split(line.removeprefix("$ ")))


def _split(line: str) -> list[str]:
    reader = shlex.shlex(line, posix=True, punctuation_chars=True)
    reader.whitespace_split = True
    return list(reader)


def _find(name: list[str], words: list[str]) -> Iterator[list[str]]:
    """Yield the arguments of each command that begins with `name`, at the beginning of a line or after a pipe."""
    ends = [place for place, word in enumerate(words) if word in _ENDS]
    for begin, end in zip([0, *(place + 1 for place in ends)], [*ends, len(words)], strict=True):
        if words[begin : begin + len(name)] == name:
            yield words[begin + len(name) : end]


@pytest.mark.parametrize("page", WITH_COMMANDS, ids=lambda page: page.name)
def test_the_commands_print_what_the_page_says(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where this fails, `python docs/run_tutorial.py` renews the page; read what changed."""
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    text = page.read_text("utf-8")
    assert RUNNER["run"](text, tmp_path) == text


def test_pages_with_commands_are_found() -> None:
    """The test above runs something."""
    assert {"set-budgets.md", "old-debt.md", "monorepo.md", "rename-a-directory.md"} <= {
        page.name for page in WITH_COMMANDS
    }


def test_every_command_is_understood() -> None:
    """No page names an option that is not there, or options that do not go together."""
    commands = [(page.name, arguments) for page in ALL for arguments in _commands(page, "code-context")]
    assert len(commands) > 50
    for page, arguments in commands:
        try:
            with code_context.make_context("code-context", list(arguments), obj={}) as context:
                read_options(context.params, {}, "/", lambda: b"a\0" if context.params["null"] else b"a\n")
        except Answered:
            continue
        except Exception as error:
            error.add_note(f"{page}: {' '.join(arguments)}")
            raise


def test_every_command_for_logs_is_understood() -> None:
    """No page names an option of `loopflow logs` that is not there."""
    commands = [(page.name, arguments) for page in ALL for arguments in _commands(page, "loopflow logs")]
    assert len(commands) > 15
    for page, arguments in commands:
        try:
            _read(logs, arguments)
        except Exception as error:
            error.add_note(f"{page}: {' '.join(arguments)}")
            raise


@pytest.mark.parametrize("command", [usage, memory], ids=["usage", "memory"])
def test_every_command_of_a_group_is_understood(command: click.Command) -> None:
    """No page names an option of `loopflow usage` or `loopflow memory` that is not there."""
    found = [(page.name, arguments) for page in ALL for arguments in _commands(page, f"loopflow {command.name}")]
    commands = [(page, arguments) for page, arguments in found if not arguments[0].endswith(":")]  # what is printed
    assert len(commands) > 5
    for page, arguments in commands:
        try:
            _read(command, arguments)
        except Exception as error:
            error.add_note(f"{page}: {' '.join(arguments)}")
            raise


def _read(command: click.Command, arguments: list[str]) -> None:
    """Read arguments, those of a subcommand too. Raises what is wrong with them."""
    with command.make_context("loopflow logs", list(arguments)) as context:
        if isinstance(command, click.Group):
            name, *rest = [*context._protected_args, *context.args]  # noqa: SLF001  as click hands them on
            chosen = command.get_command(context, name)
            assert chosen is not None, name
            _read(chosen, rest)


def test_every_config_is_valid() -> None:
    """What a page shows of a config file could be pasted into one."""
    blocks = [block for page in ALL for block in _blocks(page, "toml")]
    assert len(blocks) > 3
    for block in blocks:
        config = resolve({"loopflow.toml": block.encode()}, {}, {})
        assert config.file == "loopflow.toml", block
        read_section(config.sections, "logs")
        read_section(config.sections, "usage")
        read_section(config.sections, "memory")


def test_models_have_the_encodings_that_the_page_names() -> None:
    """The table says what tiktoken says, and of every encoding there is."""
    rows = re.findall(
        r"^\| `(\w+_base)` \| (.*) \|$", (DOCS / "how-to/other-models.md").read_text("utf-8"), re.MULTILINE
    )
    assert {encoding for encoding, _ in rows} == set(VOCABULARY_DIGESTS)
    for encoding, models in rows:
        named = re.findall(r"`([^`]+)`", models)
        assert [tiktoken.model.encoding_name_for_model(model) for model in named] == [encoding] * len(named)


def test_every_reason_to_skip_is_explained() -> None:
    """The table of reasons has all there are, and no other."""
    page = (DOCS / "explanation/selection.md").read_text("utf-8")
    rows = "".join(re.findall(r"^\|(.*?)\|", page, re.MULTILINE))
    assert set(re.findall(r"`(\w+)`", rows)) == {reason.value for reason in Reason}


def test_every_reason_to_cut_is_explained() -> None:
    """The table of evidence has all reasons there are."""
    page = (DOCS / "how-to/find-what-to-cut.md").read_text("utf-8")
    first = ", ".join(re.findall(r"^\| (.*?) \|", page, re.MULTILINE)).split(", ")
    assert {reason.value for reason in CutReason} == set(first) - {"reason"}


def test_every_format_has_a_section() -> None:
    """Nothing that --format takes is undescribed."""
    page = (DOCS / "reference/formats.md").read_text("utf-8")
    assert [name for name in FORMATS if f"\n## {name}\n" not in page] == []
    assert [name for name in FORMATS if f"[{name}](#{name})" not in page] == []
