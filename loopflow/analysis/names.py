"""File names shown as text: whatever a name contains, it stays on its line and cannot act on a terminal.

Names come from repositories that are not trusted. Control characters (Unicode category Cc) could move the cursor,
format characters (Cf, which holds the bidirectional controls of UAX #9) could reorder what is read, line and paragraph
separators (Zl, Zp) could begin a line, and bytes that are not UTF-8 cannot be printed at all. Each is shown as a
backslash escape, and so is the backslash itself, so that two different names never look the same.

What is printed often ends in the log of a CI job, and GitHub's runner obeys what it finds there: `::command::` where a
line begins, `##[command]` anywhere in it. So one character of these is escaped too.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from operator import attrgetter
from typing import Protocol, TypeVar

_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp", "Cn", "Co"})
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\\": "\\\\"}
_SHORT_IN_TOML = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t"}
_COMMAND = re.compile(r"^(\s*):(?=:)|(##)\[")
_IDS = re.compile(r"(?<![0-9a-f])(?:[0-9a-f]{64}|[0-9a-f]{40})(?![0-9a-f])")  # of git's objects
SHORT_ID = 7
"""Digits of an id that people tell commits apart by."""
_FIRST_RAW_BYTE, _LAST_RAW_BYTE = 0xDC80, 0xDCFF
_LAST_OF_FOUR_DIGITS = 0xFFFF


def escape_name(name: str) -> str:
    """Return `name` on one line, printable, with every character that could act escaped."""
    if "::" in name or "##[" in name:
        return _COMMAND.sub(_escape_command, "".join(map(_escape, name)))
    if name.isascii() and name.isprintable() and "\\" not in name:
        return name
    return "".join(map(_escape, name))


def _escape_command(found: re.Match[str]) -> str:
    return f"{found[1]}\\x3a" if found[2] is None else f"{found[2]}\\x5b"


def _escape(char: str) -> str:
    if char in _SHORT:
        return _SHORT[char]
    if unicodedata.category(char) not in _HIDDEN:
        return char
    code = ord(char)
    if _FIRST_RAW_BYTE <= code <= _LAST_RAW_BYTE:
        return f"\\x{code - 0xDC00:02x}"  # a byte that is not UTF-8, as surrogateescape carries it
    if char.isascii():
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= _LAST_OF_FOUR_DIGITS else f"\\U{code:08x}"


def is_full_id(name: str) -> bool:
    """Whether `name` is the whole id of an object of git."""
    return _IDS.fullmatch(name) is not None


def shorten_ids(name: str, digits: int = SHORT_ID) -> str:
    """Return the name of a revision with no more than the first digits of each id in it, such as "1a2b3c4^"."""
    return _IDS.sub(lambda found: found[0][:digits], name)


def quote_toml(text: str) -> str:
    """Return `text` as a string of TOML, on one line, with every character that could act escaped."""
    quoted = "".join(_SHORT_IN_TOML.get(char) or _escape_in_toml(char) for char in text)
    return '"' + quoted.replace("##[", "##\\U0000005b") + '"'


def _escape_in_toml(char: str) -> str:
    return char if char.isprintable() else f"\\U{ord(char):08x}"


def path_bytes(path: str) -> bytes:
    """Return the bytes that git and the file system know `path` by."""
    return path.encode("utf-8", "surrogateescape")


def directories_above(path: str) -> Iterator[str]:
    """Yield the directories above `path`, the uppermost first, each with its slash; a directory is the last itself."""
    at = path.find("/")
    while at > 0:
        yield path[: at + 1]
        at = path.find("/", at + 1)


class HasPath(Protocol):
    """Something with a path."""

    @property
    def path(self) -> str:
        """The path, POSIX and relative."""
        ...


_T = TypeVar("_T", bound=HasPath)


def sort_by_path(items: Sequence[_T]) -> list[_T]:
    """Return `items` in the order of their paths' bytes, as git lists them."""
    if "".join([item.path for item in items]).isascii():  # nearly always, and then text sorts as its bytes do
        return sorted(items, key=attrgetter("path"))
    return sorted(items, key=lambda item: path_bytes(item.path))
