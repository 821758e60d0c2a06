"""An agent's hook: the object that comes in after a tool was used, and what the agent shall see in the tool's place.

Claude Code takes another output only in the shape of the one that came: the same keys, the same types. So texts are
replaced in what came in, and nothing else; numbers, flags, pictures and the lengths of lists stay as they are. Of keys
only those that hold a secret change, and no shape of a tool has such keys.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from loopflow.chat.narrowing.choosing import Ran, narrow_one
from loopflow.chat.narrowing.keys import hide_keys
from loopflow.chat.narrowing.model import Keep, Narrowed, Room
from loopflow.chat.narrowing.originals import Originals
from loopflow.chat.narrowing.secrets import hide, hide_together
from loopflow.chat.tools import OwnRule, Rule, find_rule
from loopflow.errors import UsageError
from loopflow.tokens.protocol import TokenCounter

MOST_BYTES: Final = 64_000_000
AGENTS: Final = ("claude-code",)
_BINARY: Final = frozenset({"base64", "image", "audio", "blob"})
_LEAST: Final = 64
"""Tokens: a text among many that has no more is not cut."""
_MANY: Final = 3
_FOR_WORDS: Final = 60
"""Tokens for the words on what was left out."""

Path = tuple[str | int, ...]
_CONTENT: Final[Path] = ("file", "content")
_OUT: Final = "stdout"
_ERRORS: Final = "stderr"


class _Place(NamedTuple):
    """Where a text stands: below `key` of `holder`, and how one gets there from the response."""

    holder: Any
    key: str | int
    path: Path


class Setting(NamedTuple):
    """What holds for a hook. `keep` is None where nothing is kept."""

    rules: Mapping[str, OwnRule]
    originals: Originals
    counter: Callable[[], TokenCounter]
    keeps: bool = True


def answer(data: bytes, setting: Setting) -> str | None:
    """Return what a hook prints for an event, None where the output shall stay as it is. Raises UsageError."""
    event = _read(data)
    tool, given = event.get("tool_name"), event.get("tool_input")
    if not isinstance(tool, str) or event.get("hook_event_name", "PostToolUse") != "PostToolUse":
        return None
    has_hidden = hide_keys(event["tool_response"], lambda key: hide(key).text)
    places = {place.path: place for place in _find_texts(event)}
    texts = {path: place.holder[place.key] for path, place in places.items()}
    seen = _Seen(tool, given if isinstance(given, Mapping) else {}, setting)
    changed = {
        path: text for path, text in _narrow_all(event["tool_response"], texts, seen).items() if text != texts[path]
    }
    if not changed and not has_hidden:
        return None
    for path, text in changed.items():
        places[path].holder[places[path].key] = text
    said = {"hookEventName": "PostToolUse", "updatedToolOutput": event["tool_response"]}
    try:
        return json.dumps({"hookSpecificOutput": said}, separators=(",", ":"), allow_nan=False)
    except ValueError as error:
        raise UsageError("a number in it is none that JSON has, or too large", "the output stays as it is") from error


def _read(data: bytes) -> dict[str, Any]:
    if len(data) > MOST_BYTES:
        raise UsageError(f"it has more than {MOST_BYTES:,} bytes", "the output stays as it is")
    try:
        event = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise UsageError("it is no JSON", "the output stays as it is") from error
    if not isinstance(event, dict) or "tool_response" not in event:
        raise UsageError("it is no event of a tool that was used", "the hook belongs below PostToolUse")
    return event


class _Seen(NamedTuple):
    """What is known of the use of a tool."""

    tool: str
    given: Mapping[str, Any]
    setting: Setting

    @property
    def rule(self) -> Rule:
        """How its output is narrowed."""
        rule = find_rule(self.tool, self.setting.rules)
        return rule._replace(kind="read") if self.is_of_ours and rule.kind == "shell" else rule

    @property
    def command(self) -> str:
        """What a shell ran."""
        command = self.given.get("command")
        return command if isinstance(command, str) else ""

    @property
    def is_of_ours(self) -> bool:
        """Whether it is an output that is kept already, read again."""
        path, originals = self.given.get("file_path", self.given.get("path")), self.setting.originals
        return (isinstance(path, str) and originals.holds(path)) or originals.named_in(self.command)

    @property
    def keep(self) -> Keep | None:
        """What keeps whole outputs: a file that is read is there, and so is one that is kept."""
        return self.setting.originals if self.setting.keeps and not self.is_of_ours else None


def _narrow_all(response: Any, texts: Mapping[Path, str], seen: _Seen) -> dict[Path, str]:  # noqa: ANN401  any JSON
    """Return the texts of a response as they shall be: without secrets, and short enough for the tool."""
    shown = _hide_all(texts)
    rule = seen.rule
    if rule.kind == "read" and _CONTENT in texts:
        start = response["file"].get("startLine")
        ran = Ran(start=start if isinstance(start, int) else 1, by_offset=True)
        shown[_CONTENT] = _narrow(texts[_CONTENT], rule, seen, ran, None).text
    elif (_OUT,) in texts and isinstance(response, Mapping):
        half = rule if rule.never else rule._replace(tokens=max(rule.tokens // 2, 1))
        for name, each in ((_OUT, rule), (_ERRORS, half)):
            if (name,) in texts and not response.get("isImage"):
                shown[name,] = _narrow(texts[name,], each, seen, Ran(seen.command), seen.keep).text
    elif not rule.never:
        shown.update(_share(shown, texts, rule, seen))
    return shown


def _hide_all(texts: Mapping[Path, str]) -> dict[Path, str]:
    """Return texts without secrets. Those below the same name stand together, as they do for whoever reads them."""
    paths = sorted(texts, key=_name_of)
    hidden = dict(zip(paths, hide_together([texts[path] for path in paths]), strict=True))
    return {path: hidden[path] for path in texts}


def _name_of(path: Path) -> str:
    return next((step for step in reversed(path) if isinstance(step, str)), "")


def _share(shown: Mapping[Path, str], texts: Mapping[Path, str], rule: Rule, seen: _Seen) -> dict[Path, str]:
    """Return texts that together have at most the tokens of a rule: the small ones whole, as far as that goes."""
    if sum(map(len, shown.values())) * 4 <= rule.tokens and not rule.lines:
        return {}
    room = Room(rule.tokens, seen.setting.counter())
    groups = _group(shown)
    sizes = {place: _measure("\n".join(shown[path] for path in paths), room) for place, paths in groups.items()}
    level = max(_find_level(list(sizes.values()), rule.tokens), _LEAST)
    less = rule._replace(tokens=level)
    changed: dict[Path, str] = {}
    for place, paths in groups.items():
        if len(paths) > 1:
            changed.update(_narrow_list([shown[path] for path in paths], paths, less, seen, _whole(texts, paths, seen)))
        elif sizes[place] > level or rule.lines or rule.characters:
            keep = _whole(texts, paths, seen)
            alone = hide(texts[paths[0]]).text == shown[paths[0]]  # then it can be told how many secrets it had
            text = texts[paths[0]] if alone else shown[paths[0]]
            changed[paths[0]] = _narrow(text, less, seen, Ran(seen.command), keep).text
    return {**changed, **_leave_out({**shown, **changed}, texts, rule, seen)}


def _whole(texts: Mapping[Path, str], paths: Iterable[Path], seen: _Seen) -> Keep | None:
    """Return what keeps texts as they came, whatever of them is left."""
    keep = seen.keep
    return (lambda _shown: keep("\n".join(texts[path] for path in paths))) if keep is not None else None


def _leave_out(shown: Mapping[Path, str], texts: Mapping[Path, str], rule: Rule, seen: _Seen) -> dict[Path, str]:
    """Return the texts that become empty where there are too many small ones, the first of them with words on it.

    Single words stay: types, ids and states are among them, without which a shape is none.
    """
    room = Room(rule.tokens, seen.setting.counter())
    sizes = {path: _measure(text, room) for path, text in shown.items() if text}
    left = rule.tokens - _FOR_WORDS - sum(sizes[path] for path in sizes if not _has_words(shown[path]))
    if sum(sizes.values()) <= rule.tokens + _LEAST:
        return {}
    gone: list[Path] = []
    for path, size in sizes.items():
        if _has_words(shown[path]):
            if gone or size > left:
                gone.append(path)
            left -= size
    if len(gone) < _MANY:
        return {}
    keep = _whole(texts, texts, seen)
    room = room._replace(kept_at=(keep("") if keep is not None else None) or "")
    return {**dict.fromkeys(gone, ""), gone[0]: room.mark(f"{len(gone):,} texts")}


def _has_words(text: str) -> bool:
    return any(map(str.isspace, text))


def _measure(text: str, room: Room) -> int:
    """Return the tokens of a text; of a short one, which stays whole, about as many: there can be very many of them."""
    return room.count(text) if len(text) > _LEAST else len(text) // 4 + 1


def _group(texts: Mapping[Path, str]) -> dict[Path, list[Path]]:
    """Return the places of texts, those in one list of texts together."""
    groups: dict[Path, list[Path]] = {}
    for path in texts:
        groups.setdefault(path[:-1] if path and isinstance(path[-1], int) else (*path, ""), []).append(path)
    return groups


def _narrow_list(items: list[str], paths: list[Path], rule: Rule, seen: _Seen, keep: Keep | None) -> dict[Path, str]:
    """Return the texts of a list, the first of them whole. It keeps its length: those that have no room are empty."""
    joined = "\n".join(item.replace("\n", " ") for item in items)
    listed = rule._replace(kind="list" if rule.kind not in {"search", "list"} else rule.kind)
    done = _narrow(joined, listed, seen, Ran(), keep)
    if done.category == "full":
        return {}
    kept = done.text.split("\n")
    same = next((at for at, (old, new) in enumerate(zip(joined.split("\n"), kept, strict=False)) if old != new), 0)
    said = [*items[:same], "\n".join(kept[same:])]
    return dict(zip(paths, [*said, *[""] * (len(items) - len(said))], strict=False))


def _narrow(text: str, rule: Rule, seen: _Seen, ran: Ran, keep: Keep | None) -> Narrowed:
    if len(text) * 4 <= rule.tokens and not rule.lines:
        hidden = hide(text)  # nothing is to be counted: no engine is loaded
        return Narrowed(hidden.text, "full", None, 0, hidden=hidden.number)
    return narrow_one(text, rule, ran, keep, seen.setting.counter())


def _find_level(sizes: list[int], limit: int) -> int:
    """Return how much each may have, so that all have at most `limit`: what small ones leave goes to the others."""
    left, number = limit, len(sizes)
    for size in sorted(sizes):
        if size * number > left:
            return left // number
        left -= size
        number -= 1
    return limit


def _find_texts(event: dict[str, Any]) -> Iterator[_Place]:
    """Yield the texts of a response with their places, in order; not what pictures and sounds are made of."""
    waiting = [_Place(event, "tool_response", ())]
    while waiting:  # however deep it is: no function calls itself here
        place = waiting.pop()
        value = place.holder[place.key]
        if isinstance(value, str):
            yield place
        elif isinstance(value, list):
            waiting += [_Place(value, at, (*place.path, at)) for at in reversed(range(len(value)))]
        elif isinstance(value, dict) and not _is_binary(value):
            waiting += [_Place(value, key, (*place.path, key)) for key in reversed(value)]


def _is_binary(value: Mapping[str, Any]) -> bool:
    kind = value.get("type")
    has_data = isinstance(value.get("data"), str) and ("mimeType" in value or "media_type" in value)
    return (isinstance(kind, str) and kind in _BINARY) or "base64" in value or has_data
