"""Conversations in any format, read so that what is not touched is written again as it was.

`write(read(x)) == x` holds for every x that is read: byte for byte for bytes, as the same objects for objects.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from loopflow.chat.formats.anthropic import Anthropic
from loopflow.chat.formats.chat import Chat
from loopflow.chat.formats.claude_code import read_session, write_session
from loopflow.chat.formats.codex import read_rollout, write_rollout
from loopflow.chat.formats.detecting import detect_lines, detect_records
from loopflow.chat.formats.documents import Document, open_document, read_document, write_document
from loopflow.chat.formats.pydantic_ai import PydanticAI
from loopflow.chat.formats.remembering import Memory
from loopflow.chat.formats.responses import Responses
from loopflow.chat.formats.sources import EXPECTED, Lines, read_lines
from loopflow.chat.formats.vocabulary import Vocabulary
from loopflow.chat.model import FORMATS, Conversation, Format
from loopflow.errors import UsageError

VOCABULARIES: Final[Mapping[str, Vocabulary]] = {
    "chat": Chat(),
    "finetuning": Chat(),
    "responses": Responses(),
    "codex": Responses(),
    "anthropic": Anthropic(),
    "claude-code": Anthropic(),
    "pydantic-ai": PydanticAI(),
}
_OF_LINES: Final = frozenset({"claude-code", "codex", "finetuning"})


def read(data: Any, form: str | None = None, memory: Memory | None = None) -> Conversation:  # noqa: ANN401
    """Return the one conversation in `data`. Raises UsageError for what is none, or where there are several.

    With a `memory`, messages that are as they were in the list before it are not read again.
    """
    found = read_all(data, form, memory)
    if len(found) > 1:
        raise UsageError(f"there are {len(found):,} conversations in it", "read them with read_all")
    return found[0]


def read_all(
    data: Any,  # noqa: ANN401  bytes, text or objects
    form: str | None = None,
    memory: Memory | None = None,
) -> tuple[Conversation, ...]:
    """Return the conversations in `data`: bytes, text, a list of messages or a request. Lines may have many.

    `form` is the name of a format, in place of what it looks like. Raises UsageError for what is none.
    """
    if form is not None and form not in FORMATS:
        raise UsageError(f"there is no format {form!r}", f"known are {', '.join(FORMATS)}")
    if isinstance(data, bytes | bytearray | str):
        as_bytes = data.encode("utf-8", "surrogateescape") if isinstance(data, str) else bytes(data)
        if not _SOMETHING.search(as_bytes):
            raise UsageError("it is empty", EXPECTED)
        if form in _OF_LINES or (form is None and _looks_like_lines(as_bytes)):
            return _read_lines(as_bytes, form)
    document = open_document(data)
    if not document.records:
        raise UsageError("it has no messages", EXPECTED)
    return (_read_document(document, form, memory),)


def write(conversation: Conversation) -> Any:  # noqa: ANN401  what came in
    """Return the kind of data that a conversation was read from, with its messages."""
    if conversation.format == "claude-code":
        return write_session(conversation)
    if conversation.format == "codex":
        return write_rollout(conversation)
    return write_document(conversation)


def write_all(conversations: Sequence[Conversation]) -> Any:  # noqa: ANN401
    """Return what `read_all` took, with the messages of these conversations."""
    if len(conversations) == 1 and conversations[0].format != "finetuning":
        return write(conversations[0])
    pieces = [str(write(each)) + each.envelope.document.newline for each in conversations]
    rest = conversations[-1].about.get("rest", b"")
    first = conversations[0].about.get("mark", b"")
    return first + "".join(pieces).encode("utf-8", "surrogateescape") + rest


def _looks_like_lines(data: bytes) -> bool:
    """Whether it is lines of objects, and not one document: an object ends, and another begins on the next line.

    Sessions are large, so no more than the first line is looked at.
    """
    found = _SOMETHING.search(data)
    start = found.start() if found else 0
    if data[start : start + 1] != b"{":
        return False
    end = data.find(b"\n", start)
    line = data[start : end if end >= 0 else len(data)].rstrip()
    if not line.endswith(b"}"):
        return False
    if end >= 0 and _BEGINS.match(data, end):
        return True
    is_last = end < 0 or not _SOMETHING.search(data, end)
    return is_last and any(sign in line[:4000] for sign in _SIGNS) and not line.startswith(_REQUESTS)


_SOMETHING: Final = re.compile(rb"[^\s\xef\xbb\xbf]")
_BEGINS: Final = re.compile(rb"\s*\{")
_SIGNS: Final = (b'"parentUuid"', b'"sessionId"', b'"payload"')
_REQUESTS: Final = (b'{"messages"', b'{"model"', b'{"input"')


def _read_document(document: Document, form: str | None, memory: Memory | None) -> Conversation:
    if memory is not None and memory.recall([document.records[0].value]) != [None]:
        form = form or memory.form
    if form is None:
        form = detect_records(document.top, document.key, [record.value for record in document.records])
    name: Format = next(each for each in FORMATS if each == form)
    return read_document(document, name, VOCABULARIES[name], memory)


def _read_lines(data: bytes, form: str | None) -> tuple[Conversation, ...]:
    lines = read_lines(data)
    form = form or detect_lines([line.value for line in lines.lines])
    if form == "claude-code":
        return (read_session(lines),)
    if form == "codex":
        return (read_rollout(lines),)
    return _read_finetuning(lines)


def _read_finetuning(lines: Lines) -> tuple[Conversation, ...]:
    """Return a conversation a line. What is between lines goes with the one before."""
    found: list[Conversation] = []
    starts = [line.start for line in lines.lines]
    if not starts:
        raise UsageError("it has no messages", EXPECTED)
    for line, after in zip(lines.lines, [*starts[1:], lines.lines[-1].end], strict=True):
        text = lines.data[line.start : line.end].decode("utf-8", "surrogateescape")
        try:
            document = open_document(text)
            read_one = read_document(document, "finetuning", VOCABULARIES["finetuning"])
        except UsageError as error:
            raise UsageError(f"line {line.number}: {error.message}", error.hint) from error
        between = lines.data[line.end : after].decode("utf-8", "surrogateescape")
        envelope = read_one.envelope._replace(document=document._replace(newline=between))
        found.append(read_one._replace(envelope=envelope))
    about: dict[str, Any] = {"rest": lines.data[lines.lines[-1].end :], "mark": lines.data[: starts[0]]}
    if lines.unfinished:
        about["notes"] = ("its last line is still being written, and was left out",)
    found[0] = found[0]._replace(about={**found[0].about, **about})
    found[-1] = found[-1]._replace(about={**found[-1].about, **about})
    return tuple(found)
