"""What a report finds fault with, each with the place to point at: what formats for code review are made of.

A file that is over its limit, or that could not be counted, is the place itself. For sums and growth it is the line of
the config where the limit is written, because no one file is to blame.
"""

from dataclasses import dataclass

from loopflow.analysis.names import escape_name, path_bytes
from loopflow.model import Item, Report, Scope, Skipped, Status, Verdict
from loopflow.render.failures import describe_failure, describe_limit, describe_verdict, name_limit
from loopflow.render.origin import describe_inherited, describe_origin

NOT_COUNTED = "not counted"


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault. `path` is not escaped; `text` and `details` are lines to be shown, and are.

    `excess` is by how many tokens the limit is exceeded, below 0 where it is only near. `key` says which limit, and of
    which file, whatever the numbers are. `held_to` is the one of the details that says what the change is held to.
    """

    status: Status
    name: str
    text: str
    path: str | None
    key: tuple[str, ...]
    line: int = 1
    details: tuple[str, ...] = ()
    excess: int = 0
    held_to: str = ""

    @property
    def is_failure(self) -> bool:
        """Whether it stops a change."""
        return self.status is Status.FAIL


def find_faults(report: Report) -> tuple[Finding, ...]:
    """Return all faults: of limits, the worst first, then the files that could not be counted."""
    verdicts = report.judgement.verdicts if report.judgement else ()
    found = [finding for verdict in verdicts for finding in _of_verdict(verdict, report)]
    found.sort(key=lambda finding: (-finding.excess, finding.name, path_bytes(finding.path or "")))
    return (*found, *map(_of_gap, report.profile.gaps))


def _of_verdict(verdict: Verdict, report: Report) -> list[Finding]:
    if verdict.status is Status.OK:
        return []
    if verdict.over:
        return [_of_item(verdict, item, report) for item in verdict.over]
    place = verdict.rule.places.get(verdict.scope.value)
    details = tuple(describe_failure(verdict, report)[1:]) if verdict.status is Status.FAIL else ()
    return [
        Finding(
            status=verdict.status,
            name=name_limit(verdict),
            text=describe_verdict(verdict) + _inherited(verdict),
            path=place.file if place else None,
            key=(verdict.rule.name, verdict.scope.value),
            line=(place and place.line) or 1,
            details=details,
            excess=verdict.value - verdict.limit if verdict.limit is not None else 0,
            held_to=describe_origin(verdict, report) if details else "",
        )
    ]


def _of_item(verdict: Verdict, item: Item, report: Report) -> Finding:
    assert verdict.scope is Scope.FILE  # noqa: S101  only such a verdict is about single files
    limit = verdict.limit or 0
    excess = item.tokens - limit
    held_to = describe_origin(verdict, report)
    details = [*filter(None, [held_to]), *describe_limit(verdict, item.tokens)]
    by_how_much = f"{item.tokens:,} tokens, {excess:,} more than the limit of {limit:,}"
    return Finding(
        status=verdict.status,
        name=name_limit(verdict),
        text=f"{name_limit(verdict)}: {by_how_much}{_inherited(verdict)}",
        path=item.name,
        key=(verdict.rule.name, verdict.scope.value, item.name),
        details=tuple(details) if verdict.status is Status.FAIL else (),
        excess=excess,
        held_to=held_to if verdict.status is Status.FAIL else "",
    )


def _of_gap(gap: Skipped) -> Finding:
    return Finding(
        status=Status.WARN,
        name=NOT_COUNTED,
        text=f"{NOT_COUNTED}: {escape_name(gap.why)}",
        path=gap.path,
        key=(NOT_COUNTED, gap.path),
    )


def _inherited(verdict: Verdict) -> str:
    if verdict.status is not Status.INHERITED:
        return ""
    why = describe_inherited(verdict)
    return f"; {why}" if why else ", but not by this change"
