"""What `loopflow chat health` does with the options that it was given."""

from importlib.util import find_spec
from typing import Any, Final

from loopflow.chat.health import check_health, write_query
from loopflow.chat.render.health import render_json, render_text
from loopflow.console.console import DISTRIBUTION, Console
from loopflow.errors import ExitCode, UsageError
from loopflow.usage.addresses import read_cooldown
from loopflow.usage.periods import EPOCH

NOTHING: Final = "nothing recorded: no events in this time, so nothing can be said of limits"


def run(given: dict[str, Any], console: Console, here: str) -> ExitCode:
    """Ask the ledger, or print what would be asked."""
    if not find_spec("sqlalchemy"):
        hint = f"pip install '{DISTRIBUTION}[usage]'"
        raise UsageError("loopflow chat health needs more than what is installed", hint)
    from loopflow.cli.usage_actions import open_usage  # noqa: PLC0415  needs the extra
    from loopflow.usage.events import EventStore  # noqa: PLC0415  as above

    length = read_cooldown(given["since"], "--since")
    if length is None:
        raise UsageError("--since: 'period' is no length of time", "write for example 24h")
    if given["dialect"] and not given["rule"]:
        raise UsageError("--for says how to print a query, and --sql is not there", "add --sql NAME")
    usage, _ = open_usage(given, console, here)
    database = usage.ledger.database
    now = usage.clock()
    length = min(length, now - EPOCH)
    if given["rule"]:
        console.write(write_query(given["rule"], given["dialect"] or database.dialect, length))
        return ExitCode.OK
    found = check_health(EventStore(database), now - length, database.dialect)
    if given["form"] == "json":
        console.write(render_json(found, now - length))
    else:
        for line in render_text(found, console.terminal(given["color"])):
            console.write_chart(f"{line}\n")
    for name in found.unknown:
        console.note(f"no rule knows events called {name}: they are of another program, or of a newer version")
    if not found.is_recorded:
        console.warn(NOTHING)
    if not given["check"] or found.is_well:
        return ExitCode.OK
    return ExitCode.OVER_BUDGET if found.is_recorded else ExitCode.CANNOT_RUN
