"""Kinds of lines that are alike are one template."""

import pytest

from loopflow.logs.census import Kind
from loopflow.logs.model import Template
from loopflow.logs.templates import find_templates


def kinds_of(*lines: tuple[str, int]) -> list[Kind]:
    """Return a kind for each line, which comes so many times in a row."""
    kinds, at = [], 1
    for text, count in lines:
        kinds.append(Kind(count, (0, at), (0, at + count - 1), text.encode()))
        at += count
    return kinds


def told(*lines: tuple[str, int]) -> list[tuple[str, int]]:
    """Return the templates of lines, with their counts."""
    return [(each.text, each.count) for each in find_templates(kinds_of(*lines))]


@pytest.mark.parametrize(
    ("line", "template"),
    [
        ("took 1,024.5 ms at 10:22:03", "took <*> ms at <*>"),
        ("pid 12, 13 14", "pid <*>"),
        ("sha a1b2", "sha a<*>b<*>"),
        ("plain", "plain"),
        ('"GET /a1 HTTP/1.1" 503 27', '"GET /a<*> HTTP/<*>" <*>'),
    ],
)
def test_numbers_are_variable(line: str, template: str) -> None:
    """Whatever they say: what matters is told as a failure."""
    assert told((line, 3)) == [(template, 3)]


def test_what_differs_in_a_word_is_one_template() -> None:
    """It has the first line as its example, and all places and counts."""
    kinds = kinds_of(
        ("user anna logged in from home", 2), ("something else entirely", 5), ("user bert logged in from work", 3)
    )
    user, other = find_templates(kinds)
    assert user == Template("user <*> logged in from <*>", 5, 1, 10, "user anna logged in from home")
    assert other.text == "something else entirely"


def test_the_most_frequent_comes_first() -> None:
    """Of equal ones the first of the log."""
    assert told(("a b", 2), ("c d e", 9), ("f", 2)) == [("c d e", 9), ("a b", 2), ("f", 2)]


def test_a_template_can_span_files() -> None:
    """It says which are the first and the last."""
    kinds = [Kind(1, (1, 3), (1, 3), b"job 1"), Kind(2, (0, 7), (1, 2), b"job x 2")]
    [one, two] = sorted(find_templates(kinds), key=lambda each: each.files)
    assert (one.files, one.first, one.last) == ((0, 1), 7, 2)
    assert (two.files, two.first, two.last) == ((1, 1), 3, 3)
