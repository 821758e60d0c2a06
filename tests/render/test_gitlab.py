"""GitLab's Code Quality format: valid, with stable fingerprints, and the place and severity of every fault."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given

from loopflow.model import Allowance, Level, Reason, Report, Rule, Skipped
from loopflow.render.gitlab import render_gitlab
from tests.support.profiles import make_report
from tests.support.reports import ANY_NAME, judged, make_compared, placed
from tests.support.schema import complaints
from tests.support.screen import can_act

API = placed(Rule("api", total=10, file=10, growth=Allowance(10)), 5)
GAP = Skipped("secret.txt", Reason.UNREADABLE, "permission denied")


def issues_of(report: Report) -> list[dict[str, Any]]:
    issues: list[dict[str, Any]] = json.loads("".join(render_gitlab(report)))
    assert complaints(issues, "gitlab") == []
    return issues


def fingerprints(report: Report) -> list[str]:
    return sorted(issue["fingerprint"] for issue in issues_of(report))


def test_the_whole_of_a_small_report() -> None:
    """Every property, a line for each fault."""
    assert "".join(render_gitlab(judged(make_report({"src/a.py": 90}), [placed(Rule("api", file=50))]))) == (
        "[\n"
        ' {"description": "api, each file: 90 tokens, 40 more than the limit of 50",'
        ' "check_name": "code-context: api, each file",'
        ' "fingerprint": "c5cc934d3b20abbbfca671ce5e7a6aca6adae50b66bc3ee18fda012b708d399d",'
        ' "severity": "major",'
        ' "location": {"path": "src/a.py", "lines": {"begin": 1}}}\n'
        "]\n"
    )


def test_nothing_is_an_empty_list() -> None:
    """GitLab compares reports, so that one without faults is a document too."""
    assert issues_of(make_report({"a": 1}, [Skipped("a.png", Reason.BINARY)])) == []


@pytest.mark.parametrize(
    ("rule", "was", "severity"),
    [
        (Rule("api", total=10), 0, "major"),
        (Rule("api", total=10, level=Level.WARN), 0, "minor"),
        (Rule("api", total=105), 0, "minor"),
        (Rule("api", total=10), 100, "info"),
        (Rule("api", file=10), 0, "major"),
        (Rule("api", file=10), 100, "info"),
        (Rule("api", growth=Allowance(10)), 0, "major"),
        (Rule("api", paths=("nowhere/",), total=10), 0, "minor"),
    ],
)
def test_severity_is_that_of_the_verdict(rule: Rule, was: int, severity: str) -> None:
    """What fails is major, what warns is minor, and what was so before is for information."""
    (issue,) = issues_of(judged(make_compared({"a": 100}, {"a": was}), [rule]))
    assert issue["severity"] == severity


def test_a_gap_is_an_issue_of_its_own() -> None:
    """A file that could not be counted is named, with the reason."""
    (issue,) = issues_of(make_report({"a": 1}, [GAP]))
    assert issue["description"] == "not counted: permission denied"
    assert (issue["severity"], issue["location"]["path"]) == ("minor", "secret.txt")


def test_places() -> None:
    """Sums point at the line of their limit, files at themselves, and a limit from nowhere at the usual config file."""
    issues = issues_of(judged(make_compared({"a.py": 90}, {}), [API, Rule("other", total=1)]))
    places = {issue["check_name"].removeprefix("code-context: "): issue["location"] for issue in issues}
    assert places == {
        "api, total": {"path": "loopflow.toml", "lines": {"begin": 5}},
        "api, each file": {"path": "a.py", "lines": {"begin": 1}},
        "api, growth": {"path": "loopflow.toml", "lines": {"begin": 7}},
        "other, total": {"path": "loopflow.toml", "lines": {"begin": 1}},
    }


SAME: dict[str, Callable[[Report], Report]] = {
    "other numbers": lambda _: judged(make_compared({"a.py": 91, "b.py": 70}, {}), [API]),
    "other limits": lambda report: judged(report, [replace(API, total=11, file=12, growth=Allowance(13))]),
    "another line": lambda report: judged(report, [placed(API, 99)]),
    "another file for the config": lambda report: judged(report, [placed(API, 5, "pyproject.toml")]),
    "a warning only": lambda report: judged(report, [replace(API, level=Level.WARN)]),
}
DIFFERENT: dict[str, Callable[[Report], Report]] = {
    "another rule": lambda report: judged(report, [replace(API, name="apis")]),
    "other files": lambda _: judged(make_compared({"c.py": 90, "d.py": 80}, {}), [replace(API, total=None)]),
}


@pytest.mark.parametrize("change", SAME)
def test_a_fault_that_stays_keeps_its_fingerprint(change: str) -> None:
    """Neither the value nor the limit nor the line of it is part of what tells a fault from another one."""
    report = judged(make_compared({"a.py": 90, "b.py": 80}, {}), [API])
    assert len(set(fingerprints(report))) == 4
    assert fingerprints(SAME[change](report)) == fingerprints(report)


@pytest.mark.parametrize("change", DIFFERENT)
def test_another_fault_has_another_fingerprint(change: str) -> None:
    """The rule and the file are part of it."""
    report = judged(make_compared({"a.py": 90, "b.py": 80}, {}), [API])
    other = fingerprints(DIFFERENT[change](report))
    of_growth = set(fingerprints(judged(report, [replace(API, total=None, file=None)])))
    assert other
    assert not {*fingerprints(report)} - of_growth & {*other}


@given(name=ANY_NAME.filter(bool), rule=ANY_NAME)
def test_no_name_can_act(name: str, rule: str) -> None:
    """Whatever files and rules are called: the document is valid ASCII, and what is shown of it is plain text."""
    report = judged(
        make_report({name: 90, f"{name}x": 90}, [Skipped(name, Reason.UNREADABLE, name)]), [Rule(rule, file=50)]
    )
    assert "".join(render_gitlab(report)).isascii()
    issues = issues_of(report)
    assert len({issue["fingerprint"] for issue in issues}) == 3
    for issue in issues:
        assert not can_act(issue["description"] + issue["check_name"] + issue["location"]["path"])


BREAKS: dict[str, Callable[[dict[str, Any]], object]] = {
    "no fingerprint": lambda issue: issue.pop("fingerprint"),
    "no line": lambda issue: issue["location"].pop("lines"),
    "line 0": lambda issue: issue["location"]["lines"].update(begin=0),
    "an unknown severity": lambda issue: issue.update(severity="fatal"),
    "a place that is not below the root": lambda issue: issue["location"].update(path="./a.py"),
    "an unknown property": lambda issue: issue.update(type="issue"),
}


@pytest.mark.parametrize("what", BREAKS)
def test_the_schema_refuses(what: str) -> None:
    """An issue that is broken in one place does not validate."""
    (issue,) = issues_of(make_report({}, [GAP]))
    BREAKS[what](issue)
    assert complaints([issue], "gitlab") != []
