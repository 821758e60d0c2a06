"""Tokens of what is printed, in pieces that are counted once.

A text may be cut after a line end before what is neither white space nor `/`: the counts of such pieces add up
(docs/decisions/0008-streaming.md). So do they before a line that is indented, and not empty: no token of white space
goes on after a line end where a word follows. Code is cut before each statement, each method and each fence.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from loopflow.function.contexts import Rendered
from loopflow.function.extract import Extracted
from loopflow.function.model import CodeString, CodeStringsMarkdown
from loopflow.tokens.protocol import TokenCounter

READ_ONLY_HEADING: Final = "Read only:\n\n"
_UNSAFE: Final = -1
_BEGINS: Final = re.compile(r"[ \t]+[^\s/\x1c-\x1f]|[^\s/]")


def write(writable: CodeStringsMarkdown, readable: CodeStringsMarkdown) -> str:
    """Return both contexts as they are printed."""
    rest = readable.markdown
    return writable.markdown + (f"\n{READ_ONLY_HEADING}{rest}" if rest else "")


class Tally:
    """Counts texts, each once."""

    def __init__(self, counter: TokenCounter) -> None:
        self._counter = counter
        self._known: dict[str, int] = {"": 0}
        self._pieces: dict[str, int] = {}
        """What pieces have that begin and end where a text may be cut, `_UNSAFE` for others."""

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

    def count_blocks(self, rendered: Rendered, *, is_last: bool = True) -> int:
        """Return the tokens of its Markdown; an empty line follows each block, the last one if it `is_last` only."""
        blocks = rendered.blocks
        return sum(
            self._count_block(path, made, "" if is_last and number == len(blocks) else "\n")
            for number, (path, made) in enumerate(blocks, 1)
        )

    def count_together(self, one: Rendered, two: Rendered) -> int:
        """Return the tokens of the blocks of both, as one Markdown."""
        self._learn((*one.blocks, *two.blocks))
        return self.count_blocks(one, is_last=not two.blocks) + self.count_blocks(two)

    def count_printed(self, writable: Rendered, readable: Rendered) -> int:
        """Return the tokens of what `write` returns."""
        heading = self.count(READ_ONLY_HEADING) if readable.blocks else 0
        return heading + self.count_together(writable, readable)

    def _count_block(self, path: str, made: Extracted, after: str) -> int:
        counts = list(map(self._count_piece, made.pieces))
        if _UNSAFE in counts:
            head, fence = CodeString(made.code, path).fenced()
            return self.count(head) + self.count(fence + after)
        ticked = "".join(each for each in made.pieces if "```" in each)
        opening, fence = _fences(path, ticked)
        return self.count(opening) + sum(counts) + self.count(fence + after)

    def _learn(self, blocks: Iterable[tuple[str, Extracted]]) -> None:
        """Count what is new in blocks at once: some engines take longer to begin than for what they count."""
        new = dict.fromkeys(piece for _, made in blocks for piece in made.pieces if piece not in self._pieces)
        texts = dict.fromkeys(text for piece in new for text in _spell_out(piece) if text not in self._known)
        if texts:
            self._known.update(zip(texts, self._counter.count(list(texts)), strict=True))

    def _count_piece(self, piece: str) -> int:
        known = self._pieces.get(piece)
        if known is None:
            texts = _spell_out(piece)
            known = sum(map(self.count, texts[:2])) - sum(map(self.count, texts[2:])) if texts else _UNSAFE
            self._pieces[piece] = known
        return known


def _spell_out(piece: str) -> tuple[str, ...]:
    """Return what has the tokens of a piece, nothing for one that cannot be counted by itself.

    An empty line at its end changes no more than what the last line has, so that this is: all without the empty line,
    the last line with it, less the last line without it.
    """
    if not (piece.endswith("\n") and _BEGINS.match(piece)):
        return ()
    at = piece.rfind("\n", 0, -2) + 1
    is_spaced = piece.endswith("\n\n") and _BEGINS.match(piece, at)
    return (piece[:-1], piece[at:], piece[at:-1]) if is_spaced else (piece,)


@lru_cache(1024)
def _fences(path: str, ticked: str) -> tuple[str, str]:
    """Return the lines around the code of a file, of which `ticked` has all that looks like a fence."""
    head, fence = CodeString(ticked, path).fenced()
    return head[: head.index("\n") + 1], fence
