"""Asking an address: what the user typed, but nothing that only looks like an address of somebody else.

Each connection is checked, and so is how much is said. Nothing of the environment is used: no proxy, no .netrc.
"""

from collections.abc import AsyncIterable, AsyncIterator, Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpcore2
import httpx2

from loopflow.analysis.addresses import Address, is_inner, is_own, is_public
from loopflow.analysis.names import escape_name
from loopflow.errors import LoopflowError, UsageError
from loopflow.io.connecting import CheckedBackend

_NETWORK = (httpcore2.NetworkError, httpcore2.ProtocolError, httpcore2.TimeoutException)


def require_address(url: str) -> None:
    """Raise UsageError for what is no web address, and for one with a password."""
    shown = escape_name(url[:200])
    try:
        parts = urlsplit(url)
        _ = parts.port
        httpx2.URL(url)
    except (ValueError, httpx2.InvalidURL) as error:
        raise UsageError(f"--url: {shown} is no address", "write https://HOST/PATH") from error
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise UsageError(f"--url: {shown} is no address of a server", "write https://HOST/PATH")
    if parts.username or parts.password:
        raise UsageError("--url has a name or password in it", "give it to the server another way")


@dataclass(frozen=True, slots=True)
class TypedAddress(CheckedBackend):
    """Connects to what the user named: anybody's address, this machine's, one of an inner network; no cloud's own data.

    Without encryption only this machine is asked.
    """

    is_encrypted: bool
    seconds: float

    def check(self, host: str, port: int, address: Address) -> None:  # noqa: ARG002  as it is asked
        """Raise UsageError for an address that is not asked."""
        shown = escape_name(host)
        if not (is_public(address) or is_own(address) or is_inner(address)):
            raise UsageError(f"--url: {shown} leads to {address}, which is no server's", "name another one")
        if not (self.is_encrypted or is_own(address)):
            raise UsageError(f"--url: {shown} is not encrypted", "write https://, or ask this machine")

    def not_found(self, host: str) -> UsageError:
        """Return what is said of a name without an address."""
        return UsageError(f"--url: there is no host {escape_name(host)}", "check its name")

    def no_socket(self) -> UsageError:
        """Return what is said of a socket of this machine."""
        return UsageError("--url: a socket of this machine is no address", "write https://HOST/PATH")


class Transport(httpx2.AsyncBaseTransport):
    """Carries what the SDK asks. It keeps why it could not, since the SDK goes on without saying so."""

    def __init__(self, backend: CheckedBackend, most: int) -> None:
        self._pool = httpcore2.AsyncConnectionPool(ssl_context=httpx2.create_ssl_context(), network_backend=backend)
        self._most = most
        self._said = 0
        self.trouble: LoopflowError | None = None

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
        except LoopflowError as error:
            self.trouble = error
            raise
        except _NETWORK as error:
            what = f"{escape_name(address.host)} cannot be reached: {escape_name(str(error)[:200]) or 'it went away'}"
            self.trouble = LoopflowError(what, "check the address, and that the server runs")
            raise self.trouble from error
        response = httpx2.Response(
            answer.status, headers=answer.headers, stream=_Body(answer.stream, self), extensions=answer.extensions
        )
        if response.headers.get("content-encoding", "identity") != "identity":  # it would be as large as it likes
            await answer.aclose()
            self.trouble = LoopflowError("the server packs what it says", "let it heed Accept-Encoding: identity")
            raise self.trouble
        if request.method == "POST":
            self.trouble = _explain(response)
        return response

    def count(self, size: int) -> None:
        """Raise LoopflowError where more was said than is taken."""
        self._said += size
        if self._said > self._most:
            self.trouble = LoopflowError(f"the server said more than {self._most:,} bytes", "record fewer tools")
            raise self.trouble

    async def aclose(self) -> None:
        """Close what is open."""
        await self._pool.aclose()


def _explain(response: httpx2.Response) -> LoopflowError | None:
    """Return what the SDK will stumble over."""
    if response.is_redirect:
        place = escape_name(response.headers.get("location", "")[:200])
        return LoopflowError(f"the server redirects to {place}", "name that address, if it is to be trusted")
    if response.is_error:
        what = f"the server answers {response.status_code}"
        return LoopflowError(what, "check the address, and whether it wants a login")
    return None


class _Body(httpx2.AsyncByteStream):
    def __init__(self, stream: Iterable[bytes] | AsyncIterable[bytes], transport: Transport) -> None:
        assert isinstance(stream, AsyncIterable)  # noqa: S101  an asynchronous pool's
        self._stream = stream
        self._transport = transport

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._stream:
            self._transport.count(len(piece))
            yield piece

    async def aclose(self) -> None:
        if hasattr(self._stream, "aclose"):
            await self._stream.aclose()
