"""Annotations for GitHub: workflow commands that its runner finds in a log and shows beside the code of a change.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands says how they are written. Of each
kind a step may make ten; what is over ten would be dropped without a word, so the tenth says how many there are.
"""

from collections import Counter
from collections.abc import Iterator, Sequence

from loopflow.analysis.names import escape_name
from loopflow.model import Report
from loopflow.render.findings import Finding, find_faults
from loopflow.render.workflow import MOST, write_command

_NAMED = 3


def render_github(report: Report) -> Iterator[str]:
    """Yield an error for everything that fails, and a warning for the rest; nothing if all is well."""
    faults = find_faults(report)
    yield from _annotate("error", [fault for fault in faults if fault.is_failure])
    yield from _annotate("warning", [fault for fault in faults if not fault.is_failure])


def _annotate(command: str, faults: Sequence[Finding]) -> Iterator[str]:
    shown = faults if len(faults) <= MOST else faults[: MOST - 1]
    for fault in shown:
        place = {} if fault.path is None else {"file": escape_name(fault.path), "line": str(fault.line)}
        message = "\n".join((fault.text, *fault.details))
        yield write_command(command, place | {"title": f"Tokens: {fault.name}"}, message)
    if rest := faults[len(shown) :]:
        names = Counter(fault.name for fault in rest).most_common(_NAMED)
        of_what = "; ".join(f"{number:,} of {name}" for name, number in names)
        yield write_command(command, {"title": "Tokens"}, f"and {len(rest):,} more: {of_what}")
