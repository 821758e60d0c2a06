"""The facts sheet: what is known of messages that were left out, read from them and not from a model.

It is one text of the user's role that begins with a header of ours. Each item is one line, quoted as JSON, below its
source: no text of a tool can end its quote and speak as somebody else. A sheet is read again and added to, never summed
up; what does not read back as exactly the same text is not one of ours, and is somebody's words.
"""

import json
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple

from loopflow.chat.model import Message, Part
from loopflow.chat.ours import NOTE_HEADER

_LEFT: Final = "left out: "
_SECTIONS: Final = (
    ("summary", "summary, by a model:"),
    ("words", "user (the latest holds):"),
    ("said", "model, at the ends of turns (the latest holds):"),
    ("asked", "model, asked and not answered:"),
    ("files", "files written, by tools:"),
    ("failed", "commands that failed, by tools:"),
)
_LONGEST: Final = 200
"""Characters of an item that is not whole."""
_MOST: Final = 40
"""Items of a kind."""
_WRITERS: Final = re.compile(r"edit|write|patch|create|insert|str_replace|notebook", re.IGNORECASE)
_SHELLS: Final = re.compile(r"bash|shell|exec|command|terminal|run", re.IGNORECASE)
_PATHS: Final = ("file_path", "path", "notebook_path", "filename", "file", "target_file")
_PATCHED: Final = re.compile(r"^\*\*\* (?:Add|Update|Delete) File: (.+)$", re.MULTILINE)
_ERROR: Final = re.compile(r"error|exception|fail|fatal|denied|not found|traceback", re.IGNORECASE)


class Facts(NamedTuple):
    """What a sheet says, the oldest first. `left_out` is how many messages it stands for."""

    left_out: int = 0
    summary: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    said: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()

    def add(self, other: "Facts") -> "Facts":
        """Return both, this one being the older. A summary replaces one before it: it was told of it."""
        return Facts(
            self.left_out + other.left_out,
            other.summary or self.summary,
            _last((*self.words, *other.words)),
            _last((*self.said, *other.said)),
            other.asked,
            _last(tuple(dict.fromkeys((*self.files, *other.files)))),
            _last(tuple(dict.fromkeys((*self.failed, *other.failed)))),
        )


def collect(messages: Sequence[Message], dropped: Sequence[int]) -> Facts:
    """Return what is known of the messages at these places."""
    results = {part.call_id: part for place in dropped for part in messages[place].results}
    calls = [(part, results.get(part.call_id)) for place in dropped for part in messages[place].calls]
    words = (_quote_words(messages, place) for place in dropped if messages[place].authored)
    failed = (_describe_failure(call, result) for call, result in calls if result and result.is_error)
    written = (path for call, result in calls if result and not result.is_error for path in _list_written(call))
    said = (_find_conclusion(messages, place) for place in dropped)
    last = max((place for place, message in enumerate(messages) if message.authored), default=-1)
    asked = (_find_question(messages[place]) for place in dropped if place > last)
    return Facts(
        len(dropped),
        (),
        _last(tuple(text for text in words if text)),
        _last(tuple(filter(None, said))),
        _last(tuple(filter(None, asked))),
        _last(tuple(dict.fromkeys(written))),
        _last(tuple(dict.fromkeys(filter(None, failed)))),
    )


def render(facts: Facts, limit: int, count: Callable[[str], int]) -> str | None:
    """Return a sheet of at most so many tokens, None where not even its head has room."""
    facts = facts._replace(words=_shorten_words(facts.words, limit // 3, count))
    while True:
        text = _render_all(facts)
        tokens = count(text)
        if tokens <= limit:
            return text
        smaller = _leave_out(facts, tokens - limit, count)
        if smaller == facts:
            return None
        facts = smaller


def is_note(message: Message) -> bool:
    """Whether a message is a sheet of ours, and nothing else."""
    if len(message.parts) != 1 or message.parts[0].kind != "text":
        return False
    return parse(message.parts[0].text) is not None


def parse(text: str) -> Facts | None:
    """Return what a sheet says, None for a text that is none: it has to read back as the same text."""
    if not text.startswith(f"{NOTE_HEADER}\n{_LEFT}"):
        return None
    titles = {title: name for name, title in _SECTIONS}
    found: dict[str, list[str]] = {}
    _, left, *lines = text.split("\n")
    name = ""
    for line in lines:
        if line in titles:
            name = titles[line]
            continue
        item = _unquote(line)
        if item is None or not name:
            return None
        found.setdefault(name, []).append(item)
    number = left.removeprefix(_LEFT).partition(" ")[0].replace(",", "")
    if not number.isdecimal():
        return None
    facts = Facts(int(number), **{key: tuple(items) for key, items in found.items()})
    return facts if _render_all(facts) == text else None


def _last(items: tuple[str, ...]) -> tuple[str, ...]:
    return items[-_MOST:]


def _render_all(facts: Facts) -> str:
    plural = "" if facts.left_out == 1 else "s"
    lines = [NOTE_HEADER, f"{_LEFT}{facts.left_out:,} message{plural}"]
    for name, title in _SECTIONS:
        items: tuple[str, ...] = getattr(facts, name)
        if items:
            lines += [title, *(f"- {_quote(item)}" for item in items)]
    return "\n".join(lines)


def _leave_out(facts: Facts, excess: int, count: Callable[[str], int]) -> Facts:
    """Return facts with about so many tokens less: the oldest of what matters least goes first."""
    for name in ("failed", "said", "files", "asked", "words", "summary"):
        items: tuple[str, ...] = getattr(facts, name)
        if not items:
            continue
        gone = 0
        is_summary = name == "summary"
        while items and gone < excess:
            gone += count(items[-1 if is_summary else 0]) + 3
            items = items[:-1] if is_summary else items[1:]
        return Facts(facts.left_out, *(items if each == name else getattr(facts, each) for each in Facts._fields[1:]))
    return facts


def _shorten_words(words: tuple[str, ...], room: int, count: Callable[[str], int]) -> tuple[str, ...]:
    """Return words whole from the newest on while there is room, the others cut."""
    kept: list[str] = []
    for text in reversed(words):
        room -= count(text)
        kept.append(text if room >= 0 else _cut(text))
    return tuple(reversed(kept))


def _quote(text: str) -> str:
    return json.dumps(text, ensure_ascii=not _is_whole(text))


def _is_whole(text: str) -> bool:
    """Whether a text has no halves of characters, and no line ends but plain ones."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return not any(sign in text for sign in "\x85\u2028\u2029")


def _unquote(line: str) -> str | None:
    if not line.startswith('- "'):
        return None
    try:
        item = json.loads(line[2:])
    except ValueError:
        return None
    return item if isinstance(item, str) else None


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _quote_words(messages: Sequence[Message], place: int) -> str:
    """Return words of a person; of a short reply, with the end of what it replied to."""
    message = messages[place]
    text = " ".join(message.text.split("\n")) if len(message.text) > _LONGEST else message.text
    before = messages[place - 1] if place else None
    is_short = len(text.split()) <= 8  # noqa: PLR2004  as units.SHORT_REPLY
    if is_short and before is not None and before.role == "assistant" and before.text:
        return f"{text} (in reply to: …{before.text[-_LONGEST:]})"
    return text


def _find_question(message: Message) -> str:
    """Return the question that an answer ends with."""
    text = message.text.strip()
    return _cut(text[-_LONGEST:]) if message.role == "assistant" and text.endswith("?") else ""


def _find_conclusion(messages: Sequence[Message], place: int) -> str:
    """Return how an answer begins after which the turn was over: what came of it stands there."""
    message = messages[place]
    following = messages[place + 1] if place + 1 < len(messages) else None
    is_end = message.role == "assistant" and not message.calls and (following is None or following.authored)
    return _cut(" ".join(message.text.split())) if is_end else ""


def _list_written(call: Part) -> Iterable[str]:
    """Yield the paths of files that a call of a tool for writing names."""
    if not call.name or not _WRITERS.search(call.name):
        return
    yield from (found.strip()[:_LONGEST] for found in _PATCHED.findall(call.text))
    arguments = _arguments(call)
    yield from (str(arguments[key])[:_LONGEST] for key in _PATHS if isinstance(arguments.get(key), str))


def _describe_failure(call: Part, result: Part) -> str:
    """Return a command that failed and the first line that says why."""
    if not call.name or not _SHELLS.search(call.name):
        return ""
    arguments = _arguments(call)
    command = arguments.get("command") or arguments.get("cmd") or call.text
    command = " ".join(map(str, command)) if isinstance(command, list) else str(command)
    lines = [line.strip() for line in result.text.split("\n") if line.strip()]
    why = next((line for line in lines if _ERROR.search(line)), lines[0] if lines else "")
    return f"{_cut(' '.join(command.split()))}: {_cut(why)}"


def _arguments(call: Part) -> dict[str, object]:
    try:
        found = json.loads(call.text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
