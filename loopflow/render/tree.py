"""The hierarchy as a tree of rows, and the tree as lines: whatever draws one starts here."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from loopflow.analysis.names import escape_name, path_bytes
from loopflow.model import DirectoryStats, Profile
from loopflow.render.terminal import Glyphs

OWN_FILES = "(files here)"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a chart."""

    name: str
    tokens: int
    total_tokens: int
    files: int = 1
    parent_tokens: int = 0
    is_directory: bool = False


@dataclass(slots=True)
class Node:
    """A row and what belongs to it. The tokens of the children add up to those of the row."""

    row: Row
    children: list["Node"] = field(default_factory=list)


def build_tree(profile: Profile, *, depth: int | None = None, files: bool = False) -> Node:
    """Return the hierarchy down to `depth` levels below the root, siblings largest first.

    Where a directory's children are shown, its own files are too: each one with `files`, else all in one row.
    """
    nodes: dict[str, Node] = {}
    for stats in profile.directories:
        node = Node(_directory_row(stats))
        if stats.path == ".":
            nodes[stats.path] = node
        elif depth is None or stats.path.count("/") < depth:
            nodes[stats.path] = node
            nodes[_parent(stats.path)].children.append(node)
    if files:
        _add_files(profile, nodes, depth)
    else:
        _add_own_files(profile, nodes)
    for node in nodes.values():
        node.children.sort(key=lambda child: (-child.row.tokens, path_bytes(child.row.name)))
    return nodes["."]


def draw_tree(root: Node, glyphs: Glyphs) -> Iterator[tuple[str, Row]]:
    """Yield each row, depth first, with the part of the tree that is drawn before its name."""
    waiting = [("", "", root)]
    while waiting:
        branch, indent, node = waiting.pop()
        yield branch, node.row
        for place, child in enumerate(reversed(node.children)):
            is_last = place == 0
            below = indent + (glyphs.gap if is_last else glyphs.line)
            waiting.append((indent + (glyphs.last if is_last else glyphs.branch), below, child))


def _add_files(profile: Profile, nodes: dict[str, Node], depth: int | None) -> None:
    for file in profile.files:
        parent = nodes.get(_parent(file.path))
        if parent and (depth is None or file.path.count("/") < depth):
            name = escape_name(file.path.rpartition("/")[2])
            row = Row(name, file.tokens, profile.total.tokens, parent_tokens=parent.row.tokens)
            parent.children.append(Node(row))


def _add_own_files(profile: Profile, nodes: dict[str, Node]) -> None:
    for stats in profile.directories:
        node = nodes.get(stats.path)
        if node and node.children and stats.own_files:
            row = Row(OWN_FILES, stats.own_tokens, stats.total_tokens, stats.own_files, stats.tokens)
            node.children.append(Node(row))


def _directory_row(stats: DirectoryStats) -> Row:
    name = escape_name(stats.path.rpartition("/")[2])
    return Row(
        name=name if name == "." else name + "/",
        tokens=stats.tokens,
        total_tokens=stats.total_tokens,
        files=stats.files,
        parent_tokens=stats.parent_tokens,
        is_directory=True,
    )


def _parent(path: str) -> str:
    return path.rpartition("/")[0] or "."
