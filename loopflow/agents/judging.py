"""Rules over what agents load, judged by the one budget there is (analysis/budget.py)."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from loopflow.agents.growth import PLACES, Past, find_grown
from loopflow.agents.measures import measure_lost
from loopflow.agents.model import Grown, Measure, Ruling, Survey
from loopflow.agents.settings import AgentRule, AgentsSettings, Limit
from loopflow.analysis.budget import Case, judge
from loopflow.analysis.patterns import Patterns, compile_patterns
from loopflow.model import Item, Level, Place, Rule, Scope, Status, Verdict

_LOST = "left out"


class _Before(NamedTuple):
    """What a moment held of the items that are judged, by the names that they have now."""

    items: Mapping[str, Item]
    moves: Mapping[str, str]
    differing: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class Judge:
    """What is judged: the survey, its measures, and the starts of the change."""

    survey: Survey
    measures: Sequence[Measure]
    starts: Sequence[Past]
    settings: AgentsSettings
    certain: Mapping[str, bool] = field(default_factory=dict)

    def judge(self) -> tuple[Ruling, ...]:
        """Return what becomes of every rule, and of what is left out."""
        found = [ruling for rule in self.settings.rules for ruling in self._judge_rule(rule)]
        return (*found, *self._judge_lost())

    def _judge_rule(self, rule: AgentRule) -> Iterator[Ruling]:
        items = [measure for measure in self.measures if self._is_about(rule, measure)]
        level = rule.level if all(self.certain.get(item.agent, True) for item in items) else Level.WARN
        for scope, limit in ((Scope.FILE, rule.each), (Scope.TOTAL, rule.total)):
            if limit is not None:
                yield from self._judge_limit(rule, items, scope, limit, level)
        if rule.growth is not None:
            yield from self._judge_growth(rule, items, level)

    def _is_about(self, rule: AgentRule, measure: Measure) -> bool:
        if measure.group != rule.part:
            return False
        agents = rule.agents or (self.settings.agents or ())
        if measure.agent and agents and measure.agent not in agents:
            return False
        return not rule.paths or _patterns(rule).match(_path_of(measure))

    def _judge_limit(
        self, rule: AgentRule, items: Sequence[Measure], scope: Scope, limit: Limit, level: Level
    ) -> Iterator[Ruling]:
        value = _unit(limit.unit)
        counted = [item._replace(tokens=value(item)) for item in items]
        budget = Rule(
            name=rule.name,
            paths=rule.paths,
            total=limit.value if scope is Scope.TOTAL else None,
            file=limit.value if scope is Scope.FILE else None,
            warn=rule.warn,
            level=level,
        )
        case = Case(counted, [self._before(past, items, value, rule) for past in self.starts])
        [verdict] = judge([budget], case, lambda _: lambda _name, _group: True).verdicts or [None]
        if verdict is not None:
            yield from self._explain(rule, verdict, counted, limit.unit)

    def _before(
        self, past: Past, items: Sequence[Measure], value: Callable[[Measure], int], rule: AgentRule
    ) -> _Before:
        """Return what there was of the items, by the names of now; in a sum, what is gone counts too."""
        found: dict[str, Item] = {}
        used = set()
        for item in items:
            then = past.measure(item)
            if then is not None:
                used.add(then.name)
                found[item.name] = then._replace(name=item.name, tokens=value(then))
        if rule.part not in PLACES:
            for then in past.measures.get(rule.part, {}).values():
                if then.name not in used and then.name not in found and self._is_about(rule, then):
                    found[then.name] = then._replace(tokens=value(then))
        return _Before(found, {}, None)

    def _judge_growth(self, rule: AgentRule, items: Sequence[Measure], level: Level) -> Iterator[Ruling]:
        budget = Rule(rule.name, growth=rule.growth, warn=rule.warn, level=level)
        verdicts = []
        for item in items:
            befores = [then for past in self.starts if (then := past.measure(item)) is not None]
            starts = [_Before({item.name: then._replace(name=item.name)}, {}, None) for then in befores]
            if self.starts and not starts:
                starts = [_Before({}, {}, None)]
            [verdict] = judge([budget], Case([item], starts), lambda _: lambda _name, _group: True).verdicts
            verdicts.append((verdict, item))
        over = [(verdict, item) for verdict, item in verdicts if verdict.is_over]
        if not over:
            if verdicts:
                verdict, item = max(verdicts, key=lambda pair: pair[0].value)
                yield _make(rule, verdict, "growth", item.name, verdict.status)
            return
        yield from self._by_cause(rule, over, "growth", "tokens")

    def _explain(self, rule: AgentRule, verdict: Verdict, items: Sequence[Measure], unit: str) -> Iterator[Ruling]:
        scope = "each" if verdict.scope is Scope.FILE else verdict.scope.value
        if not verdict.over:
            largest = max(items, key=lambda item: item.tokens, default=None)
            grown = None
            if verdict.is_over and self.starts:
                grown = self._find_grown(items)
            subject = largest.name if largest and verdict.scope is Scope.FILE else ""
            yield _make(rule, verdict, scope, subject, verdict.status, unit, grown)
            return
        named = {item.name: item for item in items}
        over = [(verdict, named[item.name]) for item in verdict.over]
        if verdict.status is Status.INHERITED:
            first = over[0][1]
            yield _make(rule, verdict, scope, first.name, verdict.status, unit, None, [item for _, item in over])
            return
        yield from self._by_cause(rule, over, scope, unit)

    def _find_grown(self, items: Sequence[Measure]) -> Grown | None:
        found = [grown for item in items for past in self.starts[:1] if (grown := find_grown(self.survey, past, item))]
        return max(found, key=lambda grown: grown.tokens, default=None)

    def _by_cause(
        self, rule: AgentRule, over: Sequence[tuple[Verdict, Measure]], scope: str, unit: str
    ) -> Iterator[Ruling]:
        """Yield a ruling for each heading that grew: what one section costs in thirty places is one fault."""
        groups: defaultdict[Grown | None, list[tuple[Verdict, Measure]]] = defaultdict(list)
        for verdict, item in over:
            grown = find_grown(self.survey, self.starts[0], item) if self.starts else None
            groups[grown].append((verdict, item))
        for grown, rows in groups.items():
            rows.sort(key=lambda row: -(row[0].value if scope == "growth" else row[1].tokens))
            verdict, item = rows[0]
            values = [each if scope != "growth" else each._replace(tokens=of.value) for of, each in rows]
            yield _make(rule, verdict, scope, item.name, verdict.status, unit, grown or _at(item), values, item)

    def _judge_lost(self) -> Iterator[Ruling]:
        """Yield a ruling for each text that an agent cuts; what was cut as much before is inherited."""
        settings = self.settings
        if settings.lost == "off":
            return
        place = settings.lost_place
        config = _where(place)
        for item in sorted(measure_lost(self.survey.lost), key=lambda item: (-item.tokens, item.name)):
            before = [then.tokens for past in self.starts if (then := past.loss(item))]
            status = Status.WARN
            if self.starts and max(before, default=0) >= item.tokens:
                status = Status.INHERITED
            elif settings.lost == "fail" and item.certain:
                status = Status.FAIL
            row = next(
                row
                for row in self.survey.lost
                if row.path == item.path and row.lost == item.tokens and row.agent == item.agent
            )
            yield Ruling(
                rule=_LOST,
                part="lost",
                scope="each",
                status=status.value,
                limit=0,
                value=item.tokens,
                before=max(before) if before else (0 if self.starts else None),
                unit=row.unit,
                subject=item.name.partition(" (")[0],
                config=config,
                grown=Grown(item.path, item.line, "", row.tokens),
            )  # fmt: skip


def _patterns(rule: AgentRule) -> Patterns:
    return compile_patterns(rule.paths, "paths")


def _path_of(measure: Measure) -> str:
    if measure.group in PLACES:
        return f"{measure.where}/" if measure.where else "./"
    return measure.name if measure.group == "tools" else measure.path


def _unit(unit: str) -> Callable[[Measure], int]:
    names = {"tokens": "tokens", "chars": "characters", "bytes": "bytes", "lines": "lines"}
    return lambda measure: getattr(measure, names[unit])


def _at(item: Measure) -> Grown | None:
    return Grown(item.path, item.line, "", 0) if item.path and not item.path.endswith("/") else None


def _where(place: Place | None) -> str:
    return "" if place is None else f"{place.file}:{place.line}" if place.line else place.file


def _make(  # noqa: PLR0913, PLR0917  a ruling is a row
    rule: AgentRule,
    verdict: Verdict,
    scope: str,
    subject: str,
    status: Status,
    unit: str = "tokens",
    grown: Grown | None = None,
    items: Sequence[Measure] = (),
    item: Measure | None = None,
) -> Ruling:
    value = verdict.value if item is None or scope == "growth" else item.tokens
    return Ruling(
        rule=rule.name,
        part=rule.part,
        scope=scope,
        status=status.value,
        limit=verdict.limit,
        value=value,
        before=verdict.base_value,
        unit=unit,
        subject=subject,
        config=_where(rule.places.get(scope) or rule.places.get("")),
        note=verdict.note,
        grown=grown,
        over=tuple((each.name, each.tokens) for each in items[:10]),
        more=max(len(items) - 10, 0),
    )
