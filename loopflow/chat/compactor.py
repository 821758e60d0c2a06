"""Compaction for a history that grows: between two compactions nothing moves, so that a prompt cache holds.

What was decided for a list is remembered by the list itself, in a hash, and applied to a longer one that begins with
it, or with what came of it. Threads that take turns, and a history that is taken back, are lists like any others.
"""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from loopflow.chat.compacting import Compacted, Request, compact, compile_pin, find_unseen
from loopflow.chat.counting import Counts
from loopflow.chat.formats import read, write
from loopflow.chat.limits import Limits
from loopflow.chat.model import Conversation, Message
from loopflow.chat.repairing import Pending
from loopflow.chat.summary import Summarise

_MOST_HELD: Final = 512
_LEAST_HEADROOM: Final = 0.05


class _Decision(NamedTuple):
    """What a list became, how long it was, and above which estimate something is done again."""

    messages: tuple[Message, ...]
    length: int
    next_trigger: int


class Compactor:
    """Takes whole lists, as an agent sends them, and gives lists within its limits. Not for several threads at once.

    `last` is the report of the last call.
    """

    def __init__(  # noqa: PLR0913  as `compact`
        self,
        limits: Limits | int,
        *,
        strategy: str = "auto",
        counts: Counts | None = None,
        summarise: Summarise | None = None,
        pin: Sequence[str] = (),
        pending: Pending = "close",
        provider: str | None = None,
    ) -> None:
        self.limits = (Limits.fit(limits) if isinstance(limits, int) else limits).checked()
        self.counts = counts or Counts()
        self.last: Compacted | None = None
        self._pins = tuple(pin)
        for pattern in pin:
            compile_pin(pattern)
        self._request = Request(strategy, summarise, (), pending, provider)
        self._held: OrderedDict[int, _Decision] = OrderedDict()

    def __call__(self, data: Any) -> Any:  # noqa: ANN401  whatever `read` takes
        """Return a list of messages, or a request, within the limits: the kind of data that came in."""
        return write(self.compact(read(data)).conversation)

    def compact(self, conversation: Conversation) -> Compacted:
        """Return a conversation within the limits, and a report. What was decided before for its beginning holds."""
        hashes = _hash_prefixes(conversation.messages)
        known = next((self._held[each] for each in reversed(hashes) if each in self._held), None)
        whole = conversation.messages
        limits = self.limits
        if known is not None:
            whole = (*known.messages, *conversation.messages[known.length :])
            limits = limits._replace(compact_at=max(limits.compact_at, known.next_trigger / limits.input))
        applied = conversation._replace(messages=whole) if whole != conversation.messages else conversation
        ceiling = self.limits.ceiling
        done = self._run(applied, limits._replace(target=min(ceiling, limits.trigger)))
        if done.changed or known is None:
            self._remember(hashes[-1], done, len(conversation.messages))
        self.last = done
        return done

    def _run(self, conversation: Conversation, limits: Limits) -> Compacted:
        given = self._request
        return compact(
            conversation,
            limits,
            strategy=given.strategy,
            counts=self.counts,
            summarise=given.summarise,
            pin=self._pins,
            pending=given.pending,
            provider=given.provider,
        )

    def _remember(self, key: int, done: Compacted, length: int) -> None:
        """Keep what was decided: for the list that came in, and for what came of it."""
        if not done.changed:
            return
        limits, messages = self.limits, done.conversation.messages
        after = done.after.text if limits.exact else done.after.own + find_unseen(done.conversation, self.counts)
        room = max(limits.headroom, _LEAST_HEADROOM) * limits.trigger if not limits.exact else 0
        trigger = min(max(limits.trigger, int(after + room)), max(int(limits.block_at * limits.input), limits.trigger))
        self._held[key] = _Decision(messages, length, trigger)
        self._held[_hash_prefixes(messages)[-1]] = _Decision(messages, len(messages), trigger)
        while len(self._held) > _MOST_HELD:
            self._held.popitem(last=False)


def _hash_prefixes(messages: Sequence[Message]) -> list[int]:
    """Return a hash of each beginning of a list. Strings keep their hashes, so that nothing is read again."""
    hashes, value = [], 0
    for message in messages:
        parts = tuple((part.kind, part.text, part.call_id, part.name, part.is_error) for part in message.parts)
        value = hash((value, message.role, message.name, parts))
        hashes.append(value)
    return hashes or [0]
