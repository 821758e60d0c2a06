"""The engine tiktoken: the reference, built from the packaged vocabulary, so that nothing is ever downloaded."""

import re
from collections.abc import Callable, Sequence
from threading import Lock
from types import FunctionType
from typing import TYPE_CHECKING

from loopflow.errors import UncountableError
from loopflow.tokens.memory import LOADING_BYTES, require_memory

if TYPE_CHECKING:
    import tiktoken

# tiktoken's pattern matcher runs out of its backtracking stack on a longer run of white space that no line break ends,
# panics, and prints a stack trace that nothing can hold back. Such a text is therefore not given to it.
LONGEST_BLANK_RUN = 999_998
_BLANK_RUN = r"[\t\v\f \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+"


class Tiktoken:
    """Counts on the calling thread."""

    name = "tiktoken"

    def __init__(self, encoding: str) -> None:
        self._encoding = encoding
        self._loaded: tiktoken.Encoding | None = None
        self._loading = Lock()

    @property
    def is_loaded(self) -> bool:
        """Whether the vocabulary is in memory."""
        return self._loaded is not None

    def load(self) -> "tiktoken.Encoding":
        """Bring the vocabulary into memory, once. Raises MemoryError, or VocabularyError where it is not in order."""
        with self._loading:
            if self._loaded is None:
                require_memory(LOADING_BYTES)
                self._loaded = _build_encoding(self._encoding)
            return self._loaded

    def count(self, texts: Sequence[str]) -> list[int]:
        """Return the number of tokens of each text. Raises UncountableError for one that tiktoken gives up on."""
        encoding = self.load()
        require_memory(0, texts)
        return [len(_encode(encoding, text)) for text in texts]

    def encode(self, text: str) -> list[int]:
        """Return the ids of the tokens of `text`. Raises UncountableError as `count` does."""
        encoding = self.load()
        require_memory(0, [text])
        return _encode(encoding, text)

    def split(self, text: str) -> list[bytes]:
        """Return the bytes of each token of `text`. Raises UncountableError as `count` does."""
        ids = self.encode(text)
        return self.load().decode_tokens_bytes(ids)


def _encode(encoding: "tiktoken.Encoding", text: str) -> list[int]:
    if len(text) > LONGEST_BLANK_RUN and _has_too_long_a_blank_run(text):
        raise UncountableError(f"more than {LONGEST_BLANK_RUN:,} blanks in a row, which tiktoken cannot count")
    try:
        return encoding.encode_ordinary(text)
    except BaseException as error:
        # A panic in tiktoken's core is a BaseException that cannot be imported by name.
        if type(error).__name__ != "PanicException":
            raise
        raise UncountableError("tiktoken cannot count it") from error


def _has_too_long_a_blank_run(text: str) -> bool:
    return any(
        run.end() - run.start() > LONGEST_BLANK_RUN and text[run.end() : run.end() + 1] not in {"\n", "\r"}
        for run in re.finditer(_BLANK_RUN, text)
    )


def _build_encoding(name: str) -> "tiktoken.Encoding":
    import tiktoken  # noqa: PLC0415
    from tiktoken_ext import openai_public  # noqa: PLC0415

    from loopflow.tokens.vocabulary import load_ranks  # noqa: PLC0415

    # tiktoken's own definition of the encoding, with one name in it bound anew: the function that would download the
    # vocabulary. A copy with other globals leaves tiktoken itself as it is.
    define: Callable[[], dict[str, object]] = openai_public.ENCODING_CONSTRUCTORS[name]
    assert isinstance(define, FunctionType)  # noqa: S101
    ranks = load_ranks(name)
    bound = FunctionType(define.__code__, define.__globals__ | {"load_tiktoken_bpe": lambda *_, **__: ranks})
    return tiktoken.Encoding(**bound())
