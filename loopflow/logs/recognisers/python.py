"""Python: tracebacks, pytest, unittest, pip."""

from typing import Final

from loopflow.logs.model import Priority
from loopflow.logs.recognisers.rows import Recogniser

RECOGNISERS: Final = (
    Recogniser(
        "pytest",
        rb"^_{3,} (?!coverage:|summary )\S.* _{3,}$",
        "^___",
        100,
        goes_on=b"",
        ends=rb"_{3,} \S.* _{3,}$|={3,} ",
        headline=rb"E   ",
    ),
    Recogniser(
        "pytest summary",
        rb"^(?:FAILED|ERROR) \S+(?:::|\.py)",
        "^failed|^error",
        60,
        goes_on=rb"(?!)",
        at_most=Priority.HIGH,
    ),
    Recogniser(
        "pytest warnings",
        rb"^={3,} warnings summary",
        "warnings summary",
        8,
        goes_on=b"",
        ends=rb"-- Docs: |={3,} ",
        at_most=Priority.MEDIUM,
    ),
    Recogniser(
        "traceback",
        rb"^\s*(?:[|+]\s+)*(?:Exception Group )?Traceback \(most recent call last\)",
        "traceback",
        100,
        goes_on=rb"\s|$|[|+]|Traceback \(most",
        last=rb"[A-Za-z_][\w.]*(?:: |:?$)|\s*\+-{20,}$",
        chain=rb"During handling of the above|The above exception was|\s+\S",
        headline=rb"(?:\s*[|]\s)?\s*(?!File )[A-Za-z_][\w.]*(?:Error|Exception|Group|Exit|Interrupt|Warning): |[A-Za-z_][\w.]*(?:: |:?$)",
    ),
    Recogniser(
        "unittest",
        rb"^(?:FAIL|ERROR): [\w.<>]+ \([\w.<>]+\)",
        "^fail:|^error:",
        100,
        goes_on=b"",
        ends=rb"={20,}$|Ran \d+ tests?|(?:FAIL|ERROR): \S+ \(",
        headline=rb"[A-Za-z_][\w.]*(?:Error|Exception|Failure)\b",
    ),
    Recogniser(
        "pip",
        rb"^\s*(?:error: subprocess-exited-with-error|ERROR: (?:Could not|No matching|Failed|Cannot|Command))",
        "subprocess-exited|^error:",
        80,
        plain=1,
    ),
)
