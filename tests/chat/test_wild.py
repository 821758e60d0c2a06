"""Whatever stands in a file: it is read and written as it was, or refused in words; never a traceback."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopflow.chat import Counts, check, compact, profile, read_all, write_all
from loopflow.chat.model import FORMATS
from loopflow.errors import LoopflowError
from tests.support.examples import some

COUNTS = Counts()
KEYS = st.sampled_from(
    [
        *("role", "content", "type", "text", "id", "name", "tool_calls", "function", "arguments", "tool_call_id"),
        *("tool_use_id", "input", "kind", "parts", "part_kind", "args", "tool_name", "call_id", "output", "summary"),
        *(
            "thinking",
            "message",
            "uuid",
            "parentUuid",
            "sessionId",
            "payload",
            "usage",
            "input_tokens",
            "source",
            "data",
        ),
        *("image_url", "url", "is_error", "system", "tools", "messages", "instructions", "replacement_history"),
    ]
)
VALUES = st.sampled_from(
    [
        *("user", "assistant", "tool", "system", "text", "tool_use", "tool_result", "thinking", "image", "image_url"),
        *("request", "response", "user-prompt", "tool-call", "tool-return", "function_call", "message", "reasoning"),
        *(
            "function_call_output",
            "response_item",
            "compacted",
            "compact_boundary",
            "",
            "a",
            "\ud800",
            None,
            0,
            1.5,
            True,
        ),
    ]
)
WILD: st.SearchStrategy[Any] = st.recursive(
    VALUES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=14
)
RECORDS = st.lists(
    st.dictionaries(KEYS, WILD, max_size=5).flatmap(
        lambda record: st.sampled_from(
            [
                {"role": "user", **record},
                {"role": "assistant", **record},
                {"kind": "request", "parts": [record]},
                {"kind": "response", "parts": [record]},
                {"type": "user", "uuid": "u", "message": {"role": "user", "content": [record]}},
                {
                    "type": "assistant",
                    "uuid": "v",
                    "parentUuid": "u",
                    "message": {"role": "assistant", "content": [record]},
                },
                {"type": "response_item", "payload": record},
                record,
            ]
        )
    ),
    min_size=1,
    max_size=5,
)


@pytest.mark.parametrize("form", [None, *FORMATS])
@some(8)
@given(records=RECORDS)
def test_anything_is_read_or_refused_in_words(form: str | None, records: list[Any]) -> None:
    whole = json.dumps(records)
    lines = "".join(f"{json.dumps(record)}\n" for record in records)
    for text in (whole, lines):
        data = text.encode()
        try:
            found = read_all(data, form)
        except LoopflowError:
            continue
        assert write_all(found) == data
        for each in found:
            profile(each, COUNTS)
            done = compact(each, 40, counts=COUNTS)
            assert check(done.conversation) == []
            again = compact(done.conversation, 40, counts=COUNTS)
            assert again.after.text <= done.after.text
