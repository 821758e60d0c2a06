"""A context on its way to a terminal: held back until it is known that it is not too much to read there."""

from collections.abc import Callable

from loopflow.errors import UsageError

MOST_ON_A_TERMINAL = 50_000
"""Tokens. What has more scrolls by for minutes, and is seldom what was meant."""

LONGEST_TOKEN = 128
"""Characters of the longest token of any encoding: a text of more than so many for each token has too many tokens."""


class HeldOutput:
    """Keeps what is written until `release`, and raises UsageError once it has too many tokens."""

    def __init__(self, write: Callable[[str], object]) -> None:
        self._write = write
        self._pieces: list[str] = []
        self._characters = 0
        self._tokens = 0

    def write(self, text: str) -> None:
        """Keep a piece. Of a large file, many come before its tokens are known."""
        self._pieces.append(text)
        self._characters += len(text)
        self._judge(self._characters // LONGEST_TOKEN)

    def count(self, tokens: int) -> None:
        """Take note that the file that was just written has so many tokens."""
        self._tokens += tokens
        self._judge(self._tokens)

    def release(self, tokens: int) -> None:
        """Write all of it, which has so many tokens with what stands around the files."""
        self._judge(tokens)
        for piece in self._pieces:
            self._write(piece)

    def _judge(self, tokens: int) -> None:
        if tokens > (most := MOST_ON_A_TERMINAL):
            what = f"this context has more than {most:,} tokens, and standard output is a terminal"
            raise UsageError(what, "write it with -o FILE, copy it with --copy, shorten it with --fit N, or add | less")
