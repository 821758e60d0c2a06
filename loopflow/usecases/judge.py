"""Verdicts: what was measured against the budgets of the config, and what the change did to these."""

from collections.abc import Iterable
from dataclasses import replace

from loopflow.analysis.budget import Case, Matcher, judge
from loopflow.analysis.diff import compare_profile
from loopflow.analysis.patterns import compile_patterns
from loopflow.analysis.raised import describe_changes
from loopflow.config.resolve import CONFIG_FILES, Config
from loopflow.io.count.start_counts import count_files
from loopflow.io.select.filters import Filter
from loopflow.model import Before, CompareRequest, Criteria, Diff, Judgement, Rule, is_regular
from loopflow.usecases.baselines import read_baselines
from loopflow.usecases.compare import count_starts, find_start_of
from loopflow.usecases.find_config import find_former_config
from loopflow.usecases.measured import Measured, require_complete, require_one_tree
from loopflow.usecases.owners import name_owners


def judge_by(measured: Measured, comparing: CompareRequest) -> tuple[Diff | None, Judgement]:
    """Return the growth as `compare_with` does, and what becomes of the configured budgets."""
    require_one_tree(measured)
    require_complete(measured.profile, "--check")
    against = measured.config.against if comparing.against is None else comparing.against
    start = find_start_of(measured, comparing, against)
    starts = count_starts(measured, start)
    stored = read_baselines(measured, comparing, start) if comparing.baseline else []
    before = next(iter(stored or starts), None)
    diff = compare_profile(measured.profile, before) if before else None
    return diff, _judge(measured, starts, stored, diff)


def _judge(measured: Measured, starts: list[Before], stored: list[Before], diff: Diff | None) -> Judgement:
    rules = measured.config.rules
    case = Case(measured.profile.files, starts, stored, diff.files if diff else ())
    judgement = name_owners(judge(rules, case, _matcher), measured.files)
    start = starts[0] if starts else None
    remarks = tuple(_remarks(measured, start)) if start else ()
    return replace(judgement, remarks=remarks, start=start.name if start else None)


def _matcher(rule: Rule) -> Matcher:
    """Return what tells whether a rule is about a file."""
    types = frozenset(rule.types)
    if not rule.paths:
        return lambda _, kind: not types or kind in types
    patterns = compile_patterns(rule.paths, rule.name)
    return lambda path, kind: (not types or kind in types) and patterns.match(path)


def _remarks(measured: Measured, start: Before) -> Iterable[str]:
    """Say what this change did to the rules it is judged by."""
    repository, commit, config = measured.repository, start.commit, measured.config
    if repository is None or commit is None or config.file not in {None, *CONFIG_FILES}:
        return ()
    if start.differing is not None and start.differing.isdisjoint(CONFIG_FILES):  # it held what holds now
        return ()
    old = find_former_config(measured.engine.git, repository, commit, measured.files)
    if old is None:
        return ()
    return describe_changes(old.rules, config.rules) + _newly_excluded(measured, old, commit)


def _newly_excluded(measured: Measured, old: Config, commit: str) -> list[str]:
    """Say what was counted by the old rules and is not by the new ones."""
    criteria, repository = measured.criteria, measured.repository
    was = Criteria(criteria.request, old.include, old.exclude, old.baseline)
    if was == criteria or repository is None or measured.covers is None:
        return []
    filters, covers = Filter(was), measured.covers
    refs = [
        ref
        for ref in measured.engine.git.list_commit(repository, commit)
        if is_regular(ref.mode) and ref.path != was.baseline and filters.admits(ref.path) and not covers(ref.path)
    ]
    left_out = count_files(measured.selection, refs, measured.engine, commit)
    tokens = sum(file.tokens for file in left_out.values())
    files = "1 file" if len(left_out) == 1 else f"{len(left_out):,} files"
    return [f"newly excluded: {tokens:,} tokens in {files}"] if left_out else []
