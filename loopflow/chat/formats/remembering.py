"""Messages of a list that was read before: a history comes again with each request, and has one more at its end.

A record is known by what it is and what is in it: it is compared with a copy, in which texts are the same objects, and
this takes little. One that was changed since is read anew.
"""

from collections.abc import Iterable
from typing import Any

from loopflow.chat.model import Message


class Memory:
    """The records of the list that was read last, and what was read from them."""

    def __init__(self) -> None:
        self.form: str | None = None
        self._held: dict[int, tuple[Any, Message]] = {}

    def find(self, record: object, number: int) -> Message | None:
        """Return the message that a record at a place was read as, None if it is another one now."""
        held = self._held.get(id(record))
        if held is None or held[1].origin != (number,) or held[0] != record:
            return None
        return held[1] if held[1].raw is record else None

    def keep(self, form: str, messages: Iterable[Message]) -> None:
        """Keep the messages of a list, and no others. They hold their records, so that no other has their ids."""
        self.form = form
        before = self._held
        self._held = {}
        for message in messages:
            held = before.get(id(message.raw))
            known = held is not None and held[1] is message
            self._held[id(message.raw)] = held if known and held else (_copy(message.raw), message)


def _copy(value: Any) -> Any:  # noqa: ANN401  any JSON
    if type(value) is dict:
        return {key: _copy(each) for key, each in value.items()}
    return [_copy(each) for each in value] if type(value) is list else value
