"""Failures made by hand, as they are before anything is known of the rest of the log."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from loopflow.logs.found import Found, Part
from loopflow.logs.keys import Trait
from loopflow.logs.lines import Lines, Origin
from loopflow.logs.model import Block, LogLine, Priority, Span
from loopflow.logs.pool import Entry
from loopflow.logs.rules import make_rules
from loopflow.logs.signatures import make_signature, weighted_lines

RULES = make_rules([])[-1]
"""Those of the generic recogniser."""

WEIGHTS = {Priority.CRITICAL: 100, Priority.HIGH: 40, Priority.MEDIUM: 8, Priority.LOW: 1, Priority.VERBOSE: 0}


def found_of(texts: Sequence[str], first: int = 1, weights: Sequence[int] = (100,), file: int = 0) -> Found:
    """Return a block that begins with line `first`; lines without a weight of their own weigh nothing."""
    count = len(texts)
    traits = [Trait(weight) for weight in (*weights, *[0] * count)][:count]
    starts = [10 * (first + at) for at in range(count + 1)]
    lines = Lines([text.encode() for text in texts], traits, Origin(first, range(count), starts, 0))
    return Found(RULES, file, "", "", "", [Part(lines, at) for at in range(count)])


def block_of(
    texts: Sequence[str],
    first: int = 1,
    headline: int = 0,
    priority: Priority = Priority.CRITICAL,
    **changes: Any,  # noqa: ANN401  fields of a block
) -> Block:
    """Return a block that begins with line `first`; its headline alone weighs what makes its priority."""
    weights = [WEIGHTS[priority] if at == headline else 0 for at in range(len(texts))]
    lines = tuple(LogLine(first + at, text, weights[at]) for at, text in enumerate(texts))
    span = Span(0, first, first + len(texts) - 1, 10 * first, 10 * (first + len(texts)))
    return replace(Block(span, lines, headline, "generic", priority), **changes)


def entry_of(block: Block, count: int = 1) -> Entry:
    """Return the failure of a block, which happened so many times."""
    masked = tuple(weighted_lines(block))
    entry = Entry(make_signature(block, masked), block, masked)
    entry.count = count
    return entry
