"""What providers answer with 400, written down from their documentation and messages, for the JSON that is sent.

It knows nothing of the program's own rules: a list that both call valid was looked at twice.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Json = Mapping[str, Any]


def refuse_chat(messages: Sequence[Json]) -> str | None:
    """Return why OpenAI's Chat Completions refuse a list, None if they take it."""
    waiting: list[str] = []
    for number, message in enumerate(messages):
        role = message["role"]
        if role == "tool":
            if message["tool_call_id"] not in waiting:
                return "messages with role 'tool' must be a response to a preceding message with 'tool_calls'"
            waiting.remove(message["tool_call_id"])
            continue
        if waiting:
            return f"an assistant message with 'tool_calls' must be followed by tool messages: {waiting}"
        waiting = [call["id"] for call in message.get("tool_calls") or ()]
        if role == "assistant" and not waiting and message.get("content") is None and not message.get("refusal"):
            return f"messages.{number}: expected a string, got null"
        if message.get("tool_calls") == []:
            return f"messages.{number}.tool_calls: empty array"
    return f"tool_call_ids did not have response messages: {waiting}" if waiting else None


def refuse_anthropic(messages: Sequence[Json]) -> str | None:  # noqa: C901, PLR0911, PLR0912  a list of rules
    """Return why Anthropic's Messages refuse a list, None if they take it."""
    runs = list(_join(messages))
    if runs and runs[0][0] != "user":
        return "messages: first message must use the user role"
    waiting: set[str] = set()
    seen: set[str] = set()
    for number, (role, blocks) in enumerate(runs):
        if not blocks:
            return f"messages.{number}: all messages must have non-empty content"
        leading = True
        for block in blocks:
            kind = block["type"]
            if kind == "text" and not block["text"]:
                return f"messages.{number}: text content blocks must be non-empty"
            if kind == "tool_result":
                if not leading or block["tool_use_id"] not in waiting:
                    return f"messages.{number}: unexpected tool_use_id found in tool_result blocks"
                waiting.discard(block["tool_use_id"])
            elif waiting:
                return f"messages.{number}: tool_use ids were found without tool_result blocks immediately after"
            else:
                leading = False
        for block in blocks:
            if block["type"] == "tool_use":
                if block["id"] in seen:
                    return "tool_use ids must be unique"
                seen.add(block["id"])
                waiting.add(block["id"])
        if role == "assistant" and blocks[-1]["type"] in {"thinking", "redacted_thinking"}:
            return f"messages.{number}: the final block in an assistant message cannot be thinking"
    if waiting:
        return f"tool_use ids were found without tool_result blocks immediately after: {waiting}"
    if runs and runs[-1][0] == "assistant" and runs[-1][1][-1]["type"] == "text":
        text = runs[-1][1][-1]["text"]
        if text != text.rstrip():
            return "final assistant content cannot end with trailing whitespace"
    return None


def _join(messages: Sequence[Json]) -> Iterator[tuple[str, list[Json]]]:
    """Yield messages with neighbours of one role put together, as the API does."""
    role, blocks = "", list[Json]()
    for message in messages:
        content = message["content"]
        inside = [{"type": "text", "text": content}] if isinstance(content, str) else list(content)
        if message["role"] != role and role:
            yield role, blocks
            blocks = []
        role = message["role"]
        blocks = [*blocks, *inside] if inside else blocks
    if role:
        yield role, blocks


def refuse_responses(items: Sequence[Json]) -> str | None:
    """Return why OpenAI's Responses refuse items, None if they take them."""
    calls: dict[str, int] = {}
    for number, item in enumerate(items):
        kind = item.get("type", "message")
        if kind == "reasoning":
            after = items[number + 1] if number + 1 < len(items) else {}
            if after.get("type") in {None, "function_call_output"} or after.get("role") == "user":
                return f"item {number} of type 'reasoning' was provided without its required following item"
        if kind == "function_call":
            if item["call_id"] in calls:
                return f"duplicate call_id {item['call_id']}"
            calls[item["call_id"]] = 0
        if kind == "function_call_output":
            if calls.get(item["call_id"]) != 0:
                return f"no tool call found for function call output with call_id {item['call_id']}"
            calls[item["call_id"]] += 1
        if kind == "message" and not item["content"]:
            return f"input[{number}].content: empty array"
    missing = [call for call, answers in calls.items() if not answers]
    return f"no tool output found for function call {missing}" if missing else None


def refuse_strict(messages: Sequence[Json]) -> str | None:
    """Return why the templates of many models refuse a list: after the system, users and answers take turns."""
    turns = [m["role"] for m in messages if m["role"] in {"user", "assistant"} and not m.get("tool_calls")]
    for number, role in enumerate(turns):
        if role != ("user", "assistant")[number % 2]:
            return "conversation roles must alternate user/assistant/user/assistant/..."
    return refuse_chat(messages)
