"""What holds here, where it comes from, and twelve checks of whether it works."""

import os
import platform
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from importlib.metadata import PackageNotFoundError, version
from typing import Final, NamedTuple

from loopflow.analysis.names import escape_name
from loopflow.console.console import DISTRIBUTION
from loopflow.errors import LoopflowError
from loopflow.logs.archive import FOLDER, finished_archives
from loopflow.logs.checks.automation import check_ci, check_hook
from loopflow.logs.checks.family import check_memory, check_monitor, check_thresholds, check_usage
from loopflow.logs.checks.model import LEDGER, MEMORY, MONITOR, Case, Finding, State
from loopflow.logs.checks.working import (
    check_budget,
    check_counting,
    check_directory,
    check_fallback,
    check_history,
    check_kept,
)
from loopflow.logs.custom_profiles import CustomProfile
from loopflow.logs.model import Component, OwnPattern
from loopflow.logs.presets import PRESETS
from loopflow.logs.store import FILE
from loopflow.tokens.choice import choose_engines

CHECKS: Final[tuple[tuple[str, Callable[[Case], Finding]], ...]] = (
    ("token budget", check_budget),
    ("directory of digests", check_directory),
    ("kept digests", check_kept),
    ("exact counts", check_counting),
    (MEMORY, check_memory),
    (LEDGER, check_usage),
    ("thresholds", check_thresholds),
    (MONITOR, check_monitor),
    ("history of runs", check_history),
    ("originals", check_fallback),
    ("job in CI", check_ci),
    ("hook before a commit", check_hook),
)
_LIBRARIES: Final = ("toktok-rs", "tiktoken", "regex", "drain3", "click")
_SECRET: Final = ("PASSWORD", "SECRET", "KEY", "TOKEN")


class Fact(NamedTuple):
    """Something that holds, and where that is said; "" where nothing says it."""

    name: str
    value: str
    origin: str = ""


class Check(NamedTuple):
    """A point of the list, and what was found."""

    number: int
    name: str
    finding: Finding


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Everything that is known."""

    facts: tuple[Fact, ...]
    settings: tuple[Fact, ...]
    checks: tuple[Check, ...]

    @property
    def failed(self) -> tuple[Check, ...]:
        """What does not work."""
        return tuple(check for check in self.checks if check.finding.state is State.FAIL)


def diagnose(case: Case) -> Diagnosis:
    """Look at everything. What goes wrong meanwhile is a finding."""
    checks = tuple(Check(number, name, check(case)) for number, (name, check) in enumerate(CHECKS, 1))
    return Diagnosis(tuple(_find_facts(case)), tuple(_find_settings(case)), checks)


def _find_facts(case: Case) -> Iterator[Fact]:
    yield Fact(DISTRIBUTION, version(DISTRIBUTION))
    yield Fact("Python", platform.python_version())
    yield Fact("system", platform.platform())
    yield from (Fact(name, _find_version(name)) for name in _LIBRARIES)
    yield Fact("SQLite", sqlite3.sqlite_version)
    yield Fact("engine", _find_engine(case))
    yield Fact("config", (case.config.file if case.config else None) or ("broken" if case.problem else "none"))
    yield Fact("runs", _describe_size(os.path.join(case.data, FILE)))
    originals = [os.path.join(case.data, FOLDER, name) for name in finished_archives(case.data)]
    yield Fact("originals", f"{len(originals):,} in {escape_name(os.path.join(case.data, FOLDER))}")
    for name in sorted(case.environ):
        if name.startswith("LOOPFLOW_"):
            is_secret = any(word in name for word in _SECRET)
            yield Fact(escape_name(name), "set" if is_secret else escape_name(case.environ[name]))


def _find_version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def _find_engine(case: Case) -> str:
    try:
        return " and ".join(choose_engines(case.environ.get("LOOPFLOW_ENGINE") or None))
    except LoopflowError as error:
        return error.message


def _describe_size(path: str) -> str:
    try:
        return f"{os.stat(path).st_size:,} bytes in {escape_name(path)}"
    except OSError:
        return f"none yet in {escape_name(path)}"


def _find_settings(case: Case) -> Iterator[Fact]:
    config = case.config
    encoding = config.encoding if config else "o200k_base"
    yield Fact("encoding", encoding, config.origins.get("encoding", "default") if config else "default")
    table = config.sections.get("logs") if config else None
    preset = case.settings.preset
    for field in fields(case.settings):
        of_preset = f"preset {preset}" if field.name in PRESETS[preset].settings else "default"
        origin = table.where(field.name) if table and field.name in table.values else of_preset
        yield Fact(field.name, escape_name(_describe(getattr(case.settings, field.name))), origin)


def _describe(value: object) -> str:
    """Return a setting as a user writes it, or as it is called."""
    match value:
        case None | "" | ():
            return "not set"
        case bool():
            return str(value).lower()
        case OwnPattern():
            return f"{value.priority.word}:{value.match}"
        case Component() | CustomProfile():
            return value.name
        case tuple():
            return ", ".join(map(_describe, value))
    return str(value)
