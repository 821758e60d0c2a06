"""Token counting: one protocol, two engines that give the same numbers.

tiktoken is the reference; toktok counts the same tokens several times faster and is used whenever it is installed.
Both work offline: toktok carries its vocabularies, tiktoken is given the ones packaged with loopflow, checked against
their digests. Nothing here knows where a text comes from.
"""

import base64
import hashlib
import importlib
import importlib.util
import lzma
import re
import sys
from collections.abc import Callable, Sequence
from functools import cache
from threading import Lock
from types import FunctionType
from typing import TYPE_CHECKING, Protocol

from loopflow.errors import UncountableError, UsageError, VocabularyError

if TYPE_CHECKING:
    import tiktoken

DEFAULT_ENCODING = "o200k_base"

# SHA-256 of each unpacked vocabulary, as tiktoken pins them.
VOCABULARY_DIGESTS = {
    "o200k_base": "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d",
    "cl100k_base": "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7",
}

# What an engine needs, generously: for its vocabulary, for any text, and for each character of one.
_LOADING_BYTES = 130_000_000
_COUNTING_BYTES = 12_000_000
_BYTES_A_CHARACTER = 4

DISTRIBUTIONS = {"toktok": "toktok-rs", "tiktoken": "tiktoken"}

# tiktoken's pattern matcher runs out of its backtracking stack on a longer run of white space that no line break ends,
# panics, and prints a stack trace that nothing can hold back. Such a text is therefore not given to it.
_LONGEST_BLANK_RUN = 999_998
_BLANK_RUN = re.compile(r"[\t\v\f \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+")

# What toktok 0.3 counts otherwise than tiktoken, the reference, which therefore counts such a text in any case. To the
# patterns a long s after an apostrophe may end a contraction, as an "s" does. And the letters, digits and marks that
# are new in Unicode 17, which toktok knows and tiktoken does not (a test tries them all).
_LONG_S_CONTRACTED = "'\u017f"
_NEW_CHARACTERS = (
    *((0x88F, 0x88F), (0xC5C, 0xC5C), (0xCDC, 0xCDC), (0x1ACF, 0x1ADD), (0x1AE0, 0x1AEB), (0xA7CE, 0xA7CF)),
    *((0xA7D2, 0xA7D2), (0xA7D4, 0xA7D4), (0xA7F1, 0xA7F1), (0x10940, 0x10959), (0x10EC5, 0x10EC7), (0x10EFA, 0x10EFB)),
    *((0x11B60, 0x11B67), (0x11DB0, 0x11DDB), (0x11DE0, 0x11DE9), (0x16EA0, 0x16EB8), (0x16EBB, 0x16ED3)),
    *((0x16FF2, 0x16FF6), (0x187F8, 0x187FF), (0x18D09, 0x18D1E), (0x18D80, 0x18DF2), (0x1E6C0, 0x1E6DE)),
    *((0x1E6E0, 0x1E6F5), (0x1E6FE, 0x1E6FF), (0x2B73A, 0x2B73F), (0x2CEA2, 0x2CEAD), (0x323B0, 0x33479)),
)
_ASCII = bytes(range(128))

# What counts depend on besides the vocabulary: how bytes become text. A change to that needs a new number.
_DECODING = "utf8-replace-1"


class TokenCounter(Protocol):
    """Counts tokens. Loading an encoding takes a fraction of a second and waits until the first text."""

    @property
    def id(self) -> str:
        """What a count depends on: encoding, vocabulary, rule of decoding, engine and its version."""
        ...

    @property
    def encoding(self) -> str:
        """The plain name of the encoding, such as "o200k_base"."""
        ...

    @property
    def engine(self) -> str:
        """The name of the library that counts."""
        ...

    def count(self, texts: Sequence[str]) -> list[int]:
        """Return the number of tokens of each text; special tokens' names in it are ordinary text.

        Raises UncountableError when the engine gives up on one of them.
        """
        ...


def choose_engine(preferred: str | None = None) -> str:
    """Return `preferred`, or the faster engine that is installed. Raises UsageError for one that is not there."""
    if preferred is not None and preferred not in DISTRIBUTIONS:
        raise UsageError(f"there is no engine {preferred!r}", f"LOOPFLOW_ENGINE is one of {', '.join(DISTRIBUTIONS)}")
    has_toktok = importlib.util.find_spec("toktok") is not None
    if preferred == "toktok" and not has_toktok:
        raise UsageError(
            "the engine toktok is not installed", "pip install 'loopflow-code-context[fast]', or unset LOOPFLOW_ENGINE"
        )
    return preferred or ("toktok" if has_toktok else "tiktoken")


def create_counter(encoding: str = DEFAULT_ENCODING, engine: str | None = None) -> TokenCounter:
    """Return a counter for `encoding`. Raises UsageError for an unknown encoding or a missing engine."""
    if encoding not in VOCABULARY_DIGESTS:
        raise UsageError(f"unknown encoding: {encoding!r}", f"known are {', '.join(VOCABULARY_DIGESTS)}")
    return ToktokCounter(encoding) if choose_engine(engine) == "toktok" else TiktokenCounter(encoding)


class ToktokCounter:
    """Counts with toktok, on the calling thread; it releases the interpreter's lock while it counts."""

    engine = "toktok"

    def __init__(self, encoding: str) -> None:
        self.encoding = encoding
        self._reference = TiktokenCounter(encoding)
        self._is_loaded = False
        self._loading = Lock()

    @property
    def id(self) -> str:
        """What a count depends on."""
        import toktok  # noqa: PLC0415

        return _counter_id(self.encoding, f"toktok-{toktok.__version__}-checked")

    def count(self, texts: Sequence[str]) -> list[int]:
        """Return the number of tokens of each text; see `TokenCounter.count`."""
        import toktok  # noqa: PLC0415

        with self._loading:
            if not self._is_loaded:
                _require_memory(_LOADING_BYTES)
                toktok.batch_count([""], self.encoding, threads=1)
                self._is_loaded = True
        _require_memory(0, texts)
        counts = list(toktok.batch_count(texts, self.encoding, threads=1))
        for place, text in enumerate(texts):
            if needs_reference(text):
                [counts[place]] = self._reference.count([text])
        return counts


class TiktokenCounter:
    """Counts with tiktoken, built from the packaged vocabulary."""

    engine = "tiktoken"

    def __init__(self, encoding: str) -> None:
        self.encoding = encoding
        self._loaded: tiktoken.Encoding | None = None
        self._loading = Lock()

    @property
    def id(self) -> str:
        """What a count depends on."""
        import tiktoken  # noqa: PLC0415

        return _counter_id(self.encoding, f"tiktoken-{tiktoken.__version__}")

    def count(self, texts: Sequence[str]) -> list[int]:
        """Return the number of tokens of each text; see `TokenCounter.count`."""
        encoding = self._load()
        _require_memory(0, texts)
        return [_count_with(encoding, text) for text in texts]

    def _load(self) -> "tiktoken.Encoding":
        with self._loading:
            if self._loaded is None:
                _require_memory(_LOADING_BYTES)
                self._loaded = _build_encoding(self.encoding)
            return self._loaded


def needs_reference(text: str) -> bool:
    """Whether tiktoken counts `text` even where toktok counts all others."""
    if text.isascii():
        return False
    rest = text.encode().translate(None, _ASCII).decode()  # mostly next to nothing, and what follows is slower
    return _LONG_S_CONTRACTED in text or not _new_characters().isdisjoint(rest)


@cache
def _new_characters() -> frozenset[str]:
    return frozenset(chr(code) for first, last in _NEW_CHARACTERS for code in range(first, last + 1))


def encoding_id(encoding: str) -> str:
    """Return what a count depends on whatever the engine: encoding, vocabulary and rule of decoding."""
    return f"{encoding}:{VOCABULARY_DIGESTS[encoding]}:{_DECODING}"


def _counter_id(encoding: str, engine: str) -> str:
    return f"{encoding_id(encoding)}:{engine}"


def _require_memory(size: int, texts: Sequence[str] = ()) -> None:
    """Raise MemoryError unless `size` bytes, and what counting `texts` takes, can be had.

    An engine that asks in vain ends the whole process, so that nobody could say what happened.
    """
    import mmap  # noqa: PLC0415

    needed = size + _COUNTING_BYTES + _BYTES_A_CHARACTER * sum(map(len, texts))
    try:  # nothing is touched, so that this costs some microseconds
        if sys.platform == "win32":
            mmap.mmap(-1, needed).close()
        else:  # limits on a process's own data do not see what could be shared
            mmap.mmap(-1, needed, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS).close()
    except OSError as error:
        raise MemoryError from error


def _count_with(encoding: "tiktoken.Encoding", text: str) -> int:
    if len(text) > _LONGEST_BLANK_RUN and _has_too_long_a_blank_run(text):
        raise UncountableError(f"more than {_LONGEST_BLANK_RUN:,} blanks in a row, which tiktoken cannot count")
    try:
        return len(encoding.encode_ordinary(text))
    except BaseException as error:
        # A panic in tiktoken's core is a BaseException that cannot be imported by name.
        if type(error).__name__ != "PanicException":
            raise
        raise UncountableError("tiktoken cannot count it") from error


def _has_too_long_a_blank_run(text: str) -> bool:
    return any(
        run.end() - run.start() > _LONGEST_BLANK_RUN and text[run.end() : run.end() + 1] not in {"\n", "\r"}
        for run in _BLANK_RUN.finditer(text)
    )


def _build_encoding(name: str) -> "tiktoken.Encoding":
    import tiktoken  # noqa: PLC0415
    from tiktoken_ext import openai_public  # noqa: PLC0415

    # tiktoken's own definition of the encoding, with one name in it bound anew: the function that would download the
    # vocabulary. A copy with other globals leaves tiktoken itself as it is.
    define: Callable[[], dict[str, object]] = openai_public.ENCODING_CONSTRUCTORS[name]
    assert isinstance(define, FunctionType)  # noqa: S101
    ranks = _load_ranks(name)
    bound = FunctionType(define.__code__, define.__globals__ | {"load_tiktoken_bpe": lambda *_, **__: ranks})
    return tiktoken.Encoding(**bound())


def _load_ranks(name: str) -> dict[bytes, int]:
    lines = _unpack_vocabulary(name).split(b"\n")
    return {base64.b64decode(token): int(rank) for token, _, rank in (line.partition(b" ") for line in lines if line)}


def _unpack_vocabulary(name: str) -> bytes:
    from importlib.resources import files  # noqa: PLC0415  0.02 s that only tiktoken needs

    packed = files("loopflow") / "vocab" / f"{name}.tiktoken.xz"
    expected = VOCABULARY_DIGESTS[name]
    hint = "install loopflow-code-context again"
    try:
        data = lzma.decompress(packed.read_bytes())
    except (OSError, lzma.LZMAError) as error:
        what = f"the packaged vocabulary {name}, SHA-256 {expected},"
        raise VocabularyError(f"{what} cannot be read: {error}", hint) from error
    found = hashlib.sha256(data).hexdigest()
    if found != expected:
        raise VocabularyError(f"the packaged vocabulary {name} is damaged: SHA-256 {found}, not {expected}", hint)
    return data
