"""What counts tokens, as the rest of the program sees it: which engine it is makes no difference to any number."""

from collections.abc import Sequence
from typing import Protocol


class TokenCounter(Protocol):
    """Counts tokens. Whatever takes time to load waits until the first text; threads may count at once."""

    @property
    def id(self) -> str:
        """What a count depends on: encoding, vocabulary, rule of decoding, and the rules for counts. No engine."""
        ...

    @property
    def encoding(self) -> str:
        """The plain name of the encoding, such as "o200k_base"."""
        ...

    @property
    def engine(self) -> str:
        """The name of what counts."""
        ...

    def expect(self, size: int, *, is_all: bool = False) -> None:
        """Take note that about `size` more bytes are to be counted soon, so that loading may begin.

        Where it `is_all` that is to be counted, loading has to pay for itself.
        """
        ...

    def count(self, texts: Sequence[str]) -> list[int]:
        """Return the number of tokens of each text; special tokens' names in it are ordinary text.

        Raises UncountableError when the engine gives up on one of them.
        """
        ...

    def apart(self, text: str) -> str:
        """Return which engine's answer the count of `text` is, with its version; "" where all give the same.

        Such a count must not be taken for the answer of another engine, or of another version. It is exact after a
        text was counted, and may be "" before, while it is not settled which engine will do it.
        """
        ...
