"""What a kind of line is worth: a key is a line without its digits, and is looked at once however often it comes.

Lines of a log are many and their kinds are few, so a dictionary answers for most lines. Only kinds that are new are
looked at, all of a batch together, and patterns only where a stem of theirs occurs.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import Final, NamedTuple

from loopflow.logs.recognisers.generic import CLOSING, ECHO, LOWERED, NONE, PASS_MARK
from loopflow.logs.recognisers.rows import Recogniser, Word

MOST_KEYS: Final = 400_000
FEW_KEYS: Final = 50_000
_MOST_KEY_BYTES: Final = 33_554_432

CRITICAL_WEIGHT: Final = 60
HIGH_WEIGHT: Final = 20
MEDIUM_WEIGHT: Final = 8

DIGITS: Final = b"0123456789"
_LONGEST_LOOK: Final = 2_000
"""Bytes of a line that patterns look at: what says why stands near the beginning, or in a shortened line's parts."""

_OF_WHAT: Final = rb"(?:errors?|fail\w*|warnings?|problems?|broken|offenses|unexpected)\b"
_COUNTED: Final = rb"(?i)(?:^|  |[(\[=|>] )(?:\w+ )?" + _OF_WHAT + rb"|\b" + _OF_WHAT + rb"\s?[:=]\s?(?=$|[,;)\]\s|])"
"""Of a key: a number stood beside a word, and may have been 0."""


class Trait(NamedTuple):
    """What is known of a kind of line. `recogniser` is the number of the one that it begins, -1 if none."""

    weight: int
    recogniser: int = -1
    rules: tuple[int, ...] = ()
    """If there are any, digits decide: each line of the kind is weighed by these."""
    is_anchor: bool = False


NOTHING: Final = Trait(0)


class Classifier:
    """Weighs lines by tables of words and recognisers. The heaviest word that is in a line says what it weighs."""

    def __init__(self, words: Iterable[Word], recognisers: Sequence[Recogniser], most_keys: int = MOST_KEYS) -> None:
        self._words = sorted(words, key=lambda word: (not word.is_anchor, -word.weight))
        self._patterns = [re.compile(word.pattern) for word in self._words]
        self._starts = [re.compile(each.start) for each in recognisers]
        self._weights = [each.weight for each in recognisers]
        self._most = most_keys
        self._known: dict[bytes, Trait] = {}
        self._size = 0
        self._stems = _index([*(word.stems for word in self._words), *(each.stems for each in recognisers)])
        self._pass = re.compile(PASS_MARK)
        self._echo = re.compile(ECHO)
        self._lowered = re.compile(LOWERED)
        self._none = re.compile(NONE)
        self._counted = re.compile(_COUNTED)
        self._closing = re.compile(CLOSING)

    def classify(self, keys: Sequence[bytes], lines: Sequence[bytes]) -> list[Trait]:
        """Return what is known of each line; `keys` are the lines without their digits."""
        traits: list[Trait | None] = list(map(self._known.get, keys))
        if None in traits:
            self._learn(keys, lines, traits)
        found = [self._known[key] for key in keys]
        for place, trait in enumerate(found):
            if trait is not NOTHING and trait.rules:
                found[place] = self._weigh(lines[place], trait.rules)
        return found

    def weigh(self, lines: Sequence[bytes]) -> list[int]:
        """Return what each line weighs."""
        return [trait.weight for trait in self.classify([line.translate(None, DIGITS) for line in lines], lines)]

    def find_strong(self, line: bytes) -> list[int]:
        """Return where in a line there are words that weigh as much as a failure does, at most one for each word."""
        low = b"\n" + line.lower()
        places = []
        for word, pattern in zip(self._words, self._patterns, strict=True):
            if word.weight >= CRITICAL_WEIGHT and any(stem in low for stem in _split(word.stems)):
                for stem in _split(word.stems):
                    near = max(low.find(stem) - 100, 0)
                    if stem in low and (found := pattern.search(line, near, near + _LONGEST_LOOK)):
                        places.append(found.start())
                        break
        return places

    def _learn(self, keys: Sequence[bytes], lines: Sequence[bytes], traits: Sequence[Trait | None]) -> None:
        if len(self._known) > self._most or self._size > _MOST_KEY_BYTES:
            self._known.clear()
            self._size = 0
            traits = [None] * len(keys)
        first = {key: place for place, key in reversed(list(enumerate(keys))) if traits[place] is None}
        new = list(first)
        self._known.update(dict.fromkeys(new, NOTHING))
        self._size += sum(map(len, new))
        for at, rules in self._find_rules(new).items():
            key = new[at]
            self._known[key] = self._judge(key[:_LONGEST_LOOK], lines[first[key]][:_LONGEST_LOOK], sorted(rules))

    def _find_rules(self, keys: Sequence[bytes]) -> dict[int, set[int]]:
        """Return the rules whose stems occur in each of the keys, by the place of the key."""
        text = b"\n" + b"\n".join(keys).lower()
        starts = list(accumulate((len(key) + 1 for key in keys), initial=0))  # of the line end before each
        found: dict[int, set[int]] = {}
        for stem, rules in self._stems:
            place = text.find(stem)
            while place >= 0:
                at = bisect_right(starts, place) - 1
                found.setdefault(at, set()).update(rules)
                place = text.find(stem, starts[at + 1])
        return found

    def _judge(self, key: bytes, line: bytes, rules: Sequence[int]) -> Trait:
        """Return what a kind of line is worth, of which `line` is the first."""
        if self._pass.search(line) or self._echo.match(line):
            return NOTHING
        many = len(self._words)
        for rule in rules:
            if rule >= many and self._starts[rule - many].search(key):
                return Trait(self._weights[rule - many], rule - many)
        of_words = tuple(rule for rule in rules if rule < many)
        by_line = tuple(rule for rule in of_words if self._words[rule].by_line)
        if key != line and (by_line or self._counted.search(key)):
            return Trait(0, rules=of_words)
        return self._weigh(key, tuple(rule for rule in of_words if rule not in by_line))

    def _weigh(self, line: bytes, rules: tuple[int, ...]) -> Trait:
        line = line[:_LONGEST_LOOK]
        if self._pass.search(line):
            return NOTHING
        line = self._none.sub(b"", line)
        for rule in rules:
            if self._patterns[rule].search(line):
                return self._make_trait(self._words[rule], line)
        return NOTHING

    def _make_trait(self, word: Word, line: bytes) -> Trait:
        if word.is_anchor:
            return NOTHING if self._closing.match(line) else Trait(word.weight, is_anchor=True)
        is_lowered = word.weight < CRITICAL_WEIGHT and self._lowered.search(line)
        return NOTHING if is_lowered else Trait(word.weight)


def _index(rows: Sequence[str]) -> list[tuple[bytes, tuple[int, ...]]]:
    """Return each stem with the numbers of the rows that have it."""
    stems: dict[bytes, list[int]] = {}
    for number, row in enumerate(rows):
        for stem in _split(row):
            stems.setdefault(stem, []).append(number)
    return [(stem, tuple(numbers)) for stem, numbers in stems.items()]


def _split(stems: str) -> list[bytes]:
    return [stem.encode().replace(b"^", b"\n") for stem in stems.split("|")]


def make_keys(text: bytes) -> list[bytes]:
    """Return the lines of `text`, each of which has an end, without their digits."""
    keys = text.translate(None, DIGITS).split(b"\n")
    keys.pop()
    return keys
