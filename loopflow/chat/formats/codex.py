"""A session of Codex: lines of `~/.codex/sessions/<year>/<month>/<day>/rollout-….jsonl`.

Nothing documents the format; `codex-rs/protocol` defines it. A line is `{timestamp, type, payload}`. `response_item`
lines are the conversation, as items of Responses; `event_msg` lines repeat it, and say what the provider counted. After
`compacted` the history is its `replacement_history`; where an old version left that out, it is what the user said and
the summary.
"""

import uuid
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from loopflow.chat.formats.documents import name_results
from loopflow.chat.formats.responses import Responses
from loopflow.chat.formats.sources import Line, Lines
from loopflow.chat.formats.vocabulary import as_name, as_text
from loopflow.chat.jsontext import dump
from loopflow.chat.model import Conversation, Message, Part
from loopflow.errors import UsageError

_KNOWN: Final = frozenset({"session_meta", "turn_context", "response_item", "event_msg", "compacted"})
_VOCABULARY: Final = Responses()


class Rollout(NamedTuple):
    """What is needed to write a session again."""

    lines: Lines
    messages: tuple[Message, ...]


def read_rollout(lines: Lines) -> Conversation:
    """Return the conversation that is live in a session. Raises UsageError where there is none."""
    messages = name_results(_read_messages(lines.lines))
    if not messages:
        raise UsageError("it is a session of Codex without a message", "name another one")
    metas = [_payload(line) for line in lines.lines if line.value.get("type") == "session_meta"]
    contexts = [_payload(line) for line in lines.lines if line.value.get("type") == "turn_context"]
    meta = metas[0] if metas else {}
    kinds = [str(line.value.get("type")) for line in lines.lines]
    notes = ["its last line is still being written, and was left out"] if lines.unfinished else []
    if any(line.value.get("type") == "compacted" and not _replacement(line) for line in lines.lines):
        notes.append("it was compacted without its new history: what the user said and the summary stand for it")
    about = {
        "session": as_name(meta.get("id")) or "",
        "version": as_name(meta.get("cli_version")) or "",
        "compacted": "compacted" in kinds,
        "other": sum(kind not in _KNOWN for kind in kinds),
        "notes": tuple(notes),
    }
    model = next((name for context in reversed(contexts) if (name := as_name(context.get("model")))), "")
    system = tuple(_read_system(meta))
    return Conversation("codex", "responses", messages, system, (), model, Rollout(lines, messages), about)


def write_rollout(conversation: Conversation) -> bytes:
    """Return a session: the bytes that were read, or a new one, where something was changed."""
    rollout: Rollout = conversation.envelope
    if conversation.messages == rollout.messages:
        return rollout.lines.data
    data = rollout.lines.data
    head = [line for line in rollout.lines.lines if line.value.get("type") == "session_meta"][:1]
    tail = [line for line in rollout.lines.lines if line.value.get("type") == "turn_context"][-1:]
    stamp = rollout.lines.lines[0].value.get("timestamp", "1970-01-01T00:00:00.000Z")
    pieces = [_renamed(line) for line in head] + [data[line.start : line.end] for line in tail]
    for message in conversation.messages:
        stamp = _stamp_of(message, rollout.lines) or stamp
        pieces.append(_piece(message, data, stamp))
    return b"".join(piece + b"\n" for piece in pieces)


def _payload(line: Line) -> dict[str, Any]:
    payload = line.value.get("payload")
    return payload if isinstance(payload, dict) else {}


def _replacement(line: Line) -> list[Any] | None:
    found = _payload(line).get("replacement_history")
    return found if isinstance(found, list) else None


def _read_system(meta: dict[str, Any]) -> Iterator[Part]:
    given = meta.get("base_instructions") or meta.get("instructions")
    text = given.get("text") if isinstance(given, dict) else given
    if text:
        yield Part("text", as_text(text), raw=given)


def _read_messages(lines: Sequence[Line]) -> list[Message]:
    messages: list[Message] = []
    for line in lines:
        kind = line.value.get("type")
        if kind == "response_item":
            messages.append(_read_item(_payload(line), line)._replace(span=(line.start, line.end)))
        elif kind == "compacted":
            messages = _replace_history(messages, line)
        elif kind == "event_msg" and (reported := _read_usage(_payload(line))) and messages:
            messages[-1] = messages[-1]._replace(reported=reported)
    return messages


def _replace_history(messages: list[Message], line: Line) -> list[Message]:
    """Return what stands for all messages after the session was compacted."""
    replacement = _replacement(line)
    if replacement is not None:
        return [_read_item(item, line) for item in replacement if isinstance(item, dict)]
    words = [message for message in messages if message.authored]
    text = as_text(_payload(line).get("message"))
    item = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": text}]}
    return [*words, *([_read_item(item, line)] if text else [])]


def _read_item(item: dict[str, Any], line: Line) -> Message:
    try:
        return _VOCABULARY.read(item, "codex")._replace(origin=(line.number,))
    except (ValueError, TypeError, AttributeError) as error:
        raise UsageError(f"line {line.number} is no item of Codex", "name another file") from error


def _read_usage(payload: dict[str, Any]) -> int:
    """Return the tokens of input that the last request took, where an event says so."""
    info = payload.get("info")
    last = info.get("last_token_usage") if isinstance(info, dict) else None
    found = last.get("input_tokens") if isinstance(last, dict) else None
    return found if isinstance(found, int) and not isinstance(found, bool) else 0


def _renamed(line: Line) -> bytes:
    """Return the first line with another id: the session that was read stays what it is."""
    record = dict(line.value)
    payload = dict(_payload(line))
    payload["id"] = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{payload.get('id')} in less"))
    return dump({**record, "payload": payload}).encode("utf-8", "surrogateescape")


def _stamp_of(message: Message, lines: Lines) -> str:
    if message.span is None:
        return ""
    number = message.origin[0]
    found = next((line.value.get("timestamp") for line in lines.lines if line.number == number), "")
    return found if isinstance(found, str) else ""


def _piece(message: Message, data: bytes, stamp: str) -> bytes:
    if message.span and not message.touched:
        return data[message.span[0] : message.span[1]].rstrip(b"\r")
    payload = _VOCABULARY.write(message) if message.touched or message.raw is None else message.raw
    record = {"timestamp": stamp, "type": "response_item", "payload": payload}
    return dump(record).encode("utf-8", "surrogateescape")
