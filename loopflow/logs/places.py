"""Where in the code a failure is: the file and the line that its lines name, as compilers, traces and runners do."""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from loopflow.logs.model import Block
from loopflow.logs.shapes import LIBRARIES

_ENDINGS: Final = (
    "astro|bash|c|cc|cjs|clj|cljs|cmake|cpp|cs|css|cts|cu|cxx|dart|erb|erl|ex|exs|f90|fs|go|gradle|graphql|groovy|h|hh"
    "|hpp|hs|html|hxx|ini|ipynb|java|jl|js|json|jsx|kt|kts|less|lua|m|md|mjs|mk|ml|mli|mm|mts|nim|php|pl|pm|proto|ps1"
    "|py|pyi|pyx|r|rb|rs|rst|sass|scala|scss|sh|sql|svelte|swift|tcl|tf|toml|ts|tsx|txt|vb|vue|xml|yaml|yml|zig|zsh"
)
"""Of files that people write: else a host with its port would be a place."""
_NAMED: Final = "Makefile|GNUmakefile|Dockerfile|Jenkinsfile|Rakefile|Gemfile"
_PLACE: Final = re.compile(
    r'File "(?P<quoted>[^"<>\n]{1,400})", line (?P<of_python>\d{1,7})'
    rf"|(?<![\w@.+/\\-])(?:file://)?(?P<path>(?:[A-Za-z]:)?[\w@.+/\\-]{{0,400}}?(?:\.(?:{_ENDINGS})|\b(?:{_NAMED})))"
    r"(?::\[|\(|:| line |: line )(?P<line>\d{1,7})(?!\d|\.\d)",
    re.IGNORECASE,
)
_LOOKED_AT: Final = 400
"""Lines of a block, and characters of a line are so many."""
_CLASSES: Final = (".java", ".kt", ".scala", ".groovy")
_GENERIC: Final = "generic"
_PYTHON: Final = 'File "'


class CodePlace(NamedTuple):
    """A line of a file, as the log names it."""

    file: str
    line: int


def find_code_place(block: Block) -> CodePlace | None:
    """Return what a failure points at, None if it names no file with a line.

    That is what its headline names; else the last frame of ours in a trace of Python, where that was raised, and the
    first one in any other; else a frame of a library.
    """
    headline = block.lines[block.headline].text
    if headline_place := next(_find_in(headline), None):
        return headline_place
    first = block.headline if block.recogniser == _GENERIC else 0  # what is before it is of other work
    own: list[CodePlace] = []
    others: list[CodePlace] = []
    is_python = False
    for line in block.lines[first : first + _LOOKED_AT]:
        is_own = not any(library in line.text for library in LIBRARIES)
        is_python = is_python or _PYTHON in line.text
        (own if is_own else others).extend(_find_in(line.text))
    found = own or others
    return found[-1 if is_python else 0] if found else None


def _find_in(text: str) -> Iterator[CodePlace]:
    for found in _PLACE.finditer(text[:_LOOKED_AT]):
        path, line = (found["quoted"], found["of_python"]) if found["quoted"] else (found["path"], found["line"])
        is_class = "/" not in path and path.endswith(_CLASSES)  # a trace of the JVM does not say where the file is
        if int(line) and not is_class:
            yield CodePlace(path.removeprefix("./"), int(line))
