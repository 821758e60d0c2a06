"""Globs of rules: by each agent's kind, with what is looked up before an expression is tried."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from loopflow.agents.globs import MOST_EXPANDED, compile_globs
from loopflow.analysis.wildmatch import compile_glob

PATHS = sorted(["API.md", "a.ts", "docs/API.md", "src/a.ts", "src/b.tsx", "src/x/c.ts", "src[1]/d.ts", "srcs/e.ts"])


def matched(pattern: str, base: str = "", *, bare: bool = False) -> list[str]:
    """Return the paths that a pattern matches."""
    return sorted({PATHS[at] for glob in compile_globs([pattern], base, bare_anywhere=bare) for at in glob.find(PATHS)})


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("*.md", ["API.md"]),
        ("**/API.md", ["API.md", "docs/API.md"]),
        ("**/*.ts", ["a.ts", "src/a.ts", "src/x/c.ts", "src[1]/d.ts", "srcs/e.ts"]),
        ("src/**", ["src/a.ts", "src/b.tsx", "src/x/c.ts"]),
        ("src/", ["src/a.ts", "src/b.tsx", "src/x/c.ts"]),
        ("./src/*.{ts,tsx}", ["src/a.ts", "src/b.tsx"]),
        ("src/**/*.ts", ["src/a.ts", "src/x/c.ts"]),
        ("src/x/c.ts", ["src/x/c.ts"]),
        (r"src\[1]/*", ["src[1]/d.ts"]),
        ("src[1/*", []),
        ("s?c/*.ts", ["src/a.ts"]),
        ("**", PATHS),
        ("", []),
    ],
)
def test_patterns_are_from_the_root(pattern: str, expected: list[str]) -> None:
    """A star stops at a slash, two do not."""
    assert matched(pattern) == expected


def test_a_bare_pattern_may_match_anywhere() -> None:
    """As Cursor reads it, with wildcards or without."""
    assert matched("API.md", bare=True) == ["API.md", "docs/API.md"]
    assert matched("*.tsx", bare=True) == ["src/b.tsx"]


def test_a_base_is_a_name() -> None:
    """A directory with brackets in its name is no set."""
    assert matched("*.ts", "src[1]") == ["src[1]/d.ts"]
    assert matched("**/*.ts", "src") == ["src/a.ts", "src/x/c.ts"]


def test_braces_have_a_bound() -> None:
    """What would be more patterns than that stays as it is, and matches no file."""
    many = "{a,b}" * 10
    assert len(compile_globs([many])) == 1
    assert len(compile_globs(["{a,b}{c,d}"])) == 4 <= MOST_EXPANDED


_PIECES = st.lists(st.sampled_from(["**/", "*", "?", "a", "b", "/", ".ts", "[ab]"]), min_size=1, max_size=6)


@given(pieces=_PIECES, names=st.lists(st.lists(st.sampled_from("ab."), max_size=4), max_size=6))
@example(pieces=["**/", "a"], names=[["a"]])
@example(pieces=["a"], names=[["a", "a"]])
@example(pieces=["a", "*", "**/", "*"], names=[["a", "a"]])
def test_what_is_looked_up_is_what_the_expression_matches(pieces: list[str], names: list[list[str]]) -> None:
    """The literal beginning and end never leave a file out, and never let one in."""
    pattern = "".join(pieces).lstrip("/")
    paths = sorted({"/".join(filter(None, "".join(name).split("."))) for name in names} - {""})
    expected = set()
    if pattern:
        full = f"{pattern}**" if pattern.endswith("/") else pattern
        expected = {path for path in paths if compile_glob(full).match(path)}
    found = {paths[at] for glob in compile_globs([pattern]) for at in glob.find(paths)}
    assert found == expected
