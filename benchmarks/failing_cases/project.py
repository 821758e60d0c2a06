"""What a case is, and the temporary project in which its tools run.

A case writes a small project, runs the real tools in it, and returns the facts of its failure. The line of a fact is
never written down: it is found again by a piece of its source, so that sources can be changed freely.
"""

import os
import pty
import subprocess
import textwrap
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

REAL = "real output"
STAMPED = "real output; stamps before the lines written as documented"
DOCUMENTED = "format: written as documented, around real messages"

LONGEST = 400
# What would change the output of a tool from outside.
UNWANTED = (
    "NO_COLOR",
    "FORCE_COLOR",
    "PYTEST_ADDOPTS",
    "PYTHONDONTWRITEBYTECODE",
    "PYTHONPATH",
    "VIRTUAL_ENV",
    "GITHUB_ACTIONS",
)


class Fact(NamedTuple):
    """One failure: where it is (`at` is a piece of the line at fault), what was said, and words to be found again."""

    message: str
    file: str | None = None
    at: str | None = None
    test: str | None = None
    words: tuple[str, ...] = ()


class Tool(NamedTuple):
    """A program that cases run: how it tells its version, and what installs it."""

    name: str
    version: tuple[str, ...]
    client: str = ""
    packages: tuple[str, ...] = ()
    files: tuple[str, ...] = ()


class Case(NamedTuple):
    """A named way to fail."""

    name: str
    tools: tuple[Tool, ...]
    make: Callable[["Project"], Sequence[Fact]]
    form: str

    @property
    def about(self) -> str:
        """What the case shows, in one line."""
        return (self.make.__doc__ or "").strip()


Maker = Callable[["Project"], Sequence[Fact]]


class Cases(list[Case]):
    """The cases of a module, which its functions are put into."""

    def add(self, name: str, *tools: Tool, form: str = REAL) -> Callable[[Maker], Maker]:
        """Take the decorated function as a case."""

        def take(make: Maker) -> Maker:
            self.append(Case(name, tools, make, form))
            return make

        return take


class Project:
    """A directory with a small project in it, and the log of what was run there."""

    def __init__(self, root: Path, search: str) -> None:
        self.root = root
        self.search = search
        self.log = b""
        self.exit = 0
        self.commands: list[str] = []

    def write(self, files: Mapping[str, str]) -> None:
        """Write sources; each text is dedented, and its first line break dropped."""
        for name, text in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text).removeprefix("\n"), encoding="utf-8")

    def run(self, *command: str, terminal: bool = False, **variables: str) -> None:
        """Run a command, add what it says on both streams to the log, and remember how it ended."""
        self.exit, said = self.capture(*command, terminal=terminal, **variables)
        self.commands.append(" ".join(command))
        self.log += said

    def capture(self, *command: str, terminal: bool = False, **variables: str) -> tuple[int, bytes]:
        """Run a command beside the log: its exit code, and both streams in the order of their writing."""
        environment = {name: value for name, value in os.environ.items() if name not in UNWANTED}
        environment |= {
            "PATH": self.search,
            "LANG": "C.UTF-8",
            "LC_ALL": "C.UTF-8",
            "CI": "true",
            "PYTHONUNBUFFERED": "1",
        }
        environment |= {"DEBIAN_FRONTEND": "noninteractive", "TERM": "xterm-256color", "GOPROXY": "off"} | variables
        output = self.root.parent / "output"
        with output.open("wb") as file:
            if terminal:
                return self._on_terminal(command, environment)
            ended = subprocess.run(
                command,
                cwd=self.root,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                timeout=LONGEST,
                check=False,
            )
        return shell_code(ended.returncode), output.read_bytes()

    def _on_terminal(self, command: Sequence[str], environment: Mapping[str, str]) -> tuple[int, bytes]:
        """Run a command that believes it writes to a terminal, which is what forces progress bars on."""
        own, other = pty.openpty()
        with subprocess.Popen(
            command, cwd=self.root, env=environment, stdin=subprocess.DEVNULL, stdout=other, stderr=other
        ) as process:
            os.close(other)
            said = b""
            while part := _read(own):
                said += part
        os.close(own)
        return shell_code(process.returncode), said

    def line(self, fact: Fact) -> int | None:
        """Return the number of the only line of the fact's file that holds its piece of source."""
        if fact.file is None or fact.at is None:
            return None
        direct = self.root / fact.file
        path = direct if direct.is_file() else next(self.root.rglob(os.path.basename(fact.file)))
        lines = path.read_text("utf-8").splitlines()
        numbers = [number for number, line in enumerate(lines, 1) if fact.at in line]
        if len(numbers) != 1:
            raise ValueError(f"{fact.file}: {len(numbers)} lines hold {fact.at!r}; name a piece that one line holds")
        return numbers[0]


def shell_code(code: int) -> int:
    """Return an exit code as a shell tells it, which adds 128 to the number of a signal."""
    return 128 - code if code < 0 else code


def _read(terminal: int) -> bytes:
    """Return what came, or nothing once the other end is closed (Linux tells that as an error)."""
    try:
        return os.read(terminal, 65536)
    except OSError:
        return b""
