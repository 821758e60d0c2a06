"""The process: start, signals, and a stop that cuts no request."""

import asyncio
import contextlib
import logging
import os
import signal
import socket
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Self, cast

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from loopflow.analysis.names import escape_name
from loopflow.errors import ExitCode, UsageError, describe_os_error
from loopflow.service.api import ApiHandler
from loopflow.service.auth import Access
from loopflow.service.counting import Engine, TokenCountingService
from loopflow.service.database import Database
from loopflow.service.fetching import Fetcher
from loopflow.service.guard import Guard, read_allowed
from loopflow.service.http import HEADERS_MOST, Edge
from loopflow.service.memory import MemoryCache
from loopflow.service.places import FileRules
from loopflow.service.routes import make_routes
from loopflow.service.services import Services
from loopflow.service.settings import ServiceSettings
from loopflow.service.store import SqlStore

_HEADER_SECONDS: Final = 10.0
_FAREWELL_SECONDS: Final = 0.5
_STOP_SECONDS: Final = 10
_BACKLOG: Final = 2_048
_LARGE: Final = 2_000_000
_LOG: Final = logging.getLogger("loopflow.service.serving")


@dataclass(frozen=True, slots=True)
class Serving:
    """All that holds for a process."""

    settings: ServiceSettings
    database: Database
    encoding: str
    engine: Engine
    rules: FileRules
    access: Access
    environ: Mapping[str, str]
    is_behind_proxy: bool = False


class _Protocol(HttpToolsProtocol):
    """uvicorn's, with bounds on headers: on their bytes, and on the time that they take."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._header_bytes = 0
        self._header_timer: asyncio.TimerHandle | None = None
        self._await_headers()
        super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        before: Any = self.cycle
        super().data_received(data)
        if self.cycle is not before:  # headers came to their end
            self._header_bytes = 0
            self._await_nothing()
        elif not self._is_in_body():
            self._await_headers()  # of the next request, on a connection that is kept
            self._header_bytes += len(data)
            if self._header_bytes > 4 * HEADERS_MOST:
                self._give_up()

    def _await_headers(self) -> None:
        if self._header_timer is None:
            self._header_timer = self.loop.call_later(_HEADER_SECONDS, self._give_up)

    def _await_nothing(self) -> None:
        if self._header_timer is not None:
            self._header_timer.cancel()
            self._header_timer = None

    def _is_in_body(self) -> bool:
        cycle: Any = self.cycle
        return cycle is not None and not cycle.response_complete

    def connection_lost(self, exc: Exception | None) -> None:
        self._await_nothing()
        super().connection_lost(exc)

    def _give_up(self) -> None:
        if not self.transport.is_closing():
            self.transport.close()


class _Server(uvicorn.Server):
    """uvicorn's, with signals that are ours, and an end to listening that turns away nobody who is at the door."""

    async def take_no_more(self, listening: socket.socket) -> None:
        """Stop to listen. Whoever is connected already, as the system sees it, is still answered."""
        for server in self.servers:
            server.close()  # which closes a copy: the socket itself is still there
        loop = asyncio.get_running_loop()
        with contextlib.suppress(BlockingIOError):
            while True:
                connection, _ = listening.accept()
                await loop.connect_accepted_socket(self._make_protocol, connection)
        listening.close()

    def _make_protocol(self) -> asyncio.Protocol:
        return _Protocol(config=self.config, server_state=self.server_state, app_state=self.lifespan.state)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave them."""
        yield


def bind(host: str, port: int) -> socket.socket:
    """Listen. Raises UsageError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host.strip("[]"), port))
        listening.listen(_BACKLOG)
    except (OSError, OverflowError) as error:
        listening.close()
        why = describe_os_error(error) if isinstance(error, OSError) else str(error)
        raise UsageError(
            f"cannot listen at {escape_name(host)}:{port}: {why}", "choose another --port, or 0"
        ) from error
    listening.setblocking(False)  # noqa: FBT003  it takes no name
    return listening


class FileLock:
    """Says that a process works with a database of SQLite: tasks that run there are its own."""

    def __init__(self, path: str | None) -> None:
        """Take it, if there is a file. Raises UsageError where another process has it."""
        self._handle = -1
        if path is not None:
            self._take(path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def _take(self, path: str) -> None:
        import fcntl  # noqa: PLC0415  not on every platform

        try:
            os.makedirs(os.path.dirname(os.path.abspath(path)), mode=0o700, exist_ok=True)
            self._handle = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            pid = os.pread(self._handle, 20, 0).decode("ascii", "replace").strip() or "another"
            os.close(self._handle)
            what = f"the process {escape_name(pid)} serves with this database"
            raise UsageError(what, "stop it, or name another database; PostgreSQL takes several") from error
        except OSError:  # whoever cannot write here serves without a database
            return
        os.ftruncate(self._handle, 0)
        os.pwrite(self._handle, str(os.getpid()).encode(), 0)

    def release(self) -> None:
        """Give it back."""
        if self._handle >= 0:
            os.close(self._handle)


async def serve(serving: Serving, listening: socket.socket, say: Callable[[str], None]) -> ExitCode:
    """Serve until a signal comes. Raises LoopflowError where it cannot begin."""
    services = make_services(serving)
    edge = Edge(make_routes(services), serving.access, serving.settings.bounds, services.metrics)
    services.in_flight = lambda: edge.admission.inside
    await services.store.open()
    await services.worker.start()
    services.counting.counter(serving.encoding).expect(_LARGE)
    config = uvicorn.Config(
        cast("Any", edge),  # its types of messages are narrower
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        http=_Protocol,
        ws="none",
        proxy_headers=serving.is_behind_proxy,
        forwarded_allow_ips=["127.0.0.1", "::1"],
        timeout_graceful_shutdown=_STOP_SECONDS,
        backlog=_BACKLOG,
    )
    server = _Server(config)
    stopping: asyncio.Future[signal.Signals] = asyncio.get_running_loop().create_future()
    for each in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(each, _on_signal, stopping, each)
    running = asyncio.create_task(server.serve(sockets=[listening.dup()]))
    host, port = listening.getsockname()[:2]
    say(f"Listening on http://{f'[{host}]' if ':' in host else host}:{port}")
    both: set[asyncio.Future[Any]] = {stopping, running}
    await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
    services.is_stopping = edge.is_stopping = True
    services.events.close()
    if not running.done():
        await server.take_no_more(listening)
        await asyncio.sleep(_FAREWELL_SECONDS)  # replies say that their connection closes: nobody asks on it again
        server.should_exit = True
    await running
    await services.worker.stop()
    await services.api.close()
    await services.store.close()
    services.counting.close()
    return ExitCode.INTERRUPTED if stopping.done() and stopping.result() is signal.SIGINT else ExitCode.OK


def make_services(serving: Serving) -> Services:
    """Put the service together, for the running event loop."""
    settings = serving.settings
    engine = serving.engine
    store = SqlStore(serving.database)
    counting = TokenCountingService(
        store, encoding=serving.encoding, memory=MemoryCache(settings.memory_entries), engine=engine
    )
    api = ApiHandler(counting, Fetcher(Guard(read_allowed(settings.api_private))), settings, serving.environ)
    return Services(settings, serving.access, counting=counting, store=store, api=api, rules=serving.rules)


def _on_signal(stopping: "asyncio.Future[signal.Signals]", received: signal.Signals) -> None:
    """Stop gently at the first signal, at once at the second."""
    if stopping.done():
        os._exit(ExitCode.INTERRUPTED if received is signal.SIGINT else ExitCode.OK)
    stopping.set_result(received)


def run_serving(serving: Serving, listening: socket.socket, say: Callable[[str], None]) -> ExitCode:
    """Serve in an event loop of its own, the fast one where it is installed."""
    try:
        import uvloop  # noqa: PLC0415  not on every platform
    except ImportError:
        return asyncio.run(serve(serving, listening, say))
    return uvloop.run(serve(serving, listening, say))
