"""Whether there is memory for an engine: one that asks in vain ends the whole process, and nobody could say why."""

import sys
from collections.abc import Sequence

LOADING_BYTES = 130_000_000
"""What an engine needs for its vocabulary, generously."""

_COUNTING_BYTES = 12_000_000
_BYTES_A_CHARACTER = 4


def require_memory(size: int, texts: Sequence[str] = ()) -> None:
    """Raise MemoryError unless `size` bytes, and what counting `texts` takes, can be had."""
    import mmap  # noqa: PLC0415

    needed = size + _COUNTING_BYTES + _BYTES_A_CHARACTER * sum(map(len, texts))
    try:  # nothing is touched, so that this costs some microseconds
        if sys.platform == "win32":
            mmap.mmap(-1, needed).close()
        else:  # limits on a process's own data do not see what could be shared
            mmap.mmap(-1, needed, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS).close()
    except OSError as error:
        raise MemoryError from error
