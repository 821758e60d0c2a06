"""Asking a server for its tools, with the official SDK: the one module that imports it, and that starts anything.

A server runs because somebody typed its command: never from a file of a repository. It gets a few variables, no shell
and a process group of its own, which is ended in the end; what it may say and how long it may take is bounded.
"""

import json
import logging
import os
import signal
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from loopflow.analysis.names import escape_name
from loopflow.errors import LoopflowError, UsageError, describe_os_error

if TYPE_CHECKING:
    from anyio.abc import ByteReceiveStream, Process

MOST_BYTES: Final = 16_000_000
MOST_PAGES: Final = 100
_TAIL: Final = 2_000
_PASSED: Final = ("HOME", "LANG", "LOGNAME", "PATH", "SHELL", "TERM", "TMPDIR", "USER")
_LINES: Final = 3
_LAST_WORDS: Final = 0.2
"""Seconds for what a server says on its standard error while it ends."""


class Asked(NamedTuple):
    """Whom to ask: a command or an address, with the variables that it gets, and for how many seconds."""

    argv: tuple[str, ...] = ()
    url: str = ""
    variables: tuple[str, ...] = ()
    timeout: float = 30.0


class Listed(NamedTuple):
    """What a server said: its tools as it sent them, and what it says of itself."""

    tools: list[dict[str, Any]]
    server: Mapping[str, Any]
    instructions: str = ""


class ServerError(LoopflowError):
    """A server did not say what it was asked."""


def record(asked: Asked, environ: Mapping[str, str], here: str) -> str:
    """Return the recording of a server as JSON. It is asked twice; where it answers otherwise, that is noted.

    Raises ServerError where it does not answer as it should, UsageError for what cannot be asked.
    """
    first, second = (_ask(asked, environ, here) for _ in range(2))
    document: dict[str, Any] = {
        "serverInfo": {key: first.server[key] for key in ("name", "version") if key in first.server}
    }
    if first.instructions:
        document["instructions"] = first.instructions
    if first.tools != second.tools:
        document["dynamic"] = True
    document["tools"] = first.tools
    text = json.dumps(document, ensure_ascii=False, indent=2) + "\n"
    return text.encode("utf-8", "backslashreplace").decode()


def _ask(asked: Asked, environ: Mapping[str, str], here: str) -> Listed:
    try:
        import anyio  # noqa: PLC0415  it takes a second to import
    except ImportError:
        raise _not_installed() from None
    missing = [name for name in asked.variables if name not in environ]
    if missing:
        raise UsageError(f"--env {escape_name(missing[0])}: there is no such variable", "set it, or leave it out")
    tail = bytearray()
    try:
        if asked.url:
            return anyio.run(_ask_url, asked)
        return anyio.run(_ask_command, asked, _environment(asked, environ), here, tail)
    except TimeoutError:
        raise ServerError(
            _said(f"the server did not answer within {asked.timeout:g} s", tail), "see --timeout"
        ) from None
    except OSError as error:
        what = escape_name(asked.argv[0] if asked.argv else asked.url)
        raise ServerError(f"{what} cannot be asked: {describe_os_error(error)}", "check it") from error
    except BaseExceptionGroup as group:
        raise _unwrap(group, tail) from group


def _not_installed() -> UsageError:
    return UsageError("asking a server needs the MCP SDK", "pip install 'loopflow-code-context[mcp]'")


def _unwrap(group: BaseExceptionGroup[BaseException], tail: bytearray) -> BaseException:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = next((each for each in error.exceptions if isinstance(each, LoopflowError)), error.exceptions[0])
    if isinstance(error, TimeoutError):
        return ServerError(_said("the server did not answer in time", tail), "see --timeout")
    if isinstance(error, LoopflowError | KeyboardInterrupt):
        return error
    return ServerError(_said(f"the server did not list its tools: {escape_name(str(error)[:200])}", tail), "check it")


def _said(what: str, tail: bytearray) -> str:
    lines = bytes(tail).decode("utf-8", "replace").strip().splitlines()[-_LINES:]
    return f"{what}; it said: {escape_name(' / '.join(lines))}" if lines else what


def _environment(asked: Asked, environ: Mapping[str, str]) -> dict[str, str]:
    return {name: environ[name] for name in (*_PASSED, *asked.variables) if name in environ}


async def _ask_command(asked: Asked, environment: Mapping[str, str], here: str, tail: bytearray) -> Listed:
    import anyio  # noqa: PLC0415

    try:
        from mcp import ClientSession  # noqa: PLC0415
    except ImportError:
        raise _not_installed() from None
    process = await anyio.open_process(list(asked.argv), env=environment, cwd=here, start_new_session=True)
    to_session, from_server = anyio.create_memory_object_stream[Any](0)
    to_server, from_session = anyio.create_memory_object_stream[Any](0)
    try:
        with anyio.fail_after(asked.timeout):
            async with anyio.create_task_group() as group:
                pages: list[dict[str, Any]] = []
                group.start_soon(_read, process.stdout, to_session, pages, tail)
                group.start_soon(_write, process.stdin, from_session)
                group.start_soon(_keep_tail, process.stderr, tail)
                async with ClientSession(from_server, to_server) as session:
                    listed = await _list(session, pages)
                group.cancel_scope.cancel()
        return listed
    finally:
        with anyio.CancelScope(shield=True):
            await _end(process)
            for stream in (to_session, from_server, to_server, from_session):
                await stream.aclose()


async def _list(session: Any, pages: list[dict[str, Any]]) -> Listed:  # noqa: ANN401  the SDK's
    """List all pages. What was sent is taken as it came; where it did not pass by here, as the SDK has it."""
    from mcp.types import PaginatedRequestParams  # noqa: PLC0415

    about = await session.initialize()
    server = about.server_info.model_dump(mode="json", by_alias=True, exclude_none=True)
    tools: list[dict[str, Any]] = []
    cursor = None
    for _ in range(MOST_PAGES):
        found = await session.list_tools(params=PaginatedRequestParams(cursor=cursor) if cursor else None)
        tools += [tool.model_dump(mode="json", by_alias=True, exclude_unset=True) for tool in found.tools]
        cursor = found.next_cursor
        if not cursor:
            raw = [tool for page in pages for tool in page.get("tools", ())]
            return Listed(raw if len(raw) == len(tools) else tools, server, about.instructions or "")
    raise ServerError(f"the server has more than {MOST_PAGES} pages of tools", "record fewer")


async def _read(
    stream: "ByteReceiveStream | None",
    to_session: Any,  # noqa: ANN401  anyio's
    pages: list[dict[str, Any]],
    tail: bytearray,
) -> None:
    """Pass on what a server says, a message a line, up to a bound."""
    import anyio  # noqa: PLC0415
    from mcp.shared.message import SessionMessage  # noqa: PLC0415
    from mcp.types import jsonrpc_message_adapter  # noqa: PLC0415

    assert stream is not None  # noqa: S101  it was opened with pipes
    total, held = 0, bytearray()
    with suppress(anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError):
        while True:
            piece = await stream.receive()
            total += len(piece)
            if total > MOST_BYTES:
                raise ServerError(f"the server said more than {MOST_BYTES:,} bytes", "record fewer tools")
            held += piece
            while (end := held.find(b"\n")) >= 0:
                line = bytes(held[:end])
                del held[: end + 1]
                if not line.strip():
                    continue
                try:
                    message = jsonrpc_message_adapter.validate_json(line, by_name=False)
                    raw = json.loads(line)
                except (ValueError, RecursionError):
                    shown = escape_name(line[:100].decode("utf-8", "replace"))
                    what = f"the server writes to its standard output what is no message: {shown}"
                    raise ServerError(_said(what, tail), "let it write logs to standard error") from None
                if isinstance(raw, dict) and isinstance(raw.get("result"), dict) and "tools" in raw["result"]:
                    pages.append(raw["result"])
                await to_session.send(SessionMessage(message))
    await anyio.sleep(_LAST_WORDS)
    raise ServerError(_said("the server ended before it had listed its tools", tail), "run it by hand")


async def _write(stream: Any, from_session: Any) -> None:  # noqa: ANN401  anyio's
    import anyio  # noqa: PLC0415

    with suppress(anyio.BrokenResourceError, anyio.ClosedResourceError, OSError):
        async for message in from_session:
            text = message.message.model_dump_json(by_alias=True, exclude_unset=True)
            await stream.send(text.encode() + b"\n")


async def _keep_tail(stream: "ByteReceiveStream | None", tail: bytearray) -> None:
    import anyio  # noqa: PLC0415

    assert stream is not None  # noqa: S101  as above
    with suppress(anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError):
        while True:
            tail += await stream.receive()
            del tail[:-_TAIL]


async def _end(process: "Process") -> None:
    """End a server and all of its group, first asking, then not."""
    import anyio  # noqa: PLC0415

    for number, wait in ((signal.SIGTERM, 1.0), (signal.SIGKILL, 2.0)):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, number)
        with anyio.move_on_after(wait):
            await process.wait()
    await process.aclose()


async def _ask_url(asked: Asked) -> Listed:
    import anyio  # noqa: PLC0415

    try:
        from httpx2 import AsyncClient  # noqa: PLC0415
        from mcp import ClientSession  # noqa: PLC0415
        from mcp.client.streamable_http import streamable_http_client  # noqa: PLC0415
    except ImportError:
        raise _not_installed() from None
    from loopflow.agents.addresses import Transport, TypedAddress, require_address  # noqa: PLC0415

    require_address(asked.url)
    logging.getLogger("mcp").addHandler(logging.NullHandler())  # what it has to say is said in one line
    is_encrypted = asked.url.lower().startswith("https:")
    transport = Transport(TypedAddress(is_encrypted=is_encrypted, seconds=asked.timeout), MOST_BYTES)
    client = AsyncClient(
        transport=transport, timeout=asked.timeout, headers={"Accept-Encoding": "identity"}, trust_env=False
    )
    try:
        with anyio.fail_after(asked.timeout):
            async with (
                client,
                streamable_http_client(asked.url, http_client=client, max_sse_event_size=MOST_BYTES) as streams,
                ClientSession(streams[0], streams[1]) as session,
            ):
                return await _list(session, [])
    except Exception as error:
        if transport.trouble is None:
            raise
        raise transport.trouble from error
