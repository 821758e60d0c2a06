"""Single files of the tree that is measured: its configuration, its baseline, its owners.

They come from the same tree as everything else in the run: from disk for the work tree, from the index for what is
staged, from the commit for a revision. A link is not followed, and is no file.
"""

import errno
import os
from contextlib import suppress

from loopflow.analysis.names import escape_name
from loopflow.analysis.owners import CODEOWNERS
from loopflow.errors import ConfigError
from loopflow.io.file import Listed
from loopflow.io.git.repository import Git
from loopflow.io.read.document import start_blob_id
from loopflow.io.read.opening import NotOpened, Opener
from loopflow.model import FileRef, Reason, Worktree, is_regular

_MOST_BYTES = 64_000_000


class TreeFiles:
    """Reads files of the one tree of `listed`."""

    def __init__(self, git: Git, listed: Listed) -> None:
        self._git = git
        self._root = listed.trees[0].root
        self._repository = listed.repository
        self._on_disk = isinstance(listed.request.source, Worktree)
        self._listings = listed.everything

    def read(self, path: str) -> bytes | None:
        """Return the content of the file at `path` below the tree's root, None if there is none.

        Raises ConfigError for one that cannot be read.
        """
        if self._on_disk:
            return self._read_disk(path)
        for listing in self._listings:
            item = listing.find(path)
            if item is not None:
                return self._read_blob(item) if isinstance(item, FileRef) else None
        return None

    def _read_disk(self, path: str) -> bytes | None:
        with Opener(self._root) as opener:
            try:
                handle, status = opener.open(path)
            except NotOpened as why:
                if why.reason is Reason.MISSING:
                    return None
                raise _unreadable(path, why.detail or f"it is a {why.reason}") from why
        with os.fdopen(handle, "rb") as file:
            if status.st_size > _MOST_BYTES:
                raise _unreadable(path, "it is too large to be what its name says")
            return file.read()

    def _read_blob(self, ref: FileRef) -> bytes:
        if not (is_regular(ref.mode) and ref.blob and self._repository):
            raise _unreadable(ref.path, "it is no regular file")
        if not self._repository.bare:  # mostly it is on disk as well, and that it is the same its id proves
            data = self._read_same(ref)
            if data is not None:
                return data
        return self._git.read_blob(self._repository, ref.blob)

    def _read_same(self, ref: FileRef) -> bytes | None:
        assert self._repository is not None  # noqa: S101  the caller looked
        try:
            data = self._read_disk(ref.path)
        except ConfigError:
            return None
        if data is None:
            return None
        digest = start_blob_id(len(data), self._repository.object_format)
        digest.update(data)
        return data if digest.hexdigest() == ref.blob else None


def _unreadable(path: str, why: str) -> ConfigError:
    return ConfigError(f"{escape_name(path)} cannot be read: {why}", "make it a regular file that you may read")


def read_codeowners(files: TreeFiles) -> str:
    """Return the text of the CODEOWNERS file, the first that is there and is a file; nothing where there is none."""
    for name in CODEOWNERS:
        with suppress(ConfigError):  # a link, or what cannot be read: who owns something is no reason to stop
            if (data := files.read(name)) is not None:
                return data.decode("utf-8", "replace")
    return ""


def read_named(path: str) -> bytes | None:
    """Return the content of a file that the user named, None where there is none: links are followed, git is not asked.

    Raises OSError for one that is unreadable, or has no end: a repository may hold a link to a device.
    """
    try:
        with open(path, "rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except FileNotFoundError:
        return None
    if len(data) > _MOST_BYTES:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
    return data
