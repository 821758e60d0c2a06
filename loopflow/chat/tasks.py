"""What is asked for, told from words; and how many tokens an answer to that may have.

A cap that is too low cuts an answer in the middle, and an answer that calls a tool in the middle of its arguments. So a
cap is the highest of all that the words could mean, is never set where a tool could be called that takes a content, nor
for a model whose thinking counts as output, and only ever lowers what was asked for.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, Literal, NamedTuple

from loopflow.chat.model import Conversation, Tool

Task = Literal["TOOL_CALL", "CODE_GENERATION", "EXPLANATION", "PLANNING", "REVIEW", "UNKNOWN"]
CapRules = Literal["highest", "table"]

TASKS: Final[tuple[Task, ...]] = ("TOOL_CALL", "CODE_GENERATION", "EXPLANATION", "PLANNING", "REVIEW", "UNKNOWN")
OUTPUT: Final[Mapping[str, int]] = MappingProxyType(
    {
        "TOOL_CALL": 300,
        "CODE_GENERATION": 3_000,
        "EXPLANATION": 1_800,
        "PLANNING": 1_200,
        "REVIEW": 1_500,
        "UNKNOWN": 1_500,
    }
)
"""Tokens that an answer to each may have."""
TOOL_FLOOR: Final = 1_024
"""Tokens that an answer may have at least where a tool is offered."""
SHORT_REPLY: Final = 8
"""Words: one that has no more, and names nothing to do, goes on with what was asked for before."""

_WITHIN: Final = r"\b[^.?!\n]{0,80}?\b"
_RULES: Final[tuple[tuple[Task, str, str], ...]] = (
    ("TOOL_CALL", "read ... file", rf"\bread{_WITHIN}files?\b"),
    ("TOOL_CALL", "list ... files", rf"\blist{_WITHIN}(?:files|directories|folders?)\b"),
    ("TOOL_CALL", "grep, search as first word", r"\A\W*(?:please\s+)?(?:grep|search)\b"),
    ("TOOL_CALL", "run ... command", rf"\brun{_WITHIN}commands?\b"),
    ("CODE_GENERATION", "write ... code", rf"\bwrite{_WITHIN}(?:code|class|script|function|module|method|program)\b"),
    ("CODE_GENERATION", "implement", r"\bimplement(?:s|ing)?\b"),
    (
        "CODE_GENERATION",
        "create ... function",
        rf"\bcreate{_WITHIN}(?:function|class|module|method|component|endpoint)\b",
    ),
    ("CODE_GENERATION", "fix ... bug", rf"\bfix{_WITHIN}(?:bugs?|tests?|errors?|failures?|issue|crash|leak|race)\b"),
    ("CODE_GENERATION", "refactor", r"\brefactor(?:ing)?\b"),
    ("CODE_GENERATION", "add ... test", rf"\badd{_WITHIN}tests?\b"),
    ("EXPLANATION", "explain", r"\bexplain\b"),
    ("EXPLANATION", "why", r"\bwhy\b"),
    ("EXPLANATION", "how does", r"\bhow do(?:es)?\b"),
    ("EXPLANATION", "what is", r"\bwhat(?:'s|\s+is|\s+are)\b"),
    ("PLANNING", "plan", r"\bplan\b"),
    ("PLANNING", "design", r"\bdesign\b"),
    ("PLANNING", "architecture", r"\barchitecture\b"),
    ("PLANNING", "steps", r"\bsteps\b"),
    ("REVIEW", "review", r"\breview\b"),
    ("REVIEW", "audit", r"\baudit\b"),
    ("REVIEW", "check ... code", rf"\bcheck{_WITHIN}code\b"),
)
_QUOTED: Final = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`|\"[^\"\n]*\"|“[^”\n]*”|^\s*>.*$", re.DOTALL | re.MULTILINE)
_LOOKED_AT: Final = 20_000
"""Characters: what is pasted behind them says little of what is asked for."""
_CONTENTS: Final = (
    "content contents text body code source patch diff newstring newstr newtext filetext data script input command cmd"
)
_CONTENT: Final = frozenset(_CONTENTS.split())
"""Arguments that may hold a file: a shell writes them too. Names without signs between words."""


class Rule(NamedTuple):
    """A pattern that says what is asked for; `words` is how it is shown."""

    task: Task
    words: str
    pattern: re.Pattern[str]


RULES: Final = tuple(Rule(task, words, re.compile(text, re.IGNORECASE)) for task, words, text in _RULES)


class Detected(NamedTuple):
    """What is asked for. `rule` is what decided, `tasks` are all that it could be; `inherited`: from words before."""

    task: Task
    rule: str
    tasks: tuple[Task, ...]
    inherited: bool = False


def detect(text: str, before: Detected | None = None, own: Sequence[Rule] = ()) -> Detected:
    """Return what words ask for; `own` rules are looked at first. A short reply goes on with what was `before`."""
    words = _QUOTED.sub(" ", text[:_LOOKED_AT])
    found = [rule for rule in (*own, *RULES) if rule.pattern.search(words)]
    tasks = tuple(dict.fromkeys(rule.task for rule in found))
    is_short = len(words.split()) <= SHORT_REPLY
    earlier = before.tasks if before and is_short else ()
    if found:
        return Detected(found[0].task, found[0].words, tuple(dict.fromkeys((*tasks, *earlier))))
    if before and is_short:
        return Detected(before.task, before.rule, before.tasks, inherited=True)
    return Detected("UNKNOWN", "no rule", ("UNKNOWN",))


def detect_all(conversation: Conversation, own: Sequence[Rule] = ()) -> list[tuple[int, Detected]]:
    """Return what each text of a person asks for, by its place."""
    found: list[tuple[int, Detected]] = []
    for place, message in enumerate(conversation.messages):
        if message.authored:
            found.append((place, detect(message.text, found[-1][1] if found else None, own)))
    return found


def detect_latest(conversation: Conversation, own: Sequence[Rule] = ()) -> Detected:
    """Return what the latest words of a person ask for."""
    texts: list[str] = []
    for message in reversed(conversation.messages):
        if message.authored:
            texts.append(message.text)
            if len(message.text.split()) > SHORT_REPLY:  # what stands before it changes nothing
                break
    found: Detected | None = None
    for text in reversed(texts):
        found = detect(text, found, own)
    return found or Detected("UNKNOWN", "nobody asks", ("UNKNOWN",))


def find_cap(detected: Detected, output: Mapping[str, int], default: int, rules: CapRules = "highest") -> int:
    """Return the tokens that an answer may have: by the table that of the name, else the highest that it could be."""
    if rules == "table":
        return output.get(detected.task, default)
    return max(output.get(task, default) for task in (*detected.tasks, "UNKNOWN"))


def may_write(tools: Iterable[Tool]) -> bool:
    """Whether a tool is offered that takes a content, or of which nobody knows what it takes."""
    return any(_takes_content(tool.raw) for tool in tools)


def _takes_content(raw: Any) -> bool:  # noqa: ANN401  a definition in any format
    schema = _find_schema(raw)
    if schema is None or (not isinstance(schema.get("properties"), Mapping) and not _is_closed(schema)):
        return True
    return _holds_content(schema)


def _find_schema(raw: Any) -> Mapping[str, Any] | None:  # noqa: ANN401
    """Return the schema of what a tool takes, None where its definition has none."""
    if not isinstance(raw, Mapping):
        return None
    inner = raw.get("function")
    definition = inner if isinstance(inner, Mapping) else raw
    schema = next((definition[key] for key in ("parameters", "input_schema") if key in definition), None)
    return schema if isinstance(schema, Mapping) else None


def _is_closed(schema: Mapping[str, Any]) -> bool:
    return schema.get("additionalProperties") is False


def _holds_content(schema: Any) -> bool:  # noqa: ANN401
    """Whether a content may stand in it, however deep: lists of edits have theirs, and what is referred to is in it."""
    waiting = [schema]
    while waiting:
        now = waiting.pop()
        if isinstance(now, Mapping):
            properties = now.get("properties")
            named = properties.items() if isinstance(properties, Mapping) else ()
            if now.get("additionalProperties") or any(_is_content(name, each) for name, each in named):
                return True
            waiting.extend(now.values())
        elif isinstance(now, list | tuple):
            waiting.extend(now)
    return False


def _is_content(name: Any, schema: Any) -> bool:  # noqa: ANN401
    return re.sub(r"[\W_]", "", str(name)).lower() in _CONTENT and _may_be_text(schema)


def _may_be_text(schema: Any) -> bool:  # noqa: ANN401
    while isinstance(schema, Mapping) and schema.get("type") == "array":
        schema = schema.get("items")
    kind = schema.get("type") if isinstance(schema, Mapping) else None
    return kind is None or kind == "string" or (isinstance(kind, list) and "string" in kind)
