"""Texts of strangers as lines of a memory: on one line, printable, without secrets, of a bounded length.

What is written here is read by models later, in a place where they trust it. So nothing gets in that could begin a
line or act on a terminal.
"""

import re
from typing import Final

from loopflow.analysis.names import escape_name
from loopflow.analysis.redact import redact

MOST_OBSERVATION: Final = 160
"""Characters."""
MOST_NAME: Final = 80
MOST_LOG: Final = 40
_BLANKS: Final = re.compile(r"\s+")
_SCANNED: Final = 20
"""So many times its bound of a text is looked through for secrets; what is behind is cut anyway."""


def clean(text: str, most: int) -> str:
    """Return a text as one printable line of at most `most` characters, its secrets hidden."""
    known = text[: most * _SCANNED].encode("utf-8", "backslashreplace")
    return shorten(show(_BLANKS.sub(" ", redact(known).decode()).strip()), most)


def show(text: str) -> str:
    """Return a text on one line, printable. What was shown once stays as it is: a backslash is no sign of ours here."""
    return "\\".join(map(escape_name, text.split("\\")))


def shorten(text: str, most: int) -> str:
    """Return the beginning of a text, with a sign that there was more."""
    return text if len(text) <= most else f"{text[: most - 3]}..."


def shorten_path(text: str, most: int) -> str:
    """Return the end of a path: its name tells more than where it lies."""
    return text if len(text) <= most else f"...{text[3 - most :]}"
