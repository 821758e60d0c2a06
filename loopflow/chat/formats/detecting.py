"""Which format something is in, from what stands in its first objects. What fits two equally is nobody's guess."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from loopflow.chat.formats.responses import CALLS, COMPACTIONS
from loopflow.chat.formats.sources import EXPECTED
from loopflow.chat.model import FORMATS, Format
from loopflow.errors import UsageError

_BLOCKS: Final = frozenset({"tool_use", "tool_result", "thinking", "redacted_thinking", "server_tool_use"})
_ITEMS: Final = frozenset({"message", "reasoning", "item_reference", *CALLS, *COMPACTIONS})
_CONTENTS: Final = frozenset({"input_text", "output_text", "input_image", "input_file"})
_LOOKED_AT: Final = 10_000


def detect_lines(values: Sequence[Mapping[str, Any]]) -> Format:
    """Return the format of lines. Raises UsageError where it is none that is known."""
    for value in values[:50]:
        if (
            "parentUuid" in value
            or "sessionId" in value
            or str(value.get("type")) in {"file-history-snapshot", "summary"}
        ):
            return "claude-code"
        if "payload" in value and "type" in value:
            return "codex"
        if "messages" in value:
            return "finetuning"
    raise UsageError("its lines are of no format that is known", EXPECTED)


def detect_records(top: Mapping[str, Any], key: str, records: Sequence[Any]) -> Format:
    """Return the format of a document. Raises UsageError where it could be two."""
    found = {form for record in records[:_LOOKED_AT] if isinstance(record, Mapping) for form in _telling(record)}
    if key == "input" or "previous_response_id" in top or "instructions" in top:
        found.add("responses")
    if key == "messages" and "system" in top:
        found.add("anthropic")
    if len(found) > 1:
        names = " and ".join(form for form in FORMATS if form in found)
        raise UsageError(f"it could be {names}", f"say which with --input-format {' or '.join(sorted(found))}")
    return found.pop() if found else "chat"


def _telling(record: Mapping[str, Any]) -> Iterator[Format]:
    """Yield formats that alone have what stands in a record."""
    if str(record.get("kind")) in {"request", "response"} and isinstance(record.get("parts"), list):
        yield "pydantic-ai"
        return
    kind = record.get("type")
    if isinstance(kind, str) and (kind in _ITEMS or kind.endswith(("_call", "_call_output"))):
        yield "responses"
        return
    if str(record.get("role")) in {"tool", "function", "developer"} or record.get("tool_calls"):
        yield "chat"
    content = record.get("content")
    kinds = (
        {str(block.get("type")) for block in content if isinstance(block, Mapping)} if isinstance(content, list) else ()
    )
    if not _BLOCKS.isdisjoint(kinds):
        yield "anthropic"
    if not _CONTENTS.isdisjoint(kinds):
        yield "responses"
