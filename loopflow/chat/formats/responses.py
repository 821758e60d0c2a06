"""OpenAI's Responses: https://platform.openai.com/docs/api-reference/responses/create.

An item is a record. Reasoning stands before the item that it led to, so such a run is one step. Calls of functions, of
custom tools and of shells are answered by `call_id`; what the provider ran itself is one item, with its result.
"""

from collections.abc import Mapping
from typing import Any, Final

from loopflow.chat.formats.vocabulary import as_name, as_text, is_media, join_texts, read_content
from loopflow.chat.formats.wrapped import is_words
from loopflow.chat.model import Message, Part, Role

_ROLES: Final[Mapping[str, Role]] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
}
CALLS: Final[Mapping[str, str]] = {
    "function_call": "arguments",
    "custom_tool_call": "input",
    "local_shell_call": "action",
    "shell_call": "action",
    "apply_patch_call": "operation",
    "computer_call": "action",
    "tool_search_call": "arguments",
}
"""Calls that somebody here answers, and the field of what is asked."""
COMPACTIONS: Final = frozenset({"compaction", "compaction_summary", "context_compaction"})
_TEXTS: Final = frozenset({"input_text", "output_text", "text", "refusal", "summary_text", "reasoning_text"})


class Responses:
    """The vocabulary. `raw` of a part is its block, None for a text that is the whole content, or the item itself."""

    def read(self, record: Mapping[str, Any], form: str) -> Message:
        """Return the message."""
        kind = record.get("type", "message")
        if kind == "message":
            return self._read_message(record, form)
        if kind == "reasoning":
            texts = [*(record.get("summary") or ()), *(record.get("content") or ())]
            text = join_texts(texts) if all(isinstance(each, Mapping) for each in texts) else as_text(texts)
            return Message("assistant", (Part("thinking", text, signed=True, raw=record),), raw=record)
        if kind in CALLS:
            call_id = as_name(record.get("call_id")) or as_name(record.get("id"))
            name = as_name(record.get("name")) or str(kind).removesuffix("_call")
            part = Part("call", as_text(record.get(CALLS[kind])), name, call_id, raw=record)
            return Message("assistant", (part,), raw=record)
        if isinstance(kind, str) and kind.endswith("_output"):
            return Message("user", (self._read_output(record),), raw=record)
        role: Role = "system" if kind in COMPACTIONS else "assistant"
        return Message(role, (Part("opaque", as_text(record), remote=True, raw=record),), raw=record)

    def write(self, message: Message) -> dict[str, Any]:
        """Return the record."""
        record = dict(message.raw or {})
        [first, *_] = message.parts
        if first.kind == "call":
            return {**record, "call_id": first.call_id}
        if first.kind == "result":
            return self._write_output(first, record)
        if message.raw is None:
            kind = "output_text" if message.role == "assistant" else "input_text"
            content = [{"type": kind, "text": part.text} for part in message.parts]
            return {"type": "message", "role": message.role, "content": content}
        if isinstance(record.get("content"), list):
            record["content"] = [_write_block(part, message.role) for part in message.parts]
        else:
            record["content"] = message.text
        return record

    def answer(self, call: Part, text: str) -> Message:
        """Return the item that answers a call."""
        kind = f"{(call.raw or {}).get('type', 'function_call')}_output"
        result = Part("result", text, call.name, call.call_id, is_error=True, raw={"type": kind}, touched=True)
        return Message("user", (result,), touched=True)

    def _read_message(self, record: Mapping[str, Any], form: str) -> Message:
        role = _ROLES.get(record.get("role"))  # type: ignore[arg-type]
        if role is None:
            raise ValueError("its role is none of system, developer, user and assistant")
        parts = read_content(record.get("content"), _read_block)
        words = role == "user" and any(part.kind == "text" and is_words(part.text, form) for part in parts)
        return Message(role, parts, words, raw=record)

    def _read_output(self, record: Mapping[str, Any]) -> Part:
        output = record.get("output")
        text = join_texts(output) if isinstance(output, list) else as_text(output)
        return Part("result", text, None, as_name(record.get("call_id")) or as_name(record.get("id")), raw=record)

    def _write_output(self, part: Part, record: dict[str, Any]) -> dict[str, Any]:
        if not record:
            return {**(part.raw or {"type": "function_call_output"}), "call_id": part.call_id, "output": part.text}
        record["call_id"] = part.call_id
        if self._read_output(record).text != part.text:
            listed = isinstance(record.get("output"), list)
            record["output"] = [{"type": "input_text", "text": part.text}] if listed else part.text
        return record


def _read_block(block: Any) -> Part:  # noqa: ANN401
    if isinstance(block, Mapping) and block.get("type") in _TEXTS:
        return Part("text", as_text(block.get("text", block.get("refusal"))), raw=block)
    if isinstance(block, Mapping) and is_media(block):
        return Part("image" if "image" in str(block["type"]) else "file", raw=block)
    return Part("opaque", as_text(block), raw=block)


def _write_block(part: Part, role: str) -> Any:  # noqa: ANN401
    if part.raw is None:
        return {"type": "output_text" if role == "assistant" else "input_text", "text": part.text}
    if not part.touched:
        return part.raw
    return {**part.raw, ("refusal" if part.raw.get("type") == "refusal" else "text"): part.text}
