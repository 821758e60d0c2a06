"""pydantic-ai's message history, as its `ModelMessagesTypeAdapter` writes it: https://ai.pydantic.dev/message-history/.

A request holds what goes to the model (system prompts, words of the user, results, demands to try again), a response
what comes back. A demand to try again that names a tool answers its call. Parts that are called `builtin-…` were run by
the provider. `instructions` of the last request hold for all of them, so they are counted once.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from loopflow.chat.formats.vocabulary import as_name, as_text, is_media
from loopflow.chat.formats.wrapped import is_words
from loopflow.chat.model import Message, Part, Role

_ROLES: Final[Mapping[str, Role]] = {"request": "user", "response": "assistant"}
_CALLS: Final = frozenset({"tool-call", "builtin-tool-call"})
_RESULTS: Final = frozenset({"tool-return", "builtin-tool-return", "retry-prompt"})


class PydanticAI:
    """The vocabulary. `raw` of a part is the part, with its place in a list of contents if it is one of several."""

    def read(self, record: Mapping[str, Any], form: str) -> Message:
        """Return the message."""
        role = _ROLES.get(record.get("kind"))  # type: ignore[arg-type]
        blocks = record.get("parts")
        if role is None or not isinstance(blocks, list):
            raise ValueError("it is neither a request nor a response with parts")
        parts = tuple(part for block in blocks for part in _read_block(block))
        words = any(
            part.kind == "text" and part.name is None and is_words(part.text, form) for part in parts if role == "user"
        )
        return Message(role, parts, words, raw=record, reported=_read_usage(record))

    def write(self, message: Message) -> dict[str, Any]:
        """Return the record."""
        record = dict(message.raw or {"kind": "response" if message.role == "assistant" else "request"})
        record["parts"] = _write_parts(message)
        return record

    def answer(self, call: Part, text: str) -> Message:
        """Return the message that answers a call."""
        result = Part("result", text, call.name, call.call_id, is_error=True, touched=True)
        return Message("user", (result,), touched=True)


def _read_usage(record: Mapping[str, Any]) -> int:
    usage = record.get("usage")
    found = usage.get("input_tokens") if isinstance(usage, Mapping) else None
    return found if isinstance(found, int) and not isinstance(found, bool) else 0


def _read_block(block: Any) -> Iterator[Part]:  # noqa: ANN401
    kind = block.get("part_kind") if isinstance(block, Mapping) else None
    if kind == "user-prompt" and isinstance(block.get("content"), list):
        yield from (_read_content(block, place) for place in range(len(block["content"])))
    elif kind in {"user-prompt", "text"}:
        yield Part("text", as_text(block.get("content")), raw=(block, None))
    elif kind == "thinking":
        yield Part("thinking", as_text(block.get("content")), signed=True, raw=(block, None))
    elif kind in _CALLS:
        name, remote = as_name(block.get("tool_name")), kind != "tool-call"
        call_id = as_name(block.get("tool_call_id"))
        yield Part("call", as_text(block.get("args")), name, call_id, remote=remote, raw=(block, None))
    elif kind in _RESULTS and (kind != "retry-prompt" or block.get("tool_name")):
        failed = kind == "retry-prompt" or block.get("outcome") in {"failed", "denied"}
        name, call_id = as_name(block.get("tool_name")), as_name(block.get("tool_call_id"))
        remote = kind == "builtin-tool-return"
        yield Part("result", as_text(block.get("content")), name, call_id, failed, remote=remote, raw=(block, None))
    elif kind in {"system-prompt", "retry-prompt", "retry-feedback"}:
        yield Part("text", as_text(block.get("content")), name=kind, raw=(block, None))
    else:
        yield Part("opaque", as_text(block), raw=(block, None))


def _read_content(block: Mapping[str, Any], place: int) -> Part:
    content = block["content"][place]
    if isinstance(content, str):
        return Part("text", content, raw=(block, place))
    if isinstance(content, Mapping) and is_media(content):
        is_image = content.get("kind") == "image-url" or str(content.get("media_type", "")).startswith("image/")
        return Part("image" if is_image else "file", raw=(block, place))
    return Part("opaque", as_text(content), raw=(block, place))


def _write_parts(message: Message) -> list[Any]:
    """Return the blocks, those of one prompt put together again."""
    blocks: list[Any] = []
    opened: Any = None
    for part in message.parts:
        block, place = part.raw or (None, None)
        if block is None or place is None:
            blocks.append(_write_block(part, block, message.role))
            opened = None
            continue
        if opened is not block:
            blocks.append({**block, "content": []})
            opened = block
        blocks[-1]["content"].append(part.text if part.touched else block["content"][place])
    return blocks


def _write_block(part: Part, block: Any, role: Role) -> Any:  # noqa: ANN401
    if block is None:
        return _write_new(part, role)
    if not part.touched:
        return block
    if part.kind == "call":
        return {**block, "tool_call_id": part.call_id}
    changed = {**block, "tool_call_id": part.call_id} if part.kind == "result" else dict(block)
    if as_text(block.get("content")) != part.text:
        changed["content"] = part.text
    return changed


def _write_new(part: Part, role: Role) -> dict[str, Any]:
    if part.kind == "result":
        new = {"part_kind": "tool-return", "tool_name": part.name or "", "content": part.text}
        return {**new, "tool_call_id": part.call_id, **({"outcome": "failed"} if part.is_error else {})}
    return {"part_kind": "text" if role == "assistant" else "user-prompt", "content": part.text}
