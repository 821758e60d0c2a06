"""What paths do that count something at once."""

from collections.abc import Sequence
from time import perf_counter

from loopflow.errors import UncountableError
from loopflow.service import wire
from loopflow.service.counting import uncountable
from loopflow.service.errors import ServiceError
from loopflow.service.exchange import Exchange, Reply
from loopflow.service.model import Failed, Reference, Resolved
from loopflow.service.parsing import parse_reference
from loopflow.service.references import Asked
from loopflow.service.replies import tell_answers, tell_references
from loopflow.service.services import Services
from loopflow.service.streams import whole_text


class CountingRoutes:
    """Texts, and what they refer to."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def count(self, exchange: Exchange) -> Reply:
        """Count a text."""
        asked = exchange.decode(wire.CountRequest)
        count = await self._services.counting.count(asked.text, self._services.encoding(asked.encoding))
        return Reply(wire.CountReply(count.tokens, count.encoding, count.characters, count.bytes, count.level.value))

    async def batch(self, exchange: Exchange) -> Reply:
        """Count texts."""
        asked = exchange.decode(wire.BatchRequest)
        counts: dict[str, list[int | None]] = {}
        errors = []
        for encoding in self._services.encodings(asked.encodings):
            found = await self._services.counting.count_many(asked.texts, encoding)
            counts[encoding] = [None if isinstance(each, ServiceError) else each.tokens for each in found]
            errors += [
                wire.BatchError(index, encoding, each.code, each.message)
                for index, each in enumerate(found)
                if isinstance(each, ServiceError)
            ]
        return Reply(wire.BatchReply(counts, errors))

    async def answer(self, exchange: Exchange) -> Reply:
        """Count a text with what it refers to."""
        asked = exchange.decode(wire.AnswerRequest)
        began = perf_counter()
        wanted = Asked(self._services.encodings(asked.encodings), asked.variables, asked.refresh)
        answers = await self._services.references.answer(asked.text, wanted)
        self._note(answers[0].parts, began)
        return Reply(tell_answers(answers, self._services.models, self._services.settings.warn))

    async def references(self, exchange: Exchange) -> Reply:
        """Count references."""
        asked = exchange.decode(wire.ReferencesRequest)
        began = perf_counter()
        references = parse_all(asked.references)
        encodings = self._services.encodings(asked.encodings)
        parts = await self._services.references.resolve(references, Asked(encodings, asked.variables, asked.refresh))
        self._note(parts, began)
        return Reply(tell_references(parts, encodings))

    async def complete(self, exchange: Exchange) -> Reply:
        """List files whose path begins so."""
        asked = exchange.decode(wire.CompleteRequest)
        paths, more = await self._services.files.complete(asked.prefix)
        return Reply(wire.CompleteReply(paths, more))

    async def tokens(self, exchange: Exchange) -> Reply:
        """List tokens of a text, between two places."""
        asked = exchange.decode(wire.TokensRequest)
        encoding = self._services.encoding(asked.encoding)
        text = whole_text(asked.text)
        run = self._services.counting.run
        try:
            found = await run(self._services.split, text, asked.start, asked.end, encoding)
        except UncountableError as error:
            raise uncountable(error) from error
        return Reply(wire.TokensReply(found.tokens, encoding, found.first, found.ids, found.ends))

    def _note(self, parts: Sequence[Resolved | Failed], began: float) -> None:
        for kind in {part.reference.kind for part in parts}:
            codes: dict[str, int] = {}
            for part in parts:
                if isinstance(part, Failed) and part.reference.kind == kind:
                    codes[part.code] = codes.get(part.code, 0) + 1
            self._services.metrics.note_references(kind, perf_counter() - began, codes)


def parse_all(texts: Sequence[str]) -> list[Reference]:
    """Return references, each written as in a text. Raises BadReference, which says which one is none."""
    references = []
    for number, text in enumerate(texts):
        try:
            references.append(parse_reference(text))
        except ServiceError as error:
            error.message = f"references[{number}]: {error.message}"
            raise
    return references
