"""The hierarchy as a tree of rows, and the tree as lines: whatever draws one starts here.

Where a profile was compared, rows carry what they were before, and what is gone has rows without tokens.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from loopflow.analysis.names import escape_name, path_bytes
from loopflow.charts.terminal import Glyphs
from loopflow.model import Delta, Diff, DirectoryStats, Profile

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
    for stats in all_directories(profile, diff):
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


def keep_largest(root: Node, number: int) -> tuple[Node, int]:
    """Return the tree with its `number` largest rows, and how many are left out.

    What is left out beside others becomes one row, so that they still add up. A row is never larger than the one it
    belongs to, so the largest rows hang together.
    """
    nodes = list(_walk(root))
    if len(nodes) <= number:
        return root, 0
    kept = {id(node) for node in sorted(nodes, key=lambda node: -node.row.tokens)[:number]}  # a stable sort
    copies = {id(root): Node(root.row)}
    left_out = len(nodes)
    for node in nodes:
        if id(node) not in copies:
            continue
        left_out -= 1
        stay: list[Node] = []
        rest: list[Node] = []
        for child in node.children:
            (stay if id(child) in kept else rest).append(child)
        if len(rest) == 1 and not rest[0].children:  # a row that says "1 more" takes no less room
            stay, rest = node.children, []
        for child in stay:
            copies[id(child)] = Node(child.row)
            copies[id(node)].children.append(copies[id(child)])
        if rest and stay:
            copies[id(node)].children.append(Node(_sum_up([child.row for child in rest])))
    return copies[id(root)], left_out


def _walk(root: Node) -> Iterator[Node]:
    waiting = [root]
    while waiting:
        node = waiting.pop()
        yield node
        waiting += reversed(node.children)


def _sum_up(rows: Sequence[Row]) -> Row:
    was = [row.before for row in rows if row.before is not None]
    return Row(
        name=f"({len(rows):,} more)",
        tokens=sum(row.tokens for row in rows),
        total_tokens=rows[0].total_tokens,
        files=sum(row.files for row in rows),
        parent_tokens=rows[0].parent_tokens,
        before=sum(was) if was else None,
        is_gone=all(row.is_gone for row in rows),
    )


def all_directories(profile: Profile, diff: Diff | None) -> Iterator[DirectoryStats]:
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
