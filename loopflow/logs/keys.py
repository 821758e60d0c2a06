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

MOST_KEYS: Final = 150_000
FEW_KEYS: Final = 30_000
"""So many kinds are remembered, and then all are forgotten: to look at those that come again costs little."""
_BYTES_A_KEY: Final = 100
"""They are forgotten earlier where they are longer than that, by and large: lines can have thousands of bytes."""

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
_MOST_RULES: Final = 10_000
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


class _Rules(NamedTuple):
    """Rules whose stems a kind of line has: the numbers of recognisers and words, what digits of these may decide."""

    recognisers: tuple[int, ...]
    words: tuple[int, ...]
    digits: frozenset[re.Pattern[bytes]]


class NewKinds(NamedTuple):
    """The keys of kinds of lines that have the next numbers, or the first ones if it `begins_anew`."""

    keys: Sequence[bytes]
    begins_anew: bool


def find_hot(traits: Sequence[Trait]) -> list[int]:
    """Return the places of the lines of which more is known than that they say nothing."""
    return [place for place, trait in enumerate(traits) if trait is not NOTHING]


class _Patterns(dict[int, re.Pattern[bytes]]):
    """Patterns by the numbers of their rows. Each is compiled when it is first asked for: a short log needs few."""

    def __init__(self, sources: Sequence[bytes]) -> None:
        super().__init__()
        self._sources = sources

    def __missing__(self, number: int) -> re.Pattern[bytes]:
        found = self[number] = re.compile(self._sources[number])
        return found


class _Kinds(dict[bytes, int]):
    """The number of each kind of line, by its key, from 0 in the order in which they came."""

    def __init__(self) -> None:
        super().__init__()
        self.new: list[bytes] = []
        """Those that were not looked at yet."""

    def __missing__(self, key: bytes) -> int:
        number = self[key] = len(self)
        self.new.append(key)
        return number


class Classifier:
    """Weighs lines by tables of words and recognisers. The heaviest word that is in a line says what it weighs."""

    def __init__(self, words: Iterable[Word], recognisers: Sequence[Recogniser], most_keys: int = MOST_KEYS) -> None:
        self._words = sorted(words, key=lambda word: (not word.is_anchor, -word.weight))
        self._patterns = _Patterns([word.pattern for word in self._words])
        self._digits = {number: re.compile(word.digits) for number, word in enumerate(self._words) if word.digits}
        self._numbers = {number: re.compile(word.number) for number, word in enumerate(self._words) if word.number}
        self._starts = _Patterns([each.start for each in recognisers])
        self._weights = [each.weight for each in recognisers]
        self._most = most_keys
        self._known = _Kinds()
        self._known_bytes = 0
        self._traits: list[Trait] = []
        """What is known of each kind, by its number."""
        self._untold: list[bytes] = []
        self._begins_anew = True
        self._rules: dict[int, _Rules] = {}
        """What rules bits stand for."""
        self._counts: dict[bytes, Trait] = {}
        """Of lines that count something, with 1 for each digit but 0."""
        self._possible: dict[tuple[bytes, tuple[int, ...]], tuple[int, ...]] = {}
        """Of a key and its rules, those that may be the first that holds for one of its lines."""
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
        return self.weigh_kinds(self.find_kinds(keys), lines)

    def find_kinds(self, keys: Sequence[bytes]) -> list[int]:
        """Return the number of the kind of each line. What is known of it holds until this is asked again."""
        known = self._known
        if len(known) > self._most or self._known_bytes > self._most * _BYTES_A_KEY:
            known.clear()
            self._traits.clear()
            self._untold.clear()
            self._known_bytes, self._begins_anew = 0, True
        kinds = list(map(known.__getitem__, keys))
        if known.new:
            self._judge_new()
        return kinds

    def take_new(self) -> NewKinds:
        """Return the keys of the kinds that came since this was asked last."""
        new = NewKinds(self._untold, self._begins_anew)
        self._untold, self._begins_anew = [], False
        return new

    def weigh_kinds(self, kinds: Sequence[int], lines: Sequence[bytes]) -> list[Trait]:
        """Return what is known of each line, of which the kind was found."""
        found = list(map(self._traits.__getitem__, kinds))
        for place in find_hot(found):
            if found[place].rules:
                found[place] = self._weigh_line(lines[place], found[place])
        return found

    def weigh(self, lines: Sequence[bytes]) -> list[int]:
        """Return what each line weighs."""
        return [trait.weight for trait in self.classify([line.translate(None, DIGITS) for line in lines], lines)]

    def find_strong(self, line: bytes) -> list[int]:
        """Return where in a line there are words that weigh as much as a failure does, at most one for each word."""
        rules = self._read_rules(self._find_rules([line]).get(0, 0)).words
        strong = [rule for rule in rules if self._words[rule].weight >= CRITICAL_WEIGHT]
        found = [self._patterns[rule].search(line) for rule in strong]
        return [each.start() for each in found if each is not None]

    def _judge_new(self) -> None:
        """Look at the kinds of lines that are new."""
        new, self._known.new = self._known.new, []
        self._known_bytes += sum(map(len, new))
        self._untold += new
        first = len(self._traits)
        self._traits += [NOTHING] * len(new)
        for at, bits in self._find_rules(new).items():
            self._traits[first + at] = self._judge(new[at][:_LONGEST_LOOK], self._read_rules(bits))

    def _find_rules(self, keys: Sequence[bytes]) -> dict[int, int]:
        """Return the rules, as bits, whose stems occur in each of the keys, by the place of the key."""
        low = [b"\n" + key.lower() for key in keys]
        text = b"".join(low) + b"\n"
        starts = list(accumulate(map(len, low), initial=0))
        found: dict[int, int] = {}
        for stem, bits, longer in self._vocabulary.choose(text):
            place = text.find(stem)
            while place >= 0:
                at = bisect_right(starts, place) - 1
                held = found.get(at, 0) | bits
                for other, more in longer:
                    if other in low[at]:
                        held |= more
                found[at] = held
                place = text.find(stem, starts[at + 1])
        return found

    def _read_rules(self, bits: int) -> _Rules:
        """Return the rules that are given as bits. The same ones are together in many kinds of lines."""
        known = self._rules.get(bits)
        if known is None:
            if len(self._rules) >= _MOST_RULES:
                self._rules.clear()
            many = len(self._words)
            rules = [rule for rule in range(bits.bit_length()) if bits >> rule & 1]
            words = tuple(rule for rule in rules if rule < many)
            digits = frozenset(self._digits[rule] for rule in words if rule in self._digits)
            known = _Rules(tuple(rule - many for rule in rules if rule >= many), words, digits)
            self._rules[bits] = known
        return known

    def _judge(self, key: bytes, rules: _Rules) -> Trait:
        """Return what a kind of line is worth."""
        for number in rules.recognisers:
            if self._starts[number].search(key):
                is_fine = self._says_that_it_is_fine(key)
                return NOTHING if is_fine else Trait(self._weights[number], number)
        words = self._choose_words(rules, key)
        if not words:
            return NOTHING
        if self._counted.search(key):
            return Trait(0, rules=words)
        of_digits = tuple(rule for rule in words if rule in self._digits)
        otherwise = self._weigh(key, tuple(rule for rule in words if rule not in self._digits))
        return Trait(0, rules=of_digits, otherwise=otherwise) if of_digits else otherwise

    def _choose_words(self, rules: _Rules, key: bytes) -> tuple[int, ...]:
        """Return the words of some rules, of those whose digits decide the ones that a line of the kind may hold."""
        missing = {pattern for pattern in rules.digits if not pattern.search(key)}  # several words have one pattern
        if not missing:
            return rules.words
        return tuple(rule for rule in rules.words if self._digits.get(rule) not in missing)

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
        return number is None or number.search(line) is not None

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
        for rule in rules if key == line else self._choose_possible(key, rules):
            if self._patterns[rule].search(line if rule in self._digits else key):
                return self._words[rule]
        return None

    def _choose_possible(self, key: bytes, rules: tuple[int, ...]) -> tuple[int, ...]:
        """Return the rules that may be the first that holds for a line of a kind: the last surely holds."""
        known = self._possible.get((key, rules))
        if known is None:
            if len(self._possible) >= _MOST_COUNTS:
                self._possible.clear()
            holding = (rule for rule in rules if rule not in self._digits and self._patterns[rule].search(key))
            first = next(holding, len(self._words))
            known = tuple(rule for rule in rules if rule == first or (rule < first and rule in self._digits))
            self._possible[key, rules] = known
        return known

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
