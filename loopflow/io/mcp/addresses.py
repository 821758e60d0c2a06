"""Speaking with a server at an address: one that was typed, but nothing that only looks like one of somebody else.

Each connection is checked, and so is how much is said. Nothing of the environment is used: no proxy, no .netrc.
"""

import logging
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import httpcore2
import httpx2

from loopflow.analysis.addresses import Address, is_inner, is_own, is_public
from loopflow.analysis.names import escape_name
from loopflow.io.connecting import CheckedBackend
from loopflow.io.mcp.heard import Broken, Heard
from loopflow.io.mcp.typed import show_address, show_host

_NETWORK: Final = (httpcore2.NetworkError, httpcore2.ProtocolError)


@asynccontextmanager
async def converse_at(
    url: str, heard: Heard, seconds: float, headers: Mapping[str, str] | None = None
) -> AsyncIterator[tuple[Any, Any]]:
    """Give what a session reads from and writes to. Raises Broken where the address cannot be asked."""
    try:
        httpx2.URL(url)
    except httpx2.InvalidURL as error:
        raise Broken("its address is none", "write https://HOST/PATH") from error
    from mcp.client.streamable_http import streamable_http_client  # noqa: PLC0415  it takes a second to import

    logging.getLogger("mcp").addHandler(logging.NullHandler())  # what it has to say is said in one line
    backend = _TypedAddress(is_encrypted=url.lower().startswith("https:"), seconds=seconds)
    headers = {**(headers or {}), "Accept-Encoding": "identity"}
    client = httpx2.AsyncClient(transport=_Transport(backend, heard), timeout=seconds, headers=headers, trust_env=False)
    most = heard.most
    try:
        async with client, streamable_http_client(url, http_client=client, max_sse_event_size=most) as streams:
            yield streams[0], streams[1]
    except Exception as error:
        if heard.trouble is None:
            raise
        raise heard.trouble from error


@dataclass(frozen=True, slots=True)
class _TypedAddress(CheckedBackend):
    """Connects to what the user named: anybody's address, this machine's, one of an inner network; no cloud's own data.

    Without encryption only this machine is asked.
    """

    is_encrypted: bool
    seconds: float

    def check(self, host: str, port: int, address: Address) -> None:  # noqa: ARG002  as it is asked
        """Raise Broken for an address that is not asked."""
        shown = show_host(host)
        if not (is_public(address) or is_own(address) or is_inner(address)):
            raise Broken(f"{shown} leads to {address}, which is no server's", "name another one")
        if not (self.is_encrypted or is_own(address)):
            raise Broken(f"{shown} is not encrypted", "write https://, or ask this machine")

    def not_found(self, host: str) -> Broken:
        """Return what is said of a name without an address."""
        return Broken(f"there is no host {show_host(host)}", "check its name")

    def no_socket(self) -> Broken:
        """Return what is said of a socket of this machine."""
        return Broken("a socket of this machine is no address", "write https://HOST/PATH")


class _Transport(httpx2.AsyncBaseTransport):
    """Carries what the SDK asks, and keeps why it could not."""

    def __init__(self, backend: CheckedBackend, heard: Heard) -> None:
        self._pool = httpcore2.AsyncConnectionPool(ssl_context=httpx2.create_ssl_context(), network_backend=backend)
        self._heard = heard

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Return the answer."""
        address = request.url
        url = httpcore2.URL(
            scheme=address.raw_scheme, host=address.raw_host, port=address.port, target=address.raw_path
        )
        try:
            answer = await self._pool.handle_async_request(
                httpcore2.Request(
                    method=request.method,
                    url=url,
                    headers=request.headers.raw,
                    content=request.stream,
                    extensions=request.extensions,
                )
            )
        except Broken as error:
            self._heard.trouble = error
            raise
        except httpcore2.TimeoutException as error:
            self._heard.trouble = Broken("it did not answer in time", "see --timeout")
            raise self._heard.trouble from error
        except _NETWORK as error:
            what = f"{show_host(address.host)} cannot be reached: {escape_name(str(error)[:200]) or 'it went away'}"
            self._heard.trouble = Broken(what, "check the address, and that the server runs")
            raise self._heard.trouble from error
        body = _Body(answer.stream, self._heard, is_awaited=request.method == "POST")
        response = httpx2.Response(answer.status, headers=answer.headers, stream=body, extensions=answer.extensions)
        if response.headers.get("content-encoding", "identity") != "identity":  # it would be as large as it likes
            await answer.aclose()
            self._heard.trouble = Broken("it packs what it says", "let it heed Accept-Encoding: identity")
            raise self._heard.trouble
        if request.method == "POST":
            self._heard.trouble = _explain(response, str(address))
        return response

    async def aclose(self) -> None:
        """Close what is open."""
        await self._pool.aclose()


def _explain(response: httpx2.Response, url: str) -> Broken | None:
    """Return what the SDK will stumble over."""
    if response.is_redirect:
        place = show_address(response.headers.get("location", ""), url)
        return Broken(f"it redirects to {place}", "name that address, if it is to be trusted")
    if response.is_error:
        return Broken(f"it answers {response.status_code}", "check the address, and whether it wants a login")
    return None


class _Body(httpx2.AsyncByteStream):
    def __init__(self, stream: Iterable[bytes] | AsyncIterable[bytes], heard: Heard, *, is_awaited: bool) -> None:
        assert isinstance(stream, AsyncIterable)  # noqa: S101  an asynchronous pool's
        self._stream = stream
        self._heard = heard
        self._is_awaited = is_awaited

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for piece in self._stream:
                self._heard.count(len(piece))
                yield piece
        except (*_NETWORK, httpcore2.TimeoutException) as error:
            gone = Broken("it went away in the middle of an answer", "try again")
            if self._is_awaited:
                self._heard.trouble = gone
            raise gone from error

    async def aclose(self) -> None:
        if hasattr(self._stream, "aclose"):
            await self._stream.aclose()
