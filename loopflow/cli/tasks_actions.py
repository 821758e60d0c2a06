"""What `loopflow chat tasks` does."""

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from loopflow.analysis.names import escape_name
from loopflow.chat.counting import Counts
from loopflow.chat.formats import read_all
from loopflow.chat.formats.sources import MOST_BYTES
from loopflow.chat.limits import Limits
from loopflow.chat.model import Conversation
from loopflow.chat.overhead import encoding_of
from loopflow.chat.settings import ChatSettings
from loopflow.chat.tasks import TASKS, Detected, detect_all, find_cap
from loopflow.config.sections import read_section
from loopflow.console.console import Console
from loopflow.console.directories import cache_directory
from loopflow.errors import ExitCode, UsageError, describe_os_error
from loopflow.model import ConfigRequest
from loopflow.tokens import create_counter
from loopflow.usecases.find_config import find_config_here

_STANDARD_INPUT: Final = "-"
_SHOWN: Final = 48
"""Characters of words."""


class Asked(NamedTuple):
    """Words of a person: what they ask for, what an answer may have, and the largest that came."""

    place: int
    words: str
    detected: Detected
    cap: int
    took: int


def run(given: Mapping[str, Any], console: Console, here: str) -> ExitCode:
    """Print a table of tasks, or of messages."""
    console.quiet = given["quiet"]
    options = {"encoding": given["encoding"]} if given["encoding"] else {}
    file = given["config"] or console.environ.get("LOOPFLOW_CONFIG") or None
    config = find_config_here(here, ConfigRequest(options, console.environ, file))
    settings: ChatSettings = read_section(config.sections, "chat")
    conversations = _read(given, console, here)
    model = given["model"] or settings.model or conversations[0].model
    limits = settings.limits_of(model) or Limits(model)
    encoding = config.encoding if "encoding" in config.origins else limits.encoding or encoding_of(model)
    counter = create_counter(
        encoding or config.encoding,
        console.environ.get("LOOPFLOW_ENGINE") or None,
        cache_directory(console.environ, here),
    )
    counts = Counts(counter)
    asked = [each for talk in conversations for each in find_asked(talk, settings, limits, counts)]
    if not asked:
        console.note("nobody asks for anything in it")
        return ExitCode.OK
    lines = draw_messages(asked) if given["explain"] else draw_tasks(asked)
    for line in lines:
        console.write_chart(f"{line}\n")
    if limits.reasoning:
        console.note(f"{model} reasons: no answer of it is capped")
    over = sum(each.took > each.cap for each in asked)
    if over:
        console.note(f"{over:,} of {len(asked):,} answers took more than their cap, and would have been cut")
    return ExitCode.OK


def find_asked(talk: Conversation, settings: ChatSettings, limits: Limits, counts: Counts) -> Iterator[Asked]:
    """Yield what is asked for in a conversation, with the largest of the answers until the next words."""
    found = detect_all(talk, settings.rules)
    ends = [place for place, _ in found[1:]] + [len(talk.messages)]
    for (place, detected), end in zip(found, ends, strict=False):
        answers = (each for each in talk.messages[place + 1 : end] if each.role == "assistant")
        took = max(map(counts.of_message, answers), default=0)
        cap = find_cap(detected, limits.output, limits.default_output, limits.cap_rules)
        yield Asked(talk.messages[place].origin[0], talk.messages[place].text, detected, cap, took)


def draw_messages(asked: Sequence[Asked]) -> Iterator[str]:
    """Yield a line for each message."""
    yield f"{'message':>7}  {'task':<15} {'cap':>6} {'took':>7}  {'rule':<24} words"
    for each in asked:
        rule = f"{each.detected.rule}{', as before' if each.detected.inherited else ''}"
        words = escape_name(" ".join(each.words.split())[:_SHOWN])
        mark = "!" if each.took > each.cap else " "
        yield (
            f"{each.place:>7,}  {each.detected.task:<15} {each.cap:>6,} {each.took:>7,}{mark} "
            f"{escape_name(rule):<24} {words}"
        )


def draw_tasks(asked: Sequence[Asked]) -> Iterator[str]:
    """Yield a line for each task: how often it is asked for, the caps, and the answers."""
    yield f"{'task':<15} {'messages':>8} {'cap':>15} {'median':>7} {'largest':>8} {'over':>5}"
    for task in TASKS:
        of_task = [each for each in asked if each.detected.task == task]
        if not of_task:
            continue
        took = sorted(each.took for each in of_task)
        caps = sorted({each.cap for each in of_task})
        shown = f"{caps[0]:,}" if len(caps) == 1 else f"{caps[0]:,} to {caps[-1]:,}"
        over = sum(each.took > each.cap for each in of_task)
        yield (f"{task:<15} {len(of_task):>8,} {shown:>15} {took[len(took) // 2]:>7,} {took[-1]:>8,} {over:>5,}")


def _read(given: Mapping[str, Any], console: Console, here: str) -> tuple[Conversation, ...]:
    name = "standard input" if given["file"] == _STANDARD_INPUT else escape_name(given["file"])
    try:
        if given["file"] == _STANDARD_INPUT:
            data = console.read_input("a conversation").read(MOST_BYTES + 1)
        else:
            with open(os.path.join(here, given["file"]), "rb") as file:
                data = file.read(MOST_BYTES + 1)
        return read_all(data, given["input_format"])
    except OSError as error:
        raise UsageError(f"{name} cannot be read: {describe_os_error(error)}", "check its name") from error
    except UsageError as error:
        raise UsageError(f"{name}: {error.message}", error.hint) from error
