"""Annotations: where they point, in what order, how many there are, and that no name ends or begins a command."""

import pytest
from hypothesis import given

from loopflow.analysis.names import escape_name
from loopflow.model import Allowance, Level, Reason, Report, Rule, Skipped
from loopflow.render.github import render_github
from loopflow.render.workflow import MOST
from tests.support.profiles import make_report
from tests.support.reports import ANY_NAME, START, judged, make_compared, placed
from tests.support.workflow import Command, find_commands

GAP = Skipped("secret.txt", Reason.UNREADABLE, "permission denied")


def commands_of(report: Report) -> list[Command]:
    found = find_commands("".join(render_github(report)))
    commands = [command for command in found if isinstance(command, Command)]
    assert commands == found
    return commands


def test_the_whole_of_a_small_report() -> None:
    """Failures are errors with all that text says of them; warnings, old debts and gaps are warnings."""
    report = make_compared({"src/new.py": 30, "src/old.py": 80}, {"src/old.py": 80}, skipped=[GAP])
    rules = [
        placed(Rule("all: 100%, or less", total=100), 1),
        placed(Rule("big", paths=("src/",), file=50), 10),
        placed(Rule("near", total=120), 20),
    ]
    assert "".join(render_github(judged(report, rules))) == (
        "::error file=loopflow.toml,line=1,title=Tokens%3A all%3A 100%25%2C or less%2C total::"
        "all: 100%25, or less, total: 110 tokens, 10 more than the limit of 100%0Aadded most: src/new.py +30 (new)%0A"
        "in: src/ +30%0Ato raise the limit for good: loopflow.toml:1, total = 110%0A"
        f"to look closer: code-context --profile --against {START} --changed\n"
        "::warning file=src/old.py,line=1,title=Tokens%3A big%2C each file::"
        "big, each file: 80 tokens, 30 more than the limit of 50, but not by this change\n"
        "::warning file=loopflow.toml,line=20,title=Tokens%3A near%2C total::"
        "near, total: 110 tokens, 91.7%25 of the limit of 120\n"
        "::warning file=secret.txt,line=1,title=Tokens%3A not counted::not counted: permission denied\n"
    )


def test_nothing_is_said_when_all_is_well() -> None:
    """Neither a rule that is kept nor the lack of any makes an annotation; nor does a file skipped by rule."""
    report = make_report({"a": 1}, [Skipped("a.png", Reason.BINARY)])
    assert commands_of(report) == []
    assert commands_of(judged(report, [Rule("budget", total=10)])) == []


def test_annotations_point_at_the_line_of_the_limit_or_at_the_file() -> None:
    """A sum and growth point at their own lines of the config, a file over its limit at itself."""
    rule = placed(Rule("api", total=10, file=10, growth=Allowance(10)), 5, "pyproject.toml")
    report = judged(make_compared({"a.py": 20, "b.py": 15}, {"b.py": 1}), [rule])
    places = [(each.properties["file"], each.properties["line"]) for each in commands_of(report)]
    assert sorted(places) == [("a.py", "1"), ("b.py", "1"), ("pyproject.toml", "5"), ("pyproject.toml", "7")]
    (nowhere,) = commands_of(judged(report, [Rule("api", total=10)]))
    assert nowhere.properties == {"title": "Tokens: api, total"}


def test_a_file_says_which_limit_would_do_for_it() -> None:
    """Each file over a limit names its own tokens, not those of the largest."""
    rule = placed(Rule("api", file=10), 5)
    first, second = commands_of(judged(make_report({"a.py": 20, "b.py": 15}), [rule]))
    assert (
        "20 tokens, 10 more than the limit of 10\nto raise the limit for good: loopflow.toml:6, file = 20"
        in first.message
    )
    assert (
        "15 tokens, 5 more than the limit of 10\nto raise the limit for good: loopflow.toml:6, file = 15"
        in second.message
    )


@pytest.mark.parametrize("number", [0, 1, 9, 10, 11, 12, 100])
def test_there_are_never_more_than_github_shows(number: int) -> None:
    """Ten of a kind are shown; over that the nine worst, and the tenth says how many more there are, and of what."""
    tokens = {f"{place:03}": 100 + place for place in range(number)}
    gaps = [Skipped(f"gap{place:03}", Reason.UNREADABLE) for place in range(number)]
    commands = commands_of(judged(make_report(tokens, gaps), [Rule("big", file=50)]))
    for name, of_what in (("error", "big, each file"), ("warning", "not counted")):
        shown = [command for command in commands if command.name == name]
        assert len(shown) == min(number, MOST)
        if number > MOST:
            assert shown.pop().message == f"and {number - 9:,} more: {number - 9:,} of {of_what}"
        if name == "error":
            assert [each.properties["file"] for each in shown] == sorted(tokens, reverse=True)[: len(shown)]


def test_the_worst_comes_first() -> None:
    """What exceeds its limit by most tokens leads, whichever rule it is; what is only near comes last."""
    rules = [
        Rule("little", total=95, level=Level.WARN),
        Rule("near", total=105),
        Rule("much", total=10, level=Level.WARN),
    ]
    titles = [each.properties["title"] for each in commands_of(judged(make_report({"a": 100}), rules))]
    assert titles == ["Tokens: much, total", "Tokens: little, total", "Tokens: near, total"]


@given(name=ANY_NAME.filter(bool), owner=ANY_NAME, detail=ANY_NAME)
def test_no_name_can_act(name: str, owner: str, detail: str) -> None:
    """Whatever files and rules are called: as many commands as faults, and the runner decodes what was meant."""
    report = make_report({name: 100}, [Skipped(name, Reason.UNREADABLE, detail)])
    report = judged(report, [placed(Rule(owner + name, file=10), 1, name)])
    error, warning = commands_of(report)
    title = f"Tokens: {escape_name(owner + name)}, each file"
    assert error.properties == {"file": escape_name(name), "line": "1", "title": title}
    assert error.message.split("\n")[0].startswith(f"{escape_name(owner + name)}, each file: 100 tokens, 90 more")
    assert warning.properties["file"] == escape_name(name)
    assert warning.message == f"not counted: {escape_name(detail) or 'unreadable'}"
