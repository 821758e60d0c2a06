"""Text in, count out: the encodings, the engines, and the choice between them. Knows no git and no repositories.

>>> from loopflow.tokens import count, encode, split
>>> count("Hello, world!")
4
>>> encode("Hello, world!")
[13225, 11, 2375, 0]
>>> split("Hello, world!")
[b'Hello', b',', b' world', b'!']

Whoever counts more than a few texts makes a counter once, with `create_counter`, and gives it many texts at a time.
"""

from typing import TYPE_CHECKING

from loopflow.tokens.encodings import DEFAULT_ENCODING

if TYPE_CHECKING:
    from loopflow.tokens.protocol import TokenCounter
    from loopflow.tokens.with_tiktoken import Tiktoken

__all__ = ["count", "create_counter", "encode", "split"]


def create_counter(
    encoding: str = DEFAULT_ENCODING, engine: str | None = None, table_directory: str | None = None
) -> "TokenCounter":
    """Return a counter for `encoding`; see `loopflow.tokens.choice.create_counter`."""
    from loopflow.tokens import choice  # noqa: PLC0415  importing a module in here loads no engine

    return choice.create_counter(encoding, engine, table_directory)


def count(text: str, encoding: str = DEFAULT_ENCODING) -> int:
    """Return the number of tokens of `text`. Raises UsageError for an unknown encoding, UncountableError."""
    [tokens] = create_counter(encoding).count([text])
    return tokens


def encode(text: str, encoding: str = DEFAULT_ENCODING) -> list[int]:
    """Return the ids of the tokens of `text`, by the reference. Raises as `count` does."""
    return _reference(encoding).encode(text)


def split(text: str, encoding: str = DEFAULT_ENCODING) -> list[bytes]:
    """Return the bytes of each token of `text`; a character can lie across two of them. Raises as `count` does."""
    return _reference(encoding).split(text)


def _reference(encoding: str) -> "Tiktoken":
    from loopflow.tokens.choice import require_encoding  # noqa: PLC0415
    from loopflow.tokens.with_tiktoken import Tiktoken  # noqa: PLC0415

    require_encoding(encoding)
    return Tiktoken(encoding)
