"""A survey as JSON: `docs/reference/agents.schema.json` describes it. Names are as they are; nothing is rounded."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from loopflow.agents.model import (
    NOT_COUNTED,
    AgentsReport,
    AgentSurvey,
    Finding,
    Grown,
    Load,
    Lost,
    Part,
    Place,
    Repeat,
    Ruling,
    Section,
    Server,
)
from loopflow.agents.render.words import MOST_SHOWN

SCHEMA = 1


def render_json(report: AgentsReport) -> Iterator[str]:
    """Yield the document. It is ASCII, whatever names are in it."""
    survey = report.survey
    document = {
        "schema": SCHEMA,
        "source": {"kind": survey.source.get("kind"), "rev": survey.source.get("rev")},
        "counter": survey.encoding,
        "window": survey.window - survey.window // 4,
        "agents": [_agent(agent) for agent in survey.agents],
        "lost": [_lost(row) for row in survey.lost],
        "parts": [_part(part) for _, part in sorted(survey.parts.items())],
        "repeats": [_repeat(row) for row in survey.repeats],
        "findings": [_finding(row) for row in survey.findings],
        "tools": [_server(server) for server in survey.servers],
        "compared": _compared(report),
        "verdicts": [_ruling(ruling) for ruling in report.rulings],
        "complete": not survey.gaps,
        "not_counted": NOT_COUNTED,
    }
    yield json.dumps(document, indent=1) + "\n"


def name(text: str) -> str:
    """Return a name as JSON can hold it: bytes that are not UTF-8 become U+FFFD."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _short(text: str) -> str:
    shown = name(text)
    return shown if len(shown) <= MOST_SHOWN else f"{shown[:MOST_SHOWN]}…"


def _agent(agent: AgentSurvey) -> dict[str, Any]:
    return {
        "name": name(agent.name),
        "title": name(agent.title),
        "facts": agent.facts,
        "places": [_place(place) for place in agent.places],
        "uses": [_load(load) for load in agent.uses],
    }


def _place(place: Place) -> dict[str, Any]:
    return {
        "directory": name(place.directory) or ".",
        "start": place.start,
        "files": place.files,
        "here": place.here,
        "lost": place.lost,
        "loads": [_load(load) for load in place.loads],
    }


def _load(load: Load) -> dict[str, Any]:
    row: dict[str, Any] = {
        "path": name(load.part.path),
        "kind": load.part.kind.value,
        "when": load.when.value,
        "tokens": load.tokens,
    }
    if load.part.name:
        row["name"] = _short(load.part.name)
    if load.globs:
        row["globs"] = [_short(each) for each in load.globs]
    if load.through:
        row["through"] = [name(each) for each in load.through]
    if load.kept is not None:
        row["kept"] = {"bytes": load.kept.bytes}
    return row


def _part(part: Part) -> dict[str, Any]:
    return {
        "path": name(part.path),
        "kind": part.kind.value,
        "name": _short(part.name),
        "tokens": part.tokens,
        "characters": part.characters,
        "bytes": part.bytes,
        "lossy": part.lossy,
        "sections": [_section(section) for section in part.sections],
    }


def _section(section: Section) -> dict[str, Any]:
    return {
        "line": section.line,
        "level": section.level,
        "title": _short(section.title),
        "tokens": section.tokens,
    }


def _lost(row: Lost) -> dict[str, Any]:
    return {
        "agent": name(row.agent),
        "directory": name(row.directory) or ".",
        "path": name(row.path),
        "of": row.what,
        "unit": row.unit,
        "limit": row.limit,
        "kept": row.kept,
        "lost": row.lost,
        "tokens": row.tokens,
        "first_line": row.first_line,
        "sections": [_short(each) for each in row.sections],
    }


def _repeat(row: Repeat) -> dict[str, Any]:
    return {
        "agent": name(row.agent) or None,
        "directory": name(row.directory) or ".",
        "tokens": row.tokens,
        "first": {"path": name(row.first), "line": row.first_line},
        "second": {"path": name(row.second), "line": row.second_line},
    }


def _finding(row: Finding) -> dict[str, Any]:
    return {
        "code": row.code,
        "path": name(row.path),
        "line": row.line,
        "agent": name(row.agent) or None,
        "message": _short(row.message),
        "gap": row.is_gap,
    }


def _server(server: Server) -> dict[str, Any]:
    return {
        "path": name(server.path),
        "server": _short(server.server) or None,
        "tokens": server.tokens,
        "names": server.names,
        "not_sent": sum(tool.not_sent for tool in server.tools),
        "tools": [
            {
                "name": _short(tool.name),
                "tokens": tool.tokens,
                "description": tool.description,
                "schema": tool.schema,
                "not_sent": tool.not_sent,
            }
            for tool in server.tools
        ],
    }


def _compared(report: AgentsReport) -> dict[str, Any] | None:
    compared = report.compared
    if compared is None:
        return None
    rows: Sequence[tuple[str, int | None, int | None]] = compared.rows
    return {
        "start": name(compared.start),
        "rows": [{"name": name(of), "before": before, "after": after} for of, before, after in rows],
    }


def _ruling(ruling: Ruling) -> dict[str, Any]:
    return {
        "rule": name(ruling.rule),
        "part": ruling.part,
        "limits": ruling.scope,
        "status": ruling.status,
        "limit": ruling.limit,
        "value": ruling.value,
        "before": ruling.before,
        "unit": ruling.unit,
        "subject": name(ruling.subject),
        "config": name(ruling.config) or None,
        "note": name(ruling.note) or None,
        "grown": _grown(ruling.grown),
        "over": [{"name": name(of), "value": value} for of, value in ruling.over],
    }


def _grown(grown: Grown | None) -> dict[str, Any] | None:
    if grown is None:
        return None
    return {"path": name(grown.path), "line": grown.line, "title": _short(grown.title), "tokens": grown.tokens}
