"""Completing paths of files: what may be read is listed, and nothing else of what lies there."""

import os
from pathlib import Path

import pytest

from loopflow.io.read.opening import HAS_HANDLES, NotOpened, Opener
from loopflow.service import completing
from loopflow.service.completing import MOST_NAMES, complete
from loopflow.service.errors import ReferenceTrouble
from loopflow.service.files import Reading, stamp_all
from loopflow.service.places import FileRules, locate
from tests.service.test_http import ask
from tests.support.asgi import Client

OUTSIDE = (
    "../",
    "../s",
    "sub/../",
    "/",
    "/e",
    "/etc/",
    "..",
    "out/",
    "sub/loop/",
    "away/pass",
    "nothing/",
    "a.py/",
    "~/",
)
DENIED = (".git/", ".GIT/", ".env", "sub/.env", "key", "id_", ".env.d/", "\0", "sub\0/", "a\nb", "\udc80", "\ud800/")


@pytest.fixture
def rules(tmp_path: Path) -> FileRules:
    """Return what lets a directory be read in which something of everything lies, with secrets outside of it."""
    root = tmp_path / "root"
    for name in (
        "a.py",
        "ab/x.txt",
        "sub/deep/b.txt",
        "sub/.env.local",
        ".git/config",
        ".env.d/a",
        "key.PEM",
        "id_rsa",
    ):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("x\n")
    for name in ("two words", "br]ack\\et", "a.txt#L3", "line\nbreak", ".hidden", "é.txt"):
        (root / name).write_text("x\n")
    (root / os.fsdecode(b"bad\xff")).write_text("x\n")
    (root / "out").symlink_to("/etc")
    (root / "away").symlink_to("/etc")
    (root / "inner").symlink_to("a.py")
    (root / "sub" / "loop").symlink_to(".")
    os.mkfifo(root / "pipe")
    (tmp_path / "secret").write_text("secret\n")
    (tmp_path / "root2").mkdir()
    (tmp_path / "root2" / "c").write_text("c\n")
    return FileRules((str(root), str(tmp_path / "root2")))


def test_names_of_a_directory(rules: FileRules) -> None:
    """Files and directories in order; no links, no pipes, nothing denied, nothing that no marker can mean."""
    listed = [".hidden", "a.py", "ab/", "br]ack\\et", "sub/", "two words", "é.txt"]
    assert complete("", rules) == (listed, False)
    assert complete("a", rules).paths == ["a.py", "ab/"]
    assert complete("./a", rules).paths == ["./a.py", "./ab/"]
    assert complete("sub/", rules).paths == ["sub/deep/"]
    assert complete("sub//deep/", rules).paths == ["sub//deep/b.txt"]


def test_another_root_by_its_path(rules: FileRules) -> None:
    """What a path begins with stays as it is written; a directory beside a root is not below it."""
    first, second = rules.roots
    assert complete(f"{second}/", rules).paths == [f"{second}/c"]
    assert complete(f"{first}/a", rules).paths == [f"{first}/a.py", f"{first}/ab/"]
    assert complete(first, rules).paths == []
    assert complete(f"{second}/", FileRules((first,))).paths == []


@pytest.mark.parametrize("prefix", [*OUTSIDE, *DENIED])
def test_what_may_not_be_read_has_one_answer(prefix: str, rules: FileRules) -> None:
    """Outside, through a link, denied in any case of letters, or not there: nothing."""
    assert complete(prefix, rules) == ([], False)


def test_without_a_root_nothing_is_listed(rules: FileRules) -> None:
    for prefix in ("", "a", f"{rules.roots[0]}/", "/", "./"):
        assert complete(prefix, FileRules()) == ([], False)


def test_whatever_is_listed_can_be_read(rules: FileRules) -> None:
    """And what a directory holds is completed in turn."""
    waiting, read = complete("", rules).paths, []
    while waiting:
        path = waiting.pop()
        if path.endswith("/"):
            waiting += complete(path, rules).paths
            continue
        [state] = stamp_all([locate(path, rules)])
        assert not isinstance(state, ReferenceTrouble), path
        with Reading(locate(path, rules), rules) as reading:
            read.append(reading.read().text)
    assert read == ["x\n"] * 7


def test_lifted_and_own_denials_hold(rules: FileRules) -> None:
    own = FileRules(rules.roots, (*rules.deny, "!id_*", "sub/", "*.py"))
    assert complete("", own).paths == [".hidden", "ab/", "br]ack\\et", "id_rsa", "two words", "é.txt"]
    assert complete("sub/", own).paths == []


def test_lists_are_bounded(rules: FileRules, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first ones are told, and that there are more; of a directory without end, a part is looked at."""
    for number in range(MOST_NAMES + 1):
        Path(rules.roots[0], "ab", f"n{number:03}").touch()
    found = complete("ab/n", rules)
    assert found == ([f"ab/n{number:03}" for number in range(MOST_NAMES)], True)
    assert complete("ab/n0", rules).more is False
    monkeypatch.setattr(completing, "_MOST_LOOKED_AT", 3)
    assert len(complete("ab/", rules).paths) <= 3


@pytest.mark.parametrize("handles", [False, pytest.param(True, marks=pytest.mark.skipif(not HAS_HANDLES, reason=""))])
def test_both_ways_to_open_scan_alike(rules: FileRules, handles: bool) -> None:  # noqa: FBT001
    with Opener(rules.roots[0], handles=handles) as opener:
        with opener.scan("sub/deep") as entries:
            assert [entry.name for entry in entries] == ["b.txt"]
        with opener.scan("") as entries:
            assert "a.py" in {entry.name for entry in entries}
        for directory in ("out", "sub/loop", "a.py", "missing", "pipe"):
            with pytest.raises((NotOpened, OSError)), opener.scan(directory):
                pass


def test_over_http(tmp_path: Path) -> None:
    """No body of another shape; what is told names no root."""
    (tmp_path / "root" / "src").mkdir(parents=True)
    (tmp_path / "root" / "src" / "a.py").touch()
    path = "/v1/references/complete"

    async def do(client: Client) -> None:
        assert (await client.post(path, {})).json == {"paths": ["src/"], "more": False}
        assert (await client.post(path, {"prefix": "src/a"})).json == {"paths": ["src/a.py"], "more": False}
        assert (await client.post(path, {"prefix": "../"})).json == {"paths": [], "more": False}
        assert (await client.post(path, {"prefix": "\ud800"})).status in {200, 400}
        for body in ({"prefix": 1}, {"prefix": "a" * 4_097}, {"path": ""}):
            assert (await client.post(path, body)).status == 400
        assert (await client.post(path, {}, origin="http://other.example")).status == 403
        assert (await client.get(path)).status == 405

    ask(tmp_path, do, works=False)
