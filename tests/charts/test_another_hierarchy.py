"""A hierarchy that has nothing to do with a codebase is drawn like one: turns of a conversation, messages and roles."""

import re
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopflow.charts.folding import fold
from loopflow.charts.hierarchy import Node, Words, build_hierarchy, walk
from loopflow.charts.kinds import kind_rows, sum_kinds
from loopflow.charts.page import render_page
from loopflow.charts.terminal import PLAIN, UNICODE, Palette, Terminal
from loopflow.charts.text import draw_branches, draw_kinds
from loopflow.charts.tree import arrange, draw_tree
from tests.support.conversations import HOSTILE, MESSAGES, WORDS, make_conversation, make_page
from tests.support.page import Page
from tests.support.screen import can_act

ESCAPED = r"\x1b[31m</script><script>hit()</script>"
OF_CODE = re.compile(r"\b(files?|director\w+|types?)\b", re.IGNORECASE)
LABELS = st.sampled_from(["a", "b", "Turn 1", "x/y", "", "\ud800", HOSTILE])
ENTRIES = st.lists(
    st.tuples(st.lists(LABELS, min_size=1, max_size=5), st.sampled_from(["user", "tool", "\x1b"]), st.integers(0, 999))
)


def draw(root: Node, terminal: Terminal = PLAIN, top: int | None = None, *, is_compared: bool = False) -> list[str]:
    rows = list(draw_tree(arrange(root, WORDS), terminal.glyphs))
    kinds = kind_rows(sum_kinds(root), root.tokens, WORDS, top)
    return [
        *draw_branches(rows, WORDS, terminal, is_compared=is_compared),
        *draw_kinds(kinds, WORDS, terminal, is_compared=is_compared),
    ]


def test_the_charts_of_a_conversation() -> None:
    """Both charts, with the nouns of conversations, each number in its column, and labels that cannot act."""
    lines = draw(make_conversation())
    assert lines == [
        "By turn",
        "tokens  % parent  % total  messages",
        " 4,000     100.0    100.0         8  ██████████  conversation",
        " 2,000      50.0     50.0         1  █████       ├ system",
        " 1,400      35.0     35.0         5  ███▌        ├ Turn 2",
        " 1,240      88.6     31.0         3  ███         │ ├ Tools",
        "   900      72.6     22.5         1  ██▎         │ │ ├ grep",
        f"   300      24.2      7.5         1  ▊           │ │ ├ {ESCAPED}",
        "    40       3.2      1.0         1  ▏           │ │ └ (turn itself)",
        "   100       7.1      2.5         1  ▎           │ ├ answer",
        "    60       4.3      1.5         1  ▏           │ └ question",
        "   600      15.0     15.0         2  █▌          └ Turn 1",
        "   480      80.0     12.0         1  █▏            ├ answer",
        "   120      20.0      3.0         1  ▎             └ question",
        "By role",
        "tokens  % total  messages",
        " 2,040     51.0         2  █████       system",
        " 1,200     30.0         2  ███         tool",
        "   580     14.5         2  █▍          assistant",
        "   180      4.5         2  ▍           user",
    ]
    assert not OF_CODE.search("\n".join(lines))
    assert not [line for line in lines if can_act(line)]


def test_the_rest_of_the_kinds_is_one_row() -> None:
    """It is called by the noun of a kind, and adds up."""
    lines = draw(make_conversation(), top=2)
    assert lines[-1] == "   760     19.0         4  █▉          (2 more roles)"


def test_a_conversation_that_was_compared() -> None:
    """Growth has columns of its own; what is gone stands last among the kinds, and a narrow terminal keeps growth."""
    now, gone = Node("now", "user", 50, 1, before=40), Node("gone", "tool", before=9, is_gone=True)
    root = Node("all", "", 50, 1, is_branch=True, before=49, children=[gone, now])
    lines = draw(root, Terminal(80, UNICODE, Palette(colour=False)), is_compared=True)
    assert [" ".join(line.split()) for line in lines] == [
        "By turn",
        "tokens before change % change % total",
        f"50 49 +1 +2.0% 100.0 {'█' * 23} all",
        f"50 40 +10 +25.0% 100.0 {'█' * 23} ├ now",
        "0 9 -9 removed 0.0 └ gone",
        "By role",
        "tokens before change % change % total",
        f"50 40 +10 +25.0% 100.0 {'█' * 25} user",
        "0 9 -9 removed 0.0 tool",
    ]
    assert draw(root, top=1, is_compared=True)[-1].endswith("(1 more role)")


@given(ENTRIES)
def test_whatever_is_handed_in_adds_up(entries: list[tuple[list[str], str, int]]) -> None:
    """Every branch is the sum of its children, the kinds are the sum of all, and every line can be printed."""
    root = build_hierarchy(entries, WORDS)
    assert (root.tokens, root.items) == (sum(tokens for *_, tokens in entries), len(entries))
    for node in walk(root):
        if node.is_branch:
            assert node.tokens == sum(child.tokens for child in node.children)
            assert node.items == sum(child.items for child in node.children)
            labels = [child.label for child in node.children if child.is_branch]
            assert len(set(labels)) == len(labels)
    kinds = sum_kinds(root)
    assert (sum(kind.tokens for kind in kinds), sum(kind.items for kind in kinds)) == (root.tokens, root.items)
    kept, left_out = fold(arrange(root, WORDS), 5)
    assert sum(child.row.tokens for child in kept.children) in {root.tokens, 0}
    assert left_out >= 0
    assert not [line for line in draw(root) if can_act(line)]
    assert Page("".join(render_page(make_page()._replace(root=root, kinds=kinds)))).data["cells"][0][3] == root.tokens


def test_branches_are_in_the_order_of_their_first_items() -> None:
    """Nothing is sorted before it is drawn: the tenth turn stays behind the ninth."""
    entries = [((f"Turn {number}", "question"), "user", number) for number in range(1, 12)]
    labels = [child.label for child in build_hierarchy([*entries, entries[0]], WORDS).children]
    assert labels == [f"Turn {number}" for number in range(1, 12)]


def test_a_very_deep_hierarchy() -> None:
    """A thousand levels are drawn, and stand in a page."""
    root = build_hierarchy([((*map(str, range(1500)), "leaf"), "user", 7)], WORDS)
    rows = [row for _, row in draw_tree(arrange(root, WORDS), UNICODE)]
    assert [row.name for row in rows] == [".", *map(str, range(1500)), "leaf"]
    assert {row.tokens for row in rows} == {7}
    assert 'id="branches"' in "".join(render_page(make_page()._replace(root=root)))


def test_the_page_of_a_conversation() -> None:
    """Its data, tables and sentences have the nouns of conversations, and none of codebases."""
    text = "".join(render_page(make_page()))
    page = Page(text)
    assert page.text.startswith(
        f"{ESCAPED}: 4,000 tokens in 8 messages Conversation of {ESCAPED} about {ESCAPED} Dark Where the tokens are"
    )
    assert "By turn turn tokens % total % parent messages conversation 4,000 100.0 100.0 8" in page.text
    assert "Turn 2 / Tools 1,240 31.0 88.6 3" in page.text
    assert "By role role tokens % total messages system 2,040 51.0 2 tool 1,200 30.0 2" in page.text
    assert "Click a turn to see it alone" in page.text
    assert "Every number is exact." in page.text
    placeholders = [attributes.get("placeholder") for tag, attributes in page.elements if tag == "input"]
    assert placeholders == ["Filter turns", "Filter roles"]
    assert not OF_CODE.search(page.text)
    assert page.data["words"] == {"item": ["message", "messages"], "kinds": "roles", "mark": "", "joint": " / "}
    assert page.data["columns"] == {
        "branches": ["tokens", "total", "parent", "items"],
        "kinds": ["tokens", "total", "items"],
    }
    assert [row[:3] for row in page.data["kinds"]] == [
        ["system", 2040, 2],
        ["tool", 1200, 2],
        ["assistant", 580, 2],
        ["user", 180, 2],
    ]
    cells = page.data["cells"]
    assert sum(row[3] for row in cells[1:] if row[0] == 0) == cells[0][3] == sum(tokens for *_, tokens in MESSAGES)
    assert ESCAPED in [row[1] for row in cells]


def test_a_label_cannot_leave_the_page() -> None:
    """A label that is markup changes no element of the page, and one with escape sequences none of its characters."""
    text = "".join(render_page(make_page()))
    tame = Page("".join(render_page(make_page()._replace(of="x", about=[("about", "x")]))))
    assert Page(text).tags == tame.tags
    assert text.count("<script") == 2
    assert not can_act(text.replace("\n", ""))


@pytest.mark.parametrize(
    ("words", "several", "titles"),
    [
        (Words("file", "directory", "type", "file type", "/"), "files directories types", "By directory, By file type"),
        (Words("entry", "batch", "tool"), "entries batches tools", "By batch, By tool"),
        (Words("day", "box", "class"), "days boxes classes", "By box, By class"),
    ],
)
def test_words(words: Words, several: str, titles: str) -> None:
    """Plurals and titles are made from the nouns."""
    assert f"{words.items} {words.branches} {words.kinds}" == several
    assert f"{words.by_branch}, {words.by_kind}" == titles


def test_charts_need_nothing_that_knows_a_codebase() -> None:
    """Neither text nor page imports a report, a reader or a use case; and text needs neither page nor templates."""
    code = "import sys, loopflow.charts.{}; print(*sorted(sys.modules))"
    text, page = (
        subprocess.run([sys.executable, "-c", code.format(name)], capture_output=True, text=True, check=True).stdout
        for name in ("text, loopflow.charts.tree, loopflow.charts.kinds", "page")
    )
    assert "loopflow.charts.treemap" in page
    for absent in ("loopflow.render", "loopflow.io", "loopflow.usecases", "loopflow.tokens", "loopflow.config"):
        assert absent not in page + text
    for absent in ("loopflow.charts.page", "loopflow.charts.treemap", "jinja2", "squarify"):
        assert absent not in text.split()
