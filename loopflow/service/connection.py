"""What comes over a connection, and whether anybody is still there."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final, TypeVar

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
_T = TypeVar("_T")

_DRAINED: Final = 1 << 20


class Hangup(Exception):  # noqa: N818
    """Whoever asked has gone."""


async def drain(receive: Receive) -> None:
    """Take a little of what may still come of a body."""
    size = 0
    while size < _DRAINED:
        message = await receive()
        size += len(message.get("body", b""))
        if message["type"] == "http.disconnect" or not message.get("more_body", False):
            return


async def unless_gone(work: Awaitable[_T], receive: Receive) -> _T:
    """Return what `work` gives; where whoever asked hangs up meanwhile, end it and raise Hangup."""
    working = asyncio.ensure_future(work)
    listening = asyncio.ensure_future(_until_gone(receive))
    try:
        await asyncio.wait({working, listening}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        raise Hangup
    finally:
        for task in (working, listening):
            task.cancel()
        await asyncio.gather(working, listening, return_exceptions=True)


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
