"""Who uses what was changed: callers, and functions that are affected."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopflow.function import FunctionConfig, list_tree
from loopflow.function.changes import Kind, find_changes
from loopflow.function.target import all_functions
from loopflow.function.users import find_affected, find_callers
from loopflow.function.versions import start_of
from loopflow.function.working import Workshop
from loopflow.model import Revision, SelectRequest, Worktree
from loopflow.tokens import create_counter
from tests.support.builder import Repo


def open_workshop(repo: Repo, revision: str = "") -> Workshop:
    """Return what makes contexts of a repository."""
    request = SelectRequest(source=Revision(revision) if revision else Worktree(), whole=True)
    return Workshop(list_tree(request, str(repo.root)), FunctionConfig(), create_counter())


def affected(repo: Repo) -> dict[str, int]:
    """Return the functions that a change reaches, and how far each is."""
    workshop = open_workshop(repo)
    found = find_changes(workshop.tree, start_of(workshop.tree, None))
    return {each.target.name: each.distance for each in find_affected(workshop, found)}


FILES = {
    "p/__init__.py": "from p.low import helper as exported\n",
    "p/low.py": "LIMIT = 1\n\n\ndef helper(x):\n    return x + LIMIT\n",
    "a.py": "import p\n\n\ndef f():\n    return p.exported(1)\n\n\ndef alone(): ...\n",
    "b.py": "from a import f\n\n\nclass B:\n    def m(self):\n        return f()\n\n    def other(self): ...\n",
}


@pytest.mark.parametrize(
    ("path", "old", "new", "wanted"),
    [
        ("p/low.py", "x + LIMIT", "x - LIMIT", {"a.py:f": 1, "b.py:B.m": 2}),
        ("p/low.py", "LIMIT = 1", "LIMIT = 2", {"p/low.py:helper": 1, "a.py:f": 2, "b.py:B.m": 3}),
        ("p/__init__.py", "helper", "other", {"a.py:f": 0, "b.py:B.m": 1}),
        ("a.py", "alone(): ...", "alone(): return 1", {}),
        ("p/low.py", "+ LIMIT", "+ LIMIT  # as it is", {}),
    ],
)
def test_what_is_affected(repo: Repo, path: str, old: str, new: str, wanted: dict[str, int]) -> None:
    """Whoever reaches what was changed, through what re-exports it; by how many steps."""
    repo.track(FILES).commit()
    repo.write(path, FILES[path].replace(old, new))
    assert affected(repo) == wanted


@settings(max_examples=8)
@given(
    st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)), max_size=16),
    st.sets(st.integers(0, 8), min_size=1, max_size=2),
)
def test_affected_is_what_a_full_comparison_finds(
    tmp_path_factory: pytest.TempPathFactory, calls: list[tuple[int, int]], edited: set[int]
) -> None:
    """Over three files that import each other, and nothing that only imports is left out."""
    repo = Repo(tmp_path_factory.mktemp("program"))

    def write(value: int) -> None:
        for file in range(3):
            lines = [f"import m{other}" for other in range(3)]
            for number in range(file * 3, file * 3 + 3):
                body = ", ".join(f"m{two // 3}.f{two}()" for one, two in calls if one == number)
                lines.append(f"def f{number}(): return [{body}], {value if number in edited else 0}")
            repo.write(f"m{file}.py", "\n".join(lines) + "\n")

    write(0)
    repo.track().commit()
    write(1)
    now, before = open_workshop(repo), open_workshop(repo, "HEAD")
    full = {
        each.name
        for path in ("m0.py", "m1.py", "m2.py")
        for each in all_functions(now, path)
        if now.graph.hash(path, each.qualname) != before.graph.hash(path, each.qualname)
    }
    changed = {f"m{number // 3}.py:f{number}" for number in edited}
    assert affected(repo).keys() | changed == full


def test_many_users_of_one_helper(repo: Repo) -> None:
    """All are found, and each is one step away."""
    users = "".join(f"def f{number}(): return helper({number})\n" for number in range(500))
    files = {"low.py": "def helper(x): return x\n"}
    files |= {f"m{file}.py": "from low import helper\n" + users for file in range(10)}
    repo.track(files).commit()
    repo.write("low.py", "def helper(x): return -x\n")
    assert set(affected(repo).values()) == {1}
    assert len(affected(repo)) == 5000


def test_callers(repo: Repo) -> None:
    """By what names resolve to: other names of it, modules, and what Python calls, but not another of that name."""
    code = "from p import exported as go\nfrom p.low import C\n\n\n"
    code += "Y = go(1)\n\n\ndef one(\n    x: int,\n) -> int:\n"
    code += "    return go(x)\n\n\ndef two():\n    with C() as c:\n        return c\n"
    repo.track({**FILES, "p/low.py": FILES["p/low.py"] + "\n\nclass C:\n    def __enter__(self): ...\n", "c.py": code})
    repo.write("d.py", "def helper(x): ...\n\n\ndef f():\n    return helper(1)\n")
    repo.track()
    workshop = open_workshop(repo)
    found = find_callers(workshop, [("p/low.py", "helper")])
    assert [(each.path, each.qualname, each.head, each.text) for each in found] == [
        ("a.py", "f", "def f():", "return p.exported(1)"),
        ("c.py", "", "", "Y = go(1)"),
        ("c.py", "one", "def one( x: int, ) -> int:", "return go(x)"),
    ]
    assert [each.qualname for each in find_callers(workshop, [("p/low.py", "C.__enter__")])] == ["two"]
    assert find_callers(workshop, []) == []


def test_who_was_affected_is_no_change_of_its_own(repo: Repo) -> None:
    """What is changed itself is not listed a second time."""
    repo.track(FILES).commit()
    repo.write("p/low.py", FILES["p/low.py"].replace("x + LIMIT", "x"))
    repo.write("a.py", FILES["a.py"].replace("exported(1)", "exported(2)"))
    assert affected(repo) == {"b.py:B.m": 1}
    workshop = open_workshop(repo)
    kinds = {each.name: each.kind for each in find_changes(workshop.tree, start_of(workshop.tree, None)).changes}
    assert kinds == {"a.py:f": Kind.CHANGED, "p/low.py:helper": Kind.CHANGED}
