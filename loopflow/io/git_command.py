"""How git is run.

Git runs through GitPython's command runner with explicit argument lists, bytes in and out. GitPython's own `Repo`,
index and diff objects are not used: they fail on paths that are not UTF-8, ignore `GIT_INDEX_FILE` and run programs
that a repository configures. A repository is not trusted, so each call switches off what could run a program, fetch,
replace objects or take a lock (`_SWITCHED_OFF`, `_ENVIRONMENT`; see git(1) and git-config(1)).
"""

import errno
import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from loopflow.analysis.names import escape_name
from loopflow.errors import GitError, describe_os_error

if TYPE_CHECKING:
    import git.cmd

OLDEST_GIT = (2, 39)

_SWITCHED_OFF = (
    "--no-optional-locks",
    "--no-pager",
    "-c",
    "core.fsmonitor=false",
    "-c",
    "core.hooksPath=/dev/null",
    "-c",
    "safe.bareRepository=explicit",
)
_ENVIRONMENT = {
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What git said; `errors` is its standard error."""

    status: int
    output: bytes
    errors: str

    @property
    def complaint(self) -> str:
        """The line of the errors that says most, escaped, or "" if there is none.

        Git can print errors and end with 0 all the same; anything may be printed before the line that matters.
        """
        lines = self.errors.splitlines()
        for kind in ("fatal: ", "error: "):
            for line in lines:
                if line.startswith(kind):
                    return escape_name(line.removeprefix(kind))
        return escape_name(lines[0]) if lines and self.status else ""

    @property
    def line(self) -> str:
        """The output as one line."""
        return decode_path(self.output.removesuffix(b"\n"))


class GitCommand:
    """The installed git. Nothing runs before the first question; the first one makes sure that git is new enough."""

    def run(self, arguments: Sequence[str], environment: Mapping[str, str] | None = None) -> Answer:
        """Run git to its end. Raises GitError where there is none, one that is too old, or too much to tell it."""
        try:
            status, output, complaint = self._runner.execute(
                ["git", *_SWITCHED_OFF, *arguments],
                env=_ENVIRONMENT | dict(environment or {}),
                with_extended_output=True,
                with_exceptions=False,
                stdout_as_string=False,
                strip_newline_in_stdout=False,
            )
        except OSError as error:
            if error.errno != errno.E2BIG:
                raise
            what = f"git cannot be started: {describe_os_error(error)}"
            hint = "shorten the names of filters in git's configuration, which are all switched off, or the environment"
            raise GitError(what, hint) from error
        return Answer(status, output, complaint)

    def start(self, arguments: Sequence[str], environment: Mapping[str, str] | None = None) -> "git.cmd._AutoInterrupt":
        """Start git with pipes to its input and from its output."""
        return self._runner.execute(
            ["git", *_SWITCHED_OFF, *arguments],
            env=_ENVIRONMENT | dict(environment or {}),
            istream=subprocess.PIPE,  # GitPython hands it to Popen
            as_process=True,
        )

    @cached_property
    def _runner(self) -> "git.cmd.Git":
        # GitPython looks for git when it is imported, and raises when there is none unless it is told to be quiet.
        os.environ["GIT_PYTHON_REFRESH"] = "quiet"
        from git.cmd import Git as Runner  # noqa: PLC0415  (0.06 s, and two processes)
        from git.exc import GitCommandError, GitCommandNotFound  # noqa: PLC0415

        runner = Runner()
        try:
            found = runner.execute(["git", "version"], env=_ENVIRONMENT)
        except GitCommandNotFound as error:
            raise GitError("git is not installed, or not on the PATH", "install git 2.39 or newer") from error
        except (GitCommandError, OSError) as error:  # such as what stands in for git where developer tools are missing
            raise GitError("git is installed and does not run", "see what 'git version' says") from error
        _require_version(str(found))
        return runner


def decode_path(raw: bytes) -> str:
    """Return a path as text that carries every byte."""
    return raw.decode("utf-8", "surrogateescape")


def _require_version(found: str) -> None:
    numbers = re.search(r"\d+(?:\.\d+)+", found)
    if not numbers or tuple(map(int, numbers[0].split("."))) < OLDEST_GIT:
        oldest = ".".join(map(str, OLDEST_GIT))
        raise GitError(f"this git is too old: {escape_name(found)}", f"install git {oldest} or newer")
