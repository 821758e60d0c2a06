"""Counting what nobody waits for now: in pieces, each after the live counts that wait."""

from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Final

from loopflow.errors import UncountableError
from loopflow.service.counting import TokenCountingService, count_all, uncountable
from loopflow.service.errors import ServiceError
from loopflow.service.streams import whole_text
from loopflow.tokens.safe_cuts import last_cut

PIECE_CHARACTERS: Final = 250_000
"""How much is counted at a time: a live count waits no longer than that takes."""


async def count_many(counting: TokenCountingService, texts: Sequence[str], encoding: str) -> list[int | ServiceError]:
    """Return the tokens of texts, with one lookup for all; what cannot be counted has an error."""
    whole = [whole_text(text) for text in texts]
    digests = [sha256(text.encode()).hexdigest() for text in whole]
    known = await counting.find(set(digests), [encoding])
    results: list[int | ServiceError] = [0] * len(texts)
    waiting: list[int] = []

    async def count_waiting() -> None:
        parts = [whole[number] for number in waiting], [digests[number] for number in waiting]
        for number, result in zip(waiting, await _count(counting, encoding, *parts), strict=True):
            results[number] = result
        waiting.clear()

    for number, digest in enumerate(digests):
        if encoding in known[digest]:
            results[number] = known[digest][encoding][0]
            continue
        if waiting and sum(len(whole[each]) for each in (*waiting, number)) > PIECE_CHARACTERS:
            await count_waiting()
        waiting.append(number)
    if waiting:
        await count_waiting()
    return results


async def _count(
    counting: TokenCountingService, encoding: str, texts: Sequence[str], digests: Sequence[str]
) -> list[int | ServiceError]:
    counted = await counting.run_in_background(count_all, counting.counter(encoding), texts)
    results: list[int | ServiceError] = []
    for text, digest, result in zip(texts, digests, counted, strict=True):
        results.append(uncountable(result) if isinstance(result, UncountableError) else result[0])
        if not isinstance(result, UncountableError) and not result[1]:
            counting.keep(digest, {encoding: result[0]}, len(text.encode()))
    return results


async def count_large(
    counting: TokenCountingService, text: str, encoding: str, progress: Callable[[int], None] = lambda _: None
) -> int:
    """Return the tokens of a text, in pieces whose counts add up. `progress` is told how many per cent are done.

    Raises UncountableText, and what `progress` raises.
    """
    text = whole_text(text)
    digest = sha256(text.encode()).hexdigest()
    known = (await counting.find([digest], [encoding]))[digest]
    if encoding in known:
        return known[encoding][0]
    counter = counting.counter(encoding)
    tokens = start = 0
    is_apart = False
    while start < len(text):
        piece = next_piece(text, start)
        [counted] = await counting.run_in_background(count_all, counter, [piece])
        if isinstance(counted, UncountableError):
            raise uncountable(counted)
        tokens, is_apart, start = tokens + counted[0], is_apart or counted[1], start + len(piece)
        progress(start * 100 // len(text))
    if not is_apart:
        counting.keep(digest, {encoding: tokens}, len(text.encode()))
    return tokens


def next_piece(text: str, start: int) -> str:
    """Return text up to a place where counts add up."""
    end = start + PIECE_CHARACTERS
    while end < len(text):
        place = last_cut("", text[start:end])
        if place:
            return text[start : start + place]
        end += end - start  # there is none so soon
    return text[start:]
