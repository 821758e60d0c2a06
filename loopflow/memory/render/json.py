"""What a memory says, as JSON of `schema: 1`: what the rows of text that fit are of."""

import json
from collections.abc import Mapping
from typing import Any

from loopflow.memory.analyzing import Analysis, Series
from loopflow.memory.entities import Past, read_time
from loopflow.memory.fitting import Fitted
from loopflow.memory.model import Entity
from loopflow.memory.querying import Known, Matches
from loopflow.memory.render.rows import read_shown


def render(value: Mapping[str, Any]) -> str:
    """Return a document with its schema's number."""
    return json.dumps({"schema": 1, **value}, indent=2) + "\n"  # in ASCII: whatever others wrote cannot act


def write_matches(matches: Matches, fitted: Fitted, fit: int) -> dict[str, Any]:
    """Return what is shown of matches, and how many there are of all."""
    failures, others, runs = read_shown(matches, fitted.shown)
    return {
        "words": list(matches.words),
        "fit": fit,
        "tokens": fitted.tokens,
        "found": {"failures": len(matches.failures), "others": len(matches.others), "runs": len(matches.runs)},
        "failures": [_write_known(each) for each in failures],
        "others": [_write_entity(each) for each in others],
        "runs": [_write_past(each) for each in runs],
    }


def write_analysis(analysis: Analysis) -> dict[str, Any]:
    """Return all of an analysis."""
    return {
        "runs": analysis.runs,
        "kinds": [{"kind": kind.name, "failures": kind.failures, "times": kind.times} for kind in analysis.kinds],
        "logs": [_write_series(series) for series in analysis.series],
        "failures": [_write_known(each) for each in analysis.known.values()],
    }


def _write_series(series: Series) -> dict[str, Any]:
    return {
        "log": series.log,
        "project": series.project,
        "runs": len(series.runs),
        "newest": series.runs[-1].name,
        "new": list(series.new),
        "gone": list(series.gone),
        "returning": list(series.returning),
        "flaky": list(series.flaky),
        "still": series.still,
    }


def _write_known(known: Known) -> dict[str, Any]:
    row = known.row
    at = read_time(row.run)
    return {
        "ref": row.ref,
        "kind": known.kind,
        "times": row.times,
        "run": row.run,
        "at": at.isoformat() if at else None,
        "log": row.log,
        "first": row.first,
        "last": row.last,
        "headline": row.headline,
    }


def _write_past(past: Past) -> dict[str, Any]:
    return {
        "name": past.name,
        "at": past.at.isoformat(),
        "log": past.log,
        "project": past.project,
        "failures": past.failures,
        "refs": list(past.refs),
    }


def _write_entity(entity: Entity) -> dict[str, Any]:
    return {"name": entity.name, "kind": entity.kind, "observations": list(entity.observations)}
