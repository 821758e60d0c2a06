"""The plain texts that are sought in kinds of lines, all in many lines at once, before any pattern is tried.

Lines are many, but the words in them are few: a stem is sought in the lines only where one of their words has its
letters, and each word is looked at once.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple

_LETTERS: Final = bytes(byte if 97 <= byte <= 122 or byte >= 128 else 32 for byte in range(256))  # noqa: PLR2004
"""Of a text in lower case, the letters, and blanks for the rest."""
_LEAST_LETTERS: Final = 4
"""Of a word of ASCII that is looked at: many have fewer."""
_SIGNS: Final = (b"*", b"<", b"'", b"=", b"[")
"""Sought where a stem has no such word; the rarer of them come first."""
_MOST_WORDS: Final = 100_000


class Stem(NamedTuple):
    """A plain text, the rows that have it as bits, and the same of longer ones: those need no search."""

    text: bytes
    rows: int
    longer: Sequence[tuple[bytes, int]]


@lru_cache(maxsize=2)
def index_stems(rows: tuple[str, ...]) -> tuple[Stem, ...]:
    """Return the stems that are sought; who reduces many small logs would find them anew most of the time."""
    stems: dict[bytes, int] = {}
    for number, row in enumerate(rows):
        for stem in _split(row):
            stems[stem] = stems.get(stem, 0) | 1 << number
    longer: dict[bytes, list[tuple[bytes, int]]] = {}
    for stem in sorted(stems, key=len):
        if not any(other in stem for other in longer):
            longer[stem] = []
    for stem, bits in stems.items():
        if stem not in longer:
            longer[next(other for other in longer if other in stem)].append((stem, bits))
    return tuple(Stem(stem, stems[stem], more) for stem, more in longer.items())


def _split(stems: str) -> list[bytes]:
    return [stem.encode().replace(b"^", b"\n") for stem in stems.split("|")]


class Vocabulary:
    """The words of lines, and which of them have the letters of stems."""

    def __init__(self, stems: Sequence[Stem]) -> None:
        self._stems = stems
        self._parts = [_find_parts(stem.text) for stem in stems]
        parts = frozenset[bytes]().union(*self._parts)
        self._signs = [part for part in parts if part in _SIGNS]
        self._starts = [part for part in parts if part.startswith(b"\n")]
        self._letters = parts.difference(self._signs, self._starts)
        self._longest_start = max(map(len, self._starts), default=1) - 1
        self._idle: set[bytes] = set()
        """Words that have none of the letters."""
        self._telling: dict[bytes, set[bytes]] = {}
        """The letters that a word has."""

    def choose(self, text: bytes) -> list[Stem]:
        """Return the stems that may be in lines in lower case: of any other there is not even some part."""
        if len(self._idle) + len(self._telling) > _MOST_WORDS:
            self._idle.clear()
            self._telling.clear()
        words = set(text.translate(_LETTERS).split()) - self._idle
        if new := words - self._telling.keys():
            self._learn(new)
        heads = b"\n" + b"\n".join({line[: self._longest_start] for line in text.split(b"\n")})
        here = {start for start in self._starts if start in heads}
        here.update(sign for sign in self._signs if sign in text)
        here.update(*(self._telling[word] for word in words if word in self._telling))
        return [stem for stem, parts in zip(self._stems, self._parts, strict=True) if parts <= here]

    def _learn(self, new: set[bytes]) -> None:
        text = b" ".join(new)
        for letters in self._letters:
            if letters in text:
                for word in new:
                    if letters in word:
                        self._telling.setdefault(word, set()).add(letters)
        self._idle |= new - self._telling.keys()


def _find_parts(stem: bytes) -> frozenset[bytes]:
    """Return parts of a stem that few lines have, and that are quickly sought; there may be none."""
    if stem.startswith(b"\n"):
        return frozenset({stem})
    words = [word for word in stem.translate(_LETTERS).split() if len(word) >= _LEAST_LETTERS or not word.isascii()]
    return frozenset(words or [sign for sign in _SIGNS if sign in stem][:1])
