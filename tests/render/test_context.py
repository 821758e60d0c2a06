"""What is written around the files of a context."""

import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopflow.analysis.names import escape_name
from loopflow.render.context import RawLayout, XmlLayout
from tests.support.profiles import HOSTILE_NAMES
from tests.support.screen import can_act

PATHS = st.binary(min_size=1, max_size=20).map(lambda raw: raw.decode("utf-8", "surrogateescape"))


def written(layout: XmlLayout | RawLayout, *documents: tuple[str, str]) -> str:
    parts = [
        layout.before(path, number) + text + layout.after(text[-1:]) for number, (path, text) in enumerate(documents, 1)
    ]
    return layout.opening() + "".join(parts) + layout.closing()


def test_xml_is_what_guides_recommend() -> None:
    """Each document has its number, its source and its text, within one element."""
    assert written(XmlLayout(), ("src/a.py", "x = 1\n"), ("b&c.md", "no line end")) == (
        "<documents>\n"
        '<document index="1">\n'
        "<source>src/a.py</source>\n"
        "<document_content>\n"
        "x = 1\n"
        "</document_content>\n"
        "</document>\n"
        '<document index="2">\n'
        "<source>b&amp;c.md</source>\n"
        "<document_content>\n"
        "no line end\n"
        "</document_content>\n"
        "</document>\n"
        "</documents>\n"
    )


def test_raw_is_path_and_text() -> None:
    """Each document is its path and its text between two lines of dashes."""
    assert written(RawLayout(), ("src/a.py", "x = 1\n"), ("b&c.md", "no line end")) == (
        "src/a.py\n---\nx = 1\n---\nb&c.md\n---\nno line end\n---\n"
    )


@pytest.mark.parametrize(("layout", "empty"), [(XmlLayout(), "<documents>\n</documents>\n"), (RawLayout(), "")])
def test_no_document_is_an_empty_list(layout: XmlLayout | RawLayout, empty: str) -> None:
    """Nothing selected is an element without documents, or nothing."""
    assert written(layout) == empty


@pytest.mark.parametrize("layout", [XmlLayout(), RawLayout()])
@pytest.mark.parametrize(("text", "end"), [("", ""), ("a", "\n"), ("a\n", ""), ("a\n\n", ""), ("a\r", "\n")])
def test_what_follows_a_text_begins_a_line(layout: XmlLayout | RawLayout, text: str, end: str) -> None:
    """A line end is added where the text has none, and only there."""
    after = layout.after(text[-1:])
    assert after.startswith(end + ("</document_content>" if isinstance(layout, XmlLayout) else "---"))


@given(path=PATHS)
def test_a_source_is_one_line_of_text(path: str) -> None:
    """Whatever is in a path, its element is on its own line, holds no markup, and says the path."""
    lines = XmlLayout().before(path, 7).split("\n")
    assert [*lines[:1], *lines[2:]] == ['<document index="7">', "<document_content>", ""]
    source = re.fullmatch("<source>([^<>]*)</source>", lines[1])
    assert source
    assert unescape(source[1]) == escape_name(path)
    assert not can_act(lines[1])


@given(path=PATHS)
def test_a_raw_path_is_one_line(path: str) -> None:
    """Whatever is in a path, the raw form shows it on one line."""
    lines = RawLayout().before(path, 1).split("\n")
    assert lines == [escape_name(path), "---", ""]


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_hostile_names_are_inert(name: str) -> None:
    """No name looks like markup or acts on a terminal in either form."""
    xml, raw = written(XmlLayout(), (name, "")), written(RawLayout(), (name, ""))
    assert xml.count("\n") == 7
    assert xml.count("<") == 8
    assert raw.count("\n") == 3
    assert not can_act(xml.replace("\n", ""))
    assert not can_act(raw.replace("\n", ""))


@pytest.mark.parametrize(
    ("paths", "tree"),
    [
        ([], ""),
        (["a"], "a\n"),
        (["b/c/d", "a"], "a\nb/\n  c/\n    d\n"),
        (["a/b", "a/c", "a-b", "d/a/b", "e/a/b"], "a/\n  b\n  c\na-b\nd/\n  a/\n    b\ne/\n  a/\n    b\n"),
        (["a/b/c", "a/d", "e"], "a/\n  b/\n    c\n  d\ne\n"),
    ],
)
def test_a_tree_has_each_directory_once(paths: list[str], tree: str) -> None:
    """Directories and files stand together, each below the directory that it lies in."""
    assert XmlLayout().tree(paths) == f"<tree>\n{tree}</tree>\n"
    assert RawLayout().tree(paths) == f"tree\n---\n{tree}---\n"


@given(paths=st.sets(st.lists(st.sampled_from(["a", "b", "a-b", "a.b", "B"]), min_size=1, max_size=4).map("/".join)))
def test_a_tree_can_be_read(paths: set[str]) -> None:
    """From the tree, the paths can be told: by how far a line stands to the right, and what ends with a slash."""
    files = [path for path in paths if not any(other.startswith(f"{path}/") for other in paths)]
    found, above = list[str](), list[str]()
    for line in RawLayout().tree(files).splitlines()[2:-1]:
        name = line.lstrip(" ")
        above = above[: (len(line) - len(name)) // 2]
        if name.endswith("/"):
            above.append(name)
        else:
            found.append("".join(above) + name)
    assert sorted(found) == sorted(files)


@given(since=PATHS)
def test_what_a_diff_is_of_is_one_line(since: str) -> None:
    """Whatever a revision is called, its name stays within its line."""
    assert XmlLayout().before_diff(since).count("\n") == 1
    assert re.fullmatch(r'<diff since="[^"<>]*">\n', XmlLayout().before_diff(since))
    assert RawLayout().before_diff(since).count("\n") == 2
