"""A report as a hierarchy that charts can draw: what it is by from the root down, and models as its leaves."""

from collections.abc import Sequence
from typing import Final

from loopflow.charts.hierarchy import Node, Words, add_up
from loopflow.usage.reporting import Line, Report

UNNAMED: Final = "(not named)"
"""Stands for a model or a source that an entry does not name."""


def make_words(report: Report) -> Words:
    """Return how the hierarchy is spoken of."""
    first = next((name for name in report.by if name != "model"), "model")
    return Words(item="entry", branch=first, kind="model")


def build_hierarchy(report: Report, label: str) -> Node:
    """Return the hierarchy of exact numbers."""
    by = (*(name for name in report.by if name != "model"), "model")
    lines = [line for line in report.lines(by) if line.sums.exact.entries]
    return _build(label, lines, 0, len(by))


def list_models(report: Report) -> list[Node]:
    """Return a node for each model, the largest first."""
    lines = [line for line in report.lines(("model",)) if line.sums.exact.entries]
    return [_leaf(line) for line in sorted(lines, key=lambda line: -line.sums.exact.used)]


def _build(label: str, lines: Sequence[Line], depth: int, most: int) -> Node:
    below: dict[str, list[Line]] = {}
    for line in lines:
        below.setdefault(line.values[depth], []).append(line)
    if depth == most - 1:
        children = [_leaf(line) for found in below.values() for line in found]
    else:
        children = [_build(name or UNNAMED, found, depth + 1, most) for name, found in below.items()]
    return add_up(label, children)._replace(is_branch=True, children=children)


def _leaf(line: Line) -> Node:
    name = line.values[-1] or UNNAMED
    return Node(name, name, line.sums.exact.used, line.sums.exact.entries)
