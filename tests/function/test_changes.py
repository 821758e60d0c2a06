"""What a change did: by what definitions say, in work trees, indexes and merges."""

from collections.abc import Mapping

import pytest

from loopflow.cli.function import function
from loopflow.errors import GitError, UsageError
from loopflow.function import FunctionConfig, list_tree
from loopflow.function.changes import find_changes
from loopflow.function.versions import start_of
from loopflow.model import Index, SelectRequest, Source, Worktree
from tests.support.builder import Repo
from tests.support.run import run

A = '''\
"""About a."""

import os
from b import g

N = 1


class C(object):
    """A class."""

    size = 1

    def m(self):
        return self.size + N

    def other(self):
        """Return something."""
        return g(os)


def f(x):
    return x


def h(x): return C()
'''
B = "def g(x):\n    return x\n\n\ndef gone(): ...\n"
T = "T = {}\nfor x in range(9):\n    T[x] = x * 2\n\n\ndef twice(y):\n    return T[y]\n"
START: Mapping[str, str | bytes] = {"a.py": A, "b.py": B, "t.py": T}


def changes(repo: Repo, source: Source | None = None, against: str | None = None) -> dict[str, str]:
    """Return what became of each function of a repository."""
    tree = list_tree(SelectRequest(source=source or Worktree(), untracked=source is None, whole=True), str(repo.root))
    return {each.name: each.kind.value for each in find_changes(tree, start_of(tree, against)).changes}


def edit(repo: Repo, files: Mapping[str, str | bytes | None]) -> dict[str, str]:
    """Return what files that are written, or removed, do to what was committed."""
    repo.track(START).commit()
    for path, content in files.items():
        if content is None:
            (repo.root / path).unlink()
        else:
            repo.write(path, content)
    return changes(repo)


CASES: Mapping[str, tuple[dict[str, str | bytes | None], dict[str, str]]] = {
    "nothing": ({}, {}),
    "a body": ({"a.py": A.replace("return x", "return -x")}, {"a.py:f": "changed"}),
    "a method": ({"a.py": A.replace("g(os)", "g(1)")}, {"a.py:C.other": "changed"}),
    "a signature": ({"a.py": A.replace("f(x)", "f(x=2)")}, {"a.py:f": "changed"}),
    "lines above": ({"a.py": "# why\n\n\n\n" + A}, {}),
    "formatting": ({"a.py": A.replace("def h(x): return C()", "def h(x):\n    return C()")}, {"a.py:h": "cosmetic"}),
    "a docstring": ({"a.py": A.replace("Return something", "Give it")}, {"a.py:C.other": "cosmetic"}),
    "a comment": ({"a.py": A.replace("    return x\n", "    return x  # why\n")}, {"a.py:f": "cosmetic"}),
    "an order of imports": ({"a.py": A.replace("import os\nfrom b import g", "from b import g\nimport os")}, {}),
    "a new function": ({"a.py": A + "\n\ndef new(): ...\n"}, {"a.py:new": "added"}),
    "a new file": ({"c.py": "def new(): ...\n"}, {"c.py:new": "added"}),
    "a file that goes": ({"b.py": None}, {"b.py:g": "removed", "b.py:gone": "removed"}),
    "a file that moves": ({"b.py": None, "c.py": B}, {"c.py:g": "moved", "c.py:gone": "moved"}),
    "a function that moves": (
        {"b.py": B[: B.index("\n\n\n")], "a.py": A + "\n\ndef gone(): ...\n"}, {"a.py:gone": "moved"},
    ),
    "a name": ({"b.py": B.replace("gone", "went")}, {"b.py:went": "moved"}),
    "a constant, with what uses it": (
        {"a.py": A.replace("N = 1", "N = 2")}, {"a.py:<module>": "changed", "a.py:C.m": "affected"},
    ),
    "a field, with what uses it": (
        {"a.py": A.replace("size = 1", "size = 2")}, {"a.py:<module>": "changed", "a.py:C.m": "affected"},
    ),
    "a loop that fills a table": (
        {"t.py": T.replace("x * 2", "x * 3")}, {"t.py:<module>": "changed", "t.py:twice": "affected"},
    ),
    "bases": ({"a.py": A.replace("(object)", "(dict)")}, {"a.py:<module>": "changed", "a.py:h": "affected"}),
    "where a name comes from": ({"a.py": A.replace("from b", "from c")}, {"a.py:C.other": "affected"}),
    "an import that nothing uses": ({"a.py": A.replace("import os", "import os, re")}, {"a.py:<module>": "changed"}),
    "a constant that goes": ({"a.py": A.replace("N = 1\n", "")}, {"a.py:C.m": "affected"}),
    "what is run as a program": (
        {"a.py": A + "\n\nif __name__ == '__main__':\n    f(1)\n"}, {"a.py:<module>": "changed"},
    ),
    "a class without functions": ({"c.py": "class E(Exception):\n    pass\n"}, {"c.py:<module>": "added"}),
    "a file that does not parse": ({"a.py": "def ("}, {}),
    "a file that did not parse": ({"c.py": "def f(): ...\n"}, {"c.py:f": "added"}),
    "a link": ({"other.txt": "def f(): ..."}, {}),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_what_became_of_functions(repo: Repo, name: str) -> None:
    """Each kind of change, by its effect on all functions."""
    files, wanted = CASES[name]
    assert edit(repo, files) == wanted


def test_what_is_gone_is_named(repo: Repo) -> None:
    """Constants, fields and classes too, but for those that moved."""
    repo.track({"a.py": "N = 1\nM = 2\n\n\nclass C:\n    size = 1\n\n\nclass D:\n    x = 1\n    y = 2\n", "b.py": ""})
    repo.commit()
    repo.write("a.py", "class D:\n    y = 3\n")
    repo.write("b.py", "M = 2\n")
    result = run("--changed", cwd=repo.root, command=function)
    assert "removed: a.py:N, a.py:C, a.py:C.size and 1 more\n" in result.err


def test_a_changed_file_that_does_not_parse_is_reported(repo: Repo) -> None:
    """It is neither changed nor removed: nothing is known of it."""
    repo.track(START).commit()
    repo.write("a.py", "def (")
    tree = list_tree(SelectRequest(whole=True), str(repo.root))
    found = find_changes(tree, start_of(tree, None))
    assert (found.changes, [each.path for each in found.unread]) == ([], ["a.py"])


def test_each_tree_has_its_own_change(repo: Repo) -> None:
    """The index is compared as it is, whatever lies on disk, and a branch with where it left another."""
    repo.track(START).commit()
    repo.track({"b.py": B.replace("return x", "return 1")})
    repo.write("a.py", A.replace("return x", "return 2"))
    assert changes(repo, Index()) == {"b.py:g": "changed"}
    assert changes(repo) == {"a.py:f": "changed", "b.py:g": "changed"}
    repo.git("checkout", "-q", "-b", "work")
    repo.commit()
    repo.git("checkout", "-q", "--", "a.py")
    assert changes(repo, Index()) == {}
    assert changes(repo, Index(), "main") == {"b.py:g": "changed"}
    with pytest.raises(GitError, match="there is no nowhere"):
        changes(repo, against="nowhere")


def test_before_the_first_commit_all_is_new(repo: Repo) -> None:
    """The start is the empty tree."""
    repo.track({"b.py": B})
    assert changes(repo, Index()) == {"b.py:g": "added", "b.py:gone": "added"}


def test_in_a_merge_only_what_no_side_has_is_changed(repo: Repo) -> None:
    """Neither what a branch brought, nor what git makes of both sides, but what was written while merging."""
    body = "def f(x):\n    a = 1\n    b = 2\n    c = 3\n    d = 4\n    e = 5\n    return a\n"
    repo.track({**START, "c.py": body, "d.py": "def k(): return 1\n"}).commit()
    repo.git("checkout", "-q", "-b", "work")
    repo.track({"c.py": body.replace("a = 1", "a = 9"), "b.py": B.replace("return x", "return 7")}).commit()
    repo.git("checkout", "-q", "main")
    repo.track({"c.py": body.replace("e = 5", "e = 9"), "d.py": "def k(): return 2\n"}).commit()
    repo.git("merge", "-q", "--no-commit", "--no-ff", "work")
    assert changes(repo, Index()) == {}
    repo.track({"d.py": "def k(): return 3\n"})
    assert changes(repo, Index()) == {"d.py:k": "changed"}


def test_outside_of_git_there_is_nothing_to_compare_with(tmp_path_factory: pytest.TempPathFactory) -> None:
    """It says so."""
    root = tmp_path_factory.mktemp("plain")
    (root / "a.py").write_text("def f(): ...\n")
    tree = list_tree(SelectRequest(whole=True), str(root))
    with pytest.raises(UsageError, match="no git repository"):
        start_of(tree, None)


def test_settings_have_defaults() -> None:
    """Hashes are deep, and nothing is excluded."""
    assert (FunctionConfig().hash, FunctionConfig().exclude) == ("deep", ())
