"""Layers whose envelope is the head of each line: taken off by one pattern over the whole block, not line by line."""

import re
from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

from loopflow.logs.envelopes.batch import Batch, Line, set_stamps, set_streams


class Head(NamedTuple):
    """What stands before each line. `pattern` matches it; its groups are named stamp, name (whose line), step.

    `several`: it counts only where two names occur, each of them again and again. `aligned`: and only where its
    end stands in one column. `need` is the share of lines that must have it.
    """

    key: str
    name: str
    kind: str
    pattern: bytes
    several: bool = False
    aligned: bool = False
    kept: bool = False
    """Whether the head stays in the text."""
    need: float = 0.6
    any_program: bool = False
    """Whether any program may write it: then it counts only where the log begins with it, not in a part of a log."""


class HeadLayer:
    """Takes a head off the lines that have it."""

    def __init__(self, head: Head) -> None:
        self.key = head.key
        self.name = head.name
        self.kept = head.kept
        self._names_source = head.kind == "prefix"
        # "\n" in front of it: the search for that is fast, and only lines that have a head are split off.
        self._split = re.compile(rb"\n(?:" + head.pattern + rb")")
        self._groups = self._split.groupindex
        self._step = b""

    def apply(self, batch: Batch) -> Batch:
        """Lines without a head stay as they are, with the stream ""."""
        before, *parts = self._split.split(b"\n" + batch.text)
        if not parts:
            return batch
        width = self._split.groups + 1
        texts = parts[width - 1 :: width]
        if not self.kept:
            batch.text = b"\n".join([before, *texts])[1:]
        places = _places(before, texts, batch.count)
        columns = {name: parts[at - 1 :: width] for name, at in self._groups.items()}
        if "stamp" in columns:
            set_stamps(batch, places, columns["stamp"])
        if "name" in columns:
            set_streams(batch, places, columns["name"], component=self._names_source)
        if "component" in columns:
            self._note_components(batch, places, columns["component"])
        if "step" in columns:
            self._note_steps(batch, places, columns["step"])
        return batch

    def flush(self) -> list[Line]:
        """Nothing is held."""
        return []

    def _note_components(self, batch: Batch, places: Sequence[int], values: Sequence[bytes | None]) -> None:
        words = {value: value.decode("utf-8", "replace") for value in set(values) if value}
        batch.components.update((at, words[value]) for at, value in zip(places, values, strict=True) if value)

    def _note_steps(self, batch: Batch, places: Sequence[int], values: Sequence[bytes | None]) -> None:
        known = self._step
        for at, value in zip(places, values, strict=True):
            if value and value != known:
                batch.steps[at] = "" if value == b"UNKNOWN STEP" else value.decode("utf-8", "replace")
                known = value
        self._step = known


def _places(before: bytes, texts: Sequence[bytes], count: int) -> Sequence[int]:
    """Tell which lines of `count` have a head: what was `before` the first, and behind each up to the next one."""
    if len(texts) == count:
        return range(count)
    return list(accumulate((text.count(b"\n") + 1 for text in texts[:-1]), initial=before.count(b"\n")))


def told_head(head: Head, lines: Sequence[bytes]) -> Head | None:
    """Tell the head that `lines`, none of them blank, have: if enough of them have it, and as its rules say.

    Where it stands in one column, the pattern gets to hold that too.
    """
    pattern = re.compile(head.pattern)
    fewest = max(_FEWEST, head.need * len(lines))
    if not any(map(pattern.match, lines[: int(len(lines) - fewest) + 1])):
        return None  # those that follow are too few, whatever they have
    found = [match for match in map(pattern.match, lines) if match]
    if len(found) < fewest:
        return None
    if head.several:
        names = {match["name"] for match in found}
        if not _FEWEST <= len(names) <= len(found) // 2 or names & _LEVELS:
            return None
    if not head.aligned:
        return head
    columns = {match.group().find(b"|") for match in found}
    if len(columns) > 1:
        return None
    column = columns.pop()
    return head._replace(key=f"{head.key} {column}", pattern=rb"(?=[^|\n]{%d}\|)" % column + head.pattern)


_FEWEST = 2
_LEVELS = frozenset(
    word
    for level in (b"error", b"warn", b"warning", b"info", b"debug", b"trace", b"fatal", b"note", b"hint")
    for word in (level, level.upper(), level.capitalize())
)
