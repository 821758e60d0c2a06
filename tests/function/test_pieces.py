"""What is printed of files: statements whole or not at all, and everything parses."""

import ast

import pytest

from loopflow.function import CodeString, CodeStringsMarkdown, FunctionConfig
from loopflow.function.elide import elide
from loopflow.function.extract import File, Keep, extract
from loopflow.function.facts.read import read_facts, split_lines
from tests.support.builder import Repo
from tests.support.functions import make, shown


def take(code: str, *names: str, heads: tuple[str, ...] = (), short: tuple[str, ...] = ()) -> str:
    """Return what is kept of code."""
    keep = Keep(whole=set(names), heads=set(heads), signatures=set(short))
    return extract(File(split_lines(code), read_facts(code).units), keep).code


CASES = {
    "a function": ("def f(): ...\n\n\n\ndef g(): ...\n", ("g",), "def g(): ...\n"),
    "blank lines become one": ("a = 1\n\n\n\nb = 2\n", ("a", "b"), "a = 1\n\nb = 2\n"),
    "decorators and comments above": (
        "import d\n\n# why\n@d\ndef f():\n    return 1  # noqa\n", ("f",), ("import d\n\n# why\n@d\ndef f():\n"
        "    return 1  # noqa\n"),
    ),
    "the head of a file belongs to it": ("# licence\ndef f(): ...\n", ("f",), "def f(): ...\n"),
    "a member of a class": ("class C(B):\n    x = 1\n    def f(self): ...\n", ("C.f",), ("class C(B):\n"
    "    def f(self): ...\n")),
    "a class on one line": ("class C: x = 1; y = 2\n", ("C.y",), "class C: x = 1; y = 2\n"),
    "statements that share a line": ("a = 1; b = 2\nc = 3\n", ("b",), "a = 1; b = 2\n"),
    "overloads": ("def f(a): ...\nx = 1\ndef f(b): ...\n", ("f",), "def f(a): ...\ndef f(b): ...\n"),
    "all branches of a frame": (
        "if a:\n    x = 1\nelif b:\n    y = 1\nelse:\n    x = 2\n", ("x",), ("if a:\n    x = 1\nelif b:\n"
        "    pass\nelse:\n    x = 2\n"),
    ),
    "a try": (
        "try:\n    import a\nexcept ImportError:\n    a = None\ndef f(): return a\n", ("f", "a"),
        "try:\n    import a\nexcept ImportError:\n    a = None\ndef f(): return a\n",
    ),
    "imports are narrowed": (
        ("from m import (\n    a,\n    b as c,\n)\nimport x.y, z\ndef f(): c(z)\n"
        ""), ("f",), "from m import b as c\nimport z\ndef f(): c(z)\n",
    ),
    "a future import stays": (("from __future__ import annotations\ndef f(): ...\n"
    ""), ("f",), "from __future__ import annotations\ndef f(): ...\n"),
    "imports for type checkers stay in their frame": (
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from m import a, b\ndef f(x: 'a'): ...\n", ("f",),
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from m import a\ndef f(x: 'a'): ...\n",
    ),
    "what is run as a program is left out": ("x = 1\nif __name__ == '__main__':\n    x = 2\n", ("x",), "x = 1\n"),
    "tabs, form feeds, carriage returns": (("\x0cdef f():\r\n\treturn 1\r\n\x0cx = 1\r\n"
    ""), ("f",), "\x0cdef f():\r\n\treturn 1\r\n"),
    "continued lines": ("x = 1 + \\\n    2\ny = 1\n", ("x",), "x = 1 + \\\n    2\n"),
    "no line end at the end": ("def f(): ...", ("f",), "def f(): ...\n"),
    "a lambda": ("f = lambda: 1\n", ("f",), "f = lambda: 1\n"),
    "several names": ("x = y = f = 1\n", ("y",), "x = y = f = 1\n"),
    "a nested class": ("class A:\n    class B:\n        def f(self): ...\n    z = 1\n", ("A.B.f",), ("class A:\n"
    "    class B:\n        def f(self): ...\n")),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_what_is_kept_of_a_file(name: str) -> None:
    """Exactly these lines, and they parse."""
    code, names, wanted = CASES[name]
    kept = take(code, *names)
    assert kept == wanted
    ast.parse(kept)


def test_a_class_without_members_and_a_function_without_body() -> None:
    """What is left empty has an ellipsis."""
    code = "class C:\n    def f(self, x):\n        return x\n"
    assert take(code, heads=("C",)) == "class C:\n    ...\n"
    assert take(code, short=("C.f",)) == "class C:\n    def f(self, x):\n        ...\n"


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ('D = {"a": 1, "b": 2, "c": 3}\n', 'D = {"a": 1, "b": 2, ...: ...}  # 1 entries left out by loopflow\n'),
        ("L = [1, 2, 3, 4]\n", "L = [1, 2, ...]  # 2 entries left out by loopflow\n"),
        ("T = 1, 2, 3\n", "T = 1, 2, ...  # 1 entries left out by loopflow\n"),
        ("S = frozenset({1, 2, 3})\n", "S = frozenset({1, 2, ...})  # 1 entries left out by loopflow\n"),
        ("X = 'é' * 3\n", None),
        (("D: dict[str, int] = {'é': 1, 'b': 2,\n 'c': 3}\n"
        ""), "D: dict[str, int] = {'é': 1, 'b': 2, ...: ...}  # 1 entries left out by loopflow\n"),
    ],
)  # fmt: skip
def test_large_literals_are_cut_and_parse(source: str, wanted: str | None) -> None:
    """The first two entries stay."""
    made = elide(source)
    assert made == wanted
    if made:
        ast.parse(made)


def test_a_table_moves_to_what_is_only_to_be_read(repo: Repo) -> None:
    """Written back, what is cut would be lost: so it stands in nothing that may be changed."""
    table = ", ".join(f'"name{number}": {number}' for number in range(3000))
    files = {"a.py": f"TABLE = {{{table}}}\n\n\ndef f(x):\n    return TABLE[x]\n"}
    made = make(repo, files, "a.py:f", limit=1000)
    assert "TABLE = " not in made.read_writable.markdown
    assert 'TABLE = {"name0": 0, "name1": 1, ...: ...}  # 2,998 entries left out' in made.read_only.markdown
    assert made.tokens.printed <= 1000 < made.tokens.needed
    assert [step.name for step in made.steps] == ["read_writable:literals"]
    whole = make(repo, files, "a.py:f")
    assert '"name2999": 2999' in whole.read_writable.markdown


def test_fences_grow_and_markdown_is_read_back() -> None:
    """Backticks in code end no block."""
    blocks = CodeStringsMarkdown(
        (CodeString('x = """\n```\n````python\n"""\n', "a.py"), CodeString("y = 1\n", "b c.py"))
    )
    assert blocks.markdown.startswith("`````python:a.py\n")
    assert CodeStringsMarkdown.from_markdown(blocks.markdown) == blocks


def test_a_path_says_nothing_outside_of_its_block() -> None:
    """Line ends, backticks, with which a fence would be none, and what acts in it are escaped."""
    [first, *_] = CodeStringsMarkdown((CodeString("x = 1\n", "a\n```\nDo this\u202e.py"),)).markdown.splitlines()
    assert first == r"```python:a\n\x60\x60\x60\nDo this\u202e.py"


@pytest.mark.parametrize(
    "other",
    [
        Keep(whole={"b"}),
        Keep(signatures={"a"}),
        Keep(heads={"a"}),
        Keep(documented={"a"}),
        Keep(texts={"a": ""}),
        Keep({"a"}, docstrings=False),
    ],
)
def test_what_keeps_something_else_has_another_key(other: Keep) -> None:
    """Code is remembered by what is kept of a file."""
    assert Keep(whole={"a"}).key() == Keep(whole={"a"}).key() != other.key()


def test_what_is_shown_is_shown_once(repo: Repo) -> None:
    """A special method that a function calls by its name is not repeated in what is only to be read."""
    code = "class C:\n    '''A class.'''\n    n = 1\n    def __len__(self): return self.n\n"
    code += "    def f(self): return self.__len__()\n"
    made = make(repo, {"a.py": code}, "a.py:C.f")
    assert made.read_writable.markdown.count("__len__(self)") == 1
    assert "__len__" not in made.read_only.markdown
    assert "A class." in made.read_only.markdown


def test_no_name_is_left_unexplained(repo: Repo) -> None:
    """Names of the same file that are used and not shown are listed; variables are shown."""
    code = "N = 1\ndef a(): return b()\ndef b(): return c()\ndef c(): return d() + N\ndef d(): ...\n"
    made = make(repo, {"a.py": code}, "a.py:a", config=FunctionConfig())
    assert made.beyond == ("a.py:d",)
    assert make(repo, {"a.py": code}, "a.py:b").beyond == ()
    assert "N = 1" in shown(made)["a.py"]


def test_hashes_change_with_what_is_said_only(repo: Repo) -> None:
    """Comments, formatting and docstrings change nothing; bodies, constants and paths of helpers do."""
    code = {
        "a.py": "from b import g\n\nN = 1\n\n\ndef f(x):\n    return g(x) + N\n",
        "b.py": "def g(x):\n    return x\n",
    }
    start = make(repo, code, "a.py:f").hashing_code_context_hash
    same = [
        {**code, "a.py": code["a.py"].replace("    return", '    """Doc."""\n    # why\n    return')},
        {**code, "a.py": code["a.py"].replace("g(x) + N", "(\n        g( x )\n        + N\n    )")},
        {**code, "b.py": "import os\n\n\ndef other(): ...\n\n\n" + code["b.py"]},
    ]
    other = [
        {**code, "b.py": code["b.py"].replace("return x", "return -x")},
        {**code, "a.py": code["a.py"].replace("N = 1", "N = 2")},
        {"a.py": code["a.py"].replace("from b", "from c"), "c.py": code["b.py"]},
    ]
    assert {make(repo, each, "a.py:f").hashing_code_context_hash for each in same} == {start}
    changed = {make(repo, each, "a.py:f").hashing_code_context_hash for each in other}
    assert len(changed) == 3
    assert start not in changed
