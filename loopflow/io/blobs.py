"""Blobs, read through one `git cat-file --batch`.

Ids go in from a thread of their own, because git answers while it is still being asked and a pipe holds little. What
comes back is checked against its id by whoever hashes it: git itself trusts a loose object's name.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from threading import Thread
from typing import TYPE_CHECKING, BinaryIO

from loopflow.analysis.names import escape_name
from loopflow.errors import GitError
from loopflow.io.git import Git
from loopflow.model import FileRef, Repository

if TYPE_CHECKING:
    import git.cmd

_CHUNK = 1_000_000


class Blob:
    """One blob on the pipe: it must be read or closed before the next one."""

    def __init__(self, ref: FileRef, size: int, pipe: BinaryIO) -> None:
        self.ref = ref
        self.size = size
        self._left = size
        self._pipe = pipe

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes; none at the end."""
        data = self._pipe.read(min(size, self._left))
        self._left -= len(data)
        return data

    def close(self) -> None:
        """Leave the pipe at the next blob."""
        while self._left and self.read(_CHUNK):
            pass


def read_blobs(git: Git, repository: Repository, refs: Sequence[FileRef]) -> Iterator[Blob]:
    """Yield the blob of each candidate, in order. Raises GitError for an object that is missing."""
    process = git.start_blobs(repository)
    try:
        asking = Thread(target=_ask, args=(process, refs), daemon=True)
        asking.start()
        pipe: BinaryIO = process.stdout
        for ref in refs:
            header = pipe.readline().split()
            if len(header) != 3 or header[1] != b"blob":  # noqa: PLR2004  id, type, size
                raise _missing(repository, ref, header)
            blob = Blob(ref, int(header[2]), pipe)
            yield blob
            blob.close()
            pipe.read(1)  # the line break after it
        asking.join()
    finally:
        _end(process)


def _end(process: "git.cmd._AutoInterrupt") -> None:
    """Stop git, whether or not all its answers were read, and close the pipes."""
    if process.proc is not None:
        process.proc.kill()
        process.proc.wait()
        for pipe in (process.proc.stdout, process.proc.stderr):
            if pipe is not None:
                pipe.close()


def _ask(process: "git.cmd._AutoInterrupt", refs: Sequence[FileRef]) -> None:
    with suppress(BrokenPipeError, ValueError, MemoryError), process.stdin as pipe:  # the reader will see
        pipe.write(b"".join(b"%b\n" % (ref.blob or "").encode("ascii") for ref in refs))


def _missing(repository: Repository, ref: FileRef, header: list[bytes]) -> GitError:
    what = "is missing" if header[-1:] == [b"missing"] else "cannot be read"
    return GitError(
        f"the object {ref.blob} of {escape_name(ref.path)} {what} in {escape_name(repository.root)}",
        "in a partial clone, fetch it first: git fetch --refetch, or check the path out; else run git fsck",
    )
