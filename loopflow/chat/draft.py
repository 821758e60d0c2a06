"""A conversation while it is made smaller: what each message costs, what became of it, and what is still too much."""

from collections.abc import Callable, Iterable, Sequence
from typing import Literal, NamedTuple

from loopflow.chat.counting import Counts
from loopflow.chat.model import Conversation, Message

Action = Literal["kept", "narrowed", "pruned", "dropped", "clamped"]


class Change(NamedTuple):
    """What became of a message, by its places in the input; tokens of text before and after."""

    origin: tuple[int, ...]
    action: str
    before: int
    after: int
    reason: str = ""


class Draft:
    """Messages by place; a place whose message went holds None.

    `fixed` are the tokens that are there whatever happens: the system prompt, definitions of tools, and what the
    provider adds that is in no list.
    """

    def __init__(self, conversation: Conversation, counts: Counts, fixed: int, *, exact: bool) -> None:
        self.conversation = conversation
        self.counts = counts
        self.messages: list[Message | None] = list(conversation.messages)
        self._measure: Callable[[Message], int] = (
            counts.of_message if exact else lambda message: counts.measure(message, conversation.provider)
        )
        self.before = tuple(map(counts.of_message, conversation.messages))
        self.costs = list(self.before) if exact else [self._measure(message) for message in conversation.messages]
        self.total = fixed + sum(self.costs)
        self.fixed = fixed
        self.dropped: list[int] = []
        """Places whose messages went, in no order."""
        self._changes: dict[int, Change] = {}

    @property
    def places(self) -> list[int]:
        """Where messages are left."""
        return [place for place, message in enumerate(self.messages) if message is not None]

    def get(self, place: int) -> Message:
        """Return the message that is left at a place."""
        message = self.messages[place]
        assert message is not None  # noqa: S101  whoever asks has looked
        return message

    def replace(self, place: int, message: Message, action: Action, reason: str) -> None:
        """Put another message there."""
        if message is self.messages[place]:
            return
        self.total -= self.costs[place]
        self.costs[place] = self._measure(message)
        self.total += self.costs[place]
        self.messages[place] = message
        after = self.costs[place] if self._measure == self.counts.of_message else self.counts.of_message(message)
        self._change(place, action, after, reason)

    def drop(self, places: Iterable[int], reason: str, action: Action = "dropped") -> None:
        """Leave out messages."""
        for place in places:
            if self.messages[place] is not None:
                self.messages[place] = None
                self.dropped.append(place)
                self.total -= self.costs[place]
                self.costs[place] = 0
                self._change(place, action, 0, reason)

    def measure(self, message: Message) -> int:
        """Return what a message would cost here."""
        return self._measure(message)

    def left(self) -> Sequence[Message]:
        """Return what is left, in order."""
        return [message for message in self.messages if message is not None]

    def changes(self) -> list[Change]:
        """Return what became of each message, those that were kept included."""
        return [
            self._changes.get(place) or Change(message.origin, "kept", self.before[place], self.before[place])
            for place, message in enumerate(self.conversation.messages)
        ]

    def _change(self, place: int, action: Action, after: int, reason: str) -> None:
        origin = self.conversation.messages[place].origin
        self._changes[place] = Change(origin, action, self.before[place], after, reason)
