"""The head of a Markdown file, as agents read it: strings only, no types, no anchors, and bounds on all of it.

A head that is no YAML is an error that is returned, not raised: what follows from it differs from agent to agent.
"""

import re
from typing import Any, NamedTuple

MOST_BYTES = 65_536
_MOST_EVENTS = 5_000
_MOST_LEVELS = 64
_FENCE = re.compile(r"---[ \t]*\Z")
_LINE = re.compile(r"(description|globs|alwaysApply)[ \t]*:[ \t]*(.*?)[ \t]*\Z")

Value = Any
"""A string, a list or a mapping of them."""


class Frontmatter(NamedTuple):
    """The keys of a head. `lines` is how many lines it takes with both fences, 0 where there is none."""

    values: dict[str, Value]
    lines: int = 0
    error: str = ""

    def text(self, key: str) -> str:
        """Return the value of a key as one string, "" where it is none."""
        value = self.values.get(key)
        return whole(value) if isinstance(value, str) else ""

    def names(self, key: str) -> tuple[str, ...]:
        """Return the value of a key as a list: a string may have several with commas between them."""
        value = self.values.get(key)
        if isinstance(value, str):
            return tuple(each for part in _split_commas(whole(value)) if (each := part.strip()))
        if isinstance(value, list):
            return tuple(whole(each) for each in value if isinstance(each, str) and each)
        return ()

    def is_true(self, key: str) -> bool:
        """Whether a key says yes."""
        return self.text(key).lower() == "true"


def whole(text: str) -> str:
    """Return `text` with half characters, which have no UTF-8, as escapes."""
    return text.encode("utf-8", "backslashreplace").decode()


NO_FRONTMATTER = Frontmatter({})


def read_frontmatter(text: str, *, lenient: bool = False) -> Frontmatter:
    """Return the head of `text`. `lenient` reads that of a .mdc file line by line where it is no YAML."""
    head = _cut_head(text)
    if head is None:
        return NO_FRONTMATTER
    source, lines = head
    if len(source.encode("utf-8", "surrogatepass")) > MOST_BYTES:
        return Frontmatter({}, lines, f"it has more than {MOST_BYTES:,} bytes")
    values, error = _load(source)
    if error and lenient:
        return Frontmatter(_read_lines(source), lines)
    return Frontmatter(values, lines, error)


def _cut_head(text: str) -> tuple[str, int] | None:
    """Return what stands between the fences, and the number of lines that both take with it."""
    first, _, rest = text.removeprefix("\ufeff").partition("\n")
    if not _FENCE.match(first.rstrip("\r")):
        return None
    lines = rest.split("\n")
    for at, line in enumerate(lines):
        if _FENCE.match(line.rstrip("\r")):
            return "\n".join(lines[:at]), at + 2
    return None


def _load(source: str) -> tuple[dict[str, Value], str]:
    import yaml  # noqa: PLC0415  a repository without any such file needs none

    loader: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    try:
        if why := _refuse(source, loader, yaml):
            return {}, why
        value = yaml.load(source, Loader=loader)  # noqa: S506  strings, lists and mappings only
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 2 if error.problem_mark else 1  # the fence is line 1
        return {}, f"line {line}: {error.problem or 'it cannot be read'}"
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        return {}, str(error).split("\n", 1)[0]
    if value is None or value == "":
        return {}, ""
    if not isinstance(value, dict):
        return {}, "it is no list of keys and values"
    return {key: each for key, each in value.items() if isinstance(key, str)}, ""


def _refuse(source: str, loader: Any, yaml: Any) -> str:  # noqa: ANN401  two of PyYAML's own
    level = 0
    for number, event in enumerate(yaml.parse(source, Loader=loader)):
        if number > _MOST_EVENTS:
            return f"it has more than {_MOST_EVENTS:,} values"
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            return f"line {event.start_mark.line + 2}: anchors and aliases are not read"
        if getattr(event, "tag", None):
            return f"line {event.start_mark.line + 2}: tags are not read"
        level += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if level > _MOST_LEVELS:
            return f"it is more than {_MOST_LEVELS} levels deep"
    return ""


def _read_lines(source: str) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for line in source.split("\n"):
        if match := _LINE.match(line.rstrip("\r")):
            found.setdefault(match[1], match[2].strip("\"'"))
    return found


def _split_commas(text: str) -> list[str]:
    """Split at commas that are outside of braces."""
    parts, level, start = [], 0, 0
    for at, char in enumerate(text):
        level += (char == "{") - (char == "}")
        if char == "," and level <= 0:
            parts.append(text[start:at])
            start = at + 1
    return [*parts, text[start:]]
