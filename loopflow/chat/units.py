"""What belongs together in a conversation, and what must stay: steps, exchanges, anchors.

A step is an answer that calls tools, with all its results: neither goes without the other. An exchange begins with
words of a person. Anchors are the task, the latest words with the text that they answer, and the last steps.
"""

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from loopflow.chat.blocks import find_runs, pair
from loopflow.chat.facts import is_note
from loopflow.chat.model import Conversation, Message
from loopflow.chat.ours import PLACEHOLDERS

_GREETING: Final = re.compile(
    r"(?:hi|hello|hey|hallo|good (?:morning|afternoon|evening)|there|all|again|\W)+\Z", re.IGNORECASE
)
SHORT_REPLY: Final = 8
"""Words."""


class Layout(NamedTuple):
    """Places of messages. `steps` in order; `exchange` of each message, 0 before the first words of a person."""

    steps: tuple[tuple[int, ...], ...]
    exchange: tuple[int, ...]
    notes: tuple[int, ...]
    task: int | None
    authored: tuple[int, ...]

    @property
    def step_of(self) -> dict[int, tuple[int, ...]]:
        """The step of each place that is in one."""
        return {place: step for step in self.steps for place in step}


def lay_out(conversation: Conversation) -> Layout:
    """Return what belongs together in a conversation that is valid."""
    messages = conversation.messages
    authored = tuple(place for place, message in enumerate(messages) if message.authored)
    notes = tuple(place for place, message in enumerate(messages) if message.role == "user" and is_note(message))
    number, exchange = 0, []
    for message in messages:
        number += message.authored
        exchange.append(number)
    return Layout(_find_steps(messages), tuple(exchange), notes, find_task(messages), authored)


def find_task(messages: Sequence[Message]) -> int | None:
    """Return the first words of a person that are more than a greeting; where there are none, the first of all."""
    authored = [place for place, message in enumerate(messages) if message.authored]
    told = (place for place in authored if not _GREETING.match(messages[place].text.strip()))
    return next(told, authored[0] if authored else None)


def find_anchors(
    conversation: Conversation, layout: Layout, keep_steps: int, pins: Sequence[re.Pattern[str]]
) -> set[int]:
    """Return the places of messages that stay, whatever goes."""
    messages = conversation.messages
    anchors = {place for place, each in enumerate(messages) if each.role == "system" or each.text in PLACEHOLDERS}
    if layout.task is not None:
        anchors.add(layout.task)
    if layout.authored:
        latest = layout.authored[-1]
        anchors |= {latest, *answered_by(messages, latest)}
    if conversation.about.get("compacted") or not layout.authored:  # what stands for the task: an earlier summary
        first = next((p for p, m in enumerate(messages) if m.role == "user" and not m.is_results), None)
        if first is not None and first not in layout.notes and (layout.task is None or first < layout.task):
            anchors.add(first)
    for step in layout.steps[-keep_steps:]:
        anchors |= set(step)
    step_of = layout.step_of
    for place, message in enumerate(messages) if pins else ():
        if any(pin.search(part.text) for pin in pins for part in message.parts):
            anchors |= {place, *step_of.get(place, ())}
    return anchors


def answered_by(messages: Sequence[Message], place: int) -> list[int]:
    """Return the places of the text that the words at a place answer: the answers without calls right before them."""
    found: list[int] = []
    at = place - 1
    while at >= 0 and messages[at].role == "assistant" and not messages[at].calls:
        found.append(at)
        at -= 1
    return found if at < 0 or messages[at].role != "assistant" else []


def is_short(message: Message) -> bool:
    """Whether words mean little without the text that they answer."""
    return len(message.text.split()) <= SHORT_REPLY


def _find_steps(messages: Sequence[Message]) -> tuple[tuple[int, ...], ...]:
    """Return the steps; a step whose results come after another has begun is one with it."""
    last: dict[int, int] = {}
    for result, call in pair(messages).items():
        last[call.message] = max(last.get(call.message, 0), result.message)
    steps: list[tuple[int, int]] = []
    for run in find_runs(messages):
        if run.role != "assistant" or not any(messages[place].calls for place in range(run.start, run.end)):
            continue
        end = max([run.end - 1, *(last.get(place, 0) for place in range(run.start, run.end))])
        if steps and run.start <= steps[-1][1]:
            steps[-1] = (steps[-1][0], max(end, steps[-1][1]))
        else:
            steps.append((run.start, end))
    return tuple(tuple(range(start, end + 1)) for start, end in steps)
