"""References to what another machine answers. Counts, digests and validators are kept, never bodies."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Final, NamedTuple, TypeAlias

from loopflow.analysis.names import escape_name
from loopflow.service.counting import TokenCountingService
from loopflow.service.errors import (
    ForbiddenReference,
    MissingReference,
    ReferenceTrouble,
    ServiceError,
    StoreUnavailable,
)
from loopflow.service.fetching import Asking, Fetched, Fetcher, canonical_url, read_url, shown_url
from loopflow.service.files import digest_of
from loopflow.service.keeping import ResponseRow
from loopflow.service.model import CacheLevel, Content
from loopflow.service.references import AT_ONCE, Asked, gather_at_once
from loopflow.service.settings import ApiCache, ServiceSettings
from loopflow.service.streams import whole_text
from loopflow.tokens.encodings import VOCABULARY_DIGESTS

DEFAULT_TTL: Final = 300.0
_MOST_KEPT: Final = 1_000
_FROM_ENVIRONMENT: Final = "env:"


class _Fresh(NamedTuple):
    """What was just asked."""

    row: ResponseRow
    is_new: bool
    is_changed: bool


_Flight: TypeAlias = asyncio.Task[_Fresh]


class ApiHandler:
    """Asks once for each key at a time, and not at all while an answer holds."""

    def __init__(
        self, counting: TokenCountingService, fetcher: Fetcher, settings: ServiceSettings, environ: Mapping[str, str]
    ) -> None:
        self._counting = counting
        self._fetcher = fetcher
        self._settings = settings
        self._environ = environ
        self._kept: OrderedDict[str, ResponseRow] = OrderedDict()
        self._flying: dict[tuple[str, tuple[str, ...]], _Flight] = {}
        self._free = asyncio.Semaphore(AT_ONCE)

    async def resolve(self, targets: Sequence[str], asked: Asked) -> list[Content | ServiceError]:
        """Return what each API answers."""
        return await gather_at_once(self._resolve, targets, asked)

    def forget(self, pattern: str | None) -> int:
        """Forget answers by their addresses, `*` being anything; all of them for None."""
        gone = [key for key, row in self._kept.items() if matches(pattern or "*", row.name)]
        for key in gone:
            del self._kept[key]
        return len(gone)

    async def close(self) -> None:
        """Close connections."""
        for task in self._flying.values():
            task.cancel()
        await self._fetcher.close()

    async def _resolve(self, target: str, asked: Asked) -> Content:
        asking = self._read(target)
        key = self._key(asking, target)
        row = await self._row(key)
        if row is not None and row.expires_at > time.time() and not asked.refresh:
            content = await self._known(row, asked)
            if content is not None:
                return content
        fresh = await asyncio.shield(self._fly(key, asking, row, asked))
        content = await self._known(fresh.row, asked)
        if content is None:
            raise ReferenceTrouble(f"{asking.shown} was forgotten meanwhile", "ask again", retryable=True)
        level = CacheLevel.COMPUTED if fresh.is_new else content.level
        return replace(content, level=level, changed=fresh.is_changed)

    def _fly(self, key: str, asking: Asking, row: ResponseRow | None, asked: Asked) -> "_Flight":
        """Return the fetch that is under way, or begin one."""
        known = key, asked.encodings
        task = self._flying.get(known)
        if task is None:
            task = self._flying[known] = asyncio.create_task(self._fetch(key, asking, row, asked))

            def land(task: "_Flight") -> None:
                self._flying.pop(known, None)
                if not task.cancelled():
                    task.exception()  # where all who waited have gone, nobody would look at it

            task.add_done_callback(land)
        return task

    def _read(self, target: str) -> Asking:
        policy = self._settings.api
        if policy == "off":
            raise ForbiddenReference("no API may be asked", 'the config says api = "off"')
        named = self._settings.apis.get(target)
        if named is not None:
            own = {name: self._value(name, value) for name, value in named.headers.items()}
            body = named.body.encode() if named.body is not None else None
            return Asking(read_url(named.url), named.method, own, body, is_named=True)
        if not target.startswith(("http://", "https://")):
            raise MissingReference(
                f"no API is called {escape_name(target)}", "name it in the config, or write https://..."
            )
        if policy != "public":
            raise ForbiddenReference(f"{shown_url(target)} may not be asked", "the config allows those that it names")
        return Asking(read_url(target))

    def _value(self, name: str, value: str) -> str:
        if not value.startswith(_FROM_ENVIRONMENT):
            return value
        found = self._environ.get(value.removeprefix(_FROM_ENVIRONMENT), "")
        if not found or not found.isprintable() or not found.isascii():
            what = f"the environment has no value for the header {name}"
            raise ReferenceTrouble(what, f"set {value.removeprefix(_FROM_ENVIRONMENT)}")
        return found

    def _key(self, asking: Asking, target: str) -> str:
        named = self._settings.apis.get(target)
        parts = [asking.method, canonical_url(asking.url), (asking.body or b"").decode("utf-8", "replace")]
        varying = sorted(named.vary, key=str.lower) if named else ()
        parts += [f"{name.lower()}={sha256(asking.own.get(name, '').encode()).hexdigest()}" for name in varying]
        return sha256("\0".join(parts).encode()).hexdigest()

    async def _row(self, key: str) -> ResponseRow | None:
        row = self._kept.get(key)
        if row is None:
            try:
                row = await self._counting.store.find_response(key)
            except StoreUnavailable:
                return None
            if row is not None:
                self._keep(row)
        return row

    async def _known(self, row: ResponseRow, asked: Asked) -> Content | None:
        """Return what an answer counts as, None if that is not known in each encoding that is asked for."""
        counts = (await self._counting.find([row.digest], asked.encodings))[row.digest]
        if len(counts) < len(asked.encodings):
            return None
        tokens = {encoding: counted for encoding, (counted, _) in counts.items()}
        is_kept = all(level is not CacheLevel.DATABASE for _, level in counts.values())
        level = CacheLevel.MEMORY if is_kept else CacheLevel.DATABASE
        return Content(tokens, row.bytes, row.digest, level, row.lossy, fetched_at=row.fetched_at)

    async def _fetch(self, key: str, asking: Asking, row: ResponseRow | None, asked: Asked) -> "_Fresh":
        async with self._free:
            # Whether it changed is of use only to whoever knows what it was, in the encoding that is wanted.
            is_known = row is not None and await self._known(row, asked) is not None
            fetched = await self._fetcher.fetch(asking, _validators(row) if row is not None and is_known else {})
        now = time.time()
        expires = now + find_ttl(self._settings.api_cache, asking.url)
        if fetched.text is None:
            assert row is not None  # noqa: S101  it was asked whether this changed
            fresh = row._replace(fetched_at=now, expires_at=expires)
        else:
            fresh = await self._count(key, asking, fetched, now, expires)
        self._keep(fresh)
        self._counting.store.keep(fresh)
        is_changed = row is not None and row.digest != fresh.digest
        return _Fresh(fresh, fetched.text is not None, is_changed)

    async def _count(self, key: str, asking: Asking, fetched: Fetched, now: float, expires: float) -> ResponseRow:
        """Count a body in every encoding at once: it is not kept, and another one may be asked for later."""
        text = whole_text(fetched.text or "")
        for encoding in VOCABULARY_DIGESTS:
            await self._counting.count(text, encoding)
        return ResponseRow(
            key, asking.shown, digest_of(text), fetched.bytes, fetched.lossy, fetched.etag, fetched.last_modified,
            now, expires,
        )  # fmt: skip

    def _keep(self, row: ResponseRow) -> None:
        self._kept[row.key] = row
        self._kept.move_to_end(row.key)
        if len(self._kept) > _MOST_KEPT:
            self._kept.popitem(last=False)


def find_ttl(caches: Sequence[ApiCache], url: str) -> float:
    """Return how long an answer holds, in seconds."""
    address = url.partition("?")[0]
    return next((each.ttl for each in caches if matches(each.pattern, address)), DEFAULT_TTL)


def matches(pattern: str, text: str) -> bool:
    """Whether `text` is as `pattern` says, `*` being anything. It takes no longer for many stars."""
    first, *others = pattern.split("*")
    if not others:
        return text == pattern
    *middle, last = others
    if len(text) < len(first) + len(last) or not (text.startswith(first) and text.endswith(last)):
        return False
    at, end = len(first), len(text) - len(last)
    for piece in middle:
        at = text.find(piece, at, end)
        if at < 0:
            return False
        at += len(piece)
    return True


def _validators(row: ResponseRow) -> dict[str, str]:
    found = {"If-None-Match": row.etag, "If-Modified-Since": row.last_modified}
    return {name: value for name, value in found.items() if value}
