"""A run is in the graph once, wherever whoever put it there was killed, and whoever came in between."""

from contextlib import suppress
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopflow.memory.entities import ERROR, newest_rows, read_row, read_run
from loopflow.memory.graph import LocalGraph
from loopflow.memory.model import Entity, Graph, MemoryServerError, Relation, Run, Tools
from loopflow.memory.storing import store
from tests.memory.runs import REFS, Killed, make_run


def count(graph: Graph) -> dict[str, int]:
    """Return how often each failure happened, as the graph says; each has one row."""
    rows = [row for each in graph.entities if each.kind == ERROR for row in map(read_row, each.observations) if row]
    assert len(rows) == len({row.ref for row in rows})
    return {row.ref: row.times for row in rows}


def interrupt(graph: LocalGraph, run: Run, calls: int, *, after: bool) -> None:
    """Store a run with a server that is killed."""
    with suppress(MemoryServerError):
        store(cast("Tools", Killed(graph, calls, after=after)), run)


def test_a_run_and_its_failures() -> None:
    """The run says what it had; each kind of error has a row for each failure."""
    graph = LocalGraph()
    name = store(graph, make_run(0, *REFS[:2]))
    assert name == "TestRun:20250507223045"
    run, kind = graph.export().entities
    assert run.observations == (
        "id id0",
        "log app.log",
        "project shop",
        f"sha256 {'ab' * 32}",
        "lines 48213",
        "tokens 812440 to 5918 o200k_base",
        "profile test",
        "failures critical 2",
        f"errors {REFS[0]} {REFS[1]}",
    )
    assert kind.name == "Error:StockError"
    assert kind.observations[0] == f"{REFS[0]} x2 last {name} app.log L3-5: AX: 3 left, 5 asked"
    assert graph.export().relations == (Relation(name, "Error:StockError", "contains"),)


def test_runs_of_one_second_have_names_of_their_own() -> None:
    """However many there are, and each is known again."""
    graph = LocalGraph()
    runs = [make_run(number, REFS[0], seconds=0) for number in range(25)]
    names = [store(graph, run) for run in runs]
    assert names[:2] == ["TestRun:20250507223045", "TestRun:20250507223045-2"]
    assert len(set(names)) == 25
    assert [store(graph, run) for run in runs] == names
    assert count(graph.export()) == {REFS[0]: 50}


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("calls", range(8))
def test_at_whatever_call_the_server_is_killed(calls: int, after: bool) -> None:  # noqa: FBT001
    """Stored again, it is there once, and so is what came in between."""
    graph = LocalGraph()
    store(graph, make_run(0, REFS[0], REFS[1]))
    interrupt(graph, make_run(1, REFS[0], REFS[2]), calls, after=after)
    store(graph, make_run(2, REFS[0]))
    store(graph, make_run(1, REFS[0], REFS[2]))
    assert count(graph.export()) == {REFS[0]: 6, REFS[1]: 2, REFS[2]: 2}
    assert len(graph.export().relations) == 3


_STEP = st.tuples(
    st.integers(0, 5), st.sets(st.sampled_from(REFS), max_size=4), st.integers(0, 8), st.booleans(), st.booleans()
)


@given(st.lists(_STEP, min_size=1, max_size=8))
def test_any_story_ends_the_same(steps: list[tuple[int, set[str], int, bool, bool]]) -> None:
    """Runs of several kinds, killed here and there and tried again in any order: sums, runs and relations are right."""
    runs = {
        number: make_run(number, *sorted(refs), kind="A" if is_first else "B")
        for number, refs, _, _, is_first in reversed(steps)
    }
    graph, clean = LocalGraph(), LocalGraph()
    for number, _, calls, after, _ in steps:
        interrupt(graph, runs[number], calls, after=after)
    for run in runs.values():
        store(graph, run)
        store(clean, run)
    assert {each.id for each in map(read_run, graph.export().entities) if each} == {run.id for run in runs.values()}
    assert set(graph.export().relations) == set(clean.export().relations)
    for kind in (each for each in clean.export().entities if each.kind == ERROR):
        [found] = graph.open([kind.name]).entities
        times = {ref: row.times for ref, row in newest_rows(found).items()}
        assert times == {ref: row.times for ref, row in newest_rows(kind).items()}
        assert len(found.observations) == len(times)


def test_what_others_wrote_stays() -> None:
    """A note on a kind of error, and one that looks like a row."""
    graph = LocalGraph()
    notes = ("fixed by a larger stock", f"{REFS[0]} x2 is known")
    graph.create([Entity("Error:StockError", "ErrorType", notes)])
    store(graph, make_run(0, REFS[0]))
    store(graph, make_run(1, REFS[0]))
    assert graph.open(["Error:StockError"]).entities[0].observations[:2] == notes


def test_a_server_that_loses_what_it_took_is_noticed() -> None:
    """Another program wrote its file meanwhile."""

    class Losing(LocalGraph):
        def unobserve(self, observations: object) -> None:
            assert observations
            self.delete([each.name for each in self.export().entities])

    graph = Losing()
    store(graph, make_run(0, REFS[0]))
    with pytest.raises(MemoryServerError, match="another program writes its memory"):
        store(graph, make_run(1, REFS[0]))
