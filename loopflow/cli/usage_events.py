"""`loopflow usage events`: what happened when, as a list or as the answer to a query."""

from typing import Any, Final

from loopflow.cli.usage_actions import open_usage
from loopflow.console.console import Console
from loopflow.errors import ExitCode, UsageError
from loopflow.usage.addresses import read_cooldown
from loopflow.usage.events import Event, EventStore, Rows
from loopflow.usage.model import require_name
from loopflow.usage.periods import EPOCH
from loopflow.usage.render import csv, json, text

_MOST_EVENTS: Final = 1_000
_SINCE: Final = "24h"


def events(given: dict[str, Any], console: Console, here: str) -> ExitCode:
    """List events, or what a query says of them."""
    usage, _ = open_usage(given, console, here)
    store, form = EventStore(usage.ledger.database), given["format"]
    if given["sql"] is not None:
        if given["since"] or given["message"]:
            raise UsageError("--since and --message say nothing to --sql", "write them into the query")
        rows = store.query(given["sql"])
    else:
        length = read_cooldown(given["since"] or _SINCE, "--since")
        if length is None:
            raise UsageError("--since: 'period' is no length of time", "write for example 24h")
        now = usage.clock()
        since = now - min(length, now - EPOCH)  # before that no clock was set
        found = store.find(since, given["message"] and require_name(given["message"], "--message"), _MOST_EVENTS)
        if form == "json":
            console.write(json.render_events(found))
            return ExitCode.OK
        rows = Rows(("start_timestamp", "level", "message", "attributes"), [_row(each) for each in found])
    if form == "text":
        for line in text.render_rows(rows):
            console.write_chart(f"{line}\n")
    else:
        console.write(json.render_rows(rows) if form == "json" else csv.render_rows(rows))
    return ExitCode.OK


def _row(event: Event) -> tuple[Any, ...]:
    named = " ".join(f"{name}={value}" for name, value in event.attributes.items())
    return event.start_timestamp.strftime("%Y-%m-%d %H:%M:%SZ"), event.level, event.message, named
