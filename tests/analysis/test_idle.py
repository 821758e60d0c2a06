"""Patterns that match nothing are found as the filter would find them, one by one."""

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopflow.analysis.idle import Names, find_idle, split_list
from loopflow.analysis.patterns import compile_patterns
from loopflow.errors import UsageError

NAMES = ["src/a.py", "src/deep/b.py", "docs/guide.md", "sub/", "caf\xe9/x", "a,b", "top"]


def names(listed: Sequence[str]) -> Names:
    return Names(lambda most: listed[:most])


def far(listed: Sequence[str]) -> Names:
    """Return names that come after so many others that none of them is one of the first."""
    return Names(lambda most: [*[f"0/{number}" for number in range(100)], *listed][:most])


@pytest.mark.parametrize("make", [names, far])
@pytest.mark.parametrize(
    ("pattern", "is_idle"),
    [
        ("src", False),
        ("src/", False),
        ("/src/", False),
        ("deep", False),
        ("/deep", True),
        ("src/deep", False),
        ("deep/b.py", True),
        ("a.py/", True),
        ("sub/", False),
        ("sub", False),
        ("*.py", False),
        ("*.rs", True),
        ("s*/**", False),
        ("**/b.py", False),
        ("src/**/b.py", False),
        ("[st]op", False),
        ("[ab]op", True),
        ("caf?", True),
        ("caf??", False),
        ("caf\xe9/", False),
        ("*caf\xe9", False),
        ("!src", False),
        ("!nothing", True),
        ("a,b", False),
        ("\\top", False),
        ("*", False),
        ("?.md", True),
        ("guide.md ", False),
        ("Top", True),
        ("to", True),
    ],
)
def test_each_pattern_by_itself(make: Callable[[Sequence[str]], Names], pattern: str, is_idle: bool) -> None:  # noqa: FBT001
    """A pattern is idle if no name, and no directory that one lies in, matches it."""
    assert find_idle([pattern], make(NAMES)) == ([pattern] if is_idle else [])


def test_many_patterns() -> None:
    """Where there are very many, they are looked up, with the same result."""
    patterns = [f"gone{number}" for number in range(100)]
    these = ["src", "src/", "/src/", "/deep", "src/deep", "a.py/", "a.py", "sub/", "sub", "caf\xe9/", "top/", "/top"]
    assert find_idle([*patterns, *these], far(NAMES)) == [*patterns, "/deep", "a.py/", "top/"]


def test_nothing_is_listed_but_the_first() -> None:
    """All names are asked for only where the first do not match."""
    asked: list[int | None] = []

    def make(most: int | None) -> list[str]:
        asked.append(most)
        return NAMES

    assert find_idle(["src", "*.md"], Names(make)) == []
    assert None not in asked
    assert find_idle(["gone", "lost*"], Names(make)) == ["gone", "lost*"]
    assert asked.count(None) == 1


_TEXTS = st.text("ab./*?!\\[ -]\xe9", min_size=1, max_size=6)
_PATHS = st.lists(st.lists(st.sampled_from(["a", "b", "ab", "a.b", "\xe9", "-"]), min_size=1, max_size=3), max_size=5)


@given(_TEXTS, _PATHS, st.booleans(), st.booleans())
def test_it_is_what_the_filter_finds(pattern: str, parts: list[list[str]], is_far: bool, is_many: bool) -> None:  # noqa: FBT001
    """Whatever the pattern, it is idle if the filter finds nothing by it."""
    try:
        found = compile_patterns([pattern.removeprefix("!")], "")
    except UsageError:  # it is no pattern
        return
    listed = ["/".join(each) for each in parts]
    looked = far(listed) if is_far else names(listed)
    others = [f"gone{number}" for number in range(60)] if is_many else []
    everything = [*(f"0/{number}" for number in range(100)), *listed] if is_far else listed
    is_idle = not any(found.match(name) for name in everything)
    assert (pattern in find_idle([*others, pattern], looked)) == is_idle


@pytest.mark.parametrize(
    ("pattern", "parts"),
    [
        ("docs,src", ["docs", "src"]),
        ("docs, src", ["docs", "src"]),
        ("docs,gone", ["docs", "gone"]),
        ("docs,,src,", ["docs", "src"]),
        ("*.{py,md}", []),
        ("gone,lost", []),
        ("docs", []),
        (",docs", []),
        ("docs,a[", []),
    ],
)
def test_a_list_in_the_place_of_a_pattern(pattern: str, parts: list[str]) -> None:
    """With a comma in it, its parts are what was meant where one of them matches."""
    assert split_list(pattern, names(NAMES)) == parts
