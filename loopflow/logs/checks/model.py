"""What a check is given, and what it says."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, NamedTuple

from loopflow.config.resolve import Config
from loopflow.logs.settings import LogSettings

MEMORY: Final = "memory server"
LEDGER: Final = "ledger of usage"
MONITOR: Final = "monitor"
"""Names of checks that other commands of the family answer."""


class State(StrEnum):
    """How a check ends."""

    PASS = "pass"  # noqa: S105  it opens nothing
    FAIL = "fail"
    ABSENT = "not configured"


class Finding(NamedTuple):
    """What was seen, and what to do about it."""

    state: State
    seen: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """Where it is looked. Directories are absolute.

    `problem` says why the config does not hold, if so; then `config` is None and `settings` are those without one.
    `read_command` returns the options of a command line of `validate-ci`, and raises LoopflowError for a wrong one.
    """

    environ: Mapping[str, str]
    here: str
    root: str
    """Of the repository, or `here`."""
    data: str
    cache: str
    config: Config | None
    settings: LogSettings
    read_command: Callable[[Sequence[str]], Mapping[str, Any]]
    looks: Mapping[str, Callable[[], Finding]]
    """What other commands of the family say of themselves, by the name of a check; none where there is no such one."""
    problem: str = ""


def passed(seen: str) -> Finding:
    """Return the finding that all is well."""
    return Finding(State.PASS, seen)


def failed(seen: str, remedy: str) -> Finding:
    """Return the finding that something is not."""
    return Finding(State.FAIL, seen, remedy)


def absent(seen: str, remedy: str) -> Finding:
    """Return the finding that there is nothing to look at; `remedy` says how to begin."""
    return Finding(State.ABSENT, seen, remedy)
