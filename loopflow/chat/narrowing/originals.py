"""Outputs as they were, kept for whoever needs more than a narrowed one: files that nobody else can read, for a week.

A file is named by its content, so that the same output is kept once. Nothing here stops anybody: what cannot be kept is
narrowed all the same, and no words name a file that is not there.
"""

import os
import stat
import time
from contextlib import suppress
from hashlib import sha256
from typing import Final

DAYS: Final = 7
MOST_BYTES: Final = 500_000_000
_DAY: Final = 86_400
_NAME: Final = "outputs"


class Originals:
    """A directory below the user's cache directory; called with a text, it keeps it and returns its path."""

    def __init__(self, cache: str) -> None:
        self.directory = os.path.join(cache, _NAME)

    def __call__(self, text: str) -> str | None:
        """Keep a text; None where that is impossible. What is too old, or too much, goes."""
        data = text.encode("utf-8", "surrogatepass")
        path = os.path.join(self.directory, f"{sha256(data).hexdigest()[:20]}.txt")
        try:
            self._prepare()
            self._write(path, data)
        except OSError:
            return None
        with suppress(OSError):
            self._prune(path)
        return path

    def holds(self, path: str) -> bool:
        """Whether a path is that of an output that is kept here."""
        try:
            found = os.path.realpath(path)
        except ValueError:  # a NUL, or half a character: no file has such a name
            return False
        return found.startswith(os.path.join(os.path.realpath(self.directory), ""))

    def named_in(self, command: str) -> bool:
        """Whether a command names this directory."""
        return os.path.join(self.directory, "") in command

    def _prepare(self) -> None:
        os.makedirs(self.directory, mode=0o700, exist_ok=True)
        found = os.lstat(self.directory)
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
            raise PermissionError(self.directory)
        if found.st_mode & 0o077:
            os.chmod(self.directory, 0o700)

    @staticmethod
    def _write(path: str, data: bytes) -> None:
        """Write a file beside its place, and put it there: half an output is never found under its name."""
        with suppress(FileNotFoundError):
            if os.lstat(path).st_size == len(data):
                os.utime(path, follow_symlinks=False)
                return
        temporary = f"{path}.{os.getpid()}"
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            os.replace(temporary, path)
        except OSError:
            os.unlink(temporary)
            raise

    def _prune(self, newest: str) -> None:
        """Remove what is older than a week, and the oldest where all of it is too much."""
        with os.scandir(self.directory) as entries:
            found = [(entry.stat(follow_symlinks=False), entry.path) for entry in entries]
        oldest_first = sorted((state.st_mtime, state.st_size, path) for state, path in found)
        too_much = sum(size for _, size, _ in oldest_first) - MOST_BYTES
        too_old = time.time() - DAYS * _DAY
        for at, size, path in oldest_first:
            if path == newest or (at > too_old and too_much <= 0):
                continue
            with suppress(OSError):
                os.unlink(path)
            too_much -= size
