"""What a merge is held to: what its sides hold, and what git makes of them by itself, file by file.

Whatever a tip holds is nobody's growth here, nor is what git's own merge has. What is left was written in the merge:
the lines that no source has, less those that were dropped. So the moment before a merge is the tree as it is now, but
for the files in which something was written (docs/decisions/0019-what-a-change-adds.md).
"""

from collections.abc import Iterator, Mapping, Sequence

from loopflow.analysis.diff import find_moves
from loopflow.analysis.filetype import file_type
from loopflow.analysis.written_lines import Sources, own_tokens, without_markers
from loopflow.io.count.converted_files import read_stored_forms
from loopflow.io.count.counting import Engine
from loopflow.io.count.start_counts import Covers, Then, count_files, has_kept_content
from loopflow.io.git.automatic_merge import AutomaticMerge, merge_automatically
from loopflow.io.git.change_start import require_ancestors
from loopflow.io.git.output import Difference
from loopflow.io.read.document import blob_id, is_binary
from loopflow.io.read.opening import NotOpened, Opener
from loopflow.model import (
    Before,
    FileRef,
    FileTokens,
    Profile,
    Repository,
    Selection,
    Start,
    Worktree,
    is_regular,
)


def count_merged(selection: Selection, profile: Profile, covers: Covers, engine: Engine, tips: Start) -> Before:
    """Return what was to be expected of a selection that was profiled, where it came from several commits.

    Raises GitError for an object that is missing.
    """
    repository = selection.repository
    assert repository is not None  # noqa: S101  whoever compares has found the tips in it
    sides = [_differences(selection, repository, engine, tip) for tip in tips.commits]
    changed = _Changed(selection, profile, covers, engine, sides)
    now = changed.now
    if not changed.paths:  # each file, and each that is not there, is as some tip has it
        return Before("revision", tips.name, Then(now, frozenset(), {}), {}, None, frozenset(), tips.branch)
    require_ancestors(engine.git, repository, tips.commits)
    with merge_automatically(engine.git, repository, tips.commits) as merge:
        expected, moves = _Expected(changed, engine, merge, tips.commits[0]).find()
    differing = frozenset({*expected, *moves, *moves.values()})
    files = {path: file for path, file in expected.items() if file is not None}
    return Before("revision", tips.name, Then(now, differing, files), moves, None, differing, tips.branch)


def _differences(selection: Selection, repository: Repository, engine: Engine, tip: str) -> dict[str, Difference]:
    found = engine.git.differences(repository, selection.request.source, tip)
    return {each.path: each for each in found if not has_kept_content(each)}


class _Changed:
    """The paths at which no tip has what is there now."""

    def __init__(
        self,
        selection: Selection,
        profile: Profile,
        covers: Covers,
        engine: Engine,
        sides: Sequence[Mapping[str, Difference]],
    ) -> None:
        self.selection = selection
        self.now = now = {file.path: file for file in profile.files}
        self.sides = sides
        self.covers = covers
        untracked = {ref.path for ref in selection.candidates if not ref.mode}
        held_nowhere = set(sides[0]).intersection(*sides[1:])
        self.paths = sorted(path for path in held_nowhere | untracked if path in now or covers(path))
        self.stored = read_stored_forms(selection, profile, self.paths, engine)

    def versions(self, path: str) -> list[str]:
        """Return the ids of what the tips have at `path`, in their order."""
        refs = [side[path].before for side in self.sides if path in side]
        return [ref.blob for ref in refs if ref and ref.blob and is_regular(ref.mode)]

    def blob(self, path: str) -> str | None:
        """Return the id of what is at `path` now, as git stores it where it says so; None if there is no file."""
        if path in self.stored:
            return blob_id(self.stored[path], self.selection.object_format)
        if path not in self.now:
            return None
        after = self.sides[0][path].after if path in self.sides[0] else None
        return (after and after.blob) or self.now[path].digest


class _Expected:
    """Finds what was to be expected at each path that changed."""

    def __init__(self, changed: _Changed, engine: Engine, merge: AutomaticMerge, tip: str) -> None:
        self._changed = changed
        self._engine = engine
        self._merge = merge
        self._tip = tip
        self._texts: dict[str, str | None] = {}
        # Of a conflict between a file and what is none, git keeps the file under a name of its own making.
        ends = tuple(f"~{label}" for label in merge.labels)
        self._renamed = {ref.blob for path, ref in merge.files.items() if path.endswith(ends) and ref.blob}

    def find(self) -> tuple[dict[str, FileTokens | None], dict[str, str]]:
        """Return the files that were to be expected other than they are, and where what moved was, by where it is.

        Of what is new, nothing was to be expected: None.
        """
        changed = self._changed
        gone, moves = self._moved()
        files: dict[str, FileTokens | None] = {**gone}
        paths = [path for path in changed.paths if path not in moves and not self._is_merged(path)]
        self._read({blob for path in paths for blob in self._blobs(path)})
        for path in paths:
            file = changed.now.get(path)
            tokens = self._expected(path, file)
            if tokens is None:
                continue
            if file or tokens:
                base = file or FileTokens(path, file_type(path), 0, 0, "")
                had = tokens or changed.versions(path) or path in self._merge.files
                files[path] = base._replace(tokens=tokens, digest="") if had else None
        return files, moves

    def _is_merged(self, path: str) -> bool:
        """Whether git's own merge has at `path` what is there."""
        if path in self._merge.conflicts:
            return False
        if not self._changed.versions(path) and self._changed.blob(path) in self._renamed:
            return True
        ref = self._merge.files.get(path)
        there = ref.blob if ref and is_regular(ref.mode) else None
        return there == self._changed.blob(path)

    def _moved(self) -> tuple[dict[str, FileTokens], dict[str, str]]:
        """Return the files that went with their content to where no tip has one, and where they are."""
        changed = self._changed
        new = {path: changed.now[path] for path in changed.paths if path in changed.now and not changed.versions(path)}
        blobs = {path: changed.blob(path) or "" for path in new}
        gone: dict[str, FileRef] = {}
        for side in changed.sides:
            for path, difference in side.items():
                before = difference.before
                if difference.after is None and before and before.blob in blobs.values() and is_regular(before.mode):
                    gone.setdefault(path, before)
        held = count_files(
            changed.selection, [ref for ref in gone.values() if changed.covers(ref.path)], self._engine, self._tip
        )
        moves = find_moves(held.values(), [file._replace(digest=blobs[path]) for path, file in new.items()])
        return {old: held[old]._replace(tokens=changed.now[path].tokens) for path, old in moves.items()}, moves

    def _blobs(self, path: str) -> Iterator[str]:
        """Yield the ids of all that a file can have come from, and of what it is where that is in git."""
        ref = self._merge.files.get(path)
        yield from (ref.blob,) if ref and ref.blob and is_regular(ref.mode) else ()
        yield from self._changed.versions(path)
        yield from self._merge.conflicts.get(path, ())
        blob = self._changed.blob(path)
        if blob and not isinstance(self._changed.selection.request.source, Worktree):
            yield blob

    def _read(self, blobs: set[str]) -> None:
        for blob in self._merge.objects.read_blobs([FileRef(blob, 0, blob) for blob in sorted(blobs)]):
            self._texts[blob.ref.path] = _text(blob.read(blob.size))

    def _expected(self, path: str, file: FileTokens | None) -> int | None:
        """Return the tokens that were to be expected at `path`; None where there was to be what there is."""
        ref, others = self._merge.files.get(path), self._changed.versions(path)
        automatic = self._texts.get(ref.blob or "") if ref and is_regular(ref.mode) else None
        if file is None and path in self._changed.stored:  # on disk it is binary, as it was before, and not counted
            return None
        if file is None:  # it was removed, if that is not what a tip or git did
            is_there = automatic is not None and len(others) == len(self._changed.sides)
            return self._count([automatic or ""])[0] if is_there and path not in self._merge.conflicts else None
        text = self._now(path)
        if text is None:
            return None
        texts = [found for blob in others if (found := self._texts.get(blob)) is not None]
        is_conflicted = path in self._merge.conflicts
        if is_conflicted:
            texts += [found for blob in self._merge.conflicts[path] if (found := self._texts.get(blob)) is not None]
            if automatic is not None:
                automatic, *each = without_markers(automatic, self._merge.labels)
                texts += each
            text, texts = _ended(text), [_ended(each) for each in texts]
        own = own_tokens(text, Sources(automatic, tuple(texts)), self._count)
        return max(file.tokens - (max(own, 0) if is_conflicted else own), 0)

    def _now(self, path: str) -> str | None:
        """Return the text that is at `path` now, as git stores it."""
        if path in self._changed.stored:
            return _text(self._changed.stored[path])
        if not isinstance(self._changed.selection.request.source, Worktree):
            return self._texts.get(self._changed.blob(path) or "")
        with Opener(self._changed.selection.root) as opener:
            try:
                handle, _ = opener.open(path)
            except NotOpened:
                return None
            with open(handle, "rb") as opened:
                return _text(opened.read())

    def _count(self, texts: Sequence[str]) -> Sequence[int]:
        return self._engine.counter.count(texts)


def _ended(text: str) -> str:
    """Return `text` with its last line ended, as git ends it between the markers of a conflict."""
    return text if text.endswith("\n") or not text else f"{text}\n"


def _text(data: bytes) -> str | None:
    return None if is_binary(data) else data.decode("utf-8", "replace")
