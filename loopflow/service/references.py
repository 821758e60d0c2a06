"""What a text refers to, resolved: one handler for each kind, many references at once, each with its own error."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol, TypeAlias

from loopflow.errors import UncountableError
from loopflow.service.counting import TokenCountingService
from loopflow.service.errors import ForbiddenReference, ReferenceTrouble, ServiceError, TextTooLarge, VariableUnset
from loopflow.service.model import Answer, Content, Failed, Kind, Reference, Resolved
from loopflow.service.parsing import parse

AT_ONCE: Final = 8
MOST_REFERENCES: Final = 1_000
"""Different ones in a text."""
MOST_MARKERS: Final = 10_000
"""All of them: each has a line in the answer."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is wanted of references: in which encodings, with which variables, and whether to ask again."""

    encodings: tuple[str, ...]
    variables: Mapping[str, str] = field(default_factory=dict)
    refresh: bool = False


class Handler(Protocol):
    """Resolves references of one kind."""

    async def resolve(self, targets: Sequence[str], asked: Asked) -> list[Content | ServiceError]:
        """Return what each target holds, or why it cannot be had."""
        ...


Resolver: TypeAlias = Callable[[str, Asked], Awaitable[Content]]
"""Resolves one target. Raises ServiceError."""


class ReferenceHandlers:
    """Sends each reference to the handler of its kind."""

    def __init__(self, counting: TokenCountingService, handlers: Mapping[Kind, Handler]) -> None:
        self._counting = counting
        self._handlers = handlers

    async def resolve(self, references: Sequence[Reference], asked: Asked) -> list[Resolved | Failed]:
        """Resolve each, in order; one that occurs twice is resolved once."""
        by_kind: dict[Kind, list[str]] = {}
        for reference in references:
            by_kind.setdefault(reference.kind, []).append(reference.target)
        found: dict[tuple[Kind, str], Content | ServiceError] = {}
        kinds = {kind: list(dict.fromkeys(targets)) for kind, targets in by_kind.items()}
        results = await asyncio.gather(*(self._of_kind(kind, targets, asked) for kind, targets in kinds.items()))
        for (kind, targets), contents in zip(kinds.items(), results, strict=True):
            found |= {(kind, target): content for target, content in zip(targets, contents, strict=True)}
        return [_state(reference, found[reference.kind, reference.target]) for reference in references]

    async def answer(self, text: str, asked: Asked) -> list[Answer]:
        """Return what `text` costs with what it refers to, for each encoding. Raises UncountableText, TextTooLarge."""
        return await self._answer(parse(text), asked)

    async def plain(self, text: str, asked: Asked) -> list[Answer]:
        """Return what `text` costs as it stands: what looks like a reference is text. Raises UncountableText."""
        return await self._answer([text] if text else [], asked)

    async def _answer(self, parts: Sequence[str | Reference], asked: Asked) -> list[Answer]:
        references = [part for part in parts if isinstance(part, Reference)]
        if len({(each.kind, each.target) for each in references}) > MOST_REFERENCES:
            raise TextTooLarge(f"it refers to more than {MOST_REFERENCES:,} things", "send it in parts")
        if len(references) > MOST_MARKERS:
            raise TextTooLarge(f"it has more than {MOST_MARKERS:,} references", "send it in parts")
        texts = [part for part in parts if isinstance(part, str)]
        resolved, counted = await asyncio.gather(
            self.resolve(references, asked),
            asyncio.gather(*(self._counting.count_many(texts, encoding) for encoding in asked.encodings)),
        )
        answers = []
        for encoding, counts in zip(asked.encodings, counted, strict=True):
            content = 0
            for count in counts:
                if isinstance(count, ServiceError):
                    raise count
                content += count.tokens
            answers.append(Answer(encoding, content, tokens_of(resolved, encoding), tuple(resolved)))
        return answers

    async def _of_kind(self, kind: Kind, targets: Sequence[str], asked: Asked) -> list[Content | ServiceError]:
        handler = self._handlers.get(kind)
        if handler is None:
            trouble = ForbiddenReference(f"references of the kind {kind} are not resolved here", "leave them out")
            return [trouble for _ in targets]
        return await handler.resolve(targets, asked)


def tokens_of(parts: Sequence[Resolved | Failed], encoding: str) -> int:
    """Return the tokens of all that was resolved."""
    return sum(part.content.tokens[encoding] for part in parts if isinstance(part, Resolved))


def _state(reference: Reference, content: Content | ServiceError) -> Resolved | Failed:
    if isinstance(content, Content):
        return Resolved(reference, content)
    last = content.last_known_tokens if isinstance(content, VariableUnset) else None
    return Failed(reference, content.code, content.message, content.hint, content.retryable, last)


async def gather_at_once(
    resolve: Resolver, targets: Sequence[str], asked: Asked, most: int = AT_ONCE
) -> list[Content | ServiceError]:
    """Resolve each with `resolve`, at most `most` at a time; what it raises is the result."""
    free = asyncio.Semaphore(most)

    async def one(target: str) -> Content | ServiceError:
        async with free:
            try:
                return await resolve(target, asked)
            except ServiceError as error:
                return error
            except UncountableError as error:
                return ReferenceTrouble(f"it cannot be counted: {error}", "leave it out")

    return await asyncio.gather(*map(one, targets))
