r"""A text into stretches of text and references: `@[KIND:TARGET]`, KIND being file, api or var.

TARGET reaches to the first `]` that no backslash stands before (`\]`, and `\\` for a backslash), has no line break and
at most 4,096 characters. Anything else is text. A page that is open in a browser parses the same; both are held to one
table of cases.
"""

import re
from typing import Final

from loopflow.service.errors import BadReference
from loopflow.service.model import Kind, Reference

LONGEST_TARGET: Final = 4_096
"""Characters, with what escapes them."""

_START = re.compile(r"@\[(file|api|var):")
# Whether a bracket is escaped does not depend on where a target begins: that is after a colon, where no run of
# backslashes is cut. So all ends are found in one pass, however many beginnings there are.
_END = re.compile(r"[\n\r]|(?<!\\)(?:\\\\)*+\]")
_ESCAPED = re.compile(r"\\([\\\]])")


def parse(text: str) -> list[str | Reference]:
    """Return the parts of `text`, in order. No stretch of text is empty."""
    parts: list[str | Reference] = []
    done = 0
    ends = _END.finditer(text)
    end = None
    for start in _START.finditer(text):
        begin = start.end()
        if start.start() < done:
            continue
        while end is None or end.end() <= begin:
            end = next(ends, None)
            if end is None:
                break
        if end is None:
            break
        target = text[begin : end.end() - 1]
        if text[end.end() - 1] != "]" or not 0 < len(target) <= LONGEST_TARGET:
            continue
        if start.start() > done:
            parts.append(text[done : start.start()])
        done = end.end()
        parts.append(Reference(_kind(start[1]), _ESCAPED.sub(r"\1", target), start.start(), done))
    if done < len(text):
        parts.append(text[done:])
    return parts


def parse_reference(text: str) -> Reference:
    """Return the one reference that `text` is. Raises BadReference."""
    match parse(text):
        case [Reference() as reference]:
            return reference
    raise BadReference("that is no reference", "write @[file:PATH], @[api:NAME] or @[var:NAME]")


def _kind(name: str) -> Kind:
    return "file" if name == "file" else "api" if name == "api" else "var"
