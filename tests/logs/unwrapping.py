"""Unwraps a log in chunks, and puts together what comes out as one."""

from collections.abc import Callable
from dataclasses import dataclass, field

from loopflow.logs.envelopes import Envelopes
from loopflow.logs.model import Priority, Unwrapped


@dataclass
class Whole:
    """All chunks in one; `origins` are places of lines in the log, `lines` its lines as text."""

    name: str = ""
    lines: list[str] = field(default_factory=list)
    text: bytes = b""
    origins: list[int] = field(default_factory=list)
    streams: list[str] = field(default_factory=list)
    stamps: list[str] = field(default_factory=list)
    levels: dict[int, Priority] = field(default_factory=dict)
    components: dict[int, str] = field(default_factory=dict)
    steps: dict[int, str] = field(default_factory=dict)

    def take(self, part: Unwrapped, first: int) -> None:
        """Add a part whose origins count from the line `first`."""
        count = part.text.count(b"\n")
        start = len(self.origins)
        self.text += part.text
        self.origins += [first + origin for origin in (range(count) if part.origins is None else part.origins)]
        self.streams += part.streams or [""] * count
        self.stamps += part.stamps or [""] * count
        self.levels.update({start + at: level for at, level in part.levels.items()})
        self.components.update({start + at: name for at, name in part.components.items()})
        self.steps.update({start + at: name for at, name in part.steps.items()})
        assert len(self.origins) == len(self.streams) == len(self.stamps) == self.text.count(b"\n")


def unwrapped(text: bytes, size: int = 0, clean: Callable[[bytes], bytes] | None = None) -> Whole:
    """Give what comes of a log in chunks of `size` lines, or in one."""
    envelopes = Envelopes(clean) if clean else Envelopes()
    lines = text.splitlines(keepends=True) if b"\r" not in text else [line + b"\n" for line in text.split(b"\n")[:-1]]
    size = size or max(1, len(lines))
    whole = Whole()
    last = 0
    for last in range(0, len(lines), size):
        whole.take(envelopes.unwrap(b"".join(lines[last : last + size])), last)
    whole.take(envelopes.finish(), last)
    whole.name = envelopes.name
    whole.lines = whole.text.decode("utf-8", "replace").split("\n")[:-1]
    return whole
