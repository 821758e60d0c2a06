"""What a provider counts beside the texts: published for some models of OpenAI, an estimate for all others.

The numbers are those of the OpenAI Cookbook, "How to count tokens with Tiktoken": 3 tokens around each message, 1 for a
name, 3 for the answer; for tools 7 a function (10 for gpt-4 and gpt-3.5), 3 for its properties and for each of them,
3 for each value of an enum less 3 for the list, 12 at the end, and the texts of all that.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from loopflow.chat.model import Conversation, Tool

PER_MESSAGE: Final = 3
PER_NAME: Final = 1
PER_REPLY: Final = 3
_PUBLISHED: Final = re.compile(r"(?:gpt-4o(?!-audio)|gpt-4o-mini|gpt-4|gpt-3\.5-turbo)(?:-\d{4}.*|-turbo.*)?\Z")
_OLDER: Final = re.compile(r"gpt-4(?!o)|gpt-3\.5")
_O200K: Final = re.compile(r"(?:.*/)?(?:gpt-4o|gpt-4\.1|gpt-4\.5|gpt-5|gpt-oss|chatgpt-4o|o[134](?:-|\Z))")
_CL100K: Final = re.compile(r"(?:.*/)?(?:gpt-4(?:-|\Z)|gpt-3\.5)")


def is_published(model: str) -> bool:
    """Whether what a message costs beside its texts is published for a model."""
    return _PUBLISHED.match(model) is not None


def encoding_of(model: str) -> str | None:
    """Return the encoding that a model is known to use, None where its tokenizer is not public."""
    if _O200K.match(model):
        return "o200k_base"
    return "cl100k_base" if _CL100K.match(model) else None


def count_overhead(conversation: Conversation) -> int:
    """Return the tokens around messages and before the answer."""
    names = sum(bool(message.name) for message in conversation.messages)
    return PER_MESSAGE * len(conversation.messages) + PER_NAME * names + PER_REPLY


def tool_texts(tools: Sequence[Tool]) -> list[str]:
    """Return the texts that the published way counts of definitions of tools."""
    return [text for tool in tools for text in _texts(tool)]


def tool_constants(tools: Sequence[Tool], model: str) -> int:
    """Return what the published way adds for definitions of tools beside their texts."""
    if not tools:
        return 0
    each = 10 if _OLDER.match(model) else 7
    return 12 + sum(each + _constant(_properties(tool)) for tool in tools)


def _function(tool: Tool) -> Mapping[str, Any]:
    raw = tool.raw if isinstance(tool.raw, Mapping) else {}
    inside = raw.get("function", raw)
    return inside if isinstance(inside, Mapping) else {}


def _properties(tool: Tool) -> list[tuple[str, Mapping[str, Any]]]:
    parameters = _function(tool).get("parameters")
    found = parameters.get("properties") if isinstance(parameters, Mapping) else None
    listed = found.items() if isinstance(found, Mapping) else ()
    return [(name, value) for name, value in listed if isinstance(value, Mapping)]


def _constant(properties: Iterable[tuple[str, Mapping[str, Any]]]) -> int:
    listed = list(properties)
    enums = [value["enum"] for _, value in listed if isinstance(value.get("enum"), list)]
    return (3 if listed else 0) + 3 * len(listed) + sum(3 * len(enum) - 3 for enum in enums)


def _texts(tool: Tool) -> Iterator[str]:
    yield f"{tool.name}:{str(_function(tool).get('description', '')).rstrip('.')}"
    for name, value in _properties(tool):
        yield f"{name}:{value.get('type', '')}:{str(value.get('description', '')).rstrip('.')}"
        enum = value.get("enum")
        yield from map(str, enum if isinstance(enum, list) else ())
