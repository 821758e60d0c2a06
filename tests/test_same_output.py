"""The cache never changes an answer: whatever is in it, and whatever happened since, the output is the same bytes."""

import random
import shutil
import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopflow.io.cache.database import NoCache, SqliteCache
from loopflow.io.git.repository import Git
from loopflow.tokens.choice import ENGINES, create_counter
from loopflow.tokens.protocol import TokenCounter
from tests.support.builder import Repo
from tests.support.examples import some
from tests.support.histories import Step, beginning, edit_unseen, fold_away, histories, play, replace_unseen
from tests.support.run import run
from tests.support.work import OPTIONS, SOURCES, Tally, Way, profile_json

LATER_NS = 10_000_000_000
"""How far a clock is put forward so that every file has been at rest for long enough to be remembered."""


class Wrong(Tally):
    """Another engine, that counts something else: what it leaves in a cache must not be taken for ours."""

    def __init__(self) -> None:
        super().__init__()
        self.id += "-wrong"

    def count(self, texts: Sequence[str]) -> list[int]:
        """Return counts that are no tokens."""
        return [len(text) + 1_000 for text in texts]


@cache
def counter(encoding: str = "o200k_base", engine: str = "toktok") -> TokenCounter:
    """Return a counter that is loaded once."""
    return create_counter(encoding, engine)


def outputs(repo: Repo, file: Path | None, ahead_ns: int = 0, by: TokenCounter | None = None) -> dict[str, str]:
    """Return the JSON of each source, counted with the cache in `file`, by a clock that is `ahead_ns`."""
    by = by or counter()
    git = Git()
    found = {}
    for name, source in SOURCES.items():
        kept = SqliteCache(str(file), by.id, time.time_ns() + ahead_ns, lambda _: None) if file else NoCache()
        way = Way(kept, git=git)
        found[name] = profile_json(repo.root, source, way, by)
    return found


@some(6)
@given(histories(), st.integers(0, 1_000_000))
def test_the_cache_never_changes_an_answer(history: list[Step], seed: int) -> None:
    """After each step of a history, all sources print the same with a cache from the steps before and without one.

    One cache goes by the true clock and remembers no file that is this young; the other one remembers all of them. At
    the end the same holds for what is left of that cache, and for one that others have filled.
    """
    with beginning() as repo:
        young, old = repo.root.parent / "young", repo.root.parent / "old"
        outputs(repo, young)
        outputs(repo, old, LATER_NS)
        expected: dict[str, str] = {}
        for step in history:
            play(repo, step)
            expected = outputs(repo, None)
            assert outputs(repo, young) == expected
            assert outputs(repo, old, LATER_NS) == expected
        for make in (thin_out, scratch, add_noise, truncate, fill_by_others):
            changed = repo.root.parent / make.__name__
            shutil.copy(old, changed)
            make(changed, random.Random(seed), repo)  # noqa: S311
            for _ in range(2):
                assert outputs(repo, changed, LATER_NS) == expected, make.__name__


def thin_out(file: Path, chance: random.Random, _repo: Repo) -> None:
    """Forget half of all rows."""
    with closing(sqlite3.connect(file)) as database:
        for table, key in (("content", "blob"), ("page", "directory")):
            keys = database.execute(f"SELECT {key} FROM {table} ORDER BY {key}").fetchall()  # noqa: S608
            lost = [row for row in keys if chance.random() < 0.5]
            database.executemany(f"DELETE FROM {table} WHERE {key} = ?", lost)  # noqa: S608
        database.commit()


def scratch(file: Path, chance: random.Random, _repo: Repo) -> None:
    """Change single bytes, here and there."""
    data = bytearray(file.read_bytes())
    for _ in range(20):
        data[chance.randrange(len(data))] = chance.randrange(256)
    file.write_bytes(data)


def add_noise(file: Path, chance: random.Random, _repo: Repo) -> None:
    """Overwrite everything behind the first page."""
    data = file.read_bytes()
    file.write_bytes(data[:4096] + chance.randbytes(len(data) - 4096))


def truncate(file: Path, chance: random.Random, _repo: Repo) -> None:
    """Cut the file short anywhere."""
    data = file.read_bytes()
    file.write_bytes(data[: chance.randrange(len(data))])


def fill_by_others(file: Path, _chance: random.Random, repo: Repo) -> None:
    """Begin anew with what another encoding and a wrong engine find."""
    file.unlink()
    outputs(repo, file, LATER_NS, counter("cl100k_base"))
    outputs(repo, file, LATER_NS, Wrong())


@pytest.mark.parametrize("change", [edit_unseen, replace_unseen])
@pytest.mark.parametrize("ahead_ns", [0, LATER_NS])
def test_a_change_that_hides_is_seen(change: Callable[[Path], None], ahead_ns: int, tmp_path: Path) -> None:
    """An edit right after a run that keeps the size, and sets the time of change back, is counted."""
    with beginning() as repo:
        cache_file = tmp_path / "cache"
        path = repo.write("dir/hidden.py", "else " * 50)
        repo.track()
        before = outputs(repo, cache_file, ahead_ns)
        change(path)
        after = outputs(repo, cache_file, ahead_ns)
        assert after == outputs(repo, None)
        assert (after["worktree"] != before["worktree"], after["index"]) == (True, before["index"])


def test_states_are_not_found_through_a_link(tmp_path: Path) -> None:
    """Files that are known are skipped once a directory above them is a link to where they went, as if unknown."""
    with beginning() as repo:
        cache_file = tmp_path / "cache"
        before = outputs(repo, cache_file, LATER_NS)
        fold_away(repo.root / "dir", repo.root.parent / "elsewhere")
        after = outputs(repo, cache_file, LATER_NS)
        assert after == outputs(repo, None)
        assert '{"path": "dir/c.py", "reason": "symlink"}' in after["worktree"]
        assert '{"path": "dir/c.py", "reason": "symlink"}' not in before["worktree"]


def test_a_cache_is_shared_between_engines_and_never_mixed_up(tmp_path: Path) -> None:
    """Both encodings keep to their own counts in one file, which all engines share, and the engines agree."""
    with beginning() as repo:
        ways = [counter(encoding, engine) for encoding in ("o200k_base", "cl100k_base") for engine in ENGINES]
        expected = [outputs(repo, None, by=by) for by in ways]
        assert expected == [expected[0]] * 3 + [expected[3]] * 3
        assert expected[0] != expected[3]
        assert len({by.id for by in ways}) == 2
        outputs(repo, tmp_path / "cache", LATER_NS, Wrong())
        for _ in range(2):
            assert [outputs(repo, tmp_path / "cache", LATER_NS, by) for by in ways] == expected


@pytest.mark.parametrize("source", SOURCES)
def test_the_command_prints_the_same(source: str, repo: Repo, tmp_path: Path) -> None:
    """The command itself prints the same bytes without a cache, with an empty one and with a full one."""
    repo.track({"a.py": "x = 1\n" * 9, "b.crlf": "one\r\n", ".gitattributes": "*.crlf eol=crlf\n", "c.png": b"\0"})
    repo.commit()
    repo.track({"a.py": "y = 2\n" * 9})
    repo.write("a.py", "z = 3\n" * 8)
    arguments = ("--profile", "--format", "json", *OPTIONS[source])
    env = {"LOOPFLOW_CACHE_DIR": str(tmp_path / "cache")}
    expected = run(*arguments, "--no-cache", cwd=repo.root, env=env)
    assert (expected.code, expected.err) == (0, "")
    assert not (tmp_path / "cache").exists()
    assert [run(*arguments, cwd=repo.root, env=env) for _ in range(2)] == [expected] * 2
