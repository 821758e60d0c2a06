"""A Code Quality report for GitLab, which shows in a merge request what it adds and what it resolves.

https://docs.gitlab.com/ci/testing/code_quality/ describes the format, `docs/reference/gitlab.schema.json` what of it is
used. GitLab tells by the fingerprint whether a fault is new: it is made of the rule, of what the rule limits and of the
file, never of a number, so that a limit which stays exceeded is one fault for as long as it lasts.
"""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from loopflow.analysis.names import escape_name, path_bytes
from loopflow.model import Report, Status
from loopflow.render.findings import Finding, find_faults

_SEVERITIES = {Status.FAIL: "major", Status.WARN: "minor", Status.INHERITED: "info"}
_SOMEWHERE = "loopflow.toml"
"""The place of a limit of which nobody knows where it is written: GitLab wants one."""


def render_gitlab(report: Report) -> Iterator[str]:
    """Yield the document in pieces, a line for each fault. It is ASCII, whatever names are in it."""
    opening = "["
    for fault in find_faults(report):
        yield f"{opening}\n {json.dumps(_issue(fault))}"
        opening = ","
    yield "[]\n" if opening == "[" else "\n]\n"


def _issue(fault: Finding) -> dict[str, Any]:
    key = b"\0".join(map(path_bytes, fault.key))
    return {
        "description": "; ".join(filter(None, (fault.text, fault.held_to))),
        "check_name": f"code-context: {fault.name}",
        "fingerprint": hashlib.sha256(key).hexdigest(),
        "severity": _SEVERITIES[fault.status],
        "location": {"path": escape_name(fault.path or _SOMEWHERE), "lines": {"begin": fault.line}},
    }
