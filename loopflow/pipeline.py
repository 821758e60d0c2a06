"""The use cases, in the order in which data flows: select -> read -> count -> profile -> compare -> judge."""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from fractions import Fraction
from threading import Thread

from loopflow.analysis.cuts import find_cuts
from loopflow.analysis.facts import VERSION as FACTS_VERSION
from loopflow.analysis.names import escape_name, sort_by_path
from loopflow.analysis.patterns import compile_patterns
from loopflow.analysis.plan import Window, make_plan
from loopflow.analysis.proposal import Proposal
from loopflow.comparing import CompareRequest, Measured, compare_with, judge_by, require_whole, write_baseline
from loopflow.config import CONFIG_FILES, Config, resolve
from loopflow.errors import UsageError
from loopflow.io.cache import Cache, NoCache, SqliteCache
from loopflow.io.context import ContextWriter, Layout
from loopflow.io.counting import Engine, available_processors, count
from loopflow.io.encoding import TokenCounter, create_counter
from loopflow.io.file import Listed, choose, coverage, list_all
from loopflow.io.git import Git
from loopflow.io.progress import NoProgress, Progress
from loopflow.io.token_profiler import TokenProfiler
from loopflow.io.tree_files import TreeFiles
from loopflow.model import Cut, FileTokens, Index, Plan, Profile, Report, Selection, SelectRequest, Skipped, Worktree
from loopflow.starting import propose_for, require_no_config, write_config


@dataclass(frozen=True, slots=True)
class CountRequest:
    """How to count: the engine (None for the fastest there is), the number of threads.

    `cache_file` is where counts are kept, None for nowhere. `progress` is told how far the run is, and `remark` what
    only the curious want to know.
    """

    engine: str | None = None
    jobs: int | None = None
    cache_file: str | None = None
    progress: Progress = field(default_factory=NoProgress)
    remark: Callable[[str], object] = lambda _: None


@dataclass(frozen=True, slots=True)
class ConfigRequest:
    """Where to find what holds: `given` are options, `file` is read instead of the tree's own config file."""

    given: Mapping[str, str | None] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    file: str | None = None


@dataclass(frozen=True, slots=True)
class FitRequest:
    """How large the window is, what share of it to keep back, and patterns of what must stay."""

    window: int
    reserve: Fraction = Fraction(1, 4)
    keep: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Output:
    """Where a context goes, and what is written around its files."""

    layout: Layout
    write: Callable[[str], object]


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

    @property
    def gaps(self) -> tuple[Skipped, ...]:
        """The files that should have been printed and were not."""
        return tuple(skip for skip in self.skipped if skip.reason.leaves_a_gap)


def select(request: SelectRequest, configuring: ConfigRequest | None = None) -> Selection:
    """Return the files that a request and the config select. None of them is read yet: some may turn out binary.

    >>> [ref.path for ref in select(SelectRequest(paths=("src",))).candidates]
    ['src/app.py', 'src/lib/util.py']

    Raises LoopflowError where something that is named is not there, or git refuses.
    """
    return _select(_Run(request, CountRequest(), configuring or ConfigRequest()))


def profile(
    request: SelectRequest,
    counting: CountRequest | None = None,
    configuring: ConfigRequest | None = None,
    fitting: FitRequest | None = None,
) -> Report:
    """Select and count: tokens by file, directory and type. With `fitting`, plan what to leave out.

    >>> found = profile(SelectRequest()).profile
    >>> {stats.path: stats.tokens for stats in found.directories}
    {'.': 49, 'src': 19, 'src/lib': 11}

    Raises LoopflowError as `select` does, and for a config file that is wrong.
    """
    return _report(*_measure(request, counting, configuring), fitting)


def compare(
    request: SelectRequest,
    comparing: CompareRequest,
    counting: CountRequest | None = None,
    configuring: ConfigRequest | None = None,
    fitting: FitRequest | None = None,
) -> Report:
    """Profile, and compare with a baseline or the start of the change; `diff` is None where there is no start.

    >>> [(delta.path, delta.change) for delta in compare(SelectRequest(), CompareRequest(against="HEAD")).diff.files]
    [('src/lib/util.py', 11)]

    Raises LoopflowError as `profile` does, and for a revision or a baseline that is not there.
    """
    run, measured = _measure(request, counting, configuring)
    return replace(_report(run, measured, fitting), diff=compare_with(measured, comparing))


def check(
    request: SelectRequest,
    comparing: CompareRequest | None = None,
    counting: CountRequest | None = None,
    configuring: ConfigRequest | None = None,
    fitting: FitRequest | None = None,
) -> Report:
    """Profile the whole tree, compare, and judge by the configured budgets: `judgement.failed` is what stops a change.

    >>> [verdict.rule.name for verdict in check(SelectRequest(source=Index())).judgement.failed]
    ['library']

    Raises LoopflowError where the request narrows the selection, or a file could not be counted.
    """
    require_whole(request, "--check")
    run, measured = _measure(replace(request, whole=True), counting, configuring)
    diff, judgement = judge_by(measured, comparing or CompareRequest())
    return replace(_report(run, measured, fitting), diff=diff, judgement=judgement)


def save_baseline(
    request: SelectRequest,
    counting: CountRequest | None = None,
    configuring: ConfigRequest | None = None,
    file: str | None = None,
) -> tuple[str, Profile]:
    """Profile the whole tree and write that as the stored baseline, or to `file`; return its path and the profile.

    Raises LoopflowError as `check` does, and leaves the old baseline then.
    """
    require_whole(request, "--save-baseline")
    _, measured = _measure(replace(request, whole=True), counting, configuring)
    return write_baseline(measured, file), measured.profile


def initialise(counting: CountRequest, configuring: ConfigRequest) -> tuple[str, Proposal]:
    """Write a first config file for the tree around the current directory; return its path and what is in it."""
    require_no_config(read_config(SelectRequest(whole=True), configuring))  # one that is not staged yet
    source = Index() if Git().find_repository(os.path.realpath(_here())) else Worktree()
    run = _Run(SelectRequest(source=source, whole=True), counting, configuring)
    require_no_config(run.config)
    measured = _count(run)
    proposal = propose_for(measured)
    return write_config(measured, proposal), proposal


def _measure(
    request: SelectRequest, counting: CountRequest | None, configuring: ConfigRequest | None
) -> tuple["_Run", Measured]:
    run = _Run(request, counting or CountRequest(), configuring or ConfigRequest())
    return run, _count(run)


def _select(run: "_Run") -> Selection:
    return choose(run.listed, run.request)


def _report(run: "_Run", measured: Measured, fitting: FitRequest | None) -> Report:
    found = measured.profile
    cuts = find_cuts(found.files)
    plan = _plan(run, {file.path: file.tokens for file in found.files}, cuts, fitting) if fitting else None
    return Report(found, measured.selection.unmatched, cuts=cuts, plan=plan)


def _count(run: "_Run") -> Measured:
    selection = _select(run)
    with closing(count(selection, run.engine)) as counts:
        found = build_profile(selection, run.engine.counter, counts)
    covers = coverage(run.listed, run.request) if len(run.listed.trees) == 1 else None
    return Measured(selection, found, run.config, run.engine, run.files, covers)


def read_config(request: SelectRequest, configuring: ConfigRequest) -> Config:
    """Return what holds for a run. Raises ConfigError for a bad config file."""
    return _find_config(TreeFiles(Git(), (listed := list_all(request, Git(), _here()))), listed, configuring)


def build_profile(selection: Selection, counter: TokenCounter, counts: Iterator[FileTokens | Skipped]) -> Profile:
    """Add up `counts`."""
    profiler = TokenProfiler()
    files: list[FileTokens] = []
    skipped = list(selection.skipped)
    for item in counts:
        if isinstance(item, Skipped):
            skipped.append(item)
        else:
            files.append(item)
            profiler.add(item.path, item.tokens, item.bytes, item.type)
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


def write_context(
    request: SelectRequest,
    counting: CountRequest,
    output: Output,
    configuring: ConfigRequest | None = None,
    fitting: FitRequest | None = None,
) -> ContextSummary:
    """Select, and write the texts as they are read, in order, with a layout around them.

    With `fitting`, they are counted first, and what does not fit is left out by the plan for that window.
    """
    run = _Run(request, counting, configuring or ConfigRequest())
    selection = _select(run)
    plan = None
    if fitting:
        plan = _plan_context(run, selection, output.layout, fitting)
        selection = choose(run.listed, _without(run.request, plan.exclude), may_be_empty=True)
    writer = ContextWriter(run.engine.counter, output.layout, output.write)
    skipped = list(selection.skipped)
    files = tokens = 0
    writer.open()
    with closing(count(selection, run.engine, writer)) as counts:
        for item in counts:
            if isinstance(item, Skipped):
                skipped.append(item)
            else:
                files += 1
                tokens += item.tokens
    writer.close()
    wrapper_tokens = writer.count_wrappers()
    return ContextSummary(run.config.encoding, files, tokens, wrapper_tokens, tuple(skipped), selection.unmatched, plan)


_SEAM = 1
"""Tokens that a file may cost more behind a line than by itself: there, "/**" is "/" and "**"."""


def _plan_context(run: "_Run", selection: Selection, layout: Layout, fitting: FitRequest) -> Plan:
    """Plan with what is written around each file as well."""
    with closing(count(selection, run.engine)) as counts:
        files = [item for item in counts if isinstance(item, FileTokens)]
    # Whether a text ends its last line is not known yet, and what comes after one that does not is longer.
    around = [layout.opening(), layout.closing(), layout.after("\n"), layout.after(" ")]
    costs = run.engine.counter.count([*around, *(layout.before(file.path, len(files)) for file in files)])
    after = max(costs[2:4]) + _SEAM
    tokens = {file.path: before + file.tokens + after for file, before in zip(files, costs[4:], strict=True)}
    plan = _plan(run, tokens, find_cuts(files), replace(fitting, window=fitting.window - sum(costs[:2])))
    return replace(plan, window=fitting.window)


def _plan(run: "_Run", tokens: Mapping[str, int], cuts: tuple[Cut, ...], fitting: FitRequest) -> Plan:
    """Make a plan, and measure what is left by selecting again with its patterns."""
    if len(run.listed.trees) > 1:
        raise UsageError("several trees were read, and patterns are those of one", "name paths of one repository")
    keep = compile_patterns(fitting.keep, "--keep") if fitting.keep else None
    keeps = keep.match if keep else lambda _: False
    plan = make_plan(tokens, cuts, Window(fitting.window, fitting.reserve, keeps))
    left = choose(run.listed, _without(run.request, plan.exclude), may_be_empty=True).candidates
    measured = sum(tokens.get(ref.path, 0) for ref in left)
    fits = measured <= plan.window - plan.reserve
    return replace(plan, tokens_left=measured, fits=fits, already=run.config.exclude)


def _without(request: SelectRequest, patterns: tuple[str, ...]) -> SelectRequest:
    return replace(request, config_exclude=request.config_exclude + patterns)


class _Run:
    """What every use case begins with: what is listed, what holds for it, and what counts it."""

    def __init__(self, request: SelectRequest, counting: CountRequest, configuring: ConfigRequest) -> None:
        git = Git()
        self.listed = list_all(request, git, _here())
        self.files = TreeFiles(git, self.listed)
        self.config = _find_config(self.files, self.listed, configuring)
        self.request = replace(
            request,
            config_include=self.config.include,
            config_exclude=self.config.exclude,
            baseline=self.config.baseline,
        )
        self.engine = _start_engine(counting, self.config.encoding, git)


def _find_config(files: TreeFiles, listed: Listed, configuring: ConfigRequest) -> Config:
    """Read the config file that was named, or those of the one tree that is measured."""
    if configuring.file is not None:
        found = {configuring.file: _read_named(configuring.file)}
    elif len(listed.trees) == 1:
        found = {name: data for name in CONFIG_FILES if (data := files.read(name)) is not None}
    else:
        found = {}
    config = resolve(found, configuring.environment, configuring.given)
    if configuring.file is not None and config.file is None:
        what = f"{escape_name(configuring.file)} does not configure code-context"
        raise UsageError(what, "write [tool.loopflow] in it, or name another file")
    return config


def _read_named(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        what = f"the config file {escape_name(path)} cannot be read: {why}"
        raise UsageError(what, "check what --config names") from error


def _here() -> str:
    try:
        return os.getcwd()
    except OSError as error:
        raise UsageError("the current directory does not exist any more", "change to another one") from error


def _start_engine(counting: CountRequest, encoding: str, git: Git) -> Engine:
    counter = create_counter(encoding, counting.engine)
    cache = _open_cache(counting, counter)
    if cache.is_empty:  # all will have to be counted: the encoding loads while files are looked at
        Thread(target=_load, args=(counter,), daemon=True).start()
    return Engine(git, counter, cache, counting.progress, counting.jobs or available_processors())


def _open_cache(counting: CountRequest, counter: TokenCounter) -> Cache:
    if counting.cache_file is None:
        return NoCache()
    counter_id = f"{counter.id}:facts-{FACTS_VERSION}"
    return SqliteCache(counting.cache_file, counter_id, time.time_ns(), counting.remark)


def _load(counter: TokenCounter) -> None:
    try:
        counter.count([""])
    except Exception:  # noqa: BLE001  whoever counts in earnest meets it again, and reports it
        return
