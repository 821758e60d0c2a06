"""What became of a token budget: in words, as JSON, and as a badge."""

from collections.abc import Iterator
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any, Final

from loopflow.analysis.names import escape_name, path_bytes
from loopflow.charts.numbers import format_percent, plural
from loopflow.logs.threshold import NAME, Level, Validation
from loopflow.model import FileTokens, Scope, Verdict, percent
from loopflow.render.badge import Badge, draw_badge
from loopflow.render.failures import describe_verdict
from loopflow.render.json import dump, path_as_data

BADGE_LABEL: Final = "Token Efficiency"
_NAMED = 3
_COLOURS: Final = {Level.OK: "green", Level.WARNING: "yellow", Level.CRITICAL: "orange", Level.OVER: "red"}


def describe_failures(validation: Validation, where: str, look: str) -> Iterator[str]:
    """Yield lines: what failed, by how much, and what to do. `where` is where the budget is written, up to its value.

    `look` is a command that shows the same files.
    """
    for number, verdict in enumerate(validation.judgement.failed):
        if number:
            yield ""
        yield f"FAIL {describe_verdict(verdict)}"
        yield from (f"  {line}" for line in _explain(validation, verdict))
        yield "  to shorten a log: loopflow logs FILE --fit N -o DIGEST"
        yield f"  to raise the limit for good: {where}{validation.needed(verdict):_}"
        yield f"  to look closer: {look}"


def _explain(validation: Validation, verdict: Verdict) -> Iterator[str]:
    if verdict.scope is Scope.FILE:
        yield from (f"{escape_name(item.name)}: {item.tokens:,}" for item in verdict.over)
        return
    thresholds = validation.thresholds
    used = format_percent(validation.tokens, thresholds.budget)
    yield f"the limit is {show_share(thresholds.fail)}% of the budget of {thresholds.budget:,}, and {used}% are used"
    largest = sorted(validation.profile.files, key=lambda file: (-file.tokens, path_bytes(file.path)))
    yield "has most: " + ", ".join(f"{escape_name(file.path)} {file.tokens:,}" for file in largest[:_NAMED])


def describe_use(validation: Validation) -> str:
    """Return in one line how much of the budget is used."""
    total, budget = validation.profile.total, validation.thresholds.budget
    skipped = f", {len(validation.profile.skipped):,} skipped" if validation.profile.skipped else ""
    share = f"{format_percent(total.tokens, budget)}% of the budget of {budget:,}"
    return f"{NAME}: {plural(total.files, 'file')}, {plural(total.tokens, 'token')}, {share}{skipped}"


def describe_warning(validation: Validation) -> str:
    """Return in one line which threshold is reached; nothing where none is, or where it failed."""
    if validation.judgement.failed or validation.level is Level.OK:
        return ""
    thresholds = validation.thresholds
    threshold = thresholds.critical if validation.level is Level.CRITICAL else thresholds.warning
    used = format_percent(validation.tokens, thresholds.budget)
    return f"{used}% of the budget are used, and the {validation.level} threshold is {show_share(threshold)}%"


def show_share(share: Fraction) -> str:
    """Return a share in percent, as short as it was written."""
    return f"{float(share * 100):.10g}"


def render_validation(validation: Validation, moment: int) -> str:
    """Return the report: docs/reference/token-validation.schema.json says what is in it."""
    fields = _as_data(validation, moment)
    return "{" + ",".join(f"\n {dump(name)}: {_dump_lines(value)}" for name, value in fields.items()) + "\n}\n"


def _dump_lines(value: object) -> str:
    if isinstance(value, list) and value:
        return "[\n  " + ",\n  ".join(map(dump, value)) + "\n ]"
    return dump(value)


def _as_data(validation: Validation, moment: int) -> dict[str, Any]:
    profile, thresholds = validation.profile, validation.thresholds
    share = thresholds.fail * 100
    over = sum(file.tokens > thresholds.budget for file in profile.files)
    return {
        "validation_time": f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%dT%H:%M:%SZ}",
        "status": validation.outcome.value,
        "token_budget": thresholds.budget,
        "fail_on_threshold": int(share) if share.denominator == 1 else float(share),
        "total_files_checked": len(profile.files),
        "files_over_budget": over,
        "files_under_budget": len(profile.files) - over,
        "skipped_files": len(profile.skipped),
        "total_token_count": validation.tokens,
        "percentage_of_budget_used": percent(validation.tokens, thresholds.budget),
        "files": [_file(file, thresholds.budget) for file in profile.files],
        "skipped": [_path(skip.path) | {"reason": skip.reason.value} for skip in profile.skipped],
    }


def _file(file: FileTokens, budget: int) -> dict[str, Any]:
    return _path(file.path) | {
        "file_size_bytes": file.bytes,
        "token_count": file.tokens,
        "under_budget": file.tokens <= budget,
        "percentage_of_budget": percent(file.tokens, budget),
    }


def _path(path: str) -> dict[str, Any]:
    return {f"file_{key}": value for key, value in path_as_data(path).items()}


def render_badge(validation: Validation) -> str:
    """Return the badge as an SVG."""
    return draw_badge(BADGE_LABEL, make_badge(validation))


def make_badge(validation: Validation) -> Badge:
    """Return what the badge says."""
    tokens, budget = validation.tokens, validation.thresholds.budget
    share = format_percent(tokens, budget)
    message, colour = f"{share}% of {budget}", _COLOURS[validation.level]
    title = f"{BADGE_LABEL}: {plural(tokens, 'token')}, {share}% of the budget of {budget:,}, {validation.level}"
    if gaps := validation.profile.gaps:
        colour, message = "lightgrey", f"{message}, incomplete"
        title += f", incomplete: {plural(len(gaps), 'file')} could not be counted"
    return Badge(message, colour, title)
