"""What a context of a function is: frozen types, and nothing heavy."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal, NamedTuple, TypeAlias

from loopflow.analysis.names import escape_name
from loopflow.errors import ExitCode, LoopflowError

OPTIMIZATION_CONTEXT_TOKEN_LIMIT: Final = 16_000
TESTGEN_CONTEXT_TOKEN_LIMIT: Final = 16_000
"""Tokens of Markdown."""

Kind: TypeAlias = Literal["function", "method", "property", "class", "variable", "field", "module", "import"]
Via: TypeAlias = str
"""How a definition was found: name, import, reexport, star, self, super, declared, constructed, implicit."""
Reason: TypeAlias = Literal[
    "dynamic", "several", "many", "deep", "compiled", "missing", "unparsed", "external", "builtin"
]


class CodeContextType(StrEnum):
    """What a context is for."""

    READ_WRITABLE = "read_writable"
    READ_ONLY = "read_only"
    TESTGEN = "testgen"
    HASHING = "hashing"
    CLOSURE = "closure"


@dataclass(frozen=True, slots=True)
class FunctionToOptimize:
    """A function, by the path of its file and its qualified name; lines from 1, with decorators."""

    path: str
    qualname: str
    start: int = 0
    end: int = 0

    @property
    def name(self) -> str:
        """What it is called on the command line."""
        return f"{self.path}:{self.qualname or '<module>'}"


@dataclass(frozen=True, slots=True)
class FunctionSource:
    """A definition that a function needs: where it is, how it was found, and at which line it is mentioned.

    `level` is 1 for what the function itself mentions, 2 for what that mentions. `rule` says how it is mentioned: load,
    call, annotation, decorator, base, constructor, implicit.
    """

    path: str
    qualname: str
    kind: str
    source: str
    start: int
    end: int
    via: Via
    level: int
    line: int = 0
    rule: str = ""
    by: str = ""
    """What mentions it, `PATH:QUALNAME`."""


Helpers: TypeAlias = Mapping[str, frozenset[FunctionSource]]
"""Path of a file -> the helpers in it."""


class Location(NamedTuple):
    """A definition, by its file, qualified name and first line."""

    path: str
    qualname: str
    line: int
    kind: str


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference in the source of a function: what it means, or why that is not known."""

    text: str
    line: int
    column: int
    definitions: tuple[Location, ...] = ()
    via: Via | None = None
    reason: str | None = None


def escape_info(path: str) -> str:
    """Return a path as it may stand behind a fence, where a backtick would make it none."""
    return escape_name(path).replace("`", "\\x60")


@dataclass(frozen=True, slots=True)
class CodeString:
    """Code of one file."""

    code: str
    path: str

    def fenced(self) -> tuple[str, str]:
        """Return its block of Markdown in two parts: all but the closing fence, and that.

        The path is escaped: a line end in it would let a name speak outside of the block.
        """
        longest = max([len(found) for found in _TICKS.findall(self.code)], default=2) if "```" in self.code else 2
        fence = "`" * max(3, longest + 1)
        end = "" if self.code.endswith("\n") or not self.code else "\n"
        return f"{fence}python:{escape_info(self.path)}\n{self.code}{end}", f"{fence}\n"


@dataclass(frozen=True, slots=True)
class CodeStringsMarkdown:
    """Code of several files, which is printed as blocks of Markdown."""

    code_strings: tuple[CodeString, ...] = ()

    @property
    def markdown(self) -> str:
        """One fenced block a file. The fence is longer than any run of backticks in the code."""
        return "\n".join("".join(each.fenced()) for each in self.code_strings)

    @staticmethod
    def from_markdown(text: str) -> "CodeStringsMarkdown":
        """Return what `markdown` was made of, paths as they are escaped."""
        found = []
        at = 0
        while opening := _OPENING.search(text, at):
            closing = re.compile(rf"^{opening['fence']}$", re.MULTILINE).search(text, opening.end())
            end = closing.start() if closing else len(text)
            found.append(CodeString(text[opening.end() : end], opening["path"]))
            at = closing.end() if closing else len(text)
        return CodeStringsMarkdown(tuple(found))


_OPENING: Final = re.compile(r"^(?P<fence>`{3,})python:(?P<path>[^\n]*)\n", re.MULTILINE)
_TICKS: Final = re.compile(r"```+")  # with a prefix that is searched for fast


class Part(NamedTuple):
    """What a part of a context costs: target, helpers, classes, variables, imports, read_only."""

    name: str
    tokens: int
    files: int
    definitions: int


class Step(NamedTuple):
    """Something that was done to keep a limit, such as `read_only:docstrings`, and what it was done to."""

    name: str
    what: str = ""


class Tokens(NamedTuple):
    """What contexts cost: each, what is printed of the first two, and what that would be without any step."""

    read_writable: int
    read_only: int
    testgen: int
    needed: int
    printed: int = 0


@dataclass(frozen=True, slots=True)
class CodeOptimizationContext:
    """What a model must read to work on a function."""

    target: FunctionToOptimize
    read_writable: CodeStringsMarkdown
    read_only: CodeStringsMarkdown
    testgen: CodeStringsMarkdown
    hashing_code_context: str
    hashing_code_context_hash: str
    helpers: tuple[FunctionSource, ...]
    helpers_of_helpers: tuple[FunctionSource, ...]
    unresolved: tuple[Reference, ...]
    parts: tuple[Part, ...]
    steps: tuple[Step, ...]
    variables: tuple[FunctionSource, ...] = ()
    tokens: Tokens = Tokens(0, 0, 0, 0)  # noqa: RUF009  a tuple, which never changes
    beyond: tuple[str, ...] = ()
    """Names that what is shown mentions, that are defined in the same file, and that are not shown."""

    @property
    def needed(self) -> int:
        """What the function needs, in tokens, before anything is left out."""
        return self.tokens.needed


@dataclass(frozen=True, slots=True)
class Refused:
    """A function that there is no context of: `reason` is too_large, unparsed or failed."""

    target: FunctionToOptimize
    reason: str
    message: str
    tokens: int = 0
    largest: tuple[tuple[str, int], ...] = ()

    @property
    def needed(self) -> int:
        """What the function needs, as of a context."""
        return self.tokens

    @property
    def left_out(self) -> str:
        """What is to be said of it, on one line."""
        return f"{escape_name(self.target.name)} is left out: {self.message}"


@dataclass(frozen=True, slots=True)
class Unshown:
    """A function that no context is made of: `reason` is known, or not_shown for one that is gone or only looks new."""

    target: FunctionToOptimize
    reason: str
    hash: str = ""


class NoSuchFunctionError(LoopflowError):
    """There is no such function; `near` are the names that are most like it."""

    def __init__(self, message: str, near: tuple[str, ...]) -> None:
        hint = f"the nearest are {', '.join(near)}" if near else "check the path and the name"
        super().__init__(message, hint)
        self.near = near


class ContextTooLargeError(LoopflowError):
    """A function needs more tokens than the limit allows, whatever is left out."""

    def __init__(self, name: str, tokens: int, limit: int, largest: tuple[tuple[str, int], ...]) -> None:
        most = f"; the largest: {', '.join(f'{what} {count:,}' for what, count in largest)}" if largest else ""
        what = f"{name} does not fit {limit:,} tokens: it needs {tokens:,}{most}"
        super().__init__(what, f"allow {tokens:,}, or none", ExitCode.OVER_BUDGET)
        self.tokens = tokens
        self.limit = limit
        self.largest = largest
