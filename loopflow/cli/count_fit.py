"""`loopflow count --fit`: the beginning of a text that has at most so many tokens, in whole characters."""

from typing import NamedTuple

from loopflow.tokens import split
from loopflow.tokens.protocol import TokenCounter
from loopflow.tokens.safe_cuts import last_cut

_PIECE = 250_000


class Kept(NamedTuple):
    """What is left of a text, and what it costs."""

    text: str
    tokens: int


def cut(text: str, fit: int, encoding: str, counter: TokenCounter) -> Kept:
    """Return the longest beginning of `text` by whole tokens that has at most `fit`. Raises UncountableError."""
    done = tokens = 0
    while done < len(text):
        piece = _next_piece(text, done)
        [counted] = counter.count([piece])
        if tokens + counted > fit:
            kept = _cut_piece(piece, fit - tokens, encoding, counter)
            return Kept(text[: done + len(kept.text)], tokens + kept.tokens)
        done, tokens = done + len(piece), tokens + counted
    return Kept(text, tokens)


def _next_piece(text: str, start: int) -> str:
    """Return text up to a place where counts add up."""
    end = start + _PIECE
    while end < len(text):
        place = last_cut("", text[start:end])
        if place:
            return text[start : start + place]
        end += _PIECE
    return text[start:]


def _cut_piece(piece: str, fit: int, encoding: str, counter: TokenCounter) -> Kept:
    """Cut after a token. What is left is counted again: without what follows, a text may split in another way."""
    tokens = split(piece, encoding)
    most = min(fit, len(tokens))
    while most > 0:
        text = b"".join(tokens[:most]).decode("utf-8", "ignore")  # a character may lie across two tokens
        [counted] = counter.count([text])
        if counted <= fit:
            return Kept(text, counted)
        most -= counted - fit
    return Kept("", 0)
