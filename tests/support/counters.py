"""Counters of tokens that fail where a test wants it."""

from collections.abc import Sequence

from loopflow.errors import UncountableError
from loopflow.tokens import create_counter


class Refusing:
    """Counts as the usual counter does, but raises `error` for a text with U+E000."""

    id, encoding, engine = "refusing", "o200k_base", "refusing"

    def __init__(self, error: Exception | None = None) -> None:
        self._counter = create_counter()
        self._error = error or UncountableError("it has U+E000")

    def count(self, texts: Sequence[str]) -> list[int]:
        """Return the tokens of each text."""
        if any("\ue000" in text for text in texts):
            raise self._error
        return self._counter.count(texts)

    def expect(self, size: int, *, is_all: bool = False) -> None:
        """Do nothing."""

    def apart(self, text: str) -> str:  # noqa: ARG002  as counters have it
        """Say that all engines agree."""
        return ""
