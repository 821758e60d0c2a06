"""Counts: exact ones that add up, and estimates that are as they are published."""

import base64
import struct
from collections.abc import Sequence
from typing import Any

import pytest

from loopflow.chat import Counts, profile, read
from loopflow.chat.media import Picture, count_picture
from loopflow.chat.overhead import encoding_of, is_published
from loopflow.errors import UncountableError
from loopflow.tokens import count, create_counter

COUNTS = Counts()
PROPERTIES = {
    "location": {"type": "string", "description": "The city and state, e.g. San Francisco, CA"},
    "unit": {
        "type": "string",
        "description": "The unit of temperature to return",
        "enum": ["celsius", "fahrenheit"],
    },
}
WEATHER = {
    "name": "get_current_weather",
    "description": "Get the current weather in a given location",
    "parameters": {"type": "object", "properties": PROPERTIES, "required": ["location"]},
}


def test_every_text_argument_name_and_definition_is_counted_once() -> None:
    call = {"id": "a", "type": "function", "function": {"name": "Read", "arguments": '{"path": "x"}'}}
    request: dict[str, Any] = {
        "tools": [{"type": "function", "function": {"name": "Read"}}],
        "messages": [
            {
                "role": "user",
                "content": [{"type": "text", "text": "one"}, {"type": "text", "text": "two"}],
                "name": "ada",
            },
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "a", "content": "three"},
        ],
    }
    texts = ["one", "two", "ada", "Read", '{"path": "x"}', "three", '{"type":"function","function":{"name":"Read"}}']
    assert COUNTS.count(read(request)).text == sum(map(count, texts))


def test_an_object_of_arguments_is_counted_as_it_is_sent() -> None:
    block = {"type": "tool_use", "id": "a", "name": "Read", "input": {"path": "é", "n": [1, 2]}}
    [message] = read([{"role": "assistant", "content": [block]}]).messages
    assert message.parts[0].text == '{"path":"é","n":[1,2]}'


def test_the_published_way_for_messages_and_tools_gives_the_published_number() -> None:
    """The Cookbook has 101 tokens for gpt-4o, and 105 for gpt-4: with their encodings."""
    talk = [
        {"role": "system", "content": "You are a helpful assistant that can answer to questions about the weather."},
        {"role": "user", "content": "What's the weather like in San Francisco?"},
    ]
    for model, encoding, published in (("gpt-4o", "o200k_base", 101), ("gpt-4", "cl100k_base", 105)):
        counts = Counts(create_counter(encoding))
        request = {"model": model, "messages": talk, "tools": [{"type": "function", "function": WEATHER}]}
        found = counts.count(read(request))
        roles = sum(map(counts.of, ("system", "user")))  # the Cookbook counts them too: a token each
        assert found.own + roles == published


def test_what_is_estimated_is_never_in_the_text() -> None:
    [message] = read([{"role": "user", "content": "hi"}]).messages
    found = COUNTS.count(read([message.raw]))
    assert (found.text, found.overhead, found.own) == (1, 6, 7)


@pytest.mark.parametrize(
    ("model", "encoding"),
    [
        ("gpt-4o-mini", "o200k_base"),
        ("openai/gpt-5.2", "o200k_base"),
        ("o3-mini", "o200k_base"),
        ("gpt-4-0613", "cl100k_base"),
        ("gpt-3.5-turbo", "cl100k_base"),
        ("claude-opus-4-6", None),
        ("gemini-3", None),
        ("", None),
    ],
)
def test_the_encoding_of_a_model_is_known_where_it_is_public(model: str, encoding: str | None) -> None:
    assert encoding_of(model) == encoding


@pytest.mark.parametrize(
    ("model", "published"), [("gpt-4o", True), ("gpt-4-0613", True), ("gpt-5", False), ("", False)]
)
def test_overhead_is_called_published_only_where_it_is(model: str, published: bool) -> None:  # noqa: FBT001
    assert is_published(model) is published


@pytest.mark.parametrize(
    ("picture", "provider", "tokens"),
    [
        (Picture(1024, 1024), "chat", 765),  # the examples of the documentation
        (Picture(2048, 4096), "chat", 1105),
        (Picture(4096, 8192, is_low=True), "chat", 85),
        (Picture(1, 1), "chat", 255),
        (Picture(1092, 1092), "anthropic", 1590),
        (Picture(200, 200), "anthropic", 53),
        (Picture(0, 0), "chat", None),
    ],
)
def test_pictures_cost_what_providers_publish(picture: Picture, provider: str, tokens: int | None) -> None:
    assert count_picture(picture, provider) == tokens


def test_a_picture_is_measured_and_one_without_a_size_is_uncounted() -> None:
    header = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", 1024, 1024) + b"\x08\x06" + b"\0" * 16
    data = f"data:image/png;base64,{base64.b64encode(header).decode()}"
    content = [{"type": "image_url", "image_url": {"url": url}} for url in (data, "https://x/y.png", "data:,,")]
    content += [{"type": "input_audio", "input_audio": {"data": "AA", "format": "wav"}}]
    found = COUNTS.count(read([{"role": "user", "content": content}]))
    assert (found.media, found.uncounted, found.text) == (765, 3, 0)


class _Choosy:
    """A counter that gives up on some texts, and says how often it was asked."""

    id = encoding = engine = "none"

    def __init__(self) -> None:
        self.asked: list[str] = []

    def expect(self, size: int, *, is_all: bool = False) -> None:
        pass

    def count(self, texts: Sequence[str]) -> list[int]:
        self.asked += texts
        if any("never" in text for text in texts):
            raise UncountableError("no")
        return [len(text) for text in texts]

    def apart(self, _: str) -> str:
        return ""


def test_a_text_without_a_count_is_uncounted_and_the_others_are_counted() -> None:
    counts = Counts(_Choosy())
    found = counts.count(read([{"role": "user", "content": text} for text in ("four", "never", "sixsix")]))
    assert (found.text, found.uncounted) == (10, 1)
    assert counts.is_uncountable("never")


def test_a_text_is_counted_once() -> None:
    counter = _Choosy()
    counts = Counts(counter)
    talk = [{"role": "user", "content": text} for text in ("a", "b", "a")]
    for _ in range(3):
        counts.count(read(talk))
    counts.count(read([*talk, {"role": "user", "content": "c"}]))
    assert counter.asked == ["a", "b", "c"]


def test_a_memo_that_is_full_forgets_the_older_half_and_counts_right(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("loopflow.chat.counting.MOST_HELD", 100)
    counts = Counts(_Choosy())
    talk = [{"role": "user", "content": f"{number:10}"} for number in range(50)]
    assert counts.count(read(talk)).text == 500
    assert counts.count(read(talk[:5])).text == 50


def test_the_parts_of_a_profile_add_up_to_the_text() -> None:
    talk = read({"system": "be short", "messages": [{"role": "user", "content": "hi"}], "tools": [{"name": "Read"}]})
    found = profile(talk, COUNTS)
    assert sum(entry.tokens for entry in found.entries) == found.tokens.text
