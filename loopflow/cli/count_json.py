"""`loopflow count --format json`."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from loopflow.cli.count_actions import Counted
    from loopflow.cli.count_references import Resolution


def render(encoding: str, counted: Sequence["Counted"], budget: int | None, status: str | None) -> str:
    """Return the document; docs/reference/count.schema.json says what it is."""
    total, references = sum(each.tokens for each in counted), sum(each.references for each in counted)
    document: dict[str, Any] = {
        "schema": 1,
        "encoding": encoding,
        "complete": all(each.complete for each in counted),
        "total": {"tokens": total, "content": total - references, "references": references},
        "inputs": [_input(each) for each in counted],
        "references": [_reference(part) for each in counted for part in each.parts],
    }
    if budget is not None:
        document["budget"] = {"limit": budget, "value": total, "status": status}
    return f"{json.dumps(document, ensure_ascii=False, indent=2)}\n"


def _input(each: "Counted") -> dict[str, Any]:
    entry: dict[str, Any] = {"name": each.name, "tokens": each.tokens, "bytes": each.bytes, "lossy": each.lossy}
    if each.ids is not None:
        entry["ids"] = list(each.ids)
    if each.error:
        entry["error"] = each.error
    return entry


def _reference(part: "Resolution") -> dict[str, Any]:
    entry: dict[str, Any] = {"reference": part.shown, "state": "error" if part.error else "ok"}
    if part.error:
        return {**entry, "error": {"code": part.code, "detail": part.error, "hint": part.hint}}
    return {**entry, "tokens": part.tokens, "bytes": part.bytes, "lossy": part.lossy}
