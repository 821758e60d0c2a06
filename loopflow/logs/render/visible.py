"""Text of a log as it may stand in a document: nothing in it moves, reorders or ends what is around it.

Lines are clean when they come here (see cleaning.py), but for what only matters where text is read as a document: marks
that change the direction, and separators of lines and paragraphs.
"""

import re
from typing import Final

_ACTS: Final = re.compile(
    "[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
_COMMAND: Final = re.compile(r"^(\s*):(?=:)|##(?=\[)")


def show_line(text: str) -> str:
    r"""Return one line of a log with what acts in a document as its number, such as `\u202e`."""
    return _ACTS.sub(_escape, text)


def disarm(line: str) -> str:
    """Return a line of which GitHub's runner makes no command: `: :error::` and `## [error]`, with a blank within.

    What is printed may end in the log of a job, and the runner obeys what it finds there.
    """
    if "::" in line or "##[" in line:
        return _COMMAND.sub(lambda found: f"{found[1]}: " if found[1] is not None else "## ", line)
    return line


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"  # noqa: PLR2004  two digits, or four
