"""A profile as a hierarchy that charts can draw: directories as branches, files as leaves, file types as kinds.

Where a profile was compared, nodes carry what they were before, and what is gone has nodes without tokens.
"""

from collections import Counter
from collections.abc import Iterator, Mapping

from loopflow.analysis.names import directories_above
from loopflow.charts.hierarchy import Node, Words
from loopflow.charts.tree import Tree, arrange
from loopflow.model import Diff, DirectoryStats, Profile

WORDS = Words(item="file", branch="directory", kind="type", kind_in_full="file type", mark="/", own="(files here)")


def build_tree(profile: Profile, diff: Diff | None = None, *, depth: int | None = None, files: bool = False) -> Tree:
    """Return the rows of a profile's hierarchy."""
    return arrange(build_hierarchy(profile, diff, depth=depth, files=files), WORDS)


def build_hierarchy(
    profile: Profile, diff: Diff | None = None, *, depth: int | None = None, files: bool = False
) -> Node:
    """Return the hierarchy down to `depth` levels below the root, siblings in the order of their bytes.

    Where a directory's children are shown, its own files are too: each one with `files`, else all in one node.
    """
    below: dict[str, list[Node]] = {}
    before = {delta.path: delta.before for delta in diff.directories} if diff else {}
    churn, own_churn = _add_up_changes(diff)
    top: list[Node] = []
    for stats in _all_directories(profile, diff):
        path, is_root = stats.path, stats.path == "."
        if is_root or depth is None or path.count("/") < depth:
            siblings = top if is_root else below[_parent(path)]
            below[path] = []
            siblings.append(
                Node(
                    path.rpartition("/")[2],
                    tokens=stats.tokens,
                    items=stats.files,
                    is_branch=True,
                    before=before.get(path),
                    is_gone=not stats.files and not is_root,
                    churn=churn[path],
                    children=below[path],
                )
            )
    if files:
        _add_files(profile, diff, below, depth)
    else:
        _add_own_files(profile, below, _own_before(before), own_churn)
    return top[0]


def type_nodes(profile: Profile, diff: Diff | None) -> list[Node]:
    """Return the file types, the largest first, and then those that are gone."""
    before = {delta.path: delta.before for delta in diff.types} if diff else {}
    gone = [delta.path for delta in diff.types if delta.after is None] if diff else []
    return [
        *(
            Node(stats.type, stats.type, stats.tokens, stats.files, before=before.get(stats.type))
            for stats in profile.types
        ),
        *(Node(name, name, before=before[name], is_gone=True) for name in gone),
    ]


def _all_directories(profile: Profile, diff: Diff | None) -> Iterator[DirectoryStats]:
    """Yield the directories there are, and in their places those that are gone."""
    there = {stats.path: stats for stats in profile.directories}
    for path in [delta.path for delta in diff.directories] if diff else there:
        yield there.get(path) or DirectoryStats(path, 0, 0, 0, 0, 0, 0, profile.total.tokens)


def _add_files(profile: Profile, diff: Diff | None, below: Mapping[str, list[Node]], depth: int | None) -> None:
    changed = {delta.path: delta for delta in diff.files} if diff else {}
    for path, type_name, tokens, *_ in profile.files:
        parent, _, name = path.rpartition("/")
        siblings = below.get(parent or ".")
        if siblings is None or (depth is not None and path.count("/") >= depth):
            continue
        delta = changed.get(path)
        was = delta.before if delta else tokens if diff else None
        siblings.append(Node(name, type_name, tokens, 1, before=was, churn=abs(delta.change) if delta else 0))
    for path, delta in changed.items():
        siblings = below.get(_parent(path))
        if delta.after is None and siblings is not None and (depth is None or path.count("/") < depth):
            name = path.rpartition("/")[2]
            siblings.append(Node(name, before=delta.before, is_gone=True, churn=abs(delta.change)))


def _add_up_changes(diff: Diff | None) -> tuple[Counter[str], Counter[str]]:
    """Return what files gained or lost, all of it added up: those in and below each directory, and those in it."""
    below: Counter[str] = Counter()
    own: Counter[str] = Counter()
    for delta in diff.files if diff else ():
        own[_parent(delta.path)] += abs(delta.change)
    for path, change in own.items():
        below["."] += change
        if path != ".":
            for place in directories_above(f"{path}/"):
                below[place[:-1]] += change
    return below, own


def _own_before(before: Mapping[str, int | None]) -> dict[str, int]:
    """Return what the files directly in each directory were, of those that were there."""
    own = {path: tokens for path, tokens in before.items() if tokens is not None}
    for path, tokens in before.items():
        if path != "." and tokens is not None:
            own[_parent(path)] -= tokens
    return own


def _add_own_files(
    profile: Profile, below: Mapping[str, list[Node]], before: Mapping[str, int], churn: Mapping[str, int]
) -> None:
    for stats in profile.directories:
        siblings, was = below.get(stats.path), before.get(stats.path)
        if siblings and (stats.own_files or was):
            is_gone = not stats.own_files
            own = Node(
                WORDS.own, "", stats.own_tokens, stats.own_files, before=was, is_gone=is_gone, churn=churn[stats.path]
            )
            siblings.append(own)


def _parent(path: str) -> str:
    return path.rpartition("/")[0] or "."
