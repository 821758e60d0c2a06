"""Asking another machine: bounded in time and size, at an address that the guard lets through, with few redirects."""

import asyncio
import re
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple, TypeAlias
from urllib.parse import quote, urljoin, urlsplit, urlunsplit

import httpcore2
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt

from loopflow.analysis.names import escape_name
from loopflow.service.decoding import decode_body, read_body
from loopflow.service.errors import BadReference, ReferenceTrouble, Unreachable, UpstreamStatus
from loopflow.service.guard import Guard

SECONDS: Final = 10.0
ATTEMPTS: Final = 3
MOST_REDIRECTS: Final = 3
_LONGEST_WAIT: Final = 30.0
_AGAIN: Final = frozenset({408, 425, 429, *range(500, 600)})
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_KEEPS_METHOD: Final = frozenset({307, 308})
_HOST: Final = re.compile(r"[a-z0-9._-]+|\[[0-9a-f:.]+\]")
_AGENT: Final = (b"User-Agent", b"loopflow")
_OK, _NOT_MODIFIED = 200, 304


@dataclass(frozen=True, slots=True)
class Asking:
    """What is asked. `own` are headers that go to its origin only."""

    url: str
    method: str = "GET"
    own: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    is_named: bool = False

    @property
    def shown(self) -> str:
        """The address without what may be secret in it."""
        return shown_url(self.url)


Sleep: TypeAlias = Callable[[float], Awaitable[None]]


class Fetched(NamedTuple):
    """What was answered; without a text where it is what it was."""

    text: str | None
    bytes: int = 0
    lossy: bool = False
    etag: str = ""
    last_modified: str = ""


class _Again(UpstreamStatus):
    """A status that may pass, and how long to wait at least."""

    retryable = True
    wait = 0.0


def read_url(url: str) -> str:
    """Return an address as it is asked: without fragment, in ASCII. Raises BadReference."""
    try:
        parts = urlsplit(url.strip())
        host = (parts.hostname or "").encode("idna").decode() if parts.hostname else ""
        host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else host
        port = f":{parts.port}" if parts.port is not None else ""
        has_user = "@" in parts.netloc
    except (ValueError, UnicodeError) as error:
        raise BadReference("that is no address", "write https://host/path") from error
    if parts.scheme not in {"http", "https"} or not _HOST.fullmatch(host.lower()) or has_user:
        raise BadReference("that is no address that can be asked", "write https://host/path, without a user")
    path, query = (quote(part, safe="/%:@!$&'()*+,;=~-._?") for part in (parts.path or "/", parts.query))
    return urlunsplit((parts.scheme, host.lower() + port, path, query, ""))


def canonical_url(url: str) -> str:
    """Return what an address is known by: its parameters are in the order of their names."""
    parts = urlsplit(url)
    query = "&".join(sorted(parts.query.split("&"), key=lambda each: each.partition("=")[0]))
    return urlunsplit((parts.scheme, parts.netloc, parts.path, query, ""))


def shown_url(url: str) -> str:
    """Return an address without user, query and fragment, which may be secret."""
    parts = urlsplit(url)
    return escape_name(urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", "")))


class Fetcher:
    """Asks, again where that may help. Connections are kept; nothing of the environment is (no proxy, no .netrc)."""

    def __init__(
        self, guard: Guard, *, tls: ssl.SSLContext | None = None, seconds: float = SECONDS, sleep: Sleep = asyncio.sleep
    ) -> None:
        self._seconds = seconds
        self._guard = guard
        self._tls = tls
        self._sleep = sleep
        self._opened: httpcore2.AsyncConnectionPool | None = None

    async def fetch(self, asking: Asking, validators: Mapping[str, str]) -> Fetched:
        """Return the answer. Raises ReferenceTrouble."""
        retrying = AsyncRetrying(
            stop=stop_after_attempt(ATTEMPTS),
            wait=_wait,
            sleep=self._sleep,
            retry=retry_if_exception(lambda error: isinstance(error, ReferenceTrouble) and error.retryable),
            reraise=True,
        )
        async for attempt in retrying:
            with attempt:
                return await self._attempt(asking, validators)
        raise AssertionError  # tenacity returns or raises

    async def close(self) -> None:
        """Close what is open."""
        if self._opened is not None:
            await self._opened.aclose()

    @property
    def _pool(self) -> httpcore2.AsyncConnectionPool:
        if self._opened is None:
            self._opened = httpcore2.AsyncConnectionPool(
                ssl_context=self._tls, max_connections=16, keepalive_expiry=30, network_backend=self._guard
            )
        return self._opened

    async def _attempt(self, asking: Asking, validators: Mapping[str, str]) -> Fetched:
        try:
            async with asyncio.timeout(self._seconds):  # for all of it: a body that never ends has no longer
                return await self._follow(asking, validators)
        except (TimeoutError, httpcore2.TimeoutException) as error:
            raise Unreachable(f"{asking.shown} does not answer in time", "try again later") from error
        except (httpcore2.NetworkError, httpcore2.ProtocolError) as error:
            raise Unreachable(f"{asking.shown} cannot be reached", "check that it runs") from error
        except httpcore2.UnsupportedProtocol as error:
            raise BadReference(f"{asking.shown} cannot be asked", "write https://host/path") from error

    async def _follow(self, asking: Asking, validators: Mapping[str, str]) -> Fetched:
        for _ in range(MOST_REDIRECTS + 1):
            answer = await self._ask(asking, validators)
            if not isinstance(answer, Asking):
                return answer
            asking = answer
        raise Unreachable(f"{asking.shown} redirects too often", "name where it leads to", retryable=False)

    async def _ask(self, asking: Asking, validators: Mapping[str, str]) -> "Fetched | Asking":
        headers = [_AGENT, (b"Accept-Encoding", b"gzip, deflate"), (b"Accept", b"text/*, application/json, */*;q=0.5")]
        headers += [(name.encode(), value.encode()) for name, value in (*asking.own.items(), *validators.items())]
        if asking.body is not None:
            headers.append((b"Content-Length", str(len(asking.body)).encode()))
        timeout = dict.fromkeys(("connect", "read", "write", "pool"), self._seconds)
        async with self._pool.stream(
            asking.method, asking.url, headers=headers, content=asking.body, extensions={"timeout": timeout}
        ) as response:
            got = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
            if response.status == _NOT_MODIFIED and validators:
                return Fetched(None)
            if response.status in _REDIRECTS and "location" in got:
                return _redirected(asking, response.status, got["location"])
            if response.status != _OK:
                raise _refused(asking, response.status, got)
            body = await read_body(response.aiter_stream(), got, asking.shown)
            text, lossy = decode_body(body, got, asking.shown)
            return Fetched(text, len(body), lossy, got.get("etag", "")[:512], got.get("last-modified", "")[:64])


def _redirected(asking: Asking, status: int, location: str) -> Asking:
    """Return what to ask instead. What is the config's goes to its own origin, and nothing goes from https to http."""
    url = read_url(urljoin(asking.url, location))
    before, after = urlsplit(asking.url), urlsplit(url)
    is_elsewhere = (before.scheme, before.netloc) != (after.scheme, after.netloc)
    if (asking.is_named and is_elsewhere) or (before.scheme, after.scheme) == ("https", "http"):
        what = f"{asking.shown} redirects to another place, {shown_url(url)}"
        raise Unreachable(what, "name that place itself, if it is to be trusted", retryable=False)
    keeps = status in _KEEPS_METHOD or asking.method == "GET"
    return Asking(url, asking.method if keeps else "GET", asking.own, asking.body if keeps else None, asking.is_named)


def _refused(asking: Asking, status: int, headers: Mapping[str, str]) -> UpstreamStatus:
    what, hint = f"{asking.shown} answers {status}", "check what it wants"
    if status not in _AGAIN:
        return UpstreamStatus(what, hint)
    again = _Again(what, "try again later")
    wait = headers.get("retry-after", "")
    again.wait = min(float(wait), _LONGEST_WAIT) if wait.isascii() and wait.isdigit() else 0.0
    return again


def _wait(state: RetryCallState) -> float:
    """Return 1 s after the first attempt, 2 s after the second, and what the other side says if that is longer."""
    error = state.outcome.exception() if state.outcome else None
    return max(2.0 ** (state.attempt_number - 1), error.wait if isinstance(error, _Again) else 0.0)
