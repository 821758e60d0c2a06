"""Clients of OpenAI and Anthropic whose requests are looked at before they are sent.

No SDK is imported: a client is whatever has the methods. `chat.completions.create`, `responses.create` and
`messages.create` are prepared; everything else is the client's own. What comes back is what the SDK gives; of a stream
each event passes through as it comes.
"""

import asyncio
import inspect
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final, NamedTuple, Self

from loopflow.chat.answers import Answer, look_at, look_at_event, read_refusal
from loopflow.chat.compactor import ALONE, Compactor
from loopflow.chat.events import Emit
from loopflow.chat.limits import Limits
from loopflow.chat.preflight import Prepared, Surroundings
from loopflow.chat.streams import AsyncWatched, Watched


class Endpoint(NamedTuple):
    """A method that sends a conversation: its format, and what its parameters are called."""

    form: str
    messages: str
    caps: tuple[str, ...]
    """What an answer may have; the first is set where none is given."""
    beside: tuple[str, ...]


ENDPOINTS: Final[Mapping[tuple[str, ...], Endpoint]] = MappingProxyType(
    {
        ("chat", "completions", "create"): Endpoint(
            "chat", "messages", ("max_completion_tokens", "max_tokens"), ("tools", "functions", "model")
        ),
        ("responses", "create"): Endpoint(
            "responses", "input", ("max_output_tokens",), ("tools", "model", "instructions")
        ),
        ("messages", "create"): Endpoint(
            "anthropic", "messages", ("max_tokens",), ("tools", "model", "system", "thinking")
        ),
    }
)
_NOT_GIVEN: Final = frozenset({"NotGiven", "Omit"})
_ON_THE_SERVER: Final = ("previous_response_id", "conversation")
_AGAIN: Final = frozenset({"with_options", "copy"})
_ACCOUNT: Final = ("base_url", "api_key", "auth_token")
"""What tells accounts apart."""


def budgeted(
    client: Any,  # noqa: ANN401  any SDK's
    limits: Limits | int,
    *,
    emit: Emit | None = None,
    around: Surroundings = ALONE,
    **more: Any,  # noqa: ANN401  what `Compactor` takes
) -> Any:  # noqa: ANN401
    """Return a client that sends nothing above its limits: everything else of it is as it was.

    Calls raise Blocked and CoolingDown beside what the SDK raises. `more` is what a `Compactor` takes.
    """
    around = replace(around, emit=emit or around.emit)
    accounts = _Accounts(lambda name: Compactor(limits, around=replace(around, account=around.account or name), **more))
    accounts.compactor_of(client)  # wrong limits are refused here
    return _Client(client, (), client, accounts)


class _Accounts:
    """Compactors by the key that a client has now: one with another key waits for nobody else's refusals."""

    def __init__(self, make: Callable[[str], Compactor]) -> None:
        self._make = make
        self._made: dict[str, Compactor] = {}

    def compactor_of(self, client: Any) -> Compactor:  # noqa: ANN401
        name = str(hash(tuple(str(getattr(client, each, "")) for each in _ACCOUNT)))
        return self._made.get(name) or self._made.setdefault(name, self._make(name))


class _Client:
    """A client, or a part of one below `path`; `root` is the client."""

    def __init__(self, inner: Any, path: tuple[str, ...], root: Any, accounts: _Accounts) -> None:  # noqa: ANN401
        self.__dict__.update(_inner=inner, _path=path, _root=root, _accounts=accounts)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        if name == "_inner":  # it is being copied
            raise AttributeError(name)
        value = getattr(self._inner, name)
        path = (*self._path, name)
        if path in ENDPOINTS:
            return _make_sender(value, ENDPOINTS[path], self._accounts.compactor_of(self._root))
        if any(each[: len(path)] == path for each in ENDPOINTS):
            return _Client(value, path, self._root, self._accounts)
        if not self._path and name in _AGAIN:
            return lambda *args, **kwargs: self._wrap_again(value(*args, **kwargs))
        return value

    def __setattr__(self, name: str, value: Any) -> None:  # noqa: ANN401
        setattr(self._inner, name, value)  # a new key, for one

    def _wrap_again(self, client: Any) -> "_Client":  # noqa: ANN401
        return _Client(client, (), client, self._accounts)

    def __enter__(self) -> Self:
        self._inner.__enter__()
        return self

    def __exit__(self, *error: object) -> Any:  # noqa: ANN401
        return self._inner.__exit__(*error)

    async def __aenter__(self) -> Self:
        await self._inner.__aenter__()
        return self

    async def __aexit__(self, *error: object) -> Any:  # noqa: ANN401
        return await self._inner.__aexit__(*error)

    def __repr__(self) -> str:
        return f"budgeted({self._inner!r})"


def _make_sender(create: Callable[..., Any], endpoint: Endpoint, compactor: Compactor) -> Callable[..., Any]:
    sender = _Sender(create, endpoint, compactor)
    return sender.send_async if inspect.iscoroutinefunction(inspect.unwrap(create)) else sender.send


class _Sent(NamedTuple):
    """What was sent, and what was known of it before."""

    model: str
    prepared: Prepared | None
    at: float
    """When, as `flight.now` has it."""
    is_capped: bool = False
    """Whether the cap is ours."""


class _Sender:
    """One of the methods."""

    def __init__(self, create: Callable[..., Any], endpoint: Endpoint, compactor: Compactor) -> None:
        self._create = create
        self._endpoint = endpoint
        self._compactor = compactor

    def send(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        """Prepare a request and send it."""
        kwargs, sent = self._prepare(kwargs)
        try:
            answer = self._create(*args, **kwargs)
        except Exception as error:
            self._note_refusal(error, sent)
            raise
        if kwargs.get("stream") is True:
            return Watched(answer, look_at_event, lambda seen: self._note_answer(seen, sent))
        self._note_answer(look_at(answer), sent)
        return answer

    async def send_async(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        """Prepare a request and send it; others go on meanwhile."""
        kwargs, sent = await asyncio.to_thread(self._prepare, kwargs)
        try:
            answer = await self._create(*args, **kwargs)
        except Exception as error:
            self._note_refusal(error, sent)
            raise
        if kwargs.get("stream") is True:
            return AsyncWatched(answer, look_at_event, lambda seen: self._note_answer(seen, sent))
        self._note_answer(look_at(answer), sent)
        return answer

    def _prepare(self, given: dict[str, Any]) -> tuple[dict[str, Any], _Sent]:
        """Return the parameters to send, and what is known of them."""
        point = self._endpoint
        said = {name: value for name, value in given.items() if type(value).__name__ not in _NOT_GIVEN}
        model = str(said.get("model") or "")
        messages = said.get(point.messages)
        if not messages or any(said.get(name) for name in _ON_THE_SERVER):  # then what came before is not here
            return given, _Sent(model, None, self._compactor.flight.now())
        listed = [{"role": "user", "content": messages}] if isinstance(messages, str) else list(messages)
        request = {point.messages: listed, **{name: said[name] for name in point.beside if said.get(name)}}
        cap_name = next((name for name in point.caps if said.get(name) is not None), point.caps[0])
        asked_for = said.get(cap_name)
        ready = self._compactor.prepare(request, max_tokens=asked_for, model=model, asked=said, form=point.form)
        kept = ready.messages[point.messages]
        changed = dict(given)
        if not (isinstance(messages, str) and kept == listed):
            changed[point.messages] = kept
        if ready.max_tokens is not None:
            changed[cap_name] = ready.max_tokens
        if ready.model and ready.model != model and model:
            changed["model"] = ready.model
        is_capped = ready.max_tokens != asked_for
        return changed, _Sent(ready.model or model, ready, self._compactor.flight.now(), is_capped)

    def _note_answer(self, answer: Answer, sent: _Sent) -> None:
        flight = self._compactor.flight
        tokens = answer.tokens or (sent.prepared.tokens if sent.prepared else 0)
        flight.answered(sent.model, tokens, sent=sent.at)
        if answer.is_cut and sent.prepared is not None and sent.is_capped:
            flight.cut_short(sent.prepared.task, sent.prepared.max_tokens, sent.model)

    def _note_refusal(self, error: Exception, sent: _Sent) -> None:
        refusal = read_refusal(error)
        if refusal is not None:
            self._compactor.flight.refused(sent.model, refusal.retry_after, refusal.code, sent=sent.at)
