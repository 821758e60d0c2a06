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
        pytest.param("[ab] @x\n[a]b @y\na @a", "b", None, id="what is no heading is no pattern either"),
        pytest.param("[] @s\nb\na @a", "b", None, id="a heading needs a name"),
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


GITLAB = """\
* @admin
internal/ @admin @inside

[README Owners]
README.md @user1 @user2
internal/README.md @user4

[Docs][2] @docs-team @admin # who writes
docs/
guide/*.md
/api/*
docs/legal/ @lawyers
!docs/generated/

^[Database] @data
model/db/
/with\\ blank/

[DOCS] @other
late.txt
!/docs/kept.md
docs/generated/again @data

[no defaults]
secret/
/plain/ someone@example.com
"""


@pytest.mark.parametrize(
    ("path", "owner"),
    [
        pytest.param("x.py", "@admin", id="what stands before the first heading"),
        pytest.param("README.md", "@admin @user1 @user2", id="two sections, in their order"),
        pytest.param("internal/README.md", "@admin @inside @user4", id="the last match in each"),
        pytest.param("docs/a.md", "@admin @docs-team", id="default owners, each once"),
        pytest.param("sub/docs/a.md", "@admin @docs-team", id="at any depth"),
        pytest.param("sub/guide/a.md", "@admin @docs-team", id="at any depth, with a slash within"),
        pytest.param("guide/deep/a.md", "@admin", id="a star stays in its directory"),
        pytest.param("api/a.py", "@admin @docs-team", id="directly in a directory"),
        pytest.param("api/deep/a.py", "@admin", id="and not below"),
        pytest.param("docs/legal/a.md", "@admin @lawyers", id="owners of its own"),
        pytest.param("docs/generated/a.md", "@admin", id="taken out"),
        pytest.param("docs/generated/again", "@admin", id="for good"),
        pytest.param("docs/kept.md", "@admin", id="taken out by a part that comes later"),
        pytest.param("x/docs/kept.md", "@admin @docs-team", id="but only there"),
        pytest.param("model/db/a.sql", "@admin @data", id="an optional section"),
        pytest.param("with blank/a", "@admin @data", id="an escaped blank"),
        pytest.param("late.txt", "@admin @other", id="a name that comes again goes on, with its own default owners"),
        pytest.param("secret/a", "@admin", id="no owners anywhere"),
        pytest.param("plain/a", "@admin someone@example.com", id="an address"),
    ],
)
def test_sections(path: str, owner: str) -> None:
    """Each section of GitLab decides by itself, and a file has the owners that all of them name."""
    assert parse_owners(GITLAB)(path) == owner


@pytest.mark.parametrize(
    ("heading", "owner"),
    [
        pytest.param("[S] @s", "@s", id="plain"),
        pytest.param("^[S] @s", "@s", id="optional"),
        pytest.param("[S][2] @s", "@s", id="approvals"),
        pytest.param("^[S][] @s @t", "@s @t", id="all of it"),
        pytest.param("  [S x # y]\t@s\r", "@s", id="blanks, and a mark in a name"),
        pytest.param("[S] s@example.com", "s@example.com", id="an address"),
        pytest.param("[S] @@maintainer # all", "@@maintainer", id="a role"),
        pytest.param("[S]", None, id="no default owners"),
        pytest.param("[S] # @nobody", None, id="owners in a comment"),
        pytest.param("[ ] @s", None, id="no name"),
        pytest.param("[S @s", None, id="no end"),
        pytest.param("[S] s", None, id="what is no owner"),
        pytest.param("[S][x] @s", None, id="what is no number"),
    ],
)
def test_headings(heading: str, owner: str | None) -> None:
    """A heading names the owners of the entries below it that name none."""
    assert parse_owners(f"{heading}\na/\nb/ @b")("a/x") == owner
    assert parse_owners(f"{heading}\na/\nb/ @b")("b/x") == "@b"


def test_without_a_heading_nothing_is_of_gitlab() -> None:
    """What both read differently is GitHub's where no heading says that the file is GitLab's."""
    text = "* @all\nsrc/docs/ @docs\n!src/docs/a @x\n"
    assert parse_owners(text)("deep/src/docs/b") == "@all"
    assert parse_owners(text)("src/docs/a") == "@docs"
    assert parse_owners(f"{text}[S]\n")("deep/src/docs/b") == "@docs"
    assert parse_owners(f"{text}[S]\n")("src/docs/a") is None


@given(st.permutations(["[A] @a", "[B] @b", "[a] @a", "^[C][2] @c"]))
def test_the_order_of_sections_is_that_of_owners(headings: list[str]) -> None:
    """Where each section owns everything, its owners come in the order of the headings."""
    owner = parse_owners("\n".join(f"{heading}\n*" for heading in headings))("x")
    names = [heading.rpartition(" ")[2] for heading in headings]
    assert owner == " ".join(dict.fromkeys(names))


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
        pytest.param("[S] @a\n/a/\n/b/ @b\n[T]\n/c/\n/a/ @c\n!/d/", ["/a/", "/b/"], id="owners of a section"),
    ],
)
def test_owned_places(text: str, owned: list[str]) -> None:
    """What is owned by a name is known without looking at any file."""
    assert owned_places(text) == owned
