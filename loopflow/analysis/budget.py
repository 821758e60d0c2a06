"""Budgets: whether what was counted keeps within limits, and whether this change is to blame where it does not.

Nothing here knows where the counts come from: files are paths with tokens, and what there was before is the same. A
limit that is exceeded by no more than it was at the start of the change is inherited: a warning, because nobody should
be stopped for what somebody else did.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from loopflow.analysis.names import path_bytes
from loopflow.model import (
    Before,
    Delta,
    FileTokens,
    Judgement,
    Kind,
    Level,
    Rule,
    Scope,
    Status,
    Verdict,
)

CAUSES = 5
"""How many files and directories are named as the cause of a failure."""

Matcher = Callable[[str, str], bool]
"""Whether a rule is about the file with this path and type."""


class Case(NamedTuple):
    """What is judged: the files now, at the `starts` of the change (two in a merge), and what growth is measured from.

    Without starts, nothing is inherited. Growth is measured from `growth_from`, of which there is one for each start at
    most, and without any from the starts; the larger one counts. `changes` are the differences to the first of these.
    """

    files: Sequence[FileTokens]
    starts: Sequence[Before] = ()
    growth_from: Sequence[Before] = ()
    changes: Sequence[Delta] = ()


def judge(rules: Iterable[Rule], case: Case, match: Callable[[Rule], Matcher]) -> Judgement:
    """Judge every rule. `match` returns what tells which files a rule is about."""
    verdicts: list[Verdict] = []
    over: dict[str, FileTokens] = {}
    limited: set[str] = set()
    now = {file.path: file for file in case.files}
    for rule in rules:
        part = _Part(rule, case, now, match(rule))
        verdicts += part.judge()
        if rule.file is not None:
            limited |= {file.path for file in part.files}
            over |= {file.path: file for file in part.files if file.tokens > rule.file}
    return Judgement(tuple(verdicts), len(over), len(limited) - len(over))


class _Part:
    """The files of one rule, now and before."""

    def __init__(self, rule: Rule, case: Case, now: Mapping[str, FileTokens], matches: Matcher) -> None:
        self._rule = rule
        self._case = case
        self.files = [file for file in case.files if matches(file.path, file.type)]
        self.tokens = sum(file.tokens for file in self.files)
        self._starts = [_Past(before, now, matches) for before in case.starts]
        self._growth_from = [_Past(before, now, matches) for before in case.growth_from] or self._starts

    def judge(self) -> Iterable[Verdict]:
        """Yield a verdict for each limit of the rule."""
        rule = self._rule
        if not (self.files or rule.is_whole):
            yield from self._judge_nothing()
            return
        if rule.total is not None:
            yield self._judge_total(rule.total)
        if rule.file is not None:
            yield self._judge_files(rule.file)
        if rule.growth is not None:
            yield self._judge_growth()

    def _judge_nothing(self) -> Iterable[Verdict]:
        """Yield the verdicts for a rule that matches nothing: something has left it, or it never held anything."""
        rule = self._rule
        had = next((start.old for start in self._starts if start.old), None)
        note = "it matches no file; correct its paths, or remove it"
        if had:
            went = sorted(new for before in self._case.starts for new, old in before.moves.items() if old in had)
            where = f"its files went to {_common_directory(went)}" if went else "its files were removed"
            note = f"it matched files at the start of this change and matches none now: {where}"
        for scope in Scope:
            limit = getattr(rule, scope.value)
            if limit is not None:
                tokens = limit if isinstance(limit, int) else None
                base = max((start.tokens(self.tokens) for start in self._starts), default=0)
                yield self._verdict(scope, tokens, 0, base, is_over=bool(had), note=note, is_worrying=True)

    def _judge_total(self, limit: int) -> Verdict:
        value = self.tokens
        base = max((start.tokens(self.tokens) for start in self._starts), default=0)
        is_inherited = bool(self._starts) and value <= base
        return self._verdict(Scope.TOTAL, limit, value, base, is_over=value > limit, is_inherited=is_inherited)

    def _judge_files(self, limit: int) -> Verdict:
        over = sorted(
            (file for file in self.files if file.tokens > limit), key=lambda file: (-file.tokens, path_bytes(file.path))
        )
        blamed = [file for file in over if self._tokens_before(file.path) < file.tokens]
        largest = max(blamed or over or self.files, key=lambda file: file.tokens, default=None)
        value, base = (largest.tokens, self._tokens_before(largest.path)) if largest else (0, 0)
        return self._verdict(
            Scope.FILE, limit, value, base, is_over=bool(over), is_inherited=not blamed, over=(blamed or over)
        )

    def _tokens_before(self, path: str) -> int:
        """Return what the content at `path` cost at the start of the change, wherever it was then."""
        return max(
            (
                file.tokens
                for before in self._case.starts
                if (file := before.files.get(before.moves.get(path, path))) is not None
            ),
            default=0,
        )

    def _judge_growth(self) -> Verdict:
        allowance = self._rule.growth
        assert allowance is not None  # noqa: S101  the caller looked
        if not self._growth_from:
            note = "there is nothing to compare with"
            return self._verdict(Scope.GROWTH, allowance.tokens, 0, 0, is_over=False, note=note)
        base, value = max((past.tokens(self.tokens), past.growth) for past in self._growth_from)
        limit = allowance.limit(base)
        if limit is None:
            note = "there was nothing before, and a share of nothing is not judged"
            return self._verdict(Scope.GROWTH, None, value, base, is_over=False, note=note)
        # Against a stored baseline, what others added since is not this change's.
        is_inherited = bool(self._case.growth_from) and any(start.growth <= 0 for start in self._starts)
        return self._verdict(Scope.GROWTH, limit, value, base, is_over=value > limit, is_inherited=is_inherited)

    def _verdict(  # noqa: PLR0913
        self,
        scope: Scope,
        limit: int | None,
        value: int,
        base: int,
        *,
        is_over: bool,
        is_inherited: bool = False,
        is_worrying: bool = False,
        note: str = "",
        over: Sequence[FileTokens] = (),
    ) -> Verdict:
        rule = self._rule
        warn = 0 if limit is None else -int(-limit * rule.warn // 1)  # rounded up
        status = Status.OK
        if is_over:
            status = Status.INHERITED if is_inherited else Status.FAIL
        elif is_worrying or (limit is not None and 0 < warn <= value and rule.warn < 1):
            status = Status.WARN
        if status is Status.FAIL and rule.level is Level.WARN:
            status = Status.WARN
        causes = self._causes() if is_over and not is_inherited else []
        return Verdict(
            rule=rule,
            scope=scope,
            limit=limit,
            warn=warn,
            value=value,
            base_value=base,
            status=status,
            is_over=is_over,
            note=note,
            over=tuple(over),
            causes=tuple(causes[:CAUSES]),
            sources=tuple(_by_directory(causes)[:CAUSES]),
        )

    def _causes(self) -> list[Delta]:
        """Return what this change added within the rule, the most first."""
        types = {file.path: file.type for file in self.files}
        grown = [
            delta
            for delta in self._case.changes
            if delta.path in types and (delta.change > 0 or delta.kind is Kind.MOVED)
        ]
        return sorted(grown, key=lambda delta: (-(delta.change or delta.after or 0), path_bytes(delta.path)))


class _Past:
    """What a moment held of a rule's files, told from what differs: `old` as it was then, `new` as it is now."""

    def __init__(self, before: Before, now: Mapping[str, FileTokens], matches: Matcher) -> None:
        paths = now.keys() | before.files.keys() if before.differing is None else before.differing
        self.old = _pick(before.files, paths, matches)
        self.new = _pick(now, paths, matches)
        self._moves = before.moves

    def tokens(self, now: int) -> int:
        """Return what there was, where there are `now` tokens now."""
        return now - sum(file.tokens for file in self.new.values()) + sum(file.tokens for file in self.old.values())

    @property
    def growth(self) -> int:
        """The tokens that were added since; content that moved is neither added nor gone."""
        left = set(self._moves.values())
        added = sum(file.tokens for path, file in self.new.items() if path not in self._moves)
        return added - sum(file.tokens for path, file in self.old.items() if path not in left)


def _pick(files: Mapping[str, FileTokens], paths: Iterable[str], matches: Matcher) -> dict[str, FileTokens]:
    found = ((path, files.get(path)) for path in paths)
    return {path: file for path, file in found if file and matches(path, file.type)}


def _by_directory(deltas: Iterable[Delta]) -> list[Delta]:
    sums: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0])
    for delta in deltas:
        of = sums[delta.path.rpartition("/")[0] or "."]
        of[0] += delta.before or 0
        of[1] += delta.after or 0
    found = [Delta(path, before, after, Kind.GROWN) for path, (before, after) in sums.items() if after > before]
    return sorted(found, key=lambda delta: (-delta.change, path_bytes(delta.path)))


def _common_directory(paths: Sequence[str]) -> str:
    parts = [path.split("/")[:-1] for path in paths]
    common = []
    for names in zip(*parts, strict=False):
        if len(set(names)) > 1:
            break
        common.append(names[0])
    if common:
        return "/".join(common) + "/"
    return paths[0] if len(paths) == 1 else f"{paths[0]} and elsewhere"
