"""Go: tests, panics, the compiler."""

from typing import Final

from loopflow.logs.recognisers.rows import Recogniser

RECOGNISERS: Final = (
    Recogniser(
        "go test",
        rb"^\s*--- FAIL: ",
        "--- fail",
        100,
        goes_on=rb"\s+(?!--- (?:PASS|SKIP|FAIL))\S|$",
        before=20,
        back=rb"\s+\S+\.go:\d+: |\s{8,}\S",
        headline=rb"\s+\S+\.go:\d+: \S|\s+Error:\s",
    ),
    Recogniser(
        "go panic",
        rb"^(?:panic: |fatal error: |unexpected fault)",
        "^panic|^fatal error|^unexpected fault",
        100,
        goes_on=rb"\s|$|goroutine |\S+\(|created by|exit status|\[signal|\[recovered",
        most=40,
    ),
    Recogniser("data race", rb"^WARNING: DATA RACE", "data race", 100, goes_on=b"", ends=rb"={10,}"),
)
