"""What is not kept, beside the line that it is about: annotations for GitHub, Code Quality for GitLab.

A limit points at the heading that grew most; a text that is cut at its first line that does not arrive. Forms and
limits are those of render/github.py and render/gitlab.py.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence

from loopflow.agents.model import AgentsReport, Finding, Ruling
from loopflow.agents.render.words import describe_details, describe_finding, describe_ruling, not_ok, show
from loopflow.analysis.names import escape_name, path_bytes
from loopflow.render.workflow import MOST, write_command, write_commands

_SEVERITIES = {"fail": "major", "warn": "minor", "inherited": "info"}
_SOMEWHERE = "loopflow.toml"


def render_github(report: AgentsReport) -> Iterator[str]:
    """Yield an error for everything that fails, and a warning for the rest; nothing if all is well.

    What this change did not add to says nothing: nobody should be told of what somebody else did.
    """
    rulings = [ruling for ruling in not_ok(report) if ruling.status == "fail" or _is_news(ruling)]
    yield from _annotate("error", [ruling for ruling in rulings if ruling.status == "fail"])
    yield from _annotate("warning", [ruling for ruling in rulings if ruling.status != "fail"])
    if not report.is_checked:
        yield from _annotate_findings(report.survey.findings)


def _is_news(ruling: Ruling) -> bool:
    """Whether a warning is about something that the change added to."""
    has_grown = ruling.value > (0 if ruling.scope == "growth" else ruling.before or 0)
    return ruling.status == "warn" and (has_grown or ruling.before is None or bool(ruling.note))


def _annotate(command: str, rulings: Sequence[Ruling]) -> Iterator[str]:
    found = []
    for ruling in rulings:
        path, line = _place(ruling)
        message = "\n".join((describe_ruling(ruling), *describe_details(ruling)))
        properties = {"file": escape_name(path), "line": str(line), "title": f"Agents: {show(ruling.rule)}"}
        found.append((properties, message))
    yield from write_commands(command, "Agents", found)


def _annotate_findings(findings: Sequence[Finding]) -> Iterator[str]:
    for finding in findings[:MOST]:
        properties = {"file": escape_name(finding.path), "line": str(finding.line), "title": "Agents"}
        yield write_command("notice", properties, describe_finding(finding))


def _place(ruling: Ruling) -> tuple[str, int]:
    if ruling.grown is not None:
        return ruling.grown.path, ruling.grown.line
    file, _, line = ruling.config.rpartition(":")
    return (file, int(line)) if line.isdecimal() else (ruling.config or _SOMEWHERE, 1)


def render_gitlab(report: AgentsReport) -> Iterator[str]:
    """Yield the document in pieces, a line for each fault. It is ASCII, whatever names are in it."""
    opening = "["
    for ruling in not_ok(report):
        path, line = _place(ruling)
        key = b"\0".join(map(path_bytes, (ruling.rule, ruling.scope, ruling.subject)))
        issue = {
            "description": describe_ruling(ruling),
            "check_name": f"loopflow agents: {show(ruling.rule)}",
            "fingerprint": hashlib.sha256(key).hexdigest(),
            "severity": _SEVERITIES[ruling.status],
            "location": {"path": escape_name(path), "lines": {"begin": line}},
        }
        yield f"{opening}\n {json.dumps(issue)}"
        opening = ","
    yield "[]\n" if opening == "[" else "\n]\n"
