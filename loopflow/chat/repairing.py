"""The smallest change after which a provider refuses nothing: in one pass, and a second time changes nothing.

A result moves to right after its call. One that answers nothing goes; a call that nothing answers is closed. A message
that is signed is kept as it is, or goes whole.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from itertools import takewhile
from typing import Literal, NamedTuple

from loopflow.chat.blocks import Place, find_runs, list_parts, pair
from loopflow.chat.formats.vocabulary import Vocabulary
from loopflow.chat.model import Conversation, Message, Part, put_parts, put_text, say
from loopflow.chat.ours import CONTINUED, LEFT_OUT, NO_RESULT, is_ours
from loopflow.chat.providers import Provider, find_provider, refuses_prefill
from loopflow.chat.rules import find_homes, first_answer

Pending = Literal["close", "keep"]
Fix = Literal["dropped", "closed", "moved", "renamed", "merged", "added", "trimmed"]

_MOST_ROUNDS = 8


class Mended(NamedTuple):
    """What was done, and to what: places in the input."""

    action: Fix
    origin: tuple[int, ...]
    reason: str


class _Work(NamedTuple):
    rules: Provider
    vocabulary: Vocabulary
    pending: Pending
    done: list[Mended]

    def note(self, action: Fix, message: Message, reason: str) -> None:
        self.done.append(Mended(action, message.origin, reason))


def repair(
    conversation: Conversation, provider: str | None = None, *, pending: Pending = "close"
) -> tuple[Conversation, list[Mended]]:
    """Return a conversation that its provider takes, and what was done; itself if nothing was."""
    from loopflow.chat.formats import VOCABULARIES  # noqa: PLC0415  they import the types that stand here

    work = _Work(find_provider(conversation, provider), VOCABULARIES[conversation.format], pending, [])
    messages: Sequence[Message] = conversation.messages
    messages = _drop_empty(messages, work)
    messages = _drop_open_ends(messages, work)
    for _ in range(_MOST_ROUNDS):  # what is signed goes whole, and leaves others without what they answer
        before, messages = messages, _pair_up(messages, work)
        if messages is before:
            break
    if conversation.about.get("thinking"):
        messages = _begin_with_thinking(messages, work)
    messages = _rename(messages, work)
    messages = _begin_with_user(messages, work)
    if work.rules.alternates:
        messages = _take_turns(messages, work)
    messages = _end_well(messages, work, conversation)
    same = len(messages) == len(conversation.messages) and all(
        new is old for new, old in zip(messages, conversation.messages, strict=True)
    )
    return (conversation if same else conversation._replace(messages=tuple(messages))), work.done


def _drop_empty(messages: Sequence[Message], work: _Work) -> list[Message]:
    """Leave out texts that are empty, and messages in which nothing is left."""
    kept = []
    for message in messages:
        has_empty = any(part.kind == "text" and not part.text for part in message.parts)
        if message.parts and not has_empty:
            kept.append(message)
            continue
        if not message.parts or (has_empty and message.signed):
            work.note("dropped", message, "it says nothing")
            continue
        new = put_parts(message, (each for each in message.parts if each.kind != "text" or each.text))
        if new.parts:
            kept.append(new)
        else:
            work.note("dropped", message, "its text is empty")
    return kept


def _drop_open_ends(messages: Sequence[Message], work: _Work) -> Sequence[Message]:
    """Leave out answers that end on thinking: what it led to is not there."""
    if not (work.rules.thinks or work.rules.paired):
        return messages
    gone: set[int] = set()
    for run in find_runs(messages):
        if run.role == "assistant":
            backwards = reversed(range(run.start, run.end))
            gone.update(takewhile(lambda place: messages[place].parts[-1].kind == "thinking", backwards))
    if not gone:
        return messages
    for place in sorted(gone):
        work.note("dropped", messages[place], "it ends on thinking")
    return [message for place, message in enumerate(messages) if place not in gone]


def _pair_up(messages: Sequence[Message], work: _Work) -> Sequence[Message]:
    """Put results after their calls, drop those of none, and close calls that have none."""
    answered = pair(messages)
    homes = find_homes(messages, work.rules, answered)
    if _is_paired(messages, answered, homes):
        return messages
    orphans = {place for place, part in list_parts(messages, "result") if place not in answered}
    if foreign := [place for place, part in list_parts(messages, "result", remote=True) if part.call_id is not None]:
        orphans |= set(foreign) - set(pair(messages, remote=True))
    moved = {place for place in answered if place not in homes}
    closing = set(answered.values())
    is_last = len(messages) - 1
    closed = [
        place
        for place, _ in list_parts(messages, "call")
        if place not in closing and not (work.pending == "keep" and place.message == is_last)
    ]
    if not (orphans or moved or closed):
        return messages
    return _rebuild(messages, work, _Plan(orphans, moved, closed, answered))


def _is_paired(messages: Sequence[Message], answered: Mapping[Place, Place], homes: Collection[Place]) -> bool:
    """Whether each call has its result right after it, as in most conversations: nothing has to be looked for."""
    parts = [part for message in messages for part in message.parts]
    kinds = [part.kind for part in parts]
    pairs = len(answered)
    all_paired = len(homes) == pairs and kinds.count("call") == pairs and kinds.count("result") == pairs
    return all_paired and not any(part.remote for part in parts)


class _Plan(NamedTuple):
    orphans: set[Place]
    moved: set[Place]
    closed: list[Place]
    answered: dict[Place, Place]


def _rebuild(messages: Sequence[Message], work: _Work, plan: _Plan) -> Sequence[Message]:
    """Return the messages with results at home: what moves or is ours comes after those that are there."""
    runs = find_runs(messages, single=work.rules.single and not work.rules.paired)
    run_ends = {number: run.end for run in runs for number in range(run.start, run.end)}
    coming: defaultdict[int, list[Message]] = defaultdict(list)
    for result in sorted(plan.moved):
        message = messages[result.message]
        work.note("moved", message, "a result stands right after its call")
        part = message.parts[result.part]
        is_alone = len(message.parts) == 1
        alone = message if is_alone else message._replace(parts=(part,), touched=True, raw=_raw_of(message, work))
        coming[run_ends[plan.answered[result].message]].append(alone)
    for call in plan.closed:
        message = messages[call.message]
        work.note("closed", message, "a call without a result")
        answer = work.vocabulary.answer(message.parts[call.part], NO_RESULT)
        coming[run_ends[call.message]].append(answer._replace(origin=message.origin))
    left_out = plan.orphans | plan.moved
    kept: list[Message] = []
    waiting: list[Message] = []
    for number, message in enumerate(messages):
        waiting += coming.pop(number, [])
        stays = [part for place, part in enumerate(message.parts) if Place(number, place) not in left_out]
        new = _without(message, stays, work) if len(stays) < len(message.parts) else message
        if waiting and not (new is not None and new.is_results and _is_home(number, plan)):
            kept += waiting
            waiting = []
        if new is not None:
            kept.append(new)
    kept += waiting
    for messages_left in coming.values():
        kept += messages_left
    return kept


def _is_home(number: int, plan: _Plan) -> bool:
    """Whether a message of results stands where it should: those that come later stand behind it."""
    return not any(place.message == number for place in plan.moved)


def _raw_of(message: Message, work: _Work) -> object:
    """Return what a part that leaves its message takes along: nothing, unless its format has one message for each."""
    return message.raw if work.rules.single else None


def _without(message: Message, stays: list[Part], work: _Work) -> Message | None:
    """Return a message with the parts that stay, None if nothing does."""
    lost = len(message.parts) - len(stays)
    orphans = [part for part in message.parts if part.kind == "result" and part not in stays]
    if not stays:
        if any(part.kind == "result" for part in orphans):
            work.note("dropped", message, "its results stand elsewhere, or answer no call")
        return None
    if message.signed:
        work.note("dropped", message, "a result in it answers no call, and it is signed")
        return None
    work.note("dropped", message, f"{lost} of its results stand elsewhere, or answer no call")
    return put_parts(message, stays)


def _begin_with_thinking(messages: Sequence[Message], work: _Work) -> Sequence[Message]:
    """Leave out the steps of the turn that is under way up to the first that begins with thinking."""
    first = first_answer(messages)
    if first is None or messages[first].parts[0].kind == "thinking":
        return messages
    later = range(first, len(messages))
    begins = (
        place for place in later if messages[place].role == "assistant" and messages[place].parts[0].kind == "thinking"
    )
    end = next(begins, len(messages))
    for message in messages[first:end]:
        work.note("dropped", message, "the turn begins with thinking, which is enabled")
    return [*messages[:first], *messages[end:]]


def _rename(messages: Sequence[Message], work: _Work) -> Sequence[Message]:
    """Give calls whose ids were used before other ones, and their results too."""
    if not work.rules.unique:
        return messages
    answers = {call: result for result, call in pair(messages).items()}
    seen: set[str | None] = {part.call_id for _, part in list_parts(messages, "call")}
    used: set[str | None] = set()
    names: dict[Place, str] = {}
    for place, part in list_parts(messages, "call"):
        if part.call_id not in used:
            used.add(part.call_id)
            continue
        number = 2
        while f"{part.call_id}-{number}" in seen:
            number += 1
        name = f"{part.call_id}-{number}"
        seen.add(name)
        names[place] = name
        if place in answers:
            names[answers[place]] = name
        work.note("renamed", messages[place.message], "its id was used before")
    if not names:
        return messages
    return [_rename_parts(message, number, names) for number, message in enumerate(messages)]


def _rename_parts(message: Message, number: int, names: dict[Place, str]) -> Message:
    return put_parts(
        message,
        (
            part._replace(call_id=name, touched=True) if (name := names.get(Place(number, place))) else part
            for place, part in enumerate(message.parts)
        ),
    )


def _begin_with_user(messages: Sequence[Message], work: _Work) -> Sequence[Message]:
    if not messages:
        return [say("user", LEFT_OUT)]
    first = next((place for place, message in enumerate(messages) if message.role != "system"), None)
    if not work.rules.user_first or first is None or messages[first].role == "user":
        return messages
    work.note("added", messages[first], "the first message is the user's")
    return [*messages[:first], say("user", LEFT_OUT, messages[first]), *messages[first:]]


def _take_turns(messages: Sequence[Message], work: _Work) -> Sequence[Message]:
    """Let users and answers take turns: neighbours become one, and between others stands a word of ours."""
    kept: list[Message] = []
    before: Message | None = None
    for message in messages:
        is_plain = not (message.role == "system" or message.is_results or message.calls)
        if is_plain and before is not None and before.role == message.role:
            if kept[-1] is before and _may_merge(before, message):
                work.note("merged", message, "two messages of one role follow each other")
                kept[-1] = before = _merge(before, message)
                continue
            work.note("added", message, "two messages of one role follow each other")
            kept.append(say("user" if message.role == "assistant" else "assistant", CONTINUED, message))
        kept.append(message)
        before = message if is_plain else before
    return kept


def _may_merge(first: Message, second: Message) -> bool:
    return first.name == second.name and not any(
        message.signed or any(part.kind == "text" and is_ours(part.text) for part in message.parts)
        for message in (first, second)
    )


def _merge(first: Message, second: Message) -> Message:
    """Return one message for two: the blocks of both, or one text."""
    origin = tuple(sorted({*first.origin, *second.origin}))
    plain = all(part.kind == "text" for part in (*first.parts, *second.parts))
    joined: tuple[Part, ...]
    if plain and len(first.parts) == 1:
        joined = (put_text(first.parts[0], f"{first.text}\n\n{second.text}"),)
    else:
        joined = (*first.parts, *second.parts)
    return first._replace(
        parts=joined, origin=origin, authored=first.authored or second.authored, touched=True, span=None
    )


def _end_well(messages: Sequence[Message], work: _Work, conversation: Conversation) -> Sequence[Message]:
    """Let the last answer end without white space, and let no answer be the last for a model that goes on from none."""
    if not messages or messages[-1].role != "assistant" or not messages[-1].parts:
        return messages
    *before, last = messages
    if last.calls and work.pending == "keep":
        return messages
    if refuses_prefill(conversation):
        work.note("added", last, "the model takes no conversation that ends on an answer")
        return [*messages, say("user", CONTINUED, last)]
    part = last.parts[-1]
    if work.rules.trims and part.kind == "text" and part.text != part.text.rstrip():
        if last.signed or not part.text.strip():
            work.note("added", last, "the last text ends on white space")
            return [*messages, say("user", CONTINUED, last)]
        work.note("trimmed", last, "the last text ends on white space")
        return [*before, put_parts(last, [*last.parts[:-1], put_text(part, part.text.rstrip())])]
    return messages
