"""Numbers before lines."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopflow.analysis.line_numbers import LineNumbers

PIECES = st.lists(st.text(st.sampled_from("ab\n\r\t\x0c1 "), max_size=12), max_size=8)


@pytest.mark.parametrize(
    ("text", "numbered"),
    [
        ("", ""),
        ("a", "1\ta"),
        ("a\n", "1\ta\n"),
        ("\n", "1\t\n"),
        ("a\n\nb", "1\ta\n2\t\n3\tb"),
        ("a\r\nb\r\n", "1\ta\r\n2\tb\r\n"),
        ("a\rb", "1\ta\rb"),
        ("a\x0cb\x85c\u2028d\n", "1\ta\x0cb\x85c\u2028d\n"),
    ],
)
def test_each_line_has_its_number(text: str, numbered: str) -> None:
    """As `cat -n` counts them: a line ends with a newline and with nothing else."""
    assert LineNumbers().add(text) == numbered


@given(pieces=PIECES)
def test_pieces_make_no_difference(pieces: list[str]) -> None:
    """A text that comes in pieces has the numbers that it has as a whole."""
    lines = LineNumbers()
    assert "".join(map(lines.add, pieces)) == LineNumbers().add("".join(pieces))


@given(text=st.text(st.sampled_from("ab\n\r\t1 "), max_size=40))
def test_the_text_is_all_there(text: str) -> None:
    """Without what stands before the first tab of each line, it is the text."""
    numbered = LineNumbers().add(text)
    assert "\n".join(line.partition("\t")[2] for line in numbered.split("\n")) == text
