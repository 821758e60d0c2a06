"""Constructors that nobody wrote: what dataclass, NamedTuple, TypedDict, attrs and pydantic make of fields."""

import ast
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

_ATTRS: Final = frozenset({"define", "frozen", "mutable", "attrs", "s", "attributes", "dataclass"})
_ATTRS_MODULES: Final = frozenset({"attr", "attrs"})
_FIELDS: Final = frozenset({"field", "ib", "attrib", "Field"})
_MADE_BY_BASE: Final = {"NamedTuple": "NamedTuple", "TypedDict": "TypedDict", "BaseModel": "pydantic"}
_NO_FIELDS: Final = frozenset({"ClassVar", "PrivateAttr", "Final"})


class Field(NamedTuple):
    """A parameter of a constructor."""

    name: str
    annotation: str
    default: str
    keyword: bool


def write_constructor(name: str, classes: Sequence[ast.ClassDef], bases: Sequence[str] = ()) -> str | None:
    """Return the constructor of a class as comments, None where it has one of its own or none is made.

    `classes` are the class and those it inherits from, the nearest first; `bases` are names of others.
    """
    if not classes:
        return None
    maker = _maker(classes, bases)
    if maker is None or any(_has_constructor(each) for each in (classes if maker == "pydantic" else classes[:1])):
        return None
    if any(_option(each, "init") is False for each in classes[:1]):
        return None
    fields: dict[str, Field] = {}
    for each in reversed(classes):
        fields.update((field.name, field) for field in _fields(each, maker))
    parts = [_write(field) for field in fields.values() if not field.keyword]
    keywords = [_write(field) for field in fields.values() if field.keyword]
    listed = ", ".join([*parts, *(["*", *keywords] if keywords else [])])
    return f"# made by {maker}: {name}({listed})\n"


def _maker(classes: Sequence[ast.ClassDef], bases: Sequence[str]) -> str | None:
    for each in classes[0].decorator_list:
        dotted = _dotted(each.func if isinstance(each, ast.Call) else each)
        first, _, last = dotted.rpartition(".")
        if last == "dataclass" and first not in _ATTRS_MODULES:
            return "dataclass"
        if last in _ATTRS and (first in _ATTRS_MODULES or last in {"define", "mutable"}):
            return "attrs"
    names = [_dotted(base).rpartition(".")[2] for each in classes for base in each.bases]
    names += [base.rpartition(".")[2] for base in bases]
    return next((_MADE_BY_BASE[each] for each in names if each in _MADE_BY_BASE), None)


def _has_constructor(node: ast.ClassDef) -> bool:
    return any(isinstance(each, ast.FunctionDef) and each.name in {"__init__", "__new__"} for each in node.body)


def _fields(node: ast.ClassDef, maker: str) -> Iterator[Field]:
    keyword = maker in {"TypedDict", "pydantic"} or _option(node, "kw_only") is True
    is_total = not any(each.arg == "total" and _literal(each.value) is False for each in node.keywords)
    for each in node.body:
        target, annotation, value = _parts(each)
        if target is None or target.startswith("__") or (maker == "pydantic" and target.startswith("_")):
            continue
        said = ast.unparse(annotation) if annotation is not None else ""
        if any(word in said.partition("[")[0] for word in _NO_FIELDS) or target == "model_config":
            continue
        if annotation is not None and said.rpartition(".")[2] == "KW_ONLY":
            keyword = True
            continue
        if annotation is None and not (maker == "attrs" and _is_field(value)):
            continue
        options = _options(value)
        if _literal(options.get("init")) is False:
            continue
        name = target.lstrip("_") if maker == "attrs" else target
        alias = _literal(options.get("alias"))
        yield Field(
            alias if isinstance(alias, str) else name,
            said,
            _default(value, options, maker, is_optional=not is_total or "NotRequired" in said),
            keyword or _literal(options.get("kw_only")) is True,
        )


def _parts(node: ast.stmt) -> tuple[str | None, ast.expr | None, ast.expr | None]:
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return node.target.id, node.annotation, node.value
    if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
        return node.targets[0].id, None, node.value
    return None, None, None


def _default(value: ast.expr | None, options: dict[str, ast.expr], maker: str, *, is_optional: bool) -> str:
    if maker == "TypedDict":
        return "..." if is_optional else ""
    if value is None:
        return ""
    if not _is_field(value):
        return ast.unparse(value)
    if "default" in options:
        return ast.unparse(options["default"])
    if "default_factory" in options or "factory" in options:
        return "..."
    assert isinstance(value, ast.Call)  # noqa: S101  a field is one
    first = value.args[0] if value.args and maker == "pydantic" else None
    return ast.unparse(first) if first is not None and _literal(first) is not Ellipsis else ""


def _is_field(value: ast.expr | None) -> bool:
    return isinstance(value, ast.Call) and _dotted(value.func).rpartition(".")[2] in _FIELDS


def _options(value: ast.expr | None) -> dict[str, ast.expr]:
    if not (isinstance(value, ast.Call) and _is_field(value)):
        return {}
    return {each.arg: each.value for each in value.keywords if each.arg}


def _option(node: ast.ClassDef, name: str) -> object:
    """Return what the decorator of a class says of an option."""
    for each in node.decorator_list:
        for keyword in each.keywords if isinstance(each, ast.Call) else ():
            if keyword.arg == name:
                return _literal(keyword.value)
    return None


def _literal(node: ast.expr | None) -> object:
    return node.value if isinstance(node, ast.Constant) else None


def _dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Subscript):
        return _dotted(node.value)
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def _write(field: Field) -> str:
    annotation = f": {field.annotation}" if field.annotation else ""
    equals = " = " if annotation else "="
    return f"{field.name}{annotation}{equals if field.default else ''}{field.default}".replace("\n", " ")
