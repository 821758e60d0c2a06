"""Speaking with a server that is a process, a message a line, over its standard streams."""

import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any, Final

from loopflow.io.mcp.heard import Broken, Heard, Lines

if TYPE_CHECKING:
    from anyio.abc import ByteReceiveStream, Process

_HALF: Final = re.compile(rb"\\u[dD][89a-fA-F]")
"""What may be half a character; also where it is a whole one, in two halves."""
_LAST_WORDS: Final = 0.2
"""Seconds for what a server says on its standard error while it ends."""
_SHOWN: Final = 100


def _ignore(line: bytes) -> None:
    del line


@asynccontextmanager
async def converse(
    process: "Process", heard: Heard, look: Callable[[bytes], None] = _ignore
) -> AsyncIterator[tuple[Any, Any]]:
    """Give what a session reads from and writes to; `look` sees each message as it came. Raises Broken, in a group."""
    import anyio  # noqa: PLC0415  it takes a second to import

    to_session, from_server = anyio.create_memory_object_stream[Any](0)
    to_server, from_session = anyio.create_memory_object_stream[Any](0)
    async with to_session, from_server, to_server, from_session, anyio.create_task_group() as group:
        group.start_soon(_read, process.stdout, to_session, heard, look)
        group.start_soon(_write, process.stdin, from_session)
        group.start_soon(_keep_tail, process.stderr, heard)
        yield from_server, to_server
        group.cancel_scope.cancel()


async def _read(
    stream: "ByteReceiveStream | None",
    to_session: Any,  # noqa: ANN401  anyio's
    heard: Heard,
    look: Callable[[bytes], None],
) -> None:
    import anyio  # noqa: PLC0415
    from mcp.shared.message import SessionMessage  # noqa: PLC0415
    from mcp.types import jsonrpc_message_adapter  # noqa: PLC0415

    assert stream is not None  # noqa: S101  it was opened with pipes
    lines = Lines()
    with suppress(anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError):
        while True:
            piece = await stream.receive()
            heard.count(len(piece))
            for line in filter(bytes.strip, lines.add(piece)):
                try:
                    message = jsonrpc_message_adapter.validate_json(_make_characters(line), by_name=False)
                except (ValueError, RecursionError):
                    shown = line[:_SHOWN].decode("utf-8", "replace")
                    what = f"it writes to its standard output what is no message: {shown}"
                    raise Broken(what, "let it write logs to standard error") from None
                look(line)
                await to_session.send(SessionMessage(message))
    await anyio.sleep(_LAST_WORDS)
    raise Broken("it ended", "run it by hand")


def _make_characters(line: bytes) -> bytes:
    """Return a line of JSON with "?" for half a character, which a server passes on and the SDK refuses."""
    if not _HALF.search(line):
        return line
    return json.dumps(json.loads(line), ensure_ascii=False).encode("utf-8", "replace")


async def _write(stream: Any, from_session: Any) -> None:  # noqa: ANN401  anyio's
    import anyio  # noqa: PLC0415

    with suppress(anyio.BrokenResourceError, anyio.ClosedResourceError, OSError):
        async for message in from_session:
            text = message.message.model_dump_json(by_alias=True, exclude_unset=True)
            await stream.send(text.encode() + b"\n")


async def _keep_tail(stream: "ByteReceiveStream | None", heard: Heard) -> None:
    import anyio  # noqa: PLC0415

    assert stream is not None  # noqa: S101  as above
    with suppress(anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError):
        while True:
            heard.add_beside(await stream.receive())
