"""OpenAI's Chat Completions: https://platform.openai.com/docs/api-reference/chat/create.

`content` is null, a text or a list; `developer` is what `system` was; a result is a message of the role `tool`, one for
each call; `function_call` and the role `function` are what calls were before.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from loopflow.chat.formats.vocabulary import as_name, as_text, join_texts
from loopflow.chat.formats.wrapped import is_words
from loopflow.chat.model import Kind, Message, Part, Role

_ROLES: Final[Mapping[str, Role]] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
    "tool": "user",
    "function": "user",
}
_KINDS: Final[Mapping[str, Kind]] = {
    "text": "text",
    "refusal": "text",
    "image_url": "image",
    "input_audio": "audio",
    "file": "file",
}
_THINKING: Final = ("reasoning_content", "reasoning", "reasoning_details", "thinking_blocks")
"""Fields of servers that send thinking beside the answer."""


class Chat:
    """The vocabulary. `raw` of a part is where in the record it stood, and the block if it was one of a list."""

    def read(self, record: Mapping[str, Any], form: str) -> Message:
        """Return the message."""
        role = _ROLES.get(record.get("role"))  # type: ignore[arg-type]
        if role is None:
            raise ValueError("its role is none of system, developer, user, assistant, tool and function")
        if record["role"] in {"tool", "function"}:
            return Message(role, (self._read_result(record),), raw=record)
        parts = tuple(self._read_parts(record))
        words = role == "user" and any(part.kind == "text" and is_words(part.text, form) for part in parts)
        return Message(role, parts, words, raw=record, name=as_name(record.get("name")) or "")

    def write(self, message: Message) -> dict[str, Any]:
        """Return the record."""
        if message.raw is None:
            return self._write_new(message)
        record = dict(message.raw)
        if message.is_results:
            [part] = message.parts
            if part.touched:
                text = part.text
                as_list = isinstance(record.get("content"), list)
                record["content"] = [{"type": "text", "text": text}] if as_list else text
            if "tool_call_id" in record:
                record["tool_call_id"] = part.call_id
            return record
        self._put_content(record, message)
        self._put_calls(record, message)
        return record

    def answer(self, call: Part, text: str) -> Message:
        """Return the message that answers a call."""
        slot = (call.raw or ("",))[0]
        result = Part("result", text, call.name, call.call_id, is_error=True, raw=(slot, None), touched=True)
        return Message("user", (result,), touched=True)

    def _read_result(self, record: Mapping[str, Any]) -> Part:
        content = record.get("content")
        text = join_texts(content) if isinstance(content, list) else as_text(content)
        if record["role"] == "function":
            name = as_name(record.get("name"))
            return Part("result", text, name, f"function:{name}", raw=("function", content))
        return Part("result", text, as_name(record.get("name")), as_name(record.get("tool_call_id")), raw=("", content))

    def _read_parts(self, record: Mapping[str, Any]) -> Iterator[Part]:
        for field in _THINKING:
            if record.get(field):
                yield Part("thinking", as_text(record[field]), signed=True, raw=(field, None))
        content = record.get("content")
        if isinstance(content, list):
            for block in content:
                yield self._read_block(block)
        elif content is not None and (content != "" or record["role"] != "assistant"):
            yield Part("text", as_text(content), raw=("content", None))
        if isinstance(record.get("refusal"), str) and record["refusal"]:
            yield Part("text", record["refusal"], raw=("refusal", None))
        for call in record.get("tool_calls") or ():
            yield self._read_call(call)
        if isinstance(function := record.get("function_call"), Mapping):
            name = as_name(function.get("name"))
            yield Part("call", as_text(function.get("arguments")), name, f"function:{name}", raw=("function", None))
        if record.get("audio"):
            yield Part("audio", raw=("audio", record["audio"]))

    def _read_block(self, block: Any) -> Part:  # noqa: ANN401  whatever stands there
        if not isinstance(block, Mapping):
            return Part("opaque", as_text(block), raw=("block", block))
        kind = _KINDS.get(block.get("type", ""), "opaque")
        if kind == "text":
            return Part("text", as_text(block.get("text", block.get("refusal"))), raw=("block", block))
        return Part(kind, as_text(block) if kind == "opaque" else "", raw=("block", block))

    def _read_call(self, call: Any) -> Part:  # noqa: ANN401
        if not isinstance(call, Mapping):
            return Part("opaque", as_text(call), raw=("tool_calls", call))
        inside = call.get("function") or call.get("custom") or {}
        inside = inside if isinstance(inside, Mapping) else {}
        text = as_text(inside.get("arguments", inside.get("input")))
        return Part("call", text, as_name(inside.get("name")), as_name(call.get("id")), raw=("tool_calls", call))

    def _put_content(self, record: dict[str, Any], message: Message) -> None:
        """Put what is left of texts and pictures into the record."""
        parts = [part for part in message.parts if _slot(part) in {"content", "block", ""} and part.kind != "result"]
        is_plain = all(part.kind == "text" and _slot(part) != "block" for part in parts)
        if isinstance(record.get("content"), list) or not is_plain:
            record["content"] = [_write_block(part) for part in parts]
        elif parts or isinstance(record.get("content"), str):
            record["content"] = "\n\n".join(part.text for part in parts)
        if record.get("refusal") and not any(_slot(part) == "refusal" for part in message.parts):
            record["refusal"] = None
        if not record.get("content") and message.role == "assistant" and message.calls:
            record["content"] = None

    def _put_calls(self, record: dict[str, Any], message: Message) -> None:
        if "tool_calls" not in record:
            return
        calls = []
        for part in message.parts:
            if _slot(part) == "tool_calls":
                raw = part.raw[1]
                calls.append({**raw, "id": part.call_id} if part.kind == "call" and part.touched else raw)
        if calls or not record["tool_calls"]:
            record["tool_calls"] = calls
        else:
            del record["tool_calls"]

    def _write_new(self, message: Message) -> dict[str, Any]:
        if message.is_results:
            [part] = message.parts
            if (part.raw or ("",))[0] == "function":
                return {"role": "function", "name": part.name, "content": part.text}
            return {"role": "tool", "tool_call_id": part.call_id, "content": part.text}
        return {"role": message.role, "content": message.text}


def _slot(part: Part) -> str:
    return str(part.raw[0]) if part.raw else ""


def _write_block(part: Part) -> Any:  # noqa: ANN401
    if _slot(part) != "block":
        return {"type": "text", "text": part.text}
    block = part.raw[1]
    if part.touched and isinstance(block, Mapping):
        return {**block, ("refusal" if block.get("type") == "refusal" else "text"): part.text}
    return block
