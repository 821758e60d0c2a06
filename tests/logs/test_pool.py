"""Failures, each once, within a fixed number of bytes."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from loopflow.logs.model import LogLine, Priority, Span
from loopflow.logs.pool import MOST_KINDS, Entry, Pool, find_place
from tests.support.blocks import block_of, found_of

KINDS = ["alpha", "beta", "gamma", "delta"]
CRITICAL, MEDIUM = [100], [8]


def only(pool: Pool) -> Entry:
    """Return the one failure that is held."""
    [entry] = pool.entries()
    return entry


def number(at: int) -> str:
    """Return a number in letters, which nothing masks."""
    return "".join(chr(ord("g") + int(digit)) for digit in str(at))


@given(starts=st.lists(st.integers(1, 10_000), min_size=1, max_size=30, unique=True))
def test_a_failure_has_its_first_and_last_places_in_any_order(starts: list[int]) -> None:
    """The first three and the last two, the first block and the count, also where streams come late."""
    pool = Pool()
    for start in starts:
        pool.add(found_of(["error: lost", f"context of {start}"], start))
    entry, ordered = only(pool), sorted(starts)
    assert entry.count == len(starts)
    assert [span.first for span in entry.failure().spans] == ordered[:3] + ordered[3:][-2:]
    assert entry.block.lines[1].text == f"context of {ordered[0]}"


@given(blocks=st.lists(st.tuples(st.sampled_from(KINDS), st.sampled_from([100, 40, 8])), max_size=30))
def test_failures_are_told_apart_and_in_order(blocks: list[tuple[str, int]]) -> None:
    """By what they say, in the order of the log."""
    pool = Pool()
    for at, (kind, weight) in enumerate(blocks):
        pool.add(found_of([f"error: {kind} {at}"], at + 1, [weight]))
    first: dict[str, int] = {}
    for at, (kind, _) in enumerate(blocks, 1):
        first.setdefault(kind, at)
    assert [entry.block.span.first for entry in pool.entries()] == sorted(first.values())


@pytest.mark.parametrize(
    ("places", "told"),
    [
        (["a.py:1", "b.py:2", "a.py:1", "b.py:2", "c.py:3"], ["L2 b.py:2", "L5 c.py:3"]),
        (["a.py:1"] * 9, []),
        (["nothing", "a.py:1"], ["L2 a.py:1"]),
        (["x::test_a[1]", "x::test_b[1]"], ["L2 x::test_b[1]"]),
    ],
)
def test_places_that_folding_hid_are_told_once(places: list[str], told: list[str]) -> None:
    """Each where it stands first, and never that of the block that is shown."""
    pool = Pool()
    for at, place in enumerate(places, 1):
        pool.add(found_of(["error: lost", f"  at {place}"], at))
    assert list(only(pool).failure().places) == told


def test_a_block_that_comes_late_takes_its_place_along() -> None:
    """What is shown then is no longer among the places beside it, and what was shown before is."""
    pool = Pool()
    for line, place in ((10, "a.py:1"), (20, "b.py:2"), (5, "b.py:2")):
        pool.add(found_of(["error: lost", f"  at {place}"], line))
    assert (find_place(only(pool).block), only(pool).failure().places) == ("b.py:2", ("L10 a.py:1",))


BLOCKS = st.tuples(
    st.sampled_from(KINDS), st.sampled_from([100, 40, 8, 1]), st.integers(1, 300), st.integers(1, 40), st.booleans()
)


@given(blocks=st.lists(BLOCKS, max_size=25), room=st.sampled_from([500, 3_000, 50_000]))
@example(blocks=[("beta", 100, 9, 40, False), ("beta", 100, 5, 1, True), ("alpha", 100, 3, 40, True)], room=500)
def test_what_all_take_is_known_without_adding_it_up(blocks: list[tuple[str, int, int, int, bool]], room: int) -> None:
    """Whatever came, also a block that stands before the one that was held, and whatever had to go."""
    pool = Pool(room)
    for kind, weight, start, lines, is_pruned in blocks:
        pool.add(found_of([f"error: {kind}", *["  more of it"] * lines], start, [weight]))
        if is_pruned:
            pool.prune()
        costs = dict.fromkeys(Priority, 0)
        for entry in pool.entries():
            costs[entry.block.priority] += entry.cost
        assert {priority: pool._costs[priority] for priority in Priority} == costs  # noqa: SLF001  nothing shows them


def test_what_is_critical_keeps_headline_count_and_places() -> None:
    """When there is no room for its lines; what is new then, or rarer, keeps them longer."""
    pool = Pool(100_000)
    for at in range(100):
        pool.add(found_of([f"error: {number(at)}", *["context"] * 20], 100 * at + 1, CRITICAL))
    pool.add(found_of(["error: g", "other"], 50_000))
    before = {entry.signature: (entry.count, entry.failure().spans, entry.cause) for entry in pool.entries()}
    pool.prune()
    entries = list(pool.entries())
    assert {entry.signature: (entry.count, entry.failure().spans, entry.cause) for entry in entries} == before
    slim = [len(entry.block.lines) == 1 for entry in entries]
    assert slim == sorted(slim, reverse=True)
    assert 50 < sum(slim) < 100
    line = entries[1].block.lines[0]
    assert (line, entries[1].block.cut, entries[1].block.headline) == (LogLine(101, "error: h", 100), 20, 0)
    assert not pool.missed


def test_frequent_lines_go_before_rare_ones() -> None:
    """Whatever comes later."""
    pool = Pool(20_000)
    pool.add(found_of(["error: rare", *["context"] * 30], 1))
    for at in range(40):
        pool.add(found_of(["error: common", f"error: {number(at)}", *["context"] * 30], 100 * at + 100, [100, 100]))
    pool.prune()
    lengths = [len(entry.block.lines) for entry in pool.entries()]
    assert lengths[0] == 31
    assert 1 in lengths


@pytest.mark.parametrize("weight", [100, 40, 8])
def test_each_priority_has_a_share_of_its_own(weight: int) -> None:
    """However many there are of one, those of the others stay as they are."""
    pool = Pool(200_000)
    others = [other for other in (100, 40, 8) if other != weight]
    for at, other in enumerate(others):
        pool.add(found_of([f"error: {number(at)} alone", "context", "more"], at + 1, [other]))
    for at in range(2_000):
        pool.add(found_of([f"error: {number(at)}", "context", "more"], 100 * at + 100, [weight]))
    pool.prune()
    entries = list(pool.entries())
    assert [len(entry.block.lines) for entry in entries[:2]] == [3, 3]
    assert len(entries) < 2_002 or len(entries[2].block.lines) == 1


def test_what_matters_less_is_dropped_and_counted() -> None:
    """The half of it that is less rare, or earlier."""
    pool = Pool(100_000)
    for at in range(1_000):
        pool.add(found_of([f"warning: {number(at)}"], at + 1, MEDIUM))
    pool.prune()
    held = [entry.block.span.first for entry in pool.entries()]
    assert held == list(range(1_001 - len(held), 1_001))
    assert pool.missed == {Priority.MEDIUM: 1_000 - len(held)}
    assert sum(entry.cost for entry in pool.entries()) <= 7_500


def test_at_most_20_000_kinds_are_held() -> None:
    """Further ones are counted, even where they take no room."""
    pool = Pool(1 << 30)
    for at in range(MOST_KINDS + 500):
        pool.add(found_of([f"error: {number(at)}"], at + 1))
    pool.prune()
    held = [entry.block.span.first for entry in pool.entries()]
    assert held == list(range(501, MOST_KINDS + 501))
    assert pool.missed == {Priority.CRITICAL: 500}


def test_the_score_grows_with_weight_rarity_and_lateness() -> None:
    """A rare and late failure is worth most."""
    pool = Pool()
    for line, text, weight in ((1, "a", 100), (2, "b", 40), (900, "c", 100), (901, "d", 100), (902, "d", 100)):
        pool.add(found_of([f"error: {text}"], line, [weight]))
    a, b, c, d = (pool.score(entry, 1_000) for entry in pool.entries())
    assert b < a < c
    assert d < c


@pytest.mark.parametrize(
    ("texts", "headline", "recogniser", "place"),
    [
        (["context", "src/a.ts(99,3): error TS1: no"], 1, "generic", "src/a.ts(99"),
        (["error", '  File "/x/y.py", line 3, in f'], 0, "python", 'File "/x/y.py", line 3'),
        (["tests/test_a.py::TestA::test_b[1] FAILED"], 0, "pytest", "tests/test_a.py::TestA::test_b[1]"),
        (["____ test_it ____", "E  no"], 1, "pytest", "test_it"),
        (["GET /items", "error: no"], 1, "generic", ""),
        (["error: no"], 0, "pytest", ""),
    ],
)
def test_a_place_is_code_or_the_name_of_a_test(texts: list[str], headline: int, recogniser: str, place: str) -> None:
    """The first line is a name where a recogniser begins with one, and no context."""
    assert find_place(block_of(texts, headline=headline, recogniser=recogniser)) == place


def test_spans_of_later_files_come_later() -> None:
    """Whatever their lines."""
    pool = Pool()
    for file, line in ((0, 50), (1, 3), (1, 9), (0, 70), (1, 20), (1, 30)):
        pool.add(found_of(["error: lost"], line, file=file))
    assert [span[:2] for span in only(pool).failure().spans] == [(0, 50), (0, 70), (1, 3), (1, 20), (1, 30)]
    assert isinstance(only(pool).first[0], Span)
