"""The history of an agent of pydantic-ai, brought within limits before each request.

What a processor returns takes the place of the history that the agent keeps. So `archive` is given the messages first,
each time that some of them are about to be cut or left out.
"""

from collections.abc import Callable
from typing import Any

from loopflow.chat.compactor import ALONE, Compactor
from loopflow.chat.events import Emit
from loopflow.chat.limits import Limits
from loopflow.chat.preflight import Surroundings

Archive = Callable[[list[Any]], object]
"""Keeps messages as they were. What it raises stops the request: they would be lost."""


def history_processor(
    limits: Limits | int,
    *,
    archive: Archive | None = None,
    emit: Emit | None = None,
    around: Surroundings = ALONE,
    **more: Any,  # noqa: ANN401  what `Compactor` takes
) -> Callable[[list[Any]], list[Any]]:
    """Return what `ProcessHistory` takes, or `history_processors=[...]` of an older version.

    It raises Blocked where too much is left after all that could go. `more` is what a `Compactor` takes.
    """
    compactor = Compactor(limits, around=around, **{"provider": "pydantic-ai", **more})

    def process(messages: list[Any]) -> list[Any]:
        prepared = compactor.prepare(messages, emit=emit, form="pydantic-ai")
        if archive is not None and prepared.changed:
            try:
                archive(messages)
            except BaseException:
                compactor.flight.forget()  # else the same list would be cut the next time without being kept
                raise
        kept: list[Any] = prepared.messages
        return kept

    return process
