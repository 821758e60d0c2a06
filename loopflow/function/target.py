"""Which functions are meant: PATH:QUALNAME, PATH:LINE, PATH:QUALNAME@LINE, a class, a file, a directory."""

import os
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Final

from loopflow.analysis.names import escape_name, sort_by_path
from loopflow.errors import MissingPathError, UsageError
from loopflow.function.facts.model import CLASS, FUNCTION, Unit
from loopflow.function.model import FunctionToOptimize, NoSuchFunctionError
from loopflow.function.resolve.project import Module, Node
from loopflow.function.working import Workshop

MODULE: Final = "<module>"
_NEAR: Final = 3
_DIGITS: Final = 9
"""No file that is read has a line whose number has more."""


def find_targets(workshop: Workshop, word: str, here: str) -> list[FunctionToOptimize]:
    """Return the functions that a word of the command line means, seen from the directory `here`.

    Raises NoSuchFunctionError, MissingPathError, and UsageError for a file that does not parse.
    """
    if not word:
        raise _no_file("''", "")
    path = inside(workshop, word, here)
    if path:
        _require_file(workshop, path)
    if path is not None and (found := list(_below(workshop, path))):
        return [target for each in found for target in all_functions(workshop, each)]
    file, _, name = word.rpartition(":")
    path = inside(workshop, file, here) if file else None
    if path:
        _require_file(workshop, path)
    if path is None or not workshop.tree.has(path):
        raise _no_file(word, file)
    module = workshop.project.module(path)
    if module is None:
        raise unparsed(workshop, path)
    return _in_module(workshop, module, name)


def all_functions(workshop: Workshop, path: str) -> Iterator[FunctionToOptimize]:
    """Yield the functions and methods of a file, in the order of the source; none of one that does not parse."""
    module = workshop.project.module(path)
    units = workshop.builder.units(path) if module else {}
    known: set[str] = set()
    for node in module.nodes if module else ():
        name = node.scope.qualname
        if node.scope.kind == FUNCTION and name in units and name not in known:
            known.add(name)
            yield _target(path, name, units)


def _require_file(workshop: Workshop, path: str) -> None:
    """Raise UsageError for what is there and is no file: links are not followed."""
    if kind := workshop.tree.not_a_file(path):
        what = f"{escape_name(path)} is {kind}, and no file that is read"
        raise UsageError(what, "name the file that has the function")


def unparsed(workshop: Workshop, path: str) -> UsageError:
    """Return what to raise for a file that does not parse."""
    unread = workshop.tree.unread[path]
    what = f"{escape_name(path)} cannot be read as Python: {escape_name(unread.detail or unread.reason)}"
    return UsageError(what, "correct it, or run loopflow with the Python that it is written for")


def _in_module(workshop: Workshop, module: Module, name: str) -> list[FunctionToOptimize]:
    path, units = module.path, workshop.builder.units(module.path)
    if name == MODULE:
        return [FunctionToOptimize(path, "", 1, len(workshop.builder.lines(path)))]
    qualname, at, line = name.partition("@")
    if not qualname or (at and not line.isdecimal()):
        raise _no_function(module, name)
    name = qualname
    if name.isdecimal() or line:
        return [_at_line(module, units, name, line)]
    classes = [node for node in module.nodes if node.scope.kind == CLASS and node.scope.qualname == name]
    if classes:
        prefix = f"{name}."
        methods = [each for each in all_functions(workshop, path) if each.qualname.startswith(prefix)]
        if methods:
            return methods
    nested = any(node.scope.qualname == name and node.scope.kind == FUNCTION for node in module.nodes)
    while nested and name not in units:  # a nested function is a part of what it is nested in
        name = name.rpartition(".")[0]
    if name in units and units[name][0].kind in {"f", "v", "c"}:
        return [_target(path, name, units)]
    raise _no_function(module, name)


def _at_line(module: Module, units: dict[str, list[Unit]], name: str, line: str) -> FunctionToOptimize:
    number = int((line or name)[:_DIGITS])
    around = [node for node in module.nodes if _is_around(node, number) and node.scope.qualname in units]
    named = [node for node in around if not line or node.scope.qualname == name]
    if not named:
        raise _no_function(module, name if line else "", number)
    inmost = max(named, key=lambda node: node.scope.line)
    return _target(module.path, inmost.scope.qualname, units)


def _is_around(node: Node, line: int) -> bool:
    return node.scope.kind == FUNCTION and node.scope.line <= line <= node.scope.end


def _target(path: str, qualname: str, units: dict[str, list[Unit]]) -> FunctionToOptimize:
    found = units[qualname]
    return FunctionToOptimize(path, qualname, min(unit.head for unit in found), max(unit.end for unit in found))


def inside(workshop: Workshop, word: str, here: str) -> str | None:
    """Return a path of the command line as the tree names it, None for one outside of it."""
    relative = os.path.relpath(os.path.join(here, word), workshop.tree.root).replace(os.sep, "/")
    if relative == ".." or relative.startswith("../"):
        return None
    return "" if relative == "." else relative


def _below(workshop: Workshop, path: str) -> list[str]:
    if path in workshop.tree.files and workshop.project.module(path) is None:
        raise unparsed(workshop, path)
    return below(workshop, path)


def below(workshop: Workshop, path: str) -> list[str]:
    """Return the files of Python's at or below a path."""
    tree = workshop.tree
    if path in tree.files:
        return [path]
    prefix = f"{path}/" if path else ""
    found = [ref for ref in tree.files.values() if ref.path.startswith(prefix) and ref.path.endswith(".py")]
    return [ref.path for ref in sort_by_path(found)]


def exists(workshop: Workshop, name: str) -> bool:
    """Whether there still is a function of that name, PATH:QUALNAME."""
    path, _, qualname = name.rpartition(":")
    if path not in workshop.tree.files:
        return False
    return qualname == MODULE or any(each.qualname == qualname for each in all_functions(workshop, path))


def _no_file(word: str, file: str) -> UsageError:
    named = file or word
    if named.endswith(".ipynb"):
        return UsageError(
            f"{escape_name(named)} is a notebook", "name a function of a .py file: notebooks are not read"
        )
    if not file and not word.endswith(".py"):
        what = f"{escape_name(word)} names no file and no function"
        return UsageError(what, "write PATH:QUALNAME, such as src/shop/cart.py:Cart.total")
    what = f"{escape_name(named)} is not in the tree that is read"
    return MissingPathError(what, "check the path; a file that is not tracked is read with -u", named)


def _no_function(module: Module, name: str, line: int = 0) -> NoSuchFunctionError:
    names = [
        node.scope.qualname
        for node in module.nodes
        if node.scope.kind in {FUNCTION, CLASS} and node.scope.name[:1] != "<"
    ]
    last = {each.rpartition(".")[2]: each for each in names}
    near = [
        *get_close_matches(name, names, _NEAR, 0.5),
        *(last[each] for each in get_close_matches(name, last, _NEAR, 0.5)),
    ]
    shown = tuple(escape_name(each) for each in dict.fromkeys(near))[:_NEAR]
    named = f" {escape_name(name)}" if name else "" if line else " ''"
    at = f" at line {line}" if line else ""
    return NoSuchFunctionError(f"{escape_name(module.path)} has no function{named}{at}", shown)
