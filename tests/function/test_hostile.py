"""A repository that wants to be run: nothing of it is, whatever it holds; and source that is hard to read."""

import sys
from pathlib import Path

import pytest

from loopflow.cli.function import function
from loopflow.function import FunctionToOptimize
from loopflow.function.facts.store import SqliteStore
from loopflow.function.settings import FunctionConfig
from loopflow.function.trees import list_tree
from loopflow.function.working import Workshop
from loopflow.model import Index, Revision, SelectRequest
from loopflow.tokens import create_counter
from tests.support.builder import Repo
from tests.support.functions import helpers, make
from tests.support.run import run, run_process

MARK = "import pathlib, os\npathlib.Path(os.environ['MARK']).write_text('run')\n"
CODE = "import helper\nimport conftest, setup\nfrom plugin import g\n\n\ndef f():\n    return helper.h(), g()\n"
PROGRAM = """
import os, sys
allowed = {"git"}
def watch(event, args):
    if event == "subprocess.Popen" and os.path.basename(str(args[0])) not in allowed:
        os.write(2, f"STARTED {args[0]}".encode())
        os._exit(99)
    if event in ("import", "exec", "compile"):
        names = [str(each) for each in args[:2]]
        if any(os.environ["BELOW"] in each for each in names):
            os.write(2, f"RUN {names}".encode())
            os._exit(98)
sys.addaudithook(watch)
from loopflow.cli.main import main
main()
"""


def test_a_hostile_repository_leaves_no_mark(repo: Repo, tmp_path: Path) -> None:
    """No interpreter, no import, no plugin: in the work tree, the index and a commit."""
    mark = tmp_path / "mark"
    script = f"#!/bin/sh\necho run > {mark}\n"
    names = ("conftest.py", "setup.py", "sitecustomize.py", "usercustomize.py", "helper.py", "plugin.py", "noxfile.py")
    repo.track(
        {
            "a.py": CODE,
            **dict.fromkeys(names, MARK + "def h(): ...\ndef g(): ...\n"),
            "pyproject.toml": "[build-system]\nrequires = []\nbuild-backend = 'plugin'\n[tool.jedi]\n[tool.ty]\n",
            "evil.pth": "import plugin\n",
            ".venv/pyvenv.cfg": "home = .venv/bin\n",
            ".venv/bin/python": script,
            ".venv/lib/python3.11/site-packages/evil.pth": "import plugin\n",
            ".venv/lib/python3.11/site-packages/sitecustomize.py": MARK,
        }
    )
    (repo.root / ".venv/bin/python").chmod(0o700)
    commit = repo.commit()
    env = {"MARK": str(mark), "VIRTUAL_ENV": str(repo.root / ".venv"), "BELOW": str(repo.root)}
    for more in ([], ["--staged"], ["--rev", commit], ["--format", "json", "-u"], ["--profile"]):
        program = (sys.executable, "-c", PROGRAM)
        done = run_process("function", "a.py:f", *more, cwd=repo.root, env=env, program=program)
        assert (done.code, done.err) == (0, "")
    assert not mark.exists()
    assert "site-packages" not in run("a.py", ".", "--list", cwd=repo.root, env=env, command=function).out


def test_links_are_not_followed(repo: Repo, tmp_path: Path) -> None:
    """A helper that is a link to a file outside is no file of the tree."""
    (tmp_path / "secret.py").write_text("def g(): 'secret'\n", "utf-8")
    repo.link("b.py", str(tmp_path / "secret.py"))
    made = make(repo, {"a.py": "from b import g\ndef f(): g()\n"}, "a.py:f")
    assert "secret" not in made.read_writable.markdown + made.read_only.markdown


@pytest.mark.parametrize(
    "text",
    [
        "def g(:\n",
        "x = " + "(" * 5000 + ")" * 5000,
        "x = " + "-" * 20_000 + "1",
        "\0",
        "# coding: nonsense\ndef g(): ...\n",
        b"\xff\xfe\x00",
        "def g():\n" + "\tif 1:\n" * 200,
        "type X = int\ndef g[T](x: T): ...\n" if sys.version_info < (3, 12) else "def (",
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_is_one_line(repo: Repo, text: str | bytes) -> None:
    """The others go on, and what it defines is not known, with the reason."""
    repo.track({"a.py": "from b import g\ndef h(): ...\ndef f(): g(), h()\n", "b.py": text})
    result = run("a.py:f", "--unresolved", cwd=repo.root, command=function)
    assert result.code == 0
    assert result.out == "a.py:3:10: g: unparsed\n"
    assert result.err.count("\n") == 1
    assert result.err.startswith("function: warning: b.py is left out: ")


def test_encodings_are_read_as_python_reads_them(repo: Repo) -> None:
    """A cookie, a mark of order, names that are not ASCII."""
    files: dict[str, str | bytes] = {
        "a.py": "from b import é\nfrom c import g\ndef f(): é(), g()\n",
        "b.py": "# -*- coding: latin-1 -*-\ndef é(): 'ü'\n".encode("latin-1"),
        "c.py": b"\xef\xbb\xbfdef g(): ...\n",
    }
    assert helpers(make(repo, files, "a.py:f")) == {"b.py:é", "c.py:g"}


def test_a_huge_function_and_deep_chains_end(repo: Repo) -> None:
    """Nothing takes long, and nothing overflows."""
    chain = "".join(f"def f{n}(x): return f{n + 1}(x)\n" for n in range(300)) + "def f300(x): return x\n"
    long = "def long(x):\n" + "    x = x.a(x)\n" * 2000
    dots = "def dots(x): return x" + ".a" * 400 + "\n"
    union = "def union(x): return " + " + ".join(["x"] * 300) + "\n"
    made = make(repo, {"a.py": chain + long + dots + union}, "a.py:f0")
    assert helpers(made) == {"a.py:f1"}
    for name in ("long", "dots", "union"):
        make(repo, {}, f"a.py:{name}")


@pytest.mark.parametrize("damage", [b"", b"noise" * 1000, None])
def test_a_damaged_cache_changes_nothing(repo: Repo, tmp_path: Path, damage: bytes | None) -> None:
    """Neither noise nor a directory in its place, nor one that cannot be written."""
    repo.track({"a.py": "from b import g\ndef f(): g()\n", "b.py": "def g(): ...\n"})
    env = {"LOOPFLOW_CACHE_DIR": str(tmp_path / "cache")}
    first = run("a.py:f", cwd=repo.root, env=env, command=function)
    file = tmp_path / "cache" / "functions.sqlite3"
    assert file.exists()
    if damage is None:
        file.unlink()
        file.mkdir()
    else:
        file.write_bytes(damage)
    for _ in range(2):
        assert run("a.py:f", cwd=repo.root, env=env, command=function) == first


def test_facts_are_kept_where_a_function_does_not_fit(repo: Repo, tmp_path: Path) -> None:
    repo.track({"a.py": "from b import g\ndef f(): g()\n", "b.py": "def g(): ...\n"})
    env = {"LOOPFLOW_CACHE_DIR": str(tmp_path / "cache")}
    assert run("a.py:f", "--fit", "1", cwd=repo.root, env=env, command=function).code == 1
    tree = list_tree(SelectRequest(), str(repo.root), SqliteStore(str(tmp_path / "cache")))
    assert None not in (tree.facts("a.py"), tree.facts("b.py"))
    assert tree.parsed == 0


def test_what_is_known_is_not_parsed_again(repo: Repo, tmp_path: Path) -> None:
    """By content: neither in a second run, nor from the index or a commit."""
    repo.track({"a.py": "from b import g\ndef f(): g()\n", "b.py": "def g(): ...\n"}).commit()
    parsed = []
    for request in (
        SelectRequest(),
        SelectRequest(),
        SelectRequest(source=Index()),
        SelectRequest(source=Revision("HEAD")),
    ):
        tree = list_tree(request, str(repo.root), SqliteStore(str(tmp_path / "cache")))
        Workshop(tree, FunctionConfig(), create_counter()).make(FunctionToOptimize("a.py", "f"))
        tree.save()
        parsed.append(tree.parsed)
    assert parsed == [2, 0, 0, 0]
