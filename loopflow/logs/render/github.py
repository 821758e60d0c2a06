"""A digest as annotations for GitHub: an error for what is critical, a warning for what is high, beside the code.

GitHub shows ten of each kind for a step and drops the rest without a word, so one notice says how many more there are.
What was found a place for comes first; what names no file stands with the run itself.
"""

from collections.abc import Callable, Sequence
from itertools import product
from typing import Final, NamedTuple

from loopflow.errors import ExitCode, LoopflowError
from loopflow.logs.model import Digest, Outcome, Priority
from loopflow.logs.places import find_code_place
from loopflow.logs.render.rows import describe_range, headline, name_logs, rank_failures
from loopflow.logs.render.visible import show_line
from loopflow.logs.shapes import choose_lines
from loopflow.render.workflow import MOST, write_command

_LONGEST_MESSAGE: Final = 3_000
"""Characters: GitHub cuts a message at 4,096."""
_LINES: Final = (26, 6, 0)
_NUMBERS: Final = (MOST, 5, 2, 1, 0)
_KINDS: Final = ((Priority.CRITICAL, "error"), (Priority.HIGH, "warning"))


class _Sizes(NamedTuple):
    """How many annotations of a kind there may be, and how many lines of its failure each has."""

    number: int
    lines: int


def fit_github(digest: Digest, count: Callable[[str], int], limit: int) -> str:
    """Return the commands, which have at most `limit` tokens. Raises LoopflowError where they cannot be so few."""
    ranked = _rank(digest)
    least = 0
    for number, lines in product(_NUMBERS, _LINES):
        text = _draw(digest, ranked, _Sizes(number, lines))
        least = count(text)
        if least <= limit:
            return text
    what = f"{limit:,} tokens are too few for an annotation"
    raise LoopflowError(what, f"--fit {least} is the least that works", ExitCode.OVER_BUDGET)


def _rank(digest: Digest) -> dict[Priority, list[tuple[Outcome, dict[str, str]]]]:
    """Return failures by their priority with the properties that say where they are, those with a place first."""
    ranked: dict[Priority, list[tuple[Outcome, dict[str, str]]]] = {priority: [] for priority, _ in _KINDS}
    for outcome in rank_failures(digest):
        place = find_code_place(outcome.failure.block)
        where = {"file": show_line(place.file), "line": str(place.line)} if place else {}
        ranked[outcome.failure.block.priority].append((outcome, where))
    return {priority: sorted(found, key=lambda each: not each[1]) for priority, found in ranked.items()}


def _draw(digest: Digest, ranked: dict[Priority, list[tuple[Outcome, dict[str, str]]]], sizes: _Sizes) -> str:
    commands: list[str] = []
    left: list[str] = []
    found = {each.priority: each.found for each in digest.priorities}
    for priority, command in _KINDS:
        shown = ranked[priority][: sizes.number]
        for outcome, where in shown:
            commands.append(
                write_command(command, where | {"title": _title(outcome)}, _message(outcome, digest, sizes))
            )
        if more := max(found.get(priority, 0), len(ranked[priority])) - len(shown):
            left.append(f"{more:,} more {priority.word}")
    if left:
        message = f"{' and '.join(left)} in {name_logs(digest)}"
        commands.append(write_command("notice", {"title": "Failures that are not shown"}, message))
    return "".join(commands)


def _title(outcome: Outcome) -> str:
    failure = outcome.failure
    times = f" x{failure.count:,}" if failure.count > 1 else ""
    return f"{show_line(failure.block.kind)[:80] or failure.block.recogniser} ({failure.ref}{times})"


def _message(outcome: Outcome, digest: Digest, sizes: _Sizes) -> str:
    """Return the headline, then lines of the failure, then where that is in the log."""
    block = outcome.failure.block
    lines = [show_line(block.lines[at].text) for at in _choose(outcome, sizes.lines)]
    text = "\n".join([headline(outcome), *([""] if lines else []), *lines])
    text = text if len(text) <= _LONGEST_MESSAGE else f"{text[:_LONGEST_MESSAGE]}…"
    return f"{text}\n{name_logs(digest)} {describe_range(outcome, digest)}"


def _choose(outcome: Outcome, most: int) -> Sequence[int]:
    block = outcome.failure.block
    if len(block.lines) == 1 or not most:
        return ()
    chosen = choose_lines(block)
    if len(chosen) <= most:
        return chosen
    near = sorted(chosen, key=lambda at: abs(at - block.headline))[:most]
    return sorted(near)
