"""What can go without a loss: thanks, attempts that were tried again and worked, and results that came again."""

import json
import re
import shlex
from collections.abc import Iterator
from functools import lru_cache
from typing import Final, NamedTuple

from loopflow.chat.blocks import Place, pair
from loopflow.chat.draft import Draft
from loopflow.chat.model import Message, Part, put_parts, put_text
from loopflow.chat.shorten import shorten
from loopflow.chat.units import SHORT_REPLY, Layout

_THANKS: Final = re.compile(
    r"(?:\W|thanks?|thank you|thx|ty|cheers|great|perfect|nice|awesome|excellent|wonderful|amazing|cool|lovely"
    r"|brilliant|very|so|much|a lot|looks good|well done|(?:good|great|nice) (?:job|work)|again|you|that is"
    r"|that's|this is|it is|it's)+\Z",
    re.IGNORECASE,
)
_MOST_ERROR: Final = 200
_RETRIED_WITHIN: Final = 3
_ERROR: Final = re.compile(r"error|exception|fail|fatal|denied|not found|traceback|assert", re.IGNORECASE)
_READS: Final = re.compile(r"read|cat|view|open", re.IGNORECASE)
_WRITES: Final = re.compile(r"edit|write|patch|create|insert|str_replace", re.IGNORECASE)
_UNCHANGED: Final = re.compile(r"unchanged|not changed|no changes", re.IGNORECASE)
_SHORT: Final = 60
"""Characters: a result that is no longer is not worth a remark in its place."""


class _Call(NamedTuple):
    """A call with its result, and the number of its step."""

    call: Part
    result: Part
    place: Place
    step: int
    reads: bool
    """Whether it reads a file."""
    writes: str | None
    """The path of what it writes, None if it writes nothing."""


def prune(draft: Draft, layout: Layout, anchors: set[int]) -> None:
    """Leave out what can go without a loss."""
    _prune_thanks(draft, layout, anchors)
    calls = list(_list_calls(draft, layout))
    _prune_retries(draft, layout, calls)
    _prune_repeats(draft, layout, calls)


def is_thanks(message: Message) -> bool:
    """Whether a message is thanks or praise, and nothing else."""
    if any(part.kind != "text" for part in message.parts):
        return False
    text = message.text.strip()
    return bool(text) and len(text.split()) <= SHORT_REPLY and _THANKS.match(text) is not None


def _prune_thanks(draft: Draft, layout: Layout, anchors: set[int]) -> None:
    latest = layout.authored[-1] if layout.authored else None
    last = draft.places[-1] if draft.places else None
    kept = {*anchors, latest, last}
    for place in draft.places:
        message = draft.get(place)
        if message.role == "system" or place in kept or not is_thanks(message):
            continue
        following = draft.conversation.messages[place + 1 : place + 2]
        is_answered = message.role == "assistant" and any(each.authored for each in following)
        if not is_answered:
            draft.drop((place,), "thanks, and nothing else", "pruned")


def _list_calls(draft: Draft, layout: Layout) -> Iterator[_Call]:
    messages = draft.conversation.messages
    steps = {place: number for number, step in enumerate(layout.steps) for place in step}
    for result, call in sorted(pair(messages).items(), key=lambda each: each[1]):
        if call.message in steps:
            called = messages[call.message].parts[call.part]
            answer = messages[result.message].parts[result.part]
            yield _Call(called, answer, result, steps[call.message], *_list_paths(called))


def _list_paths(call: Part) -> tuple[bool, str | None]:
    name = call.name or ""
    return _is_reading(name), _path(call) if _is_writing(name) else None


@lru_cache(1024)
def _is_reading(name: str) -> bool:
    return _READS.search(name) is not None


@lru_cache(1024)
def _is_writing(name: str) -> bool:
    return _WRITES.search(name) is not None


def _prune_retries(draft: Draft, layout: Layout, calls: list[_Call]) -> None:
    """Cut failures that the same call put right soon after to what they said."""
    outside = len(layout.steps) - 2
    for number, each in enumerate(calls):
        if not each.result.is_error or each.step >= outside:
            continue
        later = [other for other in calls[number + 1 :] if other.step - each.step <= _RETRIED_WITHIN]
        again = next((o for o in later if not o.result.is_error and _same_call(each.call, o.call)), None)
        if again is not None:
            edits = [o.call for o in later if o.place < again.place and o.writes is not None]
            _put(draft, each, _describe_retry(draft, each, again.step - each.step, edits), "put right soon after")


def _describe_retry(draft: Draft, failed: _Call, steps: int, edits: list[Part]) -> str:
    lines = [line for line in failed.result.text.split("\n") if _ERROR.search(line)] or failed.result.text.split("\n")[
        :1
    ]
    said = shorten("\n".join(lines), _MOST_ERROR, draft.counts.of)
    later = f"same call succeeded {steps} step{'s' if steps > 1 else ''} later"
    path = _path(edits[-1]) if edits else ""
    between = f"after an edit of {path}" if path else "after an edit" if edits else "nothing edited in between: flaky"
    return f"{said}\n({later}, {between})"


def _prune_repeats(draft: Draft, layout: Layout, calls: list[_Call]) -> None:
    """Let the newest of several same results stand for all, and the newest reading of a file for older ones."""
    outside = len(layout.steps) - 2
    newest: dict[tuple[str | None, str, str], _Call] = {}
    written: dict[str, list[int]] = {}
    for number, each in enumerate(calls):
        newest[each.call.name, each.call.text, each.result.text] = each
        if each.writes and not each.result.is_error:
            written.setdefault(each.writes, []).append(number)
    # Where nothing was written, nothing that was read is older than it was.
    reads = {number: _path(each.call) for number, each in enumerate(calls) if each.reads} if written else {}
    latest = {path: number for number, path in reads.items() if _is_new_state(calls[number].result)}
    for number, each in enumerate(calls):
        if each.step >= outside or len(each.result.text) <= _SHORT:
            continue
        if newest[each.call.name, each.call.text, each.result.text].step > each.step:
            _put(draft, each, "(same result later)", "the same result comes again")
            continue
        path = "" if each.result.is_error else reads.get(number, "")
        if path and any(number < at < latest.get(path, -1) for at in written.get(path, ())):
            text = f"(older state of {path}, read again later)"
            _put(draft, each, text, "the file was written and read again")


def _is_new_state(result: Part) -> bool:
    if result.is_error or not result.text or result.text.isspace():
        return False
    start = result.text[:200]
    return "change" not in start.lower() or not _UNCHANGED.search(start)  # all of what it looks for has that


def _put(draft: Draft, each: _Call, text: str, reason: str) -> None:
    message = draft.messages[each.place.message]
    if message is None or message.signed or len(text) >= len(each.result.text):
        return
    parts = [put_text(part, text) if at == each.place.part else part for at, part in enumerate(message.parts)]
    draft.replace(each.place.message, put_parts(message, parts), "pruned", reason)


def _same_call(first: Part, second: Part) -> bool:
    """Whether two calls ask for the same: the same arguments, or the same program, subcommand and files of a shell."""
    if first.name != second.name:
        return False
    return first.text == second.text or (
        _command_key(first) is not None and _command_key(first) == _command_key(second)
    )


def _command_key(call: Part) -> tuple[str, ...] | None:
    command = _arguments(call).get("command")
    words = command if isinstance(command, list) else _split(command) if isinstance(command, str) else None
    if not words or any(sign in word for word in words for sign in "|&;<>"):
        return None
    return tuple(str(word) for word in words if not str(word).startswith("-"))


def _split(command: str) -> list[str] | None:
    try:
        return shlex.split(command)
    except ValueError:
        return None


def _path(call: Part) -> str:
    arguments = _arguments(call)
    found = next((arguments[key] for key in ("file_path", "path", "filename", "file") if key in arguments), "")
    return found if isinstance(found, str) else ""


def _arguments(call: Part) -> dict[str, object]:
    try:
        found = json.loads(call.text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
