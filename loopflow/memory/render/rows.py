"""What a memory says, a row each: a row begins with `[`, is one line, and whatever others wrote is escaped in it."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from loopflow.charts.numbers import plural
from loopflow.memory.analyzing import Analysis, Series
from loopflow.memory.entities import Past, read_time
from loopflow.memory.lines import MOST_NAME, MOST_OBSERVATION, clean
from loopflow.memory.model import Entity, Graph
from loopflow.memory.querying import Known, Matches

_MOST_NOTES: Final = 10
_MOST_WORDS: Final = 60
_MINUTES: Final = "%Y-%m-%d %H:%M"


def show_time(at: datetime | None) -> str:
    """Return a moment to the minute, in UTC."""
    return f"{at:{_MINUTES}}" if at else "?"


def row_of_failure(known: Known, label: str = "") -> str:
    """Return the row of a failure."""
    row = known.row
    when = f"last {show_time(read_time(row.run))} {clean(row.log, MOST_NAME)} L{row.first}-{row.last}"
    what = f"{label}{row.ref} x{row.times:,} {clean(known.kind, MOST_NAME)}"
    return f"[{what}, {when}] {clean(row.headline, MOST_OBSERVATION)}\n"


def row_of_run(past: Past) -> str:
    """Return the row of a run."""
    log, project = clean(past.log, MOST_NAME), clean(past.project, MOST_NAME)
    facts = f"{log} of {project}, {clean(past.lines, MOST_NAME)} lines"
    return f"[{past.name} {facts}] failures {clean(past.failures, MOST_OBSERVATION)}\n"


def row_of_other(entity: Entity) -> str:
    """Return the row of what is not ours, with its first observations."""
    notes = [clean(each, MOST_OBSERVATION) for each in entity.observations[:_MOST_NOTES]]
    notes += ["..."] if len(entity.observations) > _MOST_NOTES else []
    name = f"{clean(entity.name, MOST_NAME)} ({clean(entity.kind, MOST_NAME)})"
    return f"[{name}] {' | '.join(notes)}".rstrip() + "\n"


def head_of_matches(matches: Matches, rows: int, shown: int) -> str:
    """Return the first line above rows of which so many are shown."""
    what = clean(" ".join(matches.words), _MOST_WORDS)
    found = f"{plural(len(matches.failures), 'failure')}, {plural(len(matches.runs), 'run')}"
    found += f", {plural(len(matches.others), 'other entity')}" if matches.others else ""
    return f'[memory "{what}": {found}{_describe_shown(rows, shown)}]\n'


def list_matches(matches: Matches) -> list[str]:
    """Return the rows of all that matches: failures first, since they are what is looked for."""
    rows = [row_of_failure(known) for known in matches.failures]
    rows += [row_of_other(entity) for entity in matches.others]
    return [*rows, *(row_of_run(past) for past in matches.runs)]


def head_of_analysis(analysis: Analysis, rows: int, shown: int) -> str:
    """Return the first line above rows of which so many are shown."""
    found = f"{plural(analysis.runs, 'run')}, {plural(len(analysis.known), 'failure')}"
    return f"[memory: {found}{_describe_shown(rows, shown)}]\n"


def list_analysis(analysis: Analysis) -> list[str]:
    """Return the rows: each log with what changed in it, then the kinds of errors."""
    rows: list[str] = []
    for series in analysis.series:
        rows += _list_series(series, analysis)
    for kind in analysis.kinds:
        rows.append(f"[{clean(kind.name, MOST_NAME)}] {plural(kind.failures, 'failure')}, x{kind.times:,}\n")
    return rows


def _list_series(series: Series, analysis: Analysis) -> Iterator[str]:
    changes = {
        "new": series.new,
        "back": series.returning,
        "gone": series.gone,
        "comes and goes": series.flaky,
    }
    counts = [f"{len(refs)} {label}" for label, refs in changes.items() if refs]
    counts += [f"{series.still} as before"] if series.still else []
    newest = f"{plural(len(series.runs), 'run')}, newest {show_time(series.runs[-1].at)}"
    log, project = clean(series.log, MOST_NAME), clean(series.project, MOST_NAME)
    yield f"[{log} of {project}: {newest}] {', '.join(counts) or 'nothing failed'}\n"
    for label, refs in changes.items():
        for ref in refs:
            known = analysis.known.get(ref)
            yield row_of_failure(known, f"{label}: ") if known else f"[{label}: {ref}]\n"


def head_of_entity(entity: Entity, rows: int, shown: int) -> str:
    """Return the first line above what is known of an entity."""
    name = f"{clean(entity.name, MOST_NAME)} ({clean(entity.kind, MOST_NAME)})"
    return f"[{name}: {plural(len(entity.observations), 'observation')}{_describe_shown(rows, shown)}]\n"


def list_entity(entity: Entity, graph: Graph) -> list[str]:
    """Return the rows of what is known of an entity: observations, then relations."""
    rows = [f"[-] {clean(each, 2 * MOST_OBSERVATION)}\n" for each in entity.observations]
    return rows + [
        f"[{clean(each.kind, MOST_NAME)}] {clean(each.source, MOST_NAME)} -> {clean(each.target, MOST_NAME)}\n"
        for each in graph.relations
    ]


def _describe_shown(rows: int, shown: int) -> str:
    return "" if shown == rows else f"; {shown:,} of {rows:,} rows"


def read_shown(matches: Matches, shown: int) -> tuple[Sequence[Known], Sequence[Entity], Sequence[Past]]:
    """Return what the first rows are of."""
    failures = matches.failures[:shown]
    others = matches.others[: max(shown - len(failures), 0)]
    return failures, others, matches.runs[: max(shown - len(failures) - len(others), 0)]
