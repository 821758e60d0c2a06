"""The first half of reading: from the bytes of a log to lines as a reader would see them, each of them weighed.

Of the lines that went by it remembers how they are wrapped, which step the user's patterns dropped, and which kinds
there were, by numbers. So it can work in a process of its own, ahead of what puts failures together; that takes what
was prepared in order, since new kinds have the next numbers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from loopflow.analysis.redact import Redactor
from loopflow.logs.cleaning import LONGEST_LINE, clean, is_lossy, shorten_line
from loopflow.logs.envelopes import Envelopes
from loopflow.logs.heading import begins_digest
from loopflow.logs.keys import (
    CRITICAL_WEIGHT,
    HIGH_WEIGHT,
    MEDIUM_WEIGHT,
    NOTHING,
    Classifier,
    NewKinds,
    Trait,
    find_hot,
    make_keys,
)
from loopflow.logs.model import LogRequest, Priority, Unwrapped
from loopflow.logs.own_lines import OwnLines
from loopflow.logs.reading import Chunk

_LEVELS: Final = {
    Priority.CRITICAL: Trait(CRITICAL_WEIGHT),
    Priority.HIGH: Trait(HIGH_WEIGHT * 2),
    Priority.MEDIUM: Trait(MEDIUM_WEIGHT),
}
_NONE: Final = Unwrapped(b"")


@dataclass(frozen=True, slots=True)
class Prepared:
    """Lines that a chunk ended. There are none where they wait for more (`is_held`), or are treated as not there."""

    text: bytes
    is_same: bool
    """Whether the text is that of the chunk."""
    lines: Sequence[bytes]
    kinds: Sequence[int]
    """The number of the kind of each line."""
    new: NewKinds
    """The kinds that came since the chunk before, or in this one."""
    traits: Sequence[Trait]
    """What is known of each line."""
    hot: Sequence[int]
    """The places of the lines that weigh something, or begin something."""
    starts: Sequence[int]
    """Where each line of the chunk begins in the original, and at last its end."""
    unwrapped: Unwrapped
    """What their wrapping said of the lines; its text is that of before they were redacted and shortened."""
    is_held: bool
    envelope: str
    """What the lines of the file were wrapped in, so far."""
    is_lossy: bool
    """Whether bytes of the file were not UTF-8, so far."""
    dropped: int
    """How many lines of the file are treated as if they were not there, so far."""


class Preparer:
    """Prepares one file, chunk by chunk, in order. Raises UsageError where a pattern of the user's takes too long."""

    def __init__(self, request: LogRequest, classifier: Classifier) -> None:
        self._classifier = classifier
        self._envelopes = Envelopes(self._clean)
        self._redactor = Redactor() if request.redact else None
        self._own = OwnLines(request)
        self._is_digest: bool | None = None
        self._is_lossy = False
        self._cut = 0

    def prepare(self, chunk: Chunk) -> Prepared:
        """Return what the next chunk ended."""
        self._cut = chunk.cut
        self._is_lossy = self._is_lossy or is_lossy(chunk.data)
        text = self._clean(chunk.data)
        text = text if text.endswith(b"\n") else text + b"\n"
        if self._is_digest is None:
            self._is_digest = begins_digest(text)
        return self._prepare(Unwrapped(text) if self._is_digest else self._envelopes.unwrap(text), chunk)

    def finish(self) -> Prepared:
        """Return the lines that waited, at the end of the file."""
        return self._prepare(self._envelopes.finish())

    def _clean(self, block: bytes) -> bytes:
        return clean(block, self._classifier.weigh)

    def _prepare(self, unwrapped: Unwrapped, chunk: Chunk | None = None) -> Prepared:
        is_held, kinds, traits, hot = not unwrapped.text, list[int](), list[Trait](), list[int]()
        text, lines, keys, unwrapped = (b"", [], [], _NONE) if is_held else self._finish_lines(unwrapped)
        if lines:
            kinds = self._classifier.find_kinds(keys)
            traits = self._classifier.weigh_kinds(kinds, lines)
            for at, level in unwrapped.levels.items():
                traits[at] = _raise(traits[at], level)
            self._own.judge(text, lines, traits)
            hot = [at for at in find_hot(traits) if traits[at].weight or traits[at].recogniser >= 0]
        is_same = chunk is not None and text == chunk.data
        starts = chunk.starts(lines if is_same else ()) if chunk else ()
        return Prepared(
            text=text,
            is_same=is_same,
            lines=lines,
            kinds=kinds,
            new=self._classifier.take_new(),
            traits=traits,
            hot=hot,
            starts=starts,
            unwrapped=unwrapped,
            is_held=is_held,
            envelope=self._envelopes.name,
            is_lossy=self._is_lossy,
            dropped=self._own.dropped,
        )

    def _finish_lines(self, unwrapped: Unwrapped) -> tuple[bytes, Sequence[bytes], Sequence[bytes], Unwrapped]:
        """Return lines as they are shown, as one text too, and their keys: redacted, shortened, what is to go gone."""
        keys = make_keys(unwrapped.text)
        text = self._redactor.redact(unwrapped.text, keys) if self._redactor else unwrapped.text
        lines: Sequence[bytes] = text.split(b"\n")[:-1]
        if max(map(len, lines)) > LONGEST_LINE:
            lines = [shorten_line(line, self._find, self._cut) if len(line) > LONGEST_LINE else line for line in lines]
            text = b"\n".join(lines) + b"\n"
        if self._own.drops:
            lines, unwrapped = self._own.drop(text, lines, unwrapped)
            text = b"".join(line + b"\n" for line in lines)
        return text, lines, keys if text is unwrapped.text else make_keys(text), unwrapped

    def _find(self, line: bytes) -> list[int]:
        """Return where in a very long line something matters."""
        return [*self._own.places(line), *self._classifier.find_strong(line)]


def _raise(trait: Trait, level: Priority) -> Trait:
    """Return what a line is worth of which a logger said its level."""
    if level is Priority.VERBOSE:
        return trait if trait.weight >= CRITICAL_WEIGHT else NOTHING
    told = _LEVELS.get(level, NOTHING)
    return trait if trait.weight >= told.weight or trait.recogniser >= 0 else told
