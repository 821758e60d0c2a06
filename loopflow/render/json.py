"""The report as JSON, schema 1: `docs/reference/profile.schema.json` describes it, and the tests hold it to that."""

import base64
import json
from collections.abc import Iterator
from typing import Any

from loopflow.analysis.names import escape_name, path_bytes
from loopflow.model import Profile, Report, percent

SCHEMA = 1


def render_json(report: Report) -> Iterator[str]:
    """Yield the document in pieces: a line for each item of a list. It is ASCII, whatever names are in it."""
    opening = "{"
    for key, value in as_data(report).items():
        yield f"{opening}\n {json.dumps(key)}: "
        opening = ","
        if isinstance(value, list) and value:
            yield "[\n  " + ",\n  ".join(map(json.dumps, value)) + "\n ]"
        else:
            yield json.dumps(value)
    yield "\n}\n"


def as_data(report: Report) -> dict[str, Any]:
    """Return the report as plain lists, dicts, numbers and strings."""
    profile = report.profile
    return {
        "schema": SCHEMA,
        "encoding": profile.encoding,
        "source": {"kind": profile.source.kind, "revision": profile.source.revision},
        "complete": profile.complete,
        "total": {"tokens": profile.total.tokens, "files": profile.total.files, "bytes": profile.total.bytes},
        "directories": list(_directories(profile)),
        "types": list(_types(profile)),
        "files": list(_files(profile)),
        "skipped": [_path(skip.path) | {"reason": skip.reason.value} for skip in profile.skipped],
        "compared_with": None,
        "changes": [],
        "rules": [],
        "files_over_budget": 0,
        "files_under_budget": 0,
    }


def _directories(profile: Profile) -> Iterator[dict[str, Any]]:
    for stats in profile.directories:
        yield _path(stats.path) | {
            "tokens": stats.tokens,
            "files": stats.files,
            "percent_of_parent": stats.percent_of_parent,
            "percent_of_total": stats.percent_of_total,
        }


def _types(profile: Profile) -> Iterator[dict[str, Any]]:
    for stats in profile.types:
        yield {
            "type": _path(stats.type)["path"],
            "tokens": stats.tokens,
            "files": stats.files,
            "percent_of_total": stats.percent_of_total,
        }


def _files(profile: Profile) -> Iterator[dict[str, Any]]:
    for file in profile.files:
        yield _path(file.path) | {
            "type": _path(file.type)["path"],
            "tokens": file.tokens,
            "bytes": file.bytes,
            "percent_of_total": percent(file.tokens, profile.total.tokens),
        }


def _path(path: str) -> dict[str, str]:
    """Return the path as it is; one that is not UTF-8 is shown escaped, and given exactly in base64."""
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        return {"path": escape_name(path), "path_base64": base64.b64encode(path_bytes(path)).decode("ascii")}
    return {"path": path}
