"""The process between loopflow and a memory server: it alone has the MCP SDK, and starts the server.

It is a process, and no thread, because importing the SDK takes a second of the interpreter: on a thread that second
would be taken from the log that is read meanwhile. It reads a line of JSON for each call and answers each with one;
when nobody calls any more, it ends the server and itself. Whatever a server says is bounded in bytes and in time.
"""

import json
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from loopflow.io.mcp.heard import Broken, Heard, unwrap
from loopflow.io.mcp.processes import converse

if TYPE_CHECKING:
    from anyio.abc import Process
    from mcp import ClientSession

MOST_BYTES: Final = 100_000_000
"""Of an answer: fifty thousand entities have a quarter of it."""
_GRACE: Final = 2.0
"""Seconds that a server has to end after nobody calls any more."""


def main() -> None:
    """Talk to a server as the first line on standard input says, until that ends."""
    import anyio  # noqa: PLC0415  it is imported in this process only

    asked = json.loads(sys.stdin.buffer.readline() or b"{}")
    heard = Heard(MOST_BYTES)
    try:
        anyio.run(_serve, asked, heard)
    except BaseException as error:  # noqa: BLE001  whatever it is, somebody waits for an answer
        error = unwrap(error)
        _answer({"broken": heard.explain(_say(error)), "hint": error.hint if isinstance(error, Broken) else ""})
    sys.stdout.flush()
    os._exit(0)  # a thread may still wait for a line


def _say(error: BaseException) -> str:
    if isinstance(error, TimeoutError):  # which is an error of the system, too
        return "it did not answer in time"
    if isinstance(error, OSError):
        return f"it cannot be started: {(error.strerror or str(error)).lower()}"
    return str(error)[:500] or type(error).__name__


def _answer(value: Mapping[str, Any]) -> None:
    with suppress(OSError, ValueError):
        sys.stdout.buffer.write(json.dumps(value).encode() + b"\n")
        sys.stdout.buffer.flush()


async def _serve(asked: Mapping[str, Any], heard: Heard) -> None:
    if not asked["url"]:
        return await _serve_process(asked, heard)
    from loopflow.io.mcp.addresses import converse_at  # noqa: PLC0415  a process needs none of it

    async with converse_at(asked["url"], heard, asked["timeout"], asked["headers"]) as streams:
        return await _speak(streams, asked["timeout"], heard)


async def _serve_process(asked: Mapping[str, Any], heard: Heard) -> None:
    import anyio  # noqa: PLC0415

    process = await anyio.open_process(list(asked["argv"]), env=asked["environment"], cwd=asked["directory"])
    from loopflow.memory.checking import describe_damage  # noqa: PLC0415  the server starts meanwhile

    try:
        async with converse(process, heard) as streams:
            if damage := describe_damage(asked["file"]):
                _answer({"damaged": damage})
            else:
                await _speak(streams, asked["timeout"], heard)
    finally:
        with anyio.CancelScope(shield=True):
            await _end(process)


async def _speak(streams: tuple[Any, Any], seconds: float, heard: Heard) -> None:
    import anyio  # noqa: PLC0415
    from mcp import ClientSession  # noqa: PLC0415

    async with ClientSession(*streams) as session:
        with anyio.fail_after(seconds):
            about = await session.initialize()
        _answer({"ready": {"name": about.server_info.name, "version": about.server_info.version}})
        await _take_calls(session, heard, seconds)


async def _take_calls(session: "ClientSession", heard: Heard, seconds: float) -> None:
    import anyio  # noqa: PLC0415

    while line := await anyio.to_thread.run_sync(sys.stdin.buffer.readline, abandon_on_cancel=True):
        call = json.loads(line)
        heard.begin()
        with anyio.fail_after(seconds):
            _answer(_leave_out(await _call(session, heard, call["tool"], call["arguments"]), call["without"]))


async def _call(session: "ClientSession", heard: Heard, tool: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Ask for a tool. The SDK's own `call_tool` would list all tools first, and check large answers by a schema."""
    from mcp import MCPError, types  # noqa: PLC0415

    request = types.CallToolRequest(params=types.CallToolRequestParams(name=tool, arguments=dict(arguments)))
    try:
        result = await session.send_request(request, types.CallToolResult)
    except MCPError as error:
        if heard.trouble is not None:
            raise heard.trouble from error
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
