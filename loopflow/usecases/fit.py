"""What fits a window: a plan of what to leave out, measured by the same selection that it is for."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from dataclasses import replace
from typing import NamedTuple

from loopflow.analysis.attributes import Attributes
from loopflow.analysis.cuts import find_cuts
from loopflow.analysis.names import escape_name
from loopflow.analysis.patterns import compile_patterns
from loopflow.analysis.plan import Planner
from loopflow.analysis.worth import Wishes
from loopflow.errors import UsageError
from loopflow.io.attribute_files import find_attributes
from loopflow.io.count.context import Layout
from loopflow.io.count.sparse import count_selection
from loopflow.io.file import choose
from loopflow.model import Criteria, Cut, FileTokens, FitRequest, Plan, PlanLine, Selection, SelectRequest
from loopflow.usecases.run import Run

_SEAMS = 2
"""Tokens that a file may cost more between two lines than by itself: behind one, "/**" is "/" and "**"."""


class Costs(NamedTuple):
    """What a plan is made from: tokens by path, what could be left out, and what is there and was not asked for."""

    tokens: Mapping[str, int]
    cuts: tuple[Cut, ...]
    attributes: Attributes
    unseen: list[str]


def plan_context(run: Run, selection: Selection, layout: Layout, fitting: FitRequest) -> Plan:
    """Plan with what is written around each file as well."""
    with closing(count_selection(selection, run.engine)) as counts:
        files = [item for item in counts if isinstance(item, FileTokens)]
    # Whether a text ends its last line is not known yet, and what comes after one that does not is longer.
    around = [layout.opening(), layout.closing(), layout.after("\n"), layout.after(" ")]
    opening, ending, *after = run.engine.counter.count(around)
    before = run.engine.counter.count([layout.before(file.path, len(files)) for file in files])
    costs = [cost + max(after) + _SEAMS for cost in before]
    tokens = {file.path: cost + file.tokens for file, cost in zip(files, costs, strict=True)}
    unseen = find_unseen(run, selection)
    for_files = replace(fitting, window=fitting.window - opening - ending)
    attributes = find_attributes(run.engine.git, run.listed, files)
    known = Costs(tokens, find_cuts(files, attributes, unseen), attributes, unseen)
    plan = make_plan(run, selection, known, for_files)
    return replace(plan, window=fitting.window)


def find_unseen(run: Run, selection: Selection) -> list[str]:
    """Return the files that the request leaves out and the config does not: a pattern for all must not reach them."""
    wanted, there = (
        sum(len(each.items) for each in listings) for listings in (run.listed.wanted, run.listed.everything)
    )
    if wanted == there and not (run.request.narrows or run.request.changed):
        return []
    criteria = run.criteria._replace(request=SelectRequest(source=run.request.source))
    everything = tuple(listing._replace(changed=None) for listing in run.listed.everything)
    whole = choose(replace(run.listed, wanted=everything), criteria, may_be_empty=True)
    seen = {ref.path for ref in selection.candidates}.union(skip.path for skip in selection.skipped)
    return [ref.path for ref in whole.candidates if ref.path not in seen]


def make_plan(run: Run, selection: Selection, costs: Costs, fitting: FitRequest) -> Plan:
    """Make a plan, and measure what is left by selecting again with its patterns."""
    if len(run.listed.trees) > 1:
        raise UsageError("several trees were read, and patterns are those of one", "name paths of one repository")
    tokens = costs.tokens
    reserve = int(fitting.window * fitting.reserve)
    room = fitting.window - reserve
    wishes = Wishes(_read_keeps(fitting.keep, tokens), tuple(want.path for want in run.listed.trees[0].wanted))
    planner = Planner(tokens, costs.cuts, room, wishes, attributes=costs.attributes, unseen=costs.unseen)
    lines = planner.leave_out()
    left = _choose_without(run, lines)
    if not left.issubset(ref.path for ref in selection.candidates):
        lines = planner.leave_out(widely=False)  # what takes something back reached what the config leaves out
        left = _choose_without(run, lines)
    tokens_left = sum(tokens.get(path, 0) for path in left)
    return Plan(fitting.window, reserve, lines, tokens_left, tokens_left <= room, run.config.exclude)


def _choose_without(run: Run, lines: Iterable[PlanLine]) -> set[str]:
    """Return the paths that are selected when these lines stand in the config file."""
    criteria = without(run.criteria, tuple(line.pattern for line in lines))
    return {ref.path for ref in choose(run.listed, criteria, may_be_empty=True).candidates}


def _read_keeps(patterns: tuple[str, ...], paths: Iterable[str]) -> Callable[[str], bool] | None:
    """Return what tells what must stay. Raises UsageError where nothing is that."""
    if not patterns:
        return None
    keeps = compile_patterns(patterns, "--keep").match
    if not any(map(keeps, paths)):
        names = ", ".join(map(escape_name, patterns))
        raise UsageError(f"--keep: nothing that is selected matches {names}", "check the patterns, or leave it out")
    return keeps


def without(criteria: Criteria, patterns: tuple[str, ...]) -> Criteria:
    """Return the criteria with more patterns of what to leave out."""
    return criteria._replace(exclude=criteria.exclude + patterns)
