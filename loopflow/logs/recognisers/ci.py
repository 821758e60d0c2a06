"""What builds and CI systems say of themselves."""

from typing import Final

from loopflow.logs.model import Priority
from loopflow.logs.recognisers.rows import Recogniser

RECOGNISERS: Final = (
    # A step of GitHub Actions prints its commands first: they failed no more than anything else that is echoed.
    Recogniser(
        "commands",
        rb"^##\[group\]Run ",
        "##[group]run",
        8,
        goes_on=b"",
        ends=rb"##\[endgroup\]",
        at_most=Priority.VERBOSE,
    ),
    Recogniser(
        "annotation",
        rb"^(?:##\[error\]|::error)(?!\s?Process completed)",
        "##[error]|::error",
        100,
        goes_on=rb"##\[error\]|\s",
    ),
    Recogniser(
        "docker build",
        rb"^(?:#\s*)?(?:ERROR(?:\s\[.*\]|:)|------$|failed to solve)|^(?:#\s)?ERROR: (?:process|failed)",
        "^# error|^#  error|failed to solve|^error: process|^error: failed",
        80,
        goes_on=rb"\s|$|>|-{3,}|#\d",
    ),
    Recogniser(
        "apt",
        rb"^[EW]: (?:Unable|Failed|Sub-process|Package|Could not|Some|The repository)",
        "^e: ",
        70,
        goes_on=rb"[EW]: ",
    ),
)
