"""What does not fit the bytes that an agent takes of its chain: its own loop, run on the bytes of each file."""

from collections.abc import Sequence

from loopflow.agents.facts_of_text import TextFacts
from loopflow.agents.model import Kept, Load, Lost
from loopflow.agents.seen import Seen
from loopflow.model import Skipped


def cut_chain(seen: Seen, directory: str, loads: Sequence[Load], most: int) -> tuple[list[Load], list[Lost]]:
    """Return the loads as they arrive, root first, and what does not.

    A file is cut at any byte, also within a character, which then arrives as U+FFFD. What is blank uses nothing up.
    """
    kept: list[Load] = []
    lost: list[Lost] = []
    remaining = most
    for load in loads:
        part = load.part
        facts = seen.library.facts(seen.tree.files[part.path])
        if isinstance(facts, Skipped) or facts.is_blank:
            continue
        if facts.bytes <= remaining:
            kept.append(load._replace(kept=None))
            remaining -= facts.bytes
            continue
        if remaining:
            tokens, first_line = _cut(seen, part.path, facts, remaining)
            kept.append(load._replace(kept=Kept(remaining, tokens)))
        else:
            tokens, first_line = 0, 1
        lost.append(
            Lost(
                agent=seen.spec.name,
                directory=directory,
                path=part.path,
                unit="bytes",
                limit=most,
                kept=remaining,
                lost=facts.bytes - remaining,
                tokens=max(facts.tokens - tokens, 0),
                first_line=first_line,
                sections=tuple(each.title for each in facts.raw if each.title and each.line >= first_line),
                digest=facts.digest,
            )
        )
        remaining = 0
    return kept, lost


def _cut(seen: Seen, path: str, facts: TextFacts, size: int) -> tuple[int, int]:
    """Return the tokens of the first `size` bytes, and the first line that does not arrive whole."""
    ref = seen.tree.files[path]
    library = seen.library

    def count() -> int:
        return library.counter.count([library.head(ref, facts.digest, size).decode("utf-8", "replace")])[0]

    def find_line() -> int:
        return library.head(ref, facts.digest, size).count(b"\n") + 1

    return (
        library.remember(facts.digest, f"tokens of {size} bytes", count),
        library.remember(facts.digest, f"lines of {size} bytes", find_line),
    )
