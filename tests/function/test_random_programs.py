"""Programs made by chance, with the references that they really have: imports, other names, what hides a name."""

from collections.abc import Iterable
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopflow.function import get_code_optimization_context
from tests.support.builder import write_files
from tests.support.examples import some
from tests.support.functions import helpers, unresolved

MODULE = """\
def one(): return 1
def two(): return 2
class Base:
    def kept(self): return 3
class Shop(Base):
    def sell(self): return 4
    @staticmethod
    def price(): return 5
"""
FILES = {
    "shelf.py": MODULE,
    "store/__init__.py": "from .rack import one as first\nfrom .rack import Shop\n",
    "store/rack.py": MODULE,
    "store/deep/__init__.py": "",
    "store/deep/box.py": MODULE,
}
MODULES = ("shelf", "store.rack", "store.deep.box")


class Use(NamedTuple):
    """How a function comes to something: an import, an expression, and what that needs."""

    imported: str
    expression: str
    needed: frozenset[str]


def _needs(module: str, *names: str) -> frozenset[str]:
    path = f"{module.replace('.', '/')}.py"
    return frozenset(f"{path}:{name}" for name in names)


def _uses(module: str, alias: str) -> Iterable[Use]:
    parent, _, last = module.rpartition(".")
    yield Use(f"from {module} import one as {alias}", f"{alias}()", _needs(module, "one"))
    yield Use(f"import {module} as {alias}", f"{alias}.two()", _needs(module, "two"))
    yield Use(f"import {module}", f"{module}.one()", _needs(module, "one"))
    yield Use(f"from {module} import Shop as {alias}", f"{alias}().sell()", _needs(module, "Shop", "Shop.sell"))
    yield Use(f"from {module} import Shop as {alias}", f"{alias}().kept()", _needs(module, "Shop", "Base.kept"))
    yield Use(f"from {module} import Shop as {alias}", f"{alias}.price()", _needs(module, "Shop", "Shop.price"))
    yield Use(f"from {module} import two as {alias}", f"max([{alias}], key=id)()", _needs(module, "two"))
    if parent:
        yield Use(f"from {parent} import {last} as {alias}", f"{alias}.one()", _needs(module, "one"))


def _all_uses(alias: str) -> list[Use]:
    through = [
        Use(f"from store import first as {alias}", f"{alias}()", _needs("store.rack", "one")),
        Use(f"import store as {alias}", f"{alias}.Shop().sell()", _needs("store.rack", "Shop", "Shop.sell")),
    ]
    return [*(use for module in MODULES for use in _uses(module, alias)), *through]


NOTHING: frozenset[str] = frozenset()
HIDDEN = (
    lambda alias: f"    {alias} = len\n    {alias}",
    lambda alias: f"    for {alias} in ():\n        {alias}",
    lambda alias: f"    def {alias}(): return 0\n    {alias}()",
    lambda alias: f"    [{alias} for {alias} in ()]",
    lambda alias: f"    (lambda {alias}: {alias})(0)",
)
"""Names of the function's own, that hide what is imported."""


@st.composite
def programs(draw: st.DrawFn) -> tuple[str, frozenset[str]]:
    """Return a module with a function `target`, and what that needs."""
    imports, body, needed = [], [], NOTHING
    for number in range(draw(st.integers(1, 6))):
        alias = f"name{number}"
        use = draw(st.sampled_from(_all_uses(alias)))
        way = draw(st.sampled_from(["outside", "inside", "attempt", "hidden"]))
        if way == "hidden":
            imports.append(f"from shelf import one as {alias}")
            body.append(draw(st.sampled_from(HIDDEN))(alias))
            continue
        if way == "inside":
            body.append(f"    {use.imported}")
        elif way == "attempt":
            imports.append(f"try:\n    {use.imported}\nexcept ImportError:\n    raise")
        else:
            imports.append(use.imported)
        body.append(f"    {use.expression}")
        needed |= use.needed
    return "\n".join([*draw(st.permutations(imports)), "def target():", *body, ""]), needed


@given(programs())
@some(25)
def test_what_a_program_needs_is_found(
    tmp_path_factory: pytest.TempPathFactory, program: tuple[str, frozenset[str]]
) -> None:
    """All that is needed is found, nothing else is, and nothing stays unresolved."""
    text, needed = program
    root = tmp_path_factory.mktemp("program")
    write_files(root, {**FILES, "main.py": text})
    made = get_code_optimization_context("main.py:target", root, optimization_limit=None, testgen_limit=None)
    assert helpers(made) == needed, text
    assert not unresolved(made)
    compile(text, "main.py", "exec")
