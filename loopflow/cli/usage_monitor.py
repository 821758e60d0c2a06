"""`loopflow usage monitor`: budgets as they fill, and the alerts that are due, until Ctrl-C."""

import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from loopflow.charts.terminal import Palette, Terminal
from loopflow.cli.usage_actions import NO_BUDGET, open_usage, say_what_failed
from loopflow.cli.usage_budgets import read_percent
from loopflow.console.console import Console
from loopflow.errors import ExitCode, LedgerError
from loopflow.usage.alerts import Told, read_alerts
from loopflow.usage.budgets import find_uses, with_thresholds
from loopflow.usage.model import Use, require_thresholds
from loopflow.usage.opening import Usage
from loopflow.usage.render.text import render_alerts, render_screen, render_uses

_HOME: Final = "\x1b[H\x1b[J"
_CLEAR: Final = "\x1b[2J"
_SHOWN: Final = 5
"""Of the newest alerts."""


def monitor(given: dict[str, Any], console: Console, here: str) -> ExitCode:
    """Look at the budgets, again and again. A ledger that cannot be used for a while is waited for."""
    usage, _ = open_usage(given, console, here)
    is_screen = console.is_terminal and not given["once"]
    if is_screen:
        console.write_chart(_CLEAR)
    last: list[str] = []
    while True:
        try:
            uses, told = _look(usage, given)
        except LedgerError as error:
            if given["once"]:
                raise
            console.warn(error.message)
        else:
            say_what_failed(told, console)
            terminal = console.terminal(given["color"])
            if is_screen:
                _show(usage, uses, console, terminal, given["interval"])
            else:
                last = _print(uses, usage.clock(), console, terminal.palette, last)
                for line in render_alerts(told):
                    console.write_chart(f"{line}\n")
        if given["once"]:
            return ExitCode.OK
        console.flush()
        time.sleep(given["interval"])


def _look(usage: Usage, given: Mapping[str, Any]) -> tuple[list[Use], list[Told]]:
    """Return how budgets are kept, and what was told of it now."""
    warning = read_percent(given["warning_threshold"], "--warning-threshold")
    critical = read_percent(given["critical_threshold"], "--critical-threshold")
    budgets = [with_thresholds(budget, warning, critical) for budget in usage.budgets()]
    for budget in budgets:
        require_thresholds(budget.warning, budget.critical, ascii(budget.name))
    uses = find_uses(usage.ledger, budgets, usage.clock())
    return uses, usage.alert(uses)


def _print(uses: Sequence[Use], now: datetime, console: Console, palette: Palette, last: list[str]) -> list[str]:
    """Print a line for each budget that differs from when it was last printed."""
    lines = list(render_uses(uses, now, palette))
    for line in lines:
        if line not in last:
            console.write_chart(f"{now:%Y-%m-%d %H:%M:%S}Z  {line}\n")
    if not uses and last != [NO_BUDGET]:
        console.note(NO_BUDGET)
    return lines or [NO_BUDGET]


def _show(usage: Usage, uses: Sequence[Use], console: Console, terminal: Terminal, interval: int) -> None:
    """Draw the screen anew."""
    lines = _screen(usage, uses, terminal, usage.clock(), interval)
    height = max((terminal.height or 24) - 1, 3)
    console.write_chart(_HOME + "\n".join(list(lines)[:height]) + "\n")


def _screen(usage: Usage, uses: Sequence[Use], terminal: Terminal, now: datetime, interval: int) -> Iterator[str]:
    yield from render_screen(uses, now, terminal)
    if not uses:
        yield NO_BUDGET
    newest = read_alerts(usage.ledger.database, _SHOWN)
    if newest:
        yield ""
        yield terminal.palette.bold("Newest alerts")
        yield from render_alerts(newest)
    yield ""
    yield terminal.palette.dim(f"{now:%Y-%m-%d %H:%M:%S} UTC, every {interval} s; Ctrl-C ends it")
