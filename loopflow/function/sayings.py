"""What the statements of a file say, by qualified name: whatever they look like, and whichever Python has read them.

Places, comments and formatting are no part of it, nor are docstrings, but where something may read them: a decorator
that is not known, or a generator of parsers, to which functions are `p_` and `t_`.
"""

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple

from loopflow.function.facts.read import parse, split_lines

FUNCTION, CLASS, VARIABLE, IMPORT, EFFECT = "function", "class", "variable", "import", "effect"
"""Kinds of statement. A class is its head; an effect binds nothing."""
DOING: Final = frozenset({VARIABLE, EFFECT})
"""Those that may do something to what names are bound to: a loop that fills a table binds its own variable."""

_FUNCTIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef)
_DOCUMENTED: Final = (*_FUNCTIONS, ast.ClassDef, ast.Module)
_SCOPES: Final = (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_IGNORED: Final = frozenset({"ctx", "kind", "type_comment", "type_ignores"})
_ASKING: Final = frozenset({"__doc__", "getdoc"})
_PLAIN_METACLASSES: Final = frozenset({"ABCMeta", "EnumMeta", "EnumType", "type"})
_WORD: Final = re.compile(r"[^\W\d]\w*")
_PARSERS: Final = ("p_", "t_")
_KNOWN_DECORATORS: Final = frozenset(
    {
        "property", "staticmethod", "classmethod", "setter", "getter", "deleter", "cached_property", "overload",
        "abstractmethod", "override", "final", "wraps", "lru_cache", "cache", "contextmanager", "asynccontextmanager",
        "dataclass", "total_ordering", "runtime_checkable", "singledispatch", "singledispatchmethod", "unique",
        "no_type_check", "deprecated", "define", "frozen", "attrs",
    }
)  # fmt: skip


class Said(NamedTuple):
    """What a definition says: without docstrings and with them, and whether it asks for docstrings of what it has."""

    text: str
    documented: str
    asks: bool


class Statement(NamedTuple):
    """A statement of a module or of a class: the names that it binds, qualified, and the frames that it stands in."""

    kind: str
    names: tuple[str, ...]
    owner: str
    node: ast.stmt
    frames: tuple[str, ...]
    start: int
    end: int


class Sayings:
    """The statements of a file. Raises UnparsedError."""

    def __init__(self, text: str) -> None:
        self._lines = split_lines(text)
        self.statements: list[Statement] = list(_walk(parse(text).body, "", ()))
        self.named: dict[str, list[Statement]] = {}
        for each in self.statements:
            for name in each.names:
                self.named.setdefault(name, []).append(each)
        self._said: dict[int, Said] = {}
        self._words: dict[int, tuple[frozenset[str], frozenset[str]]] = {}

    def words(self, statement: Statement) -> tuple[frozenset[str], frozenset[str]]:
        """Return the names that a statement has, but for what it binds, and the attributes that it names."""
        key = id(statement.node)
        if key not in self._words:
            self._words[key] = _words(statement)
        return self._words[key]

    def say(self, statement: Statement) -> Said:
        """Return what a statement says."""
        key = id(statement.node)
        if key not in self._said:
            self._said[key] = self._say(statement)
        return self._said[key]

    def source(self, statement: Statement) -> str:
        """Return the lines of a statement."""
        return "".join(self._lines[statement.start - 1 : statement.end])

    def effects(self, name: str) -> Iterator[Statement]:
        """Yield what does something to what a name is bound to: `name.x = 1`, `for x in y: name.add(x)`."""
        for each in self.statements:
            is_other = each.kind in DOING and not each.owner and name not in each.names
            if is_other and name in touched(each.node):
                yield each

    def _say(self, statement: Statement) -> Said:
        around = " ".join(statement.frames)
        try:
            bare, full = _Writer(documented=False), _Writer(documented=True)
            head = statement.kind == CLASS
            texts = [writer.write(statement.node, is_head=head) for writer in (bare, full)]
        except RecursionError:
            source = self.source(statement)
            return Said(source, source, asks=True)
        return Said(f"{around}{texts[0]}", f"{around}{texts[1]}", bare.asks)


def _words(statement: Statement) -> tuple[frozenset[str], frozenset[str]]:
    roots: list[ast.AST] = [statement.node]
    if isinstance(statement.node, ast.ClassDef):
        node = statement.node
        roots = [*node.decorator_list, *node.bases, *node.keywords]
    names: set[str] = set()
    attributes: set[str] = set()
    for each in (inner for root in roots for inner in ast.walk(root)):
        if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Load):
            names.add(each.id)
        elif isinstance(each, ast.Attribute):
            attributes.add(each.attr)
        annotation = getattr(each, "annotation", None) or getattr(each, "returns", None)
        for text in ast.walk(annotation) if isinstance(annotation, ast.AST) else ():
            if isinstance(text, ast.Constant) and isinstance(text.value, str):
                names.update(_WORD.findall(text.value))
    return frozenset(names), frozenset(attributes)


def registers(statement: Statement) -> bool:
    """Whether to make a definition may tell somebody of it: by a decorator that is not known, or by a metaclass."""
    node: Any = statement.node
    if statement.kind not in {FUNCTION, CLASS}:
        return False
    metaclasses = {_last_name(each.value) for each in getattr(node, "keywords", ()) if each.arg == "metaclass"}
    return not ({_last_name(each) for each in node.decorator_list} <= _KNOWN_DECORATORS) or bool(
        metaclasses - _PLAIN_METACLASSES
    )


def touched(node: ast.stmt) -> set[str]:
    """Return the names to whose values a statement does something."""
    targets: list[ast.AST] = []
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        targets = [node.value.func] if isinstance(node.value.func, ast.Attribute) else []
    elif isinstance(node, ast.Assign | ast.Delete):
        targets = list(node.targets)
    elif isinstance(node, ast.AugAssign | ast.AnnAssign):
        targets = [node.target]
    else:
        targets = [each for each in ast.walk(node) if isinstance(each, ast.Attribute | ast.Subscript)]
    return {found for each in targets if (found := _root(each))}


def _root(node: ast.AST) -> str:
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def _walk(body: Sequence[ast.stmt], owner: str, frames: tuple[str, ...]) -> Iterator[Statement]:
    for at, node in enumerate(body):
        if not at and not frames and isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue  # a docstring
        if isinstance(node, ast.If | ast.Try | ast.TryStar | ast.With) and not _is_main(node):
            for head, inner in _arms(node):
                yield from _walk(inner, owner, (*frames, head))
            continue
        prefix = f"{owner}." if owner else ""
        kind, names = _describe(node)
        start = min([node.lineno, *(each.lineno for each in getattr(node, "decorator_list", ()))])
        end = node.end_lineno or node.lineno
        qualified = tuple(prefix + name for name in names)
        yield Statement(kind, qualified, owner, node, frames, start, end)
        if isinstance(node, ast.ClassDef):
            yield from _walk(node.body, prefix + node.name, ())


def _describe(node: ast.stmt) -> tuple[str, list[str]]:
    if isinstance(node, _FUNCTIONS):
        return FUNCTION, [node.name]
    if isinstance(node, ast.ClassDef):
        return CLASS, [node.name]
    if isinstance(node, ast.Import):
        return IMPORT, [each.asname or each.name.partition(".")[0] for each in node.names]
    if isinstance(node, ast.ImportFrom):
        return IMPORT, [each.asname or each.name for each in node.names]
    names = [] if _is_main(node) else list(dict.fromkeys(_bound(node)))
    return (VARIABLE, names) if names else (EFFECT, [])


def _bound(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id
    elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name
    elif isinstance(node, ast.Import | ast.ImportFrom):
        yield from _describe(node)[1]
    elif not isinstance(node, _SCOPES):
        for each in ast.iter_child_nodes(node):
            yield from _bound(each)


def _is_main(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and any(
        isinstance(each, ast.Name) and each.id == "__name__" for each in ast.walk(node.test)
    )


def _arms(node: Any) -> Iterator[tuple[str, Sequence[ast.stmt]]]:  # noqa: ANN401  one of the frames
    """Yield what the head of each branch says, and what is in it."""
    write = _Writer(documented=False).write
    if isinstance(node, ast.If):
        head = write(node.test)
        yield f"if {head}:", node.body
        yield f"else {head}:", node.orelse
        return
    if isinstance(node, ast.With):
        yield f"with {write(node.items)}:", node.body
        return
    yield "try:", node.body
    for handler in node.handlers:
        yield f"except {write(handler.type)}:", handler.body
    yield "try else:", node.orelse
    yield "finally:", node.finalbody


class _Writer:
    """Writes trees. What is empty is left out, so that what newer versions have more of changes nothing."""

    def __init__(self, *, documented: bool) -> None:
        self._documented = documented
        self.asks = False

    def write(self, value: object, *, is_head: bool = False) -> str:
        """Return what a tree says; of a class, its head is what is not in its body, but for its docstring."""
        if isinstance(value, ast.AST):
            return f"{type(value).__name__}({','.join(self._fields(value, is_head=is_head))})"
        if isinstance(value, list):
            return f"[{','.join(map(self.write, value))}]"
        return hex(value) if type(value) is int else repr(value)

    def _fields(self, node: ast.AST, *, is_head: bool) -> Iterable[str]:
        if isinstance(node, ast.Name | ast.Attribute):
            self.asks |= (node.id if isinstance(node, ast.Name) else node.attr) in _ASKING
        if isinstance(node, ast.JoinedStr):
            return [f"values={self.write(_joined(node.values))}"]
        found = []
        for name in node._fields:
            value = getattr(node, name, None)
            if name == "body" and isinstance(node, _DOCUMENTED):
                value = self._body(node, is_head=is_head)
            if name not in _IGNORED and value is not None and value != []:
                found.append(f"{name}={self.write(value)}")
        return found

    def _body(self, node: Any, *, is_head: bool) -> list[ast.stmt]:  # noqa: ANN401  one of _DOCUMENTED
        has_docstring = ast.get_docstring(node, clean=False) is not None
        if is_head:
            return node.body[:1] if has_docstring and (self._documented or _is_read(node)) else []
        return node.body[1:] if has_docstring and not self._documented and not _is_read(node) else list(node.body)


def _joined(values: list[ast.expr]) -> list[ast.expr]:
    """Return the parts of an f-string but for empty texts, which some versions have."""
    return [each for each in values if not (isinstance(each, ast.Constant) and each.value == "")]


def _is_read(node: Any) -> bool:  # noqa: ANN401  what has a docstring
    """Whether something may read the docstring of a definition."""
    if isinstance(node, ast.Module):
        return False
    decorators = {_last_name(each) for each in node.decorator_list}
    return node.name.startswith(_PARSERS) or not decorators <= _KNOWN_DECORATORS


def _last_name(node: ast.expr) -> str:
    if isinstance(node, ast.Call):
        node = node.func
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
