"""A spending as a hierarchy that charts can draw: days, sessions in them, then what else tells requests apart."""

from collections.abc import Sequence

from loopflow.charts.hierarchy import Node, Words, add_up
from loopflow.chat.render.usage_words import UNNAMED
from loopflow.chat.spending import Cell, Spending, Sums

_Path = tuple[tuple[str, ...], str, Sums]


def words_of(found: Spending) -> Words:
    """Return how the hierarchy is spoken of: coloured by what tells more apart."""
    return Words(item="request", branch="day", kind="task" if _is_by_task(found) else "model")


def build_days(found: Spending) -> Node:
    """Return the hierarchy."""
    return _build("all", [_path(found, cell) for cell in found.cells], 0)


def list_kinds(found: Spending) -> list[Node]:
    """Return a node for each task or model, the largest first."""
    named = found.tasks if _is_by_task(found) else found.models or [("", found.sums)]
    return [Node(name or UNNAMED, name or UNNAMED, sums.total, sums.requests) for name, sums in named]


def _is_by_task(found: Spending) -> bool:
    return bool(found.tasks) and len(found.models) < 2  # noqa: PLR2004  one model is told from nothing


def _path(found: Spending, cell: Cell) -> _Path:
    labels = [f"{cell.day}"]
    if found.sessions:
        session = found.sessions[cell.session]
        labels.append((session.name or UNNAMED) if found.has_names else f"{found.moment(session.start):%H:%M}")
    if found.tasks:
        labels.append(cell.task or UNNAMED)
    model = cell.model or UNNAMED
    if len(found.models) > 1 or len(labels) == 1:
        labels.append(model)
    return tuple(labels), (cell.task or UNNAMED) if _is_by_task(found) else model, cell.sums


def _build(label: str, paths: Sequence[_Path], depth: int) -> Node:
    below: dict[str, list[_Path]] = {}
    for path in paths:
        below.setdefault(path[0][depth], []).append(path)
    children = []
    for name, found in below.items():
        if depth == len(found[0][0]) - 1:
            children += [Node(name, kind, sums.total, sums.requests) for _, kind, sums in found]
        else:
            children.append(_build(name, found, depth + 1))
    return add_up(label, children)._replace(is_branch=True, children=children)
