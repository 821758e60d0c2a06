"""Kinds of logs, and how a budget is spent on each."""

import re
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from loopflow.logs.model import LogProfile, LogRequest

PROFILES: Final[Mapping[str, LogProfile]] = MappingProxyType(
    {
        "test": LogProfile("test", 0.8, 0.5, 0.8, 0.5),
        "error": LogProfile("error", 0.9, 0.7, 0.3, 0.6),
        "info": LogProfile("info", 0.5, 0.3, 0.5, 0.4),
    }
)

ALIASES: Final[Mapping[str, str]] = MappingProxyType({f"{name}_logs": name for name in PROFILES})
"""Other names that are understood."""

SAMPLE_BYTES: Final = 65_536
"""Of the beginning, and of the end, that tell what kind of log it is."""

_TESTS: Final = re.compile(
    rb"(?m)^(?:=+ test session starts|collected \d+ items|Ran \d+ tests?|PASS |FAIL |--- (?:PASS|FAIL)|ok +\d+|1\.\.\d+"
    rb"|running \d+ tests?|test result:|Test Suites:|Tests run:|Tests:|\[ *(?:RUN|OK|PASSED|FAILED) *\]"
    rb"|[^\S\n]+\d+ (?:passing|failing)|\d+ examples?, |\d+ runs, |OK \(\d+ tests?|Results *:|=+ short test summary"
    rb"|Finished in \d)"
)
_ERRORS: Final = re.compile(rb"\b(?:ERROR|FATAL|CRITICAL|SEVERE)\b|Traceback|Exception|panic:")
_SHARE: Final = 0.02


def choose_profile(request: LogRequest, log: str, first: bytes, last: bytes) -> LogProfile:
    """Return the profile that is asked for, or else that of the log, with what is asked to be otherwise."""
    profile = PROFILES.get(request.log_type) or detect_profile(log, first, last)
    name = request.profile_name or profile.name
    return replace(profile, name=name, spending=request.spending, **dict(request.shares))


def detect_profile(name: str, first: bytes, last: bytes) -> LogProfile:
    """Return the profile of a log that begins and ends so."""
    sample = first + last
    if _TESTS.search(sample):
        return PROFILES["test"]
    lines = sample.split(b"\n")
    errors = sum(1 for line in lines if _ERRORS.search(line[:400]))
    return PROFILES["error" if errors > _SHARE * len(lines) or "error" in name.lower() else "info"]
