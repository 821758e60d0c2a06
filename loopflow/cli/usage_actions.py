"""What `loopflow usage` does with the options that it was given."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from loopflow.analysis.names import escape_name
from loopflow.charts.terminal import PLAIN
from loopflow.config.values import read_size_option
from loopflow.console.console import Console
from loopflow.errors import ExitCode, UsageError, describe_os_error
from loopflow.usage.alerts import FAILED, Told
from loopflow.usage.model import NUMBERS, Entry, Level, PeriodKind, require_name
from loopflow.usage.opening import Usage, open_place
from loopflow.usage.periods import find_period, find_zone, read_moment
from loopflow.usage.place import Place, read_usage_settings
from loopflow.usage.settings import UsageSettings

if TYPE_CHECKING:
    from loopflow.usage.reporting import Report

STANDARD_INPUT: Final = "-"
_SOURCE: Final = "cli"
NO_BUDGET: Final = "no budget is set; write for example: loopflow usage budget set daily 2M"


def open_usage(given: Mapping[str, Any], console: Console, here: str) -> tuple[Usage, UsageSettings]:
    """Return the ledger that is named, and the settings that hold."""
    if not here:
        raise UsageError("the current directory does not exist any more", "change to another one")
    console.quiet = bool(given.get("quiet"))
    place = Place(
        console.environ,
        here,
        given.get("config"),
        given.get("database"),
        given.get("smtp"),
        given.get("alert_email") or (),
        given.get("alert_webhook") or (),
    )
    settings = read_usage_settings(place)
    return open_place(place, settings), settings


def add(given: dict[str, Any], console: Console, here: str) -> ExitCode:
    """Enter what the options say."""
    usage, settings = open_usage(given, console, here)
    now = usage.clock()
    if all(given[name] is None for name in NUMBERS):
        raise UsageError("nothing is to be entered", "write --tokens-in N, --tokens-out N or both")
    at = read_moment(given["at"], find_zone(settings.timezone), "--at") if given["at"] else now
    entry = _standard(given, settings, at)._replace(
        tokens_in=_read_number(given["tokens_in"], "--tokens-in"),
        tokens_out=_read_number(given["tokens_out"], "--tokens-out"),
        tokens_saved=_read_number(given["tokens_saved"], "--tokens-saved"),
        exact=not given["estimated"],
        key=given["key"],
    )
    added = usage.add([entry])
    if added.known:
        console.note(f"the key {escape_name(given['key'])} is there already: nothing was entered")
    say_what_failed(added.told, console)
    return ExitCode.OK


def import_lines(given: dict[str, Any], console: Console, here: str) -> ExitCode:
    """Enter lines of JSON. All are read before the first is entered."""
    from tempfile import SpooledTemporaryFile  # noqa: PLC0415  few read standard input

    from loopflow.usage.importing import read_entries, read_lines  # noqa: PLC0415

    usage, settings = open_usage(given, console, here)
    now, zone = usage.clock(), find_zone(given["timezone"] or settings.timezone)
    standard, name = _standard(given, settings, now), _name_input(given["file"])
    with _open_input(given["file"], console, here) as source, SpooledTemporaryFile(_SPOOLED) as kept:
        for _ in read_entries(_keep(read_lines(source), kept), standard, now, zone, name):
            pass
        kept.seek(0)
        added = usage.add(read_entries(kept, standard, now, zone, name))
    known = f"; {added.known:,} were there already" if added.known else ""
    console.note(f"{added.new:,} {'entry' if added.new == 1 else 'entries'} from {name}{known}")
    say_what_failed(added.told, console)
    return ExitCode.OK


_SPOOLED: Final = 16_000_000


def _keep(lines: Iterator[bytes], file: Any) -> Iterator[bytes]:  # noqa: ANN401  a file of either kind
    for line in lines:
        file.write(line)
        yield line


def check(given: dict[str, Any], console: Console, here: str) -> ExitCode:
    """Print how budgets are kept."""
    usage, settings = open_usage(given, console, here)
    now = usage.clock()
    at = read_moment(given["at"], find_zone(settings.timezone), "--at") if given["at"] else now
    uses = usage.uses(at)
    if given["format"] == "json":
        from loopflow.usage.render.json import render_uses  # noqa: PLC0415

        console.write(render_uses(uses, at))
    else:
        from loopflow.usage.render.text import render_uses as draw_uses  # noqa: PLC0415

        for line in draw_uses(uses, now, console.terminal(given["color"]).palette):
            console.write_chart(f"{line}\n")
    if not uses:
        console.warn(NO_BUDGET) if given["check"] else console.note(NO_BUDGET)
    is_critical = any(use.level is Level.CRITICAL for use in uses)
    return ExitCode.OVER_BUDGET if given["check"] and is_critical else ExitCode.OK


def report(given: dict[str, Any], console: Console, here: str) -> ExitCode:
    """Print what was used in a period."""
    from loopflow.usage.reporting import make_report  # noqa: PLC0415  entering needs none of it

    usage, settings = open_usage(given, console, here)
    now, timezone = usage.clock(), given["timezone"] or settings.timezone
    zone = find_zone(timezone)
    at = read_moment(given["at"], zone, "--at") if given["at"] else now
    period = find_period(PeriodKind(given["period"]), at, zone)
    by, environment = given["by"] or ("component",), require_name(given["environment"], "--environment")
    made = make_report(usage.ledger, period, timezone, by, environment=environment, uses=usage.uses(at))
    with console.writing_to(given["output"], here):
        for piece in _draw(made, given, now, console):
            console.write_chart(piece)
    return ExitCode.OK


def _draw(made: "Report", given: Mapping[str, Any], now: datetime, console: Console) -> Iterator[str]:
    form = given["format"]
    if form == "json":
        from loopflow.usage.render.json import render_report as as_json  # noqa: PLC0415

        yield as_json(made)
    elif form == "csv":
        from loopflow.usage.render.csv import render_report as as_csv  # noqa: PLC0415

        yield as_csv(made)
    elif form == "markdown":
        from loopflow.usage.render.markdown import render_report as as_markdown  # noqa: PLC0415

        yield as_markdown(made, now)
    elif form == "html":
        from loopflow.usage.render.html import render_report as as_html  # noqa: PLC0415

        yield from as_html(made, now)
    else:
        from loopflow.usage.render.text import render_report as as_text  # noqa: PLC0415

        terminal = PLAIN if given["output"] else console.terminal(given["color"])
        yield from (f"{line}\n" for line in as_text(made, now, terminal))


def say_what_failed(told: Sequence[Told], console: Console) -> None:
    """Say which alerts did not arrive: it is recorded, and changes nothing else."""
    for row in told:
        if row.state == FAILED:
            console.warn(f"an alert did not arrive: {row.error}; it is tried again")


def _standard(given: Mapping[str, Any], settings: UsageSettings, at: datetime) -> Entry:
    return Entry(
        at=at,
        component=given["component"] or settings.component,
        environment=given["environment"] or settings.environment,
        source=given["source"] or _SOURCE,
        model=given["model"] or "",
    )


def _read_number(value: str | None, option: str) -> int:
    return 0 if value is None or value == "0" else read_size_option(value, option)


def _name_input(file: str) -> str:
    return "standard input" if file == STANDARD_INPUT else escape_name(file)


@contextmanager
def _open_input(file: str, console: Console, here: str) -> Iterator[BinaryIO]:
    if file == STANDARD_INPUT:
        yield console.read_input("lines of JSON")
        return
    with open_named(file, here) as opened:
        yield opened


def open_named(file: str, here: str) -> BinaryIO:
    """Open a file to read. Raises UsageError."""
    try:
        return open(os.path.join(here, file), "rb")
    except OSError as error:
        raise UsageError(f"{escape_name(file)} cannot be read: {describe_os_error(error)}", "check its name") from error
