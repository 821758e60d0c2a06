"""The rights of an ordinary user, for tests of files that must not be read: nothing is unreadable for root."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NOBODY = 65534


@contextmanager
def ordinary_user() -> Iterator[None]:
    """Give up root's rights inside the block. The interpreter may be out of that user's reach: import before."""
    if os.geteuid() != 0:
        yield
        return
    os.setresuid(NOBODY, NOBODY, 0)  # the saved one is the way back
    try:
        yield
    finally:
        os.setresuid(0, 0, 0)


@contextmanager
def open_directory() -> Iterator[Path]:
    """Make a directory that every user can enter, unlike those that pytest makes."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        root = Path(os.path.realpath(name))
        root.chmod(0o755)
        yield root
