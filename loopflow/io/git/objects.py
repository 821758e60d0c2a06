"""Objects, read through a `git cat-file --batch-command` that is started with the first question.

It reads all questions before it answers the first of them (`--buffer`, up to "flush"), so that one thread can ask and
then read. The last questions that a process is asked are those for contents: after them its input is closed, because of
a damaged object git can print less than it has said, and whoever waited for the rest would wait for ever. What comes
back is checked against its id by whoever hashes it: git itself trusts a loose object's name. A git that ends before its
answer is whole is an error, never an object that is not there.
"""

import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from threading import Lock
from typing import IO, NamedTuple

from loopflow.analysis.names import escape_name, path_bytes
from loopflow.errors import GitError
from loopflow.model import FileRef, Repository

_CHUNK = 1_000_000


class Found(NamedTuple):
    """What an object is: its id, its type, such as "blob", and its size in bytes."""

    id: str
    kind: str
    size: int


class Blob:
    """One blob on the pipe: it must be read or closed before the next one."""

    def __init__(self, ref: FileRef, size: int, pipe: IO[bytes]) -> None:
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


class Objects:
    """The objects of a repository. `start` starts a git that answers the commands on its input (git-cat-file(1)).

    `advise` says what to do where an object is not there.
    """

    def __init__(
        self, repository: Repository, start: Callable[[], subprocess.Popen[bytes]], advise: Callable[[], str]
    ) -> None:
        self._repository = repository
        self._start = start
        self._how_to_get_objects = advise
        self._lock = Lock()
        self._idle: _Process | None = None

    def __del__(self) -> None:  # git would wait for more questions for as long as this process runs
        self.close()

    def close(self) -> None:
        """Stop git."""
        idle = self._take()
        if idle is not None:
            idle.end()

    def find(self, name: str) -> Found | None:
        """Return what object `name` names, such as an id or "HEAD^{commit}"; None if there is none, or it is no name.

        It takes the names that git itself makes; what a user may have written, git resolves by itself (rev-parse).
        Raises GitError where git cannot say.
        """
        process = self._take() or _Process(self._start())
        try:
            process.ask("info", [name])
            found = _found(self._read_header(process.output))
        except BaseException:
            process.end()
            raise
        with self._lock:
            spare, self._idle = self._idle, process
        if spare is not None:
            spare.end()
        return found

    def read(self, kind: str, name: str) -> bytes | None:
        """Return the content of the object that `name` names, None if there is none of that kind, such as "blob".

        Raises GitError for one that is damaged.
        """
        with self._asked_for_contents([name]) as output:
            found = _found(self._read_header(output))
            if found is None:
                return None
            content = output.read(found.size)
            if len(content) < found.size:
                raise self._ended()
            return content if found.kind == kind else None

    def read_blobs(self, refs: Sequence[FileRef]) -> Iterator[Blob]:
        """Yield the blob of each candidate, in order. Raises GitError for an object that is missing."""
        with self._asked_for_contents([ref.blob or "" for ref in refs]) as output:
            for ref in refs:
                header = output.readline().split()
                found = _found(header)
                if found is None or found.kind != "blob":
                    raise self._missing(ref, header)
                blob = Blob(ref, found.size, output)
                yield blob
                blob.close()
                output.read(1)  # the line break after it

    @contextmanager
    def _asked_for_contents(self, names: Sequence[str]) -> Iterator[IO[bytes]]:
        """Yield what a git prints that is asked for nothing more, and stop it."""
        process = self._take() or _Process(self._start())
        try:
            process.ask("contents", names, last=True)
            yield process.output
        finally:
            process.end()

    def _read_header(self, output: IO[bytes]) -> list[bytes]:
        """Read what git says of one object before its content. Raises GitError where it says nothing."""
        header = output.readline().split()
        if not header:
            raise self._ended()
        return header

    def _missing(self, ref: FileRef, header: list[bytes]) -> GitError:
        how = "is missing" if header[-1:] == [b"missing"] else "cannot be read"
        where = escape_name(self._repository.root)
        return GitError(
            f"the object {ref.blob} of {escape_name(ref.path)} {how} in {where}", self._how_to_get_objects()
        )

    def _ended(self) -> GitError:
        where = escape_name(self._repository.root)
        return GitError(f"git cat-file ended in {where} before its answer was whole", "run git fsck there")

    def _take(self) -> "_Process | None":
        with self._lock:
            idle, self._idle = self._idle, None
        return idle


class _Process:
    """One running `git cat-file`."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None  # noqa: S101  it was started with pipes
        assert process.stdout is not None  # noqa: S101
        self._process = process
        self._input = process.stdin
        self.output: IO[bytes] = process.stdout

    def ask(self, command: str, names: Sequence[str], *, last: bool = False) -> None:
        """Send a command for each name, and after the last of all the end."""
        verb = command.encode()
        asked = b"".join(b"%b %b\0" % (verb, path_bytes(name)) for name in names)
        with suppress(BrokenPipeError):  # whoever reads the answers sees that there are none
            self._input.write(asked + b"flush\0")
            self._input.flush()
            if last:
                self._input.close()

    def end(self) -> None:
        """Stop it, whether or not all its answers were read, and close the pipes."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._input, self.output):
            with suppress(OSError):  # what was still to be sent has no reader any more
                pipe.close()


def _found(header: Sequence[bytes]) -> Found | None:
    words = [word.decode("ascii", "replace") for word in header]
    if len(words) == 3 and words[2].isdecimal():  # noqa: PLR2004  id, type, size
        return Found(words[0], words[1], int(words[2]))
    return None


def read_entries(tree: bytes, id_bytes: int) -> Iterator[tuple[str, str, str]]:
    """Yield mode, name and id of what a tree object holds (mode, blank, name, NUL, id in binary).

    Raises GitError for what no git writes.
    """
    at = 0
    while at < len(tree):
        end = tree.find(b"\0", at)
        if end < 0:
            raise GitError("a tree object is malformed", "run git fsck, and do not trust the repository")
        mode, _, name = tree[at:end].partition(b" ")
        at = end + 1 + id_bytes
        yield mode.decode("ascii", "replace"), name.decode("utf-8", "surrogateescape"), tree[end + 1 : at].hex()
