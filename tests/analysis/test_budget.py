"""The arithmetic of budgets: every scope, unit and boundary, and who is to blame."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopflow.analysis.budget import Case, Matcher, judge
from loopflow.analysis.filetype import file_type
from loopflow.model import Allowance, Before, Delta, FileTokens, Judgement, Kind, Level, Rule, Scope, Status, Verdict

TENTH = Fraction(1, 10)
WHOLE = Rule("budget", warn=Fraction(1))
API = Rule("api", paths=("api/",), warn=Fraction(1))


def files(tokens: Mapping[str, int]) -> list[FileTokens]:
    return [FileTokens(path, file_type(path), count, count, f"id of {path}") for path, count in tokens.items()]


def before(tokens: Mapping[str, int], moves: Mapping[str, str] | None = None) -> Before:
    return Before("revision", "HEAD", {file.path: file for file in files(tokens)}, moves or {})


def match(rule: Rule) -> Matcher:
    """Take paths for prefixes: what patterns match is tested with the patterns."""
    return lambda path, kind: (not rule.types or kind in rule.types) and path.startswith(rule.paths or ("",))


def judge_one(rule: Rule, now: Mapping[str, int], *starts: Before, growth_from: Before | None = None) -> Verdict:
    [verdict] = judge([rule], Case(files(now), starts, [growth_from] if growth_from else []), match).verdicts
    return verdict


@pytest.mark.parametrize(
    ("limit", "now", "was", "status"),
    [
        pytest.param(100, 99, 0, Status.OK, id="below"),
        pytest.param(100, 100, 0, Status.OK, id="equal passes"),
        pytest.param(100, 101, 100, Status.FAIL, id="one more fails"),
        pytest.param(100, 120, 120, Status.INHERITED, id="no higher than before is inherited"),
        pytest.param(100, 119, 120, Status.INHERITED, id="less than before is inherited"),
        pytest.param(100, 121, 120, Status.FAIL, id="more than an old debt fails"),
        pytest.param(0, 0, 0, Status.OK, id="nothing is allowed and nothing is there"),
        pytest.param(0, 1, 0, Status.FAIL, id="nothing is allowed"),
    ],
)
def test_total(limit: int, now: int, was: int, status: Status) -> None:
    """A total passes up to its limit; above it, what was there before decides whose fault it is."""
    verdict = judge_one(replace(WHOLE, total=limit), {"a.py": now}, before({"a.py": was}))
    assert (verdict.status, verdict.value, verdict.base_value, verdict.limit) == (status, now, was, limit)


@pytest.mark.parametrize(
    ("now", "was", "status", "over"),
    [
        pytest.param({"a": 50, "b": 50}, {}, Status.OK, [], id="equal passes"),
        pytest.param({"a": 51, "b": 50}, {"a": 50}, Status.FAIL, ["a"], id="one more fails"),
        pytest.param({"a": 51}, {"a": 51}, Status.INHERITED, ["a"], id="it was as large before"),
        pytest.param({"a": 51}, {"a": 90}, Status.INHERITED, ["a"], id="it was larger before"),
        pytest.param({"a": 90, "b": 51}, {"a": 90, "b": 5}, Status.FAIL, ["b"], id="only the new one is named"),
        pytest.param({"a": 60, "b": 70}, {}, Status.FAIL, ["b", "a"], id="the largest first"),
        pytest.param({"a": 25, "b": 26}, {}, Status.OK, [], id="each file, not their sum"),
    ],
)
def test_files(now: Mapping[str, int], was: Mapping[str, int], status: Status, over: list[str]) -> None:
    """Every file by itself, and an old debt of one does not excuse another."""
    verdict = judge_one(replace(WHOLE, file=50), now, before(was))
    assert (verdict.status, [item.name for item in verdict.over]) == (status, over)


def test_a_file_that_moved_keeps_its_debt() -> None:
    """Renaming a file that is over its limit blames nobody; growing it by the way does."""
    rule = replace(WHOLE, file=50)
    assert judge_one(rule, {"new": 80}, before({"old": 80}, {"new": "old"})).status is Status.INHERITED
    assert judge_one(rule, {"new": 81}, before({"old": 80}, {"new": "old"})).status is Status.FAIL
    assert judge_one(rule, {"new": 80}, before({"old": 80})).status is Status.FAIL


@pytest.mark.parametrize(
    ("allowed", "now", "was", "status", "limit"),
    [
        pytest.param(Allowance(tokens=10), 110, 100, Status.OK, 10, id="tokens, equal passes"),
        pytest.param(Allowance(tokens=10), 111, 100, Status.FAIL, 10, id="tokens, one more"),
        pytest.param(Allowance(tokens=10), 11, 0, Status.FAIL, 10, id="tokens, from nothing"),
        pytest.param(Allowance(tokens=0), 100, 100, Status.OK, 0, id="no growth at all"),
        pytest.param(Allowance(tokens=0), 101, 100, Status.FAIL, 0, id="no growth allowed"),
        pytest.param(Allowance(share=TENTH), 110, 100, Status.OK, 10, id="a share, equal passes"),
        pytest.param(Allowance(share=TENTH), 111, 100, Status.FAIL, 10, id="a share, one more"),
        pytest.param(Allowance(share=TENTH), 120, 109, Status.FAIL, 10, id="a share is rounded down"),
        pytest.param(Allowance(share=TENTH), 119, 109, Status.OK, 10, id="and holds up to there"),
        pytest.param(Allowance(share=TENTH), 500, 0, Status.OK, None, id="a share of nothing is not judged"),
        pytest.param(Allowance(share=Fraction(0)), 101, 100, Status.FAIL, 0, id="nothing of it"),
        pytest.param(Allowance(share=TENTH), 50, 100, Status.OK, 10, id="it shrank"),
    ],
)
def test_growth(allowed: Allowance, now: int, was: int, status: Status, limit: int | None) -> None:
    """Growth is allowed up to its limit, in tokens or as a share of what there was."""
    verdict = judge_one(replace(WHOLE, growth=allowed), {"a.py": now}, before({"a.py": was}))
    assert (verdict.status, verdict.limit, verdict.value, verdict.base_value) == (status, limit, now - was, was)


def test_what_moves_is_no_growth() -> None:
    """Content that moved into a rule counts towards its total, and is not growth; what left it is not shrinking."""
    start = before({"old/a": 70, "api/b": 10}, {"api/a": "old/a"})
    grown = judge_one(replace(API, growth=Allowance(tokens=5)), {"api/a": 70, "api/b": 12}, start)
    assert (grown.status, grown.value, grown.base_value) == (Status.OK, 2, 10)
    total = judge_one(replace(API, total=50), {"api/a": 70, "api/b": 12}, start)
    assert (total.status, total.value, total.base_value) == (Status.FAIL, 82, 10)
    left = before({"api/a": 70, "api/b": 10}, {"new/a": "api/a"})
    assert judge_one(replace(API, growth=Allowance(tokens=5)), {"new/a": 70, "api/b": 16}, left).value == 6


@pytest.mark.parametrize(
    ("value", "status"), [(89, Status.OK), (90, Status.WARN), (100, Status.WARN), (101, Status.FAIL)]
)
def test_warnings_begin_at_a_share_of_the_limit(value: int, status: Status) -> None:
    """From the share on it warns, in every scope."""
    rule = replace(WHOLE, warn=Fraction(9, 10))
    start = before({"a": 1_000})
    assert judge_one(replace(rule, total=100), {"a": value}, before({})).status is status
    assert judge_one(replace(rule, file=100), {"a": value}, before({})).status is status
    grown = judge_one(replace(rule, growth=Allowance(tokens=100)), {"a": 1_000 + value}, start)
    assert (grown.status, grown.warn) == (status, 90)


def test_a_share_of_a_limit_is_rounded_up() -> None:
    """Half of 3 is reached with 2."""
    rule = replace(WHOLE, total=3, warn=Fraction(1, 2))
    assert judge_one(rule, {"a": 1}, before({})).status is Status.OK
    assert judge_one(rule, {"a": 2}, before({})).status is Status.WARN


@pytest.mark.parametrize("scope", [{"total": 1}, {"file": 1}, {"growth": Allowance(tokens=1)}])
def test_a_rule_that_only_warns_never_fails(scope: dict[str, int]) -> None:
    """With level "warn", what would fail warns, and is over all the same."""
    verdict = judge_one(replace(WHOLE, level=Level.WARN, **scope), {"a": 99}, before({"a": 2}))  # type: ignore[arg-type]
    assert (verdict.status, verdict.is_over) == (Status.WARN, True)


def test_without_a_start_nothing_is_inherited() -> None:
    """Outside of git there is nobody else to blame, and growth cannot be told."""
    assert judge_one(replace(WHOLE, total=1), {"a": 2}).status is Status.FAIL
    assert judge_one(replace(WHOLE, file=1), {"a": 2}).status is Status.FAIL
    grown = judge_one(replace(WHOLE, growth=Allowance(tokens=1)), {"a": 2})
    assert (grown.status, bool(grown.note)) == (Status.OK, True)


@pytest.mark.parametrize(
    ("starts", "status"),
    [
        pytest.param([{"api/a": 5}], Status.FAIL, id="it matched something before"),
        pytest.param([{"other": 5}], Status.WARN, id="it never did"),
        pytest.param([], Status.WARN, id="nothing is known"),
        pytest.param([{"other": 5}, {"api/a": 5}], Status.FAIL, id="one parent of a merge had something"),
    ],
)
def test_a_rule_without_files(starts: list[dict[str, int]], status: Status) -> None:
    """One that never matched warns; one from which everything left fails, and says where that went."""
    verdict = judge_one(replace(API, total=100), {"new/a": 5}, *map(before, starts))
    assert verdict.status is status
    assert verdict.note


def test_where_its_files_went() -> None:
    """A rule whose files moved away names the directory they are in now."""
    start = before({"api/a": 5, "api/in/b": 6}, {"lib/api/a": "api/a", "lib/api/in/b": "api/in/b"})
    verdict = judge_one(replace(API, total=100), {"lib/api/a": 5, "lib/api/in/b": 6}, start)
    assert "lib/api/" in verdict.note


@pytest.mark.parametrize(
    ("went", "named"),
    [
        (["lib/a", "lib/b"], "went to lib/"),
        (["lib/x/a", "lib/y/b"], "went to lib/"),
        (["x/a", "y/b"], "went to x/a and elsewhere"),
    ],
)
def test_where_several_files_went(went: Sequence[str], named: str) -> None:
    """Of several places the directory around them is named, or the first of them where there is none."""
    start = before({"api/a": 5, "api/b": 6}, dict(zip(went, ["api/a", "api/b"], strict=True)))
    assert judge_one(replace(API, total=100), dict.fromkeys(went, 5), start).note.endswith(named)


def test_causes() -> None:
    """What grew most is named first, and the directories in which more was added than removed."""
    deltas = [
        Delta("api/a", 5, 9, Kind.GROWN),
        Delta("api/in/b", None, 7, Kind.ADDED),
        Delta("api/in/c", 20, 6, Kind.SHRUNK),
        Delta("d", 1, 2, Kind.GROWN),
    ]
    now = files({"api/a": 9, "api/in/b": 7, "api/in/c": 6, "d": 2})
    case = Case(now, [before({"api/a": 5, "api/in/c": 6, "d": 1})], changes=deltas)
    [verdict] = judge([replace(API, total=1)], case, match).verdicts
    assert [delta.path for delta in verdict.causes] == ["api/in/b", "api/a"]
    assert [(delta.path, delta.change) for delta in verdict.sources] == [("api/in", 7), ("api", 4)]


def test_the_whole_may_be_empty() -> None:
    """The budget of everything is kept by nothing."""
    assert judge_one(replace(WHOLE, total=5), {}, before({"a": 9})).status is Status.OK


def test_in_a_merge_the_larger_parent_counts() -> None:
    """What either parent already holds, the merge did not add, whichever comes first."""
    ours, theirs = before({"a": 100}), before({"a": 100, "b": 50})
    for starts in ([ours, theirs], [theirs, ours]):
        for scope in ({"total": 10}, {"file": 10}, {"growth": Allowance(tokens=10)}):
            verdict = judge_one(replace(WHOLE, **scope), {"a": 100, "b": 50}, *starts)
            assert verdict.status in {Status.INHERITED, Status.OK}
        total = judge_one(replace(WHOLE, total=10), {"a": 100, "b": 51}, *starts)
        assert (total.status, total.base_value) == (Status.FAIL, 150)


def test_growth_since_a_baseline_blames_only_this_change() -> None:
    """Over the allowance since the baseline: inherited if this change adds nothing, its fault if it does."""
    rule = replace(WHOLE, growth=Allowance(tokens=10))
    stored = before({"a": 100})
    assert judge_one(rule, {"a": 150}, before({"a": 150}), growth_from=stored).status is Status.INHERITED
    assert judge_one(rule, {"a": 149}, before({"a": 150}), growth_from=stored).status is Status.INHERITED
    worse = judge_one(rule, {"a": 151}, before({"a": 150}), growth_from=stored)
    assert (worse.status, worse.value, worse.base_value) == (Status.FAIL, 51, 100)


def test_types_and_paths_both_have_to_match() -> None:
    """A rule about types counts only those, and with paths only those there."""
    now = {"api/a.py": 1, "api/b.md": 10, "c.py": 100}
    assert judge_one(Rule("py", types=(".py",), total=0), now).value == 101
    assert judge_one(Rule("both", paths=("api/",), types=(".py",), total=0), now).value == 1


def test_files_over_and_under_are_counted_once() -> None:
    """A file under several file limits is one file, and over if it is over any of them."""
    rules = [Rule("a", paths=("a",), file=10), Rule("b", file=5), Rule("c", total=1)]
    judgement: Judgement = judge(rules, Case(files({"a1": 7, "a2": 3, "x": 6})), match)
    assert (judgement.files_over, judgement.files_under) == (2, 1)


def test_every_limit_of_every_rule_is_reported() -> None:
    """Rules that are kept are in the report as well, in their order, with a verdict for each limit."""
    rules = [replace(WHOLE, total=9, file=9, growth=Allowance(tokens=9)), Rule("b", types=(".x",), total=1)]
    verdicts = judge(rules, Case(files({"a": 1})), match).verdicts
    assert [(each.rule.name, each.scope) for each in verdicts] == [
        ("budget", Scope.TOTAL),
        ("budget", Scope.FILE),
        ("budget", Scope.GROWTH),
        ("b", Scope.TOTAL),
    ]


EVERY_LIMIT = {"total": 30, "file": 20, "growth": Allowance(tokens=3)}


@pytest.mark.parametrize(
    ("starts", "base", "status", "note"),
    [
        pytest.param([], 0, Status.WARN, "it matches no file; correct its paths, or remove it", id="nothing is known"),
        pytest.param(
            [{"api/a": 4, "api/b": 5}, {"api/a": 7}],
            9,
            Status.FAIL,
            "it matched files at the start of this change and matches none now: its files were removed",
            id="they were removed",
        ),
    ],
)
def test_each_limit_of_a_rule_without_files(starts: list[dict[str, int]], base: int, status: Status, note: str) -> None:
    """Each limit of it has a verdict, with nothing now, the larger start before, and why."""
    case = Case(files({"new/a": 5}), [before(start) for start in starts])
    verdicts = judge([replace(API, **EVERY_LIMIT)], case, match).verdicts  # type: ignore[arg-type]
    told = [(each.scope, each.limit, each.value, each.base_value, each.status, each.note) for each in verdicts]
    assert told == [
        (Scope.TOTAL, 30, 0, base, status, note),
        (Scope.FILE, 20, 0, base, status, note),
        (Scope.GROWTH, None, 0, base, status, note),
    ]


@pytest.mark.parametrize(
    ("allowed", "starts", "told"),
    [
        (Allowance(tokens=7), [], (Scope.GROWTH, 7, 0, 0, "there is nothing to compare with")),
        (
            Allowance(share=TENTH),
            [before({})],
            (Scope.GROWTH, None, 5, 0, "there was nothing before, and a share of nothing is not judged"),
        ),
        (Allowance(tokens=7), [before({})], (Scope.GROWTH, 7, 5, 0, "")),
    ],
)
def test_what_is_said_of_growth(
    allowed: Allowance, starts: list[Before], told: tuple[Scope, int | None, int, int, str]
) -> None:
    """Growth that cannot be judged is reported with the reason, and is not over anything."""
    verdict = judge_one(replace(WHOLE, growth=allowed), {"a": 5}, *starts)
    assert (verdict.scope, verdict.limit, verdict.value, verdict.base_value, verdict.note) == told
    assert verdict.is_over is False


@pytest.mark.parametrize(
    ("now", "was", "value", "base"),
    [
        pytest.param({}, {"a": 9}, 0, 0, id="no file"),
        pytest.param({"a": 10, "b": 30, "c": 20}, {"b": 25}, 30, 25, id="the largest, where none is over"),
        pytest.param({"a": 90, "b": 60, "c": 70}, {"a": 90, "b": 5}, 70, 0, id="the largest that is to blame"),
        pytest.param({"a": 60, "b": 90}, {"a": 60, "b": 99}, 90, 99, id="the largest that is inherited"),
    ],
)
def test_the_file_that_a_verdict_is_about(
    now: Mapping[str, int], was: Mapping[str, int], value: int, base: int
) -> None:
    """The value of a limit for files is that of one file, and what that was before."""
    verdict = judge_one(replace(WHOLE, file=50), now, before(was))
    assert (verdict.value, verdict.base_value) == (value, base)


@pytest.mark.parametrize(
    ("limit", "value", "warn", "status"),
    [(0, 0, 0, Status.OK), (1, 1, 1, Status.WARN), (1, 0, 1, Status.OK), (2, 1, 1, Status.WARN)],
)
def test_warnings_of_small_limits(limit: int, value: int, warn: int, status: Status) -> None:
    """A limit of nothing has nothing to warn of, and one token is enough for others."""
    verdict = judge_one(replace(WHOLE, total=limit, warn=Fraction(1, 2)), {"a": value}, before({}))
    assert (verdict.warn, verdict.status) == (warn, status)


def test_without_a_limit_in_tokens_nothing_warns() -> None:
    """A share of nothing has no number to warn at."""
    assert judge_one(replace(WHOLE, growth=Allowance(share=TENTH)), {"a": 5}, before({})).warn == 0


@pytest.mark.parametrize(("limit", "was"), [(99, 0), (1, 9), (1, 99)])
def test_only_a_failure_has_causes(limit: int, was: int) -> None:
    """What is kept, or inherited, is nobody's doing."""
    case = Case(files({"a": 9}), [before({"a": was})], changes=[Delta("a", 1, 9, Kind.GROWN)])
    [verdict] = judge([replace(WHOLE, total=limit)], case, match).verdicts
    assert (verdict.causes, verdict.sources) == ((), ())


def test_which_causes() -> None:
    """What grew by one token or moved is a cause, what stayed is none; directories add up, the root is one of them."""
    deltas = [
        Delta("in/a", 5, 6, Kind.GROWN),
        Delta("in/b", 1, 4, Kind.GROWN),
        Delta("c", None, 2, Kind.ADDED),
        Delta("in/moved", 8, 8, Kind.MOVED, "old"),
        Delta("far/moved", 3, 3, Kind.MOVED, "older"),
        Delta("in/same", 7, 7, Kind.SHRUNK),
    ]
    now = files({"in/a": 6, "in/b": 4, "c": 2, "in/moved": 8, "far/moved": 3, "in/same": 7})
    [verdict] = judge([replace(WHOLE, total=1)], Case(now, [before({})], changes=deltas), match).verdicts
    assert [delta.path for delta in verdict.causes] == ["in/moved", "far/moved", "in/b", "c", "in/a"]
    assert verdict.sources == (
        Delta("in", 14, 18, Kind.GROWN),
        Delta(".", 0, 2, Kind.GROWN),
    )


def test_several_rules_about_files_add_up() -> None:
    """A file counts for every rule that limits files, and one that is as large as its limit is not over it."""
    rules = [Rule("a", paths=("a",), file=10), Rule("b", paths=("b",), file=5), Rule("c", paths=("c",), file=1)]
    judgement = judge(rules, Case(files({"a1": 11, "a2": 10, "b1": 6, "c1": 1})), match)
    assert (judgement.files_over, judgement.files_under) == (2, 2)


def test_a_rule_about_types_had_those_types() -> None:
    """What a rule about types matched before is told by the types of then."""
    rule = Rule("py", types=(".py",), total=1)
    assert judge_one(rule, {"a.py": 5}, before({"a.py": 4, "b.md": 90})).base_value == 4


_TREES = st.dictionaries(st.sampled_from(["api/a", "api/b", "c", "d.py"]), st.integers(0, 40), max_size=4)


@given(now=_TREES, was=_TREES, limit=st.integers(0, 60))
def test_nobody_is_blamed_for_what_they_did_not_touch(now: dict[str, int], was: dict[str, int], limit: int) -> None:
    """A rule whose files are what they were never fails, whatever its limits and whatever else changed."""
    same = {path: tokens for path, tokens in was.items() if path.startswith("api/")}
    now = {path: tokens for path, tokens in now.items() if not path.startswith("api/")} | same
    rule = replace(API, total=limit, file=limit, growth=Allowance(tokens=limit))
    verdicts = judge([rule], Case(files(now), [before(was)]), match).verdicts
    assert all(verdict.status is not Status.FAIL for verdict in verdicts)


@given(now=_TREES, was=_TREES, limit=st.integers(0, 60))
def test_a_failure_is_over_its_limit_and_higher_than_before(
    now: dict[str, int], was: dict[str, int], limit: int
) -> None:
    """What fails exceeds the limit, and exceeds what there was."""
    rule = replace(WHOLE, total=limit, growth=Allowance(tokens=limit))
    for verdict in judge([rule], Case(files(now), [before(was)]), match).verdicts:
        if verdict.status is Status.FAIL:
            assert verdict.value > limit
            assert sum(now.values()) > sum(was.values())


def test_nothing_to_compare_with() -> None:
    """Where there is no start, nothing was there before, and what is over is this change's."""
    verdict = judge_one(replace(WHOLE, total=5), {"a.py": 6})
    assert (verdict.status, verdict.value, verdict.base_value) == (Status.FAIL, 6, 0)


def test_empty_files_that_moved() -> None:
    """A file without tokens that moved is the last of the causes, and adds nothing to its directory."""
    deltas = [Delta("a/empty", 0, 0, Kind.MOVED, "old"), Delta("b", 1, 1, Kind.MOVED, "older")]
    now = files({"a/empty": 0, "b": 1})
    [verdict] = judge([replace(WHOLE, total=0)], Case(now, [before({})], changes=deltas), match).verdicts
    assert [delta.path for delta in verdict.causes] == ["b", "a/empty"]
    assert verdict.sources == ()
