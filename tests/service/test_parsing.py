"""A text into stretches and references: the table that the page is held to as well, and what no table can say."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopflow.service.errors import BadReference
from loopflow.service.model import Reference
from loopflow.service.parsing import LONGEST_TARGET, parse, parse_reference

CASES = json.loads((Path(__file__).parent / "references.json").read_text("utf-8"))
PIECES = st.lists(st.sampled_from(["@[file:", "@[var:", "]", "\\", "\n", "a", "@", "[", "é"]), max_size=30)


@pytest.mark.parametrize("case", CASES, ids=[repr(case["text"]) for case in CASES])
def test_the_table_of_cases(case: dict[str, Any]) -> None:
    """Each text has the parts that the table says."""
    parts = [part if isinstance(part, str) else [part.kind, part.target] for part in parse(case["text"])]
    assert parts == case["parts"]


@given(PIECES.map("".join))
def test_parts_and_markers_are_the_text(text: str) -> None:
    """Nothing is lost and nothing is twice: the parts by their places are the text, no stretch is empty."""
    at = 0
    for part in parse(text):
        if isinstance(part, Reference):
            assert (part.start, text[part.start : part.start + 2]) == (at, "@[")
            at = part.end
        else:
            assert part
            assert text.startswith(part, at)
            at += len(part)
    assert at == len(text)


@given(st.text(st.characters(exclude_characters="\n\r", codec="utf-8"), min_size=1, max_size=40))
def test_a_marker_is_read_as_what_it_was_made_of(target: str) -> None:
    """Whatever a target holds, it can be written."""
    [part] = parse(Reference("var", target).marker)
    assert isinstance(part, Reference)
    assert part.target == target


@pytest.mark.parametrize("size", [LONGEST_TARGET, LONGEST_TARGET + 1])
def test_a_longer_target_is_text(size: int) -> None:
    """4,096 characters, and not one more."""
    [part] = parse(f"@[file:{'a' * size}]")
    assert isinstance(part, Reference) == (size == LONGEST_TARGET)


@pytest.mark.parametrize("unit", ["@[file:", "@[file:\\]", "@[file:a\n", "\\", "@[var:a]"])
def test_a_text_of_beginnings_is_read_once(unit: str) -> None:
    """Megabytes of what begins and does not end take no longer than others: this would hang."""
    assert parse(unit * 200_000)


@pytest.mark.parametrize("text", ["", "a.py", "@[file:a] ", "@[file:a]@[file:b]", "@[file:a"])
def test_one_reference_is_one_reference(text: str) -> None:
    """Anything beside it is an error."""
    with pytest.raises(BadReference):
        parse_reference(text)
