"""Whether files keep a token budget: limits to the token, how full it is, and what the badge says of it."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopflow.errors import UsageError
from loopflow.logs.render.validation import describe_failures, make_badge
from loopflow.logs.threshold import Level, Outcome, Thresholds, Validation, validate
from loopflow.model import Reason, Scope, Skipped
from tests.support.profiles import make_report

BUDGET = 1_000
GAP = Skipped("secret", Reason.UNREADABLE)


def judge(files: dict[str, int], thresholds: Thresholds | None = None, skipped: tuple[Skipped, ...] = ()) -> Validation:
    return validate(make_report(files, list(skipped)).profile, thresholds or Thresholds(BUDGET))


@pytest.mark.parametrize(
    ("sizes", "scopes"),
    [
        ([], []),
        ([899], []),
        ([450, 450], []),
        ([450, 451], [Scope.TOTAL]),
        ([1_000], [Scope.TOTAL]),
        ([1_001], [Scope.TOTAL, Scope.FILE]),
        ([1_001, 0, 2_000], [Scope.TOTAL, Scope.FILE]),
    ],
    ids=["none", "89.9 %", "90 %", "90.1 %", "100 %", "one file over", "two files over"],
)
def test_what_fails(sizes: list[int], scopes: list[Scope]) -> None:
    """The sum from the first token over its share on, a file from the first token over the whole budget on."""
    validation = judge({f"{number}.log": size for number, size in enumerate(sizes)})
    assert [verdict.scope for verdict in validation.judgement.failed] == scopes
    assert validation.outcome is (Outcome.FAILED if scopes else Outcome.PASSED)


@pytest.mark.parametrize(
    ("tokens", "level", "colour", "message"),
    [
        (0, Level.OK, "green", "0.0% of 1000"),
        (587, Level.OK, "green", "58.7% of 1000"),
        (799, Level.OK, "green", "79.9% of 1000"),
        (800, Level.WARNING, "yellow", "80.0% of 1000"),
        (949, Level.WARNING, "yellow", "94.9% of 1000"),
        (950, Level.CRITICAL, "orange", "95.0% of 1000"),
        (1_000, Level.CRITICAL, "orange", "100.0% of 1000"),
        (1_001, Level.OVER, "red", "100.1% of 1000"),
    ],
)
def test_how_full_it_is(tokens: int, level: Level, colour: str, message: str) -> None:
    """Each colour from its first token to its last, with a level that says the same in words."""
    validation = judge({"a.log": tokens})
    badge = make_badge(validation)
    assert (validation.level, badge.colour, badge.message) == (level, colour, message)
    assert badge.title.endswith(f", {level}")


@pytest.mark.parametrize(
    ("files", "outcome", "message"),
    [
        ({"a.log": 10}, Outcome.INCOMPLETE, "1.0% of 1000, incomplete"),
        ({"a.log": 901}, Outcome.FAILED, "90.1% of 1000, incomplete"),
    ],
)
def test_what_could_not_be_counted(files: dict[str, int], outcome: Outcome, message: str) -> None:
    """It never passes with a gap, the badge is grey, and what fails without the file still fails."""
    validation = judge(files, skipped=(GAP,))
    badge = make_badge(validation)
    assert (validation.outcome, badge.colour, badge.message) == (outcome, "lightgrey", message)


@pytest.mark.parametrize("warning", [Fraction(95, 100), Fraction(1)])
def test_a_warning_comes_before_it_is_critical(warning: Fraction) -> None:
    """A warning threshold that is not below the critical one is refused, whoever gives it."""
    with pytest.raises(UsageError, match=r"--warning-threshold .* is not below --critical-threshold 95"):
        Thresholds(BUDGET, warning=warning)


PERCENTAGES = st.fractions(Fraction(1, 1000), 1, max_denominator=1000)


@given(sizes=st.lists(st.integers(0, 10**12), max_size=4), budget=st.integers(1, 10**12), fail=PERCENTAGES)
def test_the_budget_that_is_named_would_do(sizes: list[int], budget: int, fail: Fraction) -> None:
    """With the largest budget that failures name nothing fails, and with one token less something does."""
    files = {f"{number}.log": size for number, size in enumerate(sizes)}
    failed = judge(files, Thresholds(budget, fail))
    is_over = sum(sizes) > budget * fail or max(sizes, default=0) > budget
    assert bool(failed.judgement.failed) == is_over
    if is_over:
        needed = max(failed.needed(verdict) for verdict in failed.judgement.failed)
        assert not judge(files, Thresholds(needed, fail)).judgement.failed
        assert judge(files, Thresholds(max(needed - 1, 1), fail)).judgement.failed or needed == 1


def test_what_failed_is_said_in_words() -> None:
    """A block for each limit: by how much, which files, where the budget is written, and how to look closer."""
    validation = judge({"a.log": 700, "b\n.log": 1_001, "c.log": 2, "d.log": 1})
    assert list(describe_failures(validation, "loopflow.toml:2, fit = ", "code-context --profile logs")) == [
        "FAIL token-validation, total: 1,704 tokens, 804 more than the limit of 900",
        "  the limit is 90% of the budget of 1,000, and 170.4% are used",
        "  has most: b\\n.log 1,001, a.log 700, c.log 2",
        "  to shorten a log: loopflow logs FILE --fit N -o DIGEST",
        "  to raise the limit for good: loopflow.toml:2, fit = 1_894",
        "  to look closer: code-context --profile logs",
        "",
        "FAIL token-validation, each file: 1 file over the limit of 1,000, the largest by 1",
        "  b\\n.log: 1,001",
        "  to shorten a log: loopflow logs FILE --fit N -o DIGEST",
        "  to raise the limit for good: loopflow.toml:2, fit = 1_001",
        "  to look closer: code-context --profile logs",
    ]
