"""Names and numbers as parts of Markdown that cannot act.

In a code span nothing is markup: no HTML, no link, and on GitHub no mention, no reference to an issue, no emoji. So
every name stands in one. What is left is what ends a code span, backticks, and what ends a cell of a table, bars:
https://github.github.com/gfm/#code-spans and https://github.github.com/gfm/#tables-extension-.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

_LONGEST = 120
"""Characters of a name that are shown, before escaping; the middle of a longer one is left out."""
_BARS = re.compile(r"(\\*)\|")
_TICKS = re.compile("`+")


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table. Numbers stand right."""

    title: str
    is_number: bool = False


def code(text: str) -> str:
    """Return `text`, one line, as a code span."""
    fence = "`" * (_longest_run(text) + 1)
    is_padded = text[:1] == " " == text[-1:] and text.strip(" ")  # a renderer takes these blanks away
    needs_room = text.startswith("`") or text.endswith("`") or is_padded
    return f"{fence} {text} {fence}" if needs_room else f"{fence}{text}{fence}"


def block(lines: Sequence[str]) -> list[str]:
    """Return lines as a block of code, in which nothing is markup either."""
    fence = "`" * max(3, 1 + max(map(_longest_run, lines), default=0))
    return [f"{fence}text", *lines, fence]


def shorten_name(name: str) -> str:
    """Return `name` without its middle if it is very long."""
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST // 2]}…{name[-_LONGEST // 2 :]}"


def table(columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return the lines of a table. Cells are Markdown without line ends; bars in them are escaped here."""
    ruler = ["---:" if column.is_number else "---" for column in columns]
    return [_row([column.title for column in columns]), _row(ruler), *map(_row, rows)]


def fold(summary: str, lines: Sequence[str]) -> list[str]:
    """Return `lines` folded under a plain text."""
    return ["", f"<details><summary>{escape(summary)}</summary>", "", *lines, "", "</details>"]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(_BARS.sub(_escape_bar, cell) for cell in cells)} |"


def _escape_bar(found: re.Match[str]) -> str:
    """Put a backslash before a bar. Those before it pair up, so it takes an even number of them to escape it."""
    return found[1] + ("\\|" if len(found[1]) % 2 == 0 else "\\\\|")


def _longest_run(text: str) -> int:
    return max(map(len, _TICKS.findall(text)), default=0)
