"""What failed and what to do about it, and nothing else: all that a hook prints."""

from collections.abc import Iterator

from loopflow.charts.terminal import Terminal
from loopflow.model import Judgement, Report
from loopflow.render.words import describe_failure


def render_failures(report: Report, terminal: Terminal) -> Iterator[str]:
    """Yield what failed and what to do about it, with what this change did to the rules; nothing if all is well."""
    judgement = report.judgement
    if judgement is None or not judgement.failed:
        return
    for number, verdict in enumerate(judgement.failed):
        first, *rest = describe_failure(verdict, report)
        if number:
            yield ""
        yield terminal.palette.warning(first)
        yield from (f"  {line}" for line in rest)
    yield from render_remarks(judgement)


def render_remarks(judgement: Judgement) -> Iterator[str]:
    """Yield what this change did to the rules that it is judged by."""
    if judgement.remarks:
        yield ""
        yield from judgement.remarks
