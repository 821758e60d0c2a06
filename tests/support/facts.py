"""What a text says about itself, as the rest of the program is told."""

from loopflow.analysis.evidence import find_facts
from loopflow.analysis.facts import Fact, FactKind, read_facts
from tests.support.oracle import count_text


def facts_of(text: str, tokens: int | None = None, *, is_whole: bool = True) -> list[Fact]:
    """Return what speaks for leaving a text out; that it may be a catalogue of messages does not, by itself."""
    tokens = count_text(text, "o200k_base") if tokens is None else tokens
    facts = read_facts(find_facts(text, tokens, is_whole=is_whole))
    return [fact for fact in facts if fact.kind is not FactKind.CATALOGUE]


def kinds(text: str) -> list[FactKind]:
    return [fact.kind for fact in facts_of(text)]
