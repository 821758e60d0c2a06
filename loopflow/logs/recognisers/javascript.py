"""JavaScript and TypeScript: jest, vitest, mocha and its kin, TAP, tsc, eslint, npm."""

from typing import Final

from loopflow.logs.recognisers.rows import Recogniser

RECOGNISERS: Final = (
    Recogniser(
        "jest",
        "^\\s*● (?!Console)\\S".encode(),
        "●",
        100,
        ends="\\s*● |(?:PASS|FAIL) \\S|(?:Tests?|Test Suites|Snapshots):|Summary of all".encode(),
        headline=rb"\s*(?:expect\(|Error|[A-Za-z]*Error:|Expected|expected|thrown:|Cannot|Test suite failed)",
    ),
    Recogniser(
        "vitest",
        "^\\s*(?:FAIL|×|❯) +\\S+.* > ".encode(),
        "^ fail|^fail|×|❯",
        100,
        goes_on="(?:Error|[A-Za-z]*Error:|\\s|$|Expected|Received|- |\\+ |❯|⎯)".encode(),
        most=120,
    ),
    Recogniser(
        "numbered",  # mocha, RSpec, ExUnit, PHPUnit
        rb"^ {0,8}\) \S",
        "^) |^ ) |^  ) |^   ) |^    ) |^     ) |^      ) |^       ) |^        ) ",
        80,
        goes_on="\\s*$|\\s+(?!\\d+\\) |✓|✔|√|·)|Failed asserting|[A-Za-z\\\\]+(?:Error|Exception)|/\\S+:\\d+|\\S+\\.php:\\d+".encode(),
        headline=rb"\s*(?:[\w:.]*(?:Error|Exception)\b|Failure/Error|Expected|expected|Failed asserting|Assertion)",
        most=120,
    ),
    Recogniser("tap", rb"^\s*not ok\b", "not ok", 80, goes_on=rb"\s+\S|#", most=60),
    Recogniser("tsc", rb"^\S.*(?:\(,\)|::| -) ?:? ?-? ?error TS:", "error ts", 80),
    Recogniser("eslint", rb"^\s+: +error +\S", " error ", 60, goes_on=rb"(?!)", before=1),
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
        goes_on=rb"\s|$|[A-Za-z]*Error\b|Node\.js|at ",
        before=3,
    ),
)
