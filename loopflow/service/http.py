"""The edge of the service as an ASGI application: who may ask, how much, how long; and errors into replies.

What a request asks for is found in a table of routes, and done by a function that takes an `Exchange`.
"""

import asyncio
import logging
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final, TypeVar

import msgspec
from starlette.responses import Response

from loopflow.service.auth import Access
from loopflow.service.errors import (
    CountTimeout,
    LongHeaders,
    NoSuchThing,
    ServiceError,
    SlowBody,
    TextTooLarge,
    WrongMedia,
    WrongMethod,
)
from loopflow.service.exchange import Exchange, Reply, Route
from loopflow.service.limits import LARGE, Admission, Reservation
from loopflow.service.metrics import Metrics
from loopflow.service.settings import Bounds
from loopflow.service.wire import Problem

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
_T = TypeVar("_T")

_DRAINED: Final = 1 << 20
HEADERS_MOST: Final = 16_384
_MOST_DIGITS: Final = 18
_LOG: Final = logging.getLogger("loopflow.service.http")
_ENCODER: Final = msgspec.json.Encoder()
_NOT_KEPT: Final = (b"cache-control", b"no-store")
_COMMON: Final = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
]
_WITH_BODY: Final = frozenset({"POST", "PUT"})


class Hangup(Exception):  # noqa: N818
    """Whoever asked has gone."""


@dataclass(slots=True)
class Edge:
    """The application."""

    routes: tuple[Route, ...]
    access: Access
    bounds: Bounds
    metrics: Metrics
    is_stopping: bool = False
    admission: Admission = field(init=False)
    _ids: Any = field(init=False)
    _fixed: dict[str, dict[str, Route]] = field(init=False)
    _open: list[tuple[str, str, dict[str, Route]]] = field(init=False)

    def __post_init__(self) -> None:
        self.admission = Admission(self.bounds)
        start = secrets.token_hex(6)
        self._ids = (f"{start}-{number}".encode() for number in count(1))
        self._fixed, self._open = {}, []
        for route in self.routes:
            prefix, brace, name = route.path.partition("{")
            methods = self._fixed.setdefault(route.path, {})
            methods[route.method] = route
            if brace and not any(prefix == known for known, *_ in self._open):
                self._open.append((prefix, name.rstrip("}"), methods))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1008})
            return
        began = time.perf_counter()
        id_ = next(self._ids)
        label, status = "none", 500
        try:
            route, parameters = self._find(scope["path"], scope["method"])
            label = "page" if route.is_page else route.path
            answer = await self._answer(scope, receive, route, parameters)
            status = answer.status if isinstance(answer, Reply) else answer.status_code
            await self._send(answer, id_, send, scope, receive)
        except Hangup:
            status = 499
        except ServiceError as error:
            status = error.status
            await self._refuse(error, id_, scope, receive, send)
        except Exception:  # noqa: BLE001  a bug ends a request, and no service
            _LOG.exception("request %s failed", id_.decode())
            bug = ServiceError("this is a bug: the log says where", "report it, with the request's id")
            await self._refuse(bug, id_, scope, receive, send)
        finally:
            self.metrics.note_request(label, status, time.perf_counter() - began)

    async def _answer(
        self, scope: Scope, receive: Receive, route: Route, parameters: Mapping[str, str]
    ) -> Reply | Response:
        headers = self._check(scope, route)
        query = scope["query_string"].decode("latin-1")
        if route.is_health or route.is_stream:
            return await route.handler(Exchange(scope["path"], query, headers, b"", parameters))
        with self.admission.reserve(self._declared(headers, route)) as reservation:
            body = await self._read(receive, route, reservation) if scope["method"] in _WITH_BODY else b""
            exchange = Exchange(scope["path"], query, headers, body, parameters)
            try:
                async with asyncio.timeout(self.bounds.seconds), self.admission.enter(len(body)):
                    if len(body) < LARGE >> 4 and route.path.startswith("/v1/count"):
                        return await route.handler(exchange)  # done before anybody could hang up
                    return await _unless_gone(route.handler(exchange), receive)
            except TimeoutError as error:
                raise CountTimeout("it took too long", "send less at once, or a task") from error

    def _find(self, path: str, method: str) -> tuple[Route, Mapping[str, str]]:
        methods = self._fixed.get(path)
        parameters: Mapping[str, str] = {}
        if methods is None or "{" in path:
            for prefix, name, found in self._open:
                if path.startswith(prefix) and "/" not in path[len(prefix) :] and len(path) > len(prefix):
                    methods, parameters = found, {name: path[len(prefix) :]}
                    break
            else:
                raise NoSuchThing("there is nothing at this path", "see /openapi.json")
        route = methods.get("GET" if method == "HEAD" else method)
        if route is None or (route.is_stream and method == "HEAD"):
            wrong = WrongMethod("this path is not asked so", f"use {', '.join(sorted(methods))}")
            wrong.__dict__["allow"] = ", ".join(sorted(methods))
            raise wrong
        return route, parameters

    def _check(self, scope: Scope, route: Route) -> Mapping[bytes, bytes]:
        """Return the headers of a request that may be answered. Raises ServiceError."""
        headers = dict(scope["headers"])
        if sum(len(name) + len(value) + 4 for name, value in scope["headers"]) > HEADERS_MOST:
            raise LongHeaders(f"the headers have more than {HEADERS_MOST:,} bytes", "send fewer")
        host = headers.get(b"host", b"").decode("latin-1")
        if not route.is_health:
            self.access.check_host(host)
        origin = headers.get(b"origin")
        self.access.check_origin(None if origin is None else origin.decode("latin-1"), host)
        if not route.is_open:
            shown = headers.get(b"authorization")
            self.access.check_token(None if shown is None else shown.decode("latin-1"))
        if scope["method"] in _WITH_BODY and route.request is not None:
            media = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
            if media != b"application/json":
                raise WrongMedia("a body is JSON", "send Content-Type: application/json")
        return headers

    def _declared(self, headers: Mapping[bytes, bytes], route: Route) -> int:
        length = headers.get(b"content-length", b"0")
        size = int(length[:_MOST_DIGITS]) if length.isdigit() else 0
        if size > self._most(route):
            raise self._too_large(route)
        return size

    def _most(self, route: Route) -> int:
        return self.bounds.task_body if route.path == "/v1/tasks" else self.bounds.body

    def _too_large(self, route: Route) -> TextTooLarge:
        return TextTooLarge(f"a body here has at most {self._most(route):,} bytes", "send less, or refer to a file")

    async def _read(self, receive: Receive, route: Route, reservation: Reservation) -> bytes:
        message = await self._receive(receive)
        body: bytes = message.get("body", b"")
        if not message.get("more_body", False):
            return self._bounded(body, route, reservation)
        pieces, size = [body], len(body)
        try:
            async with asyncio.timeout(self.bounds.body_seconds):
                while message.get("more_body", False):
                    message = await self._receive(receive)
                    pieces.append(message.get("body", b""))
                    size += len(pieces[-1])
                    if size > self._most(route):
                        raise self._too_large(route)
                    reservation.grow(size)
        except TimeoutError as error:
            raise SlowBody("the body did not come in time", "send it at once") from error
        return b"".join(pieces)

    def _bounded(self, body: bytes, route: Route, reservation: Reservation) -> bytes:
        if len(body) > self._most(route):
            raise self._too_large(route)
        reservation.grow(len(body))
        return body

    async def _receive(self, receive: Receive) -> MutableMapping[str, Any]:
        try:
            async with asyncio.timeout(self.bounds.body_seconds):
                message = await receive()
        except TimeoutError as error:
            raise SlowBody("the body did not come in time", "send it at once") from error
        if message["type"] == "http.disconnect":
            raise Hangup
        return message

    async def _send(self, answer: Reply | Response, id_: bytes, send: Send, scope: Scope, receive: Receive) -> None:
        headers = [*_COMMON, (b"x-request-id", id_)]
        if self.is_stopping:
            headers.append((b"connection", b"close"))
        if isinstance(answer, Response):
            answer.raw_headers += [_NOT_KEPT, *headers]
            await answer(scope, receive, send)
            return
        body = answer.content if isinstance(answer.content, bytes) else _ENCODER.encode(answer.content)
        if all(name != _NOT_KEPT[0] for name, _ in answer.headers):
            headers.append(_NOT_KEPT)
        headers += [(b"content-type", answer.media_type), (b"content-length", str(len(body)).encode()), *answer.headers]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    async def _refuse(self, error: ServiceError, id_: bytes, scope: Scope, receive: Receive, send: Send) -> None:
        problem = as_problem(error)
        headers: list[tuple[bytes, bytes]] = []
        if isinstance(error, WrongMethod):
            headers.append((b"allow", str(error.__dict__["allow"]).encode()))
        if error.status in {429, 503}:
            headers.append((b"retry-after", b"1"))
        if error.status == 401:  # noqa: PLR2004  as HTTP has it
            headers.append((b"www-authenticate", b"Bearer"))
        if error.status in {408, 413, 431}:  # the rest of the body may still come: a little is taken, then it is over
            headers.append((b"connection", b"close"))
            with suppress(TimeoutError):
                async with asyncio.timeout(1):
                    await _drain(receive)
        reply = Reply(problem, error.status, tuple(headers), b"application/problem+json")
        with suppress(OSError):
            await self._send(reply, id_, send, scope, receive)


def as_problem(error: ServiceError) -> Problem:
    """Return what is told of an error."""
    title = error.code.replace("_", " ")
    return Problem("about:blank", title, error.status, error.code, error.message, error.hint, error.retryable)


async def _drain(receive: Receive) -> None:
    size = 0
    while size < _DRAINED:
        message = await receive()
        size += len(message.get("body", b""))
        if message["type"] == "http.disconnect" or not message.get("more_body", False):
            return


async def _unless_gone(work: Awaitable[_T], receive: Receive) -> _T:
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
