"""What holds for a run, as TOML with the origin of each value behind it."""

import json
from collections.abc import Iterator

from loopflow.analysis.names import escape_name
from loopflow.analysis.raised import format_limit
from loopflow.config import Config
from loopflow.model import Rule, Scope


def render_config(config: Config) -> Iterator[str]:
    """Yield lines without line ends."""
    values = {
        "encoding": config.encoding,
        "include": config.include,
        "exclude": config.exclude,
        "against": config.against,
        "baseline": config.baseline,
    }
    for key, value in values.items():
        shown = "# not set" if value is None else json.dumps(value)
        start = f"# {key} is not set" if value is None else f"{key} = {shown}"
        yield f"{start}  # {config.origins.get(key, 'default')}"
    for rule in config.rules:
        yield ""
        yield from _rule(rule)


def _rule(rule: Rule) -> Iterator[str]:
    if rule.is_whole:
        yield "[budget]"
    else:
        yield "[[rule]]"
        yield f"name = {json.dumps(rule.name)}{_origin(rule, 'name')}"
        for key in ("paths", "types"):
            if getattr(rule, key):
                yield f"{key} = {json.dumps(getattr(rule, key))}{_origin(rule, key)}"
    for scope in Scope:
        limit = getattr(rule, scope.value)
        if limit is not None:
            text = format_limit(limit).replace(",", "_")
            yield f"{scope} = {json.dumps(text) if '%' in text else text}{_origin(rule, scope.value)}"
    yield f'warn = "{float(rule.warn * 100):g}%"{_origin(rule, "warn")}'
    yield f'level = "{rule.level}"{_origin(rule, "level")}'


def _origin(rule: Rule, key: str) -> str:
    place = rule.places.get(key)
    if place is None:
        return "  # default"
    return f"  # {escape_name(place.file)}" + (f":{place.line}" if place.line else "")
