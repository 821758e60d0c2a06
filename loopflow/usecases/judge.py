"""Verdicts: what was measured against the budgets of the config, and what the change did to these."""

import re
from collections.abc import Mapping
from dataclasses import replace

from loopflow.analysis.budget import Case, judge
from loopflow.analysis.diff import compare_profile
from loopflow.analysis.raised_limits import describe_changes
from loopflow.config.resolve import CONFIG_FILES, Config
from loopflow.io.count.start_counts import count_files, settle
from loopflow.io.select.filters import Filter
from loopflow.model import Before, CompareRequest, Criteria, Diff, Judgement, Start, is_regular
from loopflow.usecases.baselines import read_baseline
from loopflow.usecases.compare import count_start, find_start_of
from loopflow.usecases.explain import explain, find_matcher
from loopflow.usecases.find_config import find_former_config
from loopflow.usecases.measurement import Measured, require_complete, require_one_tree
from loopflow.usecases.owners import name_owners

_NUMBER = re.compile(r"\d[\d,.]*%?")


def judge_by(measured: Measured, comparing: CompareRequest) -> tuple[Diff | None, Judgement]:
    """Return the growth as `compare_with` does, and what becomes of the configured budgets."""
    require_one_tree(measured)
    require_complete(measured.profile, "--check")
    against = measured.config.against if comparing.against is None else comparing.against
    start = find_start_of(measured, comparing, against)
    stored = read_baseline(measured, comparing, start) if comparing.baseline else None
    diff, judgement = _judge_from(measured, start, stored)
    if start is not None and not (comparing.brief and not judgement.failed):
        judgement = explain(measured, start, judgement, lambda other: _judge_from(measured, other)[1])
    return diff, name_owners(judgement, measured.files)


def _judge_from(measured: Measured, start: Start | None, stored: Before | None = None) -> tuple[Diff | None, Judgement]:
    then = count_start(measured, start)
    before = stored or then
    diff = compare_profile(measured.profile, before) if before else None
    formers = _former_configs(measured, start, then) if start and then else None
    case = Case(
        items=measured.profile.files,
        starts=[then] if then else [],
        growth_from=[stored] if stored else [],
        changes=diff.files if diff else (),
        introduced=_introduced(measured, formers),
        introduced_to=[settle(then, measured.profile, CONFIG_FILES)] if then else [],
    )
    judgement = judge(measured.config.rules, case, find_matcher)
    remarks = tuple(_remarks(measured, formers)) if formers else ()
    return diff, replace(judgement, remarks=remarks, start=start if then else None)


def _former_configs(measured: Measured, start: Start, then: Before) -> Mapping[str, Config] | None:
    """Return what the config files said at each tip of the change; None where one of them says what holds now."""
    repository, config = measured.repository, measured.config
    if repository is None or config.file not in {None, *CONFIG_FILES}:
        return None
    if then.differing is not None and then.differing.isdisjoint(CONFIG_FILES):
        return None
    git, files = measured.engine.git, measured.files
    commits = [commit for commit in start.commits if commit != git.empty_tree(repository)]
    found = {commit: find_former_config(git, repository, commit, files) for commit in commits}
    known = {commit: former for commit, former in found.items() if former is not None}
    return known if len(known) == len(found) else None


def _introduced(measured: Measured, formers: Mapping[str, Config] | None) -> frozenset[str]:
    """Return the names of the rules that no tip of the change has."""
    if formers is None:
        return frozenset()
    names = {rule.name for former in formers.values() for rule in former.rules}
    return frozenset(rule.name for rule in measured.config.rules if rule.name not in names)


def _remarks(measured: Measured, formers: Mapping[str, Config]) -> list[str]:
    """Say what this change did to the rules it is judged by: nothing that a tip of it has as well."""
    rules = measured.config.rules
    said = [
        describe_changes(former.rules, rules) + _newly_excluded(measured, former, commit)
        for commit, former in formers.items()
        if former != Config()
    ]
    subjects = [{_subject(remark) for remark in each} for each in said]
    return [remark for remark in said[0] if all(_subject(remark) in each for each in subjects)] if said else []


def _subject(remark: str) -> str:
    """Return what a remark is about: each tip of a merge may have had another number."""
    return _NUMBER.sub("", remark)


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
