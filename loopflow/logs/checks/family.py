"""What other commands of the family do for logs, and when they warn."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from loopflow.analysis.names import escape_name
from loopflow.config.toml import Table
from loopflow.config.values import read_percent_option
from loopflow.errors import LoopflowError
from loopflow.logs.checks.automation import find_commands
from loopflow.logs.checks.model import LEDGER, MEMORY, MONITOR, Case, Finding, absent, failed, passed
from loopflow.logs.threshold import Thresholds

_WARNING: Final = 80
_CRITICAL: Final = 95
_FULL: Final = 100


def check_memory(case: Case) -> Finding:
    """Look whether failures are remembered in a memory server."""
    return _look(case, "memory", MEMORY, "failures are not remembered in a memory server")


def check_usage(case: Case) -> Finding:
    """Look whether tokens are accounted for."""
    return _look(case, "usage", LEDGER, "no ledger of tokens is configured")


def check_monitor(case: Case) -> Finding:
    """Look whether what is used can be watched."""
    return _look(case, "usage", MONITOR, "nothing that is used is watched")


def _look(case: Case, name: str, check: str, nothing: str) -> Finding:
    sections: Mapping[str, Table] = case.config.sections if case.config else {}
    look = case.looks.get(check)
    if name not in sections:
        nowhere = absent(f"{nothing}: there is no [{name}]", f"it needs loopflow {name}")
        return nowhere if look is None else look()
    if look is None:
        where = sections[name].where("")
        return failed(f"{where}: [{name}] needs loopflow {name}, which this version does not have", f"remove [{name}]")
    return look()


def check_thresholds(case: Case) -> Finding:
    """Look whether each warning comes before what it warns of."""
    seen = 0
    for where, warning, critical in _find_thresholds(case):
        seen += 1
        try:
            Thresholds(
                _FULL, warning=read_percent_option(warning, where), critical=read_percent_option(critical, where)
            )
        except LoopflowError as error:
            what = error.message if error.message.startswith(where) else f"{where}: {error.message}"
            return failed(what, "let the warning be below the critical one, and both a percentage")
    if not seen:
        return absent("no budget of usage and no validate-ci has thresholds", "see loopflow logs validate-ci --help")
    return passed(f"{seen} in order")


def _find_thresholds(case: Case) -> Iterator[tuple[str, str, str]]:
    """Yield where thresholds are, and both of them, as they are written."""
    usage = case.config.sections.get("usage") if case.config else None
    budgets: Any = usage.values.get("budget", []) if usage else []
    for number, budget in enumerate(budgets if isinstance(budgets, list) else []):
        if usage and isinstance(budget, dict):
            table = Table(usage.file, usage.text, (*usage.path, "budget"), budget, number)
            yield table.where(""), str(budget.get("warning", _WARNING)), str(budget.get("critical", _CRITICAL))
    for command in find_commands(case.root):
        try:
            given = case.read_command(command.arguments)
        except LoopflowError:
            continue  # that is for another check
        values = [str(given[f"{name}_threshold"]) for name in ("warning", "critical")]
        if not any("$" in value for value in values):
            yield escape_name(command.where), values[0], values[1]
