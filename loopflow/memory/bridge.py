"""The process between loopflow and a memory server: it alone imports the MCP SDK, and it starts the server.

It is a process, and no thread, because importing the SDK takes a second of the interpreter: on a thread that second
would be taken from the log that is read meanwhile. It reads a line of JSON for each call and answers each with one;
when nobody calls any more, it ends the server and itself. Whatever a server says is bounded in bytes and in time.
"""

import json
import os
import re
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from anyio.abc import ByteReceiveStream, Process
    from mcp import ClientSession

MOST_BYTES: Final = 100_000_000
"""Of an answer: fifty thousand entities have a quarter of it."""
_TAIL: Final = 2_000
_HALF: Final = re.compile(rb"\\u[dD][89a-fA-F]")
"""What may be half a character; also where it is a whole one, in two halves."""
_LAST_WORDS: Final = 0.2
"""Seconds for what a server says on its standard error while it ends."""
_GRACE: Final = 2.0
"""Seconds that a server has to end after nobody calls any more."""


class Broken(Exception):  # noqa: N818  it is said in words of its own
    """There is no talking to the server any more."""


class Lines:
    """Takes pieces of a stream, and gives the lines that are whole. Of many megabytes no byte is looked at twice."""

    def __init__(self) -> None:
        self._held: list[bytes] = []

    def add(self, piece: bytes) -> Iterator[bytes]:
        """Yield the lines that end in a piece, without their ends."""
        first, *others = piece.split(b"\n")
        self._held.append(first)
        for other in others:
            yield b"".join(self._held)
            self._held = [other]


class _Link:
    """What was said on the two streams of a server."""

    def __init__(self) -> None:
        self.since = 0
        """Bytes that it said since it was asked something."""
        self.tail = bytearray()
        self.problem = ""
        self.scope: Any = None

    def fail(self, problem: str) -> None:
        """Note what went wrong, and let nobody wait any more."""
        self.problem = self.problem or problem
        if self.scope is not None:
            self.scope.cancel()

    def explain(self, what: str) -> str:
        """Return what went wrong, with the last that the server said."""
        lines = bytes(self.tail).decode("utf-8", "replace").strip().splitlines()[-3:]
        return f"{self.problem or what}; it said: {' / '.join(lines)}" if lines else self.problem or what


def main() -> None:
    """Talk to a server as the first line on standard input says, until that ends."""
    import anyio  # noqa: PLC0415  it is imported in this process only

    asked = json.loads(sys.stdin.buffer.readline() or b"{}")
    link = _Link()
    try:
        anyio.run(_serve, asked, link)
    except BaseException as error:  # noqa: BLE001  whatever it is, somebody waits for an answer
        _answer({"broken": link.explain(_say(error))})
    sys.stdout.flush()
    os._exit(0)  # a thread may still wait for a line


def _say(error: BaseException) -> str:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, TimeoutError):  # which is an error of the system, too
        return "it did not answer in time"
    if isinstance(error, OSError):
        return f"it cannot be started: {(error.strerror or str(error)).lower()}"
    return str(error)[:500] or type(error).__name__


def _answer(value: Mapping[str, Any]) -> None:
    with suppress(OSError, ValueError):
        sys.stdout.buffer.write(json.dumps(value).encode() + b"\n")
        sys.stdout.buffer.flush()


async def _serve(asked: Mapping[str, Any], link: _Link) -> None:
    import anyio  # noqa: PLC0415

    process = await anyio.open_process(list(asked["argv"]), env=asked["environment"], cwd=asked["directory"])
    from mcp import ClientSession  # noqa: PLC0415  the server starts meanwhile

    from loopflow.memory.checking import describe_damage  # noqa: PLC0415

    to_session, from_server = anyio.create_memory_object_stream[Any](0)
    to_server, from_session = anyio.create_memory_object_stream[Any](0)
    try:
        async with anyio.create_task_group() as group:
            link.scope = group.cancel_scope
            group.start_soon(_read, process, to_session, link)
            group.start_soon(_write, process.stdin, from_session)
            group.start_soon(_keep_tail, process.stderr, link)
            if damage := describe_damage(asked["file"]):
                _answer({"damaged": damage})
                return
            async with ClientSession(from_server, to_server) as session:
                with anyio.fail_after(asked["timeout"]):
                    about = await session.initialize()
                _answer({"ready": {"name": about.server_info.name, "version": about.server_info.version}})
                await _take_calls(session, link, asked["timeout"])
            group.cancel_scope.cancel()
    finally:
        with anyio.CancelScope(shield=True):
            await _end(process)
    if link.problem:
        raise Broken(link.problem)


async def _take_calls(session: "ClientSession", link: _Link, seconds: float) -> None:
    import anyio  # noqa: PLC0415

    while line := await anyio.to_thread.run_sync(sys.stdin.buffer.readline, abandon_on_cancel=True):
        call = json.loads(line)
        link.since = 0
        with anyio.fail_after(seconds):
            _answer(_leave_out(await _call(session, call["tool"], call["arguments"]), call["without"]))


async def _call(session: "ClientSession", tool: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Ask for a tool. The SDK's own `call_tool` would list all tools first, and check large answers by a schema."""
    from mcp import MCPError, types  # noqa: PLC0415

    request = types.CallToolRequest(params=types.CallToolRequestParams(name=tool, arguments=dict(arguments)))
    try:
        result = await session.send_request(request, types.CallToolResult)
    except MCPError as error:
        return {"refused": str(error)[:500]}
    text = "".join(part.text for part in result.content if isinstance(part, types.TextContent))
    if result.is_error:
        return {"refused": text[:500]}
    return {"result": result.structured_content if result.structured_content is not None else _parse(text)}


def _leave_out(answer: dict[str, Any], keys: Sequence[str]) -> dict[str, Any]:
    """Return an answer with empty lists for what nobody asked for."""
    result = answer.get("result")
    if isinstance(result, dict):
        answer["result"] = {
            key: [] if key in keys and isinstance(value, list) else value for key, value in result.items()
        }
    return answer


def _parse(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return text[:500]


async def _read(process: "Process", to_session: Any, link: _Link) -> None:  # noqa: ANN401  anyio's
    """Pass on what a server says, a message a line."""
    import anyio  # noqa: PLC0415
    from mcp.shared.message import SessionMessage  # noqa: PLC0415
    from mcp.types import jsonrpc_message_adapter  # noqa: PLC0415

    stream, lines = process.stdout, Lines()
    assert stream is not None  # noqa: S101  it was opened with pipes
    with suppress(anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError):
        while True:
            piece = await stream.receive()
            link.since += len(piece)
            for line in lines.add(piece):
                if not line.strip():
                    continue
                try:
                    message = jsonrpc_message_adapter.validate_json(_make_characters(line), by_name=False)
                except (ValueError, RecursionError):
                    shown = line[:100].decode("utf-8", "replace")
                    return link.fail(f"it writes to its standard output what is no message: {shown}")
                await to_session.send(SessionMessage(message))
            if link.since > MOST_BYTES:
                return link.fail(f"it said more than {MOST_BYTES:,} bytes")
    await anyio.sleep(_LAST_WORDS)
    return link.fail("it ended")


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


async def _keep_tail(stream: "ByteReceiveStream | None", link: _Link) -> None:
    import anyio  # noqa: PLC0415

    assert stream is not None  # noqa: S101  as above
    with suppress(anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError):
        while True:
            link.tail += await stream.receive()
            del link.tail[:-_TAIL]


async def _end(process: "Process") -> None:
    """End the server: first by having nothing more to say, then by a signal that whatever it started gets too."""
    import anyio  # noqa: PLC0415

    with suppress(OSError, anyio.BrokenResourceError, anyio.ClosedResourceError):
        if process.stdin is not None:
            await process.stdin.aclose()
    with anyio.move_on_after(_GRACE):
        await process.wait()
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # of this group it is the one that has to go on
    for number, wait in ((signal.SIGTERM, 1.0), (signal.SIGKILL, 1.0)):
        if process.returncode is None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(0, number) if number == signal.SIGTERM else process.kill()
            with anyio.move_on_after(wait):
                await process.wait()


if __name__ == "__main__":
    main()
