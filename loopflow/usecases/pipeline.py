"""The use cases, in the order in which data flows: select -> read -> count -> profile -> compare -> judge."""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from loopflow.analysis.names import sort_by_path
from loopflow.io.count.sparse import count_selection
from loopflow.io.file import choose, coverage
from loopflow.io.git.repository import Git
from loopflow.io.surroundings import Root, read_surroundings
from loopflow.io.token_profiler import TokenProfiler
from loopflow.model import (
    Asked,
    CompareRequest,
    ConfigRequest,
    CountRequest,
    Extras,
    FileTokens,
    FitRequest,
    Idle,
    Index,
    Plan,
    Profile,
    Report,
    Selection,
    SelectRequest,
    Skipped,
    Worktree,
    as_request,
)
from loopflow.tokens.protocol import TokenCounter
from loopflow.usecases.baselines import write_baseline
from loopflow.usecases.compare import compare_with
from loopflow.usecases.find_config import find_config_on_disk
from loopflow.usecases.idle import find_idle_filters, find_idle_rules
from loopflow.usecases.judge import judge_by
from loopflow.usecases.measurement import Measured, require_whole
from loopflow.usecases.run import Run, name_inputs

if TYPE_CHECKING:
    from loopflow.analysis.proposal import Proposal
    from loopflow.io.count.context import Layout


@dataclass(frozen=True, slots=True)
class Output:
    """Where a context goes, what is written around its files and beside them; `count` is told the tokens of each."""

    layout: "Layout"
    write: Callable[[str], object]
    extras: Extras = Extras()  # noqa: RUF009  a tuple, which never changes
    count: Callable[[int], object] = lambda _: None


@dataclass(frozen=True, slots=True)
class ContextSummary:
    """What was printed: the files' own tokens, and those of what was written around them."""

    encoding: str
    files: int
    tokens: int
    wrapper_tokens: int
    skipped: tuple[Skipped, ...]
    unmatched: tuple[str, ...] = ()
    plan: Plan | None = None
    idle: tuple[Idle, ...] = ()
    patches_left_out: tuple[str, ...] = ()

    @property
    def gaps(self) -> tuple[Skipped, ...]:
        """The files that should have been printed and were not."""
        return tuple(skip for skip in self.skipped if skip.reason.leaves_a_gap)


def select(request: Asked = None, configuring: ConfigRequest | None = None, *, root: Root = None) -> Selection:
    """Return the files that a request and the config select. None of them is read yet: some may turn out binary.

    >>> [ref.path for ref in select("src").candidates]
    ['src/app.py', 'src/lib/util.py']

    Raises LoopflowError where something that is named is not there, or git refuses.
    """
    return _select(Run(as_request(request), CountRequest(), configuring or ConfigRequest(), read_surroundings(root)))


def profile(
    request: Asked = None,
    counting: CountRequest | None = None,
    configuring: ConfigRequest | None = None,
    fitting: FitRequest | None = None,
    *,
    root: Root = None,
) -> Report:
    """Select and count: tokens by file, directory and type. With `fitting`, plan what to leave out.

    >>> profile("src").profile.total.tokens
    19
    >>> found = profile().profile
    >>> {stats.path: stats.tokens for stats in found.directories}
    {'.': 49, 'src': 19, 'src/lib': 11}

    Raises LoopflowError as `select` does, and for a config file that is wrong.
    """
    run, measured = _measure(as_request(request), counting, configuring, root, fitting)
    return _report(run, measured, fitting)


def compare(  # noqa: PLR0913  a request for each step of the way
    request: Asked = None,
    comparing: CompareRequest | None = None,
    counting: CountRequest | None = None,
    configuring: ConfigRequest | None = None,
    fitting: FitRequest | None = None,
    *,
    root: Root = None,
) -> Report:
    """Profile, and compare with a baseline or the start of the change; `diff` is None where there is no start.

    >>> [(delta.path, delta.change) for delta in compare().diff.files]
    [('src/lib/util.py', 11)]

    Raises LoopflowError as `profile` does, and for a revision or a baseline that is not there.
    """
    comparing = comparing or CompareRequest()
    run, measured = _measure(as_request(request), counting, configuring, root, fitting, comparing=comparing)
    return replace(_report(run, measured, fitting), diff=compare_with(measured, comparing))


def check(  # noqa: PLR0913
    request: Asked = None,
    comparing: CompareRequest | None = None,
    counting: CountRequest | None = None,
    configuring: ConfigRequest | None = None,
    fitting: FitRequest | None = None,
    *,
    root: Root = None,
) -> Report:
    """Profile the whole tree, compare, and judge by the configured budgets: `judgement.failed` is what stops a change.

    >>> [verdict.rule.name for verdict in check(SelectRequest(source=Index())).judgement.failed]
    ['library']

    Raises LoopflowError where the request narrows the selection, or a file could not be counted.
    """
    request = as_request(request)
    surroundings, comparing = read_surroundings(root), comparing or CompareRequest()
    require_whole(request, "--check", surroundings)
    request = replace(request, whole=True)
    run, measured = _measure(request, counting, configuring, surroundings, fitting, comparing=comparing)
    diff, judgement = judge_by(measured, comparing)
    report = _report(run, measured, fitting, brief=comparing.brief)
    return replace(report, diff=diff, judgement=judgement, idle=report.idle + find_idle_rules(run, judgement))


def save_baseline(  # noqa: PLR0913
    request: SelectRequest,
    counting: CountRequest | None = None,
    configuring: ConfigRequest | None = None,
    file: str | None = None,
    *,
    root: Root = None,
    printed: Iterable[int] = (),
) -> tuple[str, Report]:
    """Profile the whole tree and write that as the stored baseline, or to `file`; return its path and what is in it.

    Raises LoopflowError as `check` does, and leaves the old baseline then.
    """
    surroundings = read_surroundings(root)
    require_whole(request, "--save-baseline", surroundings)
    _, measured = _measure(replace(request, whole=True), counting, configuring, surroundings)
    path = write_baseline(measured, file, printed)
    return path, Report(measured.profile, measured.selection.unmatched, idle=measured.selection.idle)


def initialise(counting: CountRequest, configuring: ConfigRequest, *, root: Root = None) -> "tuple[str, Proposal]":
    """Write a first config file for the tree around the current directory; return its path and what is in it."""
    from loopflow.io.attribute_files import find_attributes  # noqa: PLC0415
    from loopflow.usecases.init import propose_for, require_no_config, write_config  # noqa: PLC0415

    surroundings = read_surroundings(root)
    source = Index() if Git(surroundings).find_repository(os.path.realpath(surroundings.root)) else Worktree()
    run = Run(SelectRequest(source=source, whole=True), counting, configuring, surroundings)
    require_no_config(run.config)
    require_no_config(find_config_on_disk(run.engine.git, run.listed, configuring))  # one that is not staged yet
    measured = _count(run)
    proposal = propose_for(measured, find_attributes(run.engine.git, run.listed, measured.profile.files))
    return write_config(measured, proposal), proposal


def _measure(  # noqa: PLR0913
    request: SelectRequest,
    counting: CountRequest | None,
    configuring: ConfigRequest | None,
    root: Root,
    fitting: FitRequest | None = None,
    *,
    comparing: CompareRequest | None = None,
) -> tuple[Run, Measured]:
    run = Run(request, counting or CountRequest(), configuring or ConfigRequest(), read_surroundings(root))
    if comparing and (repository := run.listed.repository):
        run.engine.git.find_commit(repository, "HEAD")  # before blobs are read: one git then answers both
    return run, _count(run, fitting, comparing)


def _select(run: Run, fitting: FitRequest | None = None, comparing: CompareRequest | None = None) -> Selection:
    idle = find_idle_filters(run, fitting)
    selection = replace(choose(run.listed, run.criteria), idle=idle)
    if run.request.outputs:
        from loopflow.usecases.outputs import keep_inputs  # noqa: PLC0415  a hook writes nothing

        here = run.engine.git.surroundings.root
        selected = (item.path for items in (selection.candidates, selection.skipped) for item in items)
        named = name_inputs(run.config, run.configuring, selection.root, here, comparing.file if comparing else None)
        keep_inputs(run.request.outputs, here, selection.root, selected, named)
    return selection


def _report(run: Run, measured: Measured, fitting: FitRequest | None, *, brief: bool = False) -> Report:
    found = measured.profile
    origin = None
    if run.request.names_origin:
        from loopflow.usecases.origin import find_origin  # noqa: PLC0415  only some formats show it

        origin = find_origin(measured)
    if brief and fitting is None:
        return Report(found, measured.selection.unmatched, idle=measured.selection.idle, origin=origin)
    from loopflow.analysis.cuts import find_cuts  # noqa: PLC0415  a hook that says nothing but its verdict needs none
    from loopflow.io.attribute_files import find_attributes  # noqa: PLC0415
    from loopflow.usecases.fit import Costs, find_unseen, make_plan  # noqa: PLC0415

    unseen = find_unseen(run, measured.selection)
    attributes = find_attributes(run.engine.git, run.listed, found.files)
    cuts = find_cuts(found.files, attributes, unseen)
    plan = None
    if fitting:
        costs = Costs({file.path: file.tokens for file in found.files}, cuts, attributes, unseen)
        plan = make_plan(run, measured.selection, costs, fitting)
    selection = measured.selection
    return Report(found, selection.unmatched, cuts=cuts, plan=plan, idle=selection.idle, origin=origin)


def _count(run: Run, fitting: FitRequest | None = None, comparing: CompareRequest | None = None) -> Measured:
    selection = _select(run, fitting, comparing)
    with closing(count_selection(selection, run.engine, is_whole=run.request.whole)) as counts:
        found = build_profile(selection, run.engine.counter, counts)
    covers = coverage(run.listed, run.criteria) if len(run.listed.trees) == 1 else None
    return Measured(selection, run.criteria, found, run.config, run.engine, run.files, covers)


def build_profile(selection: Selection, counter: TokenCounter, counts: Iterator[FileTokens | Skipped]) -> Profile:
    """Add up `counts`."""
    files: list[FileTokens] = []
    skipped = list(selection.skipped)
    for item in counts:
        if isinstance(item, Skipped):
            skipped.append(item)
        else:
            files.append(item)
    profiler = TokenProfiler()
    profiler.add_all(files)
    stats = profiler.get_stats()
    return Profile(
        encoding=counter.encoding,
        source=selection.request.source,
        files=tuple(sort_by_path(files)),
        directories=stats.directories,
        types=stats.types,
        total=stats.total,
        skipped=tuple(sort_by_path(skipped)),
    )


def write_context(  # noqa: PLR0913
    request: SelectRequest,
    counting: CountRequest,
    output: Output,
    configuring: ConfigRequest | None = None,
    fitting: FitRequest | None = None,
    *,
    root: Root = None,
) -> ContextSummary:
    """Select, and write the texts as they are read, in order, with a layout around them.

    With `fitting`, they are counted first, and what does not fit is left out by the plan for that window.
    """
    from loopflow.io.count.context import ContextWriter  # noqa: PLC0415  each mode imports what it alone needs
    from loopflow.usecases.extras import prepare  # noqa: PLC0415

    run = Run(request, counting, configuring or ConfigRequest(), read_surroundings(root))
    selection = _select(run, fitting)
    idle = selection.idle
    selection, plan, tree, change = prepare(run, selection, output.layout, output.extras, fitting)
    writer = ContextWriter(run.engine.counter, output.layout, output.write, numbered=output.extras.line_numbers)
    skipped = list(selection.skipped)
    files = tokens = 0
    writer.open(tree)
    with closing(count_selection(selection, run.engine, writer)) as counts:
        for item in counts:
            if isinstance(item, Skipped):
                skipped.append(item)
            else:
                files += 1
                tokens += item.tokens
                output.count(item.tokens)
    writer.close()
    if change:
        writer.write_diff(change.since, change.patches.values())
    wrapper_tokens = writer.count_around(tokens)
    return ContextSummary(
        run.config.encoding,
        files,
        tokens,
        wrapper_tokens,
        tuple(skipped),
        selection.unmatched,
        plan,
        idle,
        change.left_out if change else (),
    )
