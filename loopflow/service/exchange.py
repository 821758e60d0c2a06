"""What a request asks for and what is answered, as functions behind a table of routes see it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar
from urllib.parse import parse_qs

import msgspec
from starlette.responses import Response

from loopflow.service.errors import BadRequest

_T = TypeVar("_T")
_DECODERS: Final[dict[type, "msgspec.json.Decoder[Any]"]] = {}


@dataclass(slots=True)
class Exchange:
    """A request that was let in."""

    path: str
    query: str
    headers: Mapping[bytes, bytes]
    body: bytes
    parameters: Mapping[str, str]

    def decode(self, kind: type[_T]) -> _T:
        """Return the body as what it should be. Raises BadRequest, which says where it is not."""
        decoder = _DECODERS.get(kind)
        if decoder is None:
            decoder = _DECODERS[kind] = msgspec.json.Decoder(kind)
        try:
            found: _T = decoder.decode(self.body)
        except msgspec.ValidationError as error:
            raise BadRequest(_one_line(str(error)), "see /openapi.json") from error
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError) as error:
            raise BadRequest(f"the body is not JSON in UTF-8: {_one_line(str(error))}", "send JSON") from error
        return found


@dataclass(frozen=True, slots=True)
class Reply:
    """What is answered: a struct as JSON, or bytes, or a response of Starlette's."""

    content: Any
    status: int = 200
    headers: tuple[tuple[bytes, bytes], ...] = ()
    media_type: bytes = b"application/json"


Handler = Callable[[Exchange], Awaitable[Reply | Response]]


@dataclass(frozen=True, slots=True)
class Route:
    """A path, what it takes and gives, and what does it. In a path, `{name}` is a parameter."""

    path: str
    method: str
    handler: Handler
    summary: str
    request: type | None = None
    reply: type | None = None
    status: int = 200
    errors: tuple[int, ...] = ()
    query: tuple[str, ...] = ()
    is_open: bool = False
    """Whether no token is asked for."""
    is_health: bool = False
    """Whether it is answered by any name, and waits for no place."""
    is_stream: bool = False
    is_page: bool = False
    """Whether it is for people: no program needs to know of it."""
    media_type: str = "application/json"


def read_query(exchange: Exchange, known: Sequence[str]) -> dict[str, str]:
    """Return the values of a query by name. Raises BadRequest."""
    try:
        given = parse_qs(exchange.query, keep_blank_values=True, max_num_fields=20, errors="strict")
    except (ValueError, UnicodeDecodeError) as error:
        raise BadRequest("the query is none", "see /openapi.json") from error
    for name, values in given.items():
        if name not in known:
            raise BadRequest("the query has a name that is not known here", f"known are {', '.join(known)}")
        if len(values) > 1 or not values[0] or "\0" in values[0]:
            raise BadRequest(f"{name} has no value, or several", "give it one")
    return {name: values[0] for name, values in given.items()}


def _one_line(text: str) -> str:
    return " ".join(text.encode("ascii", "backslashreplace").decode().split())[:300]
