"""The passes, each in its own function, and the strategies, which are rows of passes.

A pass stops as soon as the draft is down to the goal. None looks at a message twice, so a strategy ends after one walk
through each, whether the goal is reached or not.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from typing import Final, Literal, NamedTuple

from loopflow.chat.draft import Draft
from loopflow.chat.media import find_pictures
from loopflow.chat.model import Part, put_parts, put_text
from loopflow.chat.narrowing.older import narrow_result
from loopflow.chat.pruning import prune
from loopflow.chat.shorten import fits, shorten
from loopflow.chat.tools import is_kept_whole, limit_of
from loopflow.chat.units import Layout, answered_by

Strategy = Literal["auto", "window", "prune", "summary"]
NARROWED_TO: Final = 200
_CLAMPED_TO: Final = (200, 40)


class Aim(NamedTuple):
    """What is aimed at: the goal, and the ceiling, which has to be kept; what a note of what was left out may take."""

    goal: int
    ceiling: int
    room_for_note: int
    max_exchanges: int
    keep_steps: int


class Work(NamedTuple):
    """A draft with what is known of it."""

    draft: Draft
    layout: Layout
    anchors: set[int]
    aim: Aim
    thinking: bool

    @property
    def goal(self) -> int:
        """What is aimed at now: where something was left out, a note of it comes on top."""
        return self.aim.goal - (self.aim.room_for_note if self.draft.dropped else 0)

    @property
    def is_done(self) -> bool:
        """Whether nothing more has to go."""
        return self.draft.total <= self.goal


def narrow_oversize(work: Work) -> None:
    """Narrow results that are large in themselves: one of any size shall not cost the others."""
    for place, part_at, part in list(_results(work, range(len(work.draft.messages)))):
        limit = max(limit_of(part.name), work.aim.goal // 4)
        if not fits(part.text, limit, work.draft.counts.of):
            narrow(work, place, part_at, limit, "larger than any result may be")


def prune_all(work: Work) -> None:
    """Leave out what can go without a loss."""
    if not work.is_done:
        prune(work.draft, work.layout, work.anchors)


def narrow_results(work: Work) -> None:
    """Narrow results outside the last steps, the oldest first."""
    last = {place for step in work.layout.steps[-work.aim.keep_steps :] for place in step}
    for place, part_at, part in list(_results(work, range(len(work.draft.messages)))):
        if work.is_done:
            return
        if place not in last and not is_kept_whole(part.name):
            narrow(work, place, part_at, NARROWED_TO, "an older result")


def drop_steps(work: Work) -> None:
    """Leave out whole steps, the oldest first."""
    for steps in _group_by_thinking(work):
        if work.is_done:
            return
        work.draft.drop([place for step in steps for place in step], "an older step")


def drop_exchanges(work: Work) -> None:
    """Leave out the oldest exchanges until few enough are left; and then below that, if it has to be."""
    newest, step_of = max(work.layout.exchange, default=0), work.layout.step_of
    for number in range(newest):
        if work.is_done:
            return
        _drop_exchange(work, number, step_of)


def window(work: Work) -> None:
    """Leave out all exchanges but the last few."""
    newest, step_of = max(work.layout.exchange, default=0), work.layout.step_of
    for number in range(newest - work.aim.max_exchanges + 1):
        _drop_exchange(work, number, step_of)


def clamp(work: Work) -> None:
    """Cut what is left: results and texts that no person wrote, then a step, then words, the last ones last."""
    for least in _CLAMPED_TO:
        _clamp_largest(work, least, list(_machine_parts(work)), work.goal)
    for steps in _group_by_thinking(work, last=1):
        if work.is_done:
            return
        work.draft.drop([place for step in steps for place in step], "the step before the last")
    authored = [place for place in work.layout.authored if work.draft.messages[place] is not None]
    ceiling = work.aim.ceiling - (work.aim.room_for_note if work.draft.dropped else 0)
    for places in (authored[:-1], authored[-1:]):
        for least in _CLAMPED_TO:
            parts = [(p, at) for p in places for at, part in enumerate(work.draft.get(p).parts) if part.kind == "text"]
            _clamp_largest(work, least, parts, ceiling)


STRATEGIES: Final[Mapping[str, tuple[Callable[[Work], None], ...]]] = {
    "auto": (narrow_oversize, prune_all, narrow_results, drop_steps, drop_exchanges, clamp),
    "window": (window, clamp),
    "prune": (prune_all, clamp),
    "summary": (drop_steps, drop_exchanges, clamp),
}


def narrow(work: Work, place: int, at: int, limit: int, reason: str) -> None:
    """Cut a result to a limit, and leave its pictures out."""
    message = work.draft.get(place)
    part = message.parts[at]
    pictures = [picture.name for picture in find_pictures(part)]
    text = narrow_result(part.text, part.name or "", limit, work.draft.counts)
    if pictures:
        text = "\n".join(filter(None, [text, *pictures]))
    if text == part.text and not pictures:
        return
    changed = part._replace(text=text, touched=True) if pictures else put_text(part, text)
    parts = [changed if each == at else old for each, old in enumerate(message.parts)]
    work.draft.replace(place, put_parts(message, parts), "narrowed", reason)


def _results(work: Work, places: range) -> Iterator[tuple[int, int, Part]]:
    for place in places:
        message = work.draft.messages[place]
        if message is None or message.signed:
            continue
        for at, part in enumerate(message.parts):
            if part.kind == "result" and not part.remote:
                yield place, at, part


def _group_by_thinking(work: Work, last: int | None = None) -> Iterator[list[tuple[int, ...]]]:
    """Yield the steps that may go, the oldest first, but the last few and anchors.

    Where thinking is enabled, what is left of the turn that is under way has to begin with it: there a step goes
    together with those after it that have none.
    """
    keep = work.aim.keep_steps if last is None else last
    protected = work.anchors if last is None else _without_older_steps(work)
    steps = [step for step in work.layout.steps[:-keep] if not protected.intersection(step)]
    newest = work.layout.authored[-1] if work.layout.authored else -1
    if not work.thinking:
        yield from ([step] for step in steps if work.draft.messages[step[0]] is not None)
        return
    waiting: list[tuple[int, ...]] = []
    after = dict(pairwise(work.layout.steps))
    for step in steps:
        if work.draft.messages[step[0]] is None:
            continue
        waiting.append(step)
        in_turn = step[0] > newest
        if not in_turn or (step in after and _begins_with_thinking(work, after[step])):
            yield waiting
            waiting = []


def _without_older_steps(work: Work) -> set[int]:
    """Return the anchors without those that are so for being among the last steps."""
    older = {place for step in work.layout.steps[-work.aim.keep_steps : -1] for place in step}
    return work.anchors - older


def _begins_with_thinking(work: Work, step: tuple[int, ...]) -> bool:
    return work.draft.conversation.messages[step[0]].parts[0].kind == "thinking"


def _drop_exchange(work: Work, number: int, step_of: Mapping[int, tuple[int, ...]]) -> None:
    """Leave out an exchange but for anchors, and for the text that the words after it answer."""
    messages, draft, exchange = work.draft.conversation.messages, work.draft, work.layout.exchange
    following = bisect_right(exchange, number)
    answered: set[int] = set()
    if following < len(messages) and draft.messages[following] is not None and messages[following].authored:
        answered.update(answered_by(messages, following))
    for place in range(bisect_left(exchange, number), following):
        together = (place, *step_of.get(place, ()))
        if work.anchors.isdisjoint(together) and answered.isdisjoint(together):
            draft.drop((place,), "an older exchange")


def _machine_parts(work: Work) -> Iterator[tuple[int, int]]:
    """Yield the places of texts that no person wrote, and of results, in messages that may be changed."""
    for place in work.draft.places:
        message = work.draft.get(place)
        if message.role == "system" or message.signed or place in work.layout.notes:
            continue
        for at, part in enumerate(message.parts):
            is_text = part.kind == "text" and part.name is None and not message.authored
            if is_text or (part.kind == "result" and not part.remote):
                yield place, at


def _clamp_largest(work: Work, least: int, parts: list[tuple[int, int]], goal: int) -> None:
    """Cut parts, the largest first, each by what is too much but to no less than `least` tokens."""
    draft, count = work.draft, work.draft.counts.of
    sized = [(count(draft.get(place).parts[at].text), place, at) for place, at in parts if draft.messages[place]]
    for tokens, place, at in sorted(sized, key=lambda each: (-each[0], each[1])):
        excess = draft.total - goal
        if excess <= 0:
            return
        if tokens > least:
            message = draft.get(place)
            text = shorten(message.parts[at].text, max(least, tokens - excess), count)
            changed = [put_text(old, text) if each == at else old for each, old in enumerate(message.parts)]
            draft.replace(place, put_parts(message, changed), "clamped", "what is left is too much")
