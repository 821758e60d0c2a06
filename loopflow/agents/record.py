"""Asking a server for its tools, with the official SDK: the one module of the wing that imports it or starts anything.

A server runs because somebody typed its command: never from a file of a repository. It gets a few variables, no shell
and a process group of its own, which is ended in the end; what it may say and how long it may take is bounded.
"""

import json
import os
import signal
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from loopflow.analysis.names import escape_name
from loopflow.errors import LoopflowError, UsageError, describe_os_error
from loopflow.io.mcp.heard import Broken, Heard, unwrap
from loopflow.io.mcp.processes import converse
from loopflow.io.mcp.typed import require_address, show_address

if TYPE_CHECKING:
    from anyio.abc import Process
    from mcp import ClientSession

MOST_BYTES: Final = 16_000_000
MOST_PAGES: Final = 100
_PASSED: Final = ("HOME", "LANG", "LOGNAME", "PATH", "SHELL", "TERM", "TMPDIR", "USER")


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
        import mcp  # noqa: F401, PLC0415  it is missed before anything is started
    except ImportError:
        raise _not_installed() from None
    missing = [name for name in asked.variables if name not in environ]
    if missing:
        raise UsageError(f"--env {escape_name(missing[0])}: there is no such variable", "set it, or leave it out")
    if asked.url:
        require_address(asked.url, "--url")
    heard = Heard(MOST_BYTES)
    try:
        if asked.url:
            return anyio.run(_ask_url, asked, heard)
        return anyio.run(_ask_command, asked, _environment(asked, environ), here, heard)
    except BaseException as error:
        raise _explain(unwrap(error), asked, heard) from error


def _not_installed() -> UsageError:
    return UsageError("asking a server needs the MCP SDK", "pip install 'loopflow-code-context[mcp]'")


def _explain(error: BaseException, asked: Asked, heard: Heard) -> BaseException:
    """Return what is said of an error: one of the SDK's, too."""
    if isinstance(error, TimeoutError):
        what = f"the server did not answer within {asked.timeout:g} s"
        return ServerError(escape_name(heard.explain(what)), "see --timeout")
    if isinstance(error, OSError):
        whom = escape_name(asked.argv[0]) if asked.argv else show_address(asked.url)
        return ServerError(f"{whom} cannot be asked: {describe_os_error(error)}", "check it")
    if not isinstance(error, Exception) or isinstance(error, UsageError):
        return error
    what = heard.explain(f"the server did not list its tools: {str(error)[:300]}")
    return ServerError(escape_name(what), error.hint if isinstance(error, Broken) else "check it")


def _environment(asked: Asked, environ: Mapping[str, str]) -> dict[str, str]:
    return {name: environ[name] for name in (*_PASSED, *asked.variables) if name in environ}


async def _ask_command(asked: Asked, environment: Mapping[str, str], here: str, heard: Heard) -> Listed:
    import anyio  # noqa: PLC0415

    pages: list[dict[str, Any]] = []

    def look(line: bytes) -> None:
        raw = json.loads(line)
        if isinstance(raw, dict) and isinstance(raw.get("result"), dict) and "tools" in raw["result"]:
            pages.append(raw["result"])

    process = await anyio.open_process(list(asked.argv), env=environment, cwd=here, start_new_session=True)
    try:
        with anyio.fail_after(asked.timeout):
            async with converse(process, heard, look) as streams:
                return await _list(streams, pages)
    finally:
        with anyio.CancelScope(shield=True):
            await _end(process)


async def _list(streams: tuple[Any, Any], pages: list[dict[str, Any]]) -> Listed:
    """List all pages. What was sent is taken as it came; where it did not pass by here, as the SDK has it."""
    from mcp import ClientSession  # noqa: PLC0415

    async with ClientSession(*streams) as session:
        return await _list_pages(session, pages)


async def _list_pages(session: "ClientSession", pages: list[dict[str, Any]]) -> Listed:
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


async def _end(process: "Process") -> None:
    """End a server and all of its group, first asking, then not."""
    import anyio  # noqa: PLC0415

    for number, wait in ((signal.SIGTERM, 1.0), (signal.SIGKILL, 2.0)):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, number)
        with anyio.move_on_after(wait):
            await process.wait()
    await process.aclose()


async def _ask_url(asked: Asked, heard: Heard) -> Listed:
    import anyio  # noqa: PLC0415

    from loopflow.io.mcp.addresses import converse_at  # noqa: PLC0415

    with anyio.fail_after(asked.timeout):
        async with converse_at(asked.url, heard, asked.timeout) as streams:
            return await _list(streams, [])
