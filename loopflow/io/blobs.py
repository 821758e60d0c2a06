"""Objects, read through one `git cat-file --batch-command` for each repository.

It is started with the first question and answers all of them. Many ids go in from a thread of their own, because git
answers while it is still being asked and a pipe holds little. What comes back is checked against its id by whoever
hashes it: git itself trusts a loose object's name.
"""

import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from threading import Thread
from typing import IO, NamedTuple

from loopflow.analysis.names import escape_name, path_bytes
from loopflow.errors import GitError
from loopflow.model import FileRef, Repository

_CHUNK = 1_000_000
_AT_ONCE = 100
"""How many ids surely fit into a pipe (4,096 bytes or more, with PIPE_BUF) beside an answer that nobody reads yet."""


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
    """The objects of a repository. `start` starts a git that answers the commands on its input (git-cat-file(1))."""

    def __init__(self, repository: Repository, start: Callable[[], subprocess.Popen[bytes]]) -> None:
        self._repository = repository
        self._start = start
        self._idle: _Process | None = None

    def __del__(self) -> None:  # git would wait for more questions for as long as this process runs
        self.close()

    def close(self) -> None:
        """Stop git."""
        idle, self._idle = self._idle, None
        if idle is not None:
            idle.end()

    def find(self, name: str) -> Found | None:
        """Return what object `name` names, such as an id or "HEAD^{commit}"; None if there is none, or it is no name.

        It takes the names that git itself makes; what a user may have written, git resolves by itself (rev-parse).
        """
        with self._borrowed() as process:
            process.ask("info", [name])
            return process.read_header()

    def read(self, kind: str, name: str) -> bytes | None:
        """Return the content of the object that `name` names, None if there is none of that kind, such as "blob"."""
        with self._borrowed() as process:
            process.ask("contents", [name])
            found = process.read_header()
            content = process.read_content(found.size) if found else None
            return content if found and found.kind == kind else None

    def read_blobs(self, refs: Sequence[FileRef]) -> Iterator[Blob]:
        """Yield the blob of each candidate, in order. Raises GitError for an object that is missing."""
        with self._borrowed() as process:
            names = [ref.blob or "" for ref in refs]
            asking = Thread(target=process.ask, args=("contents", names), daemon=True)
            asking.run() if len(names) <= _AT_ONCE else asking.start()
            for ref in refs:
                header = process.output.readline().split()
                if len(header) != 3 or header[1] != b"blob":  # noqa: PLR2004  id, type, size
                    raise _missing(self._repository, ref, header)
                blob = Blob(ref, int(header[2]), process.output)
                yield blob
                blob.close()
                process.output.read(1)  # the line break after it
            if asking.ident:
                asking.join()

    @contextmanager
    def _borrowed(self) -> Iterator["_Process"]:
        """Lend the running git, or a new one. One that was left in the middle of an answer is stopped."""
        idle, self._idle = self._idle, None
        process = idle or _Process(self._start())
        try:
            yield process
        except BaseException:
            process.end()
            raise
        self._give_back(process)

    def _give_back(self, process: "_Process") -> None:
        if self._idle is not None or process.has_ended:
            process.end()
        else:
            self._idle = process


class _Process:
    """One running `git cat-file`."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None  # noqa: S101  it was started with pipes
        assert process.stdout is not None  # noqa: S101
        self._process = process
        self._input = process.stdin
        self.output: IO[bytes] = process.stdout
        self.has_ended = False

    def ask(self, command: str, names: Sequence[str]) -> None:
        """Send a command for each name."""
        verb = command.encode()
        with suppress(BrokenPipeError, ValueError, MemoryError):  # whoever reads the answers will see
            self._input.write(b"".join(b"%b %b\0" % (verb, path_bytes(name)) for name in names) + b"flush\0")
            self._input.flush()

    def read_header(self) -> Found | None:
        """Read what git says of one object before its content."""
        header = self.output.readline()
        self.has_ended = not header
        words = header.decode("ascii", "replace").split()
        if len(words) == 3 and words[2].isdecimal():  # noqa: PLR2004  id, type, size
            return Found(words[0], words[1], int(words[2]))
        return None

    def read_content(self, size: int) -> bytes:
        """Read what follows the header of an object of `size` bytes."""
        data = self.output.read(size)
        self.output.read(1)  # the line break after it
        return data

    def end(self) -> None:
        """Stop it, whether or not all its answers were read, and close the pipes."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._input, self.output):
            with suppress(OSError):  # what was still to be sent has no reader any more
                pipe.close()


def read_entries(tree: bytes, id_bytes: int) -> Iterator[tuple[str, str, str]]:
    """Yield mode, name and id of what a tree object holds (gitformat: mode, blank, name, NUL, id in binary)."""
    at = 0
    while at < len(tree):
        end = tree.index(b"\0", at)
        mode, _, name = tree[at:end].partition(b" ")
        at = end + 1 + id_bytes
        yield mode.decode("ascii", "replace"), name.decode("utf-8", "surrogateescape"), tree[end + 1 : at].hex()


def _missing(repository: Repository, ref: FileRef, header: list[bytes]) -> GitError:
    what = "is missing" if header[-1:] == [b"missing"] else "cannot be read"
    return GitError(
        f"the object {ref.blob} of {escape_name(ref.path)} {what} in {escape_name(repository.root)}",
        "in a partial clone, fetch it first: git fetch --refetch, or check the path out; else run git fsck",
    )
