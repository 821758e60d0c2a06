"""Uses and reports as JSON: docs/reference/usage.schema.json says what is in it."""

from collections.abc import Sequence
from datetime import datetime
from fractions import Fraction
from math import isfinite
from typing import Any, Final

from loopflow.render.json import dump
from loopflow.usage.alerts import Told
from loopflow.usage.calibrating import Calibration
from loopflow.usage.events import Event, Rows
from loopflow.usage.model import Period, Sums, Use
from loopflow.usage.reporting import Report

SCHEMA: Final = 1


def render_uses(uses: Sequence[Use], at: datetime) -> str:
    """Return how budgets are kept."""
    return _lines({"schema": SCHEMA, "at": moment(at), "budgets": [_use(use) for use in uses]})


def render_report(report: Report) -> str:
    """Return a report."""
    lines = [{**dict(zip(report.by, line.values, strict=True)), **_sums(line.sums)} for line in report.lines()]
    document = {
        "schema": SCHEMA,
        "period": {**_period(report.period), "timezone": report.timezone},
        "environment": report.environment,
        "by": list(report.by),
        "total": _sums(report.total),
        "budgets": [_use(use) for use in report.uses],
        "lines": lines,
    }
    return _lines(document)


def render_alerts(alerts: Sequence[Told]) -> str:
    """Return the record of alerts."""
    rows = [{**each._asdict(), "period_start": moment(each.period_start), "at": moment(each.at)} for each in alerts]
    return _lines({"schema": SCHEMA, "alerts": rows})


def render_events(events: Sequence[Event]) -> str:
    """Return events."""
    rows = [{**each._asdict(), "start_timestamp": moment(each.start_timestamp)} for each in events]
    return _lines({"schema": SCHEMA, "events": rows})


def render_rows(found: Rows) -> str:
    """Return what a query answered."""
    rows = [[_cell(value) for value in row] for row in found.rows]
    return _lines({"schema": SCHEMA, "columns": list(found.columns), "rows": rows})


def _cell(value: object) -> object:
    """Return what a database has as JSON has it: there is no number in it that is not finite."""
    is_known = isfinite(value) if isinstance(value, float) else isinstance(value, int | str | None)
    return value if is_known else str(value)


def render_calibrations(found: Sequence[Calibration]) -> str:
    """Return ranges of models, as ratios in millionths."""
    return _lines({"schema": SCHEMA, "calibrations": [each._asdict() for each in found]})


def moment(at: datetime) -> str:
    """Return a moment in UTC."""
    return at.isoformat().replace("+00:00", "Z")


def _lines(document: dict[str, Any]) -> str:
    """Return an object with a line for each key, and for each member of a list of objects."""
    pieces = []
    for key, value in document.items():
        is_list = isinstance(value, list) and value and isinstance(value[0], dict)
        shown = "[\n  " + ",\n  ".join(map(dump, value)) + "\n ]" if is_list else dump(value)
        pieces.append(f" {dump(key)}: {shown}")
    return "{\n" + ",\n".join(pieces) + "\n}\n"


def _use(use: Use) -> dict[str, Any]:
    budget = use.budget
    return {
        "name": budget.name,
        "level": use.level.word,
        "used": use.sums.exact.used,
        "estimated": use.sums.estimated.used,
        "limit": budget.tokens,
        "percent": _percent(use.sums.exact.used, budget.tokens),
        **_period(use.period),
        "timezone": budget.timezone,
        "component": budget.component,
        "environment": budget.environment,
        "warning": float(budget.warning * 100),
        "critical": float(budget.critical * 100),
    }


def _percent(part: int, whole: int) -> float:
    return round(float(Fraction(100 * part, whole)), 3)


def _period(period: Period) -> dict[str, Any]:
    end = moment(period.end) if period.end else None
    return {"period": period.kind.value, "start": moment(period.start), "end": end}


def _sums(sums: Sums) -> dict[str, Any]:
    return {"exact": sums.exact._asdict(), "estimated": sums.estimated._asdict()}
