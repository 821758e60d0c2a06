"""The database behind the cache: asked within bounds, written to later, and left alone while it does not answer."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, TypeVar

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from loopflow.errors import LoopflowError
from loopflow.service.database import CONNECT_SECONDS, Database, SchemaError
from loopflow.service.errors import StoreUnavailable
from loopflow.service.keeping import CountRow, FileRow, Removal, ResponseRow, VariableRow

LOOKUP_SECONDS: Final = 0.2
_WRITE_SECONDS: Final = 0.25
_WRITE_ROWS: Final = 500
_MOST_PENDING: Final = 20_000
_FAILURES: Final = 3
_ALONE_SECONDS: Final = 5.0
_CLOSE_SECONDS: Final = 5.0
_TASK_SECONDS: Final = 6.0
_LOG: Final = logging.getLogger("loopflow.service.store")
_T = TypeVar("_T")


class Breaker:
    """Whether the database is asked. After three failures it is not, until asking in the background succeeds."""

    def __init__(self, probe: Callable[[], Awaitable[None]], alone: float = _ALONE_SECONDS) -> None:
        self._probe = probe
        self._alone = alone
        self._failures = 0
        self._probing: asyncio.Task[None] | None = None

    @property
    def is_open(self) -> bool:
        """Whether the database is left alone."""
        return self._probing is not None

    def succeeded(self) -> None:
        """Note that it answered."""
        self._failures = 0

    def failed(self, error: StoreUnavailable, *, at_once: bool = False) -> None:
        """Note that it did not, and say why when it is left alone."""
        self._failures += 1
        if (at_once or self._failures >= _FAILURES) and self._probing is None:
            _LOG.warning("the database does not answer: counting goes on without it%s", _reason(error))
            self._probing = asyncio.create_task(self._ask())

    def close(self) -> None:
        """Ask no more."""
        if self._probing is not None:
            self._probing.cancel()

    async def _ask(self) -> None:
        while True:
            await asyncio.sleep(self._alone)
            try:
                await self._probe()
            except (StoreUnavailable, LoopflowError):
                continue
            _LOG.warning("the database answers again")
            self._failures, self._probing = 0, None
            return


class SqlStore:
    """Keeps what the service knows. Lookups and writes have a thread each: neither waits for the other."""

    def __init__(self, database: Database, *, alone: float = _ALONE_SECONDS) -> None:
        self.database = database
        self._reads = ThreadPoolExecutor(1, "lookup")
        self._writes = ThreadPoolExecutor(1, "write")
        self._tasks = ThreadPoolExecutor(1, "tasks")
        self._breaker = Breaker(self._revive, alone)
        self._waiting: dict[tuple[Any, ...], CountRow | FileRow | ResponseRow | VariableRow] = {}
        self._used: set[tuple[str, str]] = set()
        self._writing: asyncio.Task[None] | None = None
        self._wanted = asyncio.Event()
        self._is_closing = False
        self.lost = 0

    async def open(self) -> None:
        """Create what is not there. A database that does not answer is no reason not to start; a newer one is.

        Raises SchemaError.
        """
        try:
            await self._on(self._writes, 3 * CONNECT_SECONDS, self.database.create)
        except SchemaError:
            raise
        except StoreUnavailable as error:
            self._breaker.failed(error, at_once=True)

    @property
    def state(self) -> str:
        """How it is: up or down."""
        return "down" if self._breaker.is_open else "up"

    @property
    def pending(self) -> int:
        """How many rows wait to be written."""
        return len(self._waiting)

    async def find_counts(self, digests: Collection[str], ids: Collection[str]) -> Mapping[tuple[str, str], int]:
        """Return tokens by digest and encoding's id. Raises StoreUnavailable."""
        found, stale = await self._look_up(self.database.find_counts, digests, ids)
        if stale:
            self._used.update(stale)
            self._schedule()
        return found

    async def find_files(self, root: str, names: Collection[str]) -> Mapping[str, FileRow]:
        """Return what is known of files. Raises StoreUnavailable."""
        return await self._look_up(self.database.find_files, root, names)

    async def find_response(self, key: str) -> ResponseRow | None:
        """Return what was fetched last. Raises StoreUnavailable."""
        waiting = self._waiting.get(("response", key))
        return waiting if isinstance(waiting, ResponseRow) else await self._look_up(self.database.find_response, key)

    async def find_variable(self, name: str) -> VariableRow | None:
        """Return the last digest of a variable. Raises StoreUnavailable."""
        waiting = self._waiting.get(("variable", name))
        return waiting if isinstance(waiting, VariableRow) else await self._look_up(self.database.find_variable, name)

    def keep(self, row: CountRow | FileRow | ResponseRow | VariableRow) -> None:
        """Note what is to be written, a quarter of a second later or with 500 others."""
        if len(self._waiting) >= _MOST_PENDING:
            self.lost += 1
            return
        self._waiting[_key(row)] = row
        self._schedule()

    async def remove(self, removal: Removal) -> int:
        """Forget, what waits to be written included. Raises StoreUnavailable."""
        await self.flush()  # what was noted before is gone with the rest
        return await self.write(self.database.remove, removal)

    async def flush(self) -> None:
        """Write what waits, as far as the database takes it."""
        rows, used = list(self._waiting.values()), frozenset(self._used)
        if not rows and not used:
            return
        self._waiting.clear()
        self._used.clear()
        try:
            await self.write(self.database.write, rows, used)
        except StoreUnavailable:
            for row in rows:  # it may be back soon; what is newer meanwhile stays
                if len(self._waiting) < _MOST_PENDING:
                    self._waiting.setdefault(_key(row), row)
                else:
                    self.lost += 1

    async def write(self, function: Callable[..., _T], *arguments: Any) -> _T:  # noqa: ANN401  any function's
        """Run what writes on the thread of writes, three times where that may help. Raises StoreUnavailable."""
        retrying = AsyncRetrying(
            stop=stop_after_attempt(3),
            wait=wait_random_exponential(multiplier=0.05, max=0.1),
            retry=retry_if_exception_type(StoreUnavailable),
            reraise=True,
        )
        async for attempt in retrying:
            with attempt:
                if self._breaker.is_open:
                    raise _unavailable()
                return await self._guarded(self._writes, None, function, *arguments)
        raise AssertionError  # tenacity returns or raises

    async def on_tasks(self, function: Callable[..., _T], *arguments: Any) -> _T:  # noqa: ANN401  any function's
        """Run what is about tasks on their thread. Raises StoreUnavailable."""
        if self._breaker.is_open:
            raise _unavailable()
        return await self._guarded(self._tasks, _TASK_SECONDS, function, *arguments)

    async def close(self) -> None:
        """Write what waits, and close."""
        self._is_closing = True
        if self._writing is not None and not self._writing.done():
            self._wanted.set()
            await asyncio.wait([self._writing], timeout=_CLOSE_SECONDS)
            self._writing.cancel()
        await self.flush()
        if self._waiting:
            _LOG.warning("%d rows could not be written", len(self._waiting))
        self._breaker.close()
        for threads in (self._reads, self._writes, self._tasks):
            threads.shutdown(wait=False, cancel_futures=True)
        self.database.close()

    async def _look_up(self, function: Callable[..., _T], *arguments: Any) -> _T:  # noqa: ANN401  any function's
        if self._breaker.is_open:
            raise _unavailable()
        return await self._guarded(self._reads, LOOKUP_SECONDS, function, *arguments)

    async def _guarded(
        self,
        threads: ThreadPoolExecutor,
        seconds: float | None,
        function: Callable[..., _T],
        *arguments: Any,  # noqa: ANN401
    ) -> _T:
        try:
            found = await self._on(threads, seconds, function, *arguments)
        except StoreUnavailable as error:
            self._breaker.failed(error)
            raise
        self._breaker.succeeded()
        return found

    async def _on(
        self,
        threads: ThreadPoolExecutor,
        seconds: float | None,
        function: Callable[..., _T],
        *arguments: Any,  # noqa: ANN401
    ) -> _T:
        """Run on a thread of the database. Raises StoreUnavailable where it cannot be reached, or takes too long."""
        try:
            async with asyncio.timeout(seconds):
                return await asyncio.get_running_loop().run_in_executor(threads, function, *arguments)
        except TimeoutError as error:
            raise _unavailable() from error
        except (IntegrityError, DataError):  # what was said to it is wrong, and it is not
            raise
        except (DBAPIError, PoolTimeoutError, OSError) as error:  # without rights or tables it is no use, too
            raise _unavailable() from error

    async def _revive(self) -> None:
        await self._on(self._writes, CONNECT_SECONDS, self.database.create)
        await self._on(self._reads, CONNECT_SECONDS, self.database.ping)

    def _schedule(self) -> None:
        if len(self._waiting) >= _WRITE_ROWS:
            self._wanted.set()
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write_later())

    async def _write_later(self) -> None:
        while (self._waiting or self._used) and not self._is_closing:
            try:
                async with asyncio.timeout(_WRITE_SECONDS):
                    await self._wanted.wait()
            except TimeoutError:
                pass
            self._wanted.clear()
            if self._breaker.is_open:
                continue
            try:
                await self.flush()
            except SQLAlchemyError:  # a bug, or a full disk: what was to be written is lost, no answer is
                _LOG.exception("the database refuses what was to be written")


def _key(row: CountRow | FileRow | ResponseRow | VariableRow) -> tuple[Any, ...]:
    if isinstance(row, CountRow):
        return row.digest, row.encoding_id
    if isinstance(row, FileRow):
        return "file", row.root, row.name
    return ("response", row.key) if isinstance(row, ResponseRow) else ("variable", row.name)


def _reason(error: StoreUnavailable) -> str:
    """Return what the database said, on one line and without the statement, in which a value could be."""
    cause = error.__cause__
    said = str(cause.orig if isinstance(cause, DBAPIError) else cause or "").partition("\n")[0]
    return f" ({said})" if said else ""


def _unavailable() -> StoreUnavailable:
    return StoreUnavailable("the database does not answer", "try again soon")
