"""Marks of Anthropic's prompt cache (`cache_control`): one whose block went moves to the last that stayed before it.

https://docs.claude.com/en/docs/build-with-claude/prompt-caching: at most four, and none of an hour after one of five
minutes. A mark is no part of what is cached, so moving one changes no prefix.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from loopflow.chat.model import Conversation, Message, Part

MARK: Final = "cache_control"
_MOST: Final = 4
_BEARERS: Final = frozenset({"text", "result", "call"})


def keep_marks(before: Conversation, after: Conversation) -> Conversation:
    """Return the conversation with marks that were lost between the two put where they still help."""
    if before.format != "anthropic":
        return after
    kept = {id(part.raw) for message in after.messages for part in message.parts}
    lost = [
        (message.origin, part.raw[MARK])
        for message in before.messages
        for part in message.parts
        if _has_mark(part) and id(part.raw) not in kept
    ]
    messages = list(after.messages)
    for origin, mark in lost:
        place = _find_bearer(messages, origin)
        if place is not None:
            messages[place] = _put(messages[place], mark)
    if not lost or not _is_allowed(after, messages):
        return after
    return after._replace(messages=tuple(messages))


def _has_mark(part: Part) -> bool:
    return isinstance(part.raw, Mapping) and isinstance(part.raw.get(MARK), Mapping)


def _find_bearer(messages: Sequence[Message], origin: tuple[int, ...]) -> int | None:
    """Return the place of the last message before an origin that may bear a mark; None where it has one already."""
    for place in reversed(range(len(messages))):
        message = messages[place]
        if message.origin and message.origin < origin and not message.signed and message.parts:
            last = message.parts[-1]
            if isinstance(last.raw, Mapping) and last.kind in _BEARERS:
                return None if _has_mark(last) else place
    return None


def _put(message: Message, mark: Mapping[str, Any]) -> Message:
    *others, last = message.parts
    marked = last._replace(raw={**last.raw, MARK: mark}, touched=True)
    return message._replace(parts=(*others, marked), touched=True)


def _is_allowed(conversation: Conversation, messages: Sequence[Message]) -> bool:
    marks = list(_list_marks(conversation, messages))
    lives = [str(mark.get("ttl", "5m")) for mark in marks]
    after_short = lives[lives.index("5m") :] if "5m" in lives else []
    return len(marks) <= _MOST and "1h" not in after_short


def _list_marks(conversation: Conversation, messages: Sequence[Message]) -> Iterator[Mapping[str, Any]]:
    """Yield the marks in the order in which the provider reads them: tools, system, messages."""
    blocks = [tool.raw for tool in conversation.tools]
    blocks += [part.raw for part in conversation.system]
    blocks += [part.raw for message in messages for part in message.parts]
    yield from (block[MARK] for block in blocks if isinstance(block, Mapping) and isinstance(block.get(MARK), Mapping))
