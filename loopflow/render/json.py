"""The report as JSON, schema 1: `docs/reference/profile.schema.json` describes it, and the tests hold it to that."""

import base64
import json
from collections.abc import Iterator
from typing import Any

from loopflow.analysis.names import escape_name, path_bytes
from loopflow.model import Cut, Delta, Diff, Idle, Judgement, Plan, Profile, Report, Verdict, percent

SCHEMA = 1


def render_json(report: Report) -> Iterator[str]:
    """Yield the document in pieces: a line for each item of a list. It is ASCII, whatever names are in it."""
    opening = "{"
    for key, value in as_data(report).items():
        yield f"{opening}\n {json.dumps(key)}: "
        opening = ","
        if isinstance(value, list) and value:
            yield "[\n  " + ",\n  ".join(map(dump, value)) + "\n ]"
        else:
            yield dump(value)
    yield "\n}\n"


def dump(value: object) -> str:
    """Return JSON in which GitHub's runner, should it meet it in a log, finds no command (see analysis/names.py)."""
    return json.dumps(value).replace("##[", "##\\u005b")


def as_data(report: Report) -> dict[str, Any]:
    """Return the report as plain lists, dicts, numbers and strings."""
    profile, diff, judgement = report.profile, report.diff, report.judgement or Judgement()
    growth = _Growth(diff)
    return {
        "schema": SCHEMA,
        "encoding": profile.encoding,
        "source": {"kind": profile.source.kind, "revision": profile.source.revision},
        "complete": profile.complete,
        "total": {"tokens": profile.total.tokens, "files": profile.total.files, "bytes": profile.total.bytes}
        | growth.of(diff.total.tokens if diff else None, profile.total.tokens),
        "directories": list(_directories(profile, growth)),
        "types": list(_types(profile, growth)),
        "files": list(_files(profile, growth)),
        "skipped": [path_as_data(skip.path) | {"reason": skip.reason.value} for skip in profile.skipped],
        "idle": [_idle(idle) for idle in report.idle],
        "compared_with": _compared_with(diff) if diff else None,
        "changes": [_change(delta) for delta in diff.files] if diff else [],
        "rules": [_rule(verdict) for verdict in judgement.verdicts],
        "files_over_budget": judgement.files_over,
        "files_under_budget": judgement.files_under,
        "cuts": [_cut(cut) for cut in report.cuts],
        "plan": _plan(report.plan) if report.plan else None,
    }


class _Growth:
    """What rows gain when something is compared."""

    def __init__(self, diff: Diff | None) -> None:
        self._is_on = diff is not None
        self.directories = {delta.path: delta.before for delta in diff.directories} if diff else {}
        self.types = {delta.path: delta.before for delta in diff.types} if diff else {}
        self.files = {delta.path: delta.before for delta in diff.files} if diff else {}

    def of(self, before: int | None, after: int) -> dict[str, int]:
        """Return tokens before, 0 for what is new, and the change."""
        return {"base_tokens": before or 0, "delta_tokens": after - (before or 0)} if self._is_on else {}


def _idle(idle: Idle) -> dict[str, Any]:
    patterns = [path_as_data(pattern)["path"] for pattern in idle.patterns]
    return {"where": idle.where, "patterns": patterns, "hint": idle.hint}


def _compared_with(diff: Diff) -> dict[str, Any]:
    return {
        "kind": diff.before.kind,
        "name": path_as_data(diff.before.name)["path"],
        "total": {"tokens": diff.total.tokens, "files": diff.total.files},
    }


def _change(delta: Delta) -> dict[str, Any]:
    change: dict[str, Any] = path_as_data(delta.path) | {
        "kind": delta.kind.value,
        "base_tokens": delta.before or 0,
        "tokens": delta.after or 0,
        "delta_tokens": delta.change,
    }
    if delta.came_from is not None:
        change |= {key.replace("path", "from"): text for key, text in path_as_data(delta.came_from).items()}
    return change


def _cut(cut: Cut) -> dict[str, Any]:
    return {
        "reason": cut.reason.value,
        "evidence": escape_name(cut.evidence),
        "paths": [path_as_data(path)["path"] for path in cut.paths],
        "tokens": cut.tokens,
    }


def _plan(plan: Plan) -> dict[str, Any]:
    return {
        "window": plan.window,
        "model": plan.model or None,
        "reserve": plan.reserve,
        "exclude": [path_as_data(pattern)["path"] for pattern in plan.exclude],
        "lines": [
            {"pattern": path_as_data(line.pattern)["path"], "tokens": line.tokens, "why": line.why}
            for line in plan.lines
        ],
        "tokens_left": plan.tokens_left,
        "fits": plan.fits,
    }


def _rule(verdict: Verdict) -> dict[str, Any]:
    return {
        "name": verdict.rule.name,
        "scope": verdict.scope.value,
        "limit": verdict.limit,
        "warn": verdict.warn,
        "value": verdict.value,
        "base_value": verdict.base_value,
        "percent": percent(verdict.value, verdict.limit or 0),
        "status": verdict.status.value,
        "owner": verdict.owner,
        "files_over": [path_as_data(item.name) | {"tokens": item.tokens} for item in verdict.over],
    }


def _directories(profile: Profile, growth: _Growth) -> Iterator[dict[str, Any]]:
    for stats in profile.directories:
        yield path_as_data(stats.path) | {
            "tokens": stats.tokens,
            "files": stats.files,
            "percent_of_parent": stats.percent_of_parent,
            "percent_of_total": stats.percent_of_total,
            **growth.of(growth.directories.get(stats.path), stats.tokens),
        }


def _types(profile: Profile, growth: _Growth) -> Iterator[dict[str, Any]]:
    for stats in profile.types:
        yield {
            "type": path_as_data(stats.type)["path"],
            "tokens": stats.tokens,
            "files": stats.files,
            "percent_of_total": stats.percent_of_total,
            **growth.of(growth.types.get(stats.type), stats.tokens),
        }


def _files(profile: Profile, growth: _Growth) -> Iterator[dict[str, Any]]:
    for file in profile.files:
        yield path_as_data(file.path) | {
            "type": path_as_data(file.type)["path"],
            "tokens": file.tokens,
            "bytes": file.bytes,
            "percent_of_total": percent(file.tokens, profile.total.tokens),
            **growth.of(growth.files.get(file.path, file.tokens), file.tokens),
        }


def path_as_data(path: str) -> dict[str, str]:
    """Return the path as it is; one that is not UTF-8 is shown escaped, and given exactly in base64."""
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        return {"path": escape_name(path), "path_base64": base64.b64encode(path_bytes(path)).decode("ascii")}
    return {"path": path}
