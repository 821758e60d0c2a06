"""What a digest tells, in which shape, until the budget is used."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import accumulate, takewhile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopflow.logs.budgeting import TokenBudgetManager
from loopflow.logs.chunk_shares import ChunkShares
from loopflow.logs.fitting import Fitter, count_shapes
from loopflow.logs.material import Material, largest
from loopflow.logs.model import LogLine, LogProfile, Priority, Shape, Template
from loopflow.logs.pool import Entry
from loopflow.logs.shapes import Shapes
from loopflow.logs.whole import count_all
from loopflow.tokens import create_counter
from tests.support.blocks import block_of, entry_of

COUNT = partial(count_all, create_counter())
CRITICAL, HIGH, MEDIUM, LOW = Priority.CRITICAL, Priority.HIGH, Priority.MEDIUM, Priority.LOW
PROFILE = LogProfile("test", 0.8, 1, 1, 0.5)
MESSAGES = ["disk full", "no such host", "it is broken", "not what was expected"]
LINE = st.sampled_from(["  at a.js:3", "[L1] x", "", "  ", "GET /", "é", "/x"])
FAILURE = st.tuples(st.sampled_from(Priority), st.sampled_from(MESSAGES), st.lists(LINE, max_size=40))


def entries_of(failures: Sequence[tuple[Priority, str, Sequence[str]]], first: int = 1) -> list[Entry]:
    """Return failures one after the other, ten lines between; those with one message have one cause."""
    starts = accumulate((len(lines) + 11 for _, _, lines in failures), initial=first)
    entries = []
    for number, (start, (priority, message, lines)) in enumerate(zip(starts, failures, strict=False)):
        kind = f"m{number}.{priority.name}Error"
        entries.append(entry_of(block_of([f"{kind}: {message}", *lines], start, priority=priority, kind=kind)))
    return entries


def end_of(lines: int, first: int = 5_000) -> list[tuple[int, LogLine]]:
    """Return the end of a log."""
    return [(0, LogLine(first + at, f"line {at} of the end", 0)) for at in range(lines)]


def fit(
    entries: Sequence[Entry],
    total: int,
    profile: LogProfile = PROFILE,
    shapes: Shapes | None = None,
    manager: TokenBudgetManager | None = None,
    **material: object,
) -> Fitter:
    """Choose; what a test does not say is empty."""
    scores = {entry.signature: float(entry.block.span.first) for entry in entries}
    shares = ChunkShares(total, [10_000])
    made = replace(Material(entries, scores, (), shares), **material)  # type: ignore[arg-type]
    fitter = Fitter(made, manager or TokenBudgetManager(total), COUNT, shapes or Shapes(), profile)
    fitter.choose()
    return fitter


def shapes_of(fitter: Fitter) -> list[Shape | None]:
    """Return how each failure is told, in the order of the log."""
    return [fitter.shape_of.get(entry.signature) for entry in fitter.material.entries]


TEMPLATES = [
    Template(f"said <*> {letter}", 90 - at, 1, 90, "") for at, letter in enumerate("abcdefghijklmnopqrstuvwxyz")
]
PROFILES = st.builds(
    LogProfile, st.just("x"), st.floats(0, 1), st.just(1), st.just(1), st.floats(0, 1), st.floats(0, 1)
)


@given(failures=st.lists(FAILURE, max_size=9), total=st.integers(0, 900), end=st.integers(0, 60), profile=PROFILES)
def test_what_is_chosen_takes_what_was_counted(
    failures: list[tuple[Priority, str, list[str]]], total: int, end: int, profile: LogProfile
) -> None:
    """The tokens of the parts are those of the whole text, and no more than there are; nothing critical vanishes."""
    entries = entries_of(failures)
    fitter = fit(entries, total, profile, end=end_of(end), templates=TEMPLATES, missed={CRITICAL: 1})
    *texts, last = fitter.texts()
    untold = [entry for entry in entries if entry.block.priority is CRITICAL and not fitter.is_told(entry)]
    assert last == f"[{len(untold) + 1} more critical]\n"
    head, tokens = COUNT(["[head]\n", "[head]\n" + "".join(texts)])
    assert tokens - head == fitter.manager.used <= total
    assert all(text.startswith("[") and text.endswith("\n") for text in texts)


@given(failures=st.lists(FAILURE, max_size=9), end=st.integers(0, 60))
def test_all_is_told_where_there_is_room(failures: list[tuple[Priority, str, list[str]]], end: int) -> None:
    """Failures of all priorities but the least in full, or a line, and all of the end."""
    fitter = fit(entries_of(failures), 50_000, end=end_of(end))
    for entry, shape in zip(fitter.material.entries, shapes_of(fitter), strict=True):
        expected = {LOW: Shape.LINE, Priority.VERBOSE: None}.get(entry.block.priority, Shape.FULL)
        assert shape is expected
    assert "".join(fitter.texts()).count("of the end\n") == end


LONG = ["  context of it"] * 8


def causes(many: int) -> list[tuple[Priority, str, list[str]]]:
    """Return critical failures of as many causes."""
    words = [f"{one}{two}" for one in "ghijkl" for two in "mnopqrs"]
    return [(CRITICAL, f"{word} is broken", LONG) for word in words[:many]]


@pytest.mark.parametrize("total", [300, 600, 900])
def test_causes_are_lines_and_then_rows(total: int) -> None:
    """The first of the log, then the best: lines in 45 % of the room, and with rows it is 60 %."""
    entries = entries_of(causes(42))
    fitter = fit(entries, total)
    [table] = [text for text in fitter.texts() if text.startswith("[also critical: ")]
    ranked = [entries[0], *reversed(entries[1:])]
    lines = list(takewhile(lambda entry: f"L{entry.block.span.first} " not in table, ranked))
    costs = list(accumulate(COUNT([Shapes().draw(entry, Shape.LINE) for entry in ranked]), initial=0))
    assert costs[len(lines)] <= total * 0.45 < costs[len(lines) + 1]
    assert total * 0.5 < costs[len(lines)] + COUNT([table])[0] <= total * 0.6


def test_no_cause_is_a_row_where_there_is_room_for_a_line() -> None:
    """What the first steps leave is used for it, where it is not enough for more."""
    failures = [(priority, message, ["a long line " * 200]) for priority, message, _ in causes(20)]
    fitter = fit(entries_of(failures), 600)
    assert set(shapes_of(fitter)) == {Shape.LINE}


def test_an_end_of_a_log_has_a_share() -> None:
    """35 % before failures are told at length, and the rest of the room at last."""
    long = [(CRITICAL, "disk full", ["  a long context of it"] * 200)]
    small = fit(entries_of(long), 1_000, end=end_of(500))
    end = next(text for text in small.texts() if text.endswith("of the end\n"))
    assert 300 < COUNT([end])[0] <= 900
    many = fit(entries_of([(HIGH, word, LONG) for word in "abcdefghijklmnopqrstuvwxyz"]), 1_000, end=end_of(500))
    end = next(text for text in many.texts() if text.endswith("of the end\n"))
    assert 300 < COUNT([end])[0] <= 450
    only = fit([], 1_000, end=end_of(500))
    assert 950 < only.manager.used <= 1_000
    assert only.texts()[0].endswith("line 499 of the end\n")


def test_one_cause_does_not_push_out_another() -> None:
    """400 failures of one and one of another: both in full, the others as a row of where they are."""
    failures = [(CRITICAL, "disk full", ["  at a.js:3"])] * 400 + [(CRITICAL, "data is corrupt", ["  at b.js:4"])]
    fitter = fit(entries_of(failures), 2_000)
    shapes = shapes_of(fitter)
    assert (shapes[0], shapes[-1]) == (Shape.FULL, Shape.FULL)
    assert shapes.count(Shape.ROW) > 10
    [table] = [text for text in fitter.texts() if text.startswith("[the same at L1: ")]
    assert table.count("|") >= 10


def test_a_cause_is_told_where_it_happened_first() -> None:
    """Even if a later failure of it is worth more."""
    long = ["a long line " * 200]
    failures = [(CRITICAL, "disk full", long), (CRITICAL, "no such host", long), (CRITICAL, "no such host", long)]
    fitter = fit(entries_of(failures), 400)
    assert [text for text in fitter.texts() if text.startswith("[the same at L13: L25")]


def test_every_cause_is_trimmed_before_one_is_full() -> None:
    """And only the first of a cause is told at length before every other cause is."""
    long = ["  context of it all"] * 60
    failures = [(CRITICAL, "disk full", long), (CRITICAL, "disk full", long), (CRITICAL, "no such host", long)]
    seen = set()
    for total in range(100, 1_500, 50):
        first, second, other = shapes_of(fit(entries_of(failures), total))
        seen |= {(first, other)}
        assert second not in {Shape.TRIMMED, Shape.FULL} or {first, other} <= {Shape.TRIMMED, Shape.FULL}
        assert first is not Shape.FULL or other in {Shape.TRIMMED, Shape.FULL}
    assert (Shape.TRIMMED, Shape.TRIMMED) in seen


@pytest.mark.parametrize(("retention", "least", "most"), [(0.0, 0, 20), (0.5, 300, 500), (1.0, 700, 1_000)])
def test_failures_leave_room_for_templates(retention: float, least: int, most: int) -> None:
    """As the profile says: before what else happened has its turn they take so much of what is left, and no more."""
    failures = [(HIGH, word, LONG) for word in "abcdefghijklmnopqrstuvwxyz"]
    templates = [replace(TEMPLATES[0], text=f"something long was said <*> and again {at}") for at in range(60)]
    profile = replace(PROFILE, error_retention=retention, summary_size=1)
    fitter = fit(entries_of(failures), 1_000, profile, templates=templates)
    assert least <= sum(fitter.tokens_of.values()) <= most
    assert bool(fitter.templates) == (retention < 1)


@pytest.mark.parametrize("size", [0.0, 0.25, 0.5])
def test_templates_have_a_share_of_what_is_left(size: float) -> None:
    """As many of the most frequent ones as there is room for in it, the most frequent first."""
    fitter = fit([], 500, replace(PROFILE, summary_size=size), templates=TEMPLATES)
    told = len(fitter.templates)
    costs = COUNT([f"[also: {each.count} x L1-90] {each.text}\n" for each in TEMPLATES])
    assert fitter.templates == TEMPLATES[:told]
    assert sum(costs[:told]) == fitter.manager.used <= 500 * size < sum(costs[: told + 1])
    assert fitter.texts()[:1] == ["[also: 90 x L1-90] said <*> a\n"] * bool(told)


def test_what_matters_less_is_shared_out_by_place() -> None:
    """Medium failures at the beginning do not take the room of those at the end, and high ones may."""
    for priority, is_bound in ((MEDIUM, True), (HIGH, False)):
        failures = [(priority, f"no {word}", LONG) for word in ("a", "b", "c", "d", "e", "f")]
        fitter = fit(entries_of(failures), 500)
        assert (shapes_of(fitter).count(None) > 2) is is_bound


def test_what_earlier_runs_had_stays_a_line() -> None:
    """However much room there is, in the middle of a log and at its end."""
    entries = entries_of(causes(2), 5_000)
    known = {entry.failure().ref: "2025-03-01" for entry in entries[:1]}
    fitter = fit(entries, 5_000, shapes=Shapes(known=known))
    assert shapes_of(fitter) == [Shape.LINE, Shape.FULL]


def test_lines_are_not_told_twice_at_the_end() -> None:
    """A failure that is among the last lines is told as one, and the lines around it are."""
    end = end_of(40)
    lines = tuple(line for _, line in end[10:14])
    block = replace(block_of(["x"] * 4, 5_010), lines=lines)
    for total in (400, 4_000):
        text = "".join(fit([entry_of(block)], total, end=end).texts())
        assert Counter(text.split("\n"))["line 11 of the end"] == 1
        assert text.index("line 11 of the end\n") < text.index("line 14 of the end\n")


def test_several_logs_are_told_by_number() -> None:
    """In all parts: what else happened, where else a failure is, the end; in the order of the logs."""
    entries = entries_of([(CRITICAL, "no", [])] * 2)
    entries = [entry_of(replace(each.block, span=each.block.span._replace(file=1))) for each in entries]
    templates = [Template("a", 3, 5, 2, "", (0, 1)), Template("b", 2, 5, 6, "", (1, 1))]
    end = [(0, LogLine(9, "last of the first", 0)), (1, LogLine(900, "last", 0))]
    shapes = Shapes(several=True)
    fitter = fit(entries, 300, shapes=shapes, end=end, templates=templates, several=True)
    heads = [re.split(r" ERR|\]", text)[0] for text in fitter.texts()]
    assert heads == [
        "[also: 3 x F1:L5-F2:L2",
        "[also: 2 x F2:L5-6",
        "[F1:L9 end",
        "[F2:L1",
        "[F2:L12",
        "[the same at F2:L1: F2:L12 m1.CRITICALError: no",
        "[F2:L900 end",
    ]


@pytest.mark.parametrize("components", [{}, {"api": 200}])
def test_tokens_are_those_of_components(components: Mapping[str, int]) -> None:
    """Of each failure in its own."""
    entries = entries_of(causes(2))
    entries[1].block = replace(entries[1].block, component="api")
    manager = TokenBudgetManager(900, components=components)
    fitter = fit(entries, 900, manager=manager)
    used = {share.component: share.used for share in manager.shares()}
    assert used["api"] == fitter.tokens_of[entries[1].signature]
    assert used["misc"] == fitter.tokens_of[entries[0].signature]


def test_shapes_are_counted_by_priority() -> None:
    """Those that are told."""
    fitter = fit(entries_of([(CRITICAL, "disk full", []), (HIGH, "no such host", []), (LOW, "x", [])]), 1_000)
    assert count_shapes(fitter, CRITICAL) == {Shape.FULL: 1}
    assert count_shapes(fitter, LOW) == {Shape.LINE: 1}
    assert not count_shapes(fitter, MEDIUM)


@given(most=st.integers(0, 5_000), fits=st.integers(0, 6_000))
def test_the_largest_that_fits_is_found_from_below(most: int, fits: int) -> None:
    """No number is tried that is much larger than it: to try one costs as much as it is large."""
    tried: list[int] = []

    def is_small(number: int) -> bool:
        tried.append(number)
        return number <= fits

    assert largest(most, is_small) == min(most, fits)
    assert max(tried, default=0) <= 2 * fits + 1
