"""Standard output that goes to a file instead: all of it in the end, or nothing."""

from collections.abc import Sequence

from loopflow.console.streams import OutputStream
from loopflow.errors import describe_os_error
from loopflow.io.writing import AtomicFile, cannot_write


class OutputFile(OutputStream):
    """What is written in place of `stdout` to the file at `path`, relative to `directory`.

    The file is opened when the first bytes are there: by then it is known that it is none of those that are read.
    Raises LoopflowError where it cannot be written, but BrokenPipeError for a pipe that nobody reads any more.
    """

    def __init__(self, path: str, directory: str, stdout: OutputStream) -> None:
        super().__init__(stdout.text)
        self._path = path
        self._directory = directory
        self._handles = stdout.handles
        self._file: AtomicFile | None = None
        self._is_abandoned = False

    @property
    def encoding(self) -> str:
        """UTF-8, whatever the locale says, as in every file."""
        return "utf-8"

    @property
    def handles(self) -> Sequence[int]:
        """Those of standard output, which the path may lead to."""
        return self._handles

    def write(self, data: bytes) -> None:
        """Write bytes."""
        if self._is_abandoned:
            return
        try:
            self._open().write(data)
        except OSError as error:
            raise self._explain(error) from error

    def flush(self) -> None:
        """Do nothing: what is there shows when all of it is."""

    def is_terminal(self) -> bool:
        """Nobody looks at a file meanwhile."""
        return False

    def abandon(self) -> None:
        """Let nothing more reach it."""
        self._is_abandoned = True
        if self._file:
            self._file.discard()

    def commit(self) -> None:
        """Put what was written into the place of the file."""
        if self._is_abandoned:
            return
        try:
            self._open().commit()
        except OSError as error:
            raise self._explain(error) from error

    def _open(self) -> AtomicFile:
        if self._file is None:
            self._file = AtomicFile(self._path, self._directory, self._handles)
        return self._file

    def _explain(self, error: OSError) -> Exception:
        return error if isinstance(error, BrokenPipeError) else cannot_write(self._path, describe_os_error(error))
