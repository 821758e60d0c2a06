"""What a line weighs: words that failures have in common, and lines that only have the words."""

import pytest

from loopflow.logs.keys import CRITICAL_WEIGHT, HIGH_WEIGHT, MEDIUM_WEIGHT
from tests.logs.assembled import weigh

CRITICAL = [
    "Traceback (most recent call last):",
    "fatal error: all goroutines are asleep - deadlock!",
    "Segmentation fault (core dumped)",
    "java.lang.OutOfMemoryError: Java heap space",
    "check: check.c:14: main: Assertion `shelf != 77' failed.",
    "error: no such option: --tea",
    "main.c:5: undefined reference to `load_tea'",
    "Fehler: Datei nicht gefunden",
    "shelf.c:4:21: erreur: « width » non déclaré",
    "错误: 找不到符号",
    "エラー: シンボルが見つかりません",
    "ошибка: не найден символ",
    "ОШИБКА:  столбец не существует",
    "FAILED tests/test_shelf.py",
    "> Task :compileJava FAILED",
    "bash: tea: command not found",
    "Cannot find module './tea'",
    "Uncaught (in promise) TypeError: x is not a function",
    "import failed: no tea in the house",
]
HIGH = [
    "2025-03-01 10:00:03 ERROR canceling statement",
    "FATAL: role is unknown",
    "connect() failed (111: Connection refused)",
    "the request timed out after 30 s",
    "The process was killed",
    "File not found",
    "exited with 137",
    "job ended: exit code 2",
    '10.0.0.1 - - "GET /tea HTTP/1.1" 502 157',
    "Tests: 1 failed, 2 passed",
    "0 errors, 3 failed",
    "Tests run: 52,  Failures: 2",
    "BUILD FAILURE",
    "make: *** [Makefile:8: shelf.o] Error 1",
]
MEDIUM = [
    "warning: unused variable: `x1`",
    "part.c:4:9: warning: unknown option [-Wunknown]",
    "npm WARN deprecated tea@1.0.0: no longer supported",
    "call() is deprecated",
    '10.0.0.1 - - "GET /tea HTTP/1.1" 404 153',
    "PHP Warning:  Undefined variable $tea in rows.php on line 4",
]
NOTHING = [
    "0 errors",
    "no errors",
    "step 7: no error on any shelf",
    "12 passed, 0 failed",
    "test_error_is_raised ... ok",
    "tests/test_errors.py::test_failed PASSED",
    "✓ adds 7 without error",
    "[+] fails closed 3ms",
    "ok 7 - error is thrown",
    "+ echo 'ignoring errors'",
    "+export OPTS=--state=failed,slow",
    "$ grep error log",
    "> node steps/errors.js",
    "checking for errors.h... found",
    "gcc -Werror -c -o errors.o error.c",
    "removed dist/error-7.html",
    "INSERT INTO item VALUES (7, 'error 7');",
    "exit code 0",
    "errors=0 retries=0",
    '10.0.0.1 - - "GET /tea HTTP/1.1" 200 153',
    "item 0: FAILED before, passed on retry",
    "not ok 3 - is fast # TODO",
    "Failures:",
    "failed: none",
]
_LIMITS = {
    "critical": (CRITICAL_WEIGHT, 101),
    "high": (HIGH_WEIGHT, CRITICAL_WEIGHT),
    "medium": (MEDIUM_WEIGHT, HIGH_WEIGHT),
    "nothing": (0, MEDIUM_WEIGHT),
}
_TABLE = [
    (line, name)
    for name, lines in {"critical": CRITICAL, "high": HIGH, "medium": MEDIUM, "nothing": NOTHING}.items()
    for line in lines
]


@pytest.mark.parametrize(("line", "name"), _TABLE)
def test_a_line_weighs_what_it_says(line: str, name: str) -> None:
    least, below = _LIMITS[name]
    assert least <= weigh(line) < below
