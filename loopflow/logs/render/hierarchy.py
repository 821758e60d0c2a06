"""Where the tokens of logs are as a hierarchy that charts can draw: priorities, components, recognisers, templates."""

from typing import Final

from loopflow.charts.hierarchy import Node, Words, add_up
from loopflow.logs.distribution import Distribution, Label, Share

WORDS: Final = Words(item="line", branch="priority", kind="recogniser")
PLAIN: Final = "plain lines"
"""What stands where a recogniser would: the lines are part of no failure."""
BLANK: Final = "(blank)"
REST: Final = "(other lines)"
"""Of more templates than are held."""


def build_hierarchy(distribution: Distribution) -> Node:
    """Return the hierarchy. A level for components is there where some are known."""
    return _build(name_all(distribution), [(_path(share.label), share) for share in distribution.shares])


def list_kinds(distribution: Distribution) -> list[Node]:
    """Return a node for each recogniser, the largest first."""
    sums = distribution.sum_by(lambda label: label.recogniser or PLAIN)
    return [Node(each.name, each.name, each.tokens, each.lines) for each in sums]


def name_all(distribution: Distribution) -> str:
    """Return the name of a log, or how many there are."""
    sources = distribution.sources
    return sources[0].name if len(sources) == 1 else f"{len(sources):,} logs"


def name_template(label: Label) -> str:
    """Return what is shown for the template of a line."""
    return REST if label.template is None else label.template or BLANK


def _path(label: Label) -> tuple[str, ...]:
    above = (label.component,) if label.component else ()
    return (label.priority.word, *above, label.recogniser or PLAIN)


def _build(label: str, entries: list[tuple[tuple[str, ...], Share]]) -> Node:
    """Return the branch with entries, each below the names that are left of its path."""
    leaves = [_leaf(share) for path, share in entries if not path]
    below: dict[tuple[str, bool], list[tuple[tuple[str, ...], Share]]] = {}
    for path, share in entries:
        if path:  # a component may be called as a recogniser is
            below.setdefault((path[0], len(path) == 1), []).append((path[1:], share))
    children = [*(_build(name, inside) for (name, _), inside in below.items()), *leaves]
    return add_up(label, children)._replace(is_branch=True, children=children)


def _leaf(share: Share) -> Node:
    return Node(name_template(share.label), share.label.recogniser or PLAIN, share.tokens, share.lines)
