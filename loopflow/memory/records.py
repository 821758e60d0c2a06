"""Runs as lines of JSON: what waits for a server is kept as what was seen, and not as calls of its tools.

Calls would be right for the graph that they were made for. A run can be put into any.
"""

import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, Final

from loopflow.memory.model import Failed, Run

_SCHEMA: Final = 1
_TEXTS: Final = ("id", "log", "project", "sha256", "encoding", "profile")


def write_record(run: Run) -> bytes:
    """Return a run as a line with its end."""
    value = {**asdict(run), "at": run.at.isoformat(), "failures": [each._asdict() for each in run.failures]}
    text = json.dumps({"schema": _SCHEMA, "op": "store", "run": value}, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "backslashreplace") + b"\n"


def read_record(line: bytes) -> Run | None:
    """Return the run that a line tells, None if it tells none."""
    try:
        value = json.loads(line)
        if value["schema"] != _SCHEMA or value["op"] != "store":
            return None
        return _read_run(value["run"])
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        return None


def _read_run(value: dict[str, Any]) -> Run:
    before = value["tokens_before"]
    return Run(
        **{key: _text(value[key]) for key in _TEXTS},
        at=datetime.fromisoformat(value["at"]).astimezone(UTC),
        lines=int(value["lines"]),
        tokens_before=None if before is None else int(before),
        tokens_after=int(value["tokens_after"]),
        priorities={_text(name): int(count) for name, count in value["priorities"].items()},
        failures=tuple(_read_failed(each) for each in value["failures"]),
        left_out=int(value["left_out"]),
    )


def _read_failed(value: dict[str, Any]) -> Failed:
    return Failed(
        ref=_text(value["ref"]),
        kind=_text(value["kind"]),
        times=int(value["times"]),
        log=_text(value["log"]),
        first=int(value["first"]),
        last=int(value["last"]),
        headline=_text(value["headline"]),
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value
