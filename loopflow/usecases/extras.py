"""What is known of a context before its first line is written: what is left of it, its tree, and its change."""

from typing import NamedTuple

from loopflow.io.count.context import Layout
from loopflow.io.file import choose
from loopflow.model import Extras, FitRequest, Plan, Selection
from loopflow.usecases.change import Change, narrow_change, read_change
from loopflow.usecases.run import Run


class Prepared(NamedTuple):
    """What to print: the files, by which plan, the paths of the tree and the change, if these are asked for."""

    selection: Selection
    plan: Plan | None = None
    tree: list[str] | None = None
    change: Change | None = None


def prepare(run: Run, selection: Selection, layout: Layout, extras: Extras, fitting: FitRequest | None) -> Prepared:
    """Find out what has to be known before the first line; files are read for that only where there is no other way.

    Raises LoopflowError where there is nothing to compare with, or no plan can be made.
    """
    change = read_change(run, selection) if extras.diff else None
    if not (fitting or extras.tree):
        return Prepared(selection, change=change)
    from loopflow.usecases.fit import count_printable, plan_context, without  # noqa: PLC0415

    printable = count_printable(run, selection, numbered=extras.line_numbers and fitting is not None)
    plan = None
    if fitting:
        plan, unfit = plan_context(run, selection, printable, layout, fitting, tree=extras.tree, change=change)
        criteria = without(run.criteria, plan.exclude)
        selection = choose(run.listed, criteria, may_be_empty=True)
        change = narrow_change(run, change, selection, criteria, unfit) if change else None
    tree = [ref.path for ref in selection.candidates if ref.path in printable.tokens] if extras.tree else None
    return Prepared(selection, plan, tree, change)
