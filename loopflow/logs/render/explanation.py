"""What the tokens of a digest are spent on, in lines for whoever asks why it is as it is."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from loopflow.logs.cutting import as_name
from loopflow.logs.model import Digest, Outcome, PriorityCount

_LARGEST: Final = 10
_LONGEST_HEADLINE: Final = 60
_PARTS: Final = (("end", "the end of the log"), ("templates", "what else happened"), ("table", "rows of places"))
"""Of what is no failure, by the components that it is counted with."""


class Part(NamedTuple):
    """What takes so many tokens of a digest. All parts together take all of them."""

    name: str
    tokens: int
    about: str = ""


def list_parts(digest: Digest) -> list[Part]:
    """Return what a digest consists of; nothing for a log that is printed whole."""
    if digest.is_whole:
        return []
    used = {share.component: share.used for share in digest.components}
    parts = [Part(count.priority.word, count.tokens, _describe(count)) for count in digest.priorities if count.found]
    parts += [Part(name, used[component]) for component, name in _PARTS if used.get(component)]
    rest = digest.tokens_after - sum(part.tokens for part in parts)
    return [*parts, Part("the first line", rest, "and what is said of missing ones" if digest.critical_missing else "")]


def explain(digest: Digest) -> Iterator[str]:
    """Yield lines without line ends."""
    allowed = digest.fit - digest.buffer
    if digest.is_whole:
        yield f"{digest.tokens_after:,} of {allowed:,} tokens: the log fits, so it is printed whole"
        return
    yield f"{digest.tokens_after:,} of {allowed:,} tokens; {digest.log_type}, {digest.preset}, {digest.verbosity}"
    for part in list_parts(digest):
        yield f"  {part.tokens:>9,}  {part.name}{': ' if part.about else ''}{part.about}"
    largest = sorted((each for each in digest.outcomes if each.tokens), key=lambda each: -each.tokens)[:_LARGEST]
    guaranteed = [share for share in digest.components if share.component not in dict(_PARTS)]
    if len(guaranteed) > 1:
        yield "by component"
        yield from (f"  {share.used:>9,}  {as_name(share.component, _LONGEST_HEADLINE)}" for share in guaranteed)
    if largest:
        yield "the largest failures"
        yield from map(_describe_failure, largest)
    yield "where the tokens of the log are: loopflow logs distribution"


def _describe(count: PriorityCount) -> str:
    shapes = (("whole", count.full), ("trimmed", count.trimmed), ("in a line", count.line), ("in a row", count.row))
    told = ", ".join(f"{many:,} {shape}" for shape, many in shapes if many)
    return f"{count.kept:,} of {count.found:,}{': ' if told else ''}{told}"


def _describe_failure(outcome: Outcome) -> str:
    block = outcome.failure.block
    headline = as_name(block.lines[block.headline].text, _LONGEST_HEADLINE)
    shape = outcome.shape.value if outcome.shape else ""
    return f"  {outcome.tokens:>9,}  {outcome.failure.ref} {shape}, L{block.span.first}-{block.span.last}: {headline}"
