"""The Java virtual machine: exceptions, JUnit, Maven, Gradle, Kotlin, Scala, Clojure."""

from typing import Final

from loopflow.logs.recognisers.rows import Recogniser

RECOGNISERS: Final = (
    Recogniser(
        "maven compiler",
        rb"^\[(?:ERROR|error)\] .*\.(?:java|kt|scala|groovy):",
        "[error]",
        85,
        goes_on=rb"\s|\[(?:ERROR|error)\]\s{2,}(?:symbol|location|required|found|reason|\^|\S)",
    ),
    Recogniser(
        "surefire",
        rb"<<< (?:FAILURE|ERROR)!",
        "<<< ",
        100,
        goes_on=rb"\s|$|at |Caused by|\.\.\. |[\w.$]+(?:Error|Exception|Failure)\b|[Ee]xpected|[Aa]ctual",
        plain=1,
        headline=rb"[\w.$]+(?:Error|Exception|Failure)\b",
    ),
    Recogniser("gradle", rb"^\* What went wrong:", "what went wrong", 90, ends=rb"\* Try:|\* Exception is:"),
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
        goes_on=rb"\s*at |\s*\.\.\. \d+|\s*Caused by|\s*Suppressed|\s+\S",
        headline=rb"(?:Exception in|[\w.$]*(?:Exception|Error)\b)",
    ),
    Recogniser("kotlin", rb"^e: ", "^e: ", 80, goes_on=rb"\s"),
    Recogniser("scalac", rb"^\[error\] \S+\.scala:", ".scala:", 80, goes_on=rb"\[error\]\s"),
    Recogniser(
        "clojure test",
        rb"^(?:FAIL|ERROR) in \(",
        "^fail in|^error in",
        100,
        goes_on=rb"\s|expected:|actual:|[\w.-]+\n",
        plain=1,
        ends=rb"$",
    ),
)
