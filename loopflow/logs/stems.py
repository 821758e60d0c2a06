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
_MOST_WORDS: Final = 100_000


class Stem(NamedTuple):
    """A plain text, the numbers of the rows that have it, and the same of longer ones: those need no search."""

    text: bytes
    rows: Sequence[int]
    longer: Sequence[tuple[bytes, Sequence[int]]]


@lru_cache(maxsize=2)
def index_stems(rows: tuple[str, ...]) -> tuple[Stem, ...]:
    """Return the stems that are sought; who reduces many small logs would find them anew most of the time."""
    stems: dict[bytes, list[int]] = {}
    for number, row in enumerate(rows):
        for stem in _split(row):
            stems.setdefault(stem, []).append(number)
    shortest = [stem for stem in stems if not any(other in stem for other in stems if other != stem)]
    longer: dict[bytes, list[tuple[bytes, Sequence[int]]]] = {stem: [] for stem in shortest}
    for stem, numbers in stems.items():
        if stem not in longer:
            longer[next(other for other in shortest if other in stem)].append((stem, numbers))
    return tuple(Stem(stem, stems[stem], longer[stem]) for stem in shortest)


def _split(stems: str) -> list[bytes]:
    return [stem.encode().replace(b"^", b"\n") for stem in stems.split("|")]


class Vocabulary:
    """The words of lines, and which of them have the letters of stems."""

    def __init__(self, stems: Sequence[Stem]) -> None:
        self._stems = stems
        words = [max(stem.text.translate(_LETTERS).split(), key=len, default=b"") for stem in stems]
        self._letters = [word if len(word) >= _LEAST_LETTERS else b"" for word in words]
        """Of each stem; none where they are so few that many words have them: it is always sought."""
        self._idle: set[bytes] = set()
        """Words that have none of the letters."""
        self._telling: dict[bytes, set[bytes]] = {}
        """The letters that a word has."""

    def choose(self, text: bytes) -> list[Stem]:
        """Return the stems that may be in lines in lower case: of any other there is not even the longest word."""
        if len(self._idle) + len(self._telling) > _MOST_WORDS:
            self._idle.clear()
            self._telling.clear()
        words = set(text.translate(_LETTERS).split()) - self._idle
        if new := words - self._telling.keys():
            self._learn(new)
        here = {b""}.union(*(self._telling[word] for word in words if word in self._telling))
        return [stem for stem, letters in zip(self._stems, self._letters, strict=True) if letters in here]

    def _learn(self, new: set[bytes]) -> None:
        text = b" ".join(new)
        for letters in dict.fromkeys(self._letters):
            if letters and letters in text:
                for word in new:
                    if letters in word:
                        self._telling.setdefault(word, set()).add(letters)
        self._idle |= new - self._telling.keys()
