"""Counts: exact ones of texts, published and estimated ones of what is around them, reported ones of the provider.

They stand apart, and are never added up without being called an estimate. A text is counted once: the memo is a dict,
and Python keeps the hash of a string, so that a history that is given again costs a look-up for each of its parts.
"""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from loopflow.chat.media import count_picture, find_pictures
from loopflow.chat.model import Conversation, Message, Part
from loopflow.chat.overhead import PER_MESSAGE, count_overhead, is_published, tool_constants, tool_texts
from loopflow.errors import UncountableError
from loopflow.tokens import create_counter
from loopflow.tokens.protocol import TokenCounter

MOST_HELD: Final = 64_000_000
"""Characters of text whose counts are kept; then the older half goes."""


class Tokens(NamedTuple):
    """What a conversation costs. Only `text` is exact.

    `text` are the tokens of every text, argument, result, name and definition of a tool. `tools` is the part of it that
    are definitions, `published_tools` what the published way counts for them, None where none is published. `reported`
    is what the provider said of its last request, 0 where it said nothing. `uncounted` are pictures, sounds, files and
    texts that have no count.
    """

    text: int = 0
    overhead: int = 0
    media: int = 0
    uncounted: int = 0
    reported: int = 0
    tools: int = 0
    published_tools: int | None = None

    @property
    def own(self) -> int:
        """What can be said of the list itself: texts, what is around them, and pictures. An estimate."""
        tools = self.tools if self.published_tools is None else self.published_tools
        return self.text - self.tools + tools + self.overhead + self.media


class Counts:
    """A memo of counts. One for each encoding; it may be used for many conversations."""

    def __init__(self, counter: TokenCounter | None = None) -> None:
        self._counter = counter or create_counter()
        self._known: dict[str, int] = {}
        self._size = 0

    @property
    def counter(self) -> TokenCounter:
        """What counts: for texts that nobody will ask for again."""
        return self._counter

    @property
    def encoding(self) -> str:
        """The name of the encoding."""
        return self._counter.encoding

    def of(self, text: str) -> int:
        """Return the tokens of a text; 0 for one that cannot be counted, see `uncountable`."""
        if (known := self._known.get(text)) is not None:
            return max(known, 0)
        self.expect((text,))
        return max(self._known[text], 0)

    def is_uncountable(self, text: str) -> bool:
        """Whether a text has no count."""
        self.of(text)
        return self._known[text] < 0

    def has_uncountable(self, conversation: Conversation) -> bool:
        """Whether a text of a conversation has no count."""
        return any(map(self.is_uncountable, _texts(conversation)))

    def expect(self, texts: Iterable[str]) -> None:
        """Count the texts that are new, in one batch."""
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        if not new:
            return
        self._size += sum(map(len, new))
        for text, tokens in zip(new, self._count([_without_halves(text) for text in new]), strict=True):
            self._known[text] = tokens
        if self._size > MOST_HELD:
            self._forget(frozenset(new))

    def of_part(self, part: Part) -> int:
        """Return the tokens of a part: its text, and the name of what it calls."""
        named = self.of(part.name) if part.name and part.kind == "call" else 0
        return (self.of(part.text) if part.text else 0) + named

    def of_message(self, message: Message) -> int:
        """Return the tokens of a message's texts."""
        tokens = self.of(message.name) if message.name else 0
        for part in message.parts:
            if part.text:
                tokens += self.of(part.text)
            if part.name and part.kind == "call":
                tokens += self.of(part.name)
        return tokens

    def expect_conversation(self, conversation: Conversation) -> None:
        """Count all texts of a conversation that are new."""
        self.expect(_texts(conversation))

    def count(self, conversation: Conversation, model: str = "") -> Tokens:
        """Return what a conversation costs, as `model` counts, or the one that it names."""
        texts = _texts(conversation)
        self.expect(texts)
        model = model or conversation.model
        tools = sum(self.of(tool.text) for tool in conversation.tools)
        text = tools + sum(map(self.of_part, conversation.system)) + sum(map(self.of_message, conversation.messages))
        media, uncounted = self._count_media(conversation)
        uncounted += sum(self._known[text] < 0 for text in texts)
        reported = next((each.reported for each in reversed(conversation.messages) if each.reported), 0)
        overhead = count_overhead(conversation)
        return Tokens(text, overhead, media, uncounted, reported, tools, self._count_published(conversation, model))

    def measure(self, message: Message, provider: str) -> int:
        """Return what a message costs in all, as an estimate: its texts, what is around it, its pictures."""
        pictures = (count_picture(each, provider) or 0 for part in message.parts for each in find_pictures(part))
        return self.of_message(message) + PER_MESSAGE + sum(pictures)

    def _count_published(self, conversation: Conversation, model: str) -> int | None:
        if not conversation.tools or not is_published(model):
            return None
        return tool_constants(conversation.tools, model) + sum(map(self.of, tool_texts(conversation.tools)))

    def _count_media(self, conversation: Conversation) -> tuple[int, int]:
        media = uncounted = 0
        for message in conversation.messages:
            for part in message.parts:
                uncounted += part.kind in {"audio", "file"}
                for picture in find_pictures(part):
                    tokens = count_picture(picture, conversation.provider)
                    media += tokens or 0
                    uncounted += tokens is None
        return media, uncounted

    def _count(self, texts: Sequence[str]) -> list[int]:
        """Return counts, -1 for what the counter gives up on."""
        try:
            return self._counter.count(texts)
        except UncountableError:
            if len(texts) == 1:
                return [-1]
        return [count for text in texts for count in self._count([text])]

    def _forget(self, new: frozenset[str]) -> None:
        """Let the older half go; what is counted now stays, whoever asked is about to look it up."""
        for text in list(self._known)[: len(self._known) // 2]:
            if text not in new:
                del self._known[text]
                self._size -= len(text)


def _texts(conversation: Conversation) -> list[str]:
    texts = [tool.text for tool in conversation.tools]
    texts += [part.text for part in conversation.system]
    for message in conversation.messages:
        for part in message.parts:
            texts.append(part.text)
            if part.name and part.kind == "call":
                texts.append(part.name)
        if message.name:
            texts.append(message.name)
    return texts


def _without_halves(text: str) -> str:
    """Return a text with a question mark for each half of a character: no encoding has it."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode()
    return text
