"""The first line of a digest: how large the log was, what became of it, and how much of what failed is told."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from loopflow.logs.model import Priority, PriorityCount, Source

_LONGEST_NAME: Final = 40
_SMALL_FIT: Final = 1_000
_SHOWN: Final = (Priority.CRITICAL, Priority.HIGH)

_OURS: Final = re.compile(rb"\[(?:log [^\n]{1,200}: )?[\d,]+ lines?(?:[,;][^\n]{1,400})?\]\n")


def begins_digest(text: bytes) -> bool:
    """Whether a log begins as a digest does: what is wrapped in there was to be printed so."""
    return _OURS.match(text) is not None


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
        lines = f"{self.lines:,} line{'' if self.lines == 1 else 's'}"
        if self.limit < _SMALL_FIT:
            return f"[{'; '.join([lines, *tell_counts(counts, with_shapes=False), *self.remarks])}]"
        name = self.name if len(self.name) <= _LONGEST_NAME else f"{self.name[: _LONGEST_NAME - 1]}…"
        tokens = f"{self.before:,} tokens" if self.before is not None else "tokens not counted"
        less = f" ({100 - 100 * after / self.before:.1f} % less)" if self.before else ""
        left = ", ".join(f"{count:,} {priority.word}" for priority, count in self.filtered.items() if count)
        parts = [
            f"log {name}: {lines}, {tokens} -> {after:,} of {self.limit:,}{less}",
            self.log_type,
            *tell_counts(counts),
            *([f"not asked for: {left}"] if left else []),
            *self.remarks,
        ]
        return f"[{'; '.join(parts)}]".replace("\n", " ")

    def draw_widest(self, most: int, found: Mapping[Priority, int]) -> str:
        """Return a line that no other has more tokens than, for a result of up to `most` tokens."""
        return self.draw(most, [PriorityCount(each, many, 2 * many, many, 0, 0, 0, 0) for each, many in found.items()])


def describe_kept(name: str, sources: Sequence[Source], before: int | None, after: int | None) -> str:
    """Return the line for logs of which all is printed."""
    lines = sum(source.lines for source in sources)
    tokens = f"{before:,} tokens" if before is not None else "tokens not counted"
    less = f" ({100 - 100 * after / before:.1f} % less)" if before and after is not None and after <= before else ""
    kept = f"{after:,}" if after is not None else "not counted"
    line = f"log {name}: {lines:,} line{'' if lines == 1 else 's'}, {tokens} -> {kept}{less}"
    return f"[{'; '.join([line, *describe_remarks(sources)])}]".replace("\n", " ")


def describe_remarks(sources: Sequence[Source]) -> list[str]:
    """Return what else is to be said of logs."""
    dropped = sum(source.dropped for source in sources)
    remarks = [
        "not all of it is UTF-8" if any(source.lossy for source in sources) else "",
        "it became shorter while it was read" if not all(source.complete for source in sources) else "",
        f"{dropped:,} line{'s' if dropped > 1 else ''} dropped" if dropped else "",
    ]
    return [remark for remark in remarks if remark]


def tell_counts(counts: Sequence[PriorityCount], *, with_shapes: bool = True) -> list[str]:
    """Return how many failures are told, if there were any."""
    told = []
    for count in counts:
        if count.priority in _SHOWN and count.found:
            shown = _describe_shapes(count) if with_shapes and count.priority is Priority.CRITICAL else ""
            told.append(f"{count.priority.word} {count.kept:,} of {count.found:,}{shown}")
    return [", ".join(told)] if told else []


def _describe_shapes(count: PriorityCount) -> str:
    shapes = {"full": count.full, "short": count.kept - count.full}
    inside = ", ".join(f"{many:,} {shape}" for shape, many in shapes.items() if many)
    return f" ({inside})" if inside else ""
