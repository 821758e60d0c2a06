"""A history that grows: between two compactions nothing moves, whoever else is served in between."""

from typing import Any

import pytest

from loopflow.chat import CEREBRAS_LIMITS, Compactor, Counts, Limits, check, read
from tests.support.refusing import refuse_chat
from tests.support.talks import Said, as_chat

COUNTS = Counts()
LINES = "\n".join(f"{n:4} def function_{n}(): return {n}" for n in range(60))
LIMITS = Limits("m", 20_000, target=8_000, compact_at=0.5, block_at=0.9)
Json = dict[str, Any]


def grow(name: str, number: int) -> list[Json]:
    """Return a history of so many steps; a longer one begins with a shorter one."""
    events = [Said("user", f"fix the parser of {name}, please, and keep all of its comments as they are")]
    for at in range(number):
        events.append(Said("call", '{"path":"a.py"}', f"{name}{at}", "Read"))
        events.append(Said("result", f"{at}\n{LINES}", f"{name}{at}"))
    return as_chat(events)


def test_between_compactions_the_list_only_grows() -> None:
    shorten = Compactor(LIMITS, counts=COUNTS)
    before: list[Json] = []
    compactions = 0
    for number in range(1, 60):
        sent = shorten(grow("a", number))
        assert refuse_chat(sent) is None
        assert shorten.last is not None
        assert shorten.last.fits
        if sent[: len(before)] != before:
            compactions += 1
        before = sent
    grown = COUNTS.count(read(grow("a", 60))).own
    assert 2 <= compactions <= grown // (LIMITS.trigger - LIMITS.goal)  # each after as much as its headroom, or more


def test_after_a_compaction_there_is_room_for_the_headroom() -> None:
    shorten = Compactor(LIMITS, counts=COUNTS)
    since: list[int] = []
    for number in range(1, 60):
        shorten(grow("a", number))
        assert shorten.last is not None
        if shorten.last.changed:
            since.append(shorten.last.after.own)
    assert all(after <= LIMITS.goal for after in since)


def test_threads_that_take_turns_are_as_if_each_were_alone() -> None:
    together, first, second = (Compactor(LIMITS, counts=COUNTS) for _ in range(3))
    for number in range(1, 40):
        assert together(grow("a", number)) == first(grow("a", number))
        assert together(grow("b", number)) == second(grow("b", number))


def test_a_history_that_is_taken_back_begins_anew() -> None:
    shorten = Compactor(LIMITS, counts=COUNTS)
    long = shorten(grow("a", 40))
    assert shorten(grow("a", 3)) == grow("a", 3)
    assert shorten(grow("a", 40)) == long


def test_what_came_of_a_list_is_known_as_the_list_itself() -> None:
    shorten = Compactor(LIMITS, counts=COUNTS)
    sent = shorten(grow("a", 40))
    more = [*sent, {"role": "user", "content": "and now the printer"}]
    assert shorten(more) == more


def test_a_record_that_was_changed_since_is_read_anew() -> None:
    shorten = Compactor(LIMITS, counts=COUNTS)
    talk = grow("a", 2)
    assert shorten(talk) == talk
    for change in (talk[2], talk[1]["tool_calls"][0]["function"]):
        change["content" if "content" in change else "arguments"] = '{"path":"changed in place"}'
        shorten(talk)
        assert shorten.last is not None
        assert shorten.last.after.text == COUNTS.count(read(talk)).text


def test_a_number_is_a_limit_of_text() -> None:
    shorten = Compactor(5_000, counts=COUNTS)
    sent = shorten({"model": "gpt-5", "messages": grow("a", 30)})
    assert sent["model"] == "gpt-5"
    assert COUNTS.count(read(sent)).text <= 5_000


def test_the_table_of_small_windows_keeps_its_ceiling() -> None:
    shorten = Compactor(CEREBRAS_LIMITS, counts=COUNTS)
    shorten(grow("a", 60))
    assert shorten.last is not None
    assert shorten.last.after.own <= 15_000
    assert check(shorten.last.conversation) == []


@pytest.mark.parametrize("constant", [0, 3_000, 9_000])
def test_what_a_provider_adds_is_no_reason_to_compact_each_time(constant: int) -> None:
    shorten = Compactor(Limits("m", 40_000, compact_at=0.5, block_at=0.9), counts=COUNTS)
    part: Json = {"part_kind": "user-prompt", "content": "fix the parser, please, and keep all of its comments"}
    talk: list[Json] = [{"kind": "request", "parts": [part]}]
    compactions = 0
    for number in range(60):
        sent = shorten(talk)
        assert shorten.last is not None
        compactions += shorten.last.changed
        total = COUNTS.count(read(sent)).own + constant  # as the provider counts
        assert total <= 20_000
        named = {"tool_name": "Read", "tool_call_id": f"c{number}"}
        usage = {"input_tokens": total}
        talk.append({"kind": "response", "usage": usage, "parts": [{"part_kind": "tool-call", "args": "{}", **named}]})
        talk.append({"kind": "request", "parts": [{"part_kind": "tool-return", "content": LINES, **named}]})
    grown = 60 * COUNTS.of(LINES)
    assert 1 <= compactions <= grown // 4_000 + 1


def test_a_list_with_another_picture_is_another_list() -> None:
    shorten = Compactor(Limits.fit(60), counts=COUNTS)
    for picture in ("AAAA", "BBBB"):
        image = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{picture}"}}
        shown = {"role": "user", "content": [{"type": "text", "text": "what is on this picture?"}, image]}
        talk = [shown, {"role": "assistant", "content": "words " * 200}, {"role": "user", "content": "and below it?"}]
        assert shown in shorten(talk)


def test_a_mark_of_the_cache_that_moves_on_makes_no_other_list() -> None:
    shorten = Compactor(Limits.fit(60), counts=COUNTS)
    source = {"type": "base64", "media_type": "image/png", "data": "AAAA"}
    sent = []
    for mark in ({"cache_control": {"type": "ephemeral"}}, {}):
        shown = {"role": "user", "content": [{"type": "image", "source": source, **mark}]}
        talk = [shown, {"role": "assistant", "content": "words " * 200}, {"role": "user", "content": "and below it?"}]
        shorten({"model": "claude", "max_tokens": 1, "system": "x", "messages": talk})
        assert shorten.last is not None
        sent.append(shorten.last.changed)
    assert sent == [True, False]


def test_a_record_that_is_nested_too_deep_to_be_remembered_is_read_each_time() -> None:
    shorten = Compactor(5_000, counts=COUNTS)
    deep: list[Any] = []
    for _ in range(3_000):
        deep = [deep]
    talk = [{"role": "user", "content": "say hello to everybody", "metadata": deep}]
    assert shorten(talk) is talk
    assert shorten(talk) is talk
