"""The table of windows: each row has its maker's source, and a name finds its row or the ones most like it."""

import re
from urllib.parse import urlsplit

import pytest

from loopflow.analysis.windows import WINDOWS, ModelWindow, find_window, suggest_windows

_MAKERS = {
    "Anthropic": ("platform.claude.com",),
    "Google": ("ai.google.dev", "docs.cloud.google.com"),
    "OpenAI": ("github.com",),
}


@pytest.mark.parametrize("row", WINDOWS, ids=lambda row: row.name)
def test_a_row_has_its_makers_source(row: ModelWindow) -> None:
    """Each number is one that its maker has published, at an address."""
    source = urlsplit(row.source)
    assert (source.scheme, source.hostname in _MAKERS[row.maker]) == ("https", True)
    if row.maker == "OpenAI":
        assert source.path.startswith("/openai/")
    assert row.limits in {"all", "input"}
    assert re.fullmatch(r"[a-z][a-z0-9.-]*", row.name)


def test_no_name_twice() -> None:
    """Each model stands in the table once."""
    assert len({row.name for row in WINDOWS}) == len(WINDOWS)


def test_a_name_finds_its_row() -> None:
    """However its letters are written; what is not in the table finds none."""
    assert [find_window(row.name.upper()) for row in WINDOWS] == [*WINDOWS]
    assert find_window("gpt") is None


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("sonnet-4", ["claude-sonnet-4-6", "claude-sonnet-4-5"]),
        ("gpt5", ["gpt-5", "gpt-4o"]),
        ("zzzz", []),
    ],
)
def test_names_that_are_most_like_it(name: str, near: list[str]) -> None:
    """First those that it is a part of, else those that are spelled like it."""
    assert suggest_windows(name)[: len(near)] == near
    assert bool(suggest_windows(name)) == bool(near)
