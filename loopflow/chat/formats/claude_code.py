"""A session of Claude Code: lines of `~/.claude/projects/<directory>/<session>.jsonl`.

Nothing documents the format; what is here was found in sessions of versions 2.0 and 2.1. Lines form a tree by
`parentUuid`. The conversation is the chain from the last line that a person or the model wrote, up to the root or to
where it was compacted. Two kinds of lines belong to it and are not on the chain: those of an answer that was spread
over several (they share `message.id`), and results of calls that ran beside each other.
"""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from loopflow.chat.formats.anthropic import Anthropic
from loopflow.chat.formats.documents import name_results
from loopflow.chat.formats.sources import Line, Lines
from loopflow.chat.formats.vocabulary import as_name
from loopflow.chat.jsontext import dump
from loopflow.chat.model import Conversation, Message
from loopflow.errors import UsageError

_KNOWN: Final = frozenset({"user", "assistant", "system", "progress", "file-history-snapshot", "queue-operation"})
_SPOKEN: Final = frozenset({"user", "assistant"})
_COMMON: Final = ("isSidechain", "userType", "cwd", "version", "gitBranch", "slug", "agentId")
_VOCABULARY: Final = Anthropic()


class Session(NamedTuple):
    """What is needed to write a session again."""

    lines: Lines
    messages: tuple[Message, ...]


def read_session(lines: Lines) -> Conversation:
    """Return the conversation that is live in a session. Raises UsageError where there is none."""
    found = list(_choose(lines.lines))
    if not found:
        raise UsageError("it is a session of Claude Code without a message", "name another one")
    is_agent = all(line.value.get("isSidechain") for line in found)
    messages = name_results([_read_message(line, is_agent=is_agent) for line in _group(found)])
    values = [line.value for line in lines.lines]
    first = found[0].value
    models = [line.value["message"].get("model") for line in found if line.value["type"] == "assistant"]
    kinds = [str(value.get("type")) for value in values]
    about = {
        "session": as_name(first.get("sessionId")) or "",
        "version": as_name(first.get("version")) or "",
        "compacted": any(map(_is_boundary, values)),
        "other": sum(kind not in _KNOWN for kind in kinds),
        "thinking": False,
        "notes": ("its last line is still being written, and was left out",) if lines.unfinished else (),
    }
    model = next((name for name in reversed(models) if isinstance(name, str) and not name.startswith("<")), "")
    return Conversation("claude-code", "anthropic", messages, (), (), model, Session(lines, messages), about)


def write_session(conversation: Conversation) -> bytes:
    """Return a session: the bytes that were read, or a new one, where something was changed."""
    session: Session = conversation.envelope
    if conversation.messages == session.messages:
        return session.lines.data
    old = str(conversation.about.get("session", ""))
    records = list(_write_records(conversation.messages, str(uuid.uuid5(uuid.NAMESPACE_OID, f"{old} in less"))))
    return "".join(f"{dump(record)}\n" for record in records).encode("utf-8", "surrogateescape")


def _is_boundary(value: Mapping[str, Any]) -> bool:
    return value.get("type") == "system" and value.get("subtype") == "compact_boundary"


def _is_message(line: Line) -> bool:
    message = line.value.get("message")
    return (
        str(line.value.get("type")) in _SPOKEN and isinstance(message, dict) and not line.value.get("isApiErrorMessage")
    )


def _choose(lines: Sequence[Line]) -> Iterator[Line]:
    """Yield the lines of the conversation, in the order of the file."""
    by_id = {line.value["uuid"]: line for line in lines if as_name(line.value.get("uuid"))}
    messages = [line for line in lines if _is_message(line)]
    leaf = next((line for line in reversed(messages) if not line.value.get("isSidechain")), None)
    leaf = leaf or (messages[-1] if messages else None)
    chain: set[int] = set()
    first, at = 0, leaf
    while at is not None and at.number not in chain:
        chain.add(at.number)
        first = at.number
        if _is_boundary(at.value):
            break
        parent = at.value.get("parentUuid")
        at = by_id.get(parent) if isinstance(parent, str) else None
    on_chain = [line for line in messages if line.number in chain]
    answers = {as_name(line.value["message"].get("id")) for line in on_chain if line.value["type"] == "assistant"} - {
        None
    }
    calls: set[str | None] = set()
    for line in messages:
        is_answer = line.value["type"] == "assistant" and as_name(line.value["message"].get("id")) in answers
        if line.number in chain or (line.number >= first and is_answer):
            calls |= {as_name(each.get("id")) for each in _blocks(line) if each.get("type") == "tool_use"}
            yield line
        elif line.number >= first and any(as_name(each.get("tool_use_id")) in calls - {None} for each in _blocks(line)):
            yield line


def _blocks(line: Line) -> list[Mapping[str, Any]]:
    content = line.value["message"].get("content")
    return [each for each in content if isinstance(each, dict)] if isinstance(content, list) else []


def _group(lines: Sequence[Line]) -> list[Line]:
    """Return lines with those of one answer beside each other: results of its first calls come between them."""
    last: dict[str, int] = {}
    keys = []
    for place, line in enumerate(lines):
        name = as_name(line.value["message"].get("id")) if line.value["type"] == "assistant" else None
        keys.append(last.setdefault(name, place) if name else place)
    return [line for _, line in sorted(enumerate(lines), key=lambda each: (keys[each[0]], each[0]))]


def _read_message(line: Line, *, is_agent: bool) -> Message:
    """Return the message on a line. In the session of a subagent, its task is what the agent above it wrote."""
    record = line.value
    inside = record["message"]
    try:
        message = _VOCABULARY.read({"role": record["type"], **inside}, "claude-code")
    except (ValueError, TypeError, AttributeError) as error:
        raise UsageError(f"line {line.number} is no message of Claude Code", "name another file") from error
    machine = record.get("isMeta") or record.get("isCompactSummary") or (record.get("isSidechain") and not is_agent)
    return message._replace(
        raw=record,
        authored=message.authored and not machine,
        origin=(line.number,),
        span=(line.start, line.end),
        group=as_name(inside.get("id")) or "",
        reported=_read_usage(inside.get("usage")),
    )


def _read_usage(usage: Any) -> int:  # noqa: ANN401
    """Return the tokens of input that an answer took, those that were cached included."""
    if not isinstance(usage, dict):
        return 0
    keys = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
    found = [usage.get(key, 0) for key in keys]
    return sum(each for each in found if isinstance(each, int))


def _write_records(messages: Sequence[Message], session: str) -> Iterator[dict[str, Any]]:
    """Yield the records of a new session: each hangs on the one before it."""
    like: dict[str, Any] = next((message.raw for message in messages if message.raw), {})
    common: dict[str, Any] = {key: like[key] for key in _COMMON if key in like}
    parent, stamp = None, like.get("timestamp", "1970-01-01T00:00:00.000Z")
    for number, message in enumerate(messages):
        record = _write_record(message, common)
        stamp = record.setdefault("timestamp", stamp)
        record.setdefault("uuid", str(uuid.uuid5(uuid.NAMESPACE_OID, f"{session} {number}")))
        yield {"parentUuid": parent, **record, "sessionId": session} | {"parentUuid": parent}
        parent = record["uuid"]


def _write_record(message: Message, common: Mapping[str, Any]) -> dict[str, Any]:
    if message.raw is None:
        return {**common, "type": message.role, "message": _VOCABULARY.write(message)}
    record = dict(message.raw)
    if message.touched:
        inside = _VOCABULARY.write(message._replace(raw=record["message"]))
        record["message"] = inside
        if any(part.touched for part in message.parts) and "toolUseResult" in record:
            record["toolUseResult"] = message.parts[0].text
    return record
