"""What comes after counting: compare with what was before, judge by the budgets, save a baseline.

Two kinds of before. The start of the change decides who is to blame. A stored baseline shows growth since a chosen
moment; under --check it is read as it stood at the start of the change, so that saving it again forgives nothing.
"""

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from loopflow.analysis.budget import Case, Matcher, judge
from loopflow.analysis.diff import compare
from loopflow.analysis.names import escape_name
from loopflow.analysis.owners import parse_owners
from loopflow.analysis.patterns import compile_patterns
from loopflow.analysis.raised import describe_changes
from loopflow.config import CONFIG_FILES, Config, resolve
from loopflow.errors import BaselineError, LoopflowError, UsageError, describe_os_error
from loopflow.io.before import Covers, Moment, count_before, count_files, read_stored
from loopflow.io.counting import Engine
from loopflow.io.filters import Filter
from loopflow.io.named_file import read_named
from loopflow.io.start import Push, Start, find_push_start, find_start
from loopflow.io.tree_files import TreeFiles, read_codeowners
from loopflow.model import (
    Before,
    Diff,
    Judgement,
    Profile,
    Repository,
    Revision,
    Rule,
    Selection,
    SelectRequest,
    Status,
    Verdict,
    is_regular,
)
from loopflow.tokens.encodings import encoding_id


@dataclass(frozen=True, slots=True)
class CompareRequest:
    """What to compare a profile with: the stored baseline, else where the change left `against`, else its start.

    `against` is a revision; without it the config's is judged against, or HEAD, or the first parent of a revision.
    `file` is a baseline's path, instead of the configured one. With `push`, the change is what a push of the revision
    sends.
    """

    baseline: bool = False
    against: str | None = None
    file: str | None = None
    push: Push | None = None
    brief: bool = False
    """Whether verdicts are all that is wanted: what could be left out is not looked for."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A profile, and all that it takes to compare it. `covers` is None where several trees were measured."""

    selection: Selection
    profile: Profile
    config: Config
    engine: Engine
    files: TreeFiles
    covers: Covers | None

    @property
    def repository(self) -> Repository | None:
        """The repository that was measured, if it is one."""
        return self.selection.repository

    def locate(self, path: str) -> str:
        """Return a path that the user named as an absolute one."""
        return os.path.join(self.engine.git.surroundings.root, path)


def require_whole(request: SelectRequest, option: str) -> None:
    """Raise UsageError where a budget or a baseline is asked of less, or more, than the configured selection."""
    if request.narrows or request.changed or request.readmes or request.untracked:
        what = f"{option} is about the whole configured selection, and this run asks for another one"
        raise UsageError(what, "leave out paths and filters; write include and exclude in the config file")


def write_baseline(measured: Measured, file: str | None, printed: Iterable[int] = ()) -> str:
    """Write the profile as the stored baseline, the configured one or `file`; return its path.

    `printed` are handles that are printed to, such as one behind /dev/stdout: nothing there is replaced.
    """
    from loopflow.io.baseline import Baseline, dump  # noqa: PLC0415  each mode imports what it alone needs
    from loopflow.io.writing import write_atomically  # noqa: PLC0415

    _require_complete(measured.profile, "--save-baseline")
    if measured.covers is None:
        raise UsageError("a baseline belongs to one tree, and several were read", "run in one of them")
    baseline = Baseline(
        encoding_id(measured.profile.encoding), {file.path: file.tokens for file in measured.profile.files}
    )
    path = file or os.path.join(measured.selection.root, measured.config.baseline)
    if measured.repository and measured.repository.bare and not file:
        raise UsageError("a bare repository has no place for a baseline", "name one with --baseline-file")
    root = os.path.realpath(measured.selection.root)
    if not file and os.path.commonpath([root, os.path.realpath(path)]) != root:  # the repository chose it, not the user
        what = f"a link leads from the baseline {escape_name(measured.config.baseline)} out of {escape_name(root)}"
        raise UsageError(what, "remove the link, or name the file with --baseline-file")
    write_atomically(path, dump(baseline), measured.engine.git.surroundings.root, printed)
    return path


def compare_with(measured: Measured, comparing: CompareRequest) -> Diff | None:
    """Return the growth since the stored baseline or the start of the change; None where there is no start."""
    _require_one_tree(measured)
    start = None if comparing.baseline else _find_start(measured, comparing, comparing.against)
    befores = _read_baselines(measured, comparing, None) if comparing.baseline else _count_starts(measured, start)
    return compare(measured.profile, befores[0]) if befores else None


def judge_by(measured: Measured, comparing: CompareRequest) -> tuple[Diff | None, Judgement]:
    """Return the growth as `compare_with` does, and what becomes of the configured budgets."""
    _require_one_tree(measured)
    _require_complete(measured.profile, "--check")
    against = measured.config.against if comparing.against is None else comparing.against
    start = _find_start(measured, comparing, against)
    starts = _count_starts(measured, start)
    stored = _read_baselines(measured, comparing, start) if comparing.baseline else []
    before = next(iter(stored or starts), None)
    diff = compare(measured.profile, before) if before else None
    return diff, _judge(measured, starts, stored, diff)


def _require_one_tree(measured: Measured) -> None:
    if measured.covers is None:
        raise UsageError("several trees were read, and growth is that of one", "name paths of one repository")


def _require_complete(profile: Profile, option: str) -> None:
    if not profile.complete:
        gap = profile.gaps[0]
        more = f" and {len(profile.gaps) - 1:,} more" if len(profile.gaps) > 1 else ""
        which = f"{escape_name(gap.path)} ({escape_name(gap.why)}){more}"
        what = f"{option} needs every count, and {which} could not be counted"
        raise LoopflowError(what, "make it readable, or exclude it in the config file")


def _find_start(measured: Measured, comparing: CompareRequest, against: str | None) -> Start | None:
    """Return the start of the change; None outside of git."""
    repository, source, git = measured.repository, measured.selection.request.source, measured.engine.git
    if repository is None:
        if against is not None:
            raise UsageError("this is no git repository: there is nothing to compare with", "leave out --against")
        return None
    if comparing.push is not None and isinstance(source, Revision):
        return find_push_start(git, repository, source, comparing.push, measured.config.against)
    return find_start(git, repository, source, against)


def _count_starts(measured: Measured, start: Start | None) -> list[Before]:
    if start is None or measured.covers is None:
        return []
    moments = [Moment(start.name, commit) for commit in start.commits]
    covers, engine = measured.covers, measured.engine
    return [count_before(measured.selection, measured.profile, covers, engine, moment) for moment in moments]


def _read_baselines(measured: Measured, comparing: CompareRequest, start: Start | None) -> list[Before]:
    """Read the stored baseline: where the change has a start, as it stood there, or in a merge at each, if it did."""
    from shlex import quote  # noqa: PLC0415

    from loopflow.io.baseline import parse  # noqa: PLC0415

    name = comparing.file or measured.config.baseline
    found = _baselines_at(measured, comparing, start) if start else []
    if not found:
        data = _read_file(measured, comparing.file) if comparing.file else measured.files.read(measured.config.baseline)
        if data is None:
            what = f"there is no baseline {escape_name(name)}"
            option = f" --baseline-file {quote(escape_name(name))}" if comparing.file else ""
            raise BaselineError(what, f"code-context --profile --save-baseline{option} writes one")
        found = [data]
    covers, encoding = measured.covers, encoding_id(measured.profile.encoding)
    assert covers is not None  # noqa: S101  the caller looked
    return [read_stored(parse(data, name, encoding).files, covers, name) for data in found]


def _read_file(measured: Measured, path: str) -> bytes | None:
    try:
        return read_named(measured.locate(path))
    except OSError as error:
        what = f"the baseline {escape_name(path)} cannot be read: {describe_os_error(error)}"
        raise BaselineError(what, "check what --baseline-file names") from error


def _baselines_at(measured: Measured, comparing: CompareRequest, start: Start) -> list[bytes]:
    repository = measured.repository
    path: str | None = measured.config.baseline
    if comparing.file and repository:
        relative = os.path.relpath(os.path.realpath(measured.locate(comparing.file)), repository.root).replace(
            os.sep, "/"
        )
        path = None if relative.startswith("../") else relative
    if repository is None or path is None:
        return []
    found = [_baseline_at(measured, repository, commit, path) for commit in start.commits]
    return list(dict.fromkeys(data for data in found if data is not None))


def _baseline_at(measured: Measured, repository: Repository, commit: str, path: str) -> bytes | None:
    """Read the baseline at `path` in a commit, or where its config had it then: a new name forgives nothing."""
    read = measured.engine.git.read_file
    data = read(repository, commit, path)
    if data is None and path == measured.config.baseline and (old := _config_at(measured, repository, commit)):
        data = read(repository, commit, old.baseline)
    return data


def _judge(measured: Measured, starts: list[Before], stored: list[Before], diff: Diff | None) -> Judgement:
    rules = measured.config.rules
    case = Case(measured.profile.files, starts, stored, diff.files if diff else ())
    judgement = judge(rules, case, _matcher)
    start = starts[0] if starts else None
    remarks = _remarks(measured, start) if start else ()
    if any(verdict.is_over for verdict in judgement.verdicts):
        owner = parse_owners(read_codeowners(measured.files))
        judgement = replace(judgement, verdicts=tuple(_name_owner(each, owner) for each in judgement.verdicts))
    return replace(judgement, remarks=tuple(remarks), start=start.name if start else None)


def _matcher(rule: Rule) -> Matcher:
    """Return what tells whether a rule is about a file."""
    types = frozenset(rule.types)
    if not rule.paths:
        return lambda _, kind: not types or kind in types
    patterns = compile_patterns(rule.paths, rule.name)
    return lambda path, kind: (not types or kind in types) and patterns.match(path)


def _name_owner(verdict: Verdict, owner: Callable[[str], str | None]) -> Verdict:
    """Name who owns what is over: of the file, or of all that grew, if that is the same."""
    if not verdict.is_over or verdict.status is Status.INHERITED:
        return verdict
    paths = [file.path for file in verdict.over] or [delta.path for delta in verdict.causes]
    owners = {owner(path) for path in paths}
    return replace(verdict, owner=owners.pop()) if len(owners) == 1 else verdict


def _remarks(measured: Measured, start: Before) -> Iterable[str]:
    """Say what this change did to the rules it is judged by."""
    repository, commit, config = measured.repository, start.commit, measured.config
    if repository is None or commit is None or config.file not in {None, *CONFIG_FILES}:
        return ()
    if start.differing is not None and start.differing.isdisjoint(CONFIG_FILES):  # it held what holds now
        return ()
    old = _config_at(measured, repository, commit)
    if old is None:
        return ()
    return describe_changes(old.rules, config.rules) + _newly_excluded(measured, old, commit)


def _config_at(measured: Measured, repository: Repository, commit: str) -> Config | None:
    """Return what held at the start of the change; None where that is what holds now, or was not valid."""
    git, files = measured.engine.git, measured.files
    past = {name: data for name in CONFIG_FILES if (data := git.read_file(repository, commit, name)) is not None}
    if not past or past == {name: data for name in CONFIG_FILES if (data := files.read(name)) is not None}:
        return None
    try:
        return resolve(past, {}, {})
    except LoopflowError:
        return None


def _newly_excluded(measured: Measured, old: Config, commit: str) -> list[str]:
    """Say what was counted by the old rules and is not by the new ones."""
    request, repository = measured.selection.request, measured.repository
    was = replace(request, config_include=old.include, config_exclude=old.exclude, baseline=old.baseline)
    if was == request or repository is None or measured.covers is None:
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
