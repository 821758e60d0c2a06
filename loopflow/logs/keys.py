"""What a kind of line is worth: a key is a line without its digits, and is looked at once however often it comes.

Lines of a log are many and their kinds are few, so a dictionary answers for most lines. Only kinds that are new are
looked at, all of a batch together, and patterns only where a stem of theirs occurs.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import Final, NamedTuple

from loopflow.logs.cleaning import LONGEST_LINE
from loopflow.logs.recognisers.marks import CLOSING, ECHO, LOWERED, NONE, PASS_MARK
from loopflow.logs.recognisers.rows import Recogniser, Word
from loopflow.logs.recognisers.words import SUMMARY_WEIGHT
from loopflow.logs.stems import Vocabulary, index_stems

MOST_KEYS: Final = 400_000
FEW_KEYS: Final = 50_000
_MOST_KEY_BYTES: Final = 33_554_432

OWN_WEIGHT: Final = 101
"""Of a line that a pattern of the user's says is critical: it goes before what any table says."""
CRITICAL_WEIGHT: Final = 60
HIGH_WEIGHT: Final = 20
MEDIUM_WEIGHT: Final = 8

_LONGEST_MARK: Final = 120
"""Bytes at the end of a line in which a mark of success may stand."""

DIGITS: Final = b"0123456789"
_ONES: Final = bytes.maketrans(b"23456789", b"11111111")
_MOST_COUNTS: Final = 10_000
_LONGEST_LOOK: Final = LONGEST_LINE
"""Bytes of a line that patterns look at: all, where it was shortened."""

_OF_WHAT: Final = rb"(?:errors?|fail\w*|warnings?|problems?|broken|offenses|unexpected)\b"
_COUNTED: Final = rb"(?i)(?:^ ?|  |[(\[=|>] )(?:\w+ )?" + _OF_WHAT + rb"|\b" + _OF_WHAT + rb"\s?[:=]\s?(?=$|[,;)\]\s|])"
"""Of a key: a number stood beside a word, and may have been 0."""


class Trait(NamedTuple):
    """What is known of a kind of line. `recogniser` is the number of the one that it begins, -1 if none."""

    weight: int
    recogniser: int = -1
    rules: tuple[int, ...] = ()
    """If there are any, digits decide: each line of the kind is weighed by these."""
    is_anchor: bool = False
    otherwise: "Trait | None" = None
    """What a line is worth that none of `rules` holds for; None where a count of nothing may be in it."""


NOTHING: Final = Trait(0)


def find_hot(traits: Sequence[Trait]) -> list[int]:
    """Return the places of the lines of which more is known than that they say nothing."""
    return [place for place, trait in enumerate(traits) if trait is not NOTHING]


class Classifier:
    """Weighs lines by tables of words and recognisers. The heaviest word that is in a line says what it weighs."""

    def __init__(self, words: Iterable[Word], recognisers: Sequence[Recogniser], most_keys: int = MOST_KEYS) -> None:
        self._words = sorted(words, key=lambda word: (not word.is_anchor, -word.weight))
        self._patterns = [re.compile(word.pattern) for word in self._words]
        self._digits = {number: re.compile(word.digits) for number, word in enumerate(self._words) if word.digits}
        self._numbers = {number: re.compile(word.number) for number, word in enumerate(self._words) if word.number}
        self._starts = [re.compile(each.start) for each in recognisers]
        self._weights = [each.weight for each in recognisers]
        self._most = most_keys
        self._known: dict[bytes, Trait] = {}
        self._counts: dict[bytes, Trait] = {}
        """Of lines that count something, with 1 for each digit but 0."""
        self._size = 0
        stems = (*(word.stems for word in self._words), *(each.stems for each in recognisers))
        self._vocabulary = Vocabulary(index_stems(stems))
        self._pass = re.compile(PASS_MARK)
        self._echo = re.compile(ECHO)
        self._lowered = re.compile(LOWERED)
        self._none = re.compile(NONE)
        self._counted = re.compile(_COUNTED)
        self._closing = re.compile(CLOSING)

    def classify(self, keys: Sequence[bytes], lines: Sequence[bytes]) -> list[Trait]:
        """Return what is known of each line; `keys` are the lines without their digits."""
        known = self._known
        traits = list(map(known.get, keys))
        if None in traits:
            self._learn(keys, traits)
            traits = list(map(known.get, keys))
        found: list[Trait] = [trait for trait in traits if trait is not None]
        for place in find_hot(found):
            if found[place].rules:
                found[place] = self._weigh_line(lines[place], found[place])
        return found

    def weigh(self, lines: Sequence[bytes]) -> list[int]:
        """Return what each line weighs."""
        return [trait.weight for trait in self.classify([line.translate(None, DIGITS) for line in lines], lines)]

    def find_strong(self, line: bytes) -> list[int]:
        """Return where in a line there are words that weigh as much as a failure does, at most one for each word."""
        rules = sorted(self._find_rules([line]).get(0, ()))
        strong = [rule for rule in rules if rule < len(self._words) and self._words[rule].weight >= CRITICAL_WEIGHT]
        found = [self._patterns[rule].search(line) for rule in strong]
        return [each.start() for each in found if each is not None]

    def _learn(self, keys: Sequence[bytes], traits: Sequence[Trait | None]) -> None:
        new = list(dict.fromkeys(key for key, trait in zip(keys, traits, strict=True) if trait is None))
        if len(self._known) > self._most:
            self._known.clear()
            new = list(dict.fromkeys(keys))
        self._known.update(dict.fromkeys(new, NOTHING))
        self._size += sum(map(len, new))
        for at, rules in self._find_rules(new).items():
            self._known[new[at]] = self._judge(new[at][:_LONGEST_LOOK], sorted(rules))

    def _find_rules(self, keys: Sequence[bytes]) -> dict[int, set[int]]:
        """Return the rules whose stems occur in each of the keys, by the place of the key."""
        low = [b"\n" + key.lower() for key in keys]
        text = b"".join(low) + b"\n"
        starts = list(accumulate(map(len, low), initial=0))
        found: dict[int, set[int]] = {}
        for stem, rules, longer in self._vocabulary.choose(text):
            place = text.find(stem)
            while place >= 0:
                at = bisect_right(starts, place) - 1
                held = found.setdefault(at, set())
                held.update(rules)
                for other, more in longer:
                    if other in low[at]:
                        held.update(more)
                place = text.find(stem, starts[at + 1])
        return found

    def _judge(self, key: bytes, rules: Sequence[int]) -> Trait:
        """Return what a kind of line is worth."""
        many = len(self._words)
        for rule in rules:
            if rule >= many and self._starts[rule - many].search(key):
                is_fine = self._says_that_it_is_fine(key)
                return NOTHING if is_fine else Trait(self._weights[rule - many], rule - many)
        words = self._choose_words(rules, key)
        if not words:
            return NOTHING
        if self._counted.search(key):
            return Trait(0, rules=words)
        of_digits = tuple(rule for rule in words if rule in self._digits)
        otherwise = self._weigh(key, tuple(rule for rule in words if rule not in self._digits))
        return Trait(0, rules=of_digits, otherwise=otherwise) if of_digits else otherwise

    def _choose_words(self, rules: Sequence[int], key: bytes) -> tuple[int, ...]:
        """Return the words of some rules, of those whose digits decide the ones that a line of the kind may hold."""
        holds: dict[re.Pattern[bytes] | None, bool] = {None: True}  # several words have one pattern
        for pattern in {self._digits[rule] for rule in rules if rule in self._digits}:
            holds[pattern] = pattern.search(key) is not None
        return tuple(rule for rule in rules if rule < len(self._words) and holds[self._digits.get(rule)])

    def _weigh_line(self, line: bytes, trait: Trait) -> Trait:
        """Return what a line is worth of a kind whose digits decide."""
        if trait.otherwise is None:
            return self._weigh_counted(line, trait.rules)
        line = line[:_LONGEST_LOOK]
        for rule in trait.rules:
            if self._has_number(rule, line) and self._patterns[rule].search(line):
                word = self._words[rule]
                if not word.is_anchor and word.weight <= trait.otherwise.weight:
                    break
                return NOTHING if self._says_that_it_is_fine(line) else self._make_trait(word, line)
        return trait.otherwise

    def _weigh_counted(self, line: bytes, rules: tuple[int, ...]) -> Trait:
        """Return what a line is worth in which nothing may be counted. Where no number is named, it is that or none."""
        if not self._numbers.keys().isdisjoint(rules):
            return self._weigh(line, rules)
        form = line.translate(_ONES)
        known = self._counts.get(form)
        if known is None:
            if len(self._counts) >= _MOST_COUNTS:
                self._counts.clear()
            known = self._counts[form] = self._weigh(line, rules)
        return known

    def _has_number(self, rule: int, line: bytes) -> bool:
        number = self._numbers.get(rule)
        return number is None or number.search(b" " + line) is not None

    def _weigh(self, line: bytes, rules: tuple[int, ...]) -> Trait:
        line = line[:_LONGEST_LOOK]
        word = self._find_word(line, rules)
        if word is None or self._says_that_it_is_fine(line):
            return NOTHING
        without = self._none.sub(b"", line)
        if without != line:
            word = self._find_word(without, rules)
        return NOTHING if word is None else self._make_trait(word, line)

    def _find_word(self, line: bytes, rules: tuple[int, ...]) -> Word | None:
        """Return the heaviest word that is in a line: with its digits where they decide, else without."""
        key = line.translate(None, DIGITS)
        for rule in rules:
            if self._patterns[rule].search(line if rule in self._digits else key):
                return self._words[rule]
        return None

    def _says_that_it_is_fine(self, line: bytes) -> bool:
        """Whether a line has a mark of success at one of its ends, or is a command that a shell repeats."""
        at_end = max(len(line) - _LONGEST_MARK, 0)
        return bool(self._pass.match(line) or self._pass.search(line, at_end) or self._echo.match(line))

    def _make_trait(self, word: Word, line: bytes) -> Trait:
        if word.is_anchor:
            return NOTHING if self._closing.match(line) else Trait(word.weight, is_anchor=True)
        is_lowered = word.weight < SUMMARY_WEIGHT and self._lowered.search(line)
        return NOTHING if is_lowered else Trait(word.weight)


def make_keys(text: bytes) -> list[bytes]:
    """Return the lines of `text`, each of which has an end, without their digits."""
    keys = text.translate(None, DIGITS).split(b"\n")
    keys.pop()
    return keys
