"""Source into facts. It is parsed, never compiled and never run."""

import ast
import gc
import io
import re
import tokenize
import warnings
from typing import Final

from loopflow.function.facts.layout import Layout
from loopflow.function.facts.model import Facts
from loopflow.function.facts.statements import Reader

MOST_BYTES: Final = 8_000_000
_LINE: Final = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")


class UnparsedError(Exception):
    """A file that cannot be parsed: `reason` in one word, and its text says more, such as the line."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


def decode(data: bytes) -> str:
    """Return source as text, as PEP 263 says. Raises UnparsedError."""
    if len(data) > MOST_BYTES:
        raise UnparsedError("too_large", f"it has {len(data):,} bytes, more than {MOST_BYTES:,}")
    try:
        if data.isascii() and b"coding" not in data[:400]:
            return data.decode("ascii")
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        return data.decode(encoding)
    except (SyntaxError, UnicodeDecodeError, LookupError) as error:
        raise UnparsedError("undecodable", f"its encoding: {_first_line(error)}") from error


def split_lines(text: str) -> list[str]:
    """Return the lines of source as Python sees them, with their ends: a form feed ends none."""
    return _LINE.findall(text)


def parse(text: str) -> ast.Module:
    """Return the tree of source. Raises UnparsedError."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of escapes in strings: they are whoever's who wrote them
            return ast.parse(text)
    except SyntaxError as error:
        raise UnparsedError("unparsed", f"line {error.lineno or 1}, column {error.offset or 1}: {error.msg}") from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise UnparsedError("unparsed", _first_line(error)) from error


def read_facts(text: str) -> Facts:
    """Return the facts of source. Raises UnparsedError."""
    was_enabled = gc.isenabled()
    gc.disable()  # a tree is many objects and no garbage: looking for some takes longer than reading it
    try:
        return _read(parse(text), text)
    except RecursionError as error:
        raise UnparsedError("unparsed", "it is nested too deeply") from error
    finally:
        if was_enabled:
            gc.enable()


def _read(tree: ast.Module, text: str) -> Facts:
    lines = split_lines(text)
    reader = Reader(len(lines))
    reader.read_body(tree.body)
    layout = Layout(lines, lambda node: sorted(reader.names_of(node)))
    return Facts(reader.finish(), layout.arrange(tree.body), _exports(tree))


def _exports(tree: ast.Module) -> list[str] | None:
    """Return the names in `__all__`, None where it is not made of literals."""
    found: list[str] | None = None
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if not any(isinstance(each, ast.Name) and each.id == "__all__" for each in targets):
            continue
        value = getattr(node, "value", None)
        if not isinstance(value, ast.List | ast.Tuple):
            return None
        names = [each.value for each in value.elts if isinstance(each, ast.Constant) and isinstance(each.value, str)]
        if len(names) < len(value.elts):
            return None
        found = [*(found or ()), *names] if isinstance(node, ast.AugAssign) else names
    return found


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]
