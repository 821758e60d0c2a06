"""How limits were kept, as text and as JSON."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from loopflow.analysis.names import escape_name
from loopflow.charts.numbers import plural
from loopflow.charts.terminal import Terminal, wrap
from loopflow.chat.health import Finding, Health
from loopflow.chat.render.profile_data import dump

SCHEMA: Final = 1
_ROWS: Final = 10
_LONGEST: Final = 60
_INDENT: Final = 4


def render_text(found: Health, terminal: Terminal) -> Iterator[str]:
    """Yield lines without line ends: a rule each, with what breaks it."""
    if not found.is_recorded:
        return
    for each in found.findings:
        word = "well  " if each.is_well else terminal.palette.warning("BROKEN")
        yield f"{word}  {each.rule}: {plural(each.events, 'event')}"
        yield from _indented(each.sentence, terminal)
        for row in each.rows[:_ROWS]:
            yield from _indented(_tell(each, row), terminal)
        if len(each.rows) > _ROWS:
            yield from _indented(f"and {plural(len(each.rows) - _ROWS, 'more row')}", terminal)


def _indented(text: str, terminal: Terminal) -> list[str]:
    lines = wrap(text, terminal.width - _INDENT, terminal.glyphs) if terminal.width else [text]
    return [f"{' ' * _INDENT}{line}" for line in lines]


def _tell(finding: Finding, row: tuple[Any, ...]) -> str:
    return ", ".join(f"{name} {_show(value)}" for name, value in zip(finding.columns, row, strict=True))


def _show(value: object) -> str:
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
    text = str(value).partition(".000000")[0]
    return (escape_name(text[:_LONGEST]) or "(not named)") + ("..." if len(text) > _LONGEST else "")


def render_json(found: Health, since: datetime) -> str:
    """Return the document that docs/reference/chat-health.schema.json describes."""
    document = {
        "schema": SCHEMA,
        "since": f"{since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "state": _state(found),
        "events": dict(found.counts),
        "rules": [
            {
                "rule": each.rule,
                "well": each.is_well,
                "sentence": each.sentence,
                "events": each.events,
                "broken": [_row(each, row) for row in each.rows],
            }
            for each in found.findings
        ],
    }
    return dump(document)


def _state(found: Health) -> str:
    if not found.is_recorded:
        return "nothing recorded"
    return "well" if found.is_well else "broken"


def _row(finding: Finding, row: tuple[Any, ...]) -> dict[str, Any]:
    return {name: _cell(value) for name, value in zip(finding.columns, row, strict=True)}


def _cell(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(sep=" ", timespec="microseconds").removesuffix("+00:00")
    return int(value) if isinstance(value, Decimal) else value
