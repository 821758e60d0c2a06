"""Sets of characters in a pattern: which characters they hold, by their meaning and by git's word."""

import string

import pytest

from loopflow.analysis.patterns import compile_ignore_file, compile_patterns
from loopflow.errors import UsageError
from tests.support.builder import Repo

CHARACTERS = sorted({*string.printable.strip(), "\t", " "} - {"/", "."})

SETS = {
    "[ab]": "ab",
    "[!ab]": None,
    "[^ab]": None,
    "[]a]": "]a",
    "[!]a]": None,
    "[a^]": "a^",
    "[a!]": "a!",
    "[a-c]": "abc",
    "[a-cx]": "abcx",
    "[a-a]": "a",
    "[c-a]x": "",
    "[a-]": "a-",
    "[-a]": "-a",
    "[!-a]": None,
    "[a-c-e]": "abc-e",
    "[a-c-]": "abc-",
    "[\\]]": "]",
    "[\\a-c]": "abc",
    "[a-\\c]": "abc",
    "[a\\-c]": "a-c",
    "[+-\\-]": "+,-",
    "[\\\\]": "\\",
    "[[]": "[",
    "[[:digit:]]": string.digits,
    "[[:digit:]-a]": string.digits + "-a",
    "[x[:digit:]y]": string.digits + "xy",
    "[![:alnum:]]": None,
    "[[:upper:][:digit:]]": string.ascii_uppercase + string.digits,
    "[[:digit]": "[:digt",
    "[a[:b]": "a[:b",
    "[*?]": "*?",
}


def test_sets_hold_what_they_hold_for_git(repo: Repo) -> None:
    """Each set matches the same characters as in git."""
    repo.git("update-index", "-z", "--index-info", data=_entries(repo))
    for pattern in SETS:
        output = repo.git("ls-files", "--cached", "--ignored", "-z", f"--exclude={pattern}")
        by_git = {raw.decode() for raw in output.split(b"\0")[:-1]}
        assert set(_held(pattern)) == by_git, pattern


def _entries(repo: Repo) -> bytes:
    blob = repo.git("hash-object", "-w", "--stdin", data=b"").decode().strip()
    return b"".join(f"100644 {blob}\t{char}\0".encode() for char in CHARACTERS)


def _held(pattern: str) -> list[str]:
    try:
        match = compile_patterns([pattern], "--exclude").match
    except UsageError:  # what matches nothing is refused
        return []
    return [char for char in CHARACTERS if match(char)]


@pytest.mark.parametrize("pattern", [pattern for pattern, members in SETS.items() if members is not None])
def test_sets(pattern: str) -> None:
    """Ranges, escapes, named sets and signs that mean themselves."""
    assert sorted(_held(pattern)) == sorted(SETS[pattern] or "")


@pytest.mark.parametrize(
    "pattern", ["[", "[a", "[!", "[]", "[a-", "[\\", "[[:no:]]", "[[::]]", "[[:digit:]", "[/]", "a\\"]
)
def test_what_matches_nothing(pattern: str) -> None:
    """A set that does not end, has no members, or names no known set is refused, and so is a lone backslash."""
    with pytest.raises(UsageError) as caught:
        compile_patterns([pattern], "--exclude")
    shown = pattern.replace("\\", "\\\\")
    assert caught.value.message == f"--exclude: '{shown}' is not a pattern"
    assert caught.value.hint == "patterns have gitignore syntax, such as 'vendor/' or '*.lock'"


@pytest.mark.parametrize(("end", "is_pattern"), [("", False), ("]", False), (":]]", False), ("x]", True)])
def test_a_long_set_ends(end: str, *, is_pattern: bool) -> None:
    """What may be the name of a set is looked for once, not again at each bracket."""
    patterns = compile_ignore_file("[" + "[:" * 200_000 + end)
    assert (patterns.decide("[") is True) == is_pattern


@pytest.mark.parametrize(("pattern", "path"), [("[a-]b", "-b"), ("[a-]b", "ab"), ("[!a-]b", "bb"), ("[a-c]-b", "b-b")])
def test_what_follows_a_set(pattern: str, path: str) -> None:
    """A hyphen before the end of a set is a member of it, whatever follows the set."""
    assert compile_patterns([pattern], "--exclude").match(path)
