"""From a reference to the original bytes.

What is printed is what was read: a range of bytes is compared with the SHA-256 that was stored with it before any of it
is given away, and where the file is not as it was, the number of its first line is counted again. Where it does not
hold, the archive is asked; where that is not there either, nothing is printed, but what is still known is said. Lines
around a range are those that stand around it now. Nothing is redacted.
"""

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from hashlib import sha256
from tempfile import SpooledTemporaryFile
from typing import IO, Final, NamedTuple

from loopflow.analysis.names import escape_name
from loopflow.errors import LoopflowError, UsageError
from loopflow.logs.archive import archive_path, open_archive
from loopflow.logs.hashing import is_unchanged
from loopflow.logs.originals import PIECE_BYTES, UNREADABLE, Around, Original, open_original
from loopflow.logs.records import Found, Place
from loopflow.logs.store import Store, StoreError

_HELD_BYTES: Final = 8_388_608
"""A longer range waits in a temporary file."""
_SHOWN_MATCHES: Final = 5
_NONE: Final = Around(b"", 0)
_REFERENCE: Final = re.compile(r"(?:ERR-)?([0-9A-HJKMNP-TV-Z]+)")


class Piece(NamedTuple):
    """Lines of an original, with those around them. `first` is the number of the first line of the failure itself."""

    name: str
    first: int
    last: int
    encoding: str
    before: Around
    content: IO[bytes]
    after: Around

    @property
    def title(self) -> str:
        """A line that names it, without its end."""
        return f"[L{self.first}-{self.last} of {escape_name(self.name)}]"

    def read(self) -> Iterator[bytes]:
        """Yield the bytes, in pieces."""
        yield self.before.data
        self.content.seek(0)
        while data := self.content.read(PIECE_BYTES):
            yield data
        yield self.after.data


@contextmanager
def trace(
    store: Store, reference: str, run: int | None = None, context: int = 0, *, every: bool = False
) -> Iterator[list[Piece]]:
    """Give the lines of the first place of a failure, or of every place that is stored, with as many around them.

    It is that of `run`, else of the newest that had it; a part of the reference will do. Raises LoopflowError.
    """
    try:
        found = _find(store, reference, run)
    except StoreError as error:
        raise LoopflowError(
            f"what is remembered cannot be read: {error}", "check that file, or move it away"
        ) from error
    if not found.places:
        raise LoopflowError(
            f"of {found.ref}, no lines are stored: {escape_name(found.headline)}", "reduce the log again"
        )
    with ExitStack() as stack:
        places = found.places if every else found.places[:1]
        yield [stack.enter_context(_open_piece(store, found, place, context)) for place in places]


def _find(store: Store, reference: str, run: int | None) -> Found:
    ref = _complete(store, reference)
    chosen = store.runs(ref, 1)[0] if run is None else run
    found = store.find(ref, chosen)
    if found is None:
        raise _has_not(chosen, ref, ", ".join(map(str, store.runs(ref, _SHOWN_MATCHES))))
    return found


def _has_not(run: int, ref: str, others: str) -> UsageError:
    return UsageError(f"run {run} has no {ref}", f"of the runs that have it, the newest are {others}")


def _complete(store: Store, reference: str) -> str:
    """Return the whole of the reference that begins so."""
    typed = _REFERENCE.fullmatch(reference.strip().upper())
    if not typed:
        raise UsageError(f"{escape_name(reference)} is no reference", "take one from a digest, such as ERR-7K3QF2A9QX")
    prefix = f"ERR-{typed[1]}"
    refs = store.refs(prefix, _SHOWN_MATCHES + 1)
    if not refs:
        raise UsageError(f"no run that is remembered has {prefix}", "check it, or reduce the log again")
    if prefix not in refs and len(refs) > 1:
        named = ", ".join(refs[:_SHOWN_MATCHES])
        more = " and others" if len(refs) > _SHOWN_MATCHES else ""
        raise UsageError(f"{prefix} is the beginning of {named}{more}", "write more of it")
    return prefix if prefix in refs else refs[0]


@contextmanager
def _open_piece(store: Store, found: Found, place: Place, context: int) -> Iterator[Piece]:
    with SpooledTemporaryFile(_HELD_BYTES) as content:
        piece = _read_file(place, context, content) or _read_archive(store, place, context, content)
        if piece is None:
            raise _explain(found, place)
        yield piece


def _read_file(place: Place, context: int, content: IO[bytes]) -> Piece | None:
    """Read a place from the file itself; None where that is gone, or has something else there."""
    if place.opened is None:
        return None
    try:
        with open_original(place.opened.path) as original:
            surely = is_unchanged(place.opened, original)
            return _read_place(original, place, context, content, counts_lines=not surely)
    except UNREADABLE:
        return None


def _read_archive(store: Store, place: Place, context: int, content: IO[bytes]) -> Piece | None:
    path = archive_path(store.directory, place.archive)
    try:
        with open_archive(path) as original:
            return _read_place(original, place, context, content, counts_lines=False)
    except UNREADABLE:
        return None


def _read_place(
    original: Original, place: Place, context: int, content: IO[bytes], *, counts_lines: bool
) -> Piece | None:
    if counts_lines and original.count_lines(place.range.start) != place.first - 1:
        return None
    content.seek(0)
    content.truncate()
    digest, data = sha256(), b""
    for data in original.read(place.range):
        digest.update(data)
        content.write(data)
    if digest.digest() != place.sha256:
        return None
    goes_on = original.is_line_end(data)
    after = original.after(place.range.end, context) if goes_on else _NONE
    before = original.before(place.range.start, context)
    return Piece(place.name, place.first, place.last, original.encoding, before, content, after)


def _explain(found: Found, place: Place) -> LoopflowError:
    """Return what to raise where lines are nowhere any more: it says all that is still known of them."""
    lines = f"lines {place.first}-{place.last} of {escape_name(place.path or place.name)}"
    when = f"{found.at:%Y-%m-%d %H:%M} UTC (run {found.run})"
    why = "whose original was not kept" if place.sha256 is None else "which changed or are gone, and are in no archive"
    earlier = f"an earlier run may have it: --run {found.earlier[0]}" if found.earlier else "reduce the log again"
    what = f"{found.ref} was on {lines} at {when}, {why}: {escape_name(found.headline)}"
    return LoopflowError(what, earlier)
