"""The Java virtual machine: exceptions, JUnit, Maven, Gradle, Kotlin, Scala."""

from typing import Final

from loopflow.logs.model import Priority
from loopflow.logs.recognisers.rows import Recogniser

_FRAMES: Final = rb"\s*at |\s*\.\.\. \d+|\s*Caused by|\s*Suppressed|\s+\S"

RECOGNISERS: Final = (
    Recogniser(
        "surefire",
        rb"^(?!.*Tests run: ).*<<< (?:FAILURE|ERROR)!",
        "<<< ",
        100,
        goes_on=_FRAMES + rb"|$|[\w.$]+(?:Error|Exception|Failure)\b|[Ee]xpected|[Aa]ctual",
        ends=rb"\[(?:INFO|ERROR|WARNING)\]|Running |Tests run|Results|.*<<< (?:FAILURE|ERROR)!",
        plain=1,
        headline=rb"[\w.$]+(?:Error|Exception|Failure)\b",
    ),
    Recogniser(
        "maven compiler",
        rb"^\[(?:ERROR|error)\] .*\.(?:java|kt|scala|groovy):",
        "[error]",
        85,
        goes_on=rb"\s|\[(?:ERROR|error)\]\s{2,}\S",
    ),
    Recogniser("maven", rb"^\[ERROR\]", "[error]", 40, goes_on=rb"\[ERROR\]|\s", at_most=Priority.HIGH),
    Recogniser(
        "gradle",
        rb"^\* What went wrong:",
        "what went wrong",
        90,
        goes_on=b"",
        ends=rb"\* Try:|\* Exception is:",
        headline=rb"(?!\* )\S",
    ),
    Recogniser(
        "gradle test",
        rb"^\S.* > .* FAILED\s*$",
        " failed",
        100,
        goes_on=rb"\s|$",
        headline=rb"\s+[\w.$]+(?:Error|Exception|Failure)\b",
    ),
    Recogniser(
        "exception",
        rb"^(?:Exception in thread .*|[^\s:]*\s?(?:[a-z]\w*\.)+[\w$]*(?:Exception|Error|Throwable|Failure)(?::|$))",
        "exception|error|throwable|failure",
        90,
        goes_on=_FRAMES,
        headline=rb"(?:Exception in|[\w.$]*(?:Exception|Error)\b)",
    ),
    Recogniser("kotlin", rb"^e: ", "^e: ", 80, goes_on=rb"\s"),
)
