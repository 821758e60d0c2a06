"""Budgets: whether what was counted keeps within limits, and whether this change is to blame where it does not.

Nothing here knows where the counts come from: an item has a name, a group and tokens, and what there was before is the
same. Files are items, and so is whatever else costs tokens. A limit that is exceeded by no more than it was at the
start of the change is inherited: a warning, because nobody should be stopped for what somebody else did.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from loopflow.analysis.names import path_bytes
from loopflow.model import (
    Delta,
    Held,
    Item,
    Judgement,
    Kind,
    Level,
    Rule,
    Scope,
    Status,
    Verdict,
)

CAUSES = 5
"""How many items, and places that they lie in, are named as the cause of a failure."""

Matcher = Callable[[str, str], bool]
"""Whether a rule is about the item with this name and group."""


class Case(NamedTuple):
    """What is judged: the items now, at the `starts` of the change (two in a merge), and what growth is measured from.

    Without starts, nothing is inherited. Growth is measured from `growth_from`, of which there is one for each start at
    most, and without any from the starts; the larger one counts. `changes` are the differences to the first of these.
    Rules whose names are `introduced` are new with this change: they are held to `introduced_to`, in which what the
    change needed to introduce them is no growth.
    """

    items: Sequence[Item]
    starts: Sequence[Held] = ()
    growth_from: Sequence[Held] = ()
    changes: Sequence[Delta] = ()
    introduced: frozenset[str] = frozenset()
    introduced_to: Sequence[Held] = ()

    def starts_of(self, rule: Rule) -> Sequence[Held]:
        """Return what a rule is held to."""
        return self.introduced_to if rule.name in self.introduced else self.starts


def judge(rules: Iterable[Rule], case: Case, match: Callable[[Rule], Matcher]) -> Judgement:
    """Judge every rule. `match` returns what tells which items a rule is about."""
    verdicts: list[Verdict] = []
    over: dict[str, Item] = {}
    limited: set[str] = set()
    now = {item.name: item for item in case.items}
    for rule in rules:
        part = _Part(rule, case, now, match(rule))
        verdicts += part.judge()
        if rule.file is not None:
            limited |= {item.name for item in part.items}
            over |= {item.name: item for item in part.items if item.tokens > rule.file}
    return Judgement(tuple(verdicts), len(over), len(limited) - len(over))


class _Part:
    """The items of one rule, now and before."""

    def __init__(self, rule: Rule, case: Case, now: Mapping[str, Item], matches: Matcher) -> None:
        self._rule = rule
        self._case = case
        self.items = [item for item in case.items if matches(item.name, item.group)]
        self.tokens = sum(item.tokens for item in self.items)
        self._held = case.starts_of(rule)
        self._starts = [_Past(before, now, matches) for before in self._held]
        self._growth_from = [_Past(before, now, matches) for before in case.growth_from] or self._starts

    def judge(self) -> Iterable[Verdict]:
        """Yield a verdict for each limit of the rule."""
        rule = self._rule
        if not (self.items or rule.is_whole):
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
            went = sorted(new for before in self._held for new, old in before.moves.items() if old in had)
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
            (item for item in self.items if item.tokens > limit), key=lambda item: (-item.tokens, path_bytes(item.name))
        )
        blamed = [item for item in over if self._tokens_before(item.name) < item.tokens]
        largest = max(blamed or over or self.items, key=lambda item: item.tokens, default=None)
        value, base = (largest.tokens, self._tokens_before(largest.name)) if largest else (0, 0)
        return self._verdict(
            Scope.FILE, limit, value, base, is_over=bool(over), is_inherited=not blamed, over=(blamed or over)
        )

    def _tokens_before(self, path: str) -> int:
        """Return what the content at `path` cost at the start of the change, wherever it was then."""
        return max(
            (
                item.tokens
                for before in self._held
                if (item := before.items.get(before.moves.get(path, path))) is not None
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
        over: Sequence[Item] = (),
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
        types = {item.name: item.group for item in self.items}
        grown = [
            delta
            for delta in self._case.changes
            if delta.path in types and (delta.change > 0 or delta.kind is Kind.MOVED)
        ]
        return sorted(grown, key=lambda delta: (-(delta.change or delta.after or 0), path_bytes(delta.path)))


class _Past:
    """What a moment held of a rule's files, told from what differs: `old` as it was then, `new` as it is now."""

    def __init__(self, before: Held, now: Mapping[str, Item], matches: Matcher) -> None:
        paths = now.keys() | before.items.keys() if before.differing is None else before.differing
        self.old = _pick(before.items, paths, matches)
        self.new = _pick(now, paths, matches)
        self._moves = before.moves

    def tokens(self, now: int) -> int:
        """Return what there was, where there are `now` tokens now."""
        return now - sum(item.tokens for item in self.new.values()) + sum(item.tokens for item in self.old.values())

    @property
    def growth(self) -> int:
        """The tokens that were added since; content that moved is neither added nor gone."""
        left = set(self._moves.values())
        added = sum(item.tokens for path, item in self.new.items() if path not in self._moves)
        return added - sum(item.tokens for path, item in self.old.items() if path not in left)


def _pick(items: Mapping[str, Item], paths: Iterable[str], matches: Matcher) -> dict[str, Item]:
    found = ((path, items.get(path)) for path in paths)
    return {path: item for path, item in found if item and matches(path, item.group)}


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
