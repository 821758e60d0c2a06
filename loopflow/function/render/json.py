"""Contexts as JSON: what `docs/reference/function.schema.json` describes."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from loopflow.function.model import (
    CodeOptimizationContext,
    CodeStringsMarkdown,
    FunctionSource,
    FunctionToOptimize,
    Refused,
    Unshown,
)
from loopflow.function.trees import Unread
from loopflow.model import Source


@dataclass(frozen=True, slots=True)
class Answer:
    """All that is told of functions. `parts` are the contexts that are printed of each."""

    made: Sequence[CodeOptimizationContext | Refused | Unshown]
    encoding: str
    source: Source
    skipped: Sequence[Unread]
    tokens: int
    parts: Sequence[str]
    counts: Mapping[str, int]
    """Tokens of a source, as far as they are known."""
    changes: Mapping[FunctionToOptimize, tuple[str, str]]
    """What became of functions, and where they were before they moved."""
    affected: Sequence[tuple[FunctionToOptimize, int]] = ()
    callers: Sequence[Mapping[str, Any]] = ()
    whole: Mapping[FunctionToOptimize, CodeStringsMarkdown] = field(default_factory=dict)
    """Contexts that nothing is left out of."""


def render_json(answer: Answer) -> str:
    """Return the document."""
    document = {
        "schema": 1,
        "encoding": answer.encoding,
        "source": {"kind": answer.source.kind, "revision": answer.source.revision},
        "complete": not answer.skipped,
        "total": {"functions": len(answer.made), "tokens": answer.tokens},
        "functions": [_function(each, answer) for each in answer.made],
        **({"affected": [_affected(*each) for each in answer.affected]} if answer.affected else {}),
        **({"callers": [_caller(each) for each in answer.callers]} if answer.callers else {}),
        "skipped": [{"path": each.path, "reason": each.reason, "detail": each.detail} for each in answer.skipped],
    }
    return json.dumps(document, indent=1, ensure_ascii=True) + "\n"


def _function(made: CodeOptimizationContext | Refused | Unshown, answer: Answer) -> dict[str, Any]:
    target = made.target
    head = _head(target, answer)
    if isinstance(made, Unshown):
        return {**head, "status": made.reason, **({"hash": made.hash} if made.hash else {})}
    if isinstance(made, Refused):
        return {**head, "status": made.reason, "detail": made.message, "needed": made.tokens,
                "largest": [{"name": name, "tokens": tokens} for name, tokens in made.largest]}  # fmt: skip
    tokens = made.tokens
    return {
        **head,
        "status": "ok",
        "hash": made.hashing_code_context_hash,
        "tokens": {"read_writable": tokens.read_writable, "read_only": tokens.read_only, "testgen": tokens.testgen},
        "printed": tokens.printed,
        "needed": tokens.needed,
        "steps": [f"{step.name}={step.what}" if step.what else step.name for step in made.steps],
        "parts": [{"name": part.name, "tokens": part.tokens} for part in made.parts],
        "helpers": [_source(each, answer) for each in (*made.helpers, *made.helpers_of_helpers)],
        "variables": [_source(each, answer) for each in made.variables],
        "unresolved": [{"text": each.text, "line": each.line, "reason": each.reason} for each in made.unresolved],
        "not_shown": list(made.beyond),
        "contexts": {name: _blocks(_context(made, name, answer)) for name in answer.parts},
    }


def _context(made: CodeOptimizationContext, name: str, answer: Answer) -> CodeStringsMarkdown:
    found = answer.whole.get(made.target)
    context: CodeStringsMarkdown = getattr(made, name) if found is None else found
    return context


def _affected(target: FunctionToOptimize, distance: int) -> dict[str, Any]:
    return {"path": target.path, "qualname": target.qualname, "lines": [target.start, target.end], "distance": distance}


def _caller(caller: Mapping[str, Any]) -> dict[str, Any]:
    return {name: caller[name] for name in ("path", "qualname", "head", "line", "text")}


def _head(target: FunctionToOptimize, answer: Answer) -> dict[str, Any]:
    kind, was = answer.changes.get(target, (None, ""))
    change = {"change": kind, **({"was": was} if was else {})} if kind else {}
    return {"path": target.path, "qualname": target.qualname, "lines": [target.start, target.end], **change}


def _source(each: FunctionSource, answer: Answer) -> dict[str, Any]:
    return {
        "path": each.path, "qualname": each.qualname, "kind": each.kind, "level": each.level, "via": each.via,
        "rule": each.rule, "line": each.line, "by": each.by, "tokens": answer.counts.get(each.source, 0),
    }  # fmt: skip


def _blocks(blocks: CodeStringsMarkdown) -> list[dict[str, str]]:
    return [{"path": each.path, "code": each.code} for each in blocks.code_strings]


def count_all(made: Iterable[CodeOptimizationContext | Refused]) -> list[str]:
    """Return all sources that JSON tells the tokens of."""
    contexts = [each for each in made if isinstance(each, CodeOptimizationContext)]
    return list(
        {
            each.source
            for context in contexts
            for each in (*context.helpers, *context.helpers_of_helpers, *context.variables)
        }
    )
