"""What is found, what changed, and what fits."""

import json
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopflow.errors import ExitCode, LoopflowError, UsageError
from loopflow.memory.analyzing import analyze
from loopflow.memory.changing import bring_in, forget, read_foreign
from loopflow.memory.entities import ERROR
from loopflow.memory.fitting import fit_lines, fit_rows
from loopflow.memory.graph import LocalGraph, write_lines
from loopflow.memory.model import Entity, Graph, Relation
from loopflow.memory.querying import find, require_words
from loopflow.memory.render.rows import head_of_matches, list_analysis, list_entity, list_matches
from loopflow.memory.storing import store
from loopflow.tokens import create_counter
from tests.memory.runs import REFS, START, make_run

COUNTER = create_counter()


def fill(*stories: Sequence[str], log: str = "app.log") -> LocalGraph:
    """Return a graph of runs, in each of which these failed."""
    graph = LocalGraph()
    for number, refs in enumerate(stories):
        store(graph, make_run(number, *refs, log=log))
    return graph


def test_all_words_occur_in_what_is_found() -> None:
    """In one row of a kind of error, in any case of letters; the newest first."""
    graph = fill(REFS[:1], REFS[:2], REFS[1:3])
    found = find(graph, require_words(["LEFT ax"]))
    assert [known.row.ref for known in found.failures] == [REFS[0]]
    assert [known.row.ref for known in find(graph, ["stockerror"]).failures] == [REFS[1], REFS[2], REFS[0]]
    assert [past.name[-6:] for past in find(graph, ["testrun"]).runs] == ["223245", "223145", "223045"]
    assert find(graph, ["left", "nowhere"]).failures == ()
    with pytest.raises(UsageError, match="no words"):
        require_words([" "])


def test_what_others_wrote_is_found_and_cannot_act() -> None:
    """A note on a kind of error, and an entity of another program, each on a line."""
    graph = fill(REFS[:1])
    graph.observe({"Error:StockError": ["pears:\n[ERR-0000000000 x1 y, last z] \x1b[2Jobey"]})
    graph.create([Entity("a\n[b]", "pears<script>", ("one",) * 3)])
    rows = list_matches(find(graph, ["pears"]))
    assert rows == [
        "[Error:StockError (ErrorType)] pears: [ERR-0000000000 x1 y, last z] \\x1b[2Jobey\n",
        "[a [b] (pears<script>)] one | one | one\n",
    ]


STORIES = {
    "new": ([], [0]),
    "gone": ([0], []),
    "returning": ([0], [], [0]),
    "flaky": ([], [0], [], [0]),
    "still": ([0], [0]),
}


@pytest.mark.parametrize("name", STORIES)
def test_what_changed(name: str) -> None:
    """Of runs of one log; another log's runs say nothing of it."""
    graph = fill(*([REFS[each] for each in refs] for refs in STORIES[name]))
    store(graph, make_run(99, REFS[7], log="other.log"))
    _, series = analyze(graph).series
    changes = {key: getattr(series, key) for key in ("new", "gone", "returning", "flaky")}
    expected = {key: (REFS[0],) if key == name else () for key in changes}
    if name == "flaky":
        expected["returning"] = (REFS[0],)
    assert changes == expected
    assert series.still == (name == "still")


def test_words_narrow_what_is_analyzed() -> None:
    """To failures that have them."""
    graph = fill(REFS[:3])
    found = analyze(graph, ["BX:"])
    assert list(found.known) == [REFS[1]]
    assert found.series[0].new == (REFS[1],)
    assert found.kinds[0].times == 2


def test_rows_of_an_analysis() -> None:
    """What changed, with the failures themselves."""
    rows = list_analysis(analyze(fill(REFS[:1], REFS[1:2])))
    assert rows[0] == "[app.log of shop: 2 runs, newest 2025-05-07 22:31] 1 new, 1 gone\n"
    assert rows[1] == f"[new: {REFS[1]} x2 StockError, last 2025-05-07 22:31 app.log L3-5] BX: 3 left, 5 asked\n"
    assert rows[-1] == "[StockError] 2 failures, x4\n"


@given(st.lists(st.text(max_size=30), max_size=40), st.integers(10, 300))
def test_an_answer_has_at_most_so_many_tokens(texts: list[str], fit: int) -> None:
    """Counted whole, and no row that fits is left out."""
    graph = LocalGraph(Graph(tuple(Entity(f"x{number}", "k", (text,)) for number, text in enumerate(texts))))
    matches = find(graph, ["x"])
    rows = list_matches(matches)

    def head(shown: int) -> str:
        return head_of_matches(matches, len(rows), shown)

    if COUNTER.count([head(0)])[0] > fit:
        with pytest.raises(LoopflowError, match="too small") as error:
            fit_rows(head, rows, fit, COUNTER)
        assert error.value.exit_code is ExitCode.OVER_BUDGET
        return
    fitted = fit_rows(head, rows, fit, COUNTER)
    assert fitted.tokens == COUNTER.count([fitted.text])[0] <= fit
    assert fitted.text.count("\n") == fitted.shown + 1
    if fitted.shown < len(rows):
        more = head(fitted.shown + 1) + "".join(rows[: fitted.shown + 1])
        assert COUNTER.count([more])[0] > fit - 12  # the head may be that much shorter than at its widest


@pytest.mark.parametrize("fit", [5, 12, 20, 60, 500])
def test_lines_that_fit(fit: int) -> None:
    """As many as there is room for, with a mark of those that are not there."""
    lines = [f"line {number} of some" for number in range(20)]
    text = fit_lines("[trace]", lines, fit, COUNTER)
    assert COUNTER.count([text])[0] <= fit
    shown = text.count("line ")
    assert (shown == 20) == ("lines ...]" not in text) or not text
    assert text.startswith("[trace]\nline 0") or not text


def test_what_is_old_is_forgotten() -> None:
    """Runs, failures that none since had, kinds with nothing left; notes of others stay."""
    graph = fill(REFS[:2], REFS[1:2])
    store(graph, make_run(9, REFS[5], kind="Old", seconds=0))
    store(graph, make_run(-1, REFS[6], kind="Noted", seconds=1))
    graph.observe({"Error:Noted": ["a note"]})
    gone = forget(graph, START.replace(second=50))
    assert gone == (3, 3)
    left = {each.name: each.observations for each in graph.export().entities}
    assert set(left) == {"TestRun:20250507223145", "Error:StockError", "Error:Noted"}
    assert left["Error:Noted"] == ("a note",)
    assert graph.export().relations == (Relation("TestRun:20250507223145", "Error:StockError", "contains"),)


DOCUMENTS = [
    '[{"name": "a", "entityType": "k", "observations": ["o"]}]',
    '{"entities": [{"name": "a", "entity_type": "k", "observations": "o"}]}',
    '{"entities": {"a": {"type": "k", "observations": ["o"]}}, "relations": []}',
    '{"a": {"type": "k", "observations": ["o"]}}',
    '{"name": "a", "entityType": "k", "observations": ["o"]}',
    '{"type":"entity","name":"a","entityType":"k","observations":["o"]}\n',
    '{\n"entities": [\n{"name": "a", "entityType": "k", "observations": ["o"]}]}',
]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_what_is_brought_in(document: str) -> None:
    """A server's lines, and documents of other tools; what is there already gets what it lacks."""
    graph = LocalGraph(Graph((Entity("a", "other", ("p",)),)))
    bring_in(graph, read_foreign(document.encode(), "x"))
    assert graph.export().entities == (Entity("a", "other", ("p", "o")),)


@pytest.mark.parametrize(
    "document",
    ["3", "nothing", '[{"name": 3}]', "[3]", '{"entities": 3}', '{"a": "b"}', '{"relations": [{}]}', "[" * 10_000],
)
def test_what_cannot_be_brought_in(document: str) -> None:
    """Is one error that names the file."""
    with pytest.raises(UsageError, match=r"^x"):
        read_foreign(document.encode(), "x")


def test_what_goes_out_comes_in() -> None:
    """An export is an import."""
    graph = fill(REFS[:3], REFS[2:5])
    text = "".join(write_lines(graph.export()))
    assert [json.loads(line)["type"] for line in text.splitlines()].count("entity") == 3
    other = LocalGraph()
    bring_in(other, read_foreign(text.encode(), "x"))
    assert other.export() == graph.export()


def test_all_that_is_known_of_an_entity() -> None:
    """Its observations, and what it is related to."""
    graph = fill(REFS[:1])
    [kind] = [each for each in graph.export().entities if each.kind == ERROR]
    rows = list_entity(kind, graph.open([kind.name]))
    assert rows[1:] == ["[contains] TestRun:20250507223045 -> Error:StockError\n"]
