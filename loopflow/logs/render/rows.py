"""What the forms of a digest say of a failure, beside its lines."""

from collections.abc import Sequence
from typing import Final

from loopflow.logs.model import Digest, Outcome, Priority
from loopflow.logs.render.visible import show_line
from loopflow.logs.shapes import LONGEST_HEADLINE, describe_lines

SHOWN: Final = (Priority.CRITICAL, Priority.HIGH)
"""What is named among failures; what matters less is in the digest, where there is room."""


def name_logs(digest: Digest) -> str:
    """Return what the digest is of."""
    names = [show_line(source.name) for source in digest.sources]
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1:,} more"


def rank_failures(digest: Digest) -> list[Outcome]:
    """Return failures that matter, the most important first, each priority in the order of the log."""
    found = [each for each in digest.outcomes if each.failure.block.priority in SHOWN]
    return sorted(found, key=lambda each: -each.failure.block.priority)


def describe_range(outcome: Outcome, digest: Digest) -> str:
    """Return the lines of a failure, as a digest writes them but for the letter."""
    span = outcome.failure.block.span
    return describe_lines(span.first, span.last, span.file if len(digest.sources) > 1 else None)


def headline(outcome: Outcome, most: int = LONGEST_HEADLINE) -> str:
    """Return the line that says why, shortened."""
    block = outcome.failure.block
    text = show_line(block.lines[block.headline].text.strip())
    return text if len(text) <= most else f"{text[:most]}…"


def describe_numbers(digest: Digest, after: int | None, limit: int | None) -> str:
    """Return how large the logs are, and what became of their tokens."""
    lines = sum(source.lines for source in digest.sources)
    before = digest.tokens_before
    size = f"{lines:,} line{'' if lines == 1 else 's'}"
    size += f", {before:,} tokens" if before is not None else ", tokens not counted"
    if after is not None:
        size += f" -> {after:,}" + (f" of {limit:,}" if limit is not None else "")
        size += f" ({100 - 100 * after / before:.1f} % less)" if before and after < before else ""
    return size


def describe_remarks(digest: Digest) -> Sequence[str]:
    """Return remarks on the logs, if there are any."""
    remarks = []
    if any(source.lossy for source in digest.sources):
        remarks.append("not all of it is UTF-8")
    if not all(source.complete for source in digest.sources):
        remarks.append("it became shorter while it was read")
    return remarks
