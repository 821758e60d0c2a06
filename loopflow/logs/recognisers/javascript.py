"""JavaScript and TypeScript: jest, vitest, TAP, tsc, eslint, npm, Node; and lists of failures with numbers."""

from typing import Final

from loopflow.logs.model import Priority
from loopflow.logs.recognisers.rows import Recogniser

_JEST_ENDS: Final = "\\s*● |\\s?(?:PASS|FAIL)\\s+\\S|(?:Tests?|Test Suites|Snapshots):|Summary of all".encode()

RECOGNISERS: Final = (
    Recogniser(
        "jest console", "^\\s*● Console$".encode(), "●", 8, goes_on=b"", ends=_JEST_ENDS, at_most=Priority.MEDIUM
    ),
    Recogniser(
        "jest",
        # systemctl prints the mark before the name of a unit
        "^\\s*● (?!Console|\\S+\\.(?:service|socket|timer|target|mount|device|slice|scope)\\b)\\S".encode(),
        "●",
        100,
        goes_on=b"",
        ends=_JEST_ENDS,
        headline=rb"\s*(?:expect\(|Error|[A-Za-z]*Error:|Expected|expected|thrown:|Cannot|Test suite failed)",
    ),
    Recogniser(
        "vitest",
        rb"^\s*FAIL  \S.*(?: > |\[ .* \]$)",
        "^ fail|^fail",
        100,
        goes_on=b"",
        ends=r"\s*FAIL  |\s*Test Files |⎯+(?:\[| Unhandled)".encode(),
        headline=rb"\s*(?:[A-Za-z]*Error\b|Snapshot)",
        most=120,
    ),
    Recogniser(
        "numbered",  # mocha, RSpec, ExUnit, PHPUnit, JUnit, minitest
        rb"^ {0,3}\) \S",
        "^) |^ ) |^  ) |^   ) ",
        80,
        confirm=rb" {0,3}\d+\) \S",
        goes_on=rb"\s|$|[-+@]|Caused by|\.\.\. |at |[\w.\\$]*(?:Error|Exception|Failure)\b|Failed asserting|Expected|/\S+:\d+|\S+\.php:\d+",
        ends=rb"\s{0,3}\d+\) |--$|={3,}|(?:FAILURES|ERRORS|Finished|Tests|Failed examples|There w|OK)\b"
        rb"|\d+ (?:runs|tests|examples|passing|failing)",
        plain=3,
        headline=rb"\s*(?:[\w:.\\$]*(?:Error|Exception)\b|Failure/Error|Expected|expected|Failed asserting|Assertion)",
        most=120,
    ),
    Recogniser(
        "tap",
        rb"^\s*not ok\b",
        "not ok",
        80,
        goes_on=rb"\s|$|#",
        ends=rb"\s*(?:not )?ok \d|\s*# Subtest|\s*\d+\.\.\d+|# (?:tests|Looks like)",
        headline=rb"\s*(?:error: [^|]|#\s+Failed test)",
        most=60,
    ),
    Recogniser(
        "rspec pending",
        rb"^Pending: \(Failures listed here",
        "^pending: ",
        8,
        goes_on=b"",
        ends=rb"Failures:$|Finished in ",
        at_most=Priority.MEDIUM,
    ),
    Recogniser("tsc", rb"^\S.*(?:\(,\)|::| -) ?:? ?-? ?error TS:", "error ts", 80, goes_on=rb"\s|$|\d+ "),
    Recogniser("eslint", rb"^\s+: +error +\S", " error ", 60, goes_on=rb"(?!)", before=1),
    Recogniser(
        "npm script",  # that the command of a script failed, which said why itself
        rb"^npm (?:ERR!|error) (?:code ELIFECYCLE|Test failed|Lifecycle script)",
        "^npm err",
        60,
        ends=rb"(?!npm (?:ERR!|error)|$)",
        goes_on=b"",
        at_most=Priority.HIGH,
    ),
    Recogniser(
        "npm",
        rb"^(?:npm (?:ERR!|error)|error An unexpected|yarn error|\s?ERR_PNPM)",
        "^npm err|^error an|yarn error|err_pnpm",
        60,
        goes_on=rb"npm (?:ERR!|error)|\s|$",
    ),
    Recogniser(
        "node",
        rb"^\s*throw (?:er|err|new|error|e)\b",
        "throw ",
        90,
        goes_on=rb"\s|$|[A-Za-z]*Error\b|Node\.js|at |\}",
        before=1,
    ),
)
