"""A test that failed and passed when it was tried again is told, and is not why the run failed."""

import pytest

from loopflow.logs.census import Census
from loopflow.logs.keys import NewKinds
from loopflow.logs.model import Failure, LogRequest, Priority
from loopflow.logs.pool import Pool
from loopflow.logs.retries import mark_retried
from tests.support.blocks import found_of
from tests.support.hostile_logs import reduced

NOISE = "".join(f"words of a log {chr(97 + at % 26)}\n" for at in range(300))
OTHER = "error: the disk is full\n"
TOOLS = {
    "go": ("--- FAIL: TestDial (0.03s)\n    dial_test.go:12: refused\nFAIL\n", "--- PASS: TestDial (0.01s)\n"),
    "gradle": (
        "DialTest > dials() FAILED\n    java.net.ConnectException at DialTest.java:12\n",
        "DialTest > dials() PASSED\n",
    ),
    "nextest": ("  TRY 1 FAIL [   0.005s] net dial::dials\n", "  TRY 2 PASS [   0.004s] net dial::dials\n"),
    "pytest": (
        "FAILED tests/test_dial.py::test_dials[2] - OSError: refused\n",
        "PASSED tests/test_dial.py::test_dials[2]\n",
    ),
    "playwright": (
        "  ✘  1 dial.spec.ts:3:1 \u203a dials (1.2s)\n",
        "  ✓  2 dial.spec.ts:3:1 \u203a dials (retry #1) (840ms)\n",
    ),
    "cargo": ("test dial::dials ... FAILED\n", "test dial::dials ... ok\n"),
}


def failures(*parts: str) -> list[Failure]:
    """Return what is found in a log."""
    digest = reduced("".join(parts).encode(), LogRequest(1_000))
    return [outcome.failure for outcome in digest.outcomes]


def is_retried(*parts: str) -> list[bool]:
    """Return of each failure whether its tests passed later."""
    return [failure.retried > 0 for failure in failures(*parts)]


@pytest.mark.parametrize("tool", TOOLS)
def test_what_passed_later_is_high(tool: str) -> None:
    """In whichever way a tool says so; the line that says so is named."""
    failed, passed = TOOLS[tool]
    log = NOISE + failed + NOISE + passed + NOISE + OTHER
    digest = reduced(log.encode(), LogRequest(1_000))
    first, last = digest.outcomes[0].failure, digest.outcomes[-1].failure
    assert (first.block.priority, last.block.priority) == (Priority.HIGH, Priority.CRITICAL)
    assert log.split("\n")[first.retried - 1] == passed.removesuffix("\n")
    assert f" passed on retry L{first.retried}" in digest.text


@pytest.mark.parametrize("tool", TOOLS)
def test_what_passed_before_or_never_failed(tool: str) -> None:
    """Nor does it help that another test passed, or that it failed again."""
    failed, passed = TOOLS[tool]
    other = passed.replace("ials", "eals").replace("Dial", "Deal")
    for log in ([passed, NOISE, failed, NOISE], [NOISE, failed, NOISE, other], [NOISE, failed, NOISE, passed, failed]):
        assert not any(is_retried(*log))


def test_all_tests_of_a_failure_have_to_pass() -> None:
    """One that did not is why the run failed."""
    names = ("tests/test_a.py::test_one", "tests/test_a.py::test_two")
    names = ("tests/test_a.py::test_one", "tests/test_a.py::test_two")
    passed = [f"PASSED {name}" for name in names]
    for said, is_enough in ((passed[:1], False), (passed[1:], False), (passed, True)):
        pool, census = Pool(), Census()
        pool.add(found_of([f"FAILED {name}" for name in names], weights=(100, 100)))
        lines = found_of(said, 10, weights=(0,)).parts[0].lines
        census.learn(NewKinds(lines.texts, begins_anew=True))
        census.add(range(len(lines.texts)), lines)
        mark_retried(list(pool.entries()), census)
        assert [entry.retried > 0 for entry in pool.entries()] == [is_enough]


def test_digits_of_a_name_are_part_of_it() -> None:
    """Lines that differ in digits alone are one kind of line, but another test."""
    assert not any(is_retried(NOISE, TOOLS["pytest"][0], NOISE, "PASSED tests/test_dial.py::test_dials[1]\n"))
