"""One JSON document, or the objects of a program: a list of messages, or an object with the list in it.

Where text came in, each message is known with the place where it stands, and a message that is not touched is copied
from there; so is everything around the list.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import repeat
from operator import is_
from typing import Any, Final, NamedTuple

from loopflow.chat.formats.remembering import Memory
from loopflow.chat.formats.sources import as_records, decode, explain, from_record
from loopflow.chat.formats.vocabulary import Vocabulary, as_name, as_text
from loopflow.chat.jsontext import Value, dump, elements, members, require_end, skip_space
from loopflow.chat.model import Conversation, Format, Message, Part, Tool
from loopflow.errors import UsageError

LISTS: Final = ("messages", "input")
_APART: Final = frozenset(LISTS)


class Document(NamedTuple):
    """A document, before it is known what format it has. `top` is the object around the list, without it."""

    data: Any
    text: str
    top: Mapping[str, Any]
    key: str
    records: tuple[Value, ...]
    start: int
    end: int
    newline: str = ""
    """Where a line of a file is one, its end."""


class Envelope(NamedTuple):
    """What is needed to write a document again."""

    document: Document
    messages: tuple[Message, ...]
    vocabulary: Vocabulary


def open_document(data: Any) -> Document:  # noqa: ANN401  bytes, text or objects
    """Return a document. Raises UsageError for what is none."""
    if isinstance(data, bytes | bytearray | str):
        text = data if isinstance(data, str) else decode(bytes(data))
        try:
            return _open_text(data, text)
        except json.JSONDecodeError as error:
            raise explain(error) from error
    plain = as_records(data)
    if isinstance(plain, Mapping):
        key = _find_list(plain)
        found = plain.get(key, [])
        inside = as_records(found) if isinstance(found, list | tuple) else found
        top = {name: value for name, value in plain.items() if name != key}
        return Document(data, "", top, key, _places(inside), 0, 0)
    if not isinstance(plain, list):
        raise UsageError(f"a {type(data).__name__} is no conversation", "give a list of messages, or a request")
    return Document(data, "", {}, "", _places(plain), 0, 0)


def read_document(
    document: Document, form: Format, vocabulary: Vocabulary, memory: Memory | None = None
) -> Conversation:
    """Return the conversation in a document. Raises UsageError for a message that is none."""
    messages = name_results(tuple(_read_messages(document, form, vocabulary, memory)))
    if memory is not None:
        memory.keep(form, messages)
    top = document.top
    return Conversation(
        form,
        as_name(top.get("provider")) or form,
        messages,
        tuple(_read_system(top, form, messages)),
        tuple(read_tools(top)),
        as_name(top.get("model")) or (_last_model(messages) if form == "pydantic-ai" else ""),
        Envelope(document, messages, vocabulary),
        _read_about(top, form),
    )


def write_document(conversation: Conversation) -> Any:  # noqa: ANN401  what came in
    """Return a document with the messages of a conversation, as the kind of data that it was read from."""
    envelope: Envelope = conversation.envelope
    document, messages = envelope.document, conversation.messages
    before = envelope.messages
    if len(messages) == len(before) and all(map(is_, messages, before)):
        return document.data
    if not document.text:
        return _write_objects(envelope, messages)
    text = document.text
    pieces = [_piece(message, envelope) for message in messages]
    first, last = document.records[:1], document.records[-1:]
    gap = text[first[0].end : document.records[1].start] if len(document.records) > 1 else ", "
    before_first = text[document.start + 1 : first[0].start] if first else ""
    after_last = text[last[0].end : document.end - 1] if last else ""
    body = f"[{before_first}{gap.join(pieces)}{after_last}]"
    written = text[: document.start] + body + text[document.end :]
    return written if isinstance(document.data, str) else written.encode("utf-8", "surrogateescape")


def name_results(messages: Sequence[Message]) -> tuple[Message, ...]:
    """Return messages with the tool's name in each result: most formats say it in the call alone."""
    names: dict[str | None, str | None] = {}
    named = []
    for message in messages:
        is_told = True
        for part in message.parts:
            if part.kind == "call":
                names[part.call_id] = part.name
            elif part.kind == "result" and part.name is None and part.call_id in names:
                is_told = False
        named.append(
            message if is_told else message._replace(parts=tuple(_name(part, names) for part in message.parts))
        )
    return tuple(named)


def read_tools(top: Mapping[str, Any]) -> Iterator[Tool]:
    """Yield the tools that are offered."""
    for key in ("tools", "functions"):
        listed = top.get(key)
        for tool in listed if isinstance(listed, list) else ():
            inside = tool.get("function", tool) if isinstance(tool, Mapping) else {}
            inside = inside if isinstance(inside, Mapping) else {}
            name = as_name(inside.get("name")) or as_name(inside.get("type")) or "(no name)"
            yield Tool(name, as_text(tool), tool)


def _name(part: Part, names: Mapping[str | None, str | None]) -> Part:
    if part.kind != "result" or part.name is not None:
        return part
    kind, text, _, *rest = part
    return Part(kind, text, names.get(part.call_id), *rest)


def _open_text(data: Any, text: str) -> Document:  # noqa: ANN401
    at = skip_space(text, 1 if text.startswith("\ufeff") else 0)
    opening = text[at : at + 1]
    if opening == "[":
        *records, end = elements(text, at)
        require_end(text, end.end)
        return Document(data, text, {}, "", tuple(records), at, end.end)
    if opening != "{":
        raise json.JSONDecodeError("Expecting an object or a list", text, at)
    found: dict[str, Value] = {}
    for name, value in members(text, at, _APART):
        if value.value is None and text[value.start] == "}":
            require_end(text, value.end)
            break
        found[name] = value
    key = _find_list(found)
    held = found.pop(key, None)
    top = {name: _plain(value.value) for name, value in found.items()}
    if held is None or not isinstance(held.value, list):
        return Document(data, text, top, key, _places(() if held is None else held.value), 0, 0)
    return Document(data, text, top, key, tuple(held.value), held.start, held.end)


def _plain(value: Any) -> Any:  # noqa: ANN401
    """Return an array that was read element by element as a list."""
    is_apart = isinstance(value, list) and all(isinstance(each, Value) for each in value)
    return [each.value for each in value] if is_apart else value


def _find_list(top: Mapping[str, Any]) -> str:
    for key in LISTS:
        if key in top:
            return key
    raise UsageError("it has neither messages nor input", "give a list of messages, or a request with one")


def _places(records: Any) -> tuple[Value, ...]:  # noqa: ANN401
    if isinstance(records, str):  # the whole input of Responses may be one text
        records = [{"role": "user", "content": records}]
    if not isinstance(records, list | tuple):
        raise UsageError("its messages are no list", "give a list of messages, or a request with one")
    return tuple(map(Value, records, repeat(0), repeat(0)))


def _read_messages(
    document: Document, form: Format, vocabulary: Vocabulary, memory: Memory | None
) -> Iterator[Message]:
    held = memory.recall([found.value for found in document.records]) if memory is not None else repeat(None)
    for number, (found, known) in enumerate(zip(document.records, held, strict=False), 1):
        if known is not None:
            yield known
            continue
        if not isinstance(found.value, Mapping):
            raise UsageError(f"message {number} is no object", "give messages as objects")
        try:
            message = vocabulary.read(found.value, form)
        except (ValueError, TypeError, AttributeError) as error:
            why = str(error) if isinstance(error, ValueError) else "a field of it is of another type"
            raise UsageError(f"message {number} is none of {form}: {why}", "check --input-format") from error
        span = (found.start, found.end) if document.text else None
        yield Message._make((*message[:3], (number,), message.raw, span, *message[6:]))  # as _replace, in half the time


def _read_system(top: Mapping[str, Any], form: Format, messages: Sequence[Message]) -> Iterator[Part]:
    """Yield what stands apart from the messages: the system prompt, in the field of the format."""
    given = top.get("system" if form == "anthropic" else "instructions")
    if form == "pydantic-ai":
        said = [message.raw["instructions"] for message in messages if (message.raw or {}).get("instructions")]
        given = said[-1] if said else None
    for block in given if isinstance(given, list) else [given] if given else []:
        text = block.get("text") if isinstance(block, Mapping) else None
        yield Part("text", as_text(text if isinstance(text, str) else block), raw=block)


def _last_model(messages: Sequence[Message]) -> str:
    named = [(message.raw or {}).get("model_name") for message in messages if message.role == "assistant"]
    return next((name for name in reversed(named) if isinstance(name, str)), "")


def _read_about(top: Mapping[str, Any], form: Format) -> Mapping[str, Any]:
    about: dict[str, Any] = {}
    if form == "responses" and top.get("previous_response_id"):
        about["notes"] = ("it goes on from a response that the server keeps: what came before is not here",)
    thinking = top.get("thinking")
    about["thinking"] = isinstance(thinking, Mapping) and thinking.get("type") in {"enabled", "adaptive"}
    return about


def _piece(message: Message, envelope: Envelope) -> str:
    if message.span and not message.touched:
        return envelope.document.text[message.span[0] : message.span[1]]
    return dump(envelope.vocabulary.write(message))


def _write_objects(envelope: Envelope, messages: Sequence[Message]) -> Any:  # noqa: ANN401
    """Return objects of the kind that came in; those that are not touched are the same ones."""
    document = envelope.document
    held = document.data.get(document.key) if document.key else document.data
    given = held if isinstance(held, list | tuple) else []
    like = given[0] if given else None
    written = []
    for message in messages:
        place = message.origin[0] - 1 if message.origin and not message.touched else len(given)
        is_given = place < len(given) and envelope.messages[place].raw is message.raw
        written.append(given[place] if is_given else from_record(envelope.vocabulary.write(message), like))
    return {**document.data, document.key: written} if document.key else written
