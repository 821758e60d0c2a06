"""Patterns of the user's: what is sought first is surely there, and none of them can hold a run."""

import re
import warnings

import pytest
from hypothesis import HealthCheck, example, given, reject, settings
from hypothesis import strategies as st

from loopflow.errors import UsageError
from loopflow.logs.literals import count_repetitions, find_literals
from loopflow.logs.patterns import _SECONDS, LONGEST_PATTERN, Matcher, check_pattern, has_literal

PARTS = (
    *(
        "a",
        "b",
        "c",
        "A",
        "é",
        ".",
        "^",
        "$",
        "|",
        ")",
        "*",
        "+",
        "?",
        "*?",
        "++",
        "{",
        "}",
        "{2}",
        "{,1}",
        "{,}",
        "{1,}",
    ),
    *(
        r"\d",
        r"\.",
        r"\b",
        "[ab]",
        "[^c]",
        "[]a]",
        "(",
        "(?:",
        "(?=",
        "(?!",
        "(?<=a)",
        "(?>",
        "(?i:",
        "(?P<x>",
        "(?#b)",
    ),
)
LINES = st.text("abcABC.{}1é", max_size=7)


def lines(*texts: str) -> tuple[bytes, list[bytes]]:
    """Return lines as a matcher takes them."""
    encoded = [text.encode() for text in texts]
    return b"".join(line + b"\n" for line in encoded), encoded


@settings(suppress_health_check=[HealthCheck.filter_too_much])  # most of what is put together is no pattern
@given(
    st.lists(st.sampled_from(PARTS), min_size=1, max_size=9).map("".join), st.booleans(), st.lists(LINES, max_size=6)
)
@example(pattern="a(?#b)*", ignores_case=False, texts=[""])
@example(pattern=r"a(?#\)b)c", ignores_case=False, texts=["ac"])
def test_a_line_that_matches_has_what_is_sought(pattern: str, ignores_case: bool, texts: list[str]) -> None:  # noqa: FBT001
    """Whatever the pattern: else a line that matters would not be looked at."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compiled = re.compile(pattern, re.IGNORECASE if ignores_case else 0)
    except (re.error, OverflowError):
        reject()
    literals = find_literals(pattern, ignores_case=ignores_case)
    for text in texts:
        if literals and compiled.search(text):
            assert any(literal in (text.lower() if ignores_case else text) for literal in literals)


@pytest.mark.parametrize(
    ("pattern", "literals"),
    [
        ("payment declined", {"payment declined"}),
        (r"payment \d+ declined", {" declined"}),
        ("declined|refused", {"declined", "refused"}),
        ("(?:ab|cd)e?", {"ab", "cd"}),
        ("ab?c", {"a"}),
        (r"\[error\]", {"[error]"}),
        ("[abc]+", set()),
        ("x|", set()),
        (r"\d+", set()),
    ],
)
def test_the_longest_text_is_sought(pattern: str, literals: set[str]) -> None:
    """Of alternatives each; nothing where no text is certain."""
    assert find_literals(pattern) == literals
    assert has_literal(pattern) == bool(literals)


def test_case_is_ignored_in_texts_too() -> None:
    """As `re` does it: some letters beyond ASCII are one of ASCII then."""
    matcher = Matcher(["(?i)Kiss", "kiss"])
    text, given_lines = lines("KISS", "\u212ai\u017fs", "kiss", "no")
    assert sorted(matcher.find(text, given_lines)) == [(0, 0), (1, 0), (2, 0), (2, 1)]


@given(st.lists(LINES, max_size=20), st.sampled_from(["a", "b|c", "^A", r"\d$", "(?i)a.b", "c{2}"]))
def test_lines_are_found_as_one_by_one(texts: list[str], pattern: str) -> None:
    """With a text that is sought in all of them, and without."""
    expected = [(at, 0) for at, text in enumerate(texts) if re.search(pattern, text)]
    assert list(Matcher([pattern]).find(*lines(*texts))) == expected


@pytest.mark.parametrize("pattern", [r"(a+)+$", r"(\w+\s?)+$", r"(a|aa)+$", r"^(([a-z])+.)+[A-Z]([a-z])+$"])
def test_a_pattern_that_backtracks_ends_the_run(pattern: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With an error that names it, when its time is over."""
    monkeypatch.setattr("loopflow.logs.patterns._SECONDS", 0.1)
    with pytest.raises(UsageError, match=r"takes too long: it tries the same line in very many ways") as raised:
        list(Matcher([pattern]).find(*lines("a" * 3_000 + "!")))
    assert pattern[:20].replace("\\", "\\\\") in raised.value.message


class _Engine:
    """Matches nothing, and notes how long it was given."""

    def __init__(self) -> None:
        self.timeouts: list[float] = []

    def search(self, _text: str, timeout: float) -> None:
        """Take note."""
        self.timeouts.append(timeout)


def test_a_long_log_buys_no_time_for_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """However much a pattern has seen before, one line gets what the first one got."""
    engine = _Engine()
    monkeypatch.setattr("loopflow.logs.patterns._compile", lambda _pattern: engine)
    monkeypatch.setattr("loopflow.logs.patterns._SECONDS_A_BYTE", 1.0)
    list(Matcher(["a"]).find(*lines("a" * 3_000, "a", "a")))
    assert engine.timeouts == [_SECONDS] * 3


def test_a_pattern_that_is_slow_on_many_lines_ends_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """What each line takes adds up; what a good pattern takes never reaches what it may."""
    monkeypatch.setattr("loopflow.logs.patterns._SECONDS", 0.05)
    many = lines(*["a" * 3_000] * 400)
    with pytest.raises(UsageError, match="takes too long"):
        list(Matcher(["a.*b|a.*c|a.*d|a.*e"]).find(*many))
    assert len(list(Matcher(["aaa"]).find(*many))) == 400


@pytest.mark.parametrize(
    ("pattern", "wrong"),
    [
        ("payment declined", ""),
        (r"\d{4}-\d{2}", ""),
        ('{"level"', ""),
        ("(?<=a)b", ""),
        ("", "empty"),
        ("(", "unterminated"),
        ("x*", "empty"),
        ("a" * (LONGEST_PATTERN + 1), "500 characters"),
        ("a\nb", "line end"),
        ("a\udcff", "UTF-8"),
        ("a{99999999999}", "too large"),
        ("(?:(?:a{99}){99}){99}", "4,000 times"),
        ("[[:alpha:]]", "nested set"),
        (r"\p{L}", "bad escape"),
    ],
)
def test_a_pattern_is_looked_at_before_it_is_used(pattern: str, wrong: str) -> None:
    """What is wrong with it is said, if anything is."""
    found = check_pattern(pattern)
    assert wrong in found
    assert bool(found) == bool(wrong)


def test_a_brace_is_a_brace() -> None:
    """Also where the engine would read more into it."""
    assert list(Matcher(["a{e}", "b{e<=1}"]).find(*lines("a{e}", "a", "b", "c"))) == [(0, 0)]


def test_repetitions_within_others_are_multiplied() -> None:
    """And those beside each other are not; brackets and what is escaped are no groups."""
    assert count_repetitions("(a{2}b{4}){5}c{3}") == 20
    assert count_repetitions(r"[(]{3}\({4}") == 4


def test_a_very_long_line_is_looked_at_near_the_text() -> None:
    """A pattern that would try each place with each other one sees a few thousand bytes at a time."""
    line = b"a" * 1_000_000 + b"needle 7" + b"x" * 1_000_000
    assert Matcher([r"needle \d", "x.*y"]).places(line) == [1_000_000]
