"""Whether limits are kept well, asked of the events that were recorded: a file of SQL for each rule.

A rule's query finds what breaks it, so no row is well; its first line is a sentence of what is well. All of them ask
`happened`, which each kind of database makes of its own table of events, so that the rest of a query is the same text
in SQLite, in PostgreSQL and in Logfire: `seconds` since 1970, `model`, and `counted`, which is 0 for the hour before
the time that is asked about. That hour is there as what is judged may follow from it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from loopflow.chat.event_kinds import KINDS

if TYPE_CHECKING:
    from loopflow.usage.events import EventStore

RULES: Final = ("routing", "warning", "failover", "in_a_row")
DIALECTS: Final = ("sqlite", "postgresql", "logfire")
_BEFORE: Final = timedelta(hours=1)

_SECONDS: Final[Mapping[str, str]] = {
    "sqlite": "round((julianday(start_timestamp) - 2440587.5) * 86400, 3)",
    "postgresql": "extract(epoch FROM start_timestamp)",
    "logfire": "date_part('epoch', start_timestamp)",
}
_MODEL: Final = "gen_ai.request.model"
_MODELS: Final[Mapping[str, str]] = {
    "sqlite": f"""attributes->>'$."{_MODEL}"'""",  # without the quotes, older ones take the dots for a path
    "postgresql": f"attributes->>'{_MODEL}'",
    "logfire": f"attributes->>'{_MODEL}'",
}
_TABLES: Final[Mapping[str, str]] = {"sqlite": "events", "postgresql": "loopflow_usage.events", "logfire": "records"}
_HAPPENED: Final = """\
WITH happened AS (
  SELECT
    start_timestamp,
    message,
    attributes,
    coalesce({model}, '') AS model,
    {seconds} AS seconds,
    CASE WHEN start_timestamp >= {since} THEN 1 ELSE 0 END AS counted
  FROM {table}
  WHERE start_timestamp >= {before}
)
"""
_COUNTS: Final = "SELECT message, count(*) AS events FROM happened WHERE counted = 1 GROUP BY message ORDER BY message"


class Finding(NamedTuple):
    """How a rule is kept: `rows` are what breaks it, `events` how many there were of the kind that it is about."""

    rule: str
    sentence: str
    columns: Sequence[str]
    rows: Sequence[tuple[Any, ...]]
    events: int

    @property
    def is_well(self) -> bool:
        """Whether nothing breaks it."""
        return not self.rows


class Health(NamedTuple):
    """What the rules say, and how many events there are of each kind."""

    findings: Sequence[Finding]
    counts: Mapping[str, int]

    @property
    def is_recorded(self) -> bool:
        """Whether there is anything that rules could be about: nothing at all is not well."""
        return any(name in KINDS for name in self.counts)

    @property
    def is_well(self) -> bool:
        """Whether events are there, and break no rule."""
        return self.is_recorded and all(each.is_well for each in self.findings)

    @property
    def unknown(self) -> list[str]:
        """The kinds of events that no rule knows: of a newer version, or of another program."""
        return [name for name in self.counts if name not in KINDS]


_ABOUT: Final[Mapping[str, str]] = {
    "routing": "workload_routing",
    "warning": "rate_limit",
    "failover": "capacity_warning",
    "in_a_row": "rate_limit",
}


def check_health(store: "EventStore", since: datetime, dialect: str) -> Health:
    """Return how the rules are kept from a moment on. Raises LedgerError; UsageError for events that no rule reads."""
    happened = _happened(dialect, ":since", ":before")
    values = {"since": since, "before": since - _BEFORE}
    counts = dict(store.query(happened + _COUNTS, values).rows)
    findings = []
    for rule in RULES:
        found = store.query(happened + read_rule(rule), values)
        findings.append(Finding(rule, sentence(rule), found.columns, found.rows, counts.get(_ABOUT[rule], 0)))
    return Health(findings, counts)


def write_query(rule: str, dialect: str, length: timedelta) -> str:
    """Return a rule's query as it stands alone: about the time of this length until it is asked."""
    since, before = (_ago(dialect, each) for each in (length, length + _BEFORE))
    return _happened(dialect, since, before) + read_rule(rule)


def sentence(rule: str) -> str:
    """Return what is well."""
    return read_rule(rule).partition("\n")[0].removeprefix("-- ")


@cache
def read_rule(rule: str) -> str:
    """Return the file of a rule."""
    return files("loopflow.chat").joinpath("health_rules", f"{rule}.sql").read_text("utf-8")


def _happened(dialect: str, since: str, before: str) -> str:
    values = {"seconds": _SECONDS[dialect], "model": _MODELS[dialect], "table": _TABLES[dialect]}
    return _HAPPENED.format(since=since, before=before, **values)


def _ago(dialect: str, length: timedelta) -> str:
    seconds = int(length.total_seconds())
    return f"datetime('now', '-{seconds} seconds')" if dialect == "sqlite" else f"now() - interval '{seconds} seconds'"
