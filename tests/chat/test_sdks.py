"""The SDKs of OpenAI and Anthropic against a server that refuses what the APIs refuse, in their words and shapes."""

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from loopflow.chat import compact, read, write
from tests.support.refusing import refuse_anthropic, refuse_chat, refuse_responses
from tests.support.talks import Said, as_anthropic, as_chat, as_responses

anthropic = pytest.importorskip("anthropic")
openai = pytest.importorskip("openai")
pytestmark = pytest.mark.server

LONG = "\n".join(f"{n:4} def function_{n}(): return {n}" for n in range(400))


class _Provider(BaseHTTPRequestHandler):
    """Both providers: 400 with the words of the rules, else an answer."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        request = json.loads(self.rfile.read(length))
        refuse, key, answer = _PATHS[self.path]
        why = refuse(request[key])
        if why is None:
            self._answer(200, answer)
            return
        error: dict[str, Any] = {"message": why, "type": "invalid_request_error"}
        if self.path == "/v1/messages":
            self._answer(400, {"type": "error", "error": error})
        else:
            self._answer(400, {"error": {**error, "param": "messages", "code": None}})

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _answer(self, code: int, document: dict[str, Any]) -> None:
        data = json.dumps(document).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


_USAGE = {"prompt_tokens": 5, "completion_tokens": 1, "total_tokens": 6}
_FUNCTION = {"name": "Read", "arguments": '{"path":"a.py"}'}
_CALLS = [{"id": "call_9", "type": "function", "function": _FUNCTION}]
_SAID = {"role": "assistant", "content": None, "tool_calls": _CALLS}
_CHAT = {
    "id": "c",
    "object": "chat.completion",
    "created": 1,
    "model": "m",
    "usage": _USAGE,
    "choices": [{"index": 0, "finish_reason": "tool_calls", "message": _SAID}],
}
_RESPONSES = {
    "id": "r",
    "object": "response",
    "created_at": 1,
    "model": "m",
    "status": "completed",
    "tools": [],
    "parallel_tool_calls": True,
    "tool_choice": "auto",
    "output": [{"type": "function_call", "id": "fc", "call_id": "call_9", **_FUNCTION, "status": "completed"}],
}
_ANTHROPIC = {
    "id": "m",
    "type": "message",
    "role": "assistant",
    "model": "m",
    "stop_reason": "tool_use",
    "content": [{"type": "tool_use", "id": "toolu_9", "name": "Read", "input": {"path": "a.py"}}],
    "usage": {"input_tokens": 5, "output_tokens": 1},
}


_PATHS: dict[str, tuple[Callable[[Any], str | None], str, dict[str, Any]]] = {
    "/v1/chat/completions": (refuse_chat, "messages", _CHAT),
    "/v1/responses": (refuse_responses, "input", _RESPONSES),
    "/v1/messages": (refuse_anthropic, "messages", _ANTHROPIC),
}


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Return where the providers listen."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Provider)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


def _steps(number: int) -> list[Said]:
    steps = []
    for at in range(number):
        steps.append(Said("call", '{"path":"a.py"}', f"call_{at}", "Read"))
        steps.append(Said("result", f"{at}\n{LONG}", f"call_{at}"))
    return steps


HISTORIES: dict[str, list[Said]] = {
    "cut before its call": _steps(3)[1:],
    "interrupted": [Said("user", "fix it"), *_steps(2)[:-1]],
    "result after the next words": [Said("user", "fix it"), _steps(1)[0], Said("user", "well?"), _steps(1)[1]],
    "answered twice": [Said("user", "fix it"), *_steps(1), _steps(1)[1], Said("assistant", "done")],
    "nothing but an answer": [Said("assistant", "hello there")],
    "an empty text": [Said("user", ""), *_steps(1)],
    "thinking that led to nothing": [Said("user", "fix it"), *_steps(1), Said("thinking", "hm")],
}
LARGE = [Said("user", "fix the parser in a.py, please, and keep its comments"), *_steps(40), Said("assistant", "done")]


def send(address: str, kind: str, messages: Sequence[Any]) -> Any:  # noqa: ANN401  each SDK's own
    """Send messages with the SDK of a provider, and return what it answers."""
    if kind == "anthropic":
        with anthropic.Anthropic(api_key="none", base_url=address, max_retries=0) as client:
            return client.messages.create(model="m", max_tokens=9, messages=messages)
    with openai.OpenAI(api_key="none", base_url=f"{address}/v1", max_retries=0) as client:
        if kind == "responses":
            return client.responses.create(model="m", input=messages)
        return client.chat.completions.create(model="m", messages=messages)


MAKERS = {"chat": as_chat, "responses": as_responses, "anthropic": as_anthropic}
REFUSED = {
    ("chat", "cut before its call"),
    ("chat", "interrupted"),
    ("chat", "result after the next words"),
    ("chat", "answered twice"),
    ("responses", "cut before its call"),
    ("responses", "interrupted"),
    ("responses", "answered twice"),
    ("responses", "thinking that led to nothing"),
    *(("anthropic", name) for name in HISTORIES),
}


@pytest.mark.parametrize("name", HISTORIES)
@pytest.mark.parametrize("kind", MAKERS)
def test_what_was_refused_is_taken_after_repair(address: str, kind: str, name: str) -> None:
    messages = MAKERS[kind](HISTORIES[name])
    if (kind, name) in REFUSED:
        with pytest.raises((openai.BadRequestError, anthropic.BadRequestError)):
            send(address, kind, messages)
    send(address, kind, write(compact(read(messages, kind), 100_000).conversation))


@pytest.mark.parametrize("limit", [200, 1_000, 5_000, 30_000])
@pytest.mark.parametrize("strategy", ["auto", "window", "prune", "summary"])
@pytest.mark.parametrize("kind", MAKERS)
def test_what_was_compacted_is_taken(address: str, kind: str, strategy: str, limit: int) -> None:
    done = compact(read(MAKERS[kind](LARGE), kind), limit, strategy=strategy)
    assert done.fits
    send(address, kind, write(done.conversation))


@pytest.mark.parametrize("kind", MAKERS)
def test_objects_of_the_sdk_are_read_and_sent_again_as_they_are(address: str, kind: str) -> None:
    messages: list[Any] = list(MAKERS[kind]([Said("user", "read a.py")]))
    answer = send(address, kind, messages)
    if kind == "chat":
        said = [answer.choices[0].message]
        result: dict[str, Any] = {"role": "tool", "tool_call_id": "call_9", "content": LONG}
    elif kind == "responses":
        said = answer.output
        result = {"type": "function_call_output", "call_id": "call_9", "output": LONG}
    else:
        said = [{"role": "assistant", "content": answer.content}]
        block = {"type": "tool_result", "tool_use_id": "toolu_9", "content": LONG}
        result = {"role": "user", "content": [block]}
    done = compact(read([*messages, *said, result], kind), 400)
    written = write(done.conversation)
    assert done.fits
    assert written[1] is said[0]
    send(address, kind, written)
