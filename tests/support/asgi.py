"""An ASGI application, asked in its own event loop: no sockets, everything else as it is."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loopflow.service.auth import Access, make_access
from loopflow.service.counting import Engine
from loopflow.service.database import Database, read_database_url
from loopflow.service.http import Edge
from loopflow.service.places import FileRules
from loopflow.service.routes import make_routes
from loopflow.service.services import Services
from loopflow.service.serving import Serving, make_services
from loopflow.service.settings import ServiceSettings


@dataclass(frozen=True, slots=True)
class Answered:
    """What was answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:  # noqa: ANN401  as many shapes as paths
        """The body."""
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """What went wrong."""
        code: str = self.json["code"]
        return code


@dataclass(frozen=True, slots=True)
class Client:
    """Asks a service."""

    edge: Edge
    services: Services

    async def post(self, path: str, body: object, **headers: str) -> Answered:
        """Ask with JSON."""
        return await self.ask("POST", path, [json.dumps(body).encode()], **headers)

    async def get(self, path: str, **headers: str) -> Answered:
        """Ask without a body."""
        return await self.ask("GET", path, (), **headers)

    async def ask(self, method: str, path: str, body: Iterable[bytes | float] = (), /, **headers: str) -> Answered:
        """Ask. A body comes in pieces; a number in it is how many seconds to wait, a negative one hangs up."""
        pieces = list(body)
        given = {"host": "127.0.0.1", "content_type": "application/json", **headers}
        route, _, query = path.partition("?")
        scope = {
            "type": "http",
            "method": method,
            "path": route,
            "query_string": query.encode(),
            "headers": [(k.replace("_", "-").encode(), v.encode("latin-1")) for k, v in given.items() if v],
        }
        started: dict[str, Any] = {}
        received: list[bytes] = []

        async def receive() -> dict[str, Any]:
            while pieces and isinstance(pieces[0], int | float):
                seconds = pieces.pop(0)
                if isinstance(seconds, int | float) and seconds < 0:
                    return {"type": "http.disconnect"}
                await asyncio.sleep(float(seconds))
            if pieces or not started.get("asked"):
                started["asked"] = True
                piece = pieces.pop(0) if pieces else b""
                return {
                    "type": "http.request",
                    "body": piece,
                    "more_body": any(not isinstance(rest, float) or rest >= 0 for rest in pieces),
                }
            await asyncio.Event().wait()
            return {}

        async def send(message: Mapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                started.update(message)
            else:
                received.append(message["body"])

        await self.edge(scope, receive, send)
        if "status" not in started:
            return Answered(0, {}, b"")
        answered = {name.decode(): value.decode() for name, value in started["headers"]}
        return Answered(started["status"], answered, b"".join(received))


@asynccontextmanager
async def serving(
    directory: Path,
    settings: ServiceSettings | None = None,
    access: Access | None = None,
    *,
    url: str | None = None,
    works: bool = True,
) -> AsyncIterator[Client]:
    """Put a service together, with files of `directory` and a database in it, and workers unless told otherwise."""
    settings = settings or ServiceSettings()
    (directory / "root").mkdir(exist_ok=True)
    made = Serving(
        settings,
        Database(read_database_url(url or f"sqlite:///{directory}/data/s")),
        "o200k_base",
        Engine(threads=2),
        FileRules((str(directory / "root"),), settings.deny, settings.file_max, {"PATH": "/usr/bin:/bin"}),
        access or make_access("127.0.0.1", (), None, proxy=False),
        {},
    )
    services = make_services(made)
    edge = Edge(make_routes(services), made.access, settings.bounds, services.metrics)
    await services.store.open()
    if works:
        await services.worker.start()
    try:
        yield Client(edge, services)
    finally:
        services.events.close()
        await services.worker.stop()
        await services.api.close()
        await services.store.close()
        services.counting.close()
