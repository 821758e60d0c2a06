"""Which files a work tree, an index or a commit holds, and in which it differs from another."""

import os
import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from loopflow.analysis.names import escape_name
from loopflow.errors import GitError, describe_os_error
from loopflow.io.git.asking import EMPTY_TREE, split_answer
from loopflow.io.git.command import decode_path
from loopflow.io.git.history import History
from loopflow.io.git.output import (
    IN_INDEX,
    IN_TREE,
    TRACKED,
    Difference,
    read_differences,
    read_refs,
)
from loopflow.model import FileRef, Index, Reason, Repository, Revision, Skipped, Source

if TYPE_CHECKING:
    from loopflow.model.file_table import FileTable

Files: TypeAlias = "list[FileRef] | FileTable"
"""Listed files."""

_RAW = ("--raw", "-z", "--no-abbrev", "--no-renames", "--ita-invisible-in-index")
_UNREAD = re.compile(r"^warning: (?:could not open directory|unable to access) '(.+)': (.+)$", re.MULTILINE)
_EXAMPLES = 3


class FileLists(History):
    """Questions about files, by name and id."""

    def list_tracked(self, repository: Repository, *, compact: bool = False) -> Files:
        """Return what the index tracks, each path once, in the order of their bytes. A path in conflict has no blob.

        With `compact`, here and below, it comes as a `FileTable`.
        """
        stage = TRACKED.blob(repository.object_format).stop + 1
        refs = _start(compact=compact)
        unmerged: set[str] = set()

        def take(fields: list[str]) -> None:
            found = read_refs(fields, TRACKED, repository)
            refs.extend(found)
            if not all(field[stage] == "0" for field in fields):
                pairs = zip(fields, found, strict=True)
                unmerged.update(ref.path for field, ref in pairs if field[stage] != "0")

        self._stream_fields(repository, ["ls-files", "--stage", "-z"], take)
        if not unmerged:
            return refs
        once = {ref.path: ref._replace(blob=None) if ref.path in unmerged else ref for ref in refs}
        return list(once.values())

    def list_left_out(self, repository: Repository) -> frozenset[str]:
        """Return the paths that the index holds and the work tree is not to have (git-ls-files(1), -t: "S")."""
        listed = self._fields(repository, ["ls-files", "-t", "-z"])
        return frozenset(entry[2:] for entry in listed if entry.startswith("S "))

    def tracks(self, repository: Repository, path: str) -> bool:
        """Whether the index holds `path`, or anything below it."""
        names = self._names.get(repository.git_dir)
        if names is None:
            names = self._names[repository.git_dir] = sorted(ref.path for ref in self.list_tracked(repository))
        at = bisect_left(names, path)
        below = bisect_left(names, path + "/")
        return path in names[at : at + 1] or any(name.startswith(path + "/") for name in names[below : below + 1])

    def list_untracked(self, repository: Repository) -> Iterator[str | Skipped]:
        """Yield the paths that are neither tracked nor ignored. That of a nested repository ends in a slash.

        What git could not look into, or whose rules it could not read, comes as a gap.
        """
        answer = self._checked(repository, ["ls-files", "--others", "--exclude-standard", "-z"])
        yield from map(decode_path, split_answer(answer))
        for unread in _UNREAD.finditer(answer.errors):
            yield Skipped(unread[1].rstrip("/"), Reason.UNREADABLE, unread[2].lower())

    def list_index(self, repository: Repository, *, compact: bool = False) -> Files:
        """Return what a commit would record now: entries without intent to add. Raises GitError for unmerged paths."""
        command = ["diff-index", "--cached", *_RAW, EMPTY_TREE[repository.object_format]]
        refs = _start(compact=compact)
        unmerged: list[str] = []

        def take(fields: list[str]) -> None:
            unmerged.extend(path for head, path in zip(fields[::2], fields[1::2], strict=False) if head[-1:] == "U")
            if not unmerged:
                refs.extend(read_refs(fields, IN_INDEX, repository))

        self._stream_fields(repository, command, take)
        _refuse_unmerged(unmerged)
        return refs

    def list_commit(
        self,
        repository: Repository,
        commit: str,
        environment: Mapping[str, str] | None = None,
        *,
        compact: bool = False,
    ) -> Files:
        """Return the files of a tree, a commit's by its id. Raises GitError for a name that git never writes."""
        refs = _start(compact=compact)

        def take(fields: list[str]) -> None:
            untyped = [field.replace(" blob " if field[7:8] == "b" else " commit ", " ", 1) for field in fields]
            refs.extend(read_refs(untyped, IN_TREE, repository))

        self._stream_fields(repository, ["ls-tree", "-r", "-z", "--full-tree", commit], take, environment)
        return refs

    def differences(self, repository: Repository, source: Source, start: str) -> list[Difference]:
        """Return the files in which `source` differs from `start`, the id of a commit or of the empty tree."""
        if isinstance(source, Revision):
            # No diff-tree --stdin: --ita-invisible-in-index is for the index alone.
            tip = self.resolve(repository, source.revision)
            fields = self._fields(repository, ["diff-tree", "-r", *_RAW[:-1], start, tip])
        elif isinstance(source, Index):
            fields = self._fields(repository, ["diff-index", "--cached", *_RAW, start])
        else:  # `git diff` and not diff-index: it looks into files that were only touched
            quiet = ["--no-ext-diff", "--no-textconv", "--ignore-submodules=dirty"]
            with copied_index(repository) as copied:
                fields = self._fields(copied, ["diff", *_RAW, *quiet, start])
        found = read_differences(fields, repository)
        unmerged = [difference.path for difference in found if difference.is_unmerged]
        if not unmerged:
            return found
        # What was there before an unmerged path is not said, and what is said of one comes twice.
        before = {ref.path: ref for ref in self.list_commit(repository, start)}
        once = {difference.path: difference for difference in found}
        return [each._replace(before=before.get(path)) if path in unmerged else each for path, each in once.items()]

    def _stream_fields(
        self,
        repository: Repository,
        command: Sequence[str],
        take: Callable[[list[str]], None],
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Have what `command` prints, NUL-terminated, taken an even number of fields at a time: not all is ever held.

        What is left of an odd number of them comes last.
        """
        rest, left = b"", list[str]()

        def split(piece: bytes) -> None:
            nonlocal rest, left
            whole, end, rest = (rest + piece).rpartition(b"\0")
            fields = [*left, *(decode_path(whole).split("\0") if end else ())]
            left = [fields.pop()] if len(fields) % 2 else []
            take(fields)

        self.stream(repository, command, split, environment)
        if left:
            take(left)

    def _fields(self, repository: Repository, command: Sequence[str]) -> list[str]:
        """Return what `command` prints, NUL-terminated."""
        extra = None
        if command[0] == "diff":  # of the settings, the first names what was only touched, the second may name no file
            touched = [("diff.autoRefreshIndex", "true"), ("diff.orderFile", os.devnull)]
            extra = self.without_filters(repository, touched)
        return decode_path(self._checked(repository, command, extra).output).split("\0")[:-1]


def _start(*, compact: bool) -> Files:
    if not compact:
        return []
    from loopflow.model.file_table import FileTable  # noqa: PLC0415  a hook wants the records themselves

    return FileTable()


def _refuse_unmerged(unmerged: Sequence[str]) -> None:
    if unmerged:
        named = ", ".join(escape_name(path) for path in unmerged[:_EXAMPLES])
        more = f" and {len(unmerged) - _EXAMPLES} more" if len(unmerged) > _EXAMPLES else ""
        raise GitError(f"the index has unmerged paths: {named}{more}", "resolve the conflicts and git add them")


@contextmanager
def copied_index(repository: Repository) -> Iterator[Repository]:
    """Yield the repository with a copy of its index, which is locked.

    `git diff` writes an index in which files were only touched, whatever --no-optional-locks says, unless it is locked.
    The copy keeps the time of the index, by which git knows which files may have been changed since.
    """
    import shutil  # noqa: PLC0415  only --changed pays for these
    from tempfile import TemporaryDirectory  # noqa: PLC0415

    with TemporaryDirectory(prefix="code-context-") as directory:
        copy = os.path.join(directory, "index")
        try:
            with suppress(FileNotFoundError):  # nothing was ever added
                shutil.copy2(repository.index_file, copy)
            open(f"{copy}.lock", "xb").close()
        except OSError as error:
            what = f"the index of {escape_name(repository.root)} cannot be copied: {describe_os_error(error)}"
            raise GitError(what, "check its permissions, and the space in the directory for temporary files") from error
        yield replace(repository, index_file=copy)
