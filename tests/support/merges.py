"""What a merge adds, told a second time and another way: by really merging in a clone, and by plain loops.

It knows the definition (docs/decisions/0019-what-a-change-adds.md) and nothing of the code that it is held against.
"""

import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

Count = Callable[[str], int]
Tree = dict[str, str]

_MERGE = ["-c", "merge.conflictStyle=merge", "-c", "merge.renames=true", "-c", "merge.directoryRenames=true"]


class Definition:
    """Says what was written in the tree of a commit that came from several others."""

    def __init__(self, root: Path, scratch: Path, count: Count) -> None:
        self._root = root
        self._scratch = scratch
        self._count = count

    def own(self, commit: str, tips: Sequence[str]) -> dict[str, int]:
        """Return the tokens that were written into each file, of those into which something was; moves are left out."""
        now = self._tree(commit)
        trees = [self._tree(tip) for tip in tips]
        paths = {path for tree in (now, *trees) for path in tree}
        written = [path for path in sorted(paths) if all(tree.get(path) != now.get(path) for tree in trees)]
        if not written:
            return {}
        automatic, conflicts = self._merge(tips)
        written = [path for path in written if path in conflicts or automatic.get(path) != self._text(now, path)]
        written = self._without_moves(written, now, trees)
        found = {path: self._own(path, now, trees, automatic, conflicts) for path in written}
        return {path: tokens for path, tokens in found.items() if tokens}

    def _without_moves(self, written: list[str], now: Tree, trees: list[Tree]) -> list[str]:
        left = [(path, blob) for tree in trees for path, blob in tree.items() if path not in now]
        free = dict.fromkeys(left)
        stay, moved = [], set()
        for path in written:
            is_new = path in now and not any(path in tree for tree in trees) and self._text(now, path)
            old = next((each for each in free if each[1] == now[path]), None) if is_new else None
            if old is None:
                stay.append(path)
            else:
                free = {each: None for each in free if each[0] != old[0]}
                moved.add(old[0])
        return [path for path in stay if path not in moved]

    def _own(
        self, path: str, now: Tree, trees: list[Tree], automatic: dict[str, str], conflicts: dict[str, list[str]]
    ) -> int:
        versions = [text for tree in trees if (text := self._text(tree, path)) is not None]
        merged = automatic.get(path)
        if path not in now:
            is_everywhere = len(versions) == len(trees) and merged is not None and path not in conflicts
            return -self._count(merged or "") if is_everywhere else 0
        text = self._text(now, path)
        if text is None:
            return 0
        sources = list(versions)
        if path in conflicts:
            listed = [self._show(blob, cwd=self._scratch) for blob in conflicts[path]]
            sources += [each for each in listed if each is not None]
            if merged is not None:
                both, ours, theirs = _resolve(merged)
                sources += [ours, theirs]
                merged = both
            # Between markers git ends each line, so that a last one without an end is told apart from itself.
            text, sources = _end(text), [_end(source) for source in sources]
        ordered = ([merged] if merged is not None else []) + sources
        lines = _lines(text)
        most = {line: max([_lines(source).count(line) for source in ordered], default=0) for line in lines}
        added = "".join(_leave(lines, most))
        dropped = ""
        if merged is not None:
            nearest = min(ordered, key=lambda source: self._distance(text, source))
            shared = Counter(_lines(nearest)) & Counter(_lines(merged))
            kept = []
            for line in _lines(nearest):
                if shared[line]:
                    shared[line] -= 1
                    kept.append(line)
            dropped = "".join(_leave(kept, dict(Counter(lines))))
        tokens = self._count(added) - self._count(dropped)
        return max(tokens, 0) if path in conflicts else tokens

    def _distance(self, text: str, source: str) -> int:
        ours, theirs = Counter(_lines(text)), Counter(_lines(source))
        return sum(self._count("".join(each.elements())) for each in (ours - theirs, theirs - ours))

    def _merge(self, tips: Sequence[str]) -> tuple[dict[str, str], dict[str, list[str]]]:
        """Return the texts of git's own merge by path, and the blobs of the sides of each path that conflicts."""
        clone = self._scratch
        shutil.rmtree(clone, ignore_errors=True)
        self._git("clone", "--quiet", "--shared", "--no-checkout", str(self._root), str(clone))
        self._git("checkout", "--quiet", "--force", "--detach", tips[0], cwd=clone)
        conflicts: dict[str, list[str]] = {}
        for tip in tips[1:]:
            command = ["git", *_MERGE, "merge", "--quiet", "--no-ff", "--no-edit", "--allow-unrelated-histories", tip]
            subprocess.run(command, cwd=clone, capture_output=True, check=False)
            for entry in self._git("ls-files", "-u", "-z", cwd=clone).split("\0")[:-1]:
                head, _, path = entry.partition("\t")
                conflicts.setdefault(path, []).append(head.split()[1])
            self._git("add", "--all", "--force", ".", cwd=clone)
            self._git("commit", "--quiet", "--allow-empty", "--no-verify", "--message=merged", cwd=clone)
        tree = self._tree("HEAD", cwd=clone)
        texts = {path: self._show(blob, cwd=clone) for path, blob in tree.items()}
        return {path: text for path, text in texts.items() if text is not None}, conflicts

    def _tree(self, commit: str, cwd: Path | None = None) -> Tree:
        entries = self._git("ls-tree", "-r", "-z", "--full-tree", commit, cwd=cwd).split("\0")[:-1]
        return {entry.partition("\t")[2]: entry.split()[2] for entry in entries}

    def _text(self, tree: Tree, path: str) -> str | None:
        return self._show(tree[path]) if path in tree else None

    def _show(self, blob: str, cwd: Path | None = None) -> str | None:
        """Return a text; None for what is binary, which costs nothing."""
        data = self._ask("cat-file", "blob", blob, cwd=cwd)
        return None if b"\0" in data[:8000] else data.decode("utf-8", "replace")

    def _git(self, *arguments: str, cwd: Path | None = None) -> str:
        return self._ask(*arguments, cwd=cwd).decode("utf-8", "surrogateescape")

    def _ask(self, *arguments: str, cwd: Path | None = None) -> bytes:
        return subprocess.run(["git", *arguments], cwd=cwd or self._root, capture_output=True, check=True).stdout


def _end(text: str) -> str:
    return text + "\n" if text and text[-1] != "\n" else text


def _lines(text: str) -> list[str]:
    return [line for line in re.split(r"(?<=\n)", text) if line]


def _leave(lines: Sequence[str], most: dict[str, int]) -> list[str]:
    left = dict(most)
    found = []
    for line in lines:
        if left.get(line, 0) > 0:
            left[line] -= 1
        else:
            found.append(line)
    return found


def _resolve(text: str) -> tuple[str, str, str]:
    both, ours, theirs = [], [], []
    place = "out"
    for line in _lines(text):
        if line.startswith("<<<<<<< "):
            place = "ours"
        elif line == "=======\n" and place == "ours":
            place = "theirs"
        elif line.startswith(">>>>>>> ") and place == "theirs":
            place = "out"
        else:
            both.append(line)
            if place != "theirs":
                ours.append(line)
            if place != "ours":
                theirs.append(line)
    return "".join(both), "".join(ours), "".join(theirs)
