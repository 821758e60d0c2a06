"""Hashes: they change with what a function needs, and with nothing else."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopflow.function import FunctionConfig, get_code_optimization_context, list_tree
from loopflow.function.facts.read import read_facts
from loopflow.function.sayings import Sayings
from loopflow.function.settings import FunctionConfig as Config
from loopflow.function.working import Workshop
from loopflow.model import SelectRequest
from loopflow.tokens import create_counter
from tests.support.builder import Repo

A = '''\
import json
from b import g, Base

N = 1
UNUSED = 2
TABLE = {}
TABLE["x"] = N
for key in "yz":
    TABLE[key] = 5


class C(Base):
    size = 1

    def __init__(self, x):
        self.x = x

    def m(self):
        """Do it."""
        return g(self.x) + TABLE[json.dumps(N)]

    def unused(self): ...
'''
B = '''\
from c import deep


def g(x, y=0):
    return deep(x)


class Base:
    """A base."""

    kind = "base"

    def hook(self): ...
'''
C = "def deep(x):\n    return deeper(x)\n\n\ndef deeper(x):\n    return x\n\n\ndef other(): ...\n"
START = {"a.py": A, "b.py": B, "c.py": C}
SAME: Mapping[str, tuple[str, str, str]] = {
    "a docstring": ("a.py", '"""Do it."""', '"""Else."""'),
    "a comment": ("c.py", "return x\n", "return x  # why\n"),
    "formatting": ("c.py", "return deeper(x)", "return deeper(\n        x\n    )"),
    "an unused import": ("a.py", "import json", "import json, os"),
    "an unused constant": ("a.py", "UNUSED = 2", "UNUSED = 3"),
    "an unused method": ("a.py", "unused(self): ...", "unused(self): return 1"),
    "an unused function": ("c.py", "other(): ...", "other(): return 1"),
    "quotes": ("b.py", '"base"', "'base'"),
}
OTHER: Mapping[str, tuple[str, str, str]] = {
    "its body": ("a.py", "+ TABLE", "- TABLE"),
    "a constant": ("a.py", "N = 1", "N = 2"),
    "what is put into a constant": ("a.py", 'TABLE["x"]', 'TABLE["y"]'),
    "a loop that fills a constant": ("a.py", "= 5", "= 6"),
    "where an external name comes from": ("a.py", "import json", "import simplejson as json"),
    "the bases of its class": ("a.py", "C(Base)", "C(object)"),
    "a decorator of its class": ("a.py", "class C", "@g\nclass C"),
    "a default of a helper": ("b.py", "y=0", "y=1"),
    "the body of a helper": ("b.py", "deep(x)", "deep(-x)"),
    "what a helper's helper needs": ("c.py", "    return x", "    return -x"),
    "a decorator of a helper": ("c.py", "def deeper", "@staticmethod\ndef deeper"),
}


def fingerprint(repo: Repo, files: Mapping[str, str], target: str = "a.py:C.m", config: Config | None = None) -> str:
    """Return the hash of a function of a repository with these files."""
    repo.track(files)
    made = get_code_optimization_context(target, repo.root, config=config or FunctionConfig())
    return made.hashing_code_context_hash


@pytest.mark.parametrize("name", [*SAME, *OTHER])
def test_what_changes_a_hash(repo: Repo, name: str) -> None:
    """A table of mutations."""
    path, old, new = {**SAME, **OTHER}[name]
    assert old in START[path]
    start = fingerprint(repo, START)
    changed = fingerprint(repo, {path: START[path].replace(old, new, 1)})
    assert (changed == start) == (name in SAME)


def test_a_shallow_hash_knows_what_is_mentioned_only(repo: Repo) -> None:
    """Helpers change it, and what these need does not."""
    config = FunctionConfig(hash="shallow")
    start = fingerprint(repo, START, config=config)
    assert start.startswith("shallow-")
    assert fingerprint(repo, {"c.py": C.replace("return x", "return 1")}, config=config) == start
    assert fingerprint(repo, {"b.py": B.replace("deep(x)", "deep(1)")}, config=config) != start


def test_docstrings_count_where_something_may_read_them(repo: Repo) -> None:
    """Something that is reached asks for `__doc__`, a decorator is not known, or a parser is made of them."""
    code = 'def h():\n    """One."""\n\n\n@d\ndef k():\n    """One."""\n\n\ndef p_x():\n    """One."""\n\n\n'
    code += "def f(): return h.__doc__\ndef g(): return h()\ndef d(x): return x\n"
    other = code.replace("One", "Two")
    names = ["a.py:f", "a.py:g", "a.py:k", "a.py:p_x"]
    before = [fingerprint(repo, {"a.py": code}, name) for name in names]
    after = [fingerprint(repo, {"a.py": other}, name) for name in names]
    assert [one == two for one, two in zip(before, after, strict=True)] == [False, True, False, False]


def test_a_moved_function_has_another_hash(repo: Repo) -> None:
    """It is known by its place."""
    first = fingerprint(repo, {"x.py": "def f(): ...\n"}, "x.py:f")
    assert fingerprint(repo, {"y.py": "def f(): ...\n"}, "y.py:f") != first


@settings(max_examples=15)
@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=14), st.integers(0, 7))
def test_any_function_of_a_chain_changes_all_that_reach_it(
    tmp_path_factory: pytest.TempPathFactory, calls: list[tuple[int, int]], changed: int
) -> None:
    """And no other; functions that call each other included."""
    root = tmp_path_factory.mktemp("calls")
    reach = {number: {number} for number in range(8)}
    for _ in reach:
        for one, two in calls:
            reach[one] |= reach[two]

    def hashes(value: int) -> list[str]:
        bodies = [[f"f{two}()" for one, two in calls if one == number] for number in range(8)]
        lines = [
            f"def f{number}(): return [{', '.join(bodies[number])}], {value if number == changed else 0}"
            for number in range(8)
        ]
        (root / "a.py").write_text("\n".join(lines))
        workshop = Workshop(list_tree(SelectRequest(whole=True), str(root)), FunctionConfig(), create_counter())
        return [workshop.graph.hash("a.py", f"f{number}") for number in reversed(range(8))][::-1]

    before, after = hashes(0), hashes(1)
    assert [one != two for one, two in zip(before, after, strict=True)] == [changed in reach[each] for each in range(8)]


def test_what_a_file_says_is_the_same_for_every_python() -> None:
    """Newer versions have more fields, and write f-strings otherwise."""
    code = "def f(x, *, y=1.5, **z):\n    return f'{x!r:>{y}}' f'{y=}' + 'a' 'b', 0xff, 1j, b'x', lambda: (yield)\n"
    code += "class C(dict, metaclass=type):\n    @property\n    def m(self): return self\n"
    source = Path(Sayings.__module__.replace(".", "/"))
    script = (
        "import ast, sys, json, types\n"
        "from loopflow.function.sayings import Sayings\n"
        "s = Sayings(sys.stdin.read())\n"
        "print(json.dumps([s.say(each).text for each in s.statements]))\n"
    )
    sayings = Sayings(code)
    here = [sayings.say(each).text for each in sayings.statements]
    assert read_facts(code).scopes
    tried = 0
    for version in ("3.11", "3.12", "3.13", "3.14"):
        command = [f"python{version}", "-c", script]
        try:
            done = subprocess.run(
                command,
                input=code,
                capture_output=True,
                text=True,
                check=False,
                cwd=Path(__file__).parents[2],
                timeout=60,
            )
        except FileNotFoundError:
            continue
        if done.returncode:
            continue  # it is not installed, or has not what loopflow needs
        tried += 1
        assert json.loads(done.stdout) == here, version
    assert tried or sys.version_info >= (3, 15), source
