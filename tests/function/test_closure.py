"""The closure: all that a function reaches, as files that can be imported."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from loopflow.cli.function import function
from tests.support.builder import Repo
from tests.support.run import run

FILES = {
    "pkg/__init__.py": "from .low import helper as exported\nfrom .other import unused\nfrom .star import *\n",
    "pkg/low.py": "import os, sys\n\nif sys.version_info < (3, 0):\n    text = None\nelse:\n    text = str\n\n\n"
    "def helper(x):\n    return text(x)\n\n\ndef never(): ...\n",
    "pkg/other.py": "def unused(): ...\n",
    "pkg/star.py": "_HIDDEN = 1\nSTARRED = _HIDDEN + 1\n",
    "pkg/registry.py": "SEEN = {}\n\n\n"
    "def register(name):\n    def inner(f):\n        SEEN[name] = f\n        return f\n"
    "    return inner\n\n\n"
    "SEEN.setdefault('start', len)\n\n\n@register('f')\ndef registered(): ...\n",
    "pkg/shapes.py": "from abc import abstractmethod\n\n\n"
    "class Shape:\n    def area(self):\n        return self.size() * 2\n\n"
    "    @abstractmethod\n    def size(self): ...\n\n    def never(self): ...\n\n\n"
    "class Square(Shape):\n    side = 3\n\n    def size(self):\n        return self.side\n\n"
    "    def __repr__(self):\n        return 'Square'\n",
    "pkg/tables.py": "TABLE, OTHER, NEVER = [0] * 3, {}, []\n"
    "for at in range(3):\n    TABLE[at] = at * 2\n"
    "if TABLE:\n    for word in ('a', 'b'):\n        OTHER.setdefault(word, TABLE)\n"
    "while not NEVER:\n    NEVER = [1]\n",
    "ring/__init__.py": "from ring.first import one\n",
    "ring/first.py": "def one():\n    return 1\n\n\nfrom ring.second import two\n\n\ndef both():\n    return two()\n",
    "ring/second.py": "import ring.first\nfrom ring.first import one\n\n\ndef two():\n    return one() + 1\n\n\n"
    "def three():\n    return ring.first.both()\n",
    "app.py": "import pkg\nfrom pkg.tables import OTHER\nfrom pkg import STARRED\n"
    "from pkg.shapes import Square, Shape\nfrom pkg import registry\n\n\n"
    "def use(x: Shape):\n    from pkg.low import helper\n"
    "    return pkg.exported(x.area()), STARRED, repr(x), helper(1)\n\n\n"
    "def make():\n    return use(Square())\n\n\ndef seen():\n    return sorted(registry.SEEN)\n\n\n"
    "def filled():\n    return OTHER\n\n\n"
    "def circle():\n    from ring.second import three\n    return three()\n\n\n"
    "def called():\n    return getattr(Square(), 'area')()\n\n\n"
    "def computed(name):\n    return __import__(name), getattr(pkg, name)\n\n\n"
    "if __name__ == '__main__':\n    make()\n",
}
CALLS: Mapping[str, str] = {
    "make": "make()", "seen": "seen()", "called": "called()", "filled": "filled()", "circle": "circle()",
}  # fmt: skip


def evaluate(call: str, where: Path) -> str:
    """Return what a call gives in a process of its own."""
    name = call.partition("(")[0]
    code = f"from app import {name}\nprint({call})"
    command = [sys.executable, "-S", "-B", "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=True, cwd=where).stdout


@pytest.mark.parametrize("name", CALLS)
def test_what_is_reached_gives_the_same(repo: Repo, tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    """Re-exports, stars, frames, local imports, subclasses, registrations, names in texts, loops, circles."""
    repo.track(FILES)
    out = tmp_path_factory.mktemp("closure") / "new"
    result = run(f"app.py:{name}", "--part", "closure", "--write", str(out), cwd=repo.root, command=function)
    assert (result.code, result.out) == (0, "")
    assert "left out: app.py:" in result.err
    assert evaluate(CALLS[name], out) == evaluate(CALLS[name], repo.root)
    code = "".join(path.read_text("utf-8") for path in out.rglob("*.py"))
    assert "def unused" not in code
    assert "def never" not in code


def test_what_is_computed_is_said(repo: Repo) -> None:
    """The closure may be incomplete, and says where."""
    repo.track(FILES)
    result = run("app.py:computed", "--part", "closure", cwd=repo.root, command=function)
    assert "may be incomplete, since a name is computed: app.py:" in result.err
    assert result.out.startswith("```python:app.py\n")


def test_files_are_written_to_a_new_directory_only(repo: Repo) -> None:
    """Whatever else is there stays as it is; and --write is for nothing else."""
    repo.track(FILES)
    for where in (".", "app.py"):
        result = run("app.py:make", "--part", "closure", "--write", where, cwd=repo.root, command=function)
        assert (result.code, "is no empty directory" in result.err) == (2, True)
    result = run("app.py:make", "--write", "new", cwd=repo.root, command=function)
    assert (result.code, "add --part closure" in result.err) == (2, True)
    result = run("app.py:make", "--part", "closure", "--fit", "20", cwd=repo.root, command=function)
    assert (result.code, "nothing of it is left out" in result.err) == (1, True)


def test_fit_holds_for_files_that_are_written(repo: Repo) -> None:
    """As for what would be printed of them: nothing is written where they do not fit."""
    repo.track(FILES)
    asked = ("app.py:make", "--part", "closure", "--write", "new")
    result = run(*asked, "--fit", "20", cwd=repo.root, command=function)
    assert (result.code, "the closure does not fit 20 tokens" in result.err) == (1, True)
    assert not (repo.root / "new").exists()
    assert run(*asked, "--fit", "9k", cwd=repo.root, command=function).code == 0
    assert (repo.root / "new/app.py").exists()


def test_a_cookie_goes_and_the_text_is_utf_8(repo: Repo, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Files are written in one encoding, whatever they were in."""
    repo.track({"app.py": "# -*- coding: latin-1 -*-\ndef make():\n    return 'é'\n".encode("latin-1")})
    out = tmp_path_factory.mktemp("closure") / "new"
    run("app.py:make", "--part", "closure", "--write", str(out), cwd=repo.root, command=function)
    assert (out / "app.py").read_bytes() == "def make():\n    return 'é'\n".encode()


def test_what_a_hash_is_of(repo: Repo) -> None:
    """Without docstrings and comments above, in blocks."""
    repo.track({"a.py": 'def f():\n    """Why."""\n    return g()\n\n\ndef g(): ...\n'})
    result = run("a.py:f", "--part", "hashing", cwd=repo.root, command=function)
    assert result.out == "```python:a.py\ndef f():\n    return g()\n\ndef g(): ...\n```\n"
