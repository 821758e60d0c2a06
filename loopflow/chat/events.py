"""What limits tell while they hold: an event is a name with numbers and names, never a word of a conversation."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

Attribute = str | int | float | bool | None


class Event(NamedTuple):
    """Something that happened: `name` says what, `level` is "info" or "warn"."""

    name: str
    level: str
    attributes: Mapping[str, Attribute]


Emit = Callable[[Event], None]
"""Where events go. It may raise nothing: a conversation goes on without its events."""
