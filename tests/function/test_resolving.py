"""What a reference means: scopes, imports and declared types; and what is not known is said, with its reason."""

from collections.abc import Mapping
from typing import NamedTuple

import pytest

from loopflow.function.model import CodeOptimizationContext
from tests.support.builder import Repo
from tests.support.functions import helpers, make, make_all, unresolved, variables


class Case(NamedTuple):
    """Files, the function that is asked for, and what it is to need."""

    files: Mapping[str, str]
    target: str
    helpers: frozenset[str]
    variables: frozenset[str] = frozenset()
    unresolved: frozenset[tuple[str, str]] = frozenset()


def case(
    target: str, *found: str, names: tuple[str, ...] = (), lost: tuple[tuple[str, str], ...] = (), **files: str
) -> Case:
    """Return a case; files are named with `__` for a slash."""
    named = {f"{_path(name)}.py": text for name, text in files.items()}
    return Case(named, target, frozenset(found), frozenset(names), frozenset(lost))


def _path(name: str) -> str:
    package = name.removesuffix("____init__")
    return package.replace("__", "/") + ("/__init__" if package != name else "")


SHOP = "class Shop:\n    def sell(self): ...\n    def __enter__(self) -> 'Shop': ...\n    def __exit__(self, *a): ...\n"

CASES = {
    "a function of the module": case("a.py:f", "a.py:g", a="def g(): ...\ndef f(): return g()\n"),
    "a local hides it": case("a.py:f", a="def g(): ...\ndef f(g): return g()\n"),
    "a class is no scope of its methods": case(
        "a.py:C.f", "a.py:g", a="def g(): ...\nclass C:\n    g = 1\n    def f(self): return g()\n"
    ),
    "global": case("a.py:f", names=("a.py:n",), a="n = 1\ndef f():\n    global n\n    n = 2\n    return n\n"),
    "a name of a comprehension": case("a.py:f", "a.py:g", a="def g(): ...\ndef f(xs): return [g() for h in xs]\n"),
    "an import of a function": case("a.py:f", "b.py:g", a="from b import g\ndef f(): g()\n", b="def g(): ...\n"),
    "an import under another name": case(
        "a.py:f", "b.py:g", a="from b import g as h\ndef f(): h()\n", b="def g(): ...\n"
    ),
    "a module's function": case("a.py:f", "b.py:g", a="import b\ndef f(): b.g()\n", b="def g(): ...\n"),
    "a local import": case("a.py:f", "b.py:g", a="def f():\n    from b import g\n    g()\n", b="def g(): ...\n"),
    "a re-export": case(
        "a.py:f",
        "p/m.py:g",
        a="from p import g\ndef f(): g()\n",
        p____init__="from .m import g\n",
        p__m="def g(): ...\n",
    ),
    "import *": case("a.py:f", "b.py:g", a="from b import *\ndef f(): g()\n", b="def g(): ...\n"),
    "import * with __all__": case(
        "a.py:f", "b.py:_g", a="from b import *\ndef f(): _g()\n", b="__all__ = ['_g']\ndef _g(): ...\n"
    ),
    "a cycle of imports": case(
        "a.py:f", lost=(("g", "missing"),), a="from b import g\ndef f(): g()\n", b="from a import g\n"
    ),
    "below src": case(
        "src/p/a.py:f",
        "src/p/b.py:g",
        src__p____init__="",
        src__p__a="from p.b import g\ndef f(): g()\n",
        src__p__b="def g(): ...\n",
    ),
    "two modules of one name stay apart": case(
        "x/a.py:f",
        "x/utils.py:g",
        x__a="from utils import g\ndef f(): g()\n",
        x__utils="def g(): ...\n",
        y__utils="def g(): ...\n",
    ),
    "one of two modules that are as near": case(
        "a.py:f",
        lost=(("g", "several"),),
        a="from utils import g\ndef f(): g()\n",
        x__utils="def g(): ...\n",
        y__utils="def g(): ...\n",
    ),
    "a relative import": case(
        "p/q/a.py:f",
        "p/b.py:g",
        p____init__="",
        p__q____init__="",
        p__q__a="from ..b import g\ndef f(): g()\n",
        p__b="def g(): ...\n",
    ),
    "both branches": case(
        "a.py:f",
        "a.py:g",
        "b.py:g",
        a="try:\n    from b import g\nexcept ImportError:\n    def g(): ...\ndef f(): g()\n",
        b="def g(): ...\n",
    ),
    "what is run as a program binds nothing": case(
        "a.py:f", lost=(("g", "missing"),), a="def f(): g()\nif __name__ == '__main__':\n    def g(): ...\n"
    ),
    "what type checkers import": case(
        "a.py:f",
        "b.py:Shop",
        "b.py:Shop.sell",
        b=SHOP,
        a="from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from b import Shop\ndef f(s: 'Shop'): s.sell()\n",
    ),
    "a variable of the module that a test is about": case(
        "a.py:f",
        "b.py:Shop",
        "b.py:Shop.sell",
        names=("a.py:s",),
        b=SHOP,
        a="from b import Shop\ns = None\ndef f():\n    if isinstance(s, Shop):\n        s.sell()\n",
    ),
    "an imported variable that a test is about": case(
        "a.py:f",
        "b.py:Shop",
        names=("b.py:s",),
        b=SHOP + "s = Shop()\n",
        a="from b import Shop, s\ndef f():\n    assert isinstance(s, Shop)\n    return s\n",
    ),
    "a method of self": case("a.py:C.f", "a.py:C.g", a="class C:\n    def g(self): ...\n    def f(self): self.g()\n"),
    "a method of a base": case(
        "a.py:C.f",
        "b.py:B.g",
        a="from b import B\nclass C(B):\n    def f(self): self.g()\n",
        b="class B:\n    def g(self): ...\n",
    ),
    "super": case(
        "a.py:C.f", "a.py:B.f", a="class B:\n    def f(self): ...\nclass C(B):\n    def f(self): super().f()\n"
    ),
    "the order of a diamond": case(
        "a.py:D.f",
        "a.py:C.g",
        a="class A:\n    def g(self): ...\nclass B(A): ...\nclass C(A):\n    def g(self): ...\n"
        "class D(B, C):\n    def f(self): self.g()\n",
    ),
    "a property": case(
        "a.py:C.f",
        "a.py:C.p",
        "a.py:S.g",
        a="class S:\n    def g(self): ...\n"
        "class C:\n    @property\n    def p(self) -> S: ...\n    def f(self): self.p.g()\n",
    ),
    "a constructed instance": case(
        "a.py:f", "b.py:Shop", "b.py:Shop.sell", a="from b import Shop\ndef f(): Shop().sell()\n", b=SHOP
    ),
    "with": case(
        "a.py:f",
        "b.py:Shop",
        "b.py:Shop.sell",
        "b.py:Shop.__enter__",
        "b.py:Shop.__exit__",
        a="from b import Shop\ndef f():\n    with Shop() as s:\n        s.sell()\n",
        b=SHOP,
    ),
    "an attribute that __init__ assigns": case(
        "a.py:C.f",
        "b.py:Shop.sell",
        names=("a.py:C.s",),
        b=SHOP,
        a="from b import Shop\nclass C:\n    def __init__(self): self.s = Shop()\n    def f(self): self.s.sell()\n",
    ),
    "elements of a declared list": case(
        "a.py:f",
        "b.py:Shop",
        "b.py:Shop.sell",
        a="from b import Shop\ndef f(xs: list[Shop]):\n    for x in xs: x.sell()\n",
        b=SHOP,
    ),
    "enumerate, zip and targets that unpack": case(
        "a.py:f",
        "b.py:Shop",
        "b.py:Shop.sell",
        b=SHOP,
        a="from b import Shop\ndef f(xs: list[Shop], ns: list[int]):\n"
        "    for i, (x, n) in enumerate(zip(xs, ns)): x.sell()\n",
    ),
    "values of a declared dict": case(
        "a.py:f",
        "b.py:Shop",
        "b.py:Shop.sell",
        b=SHOP,
        a="from b import Shop\ndef f(d: dict[str, Shop]):\n    for _, x in d.items(): x.sell()\n",
    ),
    "a declared result": case(
        "a.py:f",
        "b.py:make",
        "b.py:Shop.sell",
        a="from b import make\ndef f(): make().sell()\n",
        b=SHOP + "def make() -> Shop: ...\n",
    ),
    "an awaited result": case(
        "a.py:f",
        "b.py:make",
        "b.py:Shop.sell",
        b=SHOP + "async def make() -> Shop: ...\n",
        a="from b import make\nasync def f(): (await make()).sell()\n",
    ),
    "a context manager that is a generator": case(
        "a.py:f",
        "b.py:opened",
        "b.py:Shop.sell",
        a="from b import opened\ndef f():\n    with opened() as s: s.sell()\n",
        b=SHOP + "from contextlib import contextmanager\nfrom typing import Iterator\n"
        "@contextmanager\ndef opened() -> Iterator[Shop]: ...\n",
    ),
    "narrowed by isinstance": case(
        "a.py:f",
        "b.py:Shop",
        "b.py:Shop.sell",
        a="from b import Shop\ndef f(x):\n    if isinstance(x, Shop): x.sell()\n",
        b=SHOP,
    ),
    "narrowed by what returns": case(
        "a.py:f",
        "b.py:Shop",
        "b.py:Shop.sell",
        b=SHOP,
        a="from b import Shop\ndef f(x):\n    if not isinstance(x, Shop):\n        return\n    x.sell()\n",
    ),
    "the last assignment wins": case(
        "a.py:f",
        "a.py:A",
        "a.py:B",
        "a.py:B.g",
        a="class A:\n    def g(self): ...\nclass B:\n    def g(self): ...\ndef f():\n    x = A()\n"
        "    x = B()\n    x.g()\n",
    ),
    "branches join": case(
        "a.py:f",
        "a.py:A",
        "a.py:B",
        "a.py:A.g",
        "a.py:B.g",
        a="class A:\n    def g(self): ...\nclass B:\n    def g(self): ...\ndef f(c):\n"
        "    x = A() if c else B()\n    x.g()\n",
    ),
    "Self": case(
        "a.py:f",
        "a.py:C",
        "a.py:B.make",
        "a.py:C.g",
        a="from typing import Self\nclass B:\n    @classmethod\n    def make(cls) -> Self: ...\n"
        "class C(B):\n    def g(self): ...\ndef f(): C.make().g()\n",
    ),
    "a class with a parameter": case(
        "a.py:f",
        "a.py:Box",
        "a.py:Shop",
        "a.py:Box.get",
        "a.py:Shop.sell",
        a="from typing import Generic, TypeVar\nT = TypeVar('T')\nclass Box(Generic[T]):\n"
        "    def get(self) -> T: ...\n" + SHOP + "def f(b: Box[Shop]): b.get().sell()\n",
    ),
    "a metaclass": case(
        "a.py:f",
        "a.py:C",
        "a.py:M.g",
        a="class M(type):\n    def g(cls): ...\nclass C(metaclass=M): ...\ndef f(): C.g()\n",
    ),
    "super().__new__ of a metaclass": case(
        "a.py:M.__new__",
        "a.py:M.g",
        a="class M(type):\n    def __new__(cls, n, b, a):\n        c = super().__new__(cls, n, b, a)\n"
        "        c.g()\n        return c\n"
        "    def g(cls): ...\n",
    ),
    "decorators, defaults and annotations": case(
        "a.py:f",
        "a.py:d",
        "a.py:C",
        names=("a.py:N",),
        a="def d(f): return f\nN = 1\nclass C: ...\n@d\ndef f(x: C = N): ...\n",
    ),
    "an exception that is caught": case(
        "a.py:f", "a.py:E", a="class E(Exception): ...\ndef f():\n    try: ...\n    except E: ...\n"
    ),
    "operators": case(
        "a.py:f",
        "a.py:V",
        "a.py:V.__add__",
        "a.py:V.__contains__",
        "a.py:V.__getitem__",
        a="class V:\n    def __add__(self, o) -> 'V': ...\n    def __contains__(self, x): ...\n"
        "    def __getitem__(self, i): ...\n"
        "def f(a: V, b: V): return (a + b)[0], 1 in a\n",
    ),
    "getattr with a literal": case(
        "a.py:C.f", "a.py:C.g", a="class C:\n    def g(self): ...\n    def f(self): getattr(self, 'g')()\n"
    ),
    "a name bound from another name": case(
        "a.py:f", "a.py:g", names=("a.py:h",), a="def g(): ...\nh = g\ndef f(): h()\n"
    ),
    "an instance of the module": case(
        "a.py:f",
        "b.py:Shop.sell",
        names=("b.py:shop",),
        a="from b import shop\ndef f(): shop.sell()\n",
        b=SHOP + "shop = Shop()\n",
    ),
    "never by name alone": case(
        "a.py:f", lost=(("x.get", "dynamic"),), a="class C:\n    def get(self): ...\ndef f(x): x.get()\n"
    ),
    "a member that is not there": case(
        "a.py:C.f", lost=(("self.nope", "missing"),), a="class C:\n    def f(self): self.nope()\n"
    ),
    "what a file that does not parse defines": case(
        "a.py:f", lost=(("g", "unparsed"),), a="from b import g\ndef f(): g()\n", b="def g(:\n"
    ),
    "nothing outside of the tree": case(
        "a.py:f", a="import os\nfrom re import compile\ndef f(): return os.getcwd(), compile('x')\n"
    ),
    "the enclosing function of a nested one": case(
        "a.py:f.inner", "a.py:g", a="def g(): ...\ndef f():\n    def inner(): g()\n    return inner\n"
    ),
    "an inner class": case("a.py:f", "a.py:A", "a.py:A.B", a="class A:\n    class B: ...\ndef f(): A.B()\n"),
    "an overloaded function": case(
        "a.py:f",
        "a.py:g",
        "a.py:C.h",
        a="from typing import overload\nclass C:\n    def h(self): ...\n@overload\ndef g(x: int) -> C: ...\n"
        "@overload\n"
        "def g(x: str) -> C: ...\ndef g(x): ...\ndef f(): g(1).h()\n",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_a_function_needs(name: str, repo: Repo) -> None:
    """Helpers, variables and what is not found are exactly these."""
    files, target, wanted, names, lost = CASES[name]
    made = make(repo, dict(files), target)
    assert helpers(made) == wanted
    assert variables(made) == names
    assert unresolved(made) == lost


def test_each_answer_is_the_same_whatever_was_asked_before(repo: Repo) -> None:
    """What was cut short for one function does not hold for the next."""
    text = "class A:\n    def f(self): return self.g()\n"
    text += "    def g(self): return self.h().f()\n    def h(self): return self.g()\n"
    alone = {name: make(repo, {"a.py": text}, f"a.py:A.{name}") for name in "fgh"}
    assert isinstance(alone["f"], CodeOptimizationContext)
    for order in ("fgh", "hgf", "gfh"):
        together = make_all(repo, {"a.py": text}, [f"a.py:A.{name}" for name in order])
        assert {name: helpers(made) for name, made in zip(order, together, strict=True)} == {
            name: helpers(alone[name]) for name in order
        }
