"""The one place that chooses what counts, by the amount of text. It makes no difference to any number.

The table is there at once, so it counts first. Once what was counted, or is expected, passes an amount at which
another engine's speed pays for its start, that one loads on a thread, and takes over when it is ready: nobody waits
for it. Only a text that would take the table long waits for the other engine, and one that the gate holds for
tiktoken.
"""

import importlib.util
import sys
from collections.abc import Sequence
from contextlib import suppress
from threading import Lock, Thread
from typing import TYPE_CHECKING, Protocol

from loopflow.errors import UsageError
from loopflow.tokens.encodings import DEFAULT_ENCODING, VOCABULARY_DIGESTS, counts_id
from loopflow.tokens.gate import Gate
from loopflow.tokens.protocol import TokenCounter
from loopflow.tokens.table_file import build_table, read_table
from loopflow.tokens.versions import Versions, installed
from loopflow.tokens.with_tiktoken import Tiktoken
from loopflow.tokens.with_toktok import Toktok

if TYPE_CHECKING:
    from loopflow.tokens.with_table import Table

ENGINES = ("table", "toktok", "tiktoken")

DISTRIBUTIONS = {"toktok": "toktok-rs", "tiktoken": "tiktoken"}
"""What installs the engines that are not our own."""

LARGE_CHARACTERS = 1_000_000
"""From how much text on another engine loads. The table counts so much code in half the time that this takes."""

ALL_CHARACTERS = 3_000_000
"""How much text the table counts alone where that is said to be all: in the time that another engine takes to load."""

LARGE_MERGED_BYTES = 150_000
"""How much the table may have to merge in all, instead of finding it whole, before another engine does."""


class _LargeEngine(Protocol):
    """Counts fast, once it is loaded."""

    name: str

    @property
    def is_loaded(self) -> bool: ...

    def load(self) -> object: ...

    def count(self, texts: Sequence[str]) -> list[int]: ...


def choose_engines(preferred: str | None = None) -> tuple[str, ...]:
    """Return what counts: `preferred` alone, or the table and the fastest that is installed, by amount.

    Raises UsageError for one that is not there.
    """
    if preferred is not None and preferred not in ENGINES:
        raise UsageError(f"there is no engine {preferred!r}", f"LOOPFLOW_ENGINE is one of {', '.join(ENGINES)}")
    has_toktok = importlib.util.find_spec("toktok") is not None
    if preferred == "toktok" and not has_toktok:
        raise UsageError(
            "the engine toktok is not installed", "pip install 'loopflow-code-context[fast]', or unset LOOPFLOW_ENGINE"
        )
    return (preferred,) if preferred else ("table", "toktok" if has_toktok else "tiktoken")


def create_counter(
    encoding: str = DEFAULT_ENCODING, engine: str | None = None, table_directory: str | None = None
) -> TokenCounter:
    """Return a counter for `encoding`; where the package lies without a table, one may be in `table_directory`.

    Raises UsageError for an unknown encoding or a missing engine.
    """
    require_encoding(encoding)
    engines = choose_engines(engine)
    if engines == ("tiktoken",):
        return ReferenceCounter(encoding)
    reference = Tiktoken(encoding)
    large = Toktok(encoding) if "toktok" in engines else reference
    small = _SmallEngine(encoding, table_directory, is_forced=len(engines) == 1) if "table" in engines else None
    return Counter(encoding, engines, reference, large, small)


def require_encoding(encoding: str) -> None:
    """Raise UsageError for an encoding that is not known."""
    if encoding not in VOCABULARY_DIGESTS:
        raise UsageError(f"unknown encoding: {encoding!r}", f"known are {', '.join(VOCABULARY_DIGESTS)}")


class ReferenceCounter:
    """Counts everything with tiktoken."""

    engine = "tiktoken"

    def __init__(self, encoding: str) -> None:
        self.encoding = encoding
        self.id = counts_id(encoding)
        self._tiktoken = Tiktoken(encoding)
        self._gate = Gate()
        self._versions = Versions()
        self._loading = _Loading(self._tiktoken)

    def expect(self, size: int, *, is_all: bool = False) -> None:  # noqa: ARG002  nothing else counts here
        """Begin to load."""
        self._loading.begin(size > 0)

    def count(self, texts: Sequence[str]) -> list[int]:
        """Return the number of tokens of each text; see `TokenCounter.count`."""
        return self._tiktoken.count(texts)

    def apart(self, text: str) -> str:
        """Return whose answer alone the count of `text` is; see `TokenCounter.apart`."""
        return installed("tiktoken") if self._gate.holds(text) else self._versions.untested("tiktoken")


class Counter:
    """Counts with the table and a large engine, or with one of them, and with tiktoken what only tiktoken may."""

    def __init__(
        self,
        encoding: str,
        engines: tuple[str, ...],
        reference: Tiktoken,
        large: _LargeEngine,
        small: "_SmallEngine | None",
    ) -> None:
        self.encoding = encoding
        self.engine = " and ".join(engines)
        self.id = counts_id(encoding)
        self._gate = Gate()
        self._versions = Versions()
        self._reference = reference
        self._large = large
        self._small = small
        self._loading = _Loading(large)
        self._is_by_amount = len(engines) > 1
        self._counted = 0
        self._most = LARGE_CHARACTERS

    def expect(self, size: int, *, is_all: bool = False) -> None:
        """Begin to load the large engine where `size` more bytes are enough for it; see `TokenCounter.expect`."""
        if self._small is None:
            self._loading.begin(size > 0)
        elif self._is_by_amount:
            if is_all and self._counted + size <= ALL_CHARACTERS:
                self._most = max(self._most, ALL_CHARACTERS)
            self._loading.begin(self._counted + size > self._most)

    def count(self, texts: Sequence[str]) -> list[int]:
        """Return the number of tokens of each text; see `TokenCounter.count`."""
        if self._small is None:
            return self._count_large(texts)
        self.expect(sum(map(len, texts)))
        counts: list[int] = []
        for text in texts:
            if (count := self._count_small(text)) is None:
                if self._is_by_amount:
                    break  # with the large engine in memory, all that is left is for that
                [count] = self._count_large([text])
            counts.append(count)
        return counts + self._count_large(texts[len(counts) :])

    def apart(self, text: str) -> str:
        """Return whose answer alone the count of `text` is; see `TokenCounter.apart`."""
        if self._gate.holds(text):
            return installed("tiktoken")
        if self._large.is_loaded and (name := self._versions.untested(self._large.name)):
            return name
        # Whoever counts a text that is all ASCII needs no `regex`, and one that was not imported counted nothing.
        uses_regex = self._small and not text.isascii() and "regex" in sys.modules
        return self._versions.untested("regex") if uses_regex else ""

    def _count_small(self, text: str) -> int | None:
        """Return the number of tokens of `text`, None where the large engine should count it."""
        assert self._small is not None  # noqa: S101  else all of it was for the large engine
        if self._is_by_amount and (self._large.is_loaded or len(text) > LARGE_CHARACTERS):
            return None
        if self._gate.holds(text):
            return self._reference.count([text])[0]
        self._counted += len(text)  # should two threads do so at once, one may go unnoticed: this is about time alone
        return self._small.count(text)

    def _count_large(self, texts: Sequence[str]) -> list[int]:
        if not texts:
            return []
        counts = self._large.count(texts)
        if self._large is not self._reference:
            for place, text in enumerate(texts):
                if self._gate.holds(text):
                    [counts[place]] = self._reference.count([text])
        return counts


class _SmallEngine:
    """The table, opened for the first text. Without one it counts nothing, unless it is forced: then it makes one."""

    def __init__(self, encoding: str, directory: str | None, *, is_forced: bool) -> None:
        self._encoding = encoding
        self._directory = directory
        self._is_forced = is_forced
        self._opening = Lock()
        self._is_open = False
        self._table: Table | None = None

    def count(self, text: str) -> int | None:
        """Return the number of tokens, None where there is no table, or the text is not for it."""
        from loopflow.tokens.with_table import TooMuchError  # noqa: PLC0415

        with self._opening:
            if not self._is_open:
                self._table = self._open()
                self._is_open = True
        try:
            return self._table.count(text) if self._table else None
        except TooMuchError:
            return None

    def _open(self) -> "Table | None":
        from loopflow.tokens.table import open_table  # noqa: PLC0415
        from loopflow.tokens.with_table import Table  # noqa: PLC0415

        data = read_table(self._encoding, self._directory)
        if data is None and self._is_forced:
            data = build_table(self._encoding)
        if data is None:
            return None
        return Table(self._encoding, open_table(data), float("inf") if self._is_forced else LARGE_MERGED_BYTES)


class _Loading:
    """Loads an engine on a thread, once."""

    def __init__(self, engine: _LargeEngine) -> None:
        self._engine = engine
        self._beginning = Lock()
        self._has_begun = False

    def begin(self, is_wanted: bool) -> None:  # noqa: FBT001  the condition is what each caller has to say
        """Begin to load where `is_wanted`, unless that was done before."""
        if not is_wanted:
            return
        with self._beginning:
            has_begun, self._has_begun = self._has_begun, True
        if not has_begun:
            Thread(target=self._load, daemon=True).start()

    def _load(self) -> None:
        with suppress(Exception):  # whoever counts with it meets the error again, and reports it
            self._engine.load()
