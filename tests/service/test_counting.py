"""`TokenCountingService`: what tiktoken counts, from memory, database or engine; once for who asks at once."""

import asyncio
import logging
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopflow.errors import UncountableError
from loopflow.service.background import PIECE_CHARACTERS, count_large, count_many
from loopflow.service.counting import TokenCountingService
from loopflow.service.errors import StoreUnavailable, UncountableText, UnknownEncoding
from loopflow.service.keeping import NoStore, Removal
from loopflow.service.memory import MemoryCache
from loopflow.service.model import Count
from loopflow.tokens import count
from loopflow.tokens.encodings import VOCABULARY_DIGESTS
from tests.service.conftest import run
from tests.support.oracle import count_text

TEXTS = st.lists(st.text(max_size=30), max_size=8)


@settings(max_examples=25)
@given(TEXTS, st.sampled_from(list(VOCABULARY_DIGESTS)))
def test_counts_are_those_of_tiktoken(texts: list[str], encoding: str) -> None:
    """In both encodings, at once and again."""

    async def call() -> list[Any]:
        service = TokenCountingService()
        try:
            return [await service.count_many(texts, encoding) for _ in range(2)]
        finally:
            service.close()

    first, again = run(call)
    assert [each.tokens for each in first] == [count_text(text, encoding) for text in texts]
    assert [each[:4] for each in first] == [each[:4] for each in again]
    assert [(each.characters, each.bytes) for each in first] == [(len(text), len(text.encode())) for text in texts]


def test_the_default_is_cl100k_base() -> None:
    """Unless told otherwise; the other one is known apart."""

    async def call() -> None:
        service = TokenCountingService()
        text = "\u0442\u0435\u0441\u0442 hello"
        for encoding in (None, "o200k_base", None):
            found = await service.count(text, encoding)
            assert (found.encoding, found.tokens) == (encoding or "cl100k_base", count(text, encoding or "cl100k_base"))
        with pytest.raises(UnknownEncoding):
            await service.count("x", "gpt2")

    run(call)


@pytest.mark.parametrize("text", ["\ud800", "a\udfff b", "\ud83d\ude00", "x\udcff"])
def test_half_a_character_is_what_tiktoken_makes_of_it(text: str) -> None:
    """Two halves are one; keys and counts agree."""

    async def call() -> tuple[Count, Count]:
        service = TokenCountingService()
        return await service.count(text), await service.count(
            text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        )

    first, second = run(call)
    assert first.tokens == count_text(text, "cl100k_base")
    assert second.level == "memory"


class Recording(NoStore):
    """A store that remembers what it was asked for."""

    def __init__(self, failing: bool = False) -> None:  # noqa: FBT001, FBT002
        self.asked: list[list[str]] = []
        self.failing = failing

    async def find_counts(self, digests: Collection[str], ids: Collection[str]) -> Mapping[tuple[str, str], int]:  # noqa: ARG002
        """Remember."""
        self.asked.append(sorted(digests))
        await asyncio.sleep(0)
        if self.failing:
            raise StoreUnavailable("down")
        return {}


def test_what_comes_at_once_is_looked_up_at_once_and_counted_once() -> None:
    """One lookup for many texts; the same text twice in flight is one."""

    async def call() -> None:
        store = Recording()
        service = TokenCountingService(store)
        sizes: list[int] = []
        service.on_batch = sizes.append
        texts = [f"text {number % 10}" for number in range(200)]
        counts = await asyncio.gather(*(service.count(text) for text in texts))
        assert [each.tokens for each in counts] == [count(text, "cl100k_base") for text in texts]
        assert (len(store.asked), [len(each) for each in store.asked], sizes) == (1, [10], [10])
        assert service.figures().hits == {"computed": 10}
        assert (await service.count("text 3")).level == "memory"

    run(call)


def test_a_store_that_fails_changes_no_count() -> None:
    """It is counted instead."""

    async def call() -> Count:
        return await TokenCountingService(Recording(failing=True)).count("hello world")

    assert run(call).tokens == 2


def test_who_goes_ends_nothing_for_who_stays() -> None:
    """A shared computation is cancelled only when the last one who waits is gone; then it is not done at all."""

    async def call() -> None:
        service = TokenCountingService(Recording())
        first, second = (asyncio.create_task(service.count("shared")) for _ in range(2))
        lonely = asyncio.create_task(service.count("lonely"))
        await asyncio.sleep(0)
        first.cancel()
        lonely.cancel()
        assert (await second).tokens == count("shared", "cl100k_base")
        await asyncio.sleep(0.05)
        assert service.figures().entries == 1
        assert (await service.count("lonely")).tokens == count("lonely", "cl100k_base")

    run(call)


class Refusing:
    """Counts nothing that has an x."""

    id, encoding, engine = "refusing", "cl100k_base", "refusing"

    def expect(self, size: int, *, is_all: bool = False) -> None:
        """Load nothing."""

    def count(self, texts: Sequence[str]) -> list[int]:
        """Give up on an x."""
        if any("x" in text for text in texts):
            raise UncountableError("an x")
        return [len(text) for text in texts]

    def apart(self, text: str) -> str:
        """Be like all."""
        return "one version" if "?" in text else ""


def test_what_cannot_be_counted_stops_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """In one batch, each has its own answer; and what one version of an engine says is not written."""
    monkeypatch.setattr("loopflow.service.counting.create_counter", lambda *_: Refusing())
    kept: list[Any] = []

    async def call() -> None:
        store = Recording()
        monkeypatch.setattr(store, "keep", kept.append)
        service = TokenCountingService(store)
        good, bad, apart = await service.count_many(["aa", "axa", "a?"])
        assert isinstance(good, Count)
        assert isinstance(bad, UncountableText)
        assert isinstance(apart, Count)
        found = await count_many(service, ["b", "x"], "cl100k_base")
        assert found[0] == 1
        assert isinstance(found[1], UncountableText)

    run(call)
    assert [row.tokens for row in kept] == [2, 1]


def test_memory_is_bounded() -> None:
    """The least recently used goes first."""
    memory = MemoryCache(2)
    keys = [(bytes([number]), "e") for number in range(3)]
    memory.put(keys[0], 0)
    memory.put(keys[1], 1)
    assert memory.get(keys[0]) == 0
    memory.put(keys[2], 2)
    assert [memory.get(key) for key in keys] == [0, None, 2]
    assert memory.figures()[::2] == (2, 1)
    assert memory.remove(lambda key: key == keys[0]) == 1


def test_what_is_forgotten_is_counted_again() -> None:
    """By text, by encoding, everything."""

    async def call() -> None:
        service = TokenCountingService()
        for removal, left in (
            (Removal(encoding="o200k_base"), ["computed", "memory"]),
            (Removal(everything=True), ["computed", "computed"]),
            (Removal(digest="0" * 64), ["memory", "memory"]),
        ):
            for encoding in ("o200k_base", "cl100k_base"):
                await service.count("text", encoding)
            await service.invalidate(removal)
            assert [(await service.count("text", each)).level for each in ("o200k_base", "cl100k_base")] == left

    run(call)


def test_hits_and_misses_are_logged_without_the_text(caplog: pytest.LogCaptureFixture) -> None:
    """The first digits of its digest."""

    async def call() -> None:
        service = TokenCountingService()
        with caplog.at_level(logging.DEBUG, "loopflow.service"):
            await service.count("geheim")
            await service.count("geheim")

    run(call)
    assert [record.message.split(":")[0] for record in caplog.records] == [
        "miss in memory",
        "miss in database",
        "hit in memory",
    ]
    assert "geheim" not in caplog.text


def test_a_large_text_is_counted_in_pieces() -> None:
    """They add up, whether or not there is a place to cut; progress goes to 100."""
    texts = ["".join(f"line {n}\n" for n in range(90_000)), "word " * 120_000, "x\n" * 200_000 + "y" * 600_000]

    async def call() -> None:
        service = TokenCountingService(encoding="o200k_base")
        for text in texts:
            assert len(text) > 2 * PIECE_CHARACTERS
            told: list[int] = []
            assert await count_large(service, text, "o200k_base", told.append) == count(text)
            assert told[-1] == 100
            assert told == sorted(told)
            assert (await service.count(text)).level == "memory"

    run(call)
