"""What `loopflow chat usage` does with the options that it was given."""

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from loopflow.analysis.names import escape_name
from loopflow.charts.terminal import PLAIN
from loopflow.chat.advice import TARGET, Advice, advise
from loopflow.chat.formats.sources import MOST_BYTES
from loopflow.chat.limits import Limits
from loopflow.chat.request_cells import ALIASES
from loopflow.chat.requests import read_log
from loopflow.chat.settings import ChatSettings
from loopflow.chat.spending import Spending, find_largest, spend
from loopflow.config.sections import read_section
from loopflow.config.values import read_size_option
from loopflow.console.console import Console
from loopflow.errors import ExitCode, UsageError, describe_os_error
from loopflow.model import ConfigRequest
from loopflow.usage.periods import find_zone
from loopflow.usecases.find_config import find_config_here

STANDARD_INPUT: Final = "-"


def run(given: dict[str, Any], console: Console, here: str) -> ExitCode:
    """Read a log, and print what it comes to."""
    if not here:
        raise UsageError("the current directory does not exist any more", "change to another one")
    console.quiet = given["quiet"]
    zone = find_zone(given["timezone"] or "UTC")
    daily = read_size_option(given["daily"], "--daily") if given["daily"] is not None else 0
    target = read_size_option(given["target"], "--target") if given["target"] is not None else 0
    settings = _read_settings(given, console, here)
    _refuse_input(given, here)
    name = "standard input" if given["file"] == STANDARD_INPUT else escape_name(given["file"])
    try:
        log = read_log(_read(given["file"], console, here), zone, _read_columns(given["columns"]))
    except OSError as error:
        raise UsageError(f"{name} cannot be read: {describe_os_error(error)}", "check its name") from error
    except UsageError as error:
        raise UsageError(f"{name}: {error.message}", error.hint) from error
    limits = settings.limits_of(find_largest(log)) or Limits()
    found = spend(log, daily or limits.per_day, zone)
    advice = advise(found, target or (limits.ceiling if limits.model else TARGET))
    if not found.daily:
        console.note("no limit of a day is known; --daily N, or per_day of the model, says how near it was")
    with console.writing_to(given["output"], here):
        for piece in _draw(found, advice, given, console):
            console.write_chart(piece) if given["form"] == "text" else console.write(piece)
    return ExitCode.OK


def _read_settings(given: Mapping[str, Any], console: Console, here: str) -> ChatSettings:
    file = given["config"] or console.environ.get("LOOPFLOW_CONFIG") or None
    config = find_config_here(here, ConfigRequest({}, console.environ, file))
    settings: ChatSettings = read_section(config.sections, "chat")
    return settings


def _read_columns(given: Sequence[str]) -> dict[str, str]:
    """Return which title each column has that is named. Raises UsageError."""
    columns = {}
    for each in given:
        role, sign, title = each.partition("=")
        if role not in ALIASES or not sign or not title:
            hint = f"write WHAT=TITLE, and WHAT is one of {', '.join(ALIASES)}"
            raise UsageError(f"--column {escape_name(each)} names no column", hint)
        columns[role] = title
    return columns


def _read(file: str, console: Console, here: str) -> bytes:
    if file == STANDARD_INPUT:
        data = console.read_input("a log of requests").read(MOST_BYTES + 1)
    else:
        with open(os.path.join(here, file), "rb") as opened:
            data = opened.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise UsageError(f"it has more than {MOST_BYTES // 10**6:,} MB", "split it by month")
    return data


def _refuse_input(given: Mapping[str, Any], here: str) -> None:
    if given["output"] is None or given["file"] == STANDARD_INPUT:
        return
    paths = [os.path.join(here, each) for each in (given["output"], given["file"])]
    if all(map(os.path.exists, paths)) and os.path.samefile(*paths):
        raise UsageError(f"-o {escape_name(given['output'])} is the log itself", "name another file")


def _draw(found: Spending, advice: Sequence[Advice], given: Mapping[str, Any], console: Console) -> Iterator[str]:
    form = given["form"]
    if form == "html":
        from loopflow.chat.render.usage_page import render_html  # noqa: PLC0415  each form needs its own

        yield from render_html(found, advice)
    elif form == "text":
        from loopflow.chat.render.usage_text import render_text  # noqa: PLC0415  as above

        terminal = PLAIN if given["output"] else console.terminal(given["color"])
        yield from (f"{line}\n" for line in render_text(found, advice, terminal, verbose=given["verbose"]))
    else:
        from loopflow.chat.render import usage_data  # noqa: PLC0415  as above

        if form == "json":
            yield usage_data.render_json(found, advice)
        elif form == "csv":
            yield usage_data.render_csv(found)
        else:
            yield usage_data.render_markdown(found, advice)
