"""A digest as JSON, for programs: docs/reference/logs.schema.json says what is in it."""

import json
from typing import Any, Final

from loopflow.logs.model import Digest, Outcome, Source

SCHEMA: Final = 1


def render_json(digest: Digest) -> str:
    """Return the document, on lines."""
    return dump(_document(digest))


def dump(document: dict[str, Any]) -> str:
    """Return JSON in ASCII, in which GitHub's runner, should it meet it in a log, finds no command."""
    return json.dumps(document, indent=1).replace("##[", "##\\u005b") + "\n"


def _document(digest: Digest) -> dict[str, Any]:
    before, after = digest.tokens_before, digest.tokens_after
    return {
        "schema": SCHEMA,
        "sources": [describe_source(source) for source in digest.sources],
        "encoding": digest.encoding,
        "budget": {"fit": digest.fit, "buffer": digest.buffer},
        "tokens": {
            "before": before,
            "after": after,
            "saved": None if before is None else before - after,
            "percent": None if not before else round(100 - 100 * after / before, 1),
        },
        "log_type": digest.log_type,
        "preset": digest.preset,
        "verbosity": digest.verbosity,
        "whole": digest.is_whole,
        "complete": digest.complete,
        "priorities": [{**count._asdict(), "priority": count.priority.word} for count in digest.priorities],
        "components": [share._asdict() for share in digest.components],
        "errors": [_error(outcome, digest) for outcome in digest.outcomes],
        "templates": [
            {
                "template": each.text,
                "count": each.count,
                "first": each.first,
                "last": each.last,
                "example": each.example,
            }
            for each in digest.templates
        ],
        "head": digest.head,
        "text": digest.text,
    }


def describe_source(source: Source) -> dict[str, Any]:
    """Return what is said of a log."""
    return {
        "name": source.name,
        "bytes": source.bytes,
        "lines": source.lines,
        "sha256": source.sha256,
        "lossy": source.lossy,
        "envelope": source.envelope or None,
        "complete": source.complete,
    }


def _error(outcome: Outcome, digest: Digest) -> dict[str, Any]:
    failure = outcome.failure
    block = failure.block
    return {
        "ref": failure.ref,
        "cause": failure.cause,
        "kind": block.kind or None,
        "recogniser": block.recogniser,
        "priority": block.priority.word,
        "headline": block.lines[block.headline].text,
        "count": failure.count,
        "file": block.span.file,
        "ranges": [[span.first, span.last] for span in failure.spans],
        "bytes": [[span.start, span.end] for span in failure.spans],
        "places": [*failure.places],
        "passed_on_retry": failure.retried or None,
        "step": block.step or None,
        "component": block.component or None,
        "known_since": digest.known.get(failure.ref),
        "shape": outcome.shape,
        "tokens": outcome.tokens,
    }
