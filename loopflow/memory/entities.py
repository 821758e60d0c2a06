"""Runs and failures as entities and observations, and back. Whatever else a memory holds is left as it is."""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple

from loopflow.memory.lines import MOST_LOG, MOST_NAME, MOST_OBSERVATION, clean, shorten, shorten_path
from loopflow.memory.model import Entity, Failed, Run

RUN: Final = "TestRun"
ERROR: Final = "ErrorType"
CONTAINS: Final = "contains"
_PREFIX: Final = "Error:"
_ROW: Final = re.compile(
    r"(ERR-[0-9A-HJKMNP-TV-Z]{10}) x(\d{1,18}) last (TestRun:\d{14}(?:-[0-9a-z]+)?) (.*?) ?L(\d+)-(\d+): (.*)"
)
_RUN: Final = re.compile(r"TestRun:(\d{14})(?:-[0-9a-z]+)?")
_REFERENCE: Final = re.compile(r"ERR-[0-9A-HJKMNP-TV-Z]{10}")
_STAMP: Final = "%Y%m%d%H%M%S"
_ON_A_LINE: Final = 10
"""References: ten of them have at most as many characters as an observation."""


class Row(NamedTuple):
    """An observation of a kind of error: one failure over all runs, told by the newest of them."""

    ref: str
    times: int
    run: str
    log: str
    first: int
    last: int
    headline: str

    @property
    def text(self) -> str:
        """The observation."""
        log = f"{self.log} " if self.log else ""
        where = f"{self.ref} x{self.times} last {self.run} {log}L{self.first}-{self.last}: "
        return where + shorten(self.headline, max(MOST_OBSERVATION - len(where), 10))


def make_row(failed: Failed, run: str, before: int) -> Row:
    """Return the row of a failure that earlier runs had `before` times."""
    log = shorten_path(clean(failed.log, MOST_NAME), MOST_LOG)
    headline = clean(failed.headline, MOST_OBSERVATION)
    return Row(failed.ref, before + failed.times, run, log, failed.first, failed.last, headline)


def read_row(observation: str) -> Row | None:
    """Return what an observation says, None if it is none of ours."""
    found = _ROW.fullmatch(observation)
    if not found:
        return None
    ref, times, run, log, first, last, headline = found.groups()
    return Row(ref, int(times), run, log, int(first[:18]), int(last[:18]), headline)


def newest_rows(entity: Entity) -> dict[str, Row]:
    """Return the row of each failure of a kind that holds: where a change was interrupted, there are two of it."""
    rows: dict[str, Row] = {}
    for row in filter(None, map(read_row, entity.observations)):
        if row.ref not in rows or (row.times, row.run) > (rows[row.ref].times, rows[row.ref].run):
            rows[row.ref] = row
    return rows


def name_kind(kind: str) -> str:
    """Return the name of the entity of a kind of error."""
    return _PREFIX + (clean(kind, MOST_NAME) or "unknown")


def show_kind(name: str) -> str:
    """Return the kind that an entity is of."""
    return name.removeprefix(_PREFIX)


def name_run(at: datetime, suffix: str = "") -> str:
    """Return the name of a run of that second."""
    return f"{RUN}:{at.astimezone(UTC):{_STAMP}}" + (f"-{suffix}" if suffix else "")


def read_time(name: str) -> datetime | None:
    """Return when a run was, by its name; None for what is no such name."""
    found = _RUN.fullmatch(name)
    try:
        return datetime.strptime(found[1], _STAMP).replace(tzinfo=UTC) if found else None
    except ValueError:
        return None


def make_run(run: Run, name: str) -> Entity:
    """Return a run as an entity."""
    before = f"{run.tokens_before}" if run.tokens_before is not None else "uncounted"
    counts = " ".join(f"{priority} {count}" for priority, count in run.priorities.items() if count)
    facts = [
        f"id {run.id}",
        f"log {shorten_path(clean(run.log, MOST_OBSERVATION), MOST_NAME)}",
        f"project {clean(run.project, MOST_NAME)}",
        f"sha256 {clean(run.sha256, MOST_NAME)}",
        f"lines {run.lines}",
        f"tokens {before} to {run.tokens_after} {run.encoding}",
        f"profile {clean(run.profile, MOST_NAME)}",
        f"failures {counts or 'none'}",
        *(f"errors {line}" for line in _list_references(run.failures)),
    ]
    if run.left_out:
        facts.append(f"left out {run.left_out} failures more")
    return Entity(name, RUN, tuple(facts))


def _list_references(failures: Sequence[Failed]) -> Iterator[str]:
    refs = list(dict.fromkeys(failed.ref for failed in failures))
    for at in range(0, len(refs), _ON_A_LINE):
        yield " ".join(refs[at : at + _ON_A_LINE])


class Past(NamedTuple):
    """What a memory says of a run."""

    name: str
    at: datetime
    id: str
    log: str
    project: str
    lines: str
    failures: str
    refs: tuple[str, ...]


def read_run(entity: Entity) -> Past | None:
    """Return what an entity says of a run, None if it is none."""
    at = read_time(entity.name)
    if at is None or entity.kind != RUN:
        return None
    facts: dict[str, str] = {}
    refs: list[str] = []
    for observation in entity.observations:
        key, _, value = observation.partition(" ")
        if key == "errors":
            refs += _REFERENCE.findall(value)
        facts.setdefault(key, value)
    return Past(
        name=entity.name,
        at=at,
        id=facts.get("id", ""),
        log=facts.get("log", ""),
        project=facts.get("project", ""),
        lines=facts.get("lines", ""),
        failures=facts.get("failures", ""),
        refs=tuple(refs),
    )
