"""Puts the lines of a log together, as the command does, without reading or telling."""

from itertools import accumulate
from typing import TYPE_CHECKING

from loopflow.logs.assembling import Assembler
from loopflow.logs.keys import DIGITS, Classifier, find_hot
from loopflow.logs.lines import Lines, Origin
from loopflow.logs.model import Block
from loopflow.logs.recognisers.tables import RECOGNISERS, WORDS
from loopflow.logs.rules import make_rules

if TYPE_CHECKING:
    from loopflow.logs.found import Found

_RULES = make_rules(RECOGNISERS)


def blocks(text: str, size: int = 0) -> list[Block]:
    """Return the blocks of a log that is read in pieces of `size` lines, or in one."""
    texts = text.encode().splitlines()
    starts = list(accumulate((len(line) + 1 for line in texts), initial=0))
    found: list[Found] = []
    classifier, assembler = Classifier(WORDS, RECOGNISERS), Assembler(_RULES, found.append)
    for begin in range(0, len(texts), size or len(texts)):
        part = texts[begin : begin + (size or len(texts))]
        traits = classifier.classify([line.translate(None, DIGITS) for line in part], part)
        origin = Origin(1, range(begin, begin + len(part)), starts, 0)
        assembler.take(Lines(part, traits, origin), find_hot(traits))
    assembler.finish()
    return [each.make() for each in found]


def weigh(line: str) -> int:
    """Return what a line weighs."""
    return Classifier(WORDS, RECOGNISERS).weigh([line.encode()])[0]
