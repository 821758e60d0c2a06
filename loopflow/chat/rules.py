"""What a provider would refuse: each problem with the place where it is. The types of SDKs prove nothing of it."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from loopflow.chat.blocks import Place, Run, find_runs, list_parts, pair
from loopflow.chat.model import Conversation, Message
from loopflow.chat.providers import Provider, find_provider, refuses_prefill


class Problem(NamedTuple):
    """What is wrong, by the name of a rule, and where: places in the input."""

    rule: str
    origin: tuple[int, ...]
    message: str


def check(conversation: Conversation, provider: str | None = None, *, pending: bool = False) -> list[Problem]:
    """Return what the provider would refuse. With `pending`, calls of the very last message may be open."""
    rules, messages = find_provider(conversation, provider), conversation.messages
    problems = [*_check_empty(messages, rules), *_check_pairs(messages, rules, pending=pending)]
    if rules.unique:
        problems += _check_ids(messages)
    problems += _check_first(messages, rules)
    if rules.alternates:
        problems += _check_turns(messages)
    problems += _check_ends(messages, rules)
    if conversation.about.get("thinking"):
        problems += _check_thinking(messages)
    if refuses_prefill(conversation) and messages and messages[-1].role == "assistant" and not pending:
        problems.append(_problem("prefill", messages[-1], "the model takes no conversation that ends on an answer"))
    return sorted(problems, key=lambda each: each.origin)


def _problem(rule: str, message: Message, what: str) -> Problem:
    return Problem(rule, message.origin, what)


def _check_empty(messages: Sequence[Message], rules: Provider) -> Iterator[Problem]:
    for message in messages:
        if not message.parts:
            yield _problem("empty", message, "the message says nothing")
        elif any(part.kind == "text" and not part.text for part in message.parts) and not message.is_results:
            yield _problem("empty", message, "a text is empty")
    for run in find_runs(messages) if rules.paired else ():
        *_, last = messages[run.start : run.end]
        if run.role == "assistant" and last.parts and last.parts[-1].kind == "thinking":
            yield _problem("reasoning", last, "reasoning stands without what it led to")


def _check_pairs(messages: Sequence[Message], rules: Provider, *, pending: bool) -> Iterator[Problem]:
    answered = pair(messages)
    places, homes = set(answered.values()), find_homes(messages, rules, answered)
    last = len(messages) - 1
    for place, part in list_parts(messages, "call"):
        if place not in places and not (pending and place.message == last):
            yield _problem("unanswered", messages[place.message], f"the call {part.call_id} has no result")
    for place, part in list_parts(messages, "result"):
        if place not in answered:
            yield _problem("orphan", messages[place.message], f"the result {part.call_id} answers no call")
        elif place not in homes:
            yield _problem("far", messages[place.message], f"the result {part.call_id} is not right after its call")
    foreign = [each for each in list_parts(messages, "result", remote=True) if each[1].call_id is not None]
    remote = pair(messages, remote=True) if foreign else {}
    for place, part in foreign:
        if place not in remote:
            yield _problem("orphan", messages[place.message], f"the result {part.call_id} answers no call")


def find_homes(messages: Sequence[Message], rules: Provider, answered: dict[Place, Place]) -> set[Place]:
    """Return the results that stand where the provider looks for them: right after the run with their calls."""
    if rules.paired:  # items: anywhere before the user speaks again
        stretches = _number_stretches(messages)
        return {result for result, call in answered.items() if stretches[result.message] == stretches[call.message]}
    homes: set[Place] = set()
    runs = find_runs(messages, single=rules.single)
    after = {run.end: run for run in runs}
    ends = {number: run.end for run in runs for number in range(run.start, run.end)}
    leading = {run.start: set(_lead(messages, run)) for run in runs if run.role == "user" and run.start in after}
    for result, call in answered.items():
        if result in leading.get(ends[call.message], ()):
            homes.add(result)
    return homes


def _number_stretches(messages: Sequence[Message]) -> list[int]:
    """Return for each message how often the user spoke before."""
    number, numbers = 0, []
    for message in messages:
        number += message.role != "assistant" and not message.is_results
        numbers.append(number)
    return numbers


def _lead(messages: Sequence[Message], run: Run) -> Iterator[Place]:
    """Yield the results that a run of the user begins with."""
    for number in range(run.start, run.end):
        for place, part in enumerate(messages[number].parts):
            if part.kind != "result" or part.remote:
                return
            yield Place(number, place)


def _check_ids(messages: Sequence[Message]) -> Iterator[Problem]:
    seen: set[str | None] = set()
    for place, part in list_parts(messages, "call"):
        if part.call_id in seen:
            yield _problem("id", messages[place.message], f"the id {part.call_id} is used again")
        seen.add(part.call_id)


def _check_first(messages: Sequence[Message], rules: Provider) -> Iterator[Problem]:
    first = next((message for message in messages if message.role != "system"), None)
    if rules.user_first and first is not None and first.role != "user":
        yield _problem("first", first, "the first message is not the user's")


def _check_turns(messages: Sequence[Message]) -> Iterator[Problem]:
    """Yield where two of one role follow each other, calls and results aside: many templates of models refuse that."""
    before = None
    for message in messages:
        if message.role == "system" or message.is_results or message.calls:
            continue
        if message.role == before:
            yield _problem("turns", message, f"two messages of the {message.role} follow each other")
        before = message.role


def _check_ends(messages: Sequence[Message], rules: Provider) -> Iterator[Problem]:
    if rules.thinks:
        for run in find_runs(messages):
            last = messages[run.end - 1]
            if run.role == "assistant" and last.parts and last.parts[-1].kind == "thinking":
                yield _problem("thinking", last, "an answer ends on thinking")
    if rules.trims and messages and messages[-1].role == "assistant" and messages[-1].parts:
        last_part = messages[-1].parts[-1]
        if last_part.kind == "text" and last_part.text != last_part.text.rstrip():
            yield _problem("space", messages[-1], "the last text ends on white space")


def _check_thinking(messages: Sequence[Message]) -> Iterator[Problem]:
    """Yield the first answer after the user's words if it does not begin with thinking, which is enabled."""
    place = first_answer(messages)
    if place is not None and messages[place].parts[:1] and messages[place].parts[0].kind != "thinking":
        yield _problem("thinking", messages[place], "thinking is enabled, and the turn does not begin with it")


def first_answer(messages: Sequence[Message]) -> int | None:
    """Return the first answer of the turn that is under way: after the last words that are no results."""
    last_words = -1
    for number, message in enumerate(messages):
        if message.role == "user" and not message.is_results:
            last_words = number
    following = range(last_words + 1, len(messages))
    found = next((number for number in following if messages[number].role == "assistant"), None)
    has_calls = found is not None and any(messages[number].calls for number in following)
    return found if has_calls else None
