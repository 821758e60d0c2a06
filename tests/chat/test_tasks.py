"""What words ask for, and what an answer may have."""

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from loopflow.chat import read
from loopflow.chat.model import Tool
from loopflow.chat.tasks import OUTPUT, TASKS, Rule, detect, detect_all, find_cap, may_write
from tests.chat.asked import ASKED, VOICES

PAGE = Path(__file__).parents[2] / "docs/explanation/chat-caps.md"


@pytest.mark.parametrize(
    ("text", "task"),
    [
        ("read the file a.py", "TOOL_CALL"),
        ("please READ both Files", "TOOL_CALL"),
        ("grep foo", "TOOL_CALL"),
        ("search for foo", "TOOL_CALL"),
        ("the search is broken", "UNKNOWN"),
        ("run the usual command", "TOOL_CALL"),
        ("write the code", "CODE_GENERATION"),
        ("implement it", "CODE_GENERATION"),
        ("fix that bug", "CODE_GENERATION"),
        ("why?", "EXPLANATION"),
        ("what is it", "EXPLANATION"),
        ("a plan, please", "PLANNING"),
        ("review it", "REVIEW"),
        ("check my code", "REVIEW"),
        ("reread all of my profiles", "UNKNOWN"),
        ("explained, planned, designed", "UNKNOWN"),
        ("say `fix the bug` and ```\nimplement\n```", "UNKNOWN"),
        ('he wrote "explain why" to me', "UNKNOWN"),
        ("> explain why\nno", "UNKNOWN"),
        ("read it. then close the file", "UNKNOWN"),
        ("", "UNKNOWN"),
    ],
)
def test_the_first_rule_that_matches_names_the_task(text: str, task: str) -> None:
    assert detect(text).task == task


def test_no_coding_message_gets_less_than_1500() -> None:
    assert len(ASKED) == 200
    caps = [find_cap(detect(text), OUTPUT, 1_500) for task, text in ASKED if task == "CODE_GENERATION"]
    assert len(caps) > 60
    assert min(caps) >= 1_500


def test_the_table_in_the_documents_is_what_the_rules_say() -> None:
    """A row for each task that is meant, a column for each that is told."""
    found = Counter((task, detect(text).task) for task, text in ASKED)
    rows = re.findall(r"^\| `([A-Z_]+)` \|((?: \d+ \|){6})$", PAGE.read_text("utf-8"), re.MULTILINE)
    assert {name: [int(each) for each in re.findall(r"\d+", numbers)] for name, numbers in rows} == {
        task: [found[task, told] for told in TASKS] for task in TASKS
    }
    right = [sum(detect(text).task == task for task, text in voice) for voice in VOICES.values()]
    said = [f"{name}: {number} of {len(voice)}" for (name, voice), number in zip(VOICES.items(), right, strict=True)]
    assert f"{', '.join(said)}." in " ".join(PAGE.read_text("utf-8").split())


def test_a_cap_is_the_highest_that_words_could_mean() -> None:
    both = detect("grep for the flag, then implement it")
    assert (both.task, both.tasks) == ("TOOL_CALL", ("TOOL_CALL", "CODE_GENERATION"))
    assert find_cap(both, OUTPUT, 1_500) == 3_000
    assert find_cap(both, OUTPUT, 1_500, "table") == 300
    assert find_cap(detect("grep it"), OUTPUT, 1_500) == 1_500
    assert find_cap(detect("hm"), {"UNKNOWN": 700}, 900) == 700


def test_a_short_reply_goes_on_with_what_was_asked_for_before() -> None:
    talk = read(
        [
            {"role": "user", "content": "please implement the cache that we spoke of yesterday"},
            {"role": "assistant", "content": "With a lock?"},
            {"role": "user", "content": "yes"},
            {"role": "assistant", "content": "Done."},
            {"role": "user", "content": "explain it"},
            {"role": "assistant", "content": "It is a cache."},
            {"role": "user", "content": "now tell me a long story about something that is altogether different"},
        ]
    )
    found = [detected for _, detected in detect_all(talk)]
    assert [each.task for each in found] == ["CODE_GENERATION", "CODE_GENERATION", "EXPLANATION", "UNKNOWN"]
    assert [each.inherited for each in found] == [False, True, False, False]
    assert [find_cap(each, OUTPUT, 1_500) for each in found] == [3_000, 3_000, 3_000, 1_500]


def test_own_rules_go_first() -> None:
    own = (Rule("REVIEW", "explain", re.compile("explain")),)
    assert detect("explain", None, own).task == "REVIEW"


@pytest.mark.parametrize(
    ("properties", "writes"),
    [
        ({"path": {"type": "string"}}, False),
        ({"path": {"type": "string"}, "content": {"type": "string"}}, True),
        ({"content": {"type": "integer"}}, False),
        ({"content": {"type": ["string", "null"]}}, True),
        ({"patch": {}}, True),
        ({}, False),
        (None, True),
    ],
)
@pytest.mark.parametrize("form", ["chat", "responses", "anthropic"])
def test_a_tool_may_write_where_it_takes_a_content_or_nobody_knows(properties: Any, writes: bool, form: str) -> None:  # noqa: ANN401, FBT001
    schema = {"type": "object"} if properties is None else {"type": "object", "properties": properties}
    raw: dict[str, Any] = {"name": "t", "input_schema" if form == "anthropic" else "parameters": schema}
    if form == "chat":
        raw = {"type": "function", "function": raw}
    assert may_write([Tool("t", "", raw)]) is writes
    assert may_write([Tool("t", "", {"type": "web_search"})])
    assert not may_write([])
