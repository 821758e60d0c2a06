"""A run put into a graph, in steps of which each may be the last: done again, it changes nothing that was done.

A server can be killed between any two calls, and this process too. So the order is fixed: first the run with all that
it says, then the new rows of failures, then the relations, and only then the old rows go. Whether a run has been added
to a kind of error is told by its relation to it, or by a row whose last run it is. Before such a row is taken away, the
relation that it stands for is made up.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from loopflow.memory.entities import (
    CONTAINS,
    ERROR,
    RUN,
    Row,
    make_row,
    make_run,
    name_kind,
    name_run,
    newest_rows,
    read_row,
    read_run,
)
from loopflow.memory.model import Entity, Failed, Graph, MemoryServerError, Relation, Run, Tools

_TRIED: Final = 20
"""Names of one second that are tried before one is made of the run's id."""


class _Change(NamedTuple):
    """What a run does to one kind of error: rows to add, and those that they replace."""

    added: tuple[Row, ...]
    replaced: tuple[str, ...]
    old: tuple[Row, ...]


def store(tools: Tools, run: Run) -> str:
    """Put a run into the graph, if it is not there, and return its name. Raises MemoryServerError."""
    kinds = _by_kind(run.failures)
    names = [*(name_run(run.at, suffix) for suffix in ("", *map(str, range(2, _TRIED)))), name_run(run.at, run.id)]
    seen = tools.open([*names, *kinds])
    known = {entity.name: entity for entity in seen.entities}
    name = _choose(run, names, known)
    changes = {kind: _change(name, failed, known.get(kind), seen) for kind, failed in kinds.items()}
    created = [] if name in known else [make_run(run, name)]
    created += [
        Entity(kind, ERROR, tuple(row.text for row in change.added))
        for kind, change in changes.items()
        if kind not in known
    ]
    added = {
        kind: [row.text for row in change.added] for kind, change in changes.items() if kind in known and change.added
    }
    relations = [Relation(name, kind, CONTAINS) for kind in kinds]
    relations = [*_owed(tools, changes, seen, name), *(each for each in relations if each not in seen.relations)]
    replaced = {kind: change.replaced for kind, change in changes.items() if change.replaced}
    if created:
        tools.create(created)
    if added:
        tools.observe(added)
    if relations:
        tools.relate(relations)
    if replaced:
        tools.unobserve(replaced)
    _require_stored(tools, run, name, kinds)
    return name


def _by_kind(failures: Sequence[Failed]) -> dict[str, list[Failed]]:
    kinds: dict[str, list[Failed]] = {}
    for failed in failures:
        kinds.setdefault(name_kind(failed.kind), []).append(failed)
    return kinds


def _choose(run: Run, names: Sequence[str], known: dict[str, Entity]) -> str:
    """Return the name under which the run is there, else the first that is free."""
    for name in names:
        past = read_run(known[name]) if name in known else None
        if past is not None and past.id == run.id:
            return name
    return next(name for name in names if name not in known or name == names[-1])


def _change(name: str, failures: Sequence[Failed], entity: Entity | None, seen: Graph) -> _Change:
    rows = newest_rows(entity) if entity else {}
    kind = name_kind(failures[0].kind)
    written = {text: row for text in (entity.observations if entity else ()) if (row := read_row(text))}
    is_there = Relation(name, kind, CONTAINS) in seen.relations or any(row.run == name for row in written.values())
    new = {} if is_there else _add(failures, rows, name)
    holding = {**rows, **new}
    old = {text: row for text, row in written.items() if row != holding[row.ref]}
    return _Change(tuple(new.values()), tuple(old), tuple(old.values()))


def _add(failures: Sequence[Failed], rows: dict[str, Row], name: str) -> dict[str, Row]:
    new: dict[str, Row] = {}
    for failed in failures:
        before = new.get(failed.ref) or rows.get(failed.ref)
        new[failed.ref] = make_row(failed, name, before.times if before else 0)
    return new


def _owed(tools: Tools, changes: dict[str, _Change], seen: Graph, name: str) -> list[Relation]:
    """Return the relations that rows which are about to go stand for, of runs that are still there."""
    have = set(seen.relations)
    owed = [Relation(row.run, kind, CONTAINS) for kind, change in changes.items() for row in change.old]
    owed = [each for each in dict.fromkeys(owed) if each not in have and each.source != name]
    if not owed:
        return []
    there = {each.name for each in tools.open([each.source for each in owed]).entities if each.kind == RUN}
    return [each for each in owed if each.source in there]


def _require_stored(tools: Tools, run: Run, name: str, kinds: dict[str, list[Failed]]) -> None:
    """Raise MemoryServerError where it is not there: somebody else wrote the file meanwhile, and took it away."""
    seen = tools.open([name, *kinds])
    known = {entity.name: entity for entity in seen.entities}
    past = read_run(known[name]) if name in known else None
    is_there = past is not None and past.id == run.id
    for kind, failures in kinds.items():
        rows = newest_rows(known[kind]) if kind in known else {}
        is_there = is_there and Relation(name, kind, CONTAINS) in seen.relations
        is_there = is_there and all(failed.ref in rows for failed in failures)
    if not is_there:
        what = "the server took a run and does not have it: another program writes its memory"
        raise MemoryServerError(what, "give loopflow a memory file of its own", again=True)
