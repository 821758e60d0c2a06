"""Compilers, linkers and tests of C, C++ and what is built like them."""

from typing import Final

from loopflow.logs.recognisers.rows import Recogniser

RECOGNISERS: Final = (
    Recogniser(
        "compiler",
        rb"^\s{0,4}(?:[A-Za-z]:)?[^\s:][^:\n]{0,300}:(?::|\(,?\)\s?:)?:?:? ?(?:fatal |internal compiler )?[Ee]rror(?:\s[A-Z]+)?\s?[:\[]",
        "error",
        80,
        goes_on=rb"\s|\^|[^\s:]+:\d+(?::\d+)?: (?:note|remark)|\d+ +\|",
        before=6,
        back=rb"\s*In file included|\s+from |.*: (?:In|At) |.*: in function |.*required from",
        headline=rb".*[Ee]rror",
        most=60,
    ),
    Recogniser(
        # what flake8, golint, shellcheck and many others print: a place, and no word for how bad it is
        "place",
        rb"^(?:[A-Za-z]:)?[\w./\\@+-]+\.\w+::: (?!(?:warning|note|info|remark|style|debug|hint)\b)\S",
        "::: ",
        60,
        goes_on=rb"\s+\S|\d+ +\|",
        before=1,
        back=rb"#\s",
        most=20,
    ),
    Recogniser(
        "linker",
        rb"undefined reference to|Undefined symbols|multiple definition of|unresolved external|cannot find -l|collect: error|^ld: ",
        "undefined|multiple definition|unresolved|cannot find -l|collect: error|^ld: ",
        80,
        goes_on=rb"\s|\S+:.*undefined reference|\S*ld: |collect2",
        before=1,
        back=rb".*: in function ",
    ),
    Recogniser(
        "sanitizer",
        rb"^=*\s*(?:ERROR|WARNING): \w+Sanitizer|^\S+::: runtime error: ",
        "sanitizer|runtime error",
        100,
        goes_on=rb"\s|$|#|=|READ |WRITE |freed |previously |allocated |Previous |SUMMARY|Shadow |Direct |Indirect |0x|HINT|NOTE",
        most=120,
        headline=rb"SUMMARY:|.*runtime error",
    ),
    Recogniser("cmake", rb"^CMake Error", "cmake error", 90, goes_on=rb"\s|$|Call Stack"),
    Recogniser("gtest", rb": Failure$", ": failure", 100, goes_on=b"", ends=rb"\[ "),
    Recogniser("ctest", rb"^The following tests FAILED:", "tests failed", 80, goes_on=rb"\s"),
    Recogniser("catch", rb"\bFAILED:$", "failed:", 100, goes_on=rb"\s|$|with expansion|due to"),
    Recogniser("perl", rb"^\s*#\s+Failed test", "failed test", 100, goes_on=rb"\s*#"),
    Recogniser("xunit", rb"\[FAIL\]\s*$", "[fail]", 100, ends=rb"\s*\S.* \[[A-Z]+\]\s*$"),
    Recogniser(
        "minitest",  # as Rails prints it, and test-unit; with numbers it is one of the lists
        rb"^\s*(?:Failure|Error):(?:$| test)",
        "^failure:|^error:|^ failure:|^ error:|^  failure:|^  error:",
        100,
        goes_on=rb"(?!={20,}$)\s*\S",
        headline=rb"(?!\s*(?:Failure|Error):$).*(?:Expected|Error|expected|failed)",
    ),
    Recogniser(
        "pester",
        rb"^\s*\[-\] \S",
        "[-] ",
        80,
        goes_on=rb"\s|$|at |[Ee]xpected|Actual|But was",
        plain=1,
        ends=rb"\s*(?:\[[-+!?]\] |Describing |Context )",
        headline=rb"\s+(?:[\w.]*(?:Error|Exception)\b|[Ee]xpected|at )",
        most=60,
    ),
    Recogniser("elixir", rb"^\s*\*\* \(\w", "** (", 90, goes_on=rb"\s"),
    Recogniser(
        "php",
        rb"^(?:PHP )?(?:Fatal|Parse|Catchable fatal) error:",
        "fatal error|parse error",
        100,
        goes_on=rb"\s|Stack trace|#\d|$",
    ),
)
