"""What waits for a server: runs in the order in which they came, and the graph that they make, in two files."""

import os
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from loopflow.analysis.names import escape_name
from loopflow.errors import LoopflowError, describe_os_error
from loopflow.io.writing import AtomicFile, append_to
from loopflow.memory.checking import read_lines
from loopflow.memory.files import read_file, require_regular
from loopflow.memory.graph import LocalGraph, read_graph, write_lines
from loopflow.memory.model import MemoryFileError, Run
from loopflow.memory.records import read_record, write_record
from loopflow.memory.storing import store

PENDING: Final = "pending.jsonl"
FALLBACK: Final = "fallback.jsonl"
_MOST_BYTES: Final = 200_000_000
_PRIVATE: Final = 0o600


class Waiting:
    """The two files in a directory. Whoever writes them holds its lock."""

    def __init__(self, directory: str) -> None:
        self._pending = os.path.join(directory, PENDING)
        self.graph_file = os.path.join(directory, FALLBACK)

    def add(self, run: Run) -> None:
        """Let a run wait. It is on the disk when this returns. Raises MemoryFileError."""
        require_regular(self._pending)
        record = write_record(run)

        def make(size: int) -> bytes:
            if size + len(record) > _MOST_BYTES:
                raise OSError(f"{_MOST_BYTES:,} bytes wait for a server already")
            return b"\n" + record if size and not self._ends_with_line() else record

        try:
            append_to(self._pending, make)
            os.chmod(self._pending, _PRIVATE)
            self._sync()
        except OSError as error:
            raise _cannot(self._pending, "written", error) from error

    def runs(self) -> list[Run]:
        """Return what waits, the oldest first; a line that was cut short tells nothing. Raises MemoryFileError."""
        return [run for run in map(read_record, self._lines()) if run]

    def acknowledge(self, done: Sequence[str]) -> None:
        """Forget runs, by their ids, that a server has. Raises MemoryFileError."""
        if not done:
            return
        gone = set(done)
        left = [run for run in self.runs() if run.id not in gone]
        if not left:
            self._remove(self._pending)
            self._remove(self.graph_file)
            return
        self._write(self._pending, b"".join(map(write_record, left)))
        self._remove(self.graph_file)
        self.draw(left)

    def count(self) -> int:
        """Return about how many runs wait, without reading what they say. Raises MemoryFileError."""
        return len(self._lines())

    def drawn(self) -> LocalGraph:
        """Return the graph that was drawn last. Raises MemoryFileError."""
        known = read_lines(read_file(self.graph_file))
        return LocalGraph(read_graph(item for line in known for item in line.items))

    def draw(self, runs: Sequence[Run]) -> None:
        """Add runs to the graph that those which wait make, for whoever looks. Raises MemoryFileError."""
        graph = self.drawn()
        for run in runs:
            store(graph, run)
        self._write(self.graph_file, "".join(write_lines(graph.export())).encode("utf-8", "backslashreplace"))

    def _lines(self) -> list[bytes]:
        try:
            if not require_regular(self._pending):
                return []
            with open(self._pending, "rb") as file:
                return file.read(_MOST_BYTES).splitlines()
        except OSError as error:
            raise _cannot(self._pending, "read", error) from error

    def _ends_with_line(self) -> bool:
        with open(self._pending, "rb") as file:
            file.seek(-1, os.SEEK_END)
            return file.read() == b"\n"

    def _sync(self) -> None:
        handle = os.open(self._pending, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    @staticmethod
    def _remove(path: str) -> None:
        try:
            with suppress(FileNotFoundError):
                os.unlink(path)
        except OSError as error:
            raise _cannot(path, "removed", error) from error

    @staticmethod
    def _write(path: str, data: bytes) -> None:
        require_regular(path)
        try:
            with AtomicFile(path, mode=_PRIVATE) as file:
                file.write(data)
        except OSError as error:
            raise _cannot(path, "written", error) from error


def _cannot(path: str, done: str, error: OSError) -> LoopflowError:
    return MemoryFileError(
        f"{escape_name(path)} cannot be {done}: {describe_os_error(error)}", "check the directory and the disk"
    )
