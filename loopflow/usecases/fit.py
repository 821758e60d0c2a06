"""What fits a window: a plan of what to leave out, measured by the same selection that it is for."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from fractions import Fraction
from typing import NamedTuple

from loopflow.analysis.attributes import Attributes
from loopflow.analysis.cuts import find_cuts
from loopflow.analysis.names import escape_name
from loopflow.analysis.patterns import compile_patterns
from loopflow.analysis.plan import Planner
from loopflow.analysis.worth import Wishes
from loopflow.errors import UsageError
from loopflow.io.attribute_files import find_attributes
from loopflow.io.count.context import Layout, NumberedCounts, count_each
from loopflow.io.count.sparse import count_selection
from loopflow.io.file import choose
from loopflow.model import Criteria, Cut, FileTokens, FitRequest, Plan, PlanLine, Selection, SelectRequest
from loopflow.usecases.change import Change
from loopflow.usecases.run import Run

_SEAMS = 2
"""Tokens that a file may cost more between two lines than by itself: behind one, "/**" is "/" and "**"."""


class Costs(NamedTuple):
    """What a plan is made from: tokens by path, what could be left out, and what is there and was not asked for."""

    tokens: Mapping[str, int]
    cuts: tuple[Cut, ...]
    attributes: Attributes
    unseen: list[str]


class Printable(NamedTuple):
    """The files of a context that are text, and how many tokens is printed of each by path."""

    files: list[FileTokens]
    tokens: Mapping[str, int]


class Fitted(NamedTuple):
    """A plan for a context, and the paths whose patches are left out beside what it leaves out."""

    plan: Plan
    patches: frozenset[str]


def count_printable(run: Run, selection: Selection, *, numbered: bool) -> Printable:
    """Count what would be printed of each file; `numbered` is with numbers before the lines."""
    sink = NumberedCounts(run.engine.counter) if numbered else None
    with closing(count_selection(selection, run.engine, sink)) as counts:
        files = [item for item in counts if isinstance(item, FileTokens)]
    return Printable(files, sink.tokens if sink else {file.path: file.tokens for file in files})


def plan_context(  # noqa: PLR0913  what a context is made of
    run: Run,
    selection: Selection,
    printable: Printable,
    layout: Layout,
    fitting: FitRequest,
    *,
    tree: bool = False,
    change: Change | None = None,
) -> Fitted:
    """Plan with all that is written around each file as well, with a `tree` of them, and with the `change` of them.

    What the change has of files that are gone, or are no text, gets the room that the others leave.
    """
    files = printable.files
    # Whether a text ends its last line is not known yet, and what comes after one that does not is longer.
    around = [layout.opening(), layout.closing(), layout.after("\n"), layout.after(" ")]
    opening, ending, *after = run.engine.counter.count(around)
    before = run.engine.counter.count([layout.before(file.path, len(files)) for file in files])
    costs = [cost + max(after) + _SEAMS for cost in before]
    tokens = {file.path: cost + printable.tokens[file.path] for file, cost in zip(files, costs, strict=True)}
    around_diff, rest = _add_patches(run, layout, change, tokens) if change else (0, {})
    unseen = find_unseen(run, selection)
    attributes = find_attributes(run.engine.git, run.listed, files)
    known = Costs(tokens, find_cuts(files, attributes, unseen), attributes, unseen)
    reserve = int(fitting.window * fitting.reserve)
    most = room = fitting.window - reserve - opening - ending - around_diff
    while True:
        plan = make_plan(run, selection, known, replace(fitting, window=room, reserve=Fraction(0)))
        left = _choose_without(run, plan.lines).intersection(tokens)
        of_tree = run.engine.counter.count([layout.tree(sorted(left))])[0] if tree else 0
        too_many = plan.tokens_left + of_tree - most
        if too_many <= 0 or not left or not plan.fits:
            plan = replace(plan, window=fitting.window, reserve=reserve, fits=too_many <= 0)
            return Fitted(plan, frozenset(_leave_out(rest, -too_many)))
        room -= too_many  # a tree is smaller when less is left


def _add_patches(run: Run, layout: Layout, change: Change, tokens: dict[str, int]) -> tuple[int, dict[str, int]]:
    """Add to `tokens` what the patch of each file costs; return what is around them, and what the others cost."""
    texts = [layout.before_diff(change.since), layout.after_diff(), *change.patches.values()]
    costs = count_each(run.engine.counter, texts)
    rest: dict[str, int] = {}
    for path, cost in zip(change.patches, costs[2:], strict=True):
        if path in tokens:
            tokens[path] += cost
        else:  # it is gone, or is no text
            rest[path] = cost
    return sum(costs[:2]), rest


def _leave_out(costs: Mapping[str, int], room: int) -> Iterator[str]:
    """Yield what does not fit, where the smallest come first."""
    for path, cost in sorted(costs.items(), key=lambda item: (item[1], item[0])):
        room -= cost
        if room < 0:
            yield path


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
    fits = tokens_left <= room
    return Plan(fitting.window, reserve, lines, tokens_left, fits, run.config.exclude, fitting.model)


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
