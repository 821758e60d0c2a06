"""What a kind of line is worth: the heaviest word in it, unless its digits say otherwise."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopflow.logs.keys import NOTHING, Classifier, Trait, make_keys
from loopflow.logs.recognisers.rows import Recogniser, Word
from loopflow.logs.recognisers.tables import RECOGNISERS, WORDS
from tests.support.examples import some

OWN_WORDS = (
    Word(8, rb"warn", "warn"),
    Word(60, rb"broken", "broken"),
    Word(90, rb"(?i)[1-9]\d* broken", "broken", digits=rb"(?i)(?:^|  )broken|^ broken"),
    Word(40, rb"^stopped", "^stopped", is_anchor=True),
    Word(30, rb"stopped", "stopped"),
)
OWN_RECOGNISERS = (Recogniser("story", rb"Once upon \S", "once upon", 70),)
WORDS_OF_LINES = (
    "|error:|Errors:|0|3|failed|warning|ok|exit code|Traceback (most recent call last):|make:|***|[INFO]|status|500"
    "|no errors|HTTP/1.1|+ |FAIL|BUILD FAILED|x.o|at a.js:3"
)
WORD = st.sampled_from(WORDS_OF_LINES.split("|"))
LINES = st.lists(st.lists(WORD, max_size=5).map(lambda words: " ".join(words).encode()), min_size=1, max_size=12)


def own() -> Classifier:
    """Return a classifier with a few words."""
    return Classifier(OWN_WORDS, OWN_RECOGNISERS)


def classify(classifier: Classifier, *lines: bytes) -> list[Trait]:
    """Return what is known of lines."""
    return classifier.classify(make_keys(b"\n".join([*lines, b""])), lines)


@pytest.mark.parametrize(
    ("line", "trait"),
    [
        (b"nothing of note", NOTHING),
        (b"a warning", Trait(8)),
        (b"a broken thing, so a warning", Trait(60)),
        (b"BROKEN", NOTHING),
        (b"12 broken", Trait(90)),
        (b"0 broken", Trait(60)),
        (b"stopped", Trait(40, is_anchor=True)),
        (b"stopped, broken", Trait(40, is_anchor=True)),
        (b"it stopped", Trait(30)),
        (b"ONCE UPON a time, broken", Trait(60)),
        (b"Once upon a time, broken", Trait(70, 0)),
        (b"broken ... ok", NOTHING),
        (b"[INFO] it stopped", NOTHING),
        (b"[INFO] broken", Trait(60)),
        (b"+ echo broken", NOTHING),
        (b"x" * 3_900 + b" broken", Trait(60)),
        (b"x" * 5_000 + b" broken", NOTHING),
    ],
)
def test_the_heaviest_word_says_what_a_line_weighs(line: bytes, trait: Trait) -> None:
    """A recogniser goes before words, an anchor before other words, what went well before all."""
    [found] = classify(own(), line)
    assert found._replace(rules=()) == trait


@some(10)
@given(lines=LINES)
def test_a_line_is_worth_the_same_in_any_order(lines: list[bytes]) -> None:
    """Whatever was seen before it, alone or with others, and with a cache that is always full."""
    alone = [classify(Classifier(WORDS, RECOGNISERS), line)[0] for line in lines]
    forgetful = Classifier(WORDS, RECOGNISERS, most_keys=0)
    assert classify(Classifier(WORDS, RECOGNISERS), *lines) == alone
    assert [*reversed(classify(Classifier(WORDS, RECOGNISERS), *reversed(lines)))] == alone
    assert [classify(forgetful, line)[0] for line in lines] == alone


def test_digits_decide_of_each_line_of_a_kind() -> None:
    """Also where the first line of the kind had none."""
    lines = [b"Errors: ", b"Errors: 0", b"Errors: 12", b"Errors: 0"]
    heavy = [trait.weight > 0 for trait in classify(Classifier(WORDS, RECOGNISERS), *lines)]
    assert heavy == [False, False, True, False]


@given(lines=LINES)
def test_weigh_and_classify_agree(lines: list[bytes]) -> None:
    """The one is the other's weights."""
    assert own().weigh(lines) == [trait.weight for trait in classify(own(), *lines)]


@given(text=st.lists(st.sampled_from([b"a", b"7", b"\n", b"", "é".encode()]), max_size=20).map(b"".join))
def test_a_key_is_a_line_without_its_digits(text: bytes) -> None:
    """One for each line that has an end."""
    text += b"\n"
    assert make_keys(text) == [line.translate(None, b"0123456789") for line in text[:-1].split(b"\n")]


@pytest.mark.parametrize(
    ("line", "places"),
    [
        (b"a broken thing", [2]),
        (b"a warning", []),
        (b"BROKEN " * 3_000 + b"broken, and broken", [21_000]),
        (b"x" * 9_000 + b"7 broken", [9_002, 9_000]),
        (b"no stem", []),
    ],
)
def test_strong_words_are_found_in_long_lines(line: bytes, places: list[int]) -> None:
    """The first of each, wherever it is."""
    assert sorted(own().find_strong(line)) == sorted(places)


def test_long_lines_are_not_all_remembered() -> None:
    """However many differ: what is remembered has a number of bytes, and what is forgotten is looked at again."""
    classifier = Classifier(WORDS, RECOGNISERS, 200)
    for batch in range(30):
        letters = string.ascii_lowercase[batch % 26] * (batch + 1)
        long = [letters.encode() * 100 + b" error: no %c" % each for each in string.ascii_lowercase.encode()]
        assert min(classifier.weigh(long)) >= 60
    assert sum(map(len, classifier._known)) < 2 * 200 * 100 + 26 * 3_100  # noqa: SLF001  nothing else shows it
