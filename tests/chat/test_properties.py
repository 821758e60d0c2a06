"""What holds for any history, in any format, under any limit and strategy."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopflow.chat import Compacted, Conversation, Counts, check, compact, read, repair, write
from loopflow.chat.units import find_task
from tests.support.examples import some
from tests.support.refusing import refuse_anthropic, refuse_chat, refuse_responses, refuse_strict
from tests.support.talks import EVENTS, FORMATS, Said, sound

COUNTS = Counts()
NAMES = tuple(FORMATS)
LIMITS = st.sampled_from([60, 150, 400, 1000, 3000])
STRATEGIES = st.sampled_from(["auto", "window", "prune", "summary"])
ANY = st.one_of(EVENTS, sound())


def refuse(conversation: Conversation) -> str | None:
    """Return why the provider refuses what would be sent: what was written, and not what it is held as."""
    written = write(conversation)
    if conversation.format == "claude-code":
        return refuse_anthropic([line["message"] for line in _lines(written) if "message" in line])
    if conversation.format == "codex":
        return refuse_responses([line["payload"] for line in _lines(written) if line["type"] == "response_item"])
    document: Any = json.loads(written)
    if conversation.format == "finetuning":
        return refuse_chat(document["messages"])
    if conversation.format == "pydantic-ai":
        return None
    return {"chat": refuse_chat, "anthropic": refuse_anthropic, "responses": refuse_responses}[conversation.format](
        document
    )


def _lines(written: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in written.decode().split("\n") if line]


def read_any(form: str, events: Sequence[Said]) -> Conversation:
    """Return a history in a format; a session that is not changed is written with more than its live lines."""
    return read(FORMATS[form](events), form)


@pytest.mark.parametrize("form", NAMES)
@some(10)
@given(events=ANY)
def test_what_is_read_is_written_as_it_was(form: str, events: list[Said]) -> None:
    data = FORMATS[form](events)
    assert write(read(data, form)) == data if form != "finetuning" else write(read(data, form)) == data.decode()[:-1]


@pytest.mark.parametrize("form", NAMES)
@some(10)
@given(events=ANY)
def test_after_repair_nobody_refuses(form: str, events: list[Said]) -> None:
    valid, _ = repair(read_any(form, events))
    assert check(valid) == []
    if valid.envelope.messages != valid.messages:
        assert refuse(valid) is None
    assert repair(valid)[0] is valid


@pytest.mark.parametrize("form", NAMES)
@some(10)
@given(events=sound())
def test_what_is_valid_is_not_repaired(form: str, events: list[Said]) -> None:
    conversation = read_any(form, events)
    assert check(conversation) == []
    assert repair(conversation) == (conversation, [])


@some(10)
@given(events=ANY)
def test_under_strict_rules_users_and_answers_take_turns(events: list[Said]) -> None:
    conversation = read_any("chat", events)
    valid, _ = repair(conversation, "strict")
    assert check(valid, "strict") == []
    assert refuse_strict(json.loads(write(valid))) is None
    assert repair(valid, "strict")[0] is valid


@pytest.mark.parametrize("form", NAMES)
@some(10)
@given(events=ANY, limit=LIMITS, strategy=STRATEGIES)
def test_what_was_compacted_is_valid_and_small_or_says_why_not(
    form: str, events: list[Said], limit: int, strategy: str
) -> None:
    done = compact(read_any(form, events), limit, strategy=strategy, counts=COUNTS)
    assert check(done.conversation) == []
    if done.changed:
        assert refuse(done.conversation) is None
    assert done.fits == (done.after.text <= limit)
    assert done.after.text == COUNTS.count(done.conversation).text
    assert bool(done.floor) == (not done.fits)


@pytest.mark.parametrize("form", NAMES)
@some(10)
@given(events=ANY, limit=LIMITS, strategy=STRATEGIES)
def test_a_second_time_changes_nothing(form: str, events: list[Said], limit: int, strategy: str) -> None:
    done = compact(read_any(form, events), limit, strategy=strategy, counts=COUNTS)
    written = write(done.conversation)
    again = compact(read(written, form), limit, strategy=strategy, counts=COUNTS)
    assert write(again.conversation) == written


@pytest.mark.parametrize("form", NAMES)
@some(10)
@given(events=sound(), limit=LIMITS)
def test_what_was_not_touched_is_the_same_object_in_the_same_order(form: str, events: list[Said], limit: int) -> None:
    conversation = read_any(form, events)
    done = compact(conversation, limit, counts=COUNTS)
    places = {id(message): place for place, message in enumerate(conversation.messages)}
    kept = [message for message in done.conversation.messages if not message.touched]
    assert all(id(message) in places for message in kept)
    order = [places[id(message)] for message in kept]
    assert order == sorted(order)


@pytest.mark.parametrize("form", NAMES)
@some(10)
@given(events=sound(), limit=LIMITS)
def test_task_and_latest_words_stay_verbatim_wherever_it_fits_without_cutting_words(
    form: str, events: list[Said], limit: int
) -> None:
    conversation = read_any(form, events)
    done = compact(conversation, limit, counts=COUNTS)
    authored = [place for place, message in enumerate(conversation.messages) if message.authored]
    cut = [message for message in done.conversation.messages if message.authored and message.touched]
    if authored and done.fits and not cut:
        kept = set(map(id, done.conversation.messages))  # the same objects: the same words may be said twice
        assert id(conversation.messages[find_task(conversation.messages) or 0]) in kept
        assert id(conversation.messages[authored[-1]]) in kept


@some(10)
@given(events=sound(), limit=LIMITS)
def test_a_reply_stands_right_after_the_text_that_it_answers(events: list[Said], limit: int) -> None:
    conversation = read_any("chat", events)
    done: Compacted = compact(conversation, limit, counts=COUNTS)
    before = {id(m): place for place, m in enumerate(conversation.messages)}
    left = [before.get(id(message), -1) for message in done.conversation.messages]
    for at, place in enumerate(left):
        if place <= 0 or not conversation.messages[place].authored:
            continue
        answered = conversation.messages[place - 1]
        if answered.role == "assistant" and not answered.calls and not done.conversation.messages[at - 1].touched:
            assert left[at - 1] == place - 1
