"""Owners: what a CODEOWNERS file says of a path, as GitHub and GitLab document it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopflow.analysis.owners import CODEOWNERS, owned_places, parse_owners

EXAMPLE = """\
# Everybody's, if nothing below says otherwise.
*               @all @everybody
*.js            @js-owner #This is an inline comment.
*.go            docs@example.com
/build/logs/    @doctor
docs/*          @docs
apps/           @cat
/apps/github
**/logs         @log
/with\\ blank/    @blank\t@tab
"""


@pytest.mark.parametrize(
    ("path", "owner"),
    [
        pytest.param("a.py", "@all @everybody", id="the default"),
        pytest.param("deep/down/a.py", "@all @everybody", id="at any depth"),
        pytest.param("deep/down/a.js", "@js-owner", id="the last match decides, and a comment is none"),
        pytest.param("a.go", "docs@example.com", id="an address"),
        pytest.param("build/logs/deep/a", "@log", id="a directory, and after it another pattern"),
        pytest.param("docs/a.md", "@docs", id="directly in a directory"),
        pytest.param("docs/deep/a.md", "@all @everybody", id="which is not what lies deeper"),
        pytest.param("other/docs/a.md", "@all @everybody", id="and not a directory elsewhere"),
        pytest.param("apps/a.js", "@cat", id="a directory"),
        pytest.param("src/apps/deep/a", "@cat", id="anywhere"),
        pytest.param("apps/github", None, id="nobody's, a file"),
        pytest.param("apps/github/deep/a", None, id="nobody's, a directory"),
        pytest.param("src/apps/github/a", "@cat", id="and not one elsewhere"),
        pytest.param("with blank/a", "@blank @tab", id="a blank in the path, and a tab between owners"),
    ],
)
def test_who_owns_what(path: str, owner: str | None) -> None:
    """The last pattern that matches names the owners, or that there are none."""
    assert parse_owners(EXAMPLE)(path) == owner


@pytest.mark.parametrize(
    ("text", "path", "owner"),
    [
        pytest.param("", "a", None, id="an empty file"),
        pytest.param("\n  \n\t\n# x\n", "a", None, id="blank lines and comments"),
        pytest.param("b @b", "a", None, id="nothing that matches"),
        pytest.param("#a @a", "#a", None, id="a comment without a blank"),
        pytest.param("a\t@a\t# b", "a", "@a", id="a comment after a tab"),
        pytest.param("a @a#b", "a", "@a#b", id="a mark within a word is no comment"),
        pytest.param("a\\ #b @a", "a #b", "@a", id="nor is one after an escaped blank"),
        pytest.param("  a   @a  \r\n", "a", "@a", id="blanks around, and line ends of Windows"),
        pytest.param("\ufeffa @a", "a", "@a", id="a byte order mark"),
        pytest.param("a @x\\ y", "a", "@x\\ y", id="an owner that is none stays as it is written"),
        pytest.param("a @a\n[Section] @s\nb @b", "a", "@a", id="sections of GitLab are no patterns"),
        pytest.param("# @x\na @a # b # c", "#", None, id="a comment that names somebody"),
        pytest.param("a @a # b # c", "a", "@a", id="a comment in a comment"),
        pytest.param("[Sec] @s", "S", None, id="a section looks like a pattern"),
        pytest.param("^[Section][2] @s\nb @b", "b", "@b", id="nor are optional ones"),
        pytest.param("^[S] @s", "^S", None, id="an optional one looks like a pattern"),
        pytest.param("a/ b", "b", None, id="an owner is no pattern"),
        pytest.param("* @a\n!b @b", "b", "@a", id="nothing can be taken out"),
        pytest.param("a @a\n/ @b\na[ @c", "a", "@a", id="what is no pattern is passed over"),
        pytest.param("caf\xe9/ @a", "caf\xe9/x", "@a", id="names that are not ASCII"),
        pytest.param("a\u2028b @a", "a\u2028b", None, id="blanks that nobody sees end a pattern"),
        pytest.param("/* @a", "b", "@a", id="all of the root"),
        pytest.param("/* @a", "b/c", None, id="and nothing below"),
        pytest.param("docs/** @a", "docs/b/c", "@a", id="everything below"),
        pytest.param("docs/*.md @a", "docs/b/c.md", None, id="a star stays in its directory"),
        pytest.param("/*/b @a", "x/b/c", "@a", id="a star for a directory"),
    ],
)
def test_lines(text: str, path: str, owner: str | None) -> None:
    """Lines are read as GitHub reads them, and what means nothing hides nothing."""
    assert parse_owners(text)(path) == owner


@given(st.text(max_size=80), st.text("ab/.", min_size=1, max_size=8))
def test_any_text_is_read(text: str, path: str) -> None:
    """Whatever the file contains, each path has an owner that is named in it, or none."""
    owner = parse_owners(text)(path)
    assert owner is None or set(owner.split(" ")) <= set(text.split())


@given(st.lists(st.sampled_from(["* @a", "x/ @b", "x/y @c", "*.md @d", "x/*"]), max_size=6))
def test_what_comes_later_wins(lines: list[str]) -> None:
    """A line for everything, put last, decides about every path, whatever stands above it."""
    owner = parse_owners("\n".join([*lines, "* @last"]))
    assert {owner(path) for path in ("a", "x/y/z.md", "x/b")} == {"@last"}


def test_where_they_are_looked_for() -> None:
    """GitHub's places come first, in its order, then GitLab's."""
    assert CODEOWNERS == (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS")


@pytest.mark.parametrize(
    ("text", "owned"),
    [
        pytest.param("/src/ @a\nsrc @b\ndocs/ @c # why\n", ["/src/", "src", "docs/"], id="in the order of the lines"),
        pytest.param("/a/ # @x\n# b/ @b\n", [], id="owners that are a comment"),
        pytest.param("/a/\n/b/ @b", ["/b/"], id="nobody owns it"),
        pytest.param("*.md @a\na?/ @a\n[ab]/ @a\na\\ b/ @a\n", [], id="wildcards and blanks"),
        pytest.param("[Section] @a\n^[Other] @a\n!/a/ @a\n", [], id="what is no pattern"),
        pytest.param("/ @a\n// @b\n", [], id="the root"),
        pytest.param("/X/ @a\nX @b\n/x!y/ @c", ["/X/", "X", "/x!y/"], id="letters and signs that mean nothing"),
        pytest.param("\ufeff/a/ @a", ["/a/"], id="a byte order mark"),
        pytest.param("", [], id="nothing"),
    ],
)
def test_owned_places(text: str, owned: list[str]) -> None:
    """What is owned by a name is known without looking at any file."""
    assert owned_places(text) == owned
