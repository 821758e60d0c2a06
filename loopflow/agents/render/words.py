"""Sentences that more than one form says."""

from collections.abc import Iterator, Sequence

from loopflow.agents.model import NOT_COUNTED, ROOT, AgentsReport, Finding, Lost, Repeat, Ruling, Server
from loopflow.agents.specs import SPECS
from loopflow.analysis.names import escape_name
from loopflow.charts.numbers import plural

_NAMED = 3
MOST_SHOWN = 200
"""Characters of a stranger's text."""
EMPTY = "no agent reads anything here: there is no AGENTS.md, no CLAUDE.md, and no other file of an agent"
LEFT_OUT = f"Not counted: {NOT_COUNTED}."


def title_of(agent: str) -> str:
    """Return what an agent is called."""
    return SPECS[agent].title if agent in SPECS else escape_name(agent)


def show(text: str) -> str:
    """Return a stranger's text, escaped and not too long."""
    return escape_name(text[:MOST_SHOWN]) + ("…" if len(text) > MOST_SHOWN else "")


def name_directory(directory: str) -> str:
    """Return a directory as it is shown."""
    return f"{escape_name(directory)}/" if directory else ROOT


def describe_lost(row: Lost) -> str:
    """Say what does not arrive of a text, and why."""
    if row.what == "listing":
        over = f"the listing of skills is {row.lost:,} {row.unit} over its {row.limit:,}"
        return f"{over}: descriptions are left out, those used least first"
    if row.what == "description":
        part = f"{row.lost:,} of its {row.limit + row.lost:,} {row.unit}"
        return f"the description of {show(row.name)}: {part}, limit {row.limit:,}"
    if row.what in {"tool", "server"}:
        whose = f"the description of {show(row.name)}" if row.what == "tool" else "the server's instructions"
        return f"{whose}: {row.lost:,} of {row.limit + row.lost:,} bytes, {row.tokens:,} tokens, limit {row.limit:,}"
    tokens = f", {row.tokens:,} tokens" if row.tokens else ""
    what = f"{row.lost:,} {row.unit}{tokens}"
    if row.what == "file" and not row.kept:
        return f"{what}: all of it, limit {row.limit:,} {row.unit} of a file"
    of = "of the chain" if row.what == "chain" else "of a file"
    whole = "all of it" if row.first_line == 1 and not row.kept else f"from line {row.first_line} on"
    return f"{what}: {whole}, limit {row.limit:,} {row.unit} {of}"


def describe_server(server: Server) -> str:
    """Say what the tools of a server cost."""
    descriptions = sum(tool.description for tool in server.tools)
    schemas = sum(tool.schema for tool in server.tools)
    unsent = sum(tool.not_sent for tool in server.tools)
    what = f"{server.tokens:,} tokens in {plural(len(server.tools), 'tool')}"
    return f"{what}: descriptions {descriptions:,}, schemas {schemas:,}; not sent {unsent:,}"


def worst_losses(rows: Sequence[Lost]) -> list[Lost]:
    """Return each text that is cut once, at the place where most of it is."""
    found: dict[tuple[str, str, str, str], Lost] = {}
    for row in rows:
        key = (row.agent, row.path, row.what, row.name)
        if key not in found or found[key].lost < row.lost:
            found[key] = row
    return sorted(found.values(), key=lambda row: (-row.tokens, -row.lost, row.path))


def describe_finding(finding: Finding) -> str:
    """Say what a finding is."""
    return f"{show(finding.message)}" + (f"; {show(finding.hint)}" if finding.hint else "")


def describe_repeat(repeat: Repeat) -> str:
    """Say what is there twice."""
    where = f"{escape_name(repeat.first)}:{repeat.first_line} and {escape_name(repeat.second)}:{repeat.second_line}"
    if not repeat.agent:
        return f"{where}: the same text in both, {repeat.tokens:,} tokens"
    return f"{where}: {repeat.tokens:,} tokens, loaded twice by {title_of(repeat.agent)}"


def name_subject(name: str, part: str) -> str:
    """Return what a measure is about, in words."""
    agent, _, rest = name.partition("/")
    if part in {"start", "files", "here"}:
        return f"{title_of(agent)} in {'the root' if rest == ROOT else name_directory(rest)}"
    if part == "tools":
        return show(name)
    return f"{show(rest)} for {title_of(agent)}"


def describe_ruling(ruling: Ruling) -> str:
    """Return on one line which limit it is about, and how it is kept."""
    name = f"{show(ruling.rule)}, {ruling.scope}"
    if ruling.part == "lost":
        before = "" if ruling.before is None else f", {ruling.value - ruling.before:+,} with this change"
        before = ", not by this change" if ruling.status == "inherited" else before
        subject = name_subject(ruling.subject, ruling.part)
        return f"{show(ruling.rule)}: {subject} loses {ruling.value:,} {ruling.unit}{before}"
    if ruling.note or ruling.limit is None:
        return f"{name}: {show(ruling.note)}"
    called = name_subject(ruling.subject, ruling.part) if ruling.subject else ""
    subject = f"{called} has " if called and ruling.scope != "growth" else ""
    value = f"{ruling.value:,}" if ruling.scope != "growth" else f"{called} {ruling.value:+,}"
    over = ruling.value - ruling.limit
    held = f"{over:,} more than the limit of {ruling.limit:,}" if over > 0 else f"limit {ruling.limit:,}"
    inherited = ", but not by this change" if ruling.status == "inherited" else ""
    return f"{name}: {subject}{value} {ruling.unit}, {held}{inherited}"


def describe_details(ruling: Ruling) -> Iterator[str]:
    """Yield what else is to be said of a ruling that is not kept."""
    if ruling.part == "lost" and ruling.grown:
        yield f"from {escape_name(ruling.grown.path)}:{ruling.grown.line} on nothing arrives"
    elif ruling.grown and ruling.grown.tokens:
        under = f" ({show(ruling.grown.title)})" if ruling.grown.title else ""
        yield f"grown most: {escape_name(ruling.grown.path)}:{ruling.grown.line}{under} {ruling.grown.tokens:+,}"
    others = len(ruling.over) + ruling.more - 1
    if others > 0:
        named = ", ".join(f"{name_subject(name, ruling.part)} {value:,}" for name, value in ruling.over[1 : _NAMED + 1])
        has = "has" if others == 1 else "have"
        yield f"so {has} {plural(others, 'other')}: {named}" + (", …" if others > _NAMED else "")
    if ruling.config:
        yield f"the limit is written in {escape_name(ruling.config)}"


def not_ok(report: AgentsReport) -> list[Ruling]:
    """Return the rulings that are worth a line, the worst first."""
    order = {"fail": 0, "warn": 1, "inherited": 2}
    return sorted((each for each in report.rulings if each.status in order), key=lambda each: order[each.status])
