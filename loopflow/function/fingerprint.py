"""What a piece of source says, whatever it looks like: its tree without docstrings, places and comments.

The dump is our own and has no field that is empty, so that it is the same whichever version of Python has read it.
"""

import ast
from collections.abc import Iterable
from hashlib import sha256
from typing import Final

from loopflow.function.facts.read import UnparsedError, parse

VERSION: Final = "deep-1"
_WITH_DOCSTRING: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_IGNORED: Final = frozenset(
    {"ctx", "kind", "type_comment", "type_ignores", "lineno", "col_offset", "end_lineno", "end_col_offset"}
)


def normalise(source: str) -> str:
    """Return what source says, the source itself where it does not parse. It may be indented."""
    text = source.expandtabs() if source[:1] in " \t" else source
    try:
        tree = parse("if 1:\n" + text if text[:1] == " " else text)
    except UnparsedError:
        return source
    body = tree.body[0].body if text[:1] == " " and isinstance(tree.body[0], ast.If) else tree.body
    return " ".join(map(_dump, body))


def digest(name: str, pieces: Iterable[tuple[str, str]]) -> str:
    """Return the hash of a function by its name and the pieces that it needs: their names, and what they say."""
    lines = sorted(f"{piece}\0{said}" for piece, said in pieces)
    text = "\n".join([VERSION, name, *lines])
    return f"{VERSION}:{sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()}"


def _dump(value: object) -> str:
    if isinstance(value, ast.AST):
        fields = [f"{name}={_dump(each)}" for name, each in _fields(value)]
        return f"{type(value).__name__}({','.join(fields)})"
    if isinstance(value, list):
        return f"[{','.join(map(_dump, value))}]"
    return repr(value)


def _fields(node: ast.AST) -> Iterable[tuple[str, object]]:
    for name in node._fields:
        value = getattr(node, name, None)
        if name == "body" and isinstance(node, _WITH_DOCSTRING) and ast.get_docstring(node, clean=False) is not None:
            value = node.body[1:]
        if name not in _IGNORED and value is not None and value != []:
            yield name, value
