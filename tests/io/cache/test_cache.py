"""The cache by itself: what goes in comes out, for as long as it should."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopflow.io.cache.database import KEPT_DAYS, SETTLED_NS, NoCache
from loopflow.io.cache.page_format import Content, pack
from loopflow.model import Stamp
from tests.support.caches import COUNTER, DAY_NS, NOW_NS, OLD, ROOT, Opened, some_contents, some_states


def blob_ids() -> st.SearchStrategy[str]:
    """Return a strategy for the ids of both object formats."""
    return st.one_of(st.binary(min_size=20, max_size=20), st.binary(min_size=32, max_size=32)).map(bytes.hex)


def contents_strategy() -> st.SearchStrategy[dict[str, Content]]:
    counts = st.integers(0, 2**40)
    facts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
    contents = st.builds(Content, counts, counts, st.booleans(), st.booleans(), facts)
    return st.dictionaries(blob_ids(), contents, max_size=20)


def states_strategy() -> st.SearchStrategy[dict[str, tuple[Stamp, str]]]:
    names = st.binary(min_size=1, max_size=30).filter(lambda raw: not {0, ord("/")} & set(raw))
    parts = st.lists(names, min_size=1, max_size=3)
    paths = parts.map(lambda names: b"/".join(names).decode("utf-8", "surrogateescape"))
    times = st.integers(-DAY_NS, NOW_NS - SETTLED_NS - 1)
    stamps = st.builds(Stamp, st.integers(0, 2**50), times, times, st.integers(0, 2**63 - 1))
    return st.dictionaries(paths, st.tuples(stamps, blob_ids() | st.just("")), max_size=20)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "made" / "when" / "needed" / "counts.sqlite3"


@settings(max_examples=40)
@given(contents_strategy(), states_strategy())
def test_what_goes_in_comes_out(contents: dict[str, Content], states: dict[str, tuple[Stamp, str]]) -> None:
    """Any contents and states come back as they were, in the same run and in the next; others are not known."""
    with TemporaryDirectory() as directory:
        first = Opened(Path(directory) / "cache").save(contents, states)
        assert first.knows(contents, states)
        second = Opened(Path(directory) / "cache")
        assert second.knows(contents, states)
        assert second.cache.contents(["ff" * 20, "ff" * 32, *contents]) == contents
        assert second.states(f"{ROOT}/below") == second.states("/somewhere") == {}


@pytest.mark.parametrize("wanted", [0, 1, 499, 500, 501, 1001, 3000])
def test_any_number_is_found(file: Path, wanted: int) -> None:
    """One id, some hundreds at a time, or all of them: each that is known is found, and no other one."""
    known = some_contents(5000)
    ids = [*some_contents(wanted, first=2500), *some_contents(wanted // 2, first=9000)]
    cache = Opened(file).save(known).cache
    assert cache.contents(iter(ids)) == {blob: known[blob] for blob in ids if blob in known}


def test_another_counter_sees_nothing(file: Path) -> None:
    """Counts belong to the counter that made them, and so do states of files, which say what they count as."""
    Opened(file).save(some_contents(3), some_states(3))
    other = Opened(file, counter=COUNTER + "2")
    assert other.cache.contents(some_contents(3)) == {}
    assert other.states() == {}
    wrong = {blob: Content(99, 99) for blob in some_contents(3)}
    assert other.save(wrong).knows(wrong)
    assert Opened(file).knows(some_contents(3), some_states(3))


def test_when_it_is_empty(file: Path) -> None:
    """It is empty until something is known of this counter or of any file; without a cache, always."""
    assert Opened(file).cache.is_empty
    assert not Opened(file).save(some_contents(1)).cache.is_empty
    assert Opened(file, counter="other").cache.is_empty
    assert not Opened(file, counter="other").save({}, {"a.png": (OLD, "")}).cache.is_empty
    assert NoCache().is_empty


def test_no_cache_knows_nothing() -> None:
    """What is saved to no cache is not there."""
    cache = NoCache()
    cache.save(some_contents(2), ROOT, {"": pack({})})
    assert (cache.contents(some_contents(2)), cache.pages(ROOT)) == ({}, {})


@pytest.mark.parametrize(
    ("age_ns", "kept"),
    [(SETTLED_NS + 1, True), (SETTLED_NS, False), (SETTLED_NS - 1, False), (0, False), (-DAY_NS, False)],
)
@pytest.mark.parametrize("which", ["mtime_ns", "ctime_ns", "both"])
def test_young_states_are_not_kept(file: Path, age_ns: int, kept: bool, which: str) -> None:  # noqa: FBT001
    """A file that changed less than two seconds before the run began, by either time, or after it, is not known."""
    young = NOW_NS - age_ns
    stamp = OLD._replace(**dict.fromkeys(["mtime_ns", "ctime_ns"] if which == "both" else [which], young))
    states = {"young.py": (stamp, "aa" * 20), "old.py": (OLD, "bb" * 20)}
    opened = Opened(file).save({}, states)
    assert ("young.py" in opened.states(), "old.py" in opened.states()) == (kept, True)


def test_a_young_state_does_not_leave_the_old_one_behind_as_true(file: Path) -> None:
    """A file that is too young to be kept keeps its former state, which is that of other bytes and times."""
    Opened(file).save({}, {"a.py": (OLD, "aa" * 20)})
    young = OLD._replace(ctime_ns=NOW_NS)
    assert Opened(file).save({}, {"a.py": (young, "bb" * 20)}).states().get("a.py") != (young, "aa" * 20)


def test_times_that_no_database_holds(file: Path) -> None:
    """A file that claims to be from long before the calendar costs no other file its place."""
    ancient = OLD._replace(mtime_ns=-(2**65))
    opened = Opened(file).save(some_contents(1), {"ancient": (ancient, "aa" * 20), "old": (OLD, "bb" * 20)})
    assert opened.knows(some_contents(1), {"old": (OLD, "bb" * 20)})


def after_days(file: Path, days: int) -> Opened:
    """Open the cache some days later."""
    return Opened(file, now_ns=NOW_NS + days * DAY_NS)


def test_what_is_of_no_use_is_forgotten(file: Path) -> None:
    """Contents and states that no run asked for are gone with the first save after they were kept for long enough."""
    Opened(file).save(some_contents(2), some_states(2))
    assert after_days(file, KEPT_DAYS).save(some_contents(1, first=7)).knows(some_contents(2), some_states(2))
    late = after_days(file, KEPT_DAYS + 1).save(some_contents(1, first=8))
    assert late.knows(some_contents(2, first=7))
    assert late.cache.contents(some_contents(2)) == {}


def test_what_is_of_use_is_kept(file: Path) -> None:
    """What runs ask for again and again stays, however old it is; what they do not, does not."""
    Opened(file).save(some_contents(9), some_states(2))
    for days in range(20, 6 * KEPT_DAYS, 20):
        opened = after_days(file, days)
        assert opened.knows(some_contents(2), some_states(2))
        opened.save({})
    assert after_days(file, 6 * KEPT_DAYS).cache.contents(some_contents(9)) == some_contents(2)


def test_a_run_without_news_writes_nothing(file: Path) -> None:
    """Asking for what is known and of the same week leaves the file as it is."""
    Opened(file).save(some_contents(9), some_states(2))
    before = file.read_bytes(), file.stat().st_mtime_ns
    opened = after_days(file, 6)
    assert opened.knows(some_contents(9), some_states(2))
    opened.save({})
    assert (file.read_bytes(), file.stat().st_mtime_ns) == before
