"""Definitions that are used, and code without the others."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopflow.errors import UsageError
from loopflow.function import (
    collect_top_level_defs_with_usages,
    detect_unused_helper_functions,
    remove_unused_definitions_by_function_names,
)
from tests.support.builder import Repo
from tests.support.functions import make

CODE = '''\
import os, re
from m import a, b

A = 1
B = A + 1
C = 3


def used():
    return B + a(os)


def unused(): ...


class K:
    """A class."""

    x = C

    def __init__(self): ...

    def m(self):
        return used()

    def n(self): ...
'''


def test_what_the_roots_reach_stays_through_assignments_and_imports() -> None:
    """The rest goes, twice is as once."""
    kept = remove_unused_definitions_by_function_names(CODE, ["used"])
    assert kept == ("import os\nfrom m import a\n\nA = 1\nB = A + 1\n\ndef used():\n    return B + a(os)\n")
    assert remove_unused_definitions_by_function_names(kept, ["used"]) == kept


def test_a_method_brings_its_class() -> None:
    """With fields, docstring and what Python calls; other methods go."""
    kept = remove_unused_definitions_by_function_names(CODE, ["K.m"])
    for text in ('"""A class."""', "x = C", "C = 3", "def __init__", "def m", "def used"):
        assert text in kept
    assert "def n" not in kept
    assert "unused" not in kept


def test_usages() -> None:
    """Each definition says what it uses, and whether it is reached."""
    usages = collect_top_level_defs_with_usages(CODE, ["used"])
    assert usages["B"].uses == {"A"}
    assert [name for name, usage in usages.items() if usage.used_by_roots] == ["A", "B", "used"]
    assert usages["K"].kind == "class"


def test_an_unknown_root_is_an_error_and_broken_code_is_left_alone() -> None:
    """Nothing is guessed."""
    with pytest.raises(UsageError, match="nope is not defined"):
        remove_unused_definitions_by_function_names(CODE, ["nope"])
    assert remove_unused_definitions_by_function_names("def (", ["f"]) == "def ("


def test_helpers_that_new_code_does_not_reach(repo: Repo) -> None:
    """Through other helpers, too; the function itself is never one of them."""
    code = "def a(): return b()\ndef b(): ...\ndef c(): ...\ndef f(): return a(), b(), c()\n"
    made = make(repo, {"x.py": code}, "x.py:f")
    assert [each.qualname for each in detect_unused_helper_functions("f", made, "def f(): return a()\n")] == ["c"]
    assert detect_unused_helper_functions("f", made, "def f(): return [a, c]\n") == []
    assert {each.qualname for each in detect_unused_helper_functions("f", made, "def f(): ...\n")} == {"a", "b", "c"}


def test_statements_that_bind_nothing_stay_with_what_they_name() -> None:
    """And bring what else they name."""
    code = "def f(): ...\ndef g(): ...\ndef register(x): return SEEN\nSEEN = []\n"
    code += "register(f)\nregister_all(g)\nprint('x')\n"
    kept = remove_unused_definitions_by_function_names(code, ["f"])
    assert kept == "def f(): ...\ndef register(x): return SEEN\nSEEN = []\nregister(f)\n"
    assert remove_unused_definitions_by_function_names(kept, ["f"]) == kept


@settings(max_examples=20)
@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=14), st.sets(st.integers(0, 7), min_size=1))
def test_removing_twice_is_as_once_and_keeps_the_roots(calls: list[tuple[int, int]], roots: set[int]) -> None:
    """With what they reach, and with nothing else."""
    bodies = {number: [two for one, two in calls if one == number] for number in range(8)}
    lines = [f"def f{number}(): return [{', '.join(f'f{each}' for each in body)}]" for number, body in bodies.items()]
    code = "\n".join(lines)
    names = [f"f{number}" for number in sorted(roots)]
    reached = set(roots)
    for _ in bodies:
        reached |= {each for number in reached for each in bodies[number]}
    kept = remove_unused_definitions_by_function_names(code + "\n", names)
    assert {line.partition("(")[0] for line in kept.splitlines()} == {f"def f{number}" for number in reached}
    assert remove_unused_definitions_by_function_names(kept, names) == kept
