"""The first line of a digest: how large the log was, what became of it, and how much of what failed is told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from loopflow.logs.model import Priority, PriorityCount

_LONGEST_NAME: Final = 40
_SMALL_FIT: Final = 1_000
_SHOWN: Final = (Priority.CRITICAL, Priority.HIGH)


@dataclass(frozen=True, slots=True)
class Heading:
    """What the first line is made of, but for the tokens of the result, which it is part of."""

    name: str
    lines: int
    before: int | None
    limit: int
    log_type: str
    filtered: Mapping[Priority, int]
    """How many failures of each priority were asked to be left out."""
    remarks: tuple[str, ...] = ()

    def draw(self, after: int, counts: Sequence[PriorityCount]) -> str:
        """Return the line, without its end, for a result of `after` tokens."""
        told = tell_counts(counts)
        lines = f"{self.lines:,} line{'' if self.lines == 1 else 's'}"
        if self.limit < _SMALL_FIT:
            return f"[{lines}{'; ' if told else ''}{told}]"
        name = self.name if len(self.name) <= _LONGEST_NAME else f"{self.name[: _LONGEST_NAME - 1]}…"
        tokens = f"{self.before:,} tokens" if self.before is not None else "tokens not counted"
        less = f" ({100 - 100 * after / self.before:.1f} % less)" if self.before else ""
        parts = [
            f"log {name}: {lines}, {tokens} -> {after:,} of {self.limit:,}{less}",
            self.log_type,
            told,
        ]
        left = ", ".join(f"{count:,} {priority.word}" for priority, count in self.filtered.items() if count)
        parts += [f"not asked for: {left}" if left else "", *self.remarks]
        return f"[{'; '.join(part for part in parts if part)}]".replace("\n", " ")


def tell_counts(counts: Sequence[PriorityCount]) -> str:
    """Return how many of the failures that matter are told, "" if there are none."""
    told = []
    for count in counts:
        if count.priority in _SHOWN and count.found:
            full, short = count.full, count.kept - count.full
            shapes = [f"{full} full" if full else "", f"{short} short" if short else ""]
            inside = ", ".join(shape for shape in shapes if shape)
            shown = f" ({inside})" if count.priority is Priority.CRITICAL and inside else ""
            told.append(f"{count.priority.word} {count.kept:,} of {count.found:,}{shown}")
    return ", ".join(told)
