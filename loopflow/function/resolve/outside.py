"""What is known of Python's own types and functions, and of some others: enough to follow elements of containers."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from loopflow.function.resolve.values import UNKNOWN, Types, external, join

_MODULES: Final = ("typing.", "typing_extensions.", "collections.abc.", "t.", "_collections_abc.")
_RENAMED: Final[Mapping[str, str]] = {
    "List": "builtins.list", "Dict": "builtins.dict", "Set": "builtins.set", "FrozenSet": "builtins.frozenset",
    "Tuple": "builtins.tuple", "Type": "builtins.type", "Deque": "collections.deque",
    "DefaultDict": "collections.defaultdict", "OrderedDict": "collections.OrderedDict",
    "Counter": "collections.Counter", "ChainMap": "collections.ChainMap", "Text": "builtins.str",
    "ContextManager": "typing.ContextManager", "AbstractContextManager": "typing.ContextManager",
    "AsyncContextManager": "typing.AsyncContextManager",
    "AbstractAsyncContextManager": "typing.AsyncContextManager",
}  # fmt: skip


def canonical(name: str) -> str:
    """Return the one name of what is exported under several."""
    if name.startswith("contextlib.Abstract"):
        return _RENAMED[name.partition(".")[2]]
    for prefix in _MODULES:
        if name.startswith(prefix):
            rest = name[len(prefix) :]
            return _RENAMED.get(rest, f"typing.{rest}")
    return name


TRANSPARENT: Final = frozenset(
    {
        "typing.Annotated", "typing.ClassVar", "typing.Final", "typing.Required", "typing.NotRequired",
        "typing.ReadOnly", "dataclasses.InitVar", "typing.Unpack",
    }
)  # fmt: skip
"""What stands around a type and is read through."""

ITERABLES: Final = frozenset(
    {
        "builtins.list", "builtins.set", "builtins.frozenset", "collections.deque", "builtins.dict",
        "collections.defaultdict", "collections.OrderedDict", "collections.Counter", "collections.ChainMap",
        *(f"typing.{name}" for name in (
            "Iterable", "Iterator", "Sequence", "MutableSequence", "Collection", "Container", "AbstractSet", "Set",
            "MutableSet", "Mapping", "MutableMapping", "Generator", "Reversible", "AsyncIterable", "AsyncIterator",
            "AsyncGenerator", "KeysView", "ValuesView", "ItemsView", "Awaitable",
        )),
    }
)  # fmt: skip
"""What gives its first argument when it is iterated."""

MAPPINGS: Final = frozenset(
    {
        "builtins.dict", "collections.defaultdict", "collections.OrderedDict", "typing.Mapping",
        "typing.MutableMapping", "collections.ChainMap", "weakref.WeakValueDictionary",
    }
)  # fmt: skip
LISTS: Final = ITERABLES - MAPPINGS

SEEN_THROUGH: Final = frozenset(
    {
        "functools.lru_cache", "functools.cache", "functools.wraps", "functools.singledispatch", "typing.overload",
        "typing.override", "typing.final", "abc.abstractmethod", "typing.no_type_check", "typing.deprecated",
        "functools.total_ordering", "typing.runtime_checkable", "dataclasses.dataclass", "warnings.deprecated",
    }
)  # fmt: skip
"""Decorators that leave what they decorate as it is, for whoever calls it."""

PROPERTIES: Final = frozenset(
    {
        "builtins.property",
        "functools.cached_property",
        "abc.abstractproperty",
        "enum.property",
        "types.DynamicClassAttribute",
    }
)


def first(args: Sequence[Types]) -> Types:
    """Return what the first argument holds."""
    return args[0] if args else UNKNOWN


def second(args: Sequence[Types]) -> Types:
    """Return what the second argument holds."""
    return args[1] if len(args) > 1 else UNKNOWN


def pair(args: Sequence[Types]) -> Types:
    """Return pairs of keys and values."""
    return external("builtins.list", external("builtins.tuple", first(args), second(args)))


_OF_MAPPING: Final[Mapping[str, Callable[[Sequence[Types]], Types]]] = {
    "get": second, "pop": second, "setdefault": second, "__getitem__": second,
    "items": pair, "iteritems": pair,
    "keys": lambda args: external("builtins.list", first(args)),
    "values": lambda args: external("builtins.list", second(args)),
    "itervalues": lambda args: external("builtins.list", second(args)),
    "popitem": lambda args: external("builtins.tuple", first(args), second(args)),
    "copy": lambda args: external("builtins.dict", *args),
}  # fmt: skip
_OF_LIST: Final[Mapping[str, Callable[[Sequence[Types]], Types]]] = {
    "pop": first, "popleft": first, "__getitem__": first, "__next__": first, "send": first, "__anext__": first,
    **{
        name: lambda args: external("builtins.list", first(args))
        for name in ("copy", "union", "difference", "intersection", "symmetric_difference", "__iter__")
    },
}  # fmt: skip


def _nothing(_: Sequence[Types]) -> Types:
    return UNKNOWN


def method_result(owner: str, args: Sequence[Types], method: str) -> Types:
    """Return what a method of a container gives, as far as its arguments tell."""
    if owner in MAPPINGS:
        return _OF_MAPPING.get(method, _nothing)(args)
    if owner in LISTS:
        return _OF_LIST.get(method, _nothing)(args)
    if owner == "builtins.str":
        return external("builtins.list", external("builtins.str")) if method in _LISTING else _text(method)
    if owner in {"contextvars.ContextVar", "queue.Queue", "asyncio.Queue"} and method in {"get", "get_nowait"}:
        return first(args)
    return UNKNOWN


_LISTING: Final = {"split", "rsplit", "splitlines"}
_TEXTS: Final = {
    "join", "strip", "lstrip", "rstrip", "lower", "upper", "format", "replace", "title", "center", "ljust", "rjust",
    "expandtabs", "capitalize", "casefold", "zfill", "translate", "removeprefix", "removesuffix",
}  # fmt: skip


def _text(method: str) -> Types:
    return external("builtins.str") if method in _TEXTS else UNKNOWN


SAME: Final = frozenset(
    {"copy.copy", "copy.deepcopy", "weakref.proxy", "asyncio.shield", "asyncio.ensure_future", "asyncio.create_task"}
)
"""Functions that give what they are given."""
CONTAINERS: Final = frozenset(
    {
        "builtins.list", "builtins.sorted", "builtins.reversed", "builtins.iter", "builtins.set", "builtins.frozenset",
        "collections.deque", "itertools.islice", "itertools.cycle", "itertools.takewhile", "itertools.dropwhile",
        "itertools.filterfalse", "builtins.filter", "itertools.chain", "itertools.accumulate",
        "itertools.chain.from_iterable", "builtins.aiter", "weakref.WeakSet",
    }
)  # fmt: skip
"""Functions that give a container with the elements of an argument."""
ELEMENTS: Final = frozenset(
    {"builtins.next", "builtins.max", "builtins.min", "builtins.sum", "random.choice", "builtins.anext"}
)
"""Functions that give an element of an argument."""
IMPLICIT_CALLS: Final[Mapping[str, str]] = {
    "builtins.len": "__len__", "builtins.str": "__str__", "builtins.repr": "__repr__", "builtins.hash": "__hash__",
    "builtins.iter": "__iter__", "builtins.next": "__next__", "builtins.bool": "__bool__", "builtins.int": "__int__",
    "builtins.float": "__float__", "builtins.abs": "__abs__", "builtins.reversed": "__reversed__",
    "builtins.list": "__iter__", "builtins.tuple": "__iter__", "builtins.set": "__iter__",
    "builtins.sorted": "__iter__", "builtins.enumerate": "__iter__", "builtins.any": "__iter__",
    "builtins.all": "__iter__", "builtins.sum": "__iter__", "builtins.bytes": "__bytes__",
    "builtins.format": "__format__", "builtins.round": "__round__", "builtins.divmod": "__divmod__",
    "builtins.complex": "__complex__", "copy.copy": "__copy__", "copy.deepcopy": "__deepcopy__",
}  # fmt: skip
"""Functions that call a method of their argument."""


def of_all(args: Sequence[Types], element: Callable[[Types], Types]) -> Types:
    """Return what elements of all arguments are."""
    return join(element(each) for each in args)
