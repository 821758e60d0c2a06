"""Wrapped clients of OpenAI and Anthropic against a server that refuses what the APIs refuse, streams, and says 429."""
# ruff: noqa: ANN401, FBT001  each SDK's own types; flags are cases

import asyncio
import copy
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from loopflow.chat import Blocked, Cooldowns, CoolingDown, Limits, Routes, Surroundings, budgeted
from loopflow.tokens import count
from tests.support.refusing import refuse_anthropic, refuse_chat, refuse_responses
from tests.support.talks import Said, as_anthropic, as_chat, as_responses

anthropic = pytest.importorskip("anthropic")
openai = pytest.importorskip("openai")
pytestmark = pytest.mark.server

LONG = "\n".join(f"{n:4} def function_{n}(): return {n}" for n in range(200))
LIMITS = Limits("m", 20_000, 0.5, 0.9)
USAGE = {"prompt_tokens": 50, "completion_tokens": 5, "total_tokens": 55}
BASE: dict[str, Any] = {"id": "c", "created": 1, "model": "m"}
PATHS: dict[str, Any] = {
    "/v1/chat/completions": (refuse_chat, "messages"),
    "/v1/responses": (refuse_responses, "input"),
    "/v1/messages": (refuse_anthropic, "messages"),
}
DONE: dict[str, Any] = {
    "id": "r",
    "object": "response",
    "created_at": 1,
    "model": "m",
    "status": "completed",
    "tools": [],
    "parallel_tool_calls": True,
    "tool_choice": "auto",
    "output": [],
    "usage": {"input_tokens": 50, "output_tokens": 5, "total_tokens": 55},
}
MESSAGE: dict[str, Any] = {
    "id": "m",
    "type": "message",
    "role": "assistant",
    "model": "m",
    "content": [{"type": "text", "text": "ok"}],
    "stop_reason": "end_turn",
    "usage": {"input_tokens": 50, "output_tokens": 5},
}


def answer(path: str, cut: bool) -> dict[str, Any]:
    if path == "/v1/responses":
        reason = {"reason": "max_output_tokens"} if cut else None
        return {**DONE, "status": "incomplete" if cut else "completed", "incomplete_details": reason}
    if path == "/v1/messages":
        return {**MESSAGE, "stop_reason": "max_tokens" if cut else "end_turn"}
    choice = {
        "index": 0,
        "finish_reason": "length" if cut else "stop",
        "message": {"role": "assistant", "content": "ok"},
    }
    return {**BASE, "object": "chat.completion", "usage": USAGE, "choices": [choice]}


def events(path: str, cut: bool) -> Iterator[tuple[str, Any]]:
    """Yield what a stream of each endpoint sends."""
    if path == "/v1/responses":
        yield (
            "response.created",
            {"type": "response.created", "sequence_number": 0, "response": {**DONE, "usage": None}},
        )
        name = "response.incomplete" if cut else "response.completed"
        yield name, {"type": name, "sequence_number": 1, "response": answer(path, cut)}
    elif path == "/v1/messages":
        start = {**MESSAGE, "content": [], "stop_reason": None, "usage": {"input_tokens": 50, "output_tokens": 1}}
        yield "message_start", {"type": "message_start", "message": start}
        delta = {"stop_reason": "max_tokens" if cut else "end_turn", "stop_sequence": None}
        yield "message_delta", {"type": "message_delta", "delta": delta, "usage": {"output_tokens": 5}}
        yield "message_stop", {"type": "message_stop"}
    else:
        for number in range(3):
            said = {"index": 0, "delta": {"content": f"{number}"}, "finish_reason": None}
            yield "", {**BASE, "object": "chat.completion.chunk", "choices": [said]}
        last = {"index": 0, "delta": {}, "finish_reason": "length" if cut else "stop"}
        yield "", {**BASE, "object": "chat.completion.chunk", "choices": [last]}
        yield "", {**BASE, "object": "chat.completion.chunk", "choices": [], "usage": USAGE}


class Provider(ThreadingHTTPServer):
    """Both providers. `seen` are the requests; `refusals` are the next 429s: a header, and the words of the body."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.seen: list[dict[str, Any]] = []
        self.refusals: list[tuple[str | None, dict[str, Any]]] = []
        self.cut = False

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Provider

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.seen.append(request)
        if self.server.refusals:
            after, error = self.server.refusals.pop(0)
            self._send(429, {"type": "error", "error": error}, {"Retry-After": after} if after else {})
            return
        refuse, key = PATHS[self.path]
        why = refuse(request[key]) if isinstance(request[key], list) else None
        if why is not None:
            self._send(400, {"type": "error", "error": {"message": why, "type": "invalid_request_error"}}, {})
        elif request.get("stream"):
            self._stream()
        else:
            self._send(200, answer(self.path, self.server.cut), {})

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _send(self, code: int, document: dict[str, Any], headers: dict[str, str]) -> None:
        data = json.dumps(document).encode()
        self.send_response(code)
        for name, value in {**headers, "Content-Type": "application/json", "Content-Length": str(len(data))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def _stream(self) -> None:
        pieces = [
            f"{f'event: {name}{chr(10)}' if name else ''}data: {json.dumps(data)}\n\n"
            for name, data in events(self.path, self.server.cut)
        ]
        if self.path == "/v1/chat/completions":
            pieces.append("data: [DONE]\n\n")
        data = "".join(pieces).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


@pytest.fixture
def provider() -> Iterator[Provider]:
    server = Provider()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def steps(number: int) -> list[Said]:
    return [
        event
        for at in range(number)
        for event in (
            Said("call", '{"path":"a.py"}', f"call_{at}", "Read"),
            Said("result", f"{at}\n{LONG}", f"call_{at}"),
        )
    ]


TASK = Said("user", "explain why the parser in a.py loses its comments, please")
LARGE = [TASK, *steps(30)]
KINDS = ("chat", "responses", "anthropic")
MAKERS: dict[str, Any] = {"chat": as_chat, "responses": as_responses, "anthropic": as_anthropic}
KEYS = {"chat": "messages", "responses": "input", "anthropic": "messages"}
CAPS = {"chat": "max_completion_tokens", "responses": "max_output_tokens", "anthropic": "max_tokens"}


class Wrapped:
    """A wrapped client of one kind, synchronous or not, and the events that it told."""

    def __init__(
        self, kind: str, provider: Provider, *, is_async: bool = False, limits: Limits = LIMITS, **more: Any
    ) -> None:
        package, name, base = (anthropic, "Anthropic", "") if kind == "anthropic" else (openai, "OpenAI", "/v1")
        made = getattr(package, f"Async{name}" if is_async else name)
        self.inner = made(api_key="none", base_url=f"{provider.address}{base}", max_retries=0)
        self.told: list[Any] = []
        around = Surroundings(**{"cooldowns": Cooldowns(), **more})
        self.client = budgeted(self.inner, limits, emit=self.told.append, around=around)
        self.kind, self.is_async = kind, is_async

    def send(self, messages: Any, **more: Any) -> Any:
        given: dict[str, Any] = {"model": "m", KEYS[self.kind]: messages, **more}
        if self.kind == "anthropic":
            given.setdefault("max_tokens", 9_000)
        if self.is_async:
            return asyncio.run(self._send_async(given))
        made = self.create(**given)
        return list(made) if more.get("stream") else made

    async def _send_async(self, given: dict[str, Any]) -> Any:
        async with self.client:
            made = await self.create(**given)
            return [each async for each in made] if given.get("stream") else made

    @property
    def create(self) -> Any:
        if self.kind == "chat":
            return self.client.chat.completions.create
        return self.client.responses.create if self.kind == "responses" else self.client.messages.create

    @property
    def names(self) -> list[str]:
        return [event.name for event in self.told if event.name != "workload_routing"]


def tokens_of(messages: list[Any]) -> int:
    return sum(count(json.dumps(each)) for each in messages)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_sent_is_under_the_limit_and_valid(kind: str, is_async: bool, stream: bool, provider: Provider) -> None:
    wrapped = Wrapped(kind, provider, is_async=is_async)
    messages = MAKERS[kind](LARGE)
    given = json.loads(json.dumps(messages))
    said = wrapped.send(messages, **({"stream": True} if stream else {}))
    [request] = provider.seen
    assert tokens_of(given) > 40_000
    assert tokens_of(request[KEYS[kind]]) < 13_000
    assert request[CAPS[kind]] == 1_800
    assert messages == given
    assert wrapped.names == ["compaction"]
    if stream:
        assert len(said) == {"chat": 5, "responses": 2, "anthropic": 3}[kind]
        assert type(said[0]).__module__.startswith(("openai", "anthropic"))


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("kind", KINDS)
def test_answers_are_added_up_and_those_that_were_cut_raise_the_cap(
    kind: str, stream: bool, provider: Provider
) -> None:
    wrapped = Wrapped(kind, provider, limits=LIMITS._replace(per_minute=60))
    provider.cut = True
    more = {"stream": True} if stream else {}
    wrapped.send(MAKERS[kind]([TASK]), **more)
    assert wrapped.names == ["capacity_warning", "max_tokens"]
    assert [event.attributes["used"] for event in wrapped.told if event.name == "capacity_warning"] == [55]
    wrapped.send(MAKERS[kind]([TASK]), **more)
    assert [request[CAPS[kind]] for request in provider.seen] == [1_800, 3_600]


@pytest.mark.parametrize("kind", KINDS)
def test_a_cap_of_the_callers_own_is_not_raised(kind: str, provider: Provider) -> None:
    wrapped = Wrapped(kind, provider)
    provider.cut = True
    for _ in range(2):
        wrapped.send(MAKERS[kind]([TASK]), **{CAPS[kind]: 50})
    assert [request[CAPS[kind]] for request in provider.seen] == [50, 50]
    assert "max_tokens" not in wrapped.names


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize("kind", KINDS)
def test_after_429_a_model_is_left_alone_and_nothing_is_sent(kind: str, is_async: bool, provider: Provider) -> None:
    wrapped = Wrapped(kind, provider, is_async=is_async)
    provider.refusals = [("86400", {"message": "too many", "type": "rate_limit_error"})]
    with pytest.raises((openai.RateLimitError, anthropic.RateLimitError)):
        wrapped.send(MAKERS[kind]([TASK]))
    with pytest.raises(CoolingDown) as raised:
        _send_again(wrapped, kind)
    assert 86_000 < raised.value.seconds <= 86_400
    assert len(provider.seen) == 1
    limited = [event.attributes for event in wrapped.told if event.name == "rate_limit"]
    assert [(each["consecutive_429s"], each["retry_after"]) for each in limited] == [(1, 86_400)]


def test_a_request_that_was_on_its_way_when_another_was_refused_counts_with_that(provider: Provider) -> None:
    """However late its own refusal comes: it says no more than the first one."""
    now = [0.0]
    told: list[Any] = []
    provider.refusals = [(None, {"message": "too many"})] * 2

    def meanwhile(_: Any) -> None:
        hooks["request"].clear()
        with pytest.raises(openai.RateLimitError):
            client.chat.completions.create(model="m", messages=as_chat([TASK]))
        now[0] += 60

    http = openai.DefaultHttpxClient(event_hooks={"request": [meanwhile]})
    hooks = http.event_hooks
    inner = openai.OpenAI(api_key="none", base_url=f"{provider.address}/v1", max_retries=0, http_client=http)
    around = Surroundings(cooldowns=Cooldowns(lambda: now[0]))
    client = budgeted(inner, LIMITS, emit=told.append, around=around)
    with inner:
        with pytest.raises(openai.RateLimitError):
            client.chat.completions.create(model="m", messages=as_chat([TASK]))
        limited = [event.attributes for event in told if event.name == "rate_limit"]
        assert [(each["consecutive_429s"], each["cooldown_s"]) for each in limited] == [(1, 60), (1, 0)]
        client.chat.completions.create(model="m", messages=as_chat([TASK]))


def _send_again(wrapped: Wrapped, kind: str) -> None:
    if wrapped.is_async:
        asyncio.run(wrapped.create(model="m", max_tokens=9, **{KEYS[kind]: MAKERS[kind]([TASK])}))
    else:
        wrapped.send(MAKERS[kind]([TASK]))


def test_another_model_is_asked_meanwhile(provider: Provider) -> None:
    wrapped = Wrapped("chat", provider, routes=Routes(failover={"m": "other"}))
    provider.refusals = [(None, {"message": "too many"})]
    with pytest.raises(openai.RateLimitError):
        wrapped.send(as_chat([TASK]))
    wrapped.send(as_chat([TASK]))
    assert [request["model"] for request in provider.seen] == ["m", "other"]
    assert wrapped.names == ["rate_limit", "failover"]


def test_without_money_nobody_is_left_alone(provider: Provider) -> None:
    wrapped = Wrapped("chat", provider)
    provider.refusals = [(None, {"message": "no money", "type": "insufficient_quota", "code": "insufficient_quota"})]
    with pytest.raises(openai.RateLimitError):
        wrapped.send(as_chat([TASK]))
    wrapped.send(as_chat([TASK]))
    assert len(provider.seen) == 2
    assert wrapped.names == []


@pytest.mark.parametrize("code", [None, "429", 1113])
def test_a_server_may_say_in_the_type_that_there_is_no_money(code: Any, provider: Provider) -> None:
    wrapped = Wrapped("chat", provider)
    provider.refusals = [("60", {"message": "no money", "type": "insufficient_quota", "code": code})]
    with pytest.raises(openai.RateLimitError):
        wrapped.send(as_chat([TASK]))
    wrapped.send(as_chat([TASK]))
    assert wrapped.names == []


def test_another_key_does_not_wait_for_the_first(provider: Provider) -> None:
    wrapped = Wrapped("chat", provider)
    provider.refusals = [("60", {"message": "too many"})]
    with pytest.raises(openai.RateLimitError):
        wrapped.send(as_chat([TASK]))
    with pytest.raises(CoolingDown):
        wrapped.client.with_options(timeout=9).chat.completions.create(model="m", messages=as_chat([TASK]))
    wrapped.client.with_options(api_key="other").chat.completions.create(model="m", messages=as_chat([TASK]))
    wrapped.client.api_key = "new"
    wrapped.send(as_chat([TASK]))
    assert wrapped.inner.api_key == "new"
    assert len(provider.seen) == 3


def test_tokens_tell_accounts_apart_too(provider: Provider) -> None:
    around = Surroundings(cooldowns=Cooldowns())
    made = (anthropic.Anthropic(auth_token=each, base_url=provider.address, max_retries=0) for each in "ab")
    first, second = (budgeted(each, LIMITS, around=around) for each in made)
    provider.refusals = [("60", {"message": "too many"})]
    with pytest.raises(anthropic.RateLimitError):
        first.messages.create(model="m", max_tokens=9, messages=as_anthropic([TASK]))
    second.messages.create(model="m", max_tokens=9, messages=as_anthropic([TASK]))
    assert len(provider.seen) == 2


@pytest.mark.parametrize("said", ["5", None, True, -5, [5], 5.0])
def test_a_stream_with_numbers_that_are_none_passes_through(
    said: Any, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = {"type": "message_start", "message": {**MESSAGE, "usage": {"input_tokens": 50, "output_tokens": said}}}
    monkeypatch.setitem(
        globals(), "events", lambda *_: iter([("message_start", start), ("message_stop", {"type": "message_stop"})])
    )
    wrapped = Wrapped("anthropic", provider, limits=LIMITS._replace(per_minute=60))
    assert len(wrapped.send(as_anthropic([TASK]), stream=True)) == 2
    assert [each.attributes["used"] for each in wrapped.told if each.name == "capacity_warning"] == [50]


def test_a_client_can_be_copied(provider: Provider) -> None:
    copy.copy(Wrapped("chat", provider).client).chat.completions.create(model="m", messages=as_chat([TASK]))
    assert len(provider.seen) == 1


def test_where_an_older_function_could_write_nothing_is_capped(provider: Provider) -> None:
    function = {"name": "write", "parameters": {"type": "object", "properties": {"content": {"type": "string"}}}}
    Wrapped("chat", provider).send(as_chat([TASK]), functions=[function])
    assert "max_completion_tokens" not in provider.seen[0]


def test_what_is_too_large_after_all_is_not_sent(provider: Provider) -> None:
    wrapped = Wrapped("chat", provider, limits=Limits("m", 2_000, 0.5, 0.9))
    with pytest.raises(Blocked):
        wrapped.send([{"role": "system", "content": LONG * 3}, *as_chat([TASK])])
    assert provider.seen == []


@pytest.mark.parametrize("kind", KINDS)
def test_where_a_tool_could_write_nothing_is_capped(kind: str, provider: Provider) -> None:
    schema = {"type": "object", "properties": {"content": {"type": "string"}}}
    tool: dict[str, Any] = {"name": "write", "input_schema" if kind == "anthropic" else "parameters": schema}
    if kind == "chat":
        tool = {"type": "function", "function": tool}
    elif kind == "responses":
        tool["type"] = "function"
    wrapped = Wrapped(kind, provider)
    wrapped.send(MAKERS[kind]([TASK]), tools=[tool])
    assert provider.seen[0].get(CAPS[kind]) == (9_000 if kind == "anthropic" else None)


def test_what_goes_on_from_a_response_on_the_server_is_left_alone(provider: Provider) -> None:
    wrapped = Wrapped("responses", provider)
    result = {"type": "function_call_output", "call_id": "call_9", "output": LONG}
    with pytest.raises(openai.BadRequestError):  # the server of this test knows no other response
        wrapped.send([result], previous_response_id="r_1")
    assert provider.seen[0]["input"] == [result]


def test_words_alone_are_an_input_too(provider: Provider) -> None:
    Wrapped("responses", provider).send("explain it")
    assert provider.seen[0]["input"] == "explain it"


def test_all_else_is_the_clients_own(provider: Provider) -> None:
    wrapped = Wrapped("chat", provider)
    assert wrapped.client.api_key == "none"
    assert wrapped.client.chat.completions.with_raw_response is not None
    again = wrapped.client.with_options(timeout=9)
    again.chat.completions.create(model="m", messages=as_chat(LARGE))
    assert tokens_of(provider.seen[0]["messages"]) < 13_000
    with wrapped.client as client:
        client.chat.completions.create(
            model="m", messages=as_chat([TASK]), temperature=0.5, max_tokens=openai.NOT_GIVEN
        )
    assert (provider.seen[1]["temperature"], "max_tokens" in provider.seen[1]) == (0.5, False)
    with pytest.raises(AttributeError):
        wrapped.client.nothing_like_it  # noqa: B018


def test_a_stream_that_nobody_reads_to_its_end_is_an_answer_too(provider: Provider) -> None:
    wrapped = Wrapped("chat", provider, limits=LIMITS._replace(requests_per_minute=1))
    with wrapped.create(model="m", messages=as_chat([TASK]), stream=True) as stream:
        assert next(iter(stream)).choices[0].delta.content == "0"
        assert stream.response.status_code == 200
    assert wrapped.names == ["capacity_warning"]


def test_many_threads_share_a_client(provider: Provider) -> None:
    wrapped = Wrapped("chat", provider)
    threads = [threading.Thread(target=wrapped.send, args=(as_chat([TASK, *steps(20 + n)]),)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(provider.seen) == 8
    assert all(tokens_of(request["messages"]) < 13_000 for request in provider.seen)
