"""Anthropic's Messages: https://docs.claude.com/en/api/messages.

Blocks stand in messages of two roles; results lead the message after the calls. Thinking is signed: a message that has
some is kept byte for byte, or not at all. What the provider ran itself stands beside its result, in one message.
"""

from collections.abc import Mapping
from typing import Any, Final

from loopflow.chat.formats.vocabulary import as_name, as_text, join_texts, read_content
from loopflow.chat.formats.wrapped import is_words
from loopflow.chat.model import Message, Part, Role

_ROLES: Final[Mapping[str, Role]] = {"user": "user", "assistant": "assistant", "system": "system"}
_REMOTE: Final = frozenset({"server_tool_use", "mcp_tool_use"})
_FILES: Final = frozenset({"document", "container_upload"})


class Anthropic:
    """The vocabulary. `raw` of a part is its block, None for a text that is the whole content."""

    def read(self, record: Mapping[str, Any], form: str) -> Message:
        """Return the message."""
        role = _ROLES.get(record.get("role"))  # type: ignore[arg-type]
        if role is None:
            raise ValueError("its role is neither user nor assistant")
        parts = read_content(record.get("content"), read_block)
        words = role == "user" and any(part.kind == "text" and is_words(part.text, form) for part in parts)
        return Message(role, parts, words, raw=record)

    def write(self, message: Message) -> dict[str, Any]:
        """Return the record."""
        record = dict(message.raw or {"role": message.role})
        whole = len(message.parts) == 1 and message.parts[0].kind == "text" and message.parts[0].raw is None
        if whole:
            record["content"] = message.parts[0].text
        else:
            record["content"] = [_write_block(part) for part in message.parts]
        return record

    def answer(self, call: Part, text: str) -> Message:
        """Return the message that answers a call."""
        result = Part("result", text, call.name, call.call_id, is_error=True, touched=True)
        return Message("user", (result,), touched=True)


def read_block(block: Any) -> Part:  # noqa: ANN401, PLR0911  a row for each type
    """Return the part that a block is."""
    kind = block.get("type") if isinstance(block, Mapping) else None
    if kind == "text":
        return Part("text", as_text(block.get("text")), raw=block)
    if kind in {"thinking", "redacted_thinking"}:
        return Part("thinking", as_text(block.get("thinking", block.get("data"))), signed=True, raw=block)
    if kind == "tool_use" or kind in _REMOTE:
        text, name = as_text(block.get("input")), as_name(block.get("name"))
        return Part("call", text, name, as_name(block.get("id")), remote=kind in _REMOTE, raw=block)
    if kind == "tool_result":
        return _read_result(block)
    if isinstance(kind, str) and kind.endswith("_tool_result"):
        text = as_text(block.get("content"))
        return Part("result", text, None, as_name(block.get("tool_use_id")), remote=True, raw=block)
    if kind == "image":
        return Part("image", raw=block)
    if kind in _FILES:
        return Part("file", raw=block)
    return Part("opaque", as_text(block), raw=block)


def _read_result(block: Mapping[str, Any]) -> Part:
    content = block.get("content")
    text = join_texts(content) if isinstance(content, list) else as_text(content)
    is_error = block.get("is_error") is True
    return Part("result", text, None, as_name(block.get("tool_use_id")), is_error, raw=block)


def _write_block(part: Part) -> Any:  # noqa: ANN401
    if part.raw is not None and not part.touched:
        return part.raw
    block = dict(part.raw or {})
    if part.kind == "result":
        return _write_result(part, block)
    if part.kind == "call":
        return {**block, "id": part.call_id}
    return {**block, "type": "text", "text": part.text}


def _write_result(part: Part, block: dict[str, Any]) -> dict[str, Any]:
    """Return the block of a result: its content only where the text is another."""
    if not block:
        block = {"type": "tool_result", "tool_use_id": part.call_id, "content": part.text}
        return {**block, "is_error": True} if part.is_error else block
    block["tool_use_id"] = part.call_id
    if _read_result(block).text != part.text:
        as_list = isinstance(block.get("content"), list)
        block["content"] = [{"type": "text", "text": part.text}] if as_list else part.text
    return block
