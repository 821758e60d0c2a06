"""What git prints when it lists files, read strictly: anything else than what its manual pages promise is an error."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from loopflow.analysis.names import escape_name
from loopflow.errors import GitError
from loopflow.model import FileRef, ObjectFormat, Repository, make_refs

_ID_LENGTH = {"sha1": 40, "sha256": 64}
_DIFFERENCE = re.compile(r":([0-7]{6}) ([0-7]{6}) ([0-9a-f]+) ([0-9a-f]+) ([A-Z])")
_ODD_NAMES = frozenset({"", ".", "..", ".git"})


class Form(NamedTuple):
    """How git prints a listed file: where the mode is, where the object id is, and what stands before the path.

    `rest` is that without the id. It has `after_id` characters after the id.
    """

    mode: slice
    ids_before: int
    rest: re.Pattern[str]
    after_id: int

    def blob(self, object_format: ObjectFormat) -> slice:
        """Return where the id is."""
        length = _ID_LENGTH[object_format]
        start = self.mode.stop + 1 + (length + 1) * self.ids_before
        return slice(start, start + length)


# Modes are octal; see git-ls-files(1), git-ls-tree(1) and git-diff-index(1), "Raw output format".
TRACKED = Form(slice(0, 6), 0, re.compile(r"[0-7]{6}  [0-3]\t"), len(" 0\t"))
IN_TREE = Form(slice(0, 6), 0, re.compile(r"[0-7]{6} \t"), len("\t"))
IN_INDEX = Form(slice(8, 14), 1, re.compile(r":[0-7]{6} [0-7]{6} 0+  A"), len(" A"))  # next to the empty tree


class Difference(NamedTuple):
    """A path that differs: the file that was there before and the one that is there after, None if there is none.

    The one after has no blob where git would have to read the file to know it.
    """

    path: str
    before: FileRef | None
    after: FileRef | None = None
    is_unmerged: bool = False


def read_refs(fields: Sequence[str], form: Form, repository: Repository) -> list[FileRef]:
    """Return the files that git has listed in one form.

    Raises GitError for what has another form, for an entry without a mode (git reads on past the end of an index that
    was cut short), and for a path that could lead out of the tree.
    """
    mode, blob = form.mode, form.blob(repository.object_format)
    start, stop, end = blob.start, blob.stop, blob.stop + form.after_id
    has_own_fields = form is IN_INDEX
    heads = fields[::2] if has_own_fields else fields
    paths = fields[1::2] if has_own_fields else [field[end:] for field in fields]
    where = escape_name(repository.root)
    if len(heads) != len(paths):
        raise _unreadable(repository)
    # A handful of different ones, even for many thousand files: only the ids differ from entry to entry.
    rests = [head[:start] + head[stop:end] for head in heads]
    modes: dict[str, int] = {}
    for rest in set(rests):
        if not form.rest.fullmatch(rest):
            raise _unreadable(repository)
        if rest[mode] == "000000":
            raise GitError(f"the index of {where} is damaged", "git reset makes a new one")
        modes[rest] = int(rest[mode], 8)
    return make_refs(require_ordinary(paths), map(modes.__getitem__, rests), [head[blob] for head in heads])


def read_differences(fields: Sequence[str], repository: Repository) -> list[Difference]:
    """Return what the raw format says: a head such as ":100644 100644 <id> <id> M" and a path for each."""
    found = []
    heads, paths = [_DIFFERENCE.fullmatch(head) for head in fields[::2]], require_ordinary(fields[1::2])
    if len(heads) != len(paths):
        raise _unreadable(repository)
    for head, path in zip(heads, paths, strict=True):
        if head is None:
            raise _unreadable(repository)
        before, after = _read_side(path, head[1], head[3]), _read_side(path, head[2], head[4])
        found.append(Difference(path, before, after, head[5] == "U"))
    return found


def _unreadable(repository: Repository) -> GitError:
    where = escape_name(repository.root)
    return GitError(f"git lists something that is no file in {where}", "run git fsck there")


def _read_side(path: str, octal: str, blob: str) -> FileRef | None:
    """Return the file that one side of a difference has, None if it has none; an id of zeros is not known."""
    mode = int(octal, 8)
    return FileRef(path, mode, blob if blob.strip("0") else None) if mode else None


def require_ordinary(paths: Sequence[str]) -> Sequence[str]:
    """Return `paths`. Raises GitError for one that could lead out of the tree, which git refuses to check out."""
    together = f"/{'/'.join(paths)}/".lower() if paths else ""  # many thousand paths are searched in a few milliseconds
    if any(f"/{name}/" in together for name in _ODD_NAMES):
        odd = next(path for path in paths if not _ODD_NAMES.isdisjoint(path.lower().split("/")))
        raise GitError(f"the tree holds a name that git never writes: {escape_name(odd)}", "do not trust it")
    return paths
