"""A server's file made readable again: lines that are glued are taken apart, others are kept in a file beside it."""

from typing import Final, NamedTuple

from loopflow.analysis.names import escape_name
from loopflow.errors import describe_os_error
from loopflow.io.writing import AtomicFile, append_to
from loopflow.memory.checking import read_lines
from loopflow.memory.files import read_file
from loopflow.memory.graph import read_graph, write_lines
from loopflow.memory.model import MemoryFileError

REJECTED: Final = ".rejected"


class Repaired(NamedTuple):
    """How many lines are good, were taken apart, and were moved to the file beside it."""

    good: int
    parted: int
    rejected: int


def repair(path: str) -> Repaired:
    """Repair the file at `path`, whose lock is held. A file that is well is not touched. Raises MemoryFileError."""
    lines = list(read_lines(read_file(path)))
    rejected = [line.data for line in lines if not line.items]
    parted = sum(len(line.items) > 1 for line in lines)
    done = Repaired(len(lines) - len(rejected) - parted, parted, len(rejected))
    if not (rejected or parted):
        return done
    try:
        if rejected:
            append_to(f"{path}{REJECTED}", lambda _: b"".join(each + b"\n" for each in rejected))
        with AtomicFile(path) as file:
            for line in lines:
                written = [line.data + b"\n"] if line.is_good else map(str.encode, write_lines(read_graph(line.items)))
                for each in written:
                    file.write(each)
    except OSError as error:
        what = f"{escape_name(path)} cannot be repaired: {describe_os_error(error)}"
        raise MemoryFileError(what, "check the directory and the disk") from error
    return done
