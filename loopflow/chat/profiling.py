"""What fills a conversation: its tokens by turn, by role, by tool and by kind."""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from loopflow.chat.counting import Counts, Tokens
from loopflow.chat.model import Conversation, Message, Part
from loopflow.chat.overhead import encoding_of

WAYS: Final = ("turn", "role", "tool", "kind")
SYSTEM: Final = "(system prompt)"
TOOLS: Final = "(tool definitions)"
NO_TOOL: Final = "(no tool)"
_LONGEST_LABEL: Final = 48
_GROUPS: Final = {
    "text": "words",
    "thinking": "thinking",
    "call": "calls",
    "result": "results",
    "image": "pictures",
    "audio": "sounds",
    "file": "files",
    "opaque": "other",
}


class Entry(NamedTuple):
    """A part and what it costs. `origin` are places of its message, `name` its tool."""

    origin: tuple[int, ...]
    turn: str
    role: str
    kind: str
    name: str
    tokens: int


class ToolUse(NamedTuple):
    """What a tool took: of how many calls, in all, and its largest result."""

    name: str
    calls: int
    tokens: int
    largest: int


class Profile(NamedTuple):
    """What fills a conversation. Tokens of `entries` add up to the exact count of texts, `tokens.text`."""

    conversation: Conversation
    encoding: str
    model: str
    tokens: Tokens
    entries: tuple[Entry, ...]
    window: int = 0
    """Tokens that the model takes, 0 where that is not known."""

    @property
    def is_exact(self) -> bool:
        """Whether the model that it is for is known to use the encoding."""
        return not self.model or encoding_of(self.model) == self.encoding

    @property
    def tools(self) -> list[ToolUse]:
        """What each tool took, the most first."""
        names = dict.fromkeys(entry.name for entry in self.entries if entry.kind in {"calls", "results"})
        uses = [self._sum_tool(name) for name in names]
        return sorted(uses, key=lambda use: (-use.tokens, use.name))

    def paths(self, way: str) -> Iterator[tuple[tuple[str, ...], str, int]]:
        """Yield labels from the root down, the kind and the tokens of each part, arranged in one of the `WAYS`."""
        for entry in self.entries:
            named = (entry.name,) if entry.name else ()
            place = " ".join(map(str, entry.origin))
            leaf = f"at {place}" if place else ""
            first = {"turn": entry.turn, "role": entry.role, "tool": entry.name or NO_TOOL, "kind": entry.kind}[way]
            below = {"tool": (entry.kind,), "kind": named}.get(way, (entry.kind, *named))
            yield (first, *below, leaf), entry.kind, entry.tokens

    def _sum_tool(self, name: str) -> ToolUse:
        found = [entry for entry in self.entries if entry.name == name and entry.kind in {"calls", "results"}]
        results = [entry.tokens for entry in found if entry.kind == "results"]
        calls = sum(entry.kind == "calls" for entry in found)
        return ToolUse(name, calls, sum(entry.tokens for entry in found), max(results, default=0))


def profile(conversation: Conversation, counts: Counts, model: str = "") -> Profile:
    """Return what fills a conversation."""
    tokens = counts.count(conversation, model)
    model = model or conversation.model
    return Profile(conversation, counts.encoding, model, tokens, tuple(_list_entries(conversation, counts)))


def join_profiles(profiles: Sequence[Profile]) -> Profile:
    """Return the profile of several conversations, such as the lines of a file for fine-tuning: each is a turn."""
    if len(profiles) == 1:
        return profiles[0]
    first = profiles[0]
    columns = zip(*(each.tokens[:6] for each in profiles), strict=True)
    entries = [
        entry._replace(turn=f"line {number}") for number, each in enumerate(profiles, 1) for entry in each.entries
    ]
    messages = tuple(message for each in profiles for message in each.conversation.messages)
    whole = first.conversation._replace(messages=messages)
    return Profile(whole, first.encoding, first.model, Tokens(*map(sum, columns)), tuple(entries))


def _list_entries(conversation: Conversation, counts: Counts) -> Iterator[Entry]:
    for tool in conversation.tools:
        yield Entry((), TOOLS, "system", "definitions", tool.name, counts.of(tool.text))
    for part in conversation.system:
        yield Entry((), SYSTEM, "system", "words", "", counts.of_part(part))
    turn, number = "(since the compaction)" if conversation.about.get("compacted") else "(before the first words)", 0
    for message in conversation.messages:
        if message.authored:
            number += 1
            turn = f'{number}. "{_shorten(message)}"'
        place = SYSTEM if message.role == "system" else turn
        if message.name:
            yield Entry(message.origin, place, message.role, "names", "", counts.of(message.name))
        for part in message.parts:
            yield Entry(message.origin, place, message.role, _GROUPS[part.kind], _tool(part), counts.of_part(part))


def _tool(part: Part) -> str:
    return part.name or "(unknown tool)" if part.kind in {"call", "result"} else ""


def _shorten(message: Message) -> str:
    words = " ".join(message.text[:400].split())
    return words if len(words) <= _LONGEST_LABEL else f"{words[: _LONGEST_LABEL - 1]}…"
