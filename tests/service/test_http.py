"""The service over HTTP, in its own event loop: what it answers, what it refuses, and what it takes at once."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Iterator
from itertools import accumulate
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import validate

from loopflow.errors import UsageError
from loopflow.service.auth import Access, make_access, read_token
from loopflow.service.settings import Bounds, Model, ServiceSettings
from loopflow.tokens import count, encode, split
from tests.support.asgi import Answered, Client, serving
from tests.support.oracle import count_text

Ask = Callable[..., Any]
TOKEN = b"t" * 32
CANARY = "canary-0451"


def ask(
    directory: Path,
    do: Callable[[Client], Awaitable[Any]],
    settings: ServiceSettings | None = None,
    access: Access | None = None,
    *,
    works: bool = True,
) -> Any:  # noqa: ANN401
    """Run `do` with a service."""

    async def call() -> Any:  # noqa: ANN401
        async with serving(directory, settings, access, works=works) as client:
            return await do(client)

    return asyncio.run(call())


def post(directory: Path, path: str, body: object, settings: ServiceSettings | None = None, **headers: str) -> Answered:
    """Ask once."""
    found: Answered = ask(directory, lambda client: client.post(path, body, **headers), settings, works=False)
    return found


@pytest.mark.parametrize("encoding", ["o200k_base", "cl100k_base"])
def test_counts_exactly(tmp_path: Path, encoding: str) -> None:
    """Names of special tokens, NUL, emoji, U+FFFD, a megabyte of one letter: what tiktoken counts."""
    texts = [
        "",
        "hello world",
        "<|endoftext|>",
        "a\0b",
        "\U0001f600\ufffd",
        "a" * 1_000_000,
        "\r\n\u2028 x",
        "\u0e01\u0e33" * 99,
    ]

    async def do(client: Client) -> None:
        for text in texts:
            found = (await client.post("/v1/count", {"text": text, "encoding": encoding})).json
            expected = {"tokens": count_text(text, encoding), "encoding": encoding, "characters": len(text)}
            assert found == {**expected, "bytes": len(text.encode()), "cache": "computed"}
        again = await client.post("/v1/count", {"text": "hello world", "encoding": encoding})
        assert again.json["cache"] == "memory"
        batch = await client.post("/v1/count/batch", {"texts": texts, "encodings": ["cl100k_base", "o200k_base"]})
        assert batch.json["counts"][encoding] == [count_text(text, encoding) for text in texts]
        assert batch.json["errors"] == []

    ask(tmp_path, do)


def test_a_million_blanks(tmp_path: Path) -> None:
    """Too long a run for tiktoken: another engine counts it, or 422; others are counted all the same."""

    async def do(client: Client) -> None:
        blanks, other = await asyncio.gather(
            client.post("/v1/count", {"text": " " * 1_000_001}), client.post("/v1/count", {"text": "hello world"})
        )
        assert (blanks.status, other.json["tokens"]) in {(200, 2), (422, 2)}
        batch = (await client.post("/v1/count/batch", {"texts": ["a", " " * 1_000_001]})).json
        assert batch["counts"]["o200k_base"][0] == 1

    ask(tmp_path, do)


def test_an_answer_adds_up(tmp_path: Path) -> None:
    """Each part by itself: text, files as often as they occur, values; a failed one counts 0 and marks the whole."""
    (tmp_path / "root").mkdir()
    (tmp_path / "root/a").write_text("one two three\n")
    text = "x @[file:a] y @[file:a] @[var:v] @[var:none] @[file:.env]"

    async def do(client: Client) -> None:
        body = {"text": text, "encodings": ["o200k_base", "cl100k_base"], "variables": {"v": "@[file:a]"}}
        found = (await client.post("/v1/answer", body)).json
        for encoding, answer in found["answers"].items():
            content = sum(count(each, encoding) for each in ("x ", " y ", " ", " ", " "))
            references = 2 * count("one two three\n", encoding) + count("@[file:a]", encoding)
            assert answer == {"content": content, "references": references, "total": content + references}
        assert found["complete"] is False
        codes = [part.get("error", {}).get("code") for part in found["parts"]]
        assert codes == [None, None, None, "variable_unset", "forbidden"]
        markers = [text[part["start"] : part["end"]] for part in found["parts"]]
        assert markers == [each for each in text.split() if each.startswith("@")]
        assert "digest" not in json.dumps(found)

    ask(tmp_path, do)


def test_windows(tmp_path: Path) -> None:
    """Exactly full is not exceeded; nine tenths are near."""
    models = tuple(Model(str(window), window, "o200k_base") for window in (99, 100, 111, 112))

    async def do(client: Client) -> list[tuple[str, str]]:
        found = (await client.post("/v1/answer", {"text": "a b" + " c" * 98})).json
        assert found["answers"]["o200k_base"]["total"] == 100
        return [(each["model"], each["state"]) for each in found["windows"]]

    states = ask(tmp_path, do, ServiceSettings(models=models))
    expected = [("99", "exceeded"), ("100", "near"), ("111", "near"), ("112", "ok")]
    assert states == [("gpt-4o", "ok"), ("other tokenizers", "ok"), *expected]


def test_tokens_in_middle_of_one_line(tmp_path: Path) -> None:
    """Those between two places in bytes; a character may lie across two."""
    text = "caf\u00e9 \U0001f9ff\u0e01 hello world " * 300
    pieces, ids = split(text), encode(text)
    ends = list(accumulate(map(len, pieces)))

    async def do(client: Client) -> None:
        for start, end in ((0, None), (0, 5), (7, 9), (400, 500), (ends[-1], None), (10**6, 10**7)):
            body = {"text": text, "start": start, **({} if end is None else {"end": end})}
            found = (await client.post("/v1/tokens", body)).json
            last = len(ends) if end is None else next((n + 1 for n, each in enumerate(ends) if each >= end), len(ends))
            first = next((n for n, each in enumerate(ends) if each > start), len(ends))
            assert found["tokens"] == len(pieces)
            assert (found["first"], found["ids"]) == (first, ids[first:last])
            assert found["ends"] == ends[first:last]

    ask(tmp_path, do)


def test_tokens_of_what_has_no_place_to_cut(tmp_path: Path) -> None:
    """They are told up to a million characters; the reference takes long for more. Others are told in pieces."""
    line = "a line of text, and another one\n"
    text = line * 3_000

    async def do(client: Client) -> None:
        large = await client.post("/v1/tokens", {"text": "a" * 1_000_001})
        assert (large.status, large.code) == (413, "text_too_large")
        start = 2_500 * len(line)
        found = (await client.post("/v1/tokens", {"text": text, "start": start, "end": start + len(line)})).json
        ids = encode(line)
        assert (found["tokens"], found["first"], found["ids"]) == (3_000 * len(ids), 2_500 * len(ids), ids)
        most = (await client.post("/v1/tokens", {"text": text})).json
        assert (len(most["ids"]), most["first"]) == (20_000, 0)

    ask(tmp_path, do, works=False)


BAD = [
    (b"nonsense", 400, "bad_request"),
    (b"", 400, "bad_request"),
    (b"{}", 400, "bad_request"),
    (b'{"text": 5}', 400, "bad_request"),
    (b'{"text": null}', 400, "bad_request"),
    (b"[]", 400, "bad_request"),
    (b'{"text": "\\ud800"}', 400, "bad_request"),
    (b'{"text": "\xff"}', 400, "bad_request"),
    (b'{"text": "x", "nonsense": 1}', 400, "bad_request"),
    (b'{"text": NaN}', 400, "bad_request"),
    (b'{"text": ' + b"[" * 100_000, 400, "bad_request"),
    (b'{"text": "x", "a": ' + b"[" * 999 + b"]" * 999 + b"}", 400, "bad_request"),
    (b'{"text": "x", "encoding": "gpt2"}', 400, "unknown_encoding"),
    (b'{"text": "x", "encoding": ["a"]}', 400, "bad_request"),
]


def test_bad_bodies(tmp_path: Path) -> None:
    """Each names what is wrong, in one line, and where."""

    async def do(client: Client) -> None:
        for body, status, code in BAD:
            found = await client.ask("POST", "/v1/count", [body])
            assert (found.status, found.code) == (status, code), body[:60]
            assert found.headers["content-type"] == "application/problem+json"
            assert set(found.json) == {"type", "title", "status", "code", "detail", "hint", "retryable"}
            assert "\n" not in found.json["detail"] + found.json["hint"]
        named = await client.ask("POST", "/v1/count", [b'{"text": "x", "nonsense": 1}'])
        assert "nonsense" in named.json["detail"]
        assert "$.text" in (await client.post("/v1/count", {"text": 5})).json["detail"]
        hint = (await client.post("/v1/count", {"text": "x", "encoding": "gpt2"})).json["hint"]
        assert "o200k_base" in hint
        assert "cl100k_base" in hint

    ask(tmp_path, do, works=False)


WRONG = [
    ("GET", "/v1/count", {}, 405),
    ("DELETE", "/v1/tasks", {}, 405),
    ("POST", "/v1/models", {}, 405),
    ("POST", "/", {}, 405),
    ("GET", "/", {"host": "evil.example"}, 421),
    ("GET", "/static/x/main.js", {}, 404),
    ("GET", "/v1/nonsense", {}, 404),
    ("GET", "/v1/tasks/a/b", {}, 404),
    ("GET", "/v1/tasks/", {}, 404),
    ("POST", "/v1/count", {"content_type": "text/plain"}, 415),
    ("POST", "/v1/count", {"content_type": ""}, 415),
    ("POST", "/v1/count", {"host": "evil.example"}, 421),
    ("POST", "/v1/count", {"host": ""}, 421),
    ("POST", "/v1/count", {"host": "127.0.0.1.evil.example:80"}, 421),
    ("GET", "/v1/models", {"host": "10.0.0.1"}, 421),
    ("POST", "/v1/count", {"origin": "http://evil.example"}, 403),
    ("POST", "/v1/count", {"origin": "null"}, 403),
    ("POST", "/v1/count", {"origin": "https://127.0.0.1"}, 403),
    ("POST", "/v1/count", {"origin": "http://127.0.0.1:1"}, 403),
    ("POST", "/v1/count", {"host": "localhost:80", "origin": "http://127.0.0.1:80"}, 403),
    ("POST", "/v1/count", {"x_long": "x" * 17_000}, 431),
    ("GET", "/v1/tasks/nonsense", {}, 404),
    ("GET", "/v1/tasks/%00", {}, 404),
    ("DELETE", "/v1/tasks/nonsense", {}, 404),
    ("GET", "/v1/tasks?status=x", {}, 400),
    ("GET", "/v1/tasks?limit=0", {}, 400),
    ("GET", "/v1/tasks?limit=9999999999", {}, 400),
    ("GET", "/v1/tasks?x=1", {}, 400),
    ("GET", "/v1/tasks?status=failed&status=failed", {}, 400),
    ("GET", "/v1/tasks?after=nonsense", {}, 404),
    ("DELETE", "/v1/cache", {}, 400),
    ("DELETE", "/v1/cache?digest=x", {}, 400),
    ("DELETE", "/v1/cache?encoding=gpt2", {}, 400),
    ("DELETE", "/v1/cache?all=1", {}, 400),
    ("DELETE", "/v1/cache?all=true&digest=" + "0" * 64, {}, 400),
    ("GET", "/v1/variables/x", {}, 404),
    ("DELETE", "/v1/variables/x", {}, 404),
    ("GET", "/v1/variables/\x01", {}, 400),
    ("GET", "/v1/events?task=nonsense", {}, 404),
    ("HEAD", "/v1/events", {}, 405),
    ("POST", "/v1/count", {"content_length": "9" * 5000}, 413),
]


def test_wrong_requests(tmp_path: Path) -> None:
    """Method, path, media type, host, origin, headers, queries."""

    async def do(client: Client) -> None:
        for method, path, headers, status in WRONG:
            found = await client.ask(method, path, [b'{"text": "x"}'], **headers)
            assert found.status == status, (method, path, headers)
            assert ("allow" in found.headers) == (status == 405)
            assert found.headers["x-request-id"]
        assert (await client.get("/v1/count")).headers["allow"] == "POST"
        fine = {
            "host": "localhost:8787",
            "origin": "http://localhost:8787",
            "content_type": "application/json; charset=utf-8",
        }
        assert (await client.post("/v1/count", {"text": "x"}, **fine)).status == 200
        assert (await client.get("/health/live", host="10.0.0.1:8787")).status == 200

    ask(tmp_path, do, works=False)


def test_bodies_are_bounded(tmp_path: Path) -> None:
    """Declared, it is refused before it is read; streamed, as soon as it is too much; a task may be larger."""
    settings = ServiceSettings(bounds=Bounds(body=1000, task_body=2000, body_seconds=0.2))

    async def do(client: Client) -> None:
        declared = await client.ask("POST", "/v1/count", [b"x", 5.0], content_length="1001")
        assert (declared.status, declared.code, declared.headers["connection"]) == (413, "text_too_large", "close")
        streamed = await client.ask("POST", "/v1/count", [b"x" * 600] * 2)
        assert streamed.code == "text_too_large"
        assert (await client.ask("POST", "/v1/count", [b"x" * 1001])).code == "text_too_large"
        slow = await client.ask("POST", "/v1/count", [b"{", 0.5, b"}"])
        assert (slow.status, slow.code) == (408, "slow_body")
        assert (await client.ask("POST", "/v1/count", [b"{", -1.0, b""])).status == 0
        assert (await client.post("/v1/tasks", {"kind": "text", "text": "x" * 1500})).status == 202
        assert (await client.post("/v1/tasks", {"kind": "text", "text": "x" * 2500})).status == 413

    ask(tmp_path, do, settings, works=False)


def test_what_is_too_much_is_refused(tmp_path: Path) -> None:
    """Requests that wait, and bytes of bodies in flight; it says when to come again, and health is answered."""
    settings = ServiceSettings(bounds=Bounds(at_work=1, waiting=1, in_flight=3000))

    async def do(client: Client) -> None:
        text = "word " * 100
        answers = await asyncio.gather(
            *(client.post("/v1/answer", {"text": f"{text}{n}"}) for n in range(4)), client.get("/health/ready")
        )
        assert sorted(each.status for each in answers) == [200, 200, 200, 503, 503]
        refused = [each for each in answers if each.status == 503]
        assert {(each.code, each.headers["retry-after"]) for each in refused} == {("overloaded", "1")}
        slow = [client.ask("POST", "/v1/count", [b'{"text":', 0.3, b'"x"}'], content_length="1800") for _ in range(2)]
        assert sorted(each.status for each in await asyncio.gather(*slow)) == [200, 503]
        assert (await client.post("/v1/count", {"text": "x"})).status == 200
        assert (client.edge.admission.inside, client.edge.admission.bytes) == (0, 0)

    ask(tmp_path, do, settings, works=False)


def test_a_reply_has_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After it, 504; and whoever hangs up ends the work."""
    ended: list[str] = []

    async def sleep(*_: object) -> None:
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            ended.append("cancelled")
            raise

    async def do(client: Client) -> None:
        monkeypatch.setattr(client.services.references, "answer", sleep)
        late = await client.post("/v1/answer", {"text": "x"})
        assert (late.status, late.code, late.json["retryable"]) == (504, "timeout", True)
        assert (await client.ask("POST", "/v1/answer", [b'{"text": "x"}', -1.0])).status == 0
        assert ended == ["cancelled", "cancelled"]

    ask(tmp_path, do, ServiceSettings(bounds=Bounds(seconds=0.2)), works=False)


def test_a_token_is_asked_for_everywhere(tmp_path: Path) -> None:
    """But where one asks whether the process lives."""
    access = make_access("127.0.0.1", (), TOKEN, proxy=False)

    async def do(client: Client) -> None:
        for path in ("/v1/models", "/v1/tasks", "/openapi.json", "/metrics", "/health/ready", "/v1/events"):
            for shown in ("", "Bearer x", f"Basic {TOKEN.decode()}", f"Bearer {TOKEN.decode()}x", "Bearer \xe9"):
                found = await client.get(path, authorization=shown)
                assert (found.status, found.headers.get("www-authenticate")) == (401, "Bearer"), path
        assert (await client.get("/health/live")).status == 200
        assert (await client.get("/v1/models", authorization=f"bearer {TOKEN.decode()}")).status == 200

    ask(tmp_path, do, access=access, works=False)


ALL = "0.0.0.0"  # noqa: S104  nobody binds to it


@pytest.mark.parametrize(
    ("bound", "allowed", "proxy"),
    [
        (ALL, (), False),
        ("::", (), False),
        ("10.0.0.1", (), False),
        ("127.0.0.1", (), True),
        ("127.0.0.1", ("x",), False),
    ],
)
def test_proxy_without_token_is_exit_2(bound: str, allowed: tuple[str, ...], proxy: bool) -> None:  # noqa: FBT001
    """Wherever somebody else could ask."""
    with pytest.raises(UsageError, match="without a token"):
        make_access(bound, allowed, None, proxy=proxy)
    assert make_access(bound, allowed, TOKEN, proxy=proxy).token == TOKEN


@pytest.mark.parametrize("token", ["short", "t" * 31, "t" * 31 + " x", "\u00e9" * 40, "t\n" * 20])
def test_a_weak_token(tmp_path: Path, token: str) -> None:
    """Nobody should be able to guess it, and a header has to hold it."""
    with pytest.raises(UsageError, match="weak"):
        read_token({"LOOPFLOW_SERVICE_TOKEN": token}, None, str(tmp_path))


def test_a_token_file(tmp_path: Path) -> None:
    """Others may not read it."""
    (tmp_path / "t").write_text("t" * 32 + "\n")
    for mode, fine in ((0o600, True), (0o640, False), (0o604, False)):
        (tmp_path / "t").chmod(mode)
        if fine:
            assert read_token({"LOOPFLOW_SERVICE_TOKEN": "x"}, "t", str(tmp_path)) == TOKEN
        else:
            with pytest.raises(UsageError, match="others may read"):
                read_token({}, "t", str(tmp_path))
    with pytest.raises(UsageError, match="cannot be read"):
        read_token({}, "missing", str(tmp_path))
    assert read_token({}, None, "") is None


def test_variables(tmp_path: Path) -> None:
    """The same value changes nothing; another is counted at once, told with what it was, and never itself."""

    async def do(client: Client) -> None:
        path = "/v1/variables/a]b"
        async with client.services.events.listen() as happening:
            said = [
                (await client.ask("PUT", path, [json.dumps({"value": value}).encode()])).json
                for value in ("one two", "one two", "one two three")
            ]
            assert said == [
                {"name": "a]b", "tokens": 2, "changed": True, "previous_tokens": None},
                {"name": "a]b", "tokens": 2, "changed": False},
                {"name": "a]b", "tokens": 3, "changed": True, "previous_tokens": 2},
            ]
            assert happening.qsize() == 2
        answer = (await client.post("/v1/answer", {"text": "@[var:a\\]b]"})).json
        assert answer["answers"]["o200k_base"]["references"] == 3
        assert (await client.get(path)).json["tokens"] == 3
        assert (await client.ask("DELETE", path)).status == 200
        assert (await client.get(path)).code == "variable_unset"
        large = (await client.post("/v1/answer", {"text": "@[var:x]", "variables": {"x": "a " * 500_000}})).json
        assert large["answers"]["o200k_base"]["total"] == count("a " * 500_000)

    ask(tmp_path, do, works=False)


def test_variables_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In number and size: they live in memory."""
    monkeypatch.setattr("loopflow.service.variables.MOST_VARIABLES", 2)
    monkeypatch.setattr("loopflow.service.variables.MOST_CHARACTERS", 10)

    async def do(client: Client) -> list[int]:
        pairs = [("a", "1234"), ("b", "1234"), ("c", "1"), ("b", "1234567"), ("b", "123456")]
        return [
            (await client.ask("PUT", f"/v1/variables/{name}", [json.dumps({"value": value}).encode()])).status
            for name, value in pairs
        ]

    assert ask(tmp_path, do, works=False) == [200, 200, 413, 413, 200]


def test_an_answer_is_no_larger_than_it_should_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A text of a million references would have an answer of many more."""
    monkeypatch.setattr("loopflow.service.references.MOST_MARKERS", 1_500)

    async def do(client: Client) -> None:
        for text in ("@[var:a] " * 1_501, "".join(f"@[var:a{n}]" for n in range(1_001))):
            found = await client.post("/v1/answer", {"text": text})
            assert (found.status, found.code) == (413, "text_too_large")
        fine = await client.post("/v1/answer", {"text": "@[var:a] " * 1_500, "variables": {"a": "x"}})
        assert fine.json["answers"]["o200k_base"] == {"content": 1_500, "references": 1_500, "total": 3_000}

    ask(tmp_path, do, works=False)


def test_what_a_variable_was_is_known_after_a_restart(tmp_path: Path) -> None:
    """Its tokens, not its value."""
    ask(tmp_path, lambda client: client.ask("PUT", "/v1/variables/v", [b'{"value": "one two"}']), works=False)

    async def do(client: Client) -> Any:  # noqa: ANN401
        return (await client.post("/v1/answer", {"text": "@[var:v]"})).json["parts"][0]["error"]

    error = ask(tmp_path, do, works=False)
    assert (error["code"], error["last_known_tokens"]) == ("variable_unset", 2)


def test_references_alone(tmp_path: Path) -> None:
    """In order, each with its error; one that does not parse is 400 and named."""
    (tmp_path / "root").mkdir()
    for number in range(60):
        (tmp_path / f"root/f{number}").write_text("word " * number)

    async def do(client: Client) -> None:
        wanted = [f"@[file:f{number}]" for number in range(60)]
        found = (await client.post("/v1/references/count", {"references": [*wanted, "@[file:none]"]})).json
        assert [each.get("tokens", {}).get("o200k_base") for each in found["results"]] == [
            *(count("word " * number) for number in range(60)), None,
        ]  # fmt: skip
        assert found["total"]["o200k_base"] == sum(count("word " * number) for number in range(60))
        bad = await client.post("/v1/references/count", {"references": ["@[file:f1]", "f2"]})
        assert (bad.status, bad.code) == (400, "bad_reference")
        assert "references[1]" in bad.json["detail"]

    ask(tmp_path, do, works=False)


def test_touched_file_not_recounted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file whose state is known is not opened, one that was touched is read and not counted, another is counted."""
    root = tmp_path / "root"
    root.mkdir()
    sizes = {"small": "text\n" * 9, "large": "text of a line\n" * 560_000}
    monkeypatch.setattr("loopflow.service.files._SETTLED_NS", -(10**9))
    for name, text in sizes.items():
        (root / name).write_text(text)
        tokens, others = count(text), count(text.replace("t", "u"))

        async def do(client: Client, name: str = name) -> tuple[str, int, bool]:
            found = (await client.post("/v1/references/count", {"references": [f"@[file:{name}]"]})).json["results"][0]
            return found["cache"], found["tokens"]["o200k_base"], found["changed"]

        assert ask(tmp_path, do) == ("computed", tokens, False)
        with monkeypatch.context() as patch:
            patch.setattr("loopflow.service.files.Reading.__init__", _never)
            assert ask(tmp_path, do) == ("database", tokens, False)
        (root / name).touch()
        with monkeypatch.context() as patch:
            patch.setattr("loopflow.tokens.choice.Counter.count", _never)
            assert ask(tmp_path, do) == ("database", tokens, False)
        (root / name).write_text(text.replace("t", "u"))
        assert ask(tmp_path, do) == ("computed", others, True)


def test_tasks_over_http(tmp_path: Path) -> None:
    """Accepted once it is kept, done in order, listed, with a result; what fails says why; ended is ended."""
    (tmp_path / "root").mkdir()
    (tmp_path / "root/a").write_text("one two\n")

    async def do(client: Client) -> None:
        names = []
        for body in (
            {"kind": "text", "text": "hello world", "priority": "high"},
            {"kind": "references", "references": ["@[file:a]", "@[file:none]"], "priority": "low"},
            {"kind": "text", "text": "a line\n" * 100_000, "encoding": "cl100k_base"},
        ):
            accepted = await client.post("/v1/tasks", body)
            assert (accepted.status, accepted.json["status"]) == (202, "pending")
            assert accepted.headers["location"] == f"/v1/tasks/{accepted.json['task_id']}"
            names.append(accepted.json["task_id"])
        done = [await wait(client, name) for name in names]
        assert [each["status"] for each in done] == ["completed"] * 3
        assert done[0]["result"] == {"tokens": 2}
        assert done[1]["result"]["total"] == {"o200k_base": count("one two\n")}
        assert done[2]["result"] == {"tokens": count("a line\n" * 100_000, "cl100k_base")}
        listed = (await client.get("/v1/tasks?status=completed&limit=2")).json
        assert [each["task_id"] for each in listed["tasks"]] == names[:0:-1]
        assert listed["queue"]["completed"] == {"high": 1, "medium": 1, "low": 1}
        late = await client.ask("DELETE", f"/v1/tasks/{names[0]}")
        assert (late.status, late.code) == (409, "ended")
        for body in (
            {"kind": "text"},
            {"kind": "references"},
            {"kind": "text", "text": "", "references": []},
            {"kind": "x"},
        ):
            assert (await client.post("/v1/tasks", body)).status == 400

    ask(tmp_path, do)


async def wait(client: Client, name: str) -> dict[str, Any]:
    """Return a task once it ended."""
    async with asyncio.timeout(60):
        while True:
            task: dict[str, Any] = (await client.get(f"/v1/tasks/{name}")).json
            if task["status"] in {"completed", "failed", "cancelled"}:
                return task
            await asyncio.sleep(0.02)


def test_a_task_can_be_cancelled_and_the_queue_be_full(tmp_path: Path) -> None:
    """What waits is not done; 429 says when to come again."""

    async def do(client: Client) -> None:
        name = (await client.post("/v1/tasks", {"kind": "text", "text": "x"})).json["task_id"]
        full = await client.post("/v1/tasks", {"kind": "text", "text": "y"})
        assert (full.status, full.code, full.headers["retry-after"]) == (429, "queue_full", "1")
        assert (await client.ask("DELETE", f"/v1/tasks/{name}")).json["status"] == "cancelled"

    ask(tmp_path, do, ServiceSettings(bounds=Bounds(queue=1)), works=False)


def test_events_of_a_task_end_with_it(tmp_path: Path) -> None:
    """As it is now, then each change; the stream of everything ends when the service does."""

    async def do(client: Client) -> None:
        name = (await client.post("/v1/tasks", {"kind": "text", "text": "hello"})).json["task_id"]
        listening = asyncio.create_task(client.get("/v1/events"))
        found = await client.get(f"/v1/events?task={name}", last_event_id="7")
        assert found.headers["content-type"].startswith("text/event-stream")
        events = [block.split("\n") for block in found.body.decode().strip().split("\n\n")]
        assert {lines[1] for lines in events} == {"event: task"}
        assert json.loads(events[-1][2].removeprefix("data: "))["status"] == "completed"
        client.services.events.close()
        assert (await listening).status == 200

    ask(tmp_path, do)


def test_health_and_figures(tmp_path: Path) -> None:
    """Degraded without its database, and answers; stopping is not ready."""

    async def do(client: Client) -> None:
        assert (await client.get("/health/ready")).json == {"status": "degraded", "parts": {"store": "down"}}
        assert (await client.post("/v1/count", {"text": "hello world"})).json["tokens"] == 2
        task = await client.post("/v1/tasks", {"kind": "text", "text": "x"})
        assert (task.status, task.code, task.json["retryable"]) == (503, "store_unavailable", True)
        figures = (await client.get("/metrics")).body.decode()
        assert 'loopflow_requests_total{route="/v1/count",status="200"} 1.0' in figures
        assert 'loopflow_tokens_counted_total{encoding="o200k_base"} 2.0' in figures
        assert "loopflow_store_up 0.0" in figures
        client.services.is_stopping = client.edge.is_stopping = True
        stopping = await client.get("/health/ready")
        assert (stopping.status, stopping.json["status"], stopping.headers["connection"]) == (503, "stopping", "close")

    (tmp_path / "data").write_text("a file where the database should be")
    ask(tmp_path, do, works=False)


def test_the_document_is_valid_and_names_every_path(tmp_path: Path) -> None:
    """OpenAPI 3.1, made of the table of routes; the page is none of it."""

    async def do(client: Client) -> Any:  # noqa: ANN401
        document = (await client.get("/openapi.json")).json
        assert set(document["paths"]) == {route.path for route in client.edge.routes if not route.is_page}
        return document

    validate(ask(tmp_path, do, works=False))


def _never(*_: object) -> None:
    raise AssertionError("it is called")


@pytest.fixture
def secrets(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """Log everything."""
    with caplog.at_level(logging.DEBUG):
        yield caplog


def test_nothing_secret_is_logged_or_told(tmp_path: Path, secrets: pytest.LogCaptureFixture) -> None:
    """No text, no value, no token, no query: not in the log, not in figures, not in an error."""
    (tmp_path / "root").mkdir()
    (tmp_path / "root/.env").write_text(CANARY)

    async def do(client: Client) -> list[Answered]:
        url = f"http://127.0.0.1:9/x?key={CANARY}"
        said = [
            await client.post("/v1/count", {"text": CANARY}),
            await client.post(
                "/v1/answer", {"text": f"@[var:v] @[file:.env] @[api:{url}]", "variables": {"v": CANARY}}
            ),
            await client.ask("PUT", "/v1/variables/v", [json.dumps({"value": CANARY}).encode()]),
            await client.post("/v1/tasks", {"kind": "text", "text": CANARY}),
            await client.get("/v1/models", authorization=f"Bearer {CANARY}"),
            await client.ask("POST", "/v1/count", [f'{{"text": "{CANARY}"'.encode()]),
        ]
        await asyncio.sleep(0.1)
        return [*said, await client.get("/metrics"), await client.get("/v1/tasks"), await client.get("/v1/cache")]

    answers = ask(tmp_path, do)
    shown = b"".join(each.body for each in answers).decode()
    # A reference is told as it was written: whoever asks knows it.
    assert CANARY not in shown.replace(f"?key={CANARY}]", "")
    assert CANARY not in secrets.text
