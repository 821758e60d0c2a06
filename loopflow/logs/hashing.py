"""The SHA-256 of ranges of a log that was read: what lets a later `trace` be sure of the lines that it prints."""

from collections.abc import Iterable, Mapping

from loopflow.logs.archive import open_archive
from loopflow.logs.originals import UNREADABLE, Opened, Original, Range, hash_ranges, open_original


def hash_source(opened: Opened | None, archive: str, ranges: Iterable[Range]) -> Mapping[Range, bytes] | None:
    """Return the hash of each range of a log: of the file that was `opened`, or of the finished archive at a path.

    Without both there are none. None says that the file has changed since, or is gone, and that there is no archive.
    """
    wanted = sorted(set(ranges))
    if not wanted:
        return {}
    if opened is not None:
        found = _hash_file(opened, wanted)
        if found is not None:
            return found
    if not archive:
        return {} if opened is None else None
    try:
        with open_archive(archive) as original:
            return hash_ranges(original, wanted)
    except UNREADABLE:
        return {} if opened is None else None


def is_unchanged(opened: Opened, original: Original) -> bool:
    """Whether a file is what it was when it was opened, as far as its size and its time tell."""
    return Opened.of(opened.path, original.handle) == opened


def _hash_file(opened: Opened, wanted: Iterable[Range]) -> Mapping[Range, bytes] | None:
    try:
        with open_original(opened.path) as original:
            if not is_unchanged(opened, original):
                return None
            found = hash_ranges(original, wanted)
            return found if is_unchanged(opened, original) else None
    except UNREADABLE:
        return None
