"""The command as a function: what it knows of the process is given, so that several can run at once."""

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NoReturn

import pytest

import tests.support.run
from loopflow.cli.code_context import code_context
from tests.support.builder import Repo
from tests.support.run import environment, run, run_process

CONFIG = "[budget]\ntotal = 1000\n"


class Poison(Mapping[str, str]):
    """An environment that nobody may look at."""

    def __getitem__(self, key: str) -> NoReturn:
        raise AssertionError(key)

    def __iter__(self) -> Iterator[str]:
        raise AssertionError("iterated")

    def __len__(self) -> int:
        raise AssertionError("measured")

    def get(self, key: str, default: object = None) -> None:  # type: ignore[override]
        """Return nothing for what gettext, which click asks for every text, looks up."""
        assert (key, default) in {(name, None) for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")}, key

    def __getattr__(self, name: str) -> NoReturn:
        raise AssertionError(name)


def refuse(*_: object) -> NoReturn:
    raise AssertionError("the process was looked at")


COMMANDS = {
    "profile": ["--profile", "--against", "HEAD", "--files"],
    "context": ["--raw"],
    "check": ["--profile", "--staged", "--check"],
    "save-baseline": ["--profile", "--save-baseline"],
    "init": ["--init"],
    "show-config": ["--show-config"],
    "help": ["--help"],
    "version": ["--version"],
    "mistake": ["--nothing"],
}


@pytest.mark.parametrize("what", COMMANDS)
def test_nothing_of_the_process_is_read_or_changed(what: str, repo: Repo, tmp_path: Path) -> None:
    """Where environment, directory and streams of the process are poisoned, a run does what it does elsewhere."""
    repo.track({"a.py": "x = 1\n"} | ({} if what == "init" else {"loopflow.toml": CONFIG})).commit()
    given = environment()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path)
        patch.setattr(tests.support.run, "environment", lambda _: given)
        patch.setattr(os, "environ", Poison())
        patch.setattr(os, "getcwd", refuse)
        for name in ("stdin", "stdout", "stderr"):
            patch.setattr(sys, name, Poison())
        result = run(*COMMANDS[what], cwd=repo.root)
        patch.undo()
    assert result.code == (2 if what == "mistake" else 0), result.err
    assert environment() == given
    if what not in {"init", "save-baseline"}:
        assert result == run_process(*COMMANDS[what], cwd=repo.root)


def test_two_runs_at_once_do_not_disturb_each_other(make_repo: Callable[[str], Repo]) -> None:
    """On two threads, in two repositories with different environments, each run prints what it prints alone."""
    ways = []
    for name, encoding, columns in (("one", "o200k_base", "60"), ("other", "cl100k_base", "100")):
        made = make_repo(name).track({f"{name}{at}.py": f"{name} = {at}\n" * 50 for at in range(20)})
        ways.append((made.root, {"LOOPFLOW_ENCODING": encoding, "COLUMNS": columns}))
    commands = [("--profile", "--no-cache", "--files"), ("--raw", "--staged"), ("--help",)]
    asked = [(command, *way) for _ in range(4) for command in commands for way in ways]
    alone = {(command, root): run(*command, cwd=root, env=env) for command, root, env in asked}
    assert len({result.out for result in alone.values()}) == len(alone)
    with ThreadPoolExecutor(2) as threads:
        together = list(threads.map(lambda each: run(*each[0], cwd=each[1], env=each[2]), asked))
    assert together == [alone[command, root] for command, root, _ in asked]


SMOKE: dict[str, tuple[str, ...]] = {
    "--extension": ("-e", "py"),
    "--include": ("--include", "*.py"),
    "--exclude": ("--exclude", "*.md"),
    "--untracked": ("-u",),
    "--changed": ("--changed", "--against", "HEAD"),
    "--readmes": ("--readmes",),
    "--staged": ("--staged",),
    "--rev": ("--rev", "HEAD"),
    "--stdin": ("--show-config", "--stdin"),
    "--null": ("--show-config", "--stdin", "-0"),
    "--profile": ("--profile",),
    "--encoding": ("--profile", "--encoding", "cl100k_base"),
    "--jobs": ("--profile", "--jobs", "1"),
    "--no-cache": ("--profile", "--no-cache"),
    "--against": ("--profile", "--against", "HEAD"),
    "--pushed": ("--profile", "--pushed"),
    "--baseline": ("--profile", "--baseline"),
    "--save-baseline": ("--profile", "--save-baseline"),
    "--baseline-file": ("--profile", "--save-baseline", "--baseline-file", "other.json"),
    "--check": ("--profile", "--check"),
    "--config": ("--profile", "--config", "loopflow.toml"),
    "--cuts": ("--profile", "--cuts"),
    "--window": ("--profile", "--window", "1k"),
    "--fit": ("--fit", "1k"),
    "--reserve": ("--fit", "1k", "--reserve", "5%"),
    "--keep": ("--fit", "1k", "--keep", "*.py"),
    "--format": ("--profile", "--format", "json"),
    "--output": ("-o", "out"),
    "--report": ("--profile", "--report", "csv:out.csv"),
    "--depth": ("--profile", "--depth", "1"),
    "--files": ("--profile", "--files"),
    "--top": ("--profile", "--top", "1"),
    "--raw": ("--raw",),
    "--line-numbers": ("--line-numbers",),
    "--tree": ("--tree",),
    "--diff": ("--diff", "--rev", "HEAD"),
    "--copy": ("--copy",),
    "--color": ("--profile", "--color", "always"),
    "--quiet": ("--quiet",),
    "--verbose": ("--verbose",),
    "--init": ("--init",),
    "--show-config": ("--show-config",),
    "--version": ("--version",),
    "--help": ("--help",),
}


@pytest.mark.parametrize("option", SMOKE)
def test_each_option_works_in_a_process(option: str, repo: Repo) -> None:
    """Started as users start it, the command takes each option, without a traceback."""
    repo.track(
        {"a.py": "x = 1\n", "b.md": "text\n"} | ({} if option == "--init" else {"loopflow.toml": CONFIG})
    ).commit()
    if option == "--baseline":
        assert run("--profile", "--save-baseline", cwd=repo.root).code == 0
    surroundings = {"DISPLAY": "", "WAYLAND_DISPLAY": ""}
    result = run_process(*SMOKE[option], cwd=repo.root, env=surroundings, stdin=b"a.py")
    assert result.code == (2 if option == "--copy" else 0), result.err
    assert "Traceback" not in result.err


def test_each_option_is_tried_in_a_process() -> None:
    """An option that is added to the command comes with a run of the table above."""
    options = [each for each in code_context.params if each.param_type_name == "option"]
    assert [each.opts for each in options if not {*each.opts} & {*SMOKE}] == []
