"""What a text says about itself that makes it a candidate for leaving out: how such facts are written and read.

Facts depend on the content alone, so that they can be kept beside its count. Each is a kind and the evidence for it, in
words. They are found in `evidence.py`, once, when the text is counted.
"""

from enum import StrEnum
from typing import NamedTuple

VERSION = 8
"""Of the rules that facts are found by; what was found by other ones is not used."""


class FactKind(StrEnum):
    """What can be told from a content."""

    LOCK = "lock"
    MINIFIED = "minified"
    GENERATED = "generated"
    SNAPSHOT = "snapshot"
    DATA = "data"
    ATTRIBUTES = "attributes"
    PINS = "pins"
    """Versions and digests, line after line. That makes a lock file only together with a name like one."""


class Fact(NamedTuple):
    """One thing that a content says."""

    kind: FactKind
    evidence: str


def write_facts(facts: list[Fact]) -> str:
    """Return facts as one text without NUL; "" without any."""
    return "\n".join(f"{fact.kind}\t{fact.evidence}" for fact in facts).replace("\0", " ")


def read_facts(facts: str) -> list[Fact]:
    """Return facts as they were found."""
    parts = (line.partition("\t") for line in facts.split("\n") if line)
    return [Fact(FactKind(kind), evidence) for kind, _, evidence in parts]
