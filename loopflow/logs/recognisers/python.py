"""Python: tracebacks, pytest, unittest."""

from typing import Final

from loopflow.logs.recognisers.rows import Recogniser

RECOGNISERS: Final = (
    Recogniser(
        "pytest",
        rb"^_{3,} (?!coverage:|summary )\S.* _{3,}$",
        "^___",
        100,
        ends=rb"_{3,} \S.* _{3,}$|={3,} ",
        headline=rb"E   ",
    ),
    Recogniser(
        "pytest summary", rb"^(?:FAILED|ERROR) \S+(?:::|\.py)", "^failed|^error", 70, goes_on=rb"(?!)", is_high=True
    ),
    Recogniser(
        "traceback",
        rb"^\s*(?:[|+] )?(?:\+ Exception Group )?Traceback \(most recent call last\)",
        "traceback",
        100,
        goes_on=rb"\s|$|[|+]",
        last=rb"[A-Za-z_][\w.]*(?:: |:?$)",
        chain=rb"During handling of the above|The above exception was|Traceback \(most",
        headline=rb"[A-Za-z_][\w.]*(?:: |:?$)",
    ),
    Recogniser(
        "unittest",
        rb"^(?:FAIL|ERROR): \S+.*\(.+\)",
        "^fail:|^error:",
        100,
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
