"""Compaction for a history that grows: between two compactions nothing moves, so that a prompt cache holds.

What was decided for a list is remembered by the list itself, in a hash, and applied to a longer one that begins with
it, or with what came of it. Threads that take turns, and a history that is taken back, are lists like any others.
"""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from itertools import takewhile
from operator import is_
from typing import Any, Final, NamedTuple, TypeVar

from loopflow.chat.cachepoints import MARK
from loopflow.chat.compacting import Compacted, Request, compact, compile_pin, find_unseen
from loopflow.chat.counting import Counts
from loopflow.chat.events import Emit
from loopflow.chat.formats import read, write
from loopflow.chat.formats.remembering import Memory
from loopflow.chat.limits import Limits
from loopflow.chat.media import find_picture_blocks
from loopflow.chat.model import NOTHING, Conversation, Message, Part
from loopflow.chat.preflight import Asked, Preflight, Prepared, Surroundings
from loopflow.chat.repairing import Pending
from loopflow.chat.summary import Summarise

_MOST_HELD: Final = 512
_LEAST_HEADROOM: Final = 0.05
_ALMOST_ALL: Final = 0.9999

ALONE: Final = Surroundings()
"""No routes, and nobody who is told of events."""

_Value = TypeVar("_Value")


class _Decision(NamedTuple):
    """What a list became, how long it was, and above which estimate something is done again."""

    messages: tuple[Message, ...]
    length: int
    next_trigger: int


class _Sent(NamedTuple):
    """What a list that was sent cost by our own estimate, and the least that reports had beyond such an estimate."""

    own: int
    unseen: int | None


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
        around: Surroundings = ALONE,
    ) -> None:
        self.limits = (Limits.fit(limits) if isinstance(limits, int) else limits).checked()
        self.counts = counts or Counts()
        self.last: Compacted | None = None
        self._pins = tuple(pin)
        for pattern in pin:
            compile_pin(pattern)
        self._request = Request(strategy, summarise, (), pending, provider)
        self._sent: OrderedDict[int, _Sent] = OrderedDict()
        self._held: OrderedDict[int, _Decision] = OrderedDict()
        self.memory = Memory()
        self._hashes = _Hashes()
        self._added: tuple[Conversation, int | None] | None = None
        self.flight = Preflight(self, around)
        """Knows what became of requests: it is told of answers."""

    def __call__(self, data: Any) -> Any:  # noqa: ANN401  whatever `read` takes
        """Return a list of messages, or a request, within the limits: the kind of data that came in."""
        return write(self.compact(read(data, memory=self.memory)).conversation)

    def prepare(  # noqa: PLR0913  the one method that senders call
        self,
        data: Any,  # noqa: ANN401  whatever `read` takes
        *,
        max_tokens: int | None = None,
        model: str = "",
        asked: Mapping[str, Any] = NOTHING,
        form: str | None = None,
        emit: Emit | None = None,
    ) -> Prepared:
        """Return what to send for a list of messages, or a request: within the limits, capped, with what happened.

        `max_tokens` is what the caller would let an answer have, `asked` are the other parameters of the request,
        `form` is the format where that is known, and `emit` is told of events besides whoever is told of all. Raises
        Blocked for what is too large after all that could go, CoolingDown while the model is left alone.
        """
        return self.flight.prepare(data, Asked(max_tokens, model, asked, form, emit))

    def forget(self) -> None:
        """Forget what was decided: of a list that nobody kept, what is left out shall be told once more."""
        self._held.clear()

    @property
    def estimates(self) -> tuple[int, int]:
        """What the last list had before, as far as earlier decisions left it, and after."""
        done = self.last
        if done is None or self._added is None:
            return 0, 0
        if self.limits.exact:
            return done.before.text, done.after.text
        conversation, unseen = self._added
        unseen = find_unseen(conversation, self.counts) if unseen is None else unseen
        return done.before.own + unseen, done.after.own + unseen

    def compact(self, conversation: Conversation) -> Compacted:
        """Return a conversation within the limits, and a report. What was decided before for its beginning holds."""
        hashes = self._hashes.of(conversation.messages)
        known = next((self._held[each] for each in reversed(hashes) if each in self._held), None)
        applied, limits = conversation, self.limits
        unseen = self._find_unseen(conversation, hashes)
        if known is not None:
            applied = conversation._replace(messages=(*known.messages, *conversation.messages[known.length :]))
            limits = self._relax(applied, known.next_trigger, unseen)
        done = self._run(applied, limits, unseen)
        if done.changed:
            self._remember(hashes[-1], done, len(conversation.messages), unseen)
        _put(self._sent, hashes[-1], _Sent(done.after.own, unseen))
        self._added = conversation, unseen
        self.last = done
        return done

    def _find_unseen(self, conversation: Conversation, hashes: Sequence[int]) -> int | None:
        """Return what the provider adds to a list: the least by which its reports of what was sent were more.

        A report tells of the list that was sent for it, which may have been much shorter than the one that comes now.
        """
        at = next((place for place in reversed(range(len(hashes))) if hashes[place] in self._sent), None)
        if at is None:
            return None
        sent = self._sent[hashes[at]]
        answer = next((each for each in conversation.messages[at + 1 :] if each.role == "assistant"), None)
        if answer is None or not answer.reported:
            return sent.unseen
        more = max(answer.reported - sent.own, 0)
        return more if sent.unseen is None else min(sent.unseen, more)

    def _relax(self, conversation: Conversation, trigger: int, unseen: int | None) -> Limits:
        """Return limits under which nothing is done up to another trigger."""
        limits = self.limits
        if trigger <= limits.trigger or self._estimate(conversation, unseen) > trigger:
            return limits
        return limits._replace(target=0, compact_at=min((trigger + 1) / limits.input, _ALMOST_ALL), block_at=1.0)

    def _estimate(self, conversation: Conversation, unseen: int | None) -> int:
        tokens = self.counts.count(conversation)
        if self.limits.exact:
            return tokens.text
        return tokens.own + (find_unseen(conversation, self.counts) if unseen is None else unseen)

    def _run(self, conversation: Conversation, limits: Limits, unseen: int | None) -> Compacted:
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
            unseen=unseen,
        )

    def _remember(self, key: int, done: Compacted, length: int, unseen: int | None) -> None:
        """Keep what was decided: for the list that came in, and for what came of it."""
        limits, messages = self.limits, done.conversation.messages
        after = self._estimate(done.conversation, unseen)
        room = max(limits.headroom, _LEAST_HEADROOM) * limits.trigger if not limits.exact else 0
        most = max(limits.block - 1, limits.trigger)  # what would be blocked is made smaller first
        trigger = min(max(limits.trigger, int(after + room)), most)
        _put(self._held, key, _Decision(messages, length, trigger))
        _put(self._held, _hash_prefixes(messages)[-1], _Decision(messages, len(messages), trigger))


def _put(held: "OrderedDict[int, _Value]", key: int, value: _Value) -> None:
    """Keep a value; the oldest goes where there are many."""
    held[key] = value
    held.move_to_end(key)
    while len(held) > _MOST_HELD:
        held.popitem(last=False)


class _Hashes:
    """Hashes of the beginnings of a list; where it begins with the messages of the one before, so do they."""

    def __init__(self) -> None:
        self._messages: Sequence[Message] = ()
        self._hashes: list[int] = []

    def of(self, messages: Sequence[Message]) -> list[int]:
        """Return a hash of each beginning of a list."""
        same = sum(takewhile(bool, map(is_, messages, self._messages)))
        self._hashes = _hash_prefixes(messages, self._hashes[:same])
        self._messages = messages
        return self._hashes


def _hash_prefixes(messages: Sequence[Message], known: Sequence[int] = ()) -> list[int]:
    """Return a hash of each beginning of a list. Strings keep their hashes, so that nothing is read again."""
    hashes = list(known)
    value = hashes[-1] if hashes else 0
    for message in messages[len(hashes) :]:
        parts = tuple(
            (part.kind, part.text, part.call_id, part.name, part.is_error, _hash_media(part)) for part in message.parts
        )
        value = hash((value, message.role, message.name, parts))
        hashes.append(value)
    return hashes or [0]


def _hash_media(part: Part) -> int:
    """Return a hash of what a part has beside its text: pictures, sounds and files."""
    if part.kind in {"image", "result"}:
        return _hash_json(tuple(find_picture_blocks(part)))
    return _hash_json(part.raw) if part.kind in {"audio", "file"} else 0


def _hash_json(value: Any) -> int:  # noqa: ANN401  any JSON
    """Return a hash of a value, without marks of a cache: an agent moves them on with each request."""
    if isinstance(value, Mapping):
        return hash(tuple((key, _hash_json(each)) for key, each in value.items() if key != MARK))
    return hash(tuple(map(_hash_json, value))) if isinstance(value, list | tuple) else hash(value)
