"""What paths do that are about the service itself: variables, cache, windows, health, figures."""

from math import ceil

import msgspec

from loopflow.service import wire
from loopflow.service.errors import BadRequest, NoSuchThing, StoreUnavailable, VariableUnset
from loopflow.service.exchange import Exchange, Reply, read_query
from loopflow.service.keeping import Removal
from loopflow.service.model import Failed, Reference
from loopflow.service.references import Asked
from loopflow.service.services import Services
from loopflow.service.settings import Price
from loopflow.service.variables import require_name
from loopflow.tokens.encodings import VOCABULARY_DIGESTS


class StateRoutes:
    """The service itself."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def get_variable(self, exchange: Exchange) -> Reply:
        """Show what a variable costs."""
        name = require_name(exchange.parameters["name"])
        [part] = await self._services.references.resolve(
            [Reference("var", name)], Asked((self._services.counting.encoding,))
        )
        if isinstance(part, Failed):
            raise VariableUnset(part.message, part.hint)
        return Reply(wire.VariableReply(name, part.content.tokens[self._services.counting.encoding]))

    async def put_variable(self, exchange: Exchange) -> Reply:
        """Set a variable."""
        asked = exchange.decode(wire.VariableRequest)
        name = require_name(exchange.parameters["name"])
        encoding = self._services.encoding(asked.encoding)
        tokens, previous, changed = await self._services.put_variable(name, asked.value, encoding)
        return Reply(wire.VariableReply(name, tokens, changed, previous if changed else msgspec.UNSET))

    async def delete_variable(self, exchange: Exchange) -> Reply:
        """Unset a variable."""
        name = exchange.parameters["name"]
        if self._services.variables.put.pop(name, None) is None:
            raise NoSuchThing("this variable is not set", "one of the config is unset there")
        return Reply(wire.RemovedReply(1))

    async def show_cache(self, _: Exchange) -> Reply:
        """Show what the cache does."""
        figures = self._services.counting.figures()
        return Reply({name: getattr(figures, name) for name in wire.CacheReply.__struct_fields__})

    async def clear_cache(self, exchange: Exchange) -> Reply:
        """Forget counts."""
        given = read_query(exchange, ("digest", "encoding", "pattern", "all"))
        if not given or ("pattern" in given and len(given) > 1) or ("all" in given and len(given) > 1):
            raise BadRequest("say what to forget", "digest= and encoding=, or pattern=, or all=true")
        digest = given.get("digest")
        if digest is not None and (len(digest) != 64 or not set(digest) <= set("0123456789abcdef")):  # noqa: PLR2004
            raise BadRequest("a digest is that of SHA-256, 64 digits in lower case", "see sha256sum")
        if given.get("all", "true") != "true":
            raise BadRequest("all is true, or left out", "write all=true")
        encoding = given.get("encoding")
        removal = Removal(
            digest, self._services.encoding(encoding) if encoding else None, given.get("pattern"), "all" in given
        )
        return Reply(wire.RemovedReply(await self._services.invalidate(removal)))

    async def models(self, _: Exchange) -> Reply:
        """List windows and encodings."""
        warn = self._services.settings.warn
        models = [
            wire.ModelReply(
                each.name, each.window, ceil(warn * each.window), each.encoding, each.exact, _tell_price(each.price)
            )
            for each in self._services.models
        ]
        return Reply(wire.ModelsReply(models, list(VOCABULARY_DIGESTS), self._services.counting.encoding))

    async def live(self, _: Exchange) -> Reply:
        """Say that the process runs."""
        return Reply(wire.HealthReply("ok", {}))

    async def ready(self, _: Exchange) -> Reply:
        """Say whether it can answer: not at a stop; without its database it is degraded, and answers."""
        store = self._services.store.state
        if self._services.is_stopping:
            return Reply(wire.HealthReply("stopping", {"store": store}), 503)
        return Reply(wire.HealthReply("ok" if store == "up" else "degraded", {"store": store}))

    async def metrics(self, _: Exchange) -> Reply:
        """Show figures."""
        try:
            tasks = await self._services.store.on_tasks(self._services.queue.figures)
        except StoreUnavailable:
            tasks = {}
        text = self._services.metrics.render(self._services.counting.figures(), tasks, self._services.in_flight())
        return Reply(text, media_type=b"text/plain; version=1.0.0; charset=utf-8")


def _tell_price(price: Price | None) -> wire.PriceReply | msgspec.UnsetType:
    return wire.PriceReply(price.amount, price.before, price.after) if price else msgspec.UNSET
