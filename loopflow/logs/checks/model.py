"""What a check is given, and what it says."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from loopflow.config.resolve import Config
from loopflow.logs.settings import LogSettings


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
    `read_command` returns the options of a command line of `validate-ci`, and `look_at_usage` says what the ledger of
    usage has; both raise LoopflowError for what is wrong.
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
    look_at_usage: Callable[[], "UsageSeen"]
    problem: str = ""


class UsageSeen(NamedTuple):
    """What there is of a ledger: how many entries, and by which names its budgets go."""

    entries: int
    budgets: Sequence[str]


def passed(seen: str) -> Finding:
    """Return the finding that all is well."""
    return Finding(State.PASS, seen)


def failed(seen: str, remedy: str) -> Finding:
    """Return the finding that something is not."""
    return Finding(State.FAIL, seen, remedy)


def absent(seen: str, remedy: str) -> Finding:
    """Return the finding that there is nothing to look at; `remedy` says how to begin."""
    return Finding(State.ABSENT, seen, remedy)
