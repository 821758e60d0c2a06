"""What a bare ASGI application answers: the same bytes for every body. benchmarks/service.py takes it as 1."""

import sys
from collections.abc import Awaitable, Callable
from typing import Any

import uvicorn

BODY = b'{"tokens":20,"encoding":"o200k_base","characters":90,"bytes":90,"cache":"computed"}'
HEADERS = [(b"content-type", b"application/json"), (b"content-length", str(len(BODY)).encode())]


async def app(_: object, receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]) -> None:
    """Read and answer."""
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": BODY})


if __name__ == "__main__":
    uvicorn.run(app, port=int(sys.argv[1]), access_log=False, log_level="error", lifespan="off")
