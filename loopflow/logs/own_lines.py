"""What the user's patterns say of the lines of a log: which are not looked at, and how much others matter."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final, TypeVar

from loopflow.logs.keys import HIGH_WEIGHT, MEDIUM_WEIGHT, NOTHING, OWN_WEIGHT, Trait
from loopflow.logs.model import LogRequest, Priority, Unwrapped
from loopflow.logs.patterns import Matcher

_WEIGHTS: Final = {
    Priority.CRITICAL: OWN_WEIGHT,
    Priority.HIGH: HIGH_WEIGHT * 2,
    Priority.MEDIUM: MEDIUM_WEIGHT,
    Priority.LOW: 1,
    Priority.VERBOSE: 0,
}
_Value = TypeVar("_Value")


class OwnLines:
    """Tries the patterns on the lines of one file, chunk by chunk. Raises UsageError where one takes too long."""

    def __init__(self, request: LogRequest) -> None:
        self._dropping = Matcher(request.drop)
        self._patterns = Matcher([pattern.match for pattern in request.patterns])
        self._priorities = [pattern.priority for pattern in request.patterns]
        self._step: str | None = None
        self._component: str | None = None
        self.dropped = 0

    @property
    def drops(self) -> bool:
        """Whether lines may be dropped."""
        return bool(self._dropping)

    def places(self, line: bytes) -> list[int]:
        """Return where in a very long line something matters."""
        return self._patterns.places(line)

    def drop(self, text: bytes, lines: Sequence[bytes], unwrapped: Unwrapped) -> tuple[Sequence[bytes], Unwrapped]:
        """Return what is left of lines; `text` is all of them. A step that begins with a dropped line begins later."""
        away = {at for at, _ in self._dropping.find(text, lines)}
        if not away and self._step is None and self._component is None:
            return lines, unwrapped
        self.dropped += len(away)
        kept = [at for at in range(len(lines)) if at not in away]
        steps, self._step = _move(unwrapped.steps, self._step, kept)
        components, self._component = _move(unwrapped.components, self._component, kept)
        left = [lines[at] for at in kept]
        origins = unwrapped.origins if unwrapped.origins is not None else range(len(lines))
        return left, replace(
            unwrapped,
            text=b"".join(line + b"\n" for line in left),
            origins=[origins[at] for at in kept],
            streams=unwrapped.streams and [unwrapped.streams[at] for at in kept],
            stamps=unwrapped.stamps and [unwrapped.stamps[at] for at in kept],
            levels={bisect_left(kept, at): level for at, level in unwrapped.levels.items() if at not in away},
            components=components,
            steps=steps,
        )

    def judge(self, text: bytes, lines: Sequence[bytes], traits: list[Trait]) -> None:
        """Put what the patterns say of lines into `traits`: where several match, the one that matters most."""
        if not self._patterns:
            return
        told: dict[int, Priority] = {}
        for at, number in self._patterns.find(text, lines):
            told[at] = max(told.get(at, Priority.VERBOSE), self._priorities[number])
        for at, priority in told.items():
            traits[at] = _judge(traits[at], _WEIGHTS[priority])


def _judge(trait: Trait, weight: int) -> Trait:
    """Return what a line is worth that the user says weighs so much. It begins still what it began, if not less."""
    if weight < trait.weight or (trait.recogniser < 0 and not trait.is_anchor):
        return Trait(weight) if weight else NOTHING
    return trait._replace(weight=weight)


def _move(
    marks: Mapping[int, _Value], waiting: _Value | None, kept: Sequence[int]
) -> tuple[dict[int, _Value], _Value | None]:
    """Return marks at the lines that are kept, the one that `waiting` first, and the one that none was left for."""
    moved: dict[int, _Value] = {}
    if waiting is not None and kept:
        moved[0], waiting = waiting, None
    for at in sorted(marks):
        place = bisect_left(kept, at)
        if place < len(kept):
            moved[place] = marks[at]
        else:
            waiting = marks[at]
    return moved, waiting
