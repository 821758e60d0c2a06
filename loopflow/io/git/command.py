"""How git is run: directly, with explicit argument lists, bytes in and out.

A repository is not trusted, so each call switches off what could run a program, fetch, replace objects or take a lock
(`_SWITCHED_OFF`, `_ENVIRONMENT`; see git(1) and git-config(1)). The environment and the directory are parameters:
nothing of the process is read, and nothing in it is changed.
"""

import errno
import os
import re
import subprocess
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from selectors import EVENT_READ, DefaultSelector
from typing import NamedTuple

from loopflow.analysis.names import escape_name
from loopflow.errors import GitError, describe_os_error
from loopflow.model import Surroundings

OLDEST_GIT = (2, 39)
_PIECE_BYTES = 100_000
_SHOWN = 80
"""How many characters are shown of what git says that it is."""

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
_HOLDS_FOR_PATHS = frozenset(
    {"GIT_LITERAL_PATHSPECS", "GIT_GLOB_PATHSPECS", "GIT_NOGLOB_PATHSPECS", "GIT_ICASE_PATHSPECS", "GIT_ATTR_SOURCE"}
)
"""How somebody reads the paths of their own command, and the attributes of those, which git hands on to hooks. Ours are
about ours."""
_ENVIRONMENT = {
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}


class Answer(NamedTuple):
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
    """The installed git, in the surroundings of a run. The first question makes sure that it is new enough."""

    def __init__(self, surroundings: Surroundings) -> None:
        self.surroundings = surroundings
        self._is_checked = False

    def run(
        self,
        arguments: Sequence[str],
        environment: Mapping[str, str] | None = None,
        given: bytes | None = None,
        *,
        quiet: bool = False,
    ) -> Answer:
        """Run git to its end, with what is `given` on its input; `quiet` loses what it complains of.

        Raises GitError where there is none, one that is too old, or too much to tell it.
        """
        stdin = subprocess.DEVNULL if given is None else subprocess.PIPE
        stderr = subprocess.DEVNULL if quiet else subprocess.PIPE
        start = partial(self._start, [*_SWITCHED_OFF, *arguments], environment, stdin=stdin, stderr=stderr)
        return self._beside_version(lambda: self._finish(start(), given))

    def stream(
        self, arguments: Sequence[str], environment: Mapping[str, str] | None, take: Callable[[bytes], None]
    ) -> Answer:
        """Run git to its end and have its output taken piece by piece, so that the answer holds none of it.

        Raises GitError as `run` does.
        """
        start = partial(self._start, [*_SWITCHED_OFF, *arguments], environment)
        return self._beside_version(lambda: self._take(start(), take))

    def _beside_version(self, ask: Callable[[], Answer]) -> Answer:
        if self._is_checked:
            return ask()
        asked = self._start(["version"])  # beside the first question, which a git that is too old does not harm
        try:
            answer = ask()
        finally:
            version = self._finish(asked)
        _require_version(version)
        self._is_checked = True
        return answer

    def start(self, arguments: Sequence[str], environment: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
        """Start git with pipes to its input and from its output; what it complains of is lost."""
        return self._start([*_SWITCHED_OFF, *arguments], environment, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)

    def _start(
        self,
        arguments: Sequence[str],
        environment: Mapping[str, str] | None = None,
        *,
        stdin: int = subprocess.DEVNULL,
        stderr: int = subprocess.PIPE,
    ) -> subprocess.Popen[bytes]:
        inherited = {name: value for name, value in self.surroundings.environ.items() if name not in _HOLDS_FOR_PATHS}
        environ = {**inherited, **_ENVIRONMENT, **(environment or {})}
        command = [_find_program(environ), *arguments]
        try:
            return subprocess.Popen(
                command, cwd=self.surroundings.here, env=environ, stdin=stdin, stdout=subprocess.PIPE, stderr=stderr
            )
        except OSError as error:
            if error.filename == self.surroundings.here:
                raise _cannot_enter(self.surroundings.here, error) from error
            raise _cannot_start(error) from error

    def _finish(self, process: subprocess.Popen[bytes], given: bytes | None = None) -> Answer:
        try:
            output, errors = process.communicate(given)
        except BaseException:
            process.kill()
            process.wait()
            raise
        return Answer(process.returncode, output, decode_path(errors or b""))

    @staticmethod
    def _take(process: subprocess.Popen[bytes], take: Callable[[bytes], None]) -> Answer:
        output, complaints = process.stdout, process.stderr
        assert output is not None and complaints is not None  # noqa: S101, PT018  both are pipes
        errors = bytearray()
        with process:
            try:
                with DefaultSelector() as waiting:  # both at once: a pipe that is full would stop git
                    waiting.register(output, EVENT_READ, take)
                    waiting.register(complaints, EVENT_READ, errors.extend)
                    while waiting.get_map():
                        for key, _ in waiting.select():
                            if piece := os.read(key.fd, _PIECE_BYTES):
                                key.data(piece)
                            else:
                                waiting.unregister(key.fileobj)
            except BaseException:
                process.kill()
                raise
        return Answer(process.returncode, b"", decode_path(bytes(errors)))


def _find_program(environ: Mapping[str, str]) -> str:
    """Return what to start. Windows would look into the current directory first, where anything may be called git."""
    if os.name != "nt":
        return "git"
    directories = [each for each in environ.get("PATH", "").split(os.pathsep) if os.path.isabs(each)]
    found = next(filter(os.path.isfile, (os.path.join(directory, "git.exe") for directory in directories)), None)
    if found is None:
        raise _not_installed()
    return found


def _cannot_start(error: OSError) -> Exception:
    if isinstance(error, FileNotFoundError | PermissionError):
        return _not_installed()
    if error.errno == errno.E2BIG:
        what = f"git cannot be started: {describe_os_error(error)}"
        hint = "shorten the names of filters in git's configuration, which are all switched off, or the environment"
        return GitError(what, hint)
    if error.errno == errno.ENOEXEC:
        return _does_not_run()
    return error  # such as too little memory


def _cannot_enter(here: str, error: OSError) -> GitError:
    what = f"git cannot be started in {escape_name(here)}: {describe_os_error(error)}"
    return GitError(what, "change to a directory that you may enter")


def _not_installed() -> GitError:
    return GitError("git is not installed, or not on the PATH", "install git 2.39 or newer")


def _does_not_run() -> GitError:
    return GitError("git is installed and does not run", "see what 'git version' says")


def decode_path(raw: bytes) -> str:
    """Return a path as text that carries every byte."""
    return raw.decode("utf-8", "surrogateescape")


def _require_version(answer: Answer) -> None:
    if answer.status:  # such as what stands in for git where developer tools are missing
        raise _does_not_run()
    numbers = re.search(r"\d+(?:\.\d+)+", answer.line)
    if not numbers or tuple(map(int, numbers[0].split("."))) < OLDEST_GIT:
        oldest = ".".join(map(str, OLDEST_GIT))
        raise GitError(f"this git is too old: {escape_name(answer.line[:_SHOWN])}", f"install git {oldest} or newer")
