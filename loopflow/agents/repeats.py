"""Blocks that cost twice: what an agent loads in two texts at one place, and what only stands in two files."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from loopflow.agents.markdown import Block
from loopflow.agents.model import AgentSurvey, Kind, Load, Part, Place, Repeat
from loopflow.model import Skipped

if TYPE_CHECKING:
    from loopflow.agents.reading import Library
    from loopflow.agents.tree import Tree

LEAST = 25
"""Tokens of a block that is worth a word."""
_TEXTS = frozenset({Kind.INSTRUCTIONS, Kind.RULE})


def find_repeats(survey: AgentSurvey, library: "Library", tree: "Tree") -> Iterator[Repeat]:
    """Yield each block that the agent loads twice at a place, once for all places; and skills that are listed twice."""
    said: set[tuple[str, int, str, int]] = set()
    for place in survey.places:
        for repeat in (*_of_place(survey, place, library, tree), *_listed_twice(survey, place)):
            key = repeat[3:]
            if key not in said:
                said.add(key)
                yield repeat


def _of_place(survey: AgentSurvey, place: Place, library: "Library", tree: "Tree") -> Iterator[Repeat]:
    paths = list(dict.fromkeys(load.part.path for load in place.loads if load.part.kind in _TEXTS))
    first: dict[str, tuple[str, Block]] = {}
    for path in paths:
        for block in _blocks(path, library, tree):
            known = first.setdefault(block.digest, (path, block))
            if known != (path, block):
                tokens = _count(path, block, library, tree)
                if tokens >= LEAST:
                    yield Repeat(survey.name, place.directory, tokens, known[0], known[1].line, path, block.line)


def _listed_twice(survey: AgentSurvey, place: Place) -> Iterator[Repeat]:
    first: dict[tuple[str, str], Part] = {}
    for load in place.loads:
        part = load.part
        if part.kind is Kind.DESCRIPTION:
            known = first.setdefault((part.name, part.digest), part)
            if known is not part:
                yield Repeat(survey.name, place.directory, part.tokens, known.path, 1, part.path, 1)


def _blocks(path: str, library: "Library", tree: "Tree") -> Sequence[Block]:
    facts = library.facts(tree.files[path])
    return () if isinstance(facts, Skipped) else facts.blocks


def _count(path: str, block: Block, library: "Library", tree: "Tree") -> int:
    def count() -> int:
        lines = library.raw(tree.files[path]).decode("utf-8", "replace").splitlines()
        return library.counter.count([" ".join("\n".join(lines[block.line - 1 : block.last_line]).split())])[0]

    return library.remember(block.digest, "tokens of a block", count)


def find_drift(surveys: Sequence[AgentSurvey], library: "Library", tree: "Tree") -> Iterator[Repeat]:
    """Yield blocks that stand in two files which no agent loads together: they cost nothing, and may drift apart."""
    together = set(_pairs(surveys))
    places: defaultdict[str, list[tuple[str, Block]]] = defaultdict(list)
    for path in sorted({load.part.path for survey in surveys for load in _texts(survey)}):
        for block in _blocks(path, library, tree):
            places[block.digest].append((path, block))
    for found in places.values():
        (path, block), *others = found
        for other, twin in others:
            if other != path and (path, other) not in together:
                tokens = _count(other, twin, library, tree)
                if tokens >= LEAST:
                    yield Repeat("", "", tokens, path, block.line, other, twin.line)
                break


def _texts(survey: AgentSurvey) -> Iterator[Load]:
    for place in survey.places:
        yield from (load for load in place.loads if load.part.kind in _TEXTS)


def _pairs(surveys: Iterable[AgentSurvey]) -> Iterator[tuple[str, str]]:
    for survey in surveys:
        for place in survey.places:
            paths = sorted({load.part.path for load in place.loads if load.part.kind in _TEXTS})
            yield from ((first, second) for at, first in enumerate(paths) for second in paths[at + 1 :])
