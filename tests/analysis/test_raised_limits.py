"""What a change did to the rules that it is judged by: everything that allows more is said, and nothing else."""

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopflow.analysis.raised_limits import describe_changes, format_limit
from loopflow.config.resolve import resolve
from loopflow.model import Allowance, Level, Place, Rule

OLD = Rule("api", paths=("api/",), total=20_000, file=500, growth=Allowance(tokens=1_000))
SHARE = replace(OLD, growth=Allowance(share=Fraction(1, 50)))


def said(old: Rule, **changes: Any) -> list[str]:  # noqa: ANN401
    return describe_changes([old], [replace(old, **changes)])


@pytest.mark.parametrize(
    ("old", "changes", "line"),
    [
        pytest.param(OLD, {"total": 20_001}, "raises the total limit of api from 20,000 to 20,001", id="total"),
        pytest.param(OLD, {"file": 1_000_000}, "raises the file limit of api from 500 to 1,000,000", id="file"),
        pytest.param(
            OLD, {"growth": Allowance(tokens=1_001)}, "raises the growth limit of api from 1,000 to 1,001", id="growth"
        ),
        pytest.param(
            SHARE,
            {"growth": Allowance(share=Fraction(1, 40))},
            "raises the growth limit of api from 2% to 2.5%",
            id="growth, a share",
        ),
        pytest.param(
            SHARE,
            {"growth": Allowance(tokens=1)},
            "changes the growth limit of api from 2% to 1",
            id="from a share to tokens: which is more, nobody can say",
        ),
        pytest.param(
            OLD,
            {"growth": Allowance(share=Fraction(0))},
            "changes the growth limit of api from 1,000 to 0%",
            id="from tokens to a share",
        ),
        pytest.param(
            replace(OLD, total=0), {"total": 1}, "raises the total limit of api from 0 to 1", id="from nothing"
        ),
        pytest.param(
            replace(OLD, growth=Allowance(tokens=0)),
            {"growth": Allowance(tokens=1)},
            "raises the growth limit of api from 0 to 1",
            id="from no growth",
        ),
        pytest.param(
            replace(SHARE, growth=Allowance(share=Fraction(0))),
            {"growth": Allowance(share=Fraction(1, 1000))},
            "raises the growth limit of api from 0% to 0.1%",
            id="from no share",
        ),
        pytest.param(OLD, {"total": None}, "drops the total limit of api, which was 20,000", id="no total any more"),
        pytest.param(OLD, {"file": None}, "drops the file limit of api, which was 500", id="no file limit any more"),
        pytest.param(SHARE, {"growth": None}, "drops the growth limit of api, which was 2%", id="no growth any more"),
        pytest.param(
            replace(OLD, total=0), {"total": None}, "drops the total limit of api, which was 0", id="a limit of 0"
        ),
        pytest.param(OLD, {"level": Level.WARN}, "makes api warn only", id="level"),
        pytest.param(OLD, {"paths": ("api/v2/",)}, "alters which files api is about", id="paths"),
        pytest.param(OLD, {"types": (".py",)}, "alters which files api is about", id="types"),
        pytest.param(OLD, {"name": "other"}, "removes the rule api", id="the rule itself"),
    ],
)
def test_what_allows_more_is_said(old: Rule, changes: dict[str, Any], line: str) -> None:
    """Each way of allowing more is one line that names the rule, and what its limit was and is."""
    assert said(old, **changes) == [f"this change {line}"]


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"total": 19_999}, id="a lower total"),
        pytest.param({"file": 0}, id="a lower file limit"),
        pytest.param({"growth": Allowance(tokens=0)}, id="less growth"),
        pytest.param({"warn": Fraction(1)}, id="warning later stops no change"),
        pytest.param({"places": {"": Place("loopflow.toml", 9)}}, id="another line"),
    ],
)
def test_what_allows_no_more_is_not_said(changes: dict[str, Any]) -> None:
    """To make a rule stricter, or to move it, needs no remark."""
    assert said(OLD, **changes) == []


def test_new_limits_and_rules_are_no_remark() -> None:
    """What was not limited before and is now, is stricter; so is failing where it warned; warning on is the same."""
    bare = Rule("api", paths=("api/",), level=Level.WARN)
    assert describe_changes([bare], [replace(OLD, level=Level.FAIL), Rule("new", types=(".md",), total=1)]) == []
    assert describe_changes([], [OLD]) == []
    assert describe_changes([bare], [replace(OLD, level=Level.WARN)]) == []


def test_rules_are_known_by_their_names() -> None:
    """Their order is of no matter, and every change of every rule is said, in the order in which they were."""
    other = Rule("budget", total=5)
    assert describe_changes([OLD, other], [other, OLD]) == []
    lines = describe_changes([OLD, other], [replace(other, total=6), replace(OLD, total=None, level=Level.WARN)])
    assert [line.partition(" of ")[0] for line in lines] == [
        "this change drops the total limit",
        "this change makes api warn only",
        "this change raises the total limit",
    ]


def test_names_are_harmless() -> None:
    """A rule's name cannot act on a terminal."""
    old = replace(OLD, name="a\x1b[2J\n\u202e")
    for new in ([], [replace(old, total=None, file=None, growth=None, level=Level.WARN, paths=())]):
        lines = describe_changes([old], new)
        assert lines
        assert all(line.isprintable() for line in lines)


_LIMITS = st.none() | st.integers(0, 9)
_ALLOWANCES = st.none() | st.builds(Allowance, tokens=st.integers(0, 9))
_RULES = st.builds(Rule, st.just("r"), total=_LIMITS, file=_LIMITS, growth=_ALLOWANCES)


@given(_RULES, _RULES)
def test_silence_means_as_strict(old: Rule, new: Rule) -> None:
    """Nothing is said exactly if every limit that there was is still there, and no higher."""

    def is_as_strict(was: int | None, is_now: int | None) -> bool:
        return was is None or (is_now is not None and is_now <= was)

    def limits(rule: Rule) -> list[int | None]:
        return [rule.total, rule.file, rule.growth.tokens if rule.growth else None]

    strict = all(map(is_as_strict, limits(old), limits(new)))
    assert (describe_changes([old], [new]) == []) is strict


@given(st.integers(0, 10**9), st.integers(0, 9))
def test_a_limit_reads_as_it_is_written(digits: int, decimals: int) -> None:
    """What is shown of a limit, written into a config file, is that limit, whether tokens or a share, and exactly."""
    for limit in (Allowance(tokens=digits), Allowance(share=Fraction(digits, 100 * 10**decimals))):
        text = format_limit(limit).replace(",", "_")
        config = resolve({"loopflow.toml": f'[budget]\ngrowth = "{text}"'.encode()}, {}, {})
        assert config.rules[0].growth == limit


def test_every_rule_is_looked_at() -> None:
    """A rule that is gone does not hide what became of the next one."""
    other = replace(OLD, name="other")
    lines = describe_changes([OLD, other], [replace(other, total=30_000)])
    assert lines == [
        "this change removes the rule api",
        "this change raises the total limit of other from 20,000 to 30,000",
    ]
