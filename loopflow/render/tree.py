"""The hierarchy as a tree of rows, and the tree as lines: whatever draws one starts here.

Where a profile was compared, rows carry what they were before, and what is gone has rows without tokens.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from loopflow.analysis.names import escape_name, path_bytes
from loopflow.model import Delta, Diff, DirectoryStats, Profile
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
    before: int | None = None
    """Tokens before; None for what is new, or where nothing is compared."""
    is_gone: bool = False


@dataclass(slots=True)
class Node:
    """A row and what belongs to it. The tokens of the children add up to those of the row."""

    row: Row
    children: list["Node"] = field(default_factory=list)


def build_tree(profile: Profile, diff: Diff | None = None, *, depth: int | None = None, files: bool = False) -> Node:
    """Return the hierarchy down to `depth` levels below the root, siblings largest first.

    Where a directory's children are shown, its own files are too: each one with `files`, else all in one row.
    """
    nodes: dict[str, Node] = {}
    before = {delta.path: delta.before for delta in diff.directories} if diff else {}
    for stats in _all_directories(profile, diff):
        node = Node(_directory_row(stats, before.get(stats.path)))
        if stats.path == ".":
            nodes[stats.path] = node
        elif depth is None or stats.path.count("/") < depth:
            nodes[stats.path] = node
            nodes[_parent(stats.path)].children.append(node)
    if files:
        _add_files(profile, diff, nodes, depth)
    else:
        _add_own_files(profile, nodes, _own_before(before))
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


def _all_directories(profile: Profile, diff: Diff | None) -> Iterator[DirectoryStats]:
    """Yield the directories there are, and in their places those that are gone."""
    there = {stats.path: stats for stats in profile.directories}
    for path in [delta.path for delta in diff.directories] if diff else there:
        yield there.get(path) or DirectoryStats(path, 0, 0, 0, 0, 0, 0, profile.total.tokens)


def _add_files(profile: Profile, diff: Diff | None, nodes: dict[str, Node], depth: int | None) -> None:
    changed = {delta.path: delta for delta in diff.files} if diff else {}
    rows: list[tuple[str, int | None, Delta | None]] = [
        (file.path, file.tokens, changed.get(file.path)) for file in profile.files
    ]
    rows += [(path, None, delta) for path, delta in changed.items() if delta.after is None]
    for path, tokens, delta in rows:
        parent = nodes.get(_parent(path))
        if parent and (depth is None or path.count("/") < depth):
            row = Row(
                name=escape_name(path.rpartition("/")[2]),
                tokens=tokens or 0,
                total_tokens=profile.total.tokens,
                files=0 if tokens is None else 1,
                parent_tokens=parent.row.tokens,
                before=delta.before if delta else tokens,
                is_gone=tokens is None,
            )
            parent.children.append(Node(row))


def _own_before(before: Mapping[str, int | None]) -> dict[str, int]:
    """Return what the files directly in each directory were, of those that were there."""
    own = {path: tokens for path, tokens in before.items() if tokens is not None}
    for path, tokens in before.items():
        if path != "." and tokens is not None:
            own[_parent(path)] -= tokens
    return own


def _add_own_files(profile: Profile, nodes: dict[str, Node], before: Mapping[str, int]) -> None:
    for stats in profile.directories:
        node = nodes.get(stats.path)
        was = before.get(stats.path)
        if node and node.children and (stats.own_files or was):
            row = Row(
                name=OWN_FILES,
                tokens=stats.own_tokens,
                total_tokens=stats.total_tokens,
                files=stats.own_files,
                parent_tokens=stats.tokens,
                before=was,
                is_gone=not stats.own_files,
            )
            node.children.append(Node(row))


def _directory_row(stats: DirectoryStats, before: int | None) -> Row:
    name = escape_name(stats.path.rpartition("/")[2])
    return Row(
        name=name if name == "." else name + "/",
        tokens=stats.tokens,
        total_tokens=stats.total_tokens,
        files=stats.files,
        parent_tokens=stats.parent_tokens,
        is_directory=True,
        before=before,
        is_gone=not stats.files and stats.path != ".",
    )


def _parent(path: str) -> str:
    return path.rpartition("/")[0] or "."
