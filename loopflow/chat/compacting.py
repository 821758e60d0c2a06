"""A conversation brought under a number of tokens: never one that its provider refuses, and never without a report.

What is valid and small enough stays as it is, to the byte. Else the passes of a strategy follow each other until the
goal is reached; in place of what was left out stands one note. Nothing is tried twice: what cannot shrink is named.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from loopflow.chat import facts as sheet
from loopflow.chat.cachepoints import keep_marks
from loopflow.chat.counting import Counts, Tokens
from loopflow.chat.draft import Change, Draft
from loopflow.chat.limits import Limits
from loopflow.chat.model import Conversation, Message, Part
from loopflow.chat.overhead import PER_REPLY
from loopflow.chat.repairing import Mended, Pending, repair
from loopflow.chat.strategies import STRATEGIES, Aim, Work
from loopflow.chat.summary import Failed, Summarise, request_summary, summarise
from loopflow.chat.units import Layout, find_anchors, lay_out
from loopflow.errors import ExitCode, LoopflowError, UsageError

_SHEET_SHARE, _SUMMARY_SHARE, _WORDS_SHARE = 10, 15, 15
"""Hundredths of the goal: what a facts sheet, a summary, and newer words that are anchors may take."""
_LONG_WORDS = 8


class Unfit(LoopflowError):  # noqa: N818  it is a state of things, and no mistake
    """A conversation cannot be brought under its limit; `compacted` is the smallest that is valid."""

    def __init__(self, compacted: "Compacted") -> None:
        super().__init__(compacted.floor, "raise the limit, or shorten what is named", ExitCode.OVER_BUDGET)
        self.compacted = compacted


class Request(NamedTuple):
    """How a conversation is to be compacted. `unseen` are tokens that the provider adds and no list has."""

    strategy: str = "auto"
    summarise: Summarise | None = None
    pins: tuple[re.Pattern[str], ...] = ()
    pending: Pending = "close"
    provider: str | None = None
    unseen: int = 0


class Compacted(NamedTuple):
    """What came of it.

    `floor` says what is left where it does not fit, else "". `first_changed` is the place of the first message that is
    not as it was, None if all are; `kept_after` are the tokens of kept messages after it, which no prompt cache holds
    any more. `summary` is "ok", "none", or why there is none.
    """

    conversation: Conversation
    before: Tokens
    after: Tokens
    changes: tuple[Change, ...]
    strategy: str
    fits: bool
    limit: int
    floor: str = ""
    first_changed: int | None = None
    kept_after: int = 0
    summary: str = "none"

    @property
    def changed(self) -> bool:
        """Whether anything is not as it was."""
        return self.first_changed is not None


def compact(  # noqa: PLR0913  the one function that programs call
    conversation: Conversation,
    limits: Limits | int,
    *,
    strategy: str = "auto",
    counts: Counts | None = None,
    summarise: Summarise | None = None,
    pin: Sequence[str] = (),
    pending: Pending = "close",
    provider: str | None = None,
    strict: bool = False,
    unseen: int | None = None,
) -> Compacted:
    """Return a conversation within `limits`, and a report; a number is a limit of the tokens of its text.

    It is changed where it is above the trigger, or where its provider would refuse it. Raises UsageError for wrong
    arguments, and with `strict` `Unfit` where it cannot be brought down. `unseen` are tokens that the provider adds;
    where they are not given, they are told from its reports in the conversation.
    """
    if strategy not in STRATEGIES:
        raise UsageError(f"there is no strategy {strategy!r}", f"known are {', '.join(STRATEGIES)}")
    limits = (Limits.fit(limits) if isinstance(limits, int) else limits).checked()
    pins = tuple(map(compile_pin, pin))
    counts = counts or Counts()
    if limits.exact:
        unseen = 0
    elif unseen is None:
        unseen = find_unseen(conversation, counts)
    request = Request(strategy, summarise, pins, pending, provider, unseen)
    compacted = _compact(conversation, limits, request, counts)
    if strict and not compacted.fits:
        raise Unfit(compacted)
    return compacted


def compile_pin(pattern: str) -> re.Pattern[str]:
    """Return a pattern for messages that stay. Raises UsageError."""
    try:
        return re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        raise UsageError(f"the pin {pattern!r} is no regular expression: {error}", "correct it") from error


def find_unseen(conversation: Conversation, counts: Counts) -> int:
    """Return what the provider's reports say beyond what is in the list: the least that any of them does."""
    counts.expect_conversation(conversation)
    own = PER_REPLY + sum(counts.of(tool.text) for tool in conversation.tools)
    own += sum(map(counts.of_part, conversation.system))
    least: int | None = None
    for message in conversation.messages:
        if message.reported and message.role == "assistant":
            least = message.reported - own if least is None else min(least, message.reported - own)
        own += counts.measure(message, conversation.provider)
    return max(least or 0, 0)


def _compact(conversation: Conversation, limits: Limits, request: Request, counts: Counts) -> Compacted:
    before = counts.count(conversation)
    valid, mended = repair(conversation, request.provider, pending=request.pending)
    fixed = _find_fixed(valid, counts, request.unseen, exact=limits.exact)
    draft = Draft(valid, counts, fixed, exact=limits.exact)
    result, summary, whole = valid, "none", draft.total
    is_over = whole > limits.trigger
    if is_over:
        result, summary = _shrink(draft, limits, request)
        again, more = repair(result, request.provider, pending=request.pending)
        over = _measure(again, draft) - limits.ceiling
        if again is not result and over > 0:  # what was added to make it valid: room for that is left
            less = limits._replace(target=max(limits.ceiling - over, 1))
            draft = Draft(valid, counts, fixed, exact=limits.exact)
            result, summary = _shrink(draft, less, request)
            again, more = repair(result, request.provider, pending=request.pending)
        if _measure(again, draft) < whole:
            result, mended = keep_marks(valid, again), [*mended, *more]
        else:  # all that could go was less than what has to be said of it
            result, draft, summary = valid, Draft(valid, counts, fixed, exact=limits.exact), "none"
    return _report(conversation, result, limits, _Outcome(before, draft, mended, request, summary, is_over))


class _Outcome(NamedTuple):
    before: Tokens
    draft: Draft
    mended: list[Mended]
    request: Request
    summary: str
    is_over: bool


def _find_fixed(conversation: Conversation, counts: Counts, unseen: int, *, exact: bool) -> int:
    tools = sum(counts.of(tool.text) for tool in conversation.tools)
    fixed = tools + sum(map(counts.of_part, conversation.system))
    return fixed if exact else fixed + PER_REPLY + unseen


def _measure(conversation: Conversation, draft: Draft) -> int:
    return draft.fixed + sum(map(draft.measure, conversation.messages))


def _shrink(draft: Draft, limits: Limits, request: Request) -> tuple[Conversation, str]:
    """Return the conversation after the passes of a strategy, and what became of the summary."""
    conversation = draft.conversation
    layout = lay_out(conversation)
    anchors = find_anchors(conversation, layout, limits.keep_steps, request.pins)
    goal = limits.goal
    share = _SHEET_SHARE + (_SUMMARY_SHARE if request.summarise else 0)
    aim = Aim(goal, limits.ceiling, goal * share // 100, limits.max_exchanges, limits.keep_steps)
    anchors |= _newer_words(draft, layout, goal * _WORDS_SHARE // 100)
    work = Work(draft, layout, anchors | set(layout.notes), aim, bool(conversation.about.get("thinking")))
    for run_pass in STRATEGIES[request.strategy]:
        run_pass(work)
    note, summary = _write_note(work, request)
    return _assemble(work, note), summary


def _newer_words(draft: Draft, layout: Layout, room: int) -> set[int]:
    """Return the newest words of a person that are more than a few, as many as there is room for."""
    found = set()
    for place in reversed(layout.authored):
        if len(draft.get(place).text.split()) <= _LONG_WORDS:
            continue
        room -= draft.costs[place]
        if room < 0:
            break
        found.add(place)
    return found


def _write_note(work: Work, request: Request) -> tuple[Message | None, str]:
    """Return a note of what was left out, and what became of the summary; the notes before go into it."""
    draft, layout = work.draft, work.layout
    gone = [place for place in sorted(draft.dropped) if place not in layout.notes]
    if not gone or work.aim.room_for_note <= 0:
        return None, "none"
    messages = draft.conversation.messages
    found = sheet.Facts()
    for place in layout.notes:
        found = found.add(sheet.parse(messages[place].parts[0].text) or sheet.Facts())
    previous = "\n".join(found.summary)
    found = found.add(sheet.collect(messages, gone))
    state = "none"
    if request.summarise is not None:
        limit = work.aim.goal * _SUMMARY_SHARE // 100
        asked = request_summary([messages[place] for place in gone], previous, limit, draft.counts.of)
        answer = summarise(request.summarise, asked, draft.counts.of)
        state = answer.why if isinstance(answer, Failed) else "ok"
        if isinstance(answer, str):
            found = found._replace(summary=tuple(line for line in answer.split("\n") if line.strip()))
    for place in layout.notes:
        draft.drop((place,), "it went into the new note")
    around = draft.measure(Message("user", ()))
    room = min(work.aim.room_for_note, max(work.aim.goal, work.aim.ceiling) - draft.total) - around
    text = sheet.render(found, room, draft.counts.of)
    return (Message("user", (Part("text", text),), touched=True) if text else None), state


def _assemble(work: Work, note: Message | None) -> Conversation:
    """Return what is left, with the note where the first message was left out."""
    draft, gone = work.draft, min(work.draft.dropped, default=None)
    messages: list[Message] = []
    for place, message in enumerate(draft.messages):
        if place == gone and note is not None:
            messages.append(note)
        if message is not None:
            messages.append(message)
    return draft.conversation._replace(messages=tuple(messages))


def _report(before: Conversation, result: Conversation, limits: Limits, outcome: _Outcome) -> Compacted:
    draft = outcome.draft
    total = _measure(result, draft)
    fits = total <= (limits.ceiling if outcome.is_over else limits.trigger)
    first = _first_difference(before.messages, result.messages)
    kept_after = sum(map(draft.counts.of_message, result.messages[first:])) if first is not None else 0
    changes = _merge_changes(before, draft, outcome.mended)
    return Compacted(
        result,
        outcome.before,
        outcome.before if result is before else draft.counts.count(result),
        changes,
        outcome.request.strategy,
        fits,
        limits.ceiling,
        "" if fits else _explain_floor(result, draft, total, limits.ceiling),
        first,
        kept_after,
        outcome.summary,
    )


def _first_difference(before: Sequence[Message], after: Sequence[Message]) -> int | None:
    for place, (old, new) in enumerate(zip(before, after, strict=False)):
        if old is not new:
            return place
    return min(len(before), len(after)) if len(before) != len(after) else None


def _merge_changes(before: Conversation, draft: Draft, mended: Sequence[Mended]) -> tuple[Change, ...]:
    """Return what became of each message, and what was done to make the conversation valid."""
    changes = draft.changes()
    known = {change.origin for change in changes}
    lost = [message for message in before.messages if message.origin not in known]
    why = {each.origin: each.reason for each in mended if each.action == "dropped"}
    gone = [
        Change(each.origin, "dropped", draft.counts.of_message(each), 0, why.get(each.origin, "it was not valid"))
        for each in lost
    ]
    told = {each.origin for each in lost}
    others = [each for each in mended if each.action != "dropped" or each.origin not in told]
    fixes = [Change(each.origin, each.action, 0, 0, each.reason) for each in others]
    return tuple(sorted([*changes, *gone, *fixes], key=lambda each: each.origin))


def _explain_floor(conversation: Conversation, draft: Draft, total: int, limit: int) -> str:
    """Return what is left by size, the largest first."""
    messages = conversation.messages
    latest = next((message for message in reversed(messages) if message.authored), None)
    sizes = {
        "system": sum(draft.measure(message) for message in messages if message.role == "system")
        + sum(map(draft.counts.of_part, conversation.system)),
        f"{len(conversation.tools)} tools": sum(draft.counts.of(tool.text) for tool in conversation.tools),
        "latest message": draft.measure(latest) if latest else 0,
        "calls and results": sum(draft.measure(each) for each in messages if each.calls or each.results),
    }
    sizes["other messages"] = sum(map(draft.measure, messages)) - sum(
        draft.measure(each)
        for each in messages
        if each is latest or each.role == "system" or each.calls or each.results
    )
    sizes["what the provider adds"] = max(total - sum(sizes.values()), 0)
    named = [f"{name} {size:,}" for name, size in sorted(sizes.items(), key=lambda each: -each[1]) if size]
    return f"{', '.join(named)}: {total:,} tokens of {limit:,}"
