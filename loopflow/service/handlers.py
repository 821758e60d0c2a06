"""The handlers of files and variables. That of APIs is in `api`: it needs more than the core."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from loopflow.io.read.document import LARGE_BYTES
from loopflow.model import Stamp
from loopflow.service.completing import Completions, complete
from loopflow.service.counting import TokenCountingService
from loopflow.service.errors import ReferenceTrouble, ServiceError, StoreUnavailable, VariableUnset
from loopflow.service.files import (
    Large,
    Reading,
    Small,
    digest_of,
    digest_of_files,
    is_skipped_in_directory,
    list_directory,
    stamp_all,
)
from loopflow.service.keeping import FileRow, VariableRow
from loopflow.service.model import CacheLevel, Content
from loopflow.service.places import FileRules, Place, locate
from loopflow.service.references import Asked, gather_at_once
from loopflow.service.streams import whole_text
from loopflow.service.variables import Variables
from loopflow.tokens.protocol import TokenCounter

_AT_ONCE: Final = 32
"""Of files, which share lookups and passes of the engine; on threads, there are only as many as processors."""


class FileHandler:
    """Files below the roots. One whose state is known is not opened; one whose content is known is not counted."""

    def __init__(self, counting: TokenCountingService, rules: FileRules) -> None:
        self._counting = counting
        self._rules = rules

    async def complete(self, prefix: str) -> Completions:
        """Return paths that begin so and may be read."""
        return await self._counting.run(complete, prefix, self._rules)

    async def resolve(self, targets: Sequence[str], asked: Asked) -> list[Content | ServiceError]:
        """Return what each file holds."""
        places = [_locate(target, self._rules) for target in targets]
        known = await self._known([place for place in places if isinstance(place, Place)], asked)

        async def resolve(number: str, asked: Asked) -> Content:
            place = places[int(number)]
            if not isinstance(place, Place):
                raise place
            found = known[place]
            if isinstance(found, Content):
                return found
            if isinstance(found, ReferenceTrouble):
                raise found
            return await (self._directory(place, asked) if found.is_directory else self._read(place, found.row, asked))

        return await gather_at_once(resolve, [str(number) for number in range(len(places))], asked, _AT_ONCE)

    async def _known(
        self, places: Sequence[Place], asked: Asked
    ) -> "dict[Place, Content | ReferenceTrouble | _Unknown]":
        """Return what is known of files without opening them: by their states, with one lookup for all."""
        stamps = dict(zip(places, await self._counting.run(stamp_all, places), strict=True))
        by_name = {(place.root, place.name): stamp for place, stamp in stamps.items()}
        rows: dict[tuple[str, str], FileRow] = {}
        for root in {place.root for place in places}:
            names = [place.name for place, stamp in stamps.items() if place.root == root and isinstance(stamp, tuple)]
            try:
                found = await self._counting.store.find_files(root, names) if names else {}
            except StoreUnavailable:
                found = {}
            rows |= {(root, name): row for name, row in found.items()}
        same = {row.digest for (root, name), row in rows.items() if row.stamp == by_name[root, name]}
        counts = await self._counting.find(same, asked.encodings)
        known: dict[Place, Content | ReferenceTrouble | _Unknown] = {}
        for place, stamp in stamps.items():
            row = rows.get((place.root, place.name))
            if isinstance(stamp, ReferenceTrouble):
                known[place] = stamp
            elif row is not None and row.stamp == stamp and len(counts[row.digest]) == len(asked.encodings):
                tokens = {encoding: counted for encoding, (counted, _) in counts[row.digest].items()}
                level = _lowest([level for _, level in counts[row.digest].values()])
                known[place] = Content(tokens, row.bytes, row.digest, level, row.lossy)
            else:
                known[place] = _Unknown(row, is_directory=stamp is None)
        return known

    async def _read(self, place: Place, row: FileRow | None, asked: Asked) -> Content:
        counters = [self._counting.counter(encoding) for encoding in asked.encodings]
        known: Mapping[str, tuple[int, CacheLevel]] = {}
        if row is not None and row.stamp.size > LARGE_BYTES:  # hashing a large one is worth it where that may do
            known = (await self._counting.find([row.digest], asked.encodings))[row.digest]
        is_known = len(known) == len(asked.encodings)
        read = await self._counting.run(_read, place, self._rules, counters, row if is_known else None)
        is_changed = row is not None and row.digest != read.digest
        if read.stamp is not None:
            size = read.small.bytes if read.small else read.large_bytes
            lossy = read.small.lossy if read.small else read.large_lossy
            self._counting.store.keep(FileRow(place.root, place.name, read.stamp, read.digest, size, lossy))
        if read.small is not None:
            content = await count_content(self._counting, read.small.text, read.small.bytes, asked)
            return replace(content, lossy=read.small.lossy, changed=is_changed)
        if read.tokens is None:  # touched, and the same
            tokens = {encoding: counted for encoding, (counted, _) in known.items()}
            level = _lowest([level for _, level in known.values()])
        else:
            tokens, level = dict(read.tokens), CacheLevel.COMPUTED
            self._counting.keep(read.digest, tokens, read.large_bytes)
        return Content(tokens, read.large_bytes, read.digest, level, read.large_lossy, is_changed)

    async def _directory(self, place: Place, asked: Asked) -> Content:
        files = await self._counting.run(list_directory, place, self._rules)
        known = await self._known(files, asked)
        free = asyncio.Semaphore(8)

        async def one(file: Place) -> Content | None:
            found = known[file]
            if isinstance(found, Content):
                return found
            try:
                if isinstance(found, ReferenceTrouble):
                    raise found
                async with free:
                    return None if found.is_directory else await self._read(file, found.row, asked)
            except ReferenceTrouble as trouble:
                if is_skipped_in_directory(trouble):
                    return None
                raise

        contents = await asyncio.gather(*map(one, files))
        counted = {file.path: content for file, content in zip(files, contents, strict=True) if content is not None}
        return Content(
            {encoding: sum(each.tokens[encoding] for each in counted.values()) for encoding in asked.encodings},
            sum(each.bytes for each in counted.values()),
            digest_of_files({path: each.digest for path, each in counted.items()}),
            _lowest([each.level for each in counted.values()]),
            any(each.lossy for each in counted.values()),
            any(each.changed for each in counted.values()),
        )


class _Unknown(NamedTuple):
    row: FileRow | None
    is_directory: bool


class _Read(NamedTuple):
    """What was read of a file: its text, or for a large one what it counts as (None where that is known)."""

    digest: str
    stamp: Stamp | None
    small: Small | None
    tokens: Mapping[str, int] | None = None
    large_bytes: int = 0
    large_lossy: bool = False


def _read(place: Place, rules: FileRules, counters: Sequence[TokenCounter], known: FileRow | None) -> _Read:
    """Read on this thread. A large file that may be what was `known` is hashed first, and counted if it is not."""
    with Reading(place, rules) as reading:
        if not reading.is_large:
            small = reading.read()
            return _Read(digest_of(small.text), small.stamp, small)
        is_alike = known is not None and known.stamp.size == reading.size
        large: Large = reading.stream([] if is_alike else counters)
    if known is not None and is_alike and large.digest != known.digest:
        return _read(place, rules, counters, None)
    tokens = None if is_alike else large.tokens
    return _Read(large.digest, large.stamp, None, tokens, large.streamed.bytes, large.streamed.lossy)


class VariableHandler:
    """Values by name."""

    def __init__(self, counting: TokenCountingService, variables: Variables) -> None:
        self._counting = counting
        self._variables = variables

    async def resolve(self, targets: Sequence[str], asked: Asked) -> list[Content | ServiceError]:
        """Return what each variable holds. What is in a value stays text."""
        return await gather_at_once(self._resolve, targets, asked)

    async def _resolve(self, name: str, asked: Asked) -> Content:
        try:
            value = whole_text(self._variables.find(name, asked.variables))
        except VariableUnset as unset:
            unset.last_known_tokens = await self._last_known(name, asked)
            raise
        return await count_content(self._counting, value, len(value.encode()), asked)

    async def put(self, name: str, value: str, encoding: str) -> tuple[int, int | None, bool]:
        """Set a variable. Return its tokens, those that it had if it has others now, and whether it changed."""
        value = whole_text(value)
        row, digest = await self._row(name), digest_of(value)
        before = self._variables.put.get(name)
        self._variables.set(name, value)
        tokens = (await self._counting.count(value, encoding)).tokens
        is_changed = (digest_of(before) if before is not None else row.digest if row else "") != digest
        if not is_changed:
            return tokens, None, False
        self._counting.store.keep(VariableRow(name, digest))
        previous = (await self._counting.count(before, encoding)).tokens if before is not None else None
        if previous is None and row is not None:
            previous = await self._tokens_of(row, encoding)
        return tokens, previous, True

    async def _last_known(self, name: str, asked: Asked) -> int | None:
        row = await self._row(name)
        return None if row is None else await self._tokens_of(row, asked.encodings[0])

    async def _tokens_of(self, row: VariableRow, encoding: str) -> int | None:
        found = (await self._counting.find([row.digest], [encoding]))[row.digest]
        return found[encoding][0] if found else None

    async def _row(self, name: str) -> VariableRow | None:
        try:
            return await self._counting.store.find_variable(name)
        except StoreUnavailable:
            return None


async def count_content(counting: TokenCountingService, text: str, size: int, asked: Asked) -> Content:
    """Count a text in each encoding that was asked for. Raises UncountableText."""
    counts = [await counting.count(text, encoding) for encoding in asked.encodings]
    tokens = {count.encoding: count.tokens for count in counts}
    return Content(tokens, size, digest_of(text), _lowest([count.level for count in counts]))


def _locate(target: str, rules: FileRules) -> Place | ReferenceTrouble:
    try:
        return locate(target, rules)
    except ReferenceTrouble as trouble:
        return trouble


_LEVELS = (CacheLevel.MEMORY, CacheLevel.DATABASE, CacheLevel.COMPUTED)


def _lowest(levels: Sequence[CacheLevel]) -> CacheLevel:
    """Return the level that took longest."""
    return max(levels, key=_LEVELS.index, default=CacheLevel.COMPUTED)
