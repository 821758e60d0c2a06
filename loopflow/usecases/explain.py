"""What is said of verdicts, beside their numbers, where histories came together.

It takes counting again: what each side holds, what the merge by itself adds, what another branch would say. So it is
looked at only where a limit is not kept. What cannot be looked at, in a shallow clone for example, is not said.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace

from loopflow.analysis.budget import Case, Matcher, judge
from loopflow.analysis.patterns import compile_patterns
from loopflow.errors import GitError
from loopflow.io.git.change_start import find_start
from loopflow.model import Allowance, AtMerge, Before, Change, Judgement, Rule, Scope, Start, Status, Verdict
from loopflow.usecases.compare import count_start
from loopflow.usecases.measurement import Measured

_Judge = Callable[[Start], Judgement]
_ByPlace = dict[int, AtMerge]


def explain(measured: Measured, start: Start, judgement: Judgement, judge_from: _Judge) -> Judgement:
    """Return the judgement with what is known of its verdicts at a merge; `judge_from` judges by another start."""
    found: _ByPlace = {}
    if start.change is Change.MERGE:
        found = _explain_inherited(measured, start, judgement, judge_from)
    elif start.change is Change.BRANCH:
        found = _explain_failed(measured, judgement)
    if not found:
        return judgement
    verdicts = [replace(each, at_merge=found.get(place)) for place, each in enumerate(judgement.verdicts)]
    return replace(judgement, verdicts=tuple(verdicts))


def find_matcher(rule: Rule) -> Matcher:
    """Return what tells whether a rule is about a file."""
    types = frozenset(rule.types)
    if not rule.paths:
        return lambda _, kind: not types or kind in types
    patterns = compile_patterns(rule.paths, rule.name)
    return lambda path, kind: (not types or kind in types) and patterns.match(path)


def _explain_inherited(measured: Measured, start: Start, judgement: Judgement, judge_from: _Judge) -> _ByPlace:
    asked = {
        place: verdict
        for place, verdict in enumerate(judgement.verdicts)
        if verdict.status is Status.INHERITED and verdict.scope is not Scope.GROWTH
    }
    if not asked:
        return {}
    sides = _count_sides(measured, start)
    branch, failing = _judge_against_default(measured, judge_from)
    return {
        place: AtMerge(
            sides=len(start.commits),
            is_joint=bool(sides) and all(_keeps(measured, verdict, side) for side in sides),
            fails_against=branch if place in failing else None,
        )
        for place, verdict in asked.items()
    }


def _explain_failed(measured: Measured, judgement: Judgement) -> _ByPlace:
    """Return what the merge in which a branch is judged adds by itself; nothing if it is judged elsewhere."""
    asked = {
        place: verdict
        for place, verdict in enumerate(judgement.verdicts)
        if verdict.status is Status.FAIL and not verdict.note and verdict.scope is not Scope.FILE
    }
    if not asked or measured.repository is None:
        return {}
    with suppress(GitError):
        start = find_start(measured.engine.git, measured.repository, measured.selection.request.source)
        then = count_start(measured, start) if start.change is Change.MERGE else None
        if then is not None:
            sides = len(start.commits)
            return {place: AtMerge(sides, _own(measured, each.rule, then)) for place, each in asked.items()}
    return {}


def _count_sides(measured: Measured, start: Start) -> Sequence[Before]:
    """Return what each side holds; nothing where that cannot be told."""
    with suppress(GitError):
        counted = [count_start(measured, Start(commit, (commit,))) for commit in start.commits]
        return [each for each in counted if each is not None]
    return ()


def _keeps(measured: Measured, verdict: Verdict, side: Before) -> bool:
    """Whether a side by itself keeps the limit that is exceeded now."""
    limit = verdict.limit or 0
    if verdict.scope is Scope.FILE:
        held = (side.files.get(side.moves.get(item.name, item.name)) for item in verdict.over)
        return all(file is None or file.tokens <= limit for file in held)
    rule = replace(verdict.rule, file=None, growth=None)
    return _judge_one(measured, rule, side).base_value <= limit


def _judge_against_default(measured: Measured, judge_from: _Judge) -> tuple[str | None, frozenset[int]]:
    """Return the branch from which others start, if it is known, and the places of the verdicts that fail there."""
    repository, git = measured.repository, measured.engine.git
    if repository is None:
        return None, frozenset()
    with suppress(GitError):
        branch = git.default_branch(repository)
        if branch is not None:
            judged = judge_from(find_start(git, repository, measured.selection.request.source, branch))
            return branch, frozenset(n for n, each in enumerate(judged.verdicts) if each.status is Status.FAIL)
    return None, frozenset()


def _own(measured: Measured, rule: Rule, then: Before) -> int:
    """Return the tokens that were written within a rule since `then`."""
    return _judge_one(measured, replace(rule, total=None, file=None, growth=Allowance(tokens=0)), then).value


def _judge_one(measured: Measured, rule: Rule, then: Before) -> Verdict:
    [verdict] = judge([rule], Case(measured.profile.files, [then]), find_matcher).verdicts
    return verdict
