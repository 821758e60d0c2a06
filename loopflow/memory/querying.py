"""What a memory has about some words: failures, runs, and what others wrote beside them; the newest first."""

from collections.abc import Sequence
from dataclasses import dataclass

from loopflow.errors import UsageError
from loopflow.memory.entities import ERROR, Past, Row, newest_rows, read_row, read_run, show_kind
from loopflow.memory.model import Entity, Tools


@dataclass(frozen=True, slots=True)
class Known:
    """A failure, and the kind of error that it is one of."""

    kind: str
    row: Row


@dataclass(frozen=True, slots=True)
class Matches:
    """What has all of the words. `others` is what is not ours: notes on failures, and entities of other programs."""

    words: tuple[str, ...]
    failures: tuple[Known, ...]
    runs: tuple[Past, ...]
    others: tuple[Entity, ...]


def read_words(texts: Sequence[str]) -> tuple[str, ...]:
    """Return the words in texts, each once, in lower case."""
    return tuple(dict.fromkeys(word.lower() for text in texts for word in text.split()))


def require_words(texts: Sequence[str]) -> tuple[str, ...]:
    """Return the words in texts. Raises UsageError where there are none."""
    words = read_words(texts)
    if not words:
        raise UsageError("there are no words to look for", "write for example: loopflow memory query timeout")
    return words


def find(tools: Tools, words: Sequence[str]) -> Matches:
    """Return what has all of the words, which are in lower case.

    Only the longest word is sought by the server: it takes words for one text, and returns whole entities.
    """
    return match(tools.search(max(words, key=len)), words)


def match(entities: Sequence[Entity], words: Sequence[str]) -> Matches:
    """Return what of some entities has all of the words, which are in lower case."""
    failures: list[Known] = []
    runs: list[Past] = []
    others: list[Entity] = []
    for entity in entities:
        past = read_run(entity)
        if past is not None:
            runs += [past] if _has(words, entity.name, entity.kind, *entity.observations) else []
        elif entity.kind == ERROR:
            rows = newest_rows(entity).values()
            kind = show_kind(entity.name)
            failures += [Known(kind, row) for row in rows if _has(words, entity.name, entity.kind, row.text)]
            notes = [each for each in entity.observations if not read_row(each)]
            found = tuple(each for each in notes if _has(words, entity.name, entity.kind, each))
            others += [entity._replace(observations=found)] if found else []
        elif _has(words, entity.name, entity.kind, *entity.observations):
            others.append(entity)
    failures.sort(key=lambda known: (known.row.run, known.row.times, known.row.ref), reverse=True)
    runs.sort(key=lambda past: past.name, reverse=True)
    return Matches(tuple(words), tuple(failures), tuple(runs), tuple(others))


def _has(words: Sequence[str], *texts: str) -> bool:
    whole = " ".join(texts).lower()
    return all(word in whole for word in words)
