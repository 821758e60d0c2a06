"""Where the tokens of logs are as JSON, for programs: docs/reference/logs-profile.schema.json says what is in it."""

from typing import Any, Final

from loopflow.logs.distribution import Distribution, Part, Share, Sum
from loopflow.logs.model import Priority
from loopflow.logs.render.json import describe_source, dump

SCHEMA: Final = 1


def render_json(distribution: Distribution) -> str:
    """Return the document, on lines."""
    return dump(_document(distribution))


def _document(distribution: Distribution) -> dict[str, Any]:
    priorities = distribution.sum_by(lambda label: label.priority.word)
    priorities.sort(key=lambda each: -Priority[each.name.upper()])
    return {
        "schema": SCHEMA,
        "sources": [describe_source(source) for source in distribution.sources],
        "encoding": distribution.encoding,
        "complete": distribution.complete,
        "total": {
            "tokens": distribution.tokens,
            "lines": distribution.lines,
            "bytes": sum(source.bytes for source in distribution.sources),
        },
        "priorities": [_sum("priority", each) for each in priorities],
        "components": [_sum("component", each) for each in distribution.sum_by(lambda label: label.component)],
        "recognisers": [_sum("recogniser", each) for each in distribution.sum_by(lambda label: label.recogniser)],
        "templates": [_template(share) for share in distribution.shares],
        "tenths": [_tenth(part) for part in distribution.tenths],
    }


def _sum(kind: str, found: Sum) -> dict[str, Any]:
    return {kind: found.name or None, "tokens": found.tokens, "lines": found.lines}


def _template(share: Share) -> dict[str, Any]:
    label = share.label
    return {
        "priority": label.priority.word,
        "component": label.component or None,
        "recogniser": label.recogniser or None,
        "template": label.template,
        "tokens": share.tokens,
        "lines": share.lines,
        "first": share.first,
    }


def _tenth(part: Part) -> dict[str, Any]:
    by_priority = {priority.word: part.by_priority[priority] for priority in reversed(Priority)}
    return {"first": part.first, "last": part.last, "tokens": part.tokens, "priorities": by_priority}
