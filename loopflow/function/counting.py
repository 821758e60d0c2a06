"""Tokens of what is printed, in pieces that are counted once.

A text may be cut after a line end before what is neither white space nor `/`: the counts of such pieces add up
(docs/decisions/0008-streaming.md). Before a fence, and before `Read only:`, there is always such a place.
"""

from collections.abc import Iterator
from typing import Final

from loopflow.function.model import CodeString, CodeStringsMarkdown
from loopflow.tokens.protocol import TokenCounter

READ_ONLY_HEADING: Final = "Read only:\n\n"


def write(writable: CodeStringsMarkdown, readable: CodeStringsMarkdown) -> str:
    """Return both contexts as they are printed."""
    rest = readable.markdown
    return writable.markdown + (f"\n{READ_ONLY_HEADING}{rest}" if rest else "")


class Tally:
    """Counts texts, each once."""

    def __init__(self, counter: TokenCounter) -> None:
        self._counter = counter
        self._known: dict[str, int] = {"": 0}

    def expect(self, size: int) -> None:
        """Let what counts large amounts load meanwhile: about `size` bytes are to be counted."""
        self._counter.expect(size)

    def count(self, text: str) -> int:
        """Return how many tokens a text has."""
        known = self._known.get(text)
        if known is None:
            [known] = self._counter.count([text])
            self._known[text] = known
        return known

    def count_markdown(self, blocks: CodeStringsMarkdown) -> int:
        """Return the tokens of `blocks.markdown`."""
        return sum(map(self.count, _cut(blocks.code_strings)))

    def count_printed(self, writable: CodeStringsMarkdown, readable: CodeStringsMarkdown) -> int:
        """Return the tokens of what `write` returns."""
        if not readable.code_strings:
            return self.count_markdown(writable)
        first = sum(map(self.count, _cut(writable.code_strings, is_last=False)))
        return first + self.count(READ_ONLY_HEADING) + self.count_markdown(readable)


def _cut(blocks: tuple[CodeString, ...], *, is_last: bool = True) -> Iterator[str]:
    """Yield pieces that together are blocks of Markdown, with an empty line after each but the last."""
    for number, block in enumerate(blocks):
        head, fence = block.fenced()
        yield head
        yield fence if is_last and number == len(blocks) - 1 else f"{fence}\n"
