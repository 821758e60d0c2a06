"""Messages of a list that was read before: a history comes again with each request, and has one more at its end.

A record is known by its place, by what it is and what is in it: it is compared with a copy, in which texts are the same
objects, and this takes little. One that was changed since is read anew.
"""

from collections.abc import Sequence
from operator import and_, eq, is_
from typing import Any

from loopflow.chat.model import Message


class Memory:
    """The records of the list that was read last, and what was read from them."""

    def __init__(self) -> None:
        self.form: str | None = None
        self._messages: Sequence[Message] = ()
        self._records: list[Any] = []
        self._copies: list[Any] = []

    def recall(self, records: Sequence[Any]) -> list[Message | None]:
        """Return for each record the message that it was read as, None where it is another one now."""
        same = map(and_, map(is_, records, self._records), map(eq, records, self._copies))
        found = [message if known else None for message, known in zip(self._messages, same, strict=False)]
        return [*found, *[None] * (len(records) - len(found))]

    def keep(self, form: str, messages: Sequence[Message]) -> None:
        """Keep the messages of a list, and no others; none where one is nested too deep to be copied."""
        try:
            self._copies = self._copy_all(messages)
        except RecursionError:
            self._copies, messages = [], ()
        self.form, self._messages, self._records = form, messages, [message.raw for message in messages]

    def _copy_all(self, messages: Sequence[Message]) -> list[Any]:
        held = list(map(is_, messages, self._messages))
        copies = [copy for copy, known in zip(self._copies, held, strict=False) if known]
        if len(copies) == len(held):  # as it mostly is: the list before, with more at its end
            return [*copies, *(_copy(message.raw) for message in messages[len(held) :])]
        return [_copy(message.raw) for message in messages]


def _copy(value: Any) -> Any:  # noqa: ANN401  any JSON
    if type(value) is dict:
        return {key: _copy(each) for key, each in value.items()}
    return [_copy(each) for each in value] if type(value) is list else value
