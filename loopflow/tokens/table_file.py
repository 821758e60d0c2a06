"""Where a table lies: in the package, or in the user's cache directory; how it is read, and how it gets there.

A table is only believed when its SHA-256 is the one in the source, which takes two milliseconds. It is read, not
mapped: a mapped file that is cut short ends the process. One that is missing or damaged is done without.
"""

import os
from contextlib import suppress
from hashlib import sha256

from loopflow.errors import VocabularyError
from loopflow.tokens.table import TABLES, make_table

_TEMPORARY = ".unfinished"
_ABANDONED_SECONDS = 3600.0


def read_table(encoding: str, directory: str | None) -> bytes | None:
    """Return the bytes of a table, from the package or else from `directory`; None where there is none in order.

    A damaged one in `directory` is removed, so that it can be made again.
    """
    packaged = _read(encoding, _packaged_file(encoding))
    if packaged is not None or directory is None:
        return packaged
    file = _stored_file(encoding, directory)
    found = _read(encoding, file)
    if found is None:
        with suppress(OSError):
            os.unlink(file)
    return found


def build_table(encoding: str) -> bytes:
    """Return a table, made from the packaged vocabulary. Raises VocabularyError where that is not in order."""
    from lzma import LZMAError  # noqa: PLC0415

    what, hint = f"the packaged vocabulary {encoding}", "install loopflow-code-context again"
    try:
        with open(os.path.join(_packaged_directory(), f"{encoding}.tiktoken.xz"), "rb") as file:
            made = make_table(file.read())
    except (OSError, LZMAError, ValueError) as error:
        raise VocabularyError(f"{what} cannot be read: {error}", hint) from error
    if not _is_right(encoding, made):
        raise VocabularyError(f"{what} is damaged: its table has not the expected SHA-256", hint)
    return made


def store_missing_tables(directory: str) -> None:
    """Make the tables that the package came without, in `directory` (absolute), for the runs to come.

    Takes 0.4 s where there is something to make, and next to nothing where not. Each appears whole or not at all,
    whoever else makes it or is stopped meanwhile. Where one cannot be made or stored, there is none, and no error.
    """
    for encoding, (size, _) in TABLES.items():
        is_there = os.path.lexists(_stored_file(encoding, directory))  # `read_table` removes one that is no good
        if not is_there and not _has_size(_packaged_file(encoding), size):
            with suppress(OSError, VocabularyError, MemoryError):
                _store(encoding, directory)


def _store(encoding: str, directory: str) -> None:
    import tempfile  # noqa: PLC0415

    os.makedirs(directory, exist_ok=True)
    file = _stored_file(encoding, directory)
    _remove_abandoned(directory)
    # First of all, so that nothing is made where it could not be stored. A name of its own: two may do this at once.
    handle, temporary = tempfile.mkstemp(prefix=f"{os.path.basename(file)}.", suffix=_TEMPORARY, dir=directory)
    try:
        with open(handle, "wb") as unfinished:
            unfinished.write(build_table(encoding))
        os.replace(temporary, file)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise


def _remove_abandoned(directory: str) -> None:
    """Remove what those left who were killed while they made a table."""
    import time  # noqa: PLC0415

    with os.scandir(directory) as entries:
        for entry in entries:
            if entry.name.endswith(_TEMPORARY) and entry.stat().st_mtime < time.time() - _ABANDONED_SECONDS:
                with suppress(OSError):
                    os.unlink(entry.path)


def _read(encoding: str, file: str) -> bytes | None:
    """Return the bytes of a file if they are the right ones. One of another size is not even opened."""
    try:
        if not _has_size(file, TABLES[encoding][0]):
            return None
        with open(file, "rb") as opened:
            data = opened.read()
    except OSError:
        return None
    return data if _is_right(encoding, data) else None


def _is_right(encoding: str, data: bytes) -> bool:
    return sha256(data).hexdigest() == TABLES[encoding][1]


def _has_size(file: str, size: int) -> bool:
    try:
        return os.stat(file).st_size == size
    except OSError:
        return False


def _packaged_file(encoding: str) -> str:
    return os.path.join(_packaged_directory(), f"{encoding}.table")


def _packaged_directory() -> str:
    return os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "vocab")


def _stored_file(encoding: str, directory: str) -> str:
    """Return a name that no other version of the table has."""
    return os.path.join(directory, f"{encoding}.{TABLES[encoding][1][:16]}.table")
