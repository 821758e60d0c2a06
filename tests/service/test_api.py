"""References to APIs, with a real server on this machine: what is asked, when again, and what is refused."""

import asyncio
import gzip
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from loopflow.service.api import ApiHandler, find_ttl, matches
from loopflow.service.counting import TokenCountingService
from loopflow.service.errors import BadReference, ServiceError, Unreachable
from loopflow.service.fetching import Asking, Fetcher, _redirected, canonical_url, read_url, shown_url
from loopflow.service.guard import Guard, read_allowed
from loopflow.service.model import Content
from loopflow.service.references import Asked
from loopflow.service.settings import ApiCache, NamedApi, ServiceSettings
from loopflow.tokens import count
from tests.support.servers import Handler, serve

BOTH = ("o200k_base", "cl100k_base")


@dataclass
class Upstream:
    """A server; `reply` answers, given the handler and how often it was asked."""

    reply: Callable[[Handler, int], None]
    asked: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)
    address: str = ""

    @property
    def place(self) -> str:
        """Host and port."""
        return self.address.removeprefix("http://")


@contextmanager
def upstream(reply: Callable[[Handler, int], None]) -> Iterator[Upstream]:
    """Serve."""
    state = Upstream(reply)

    class Answering(Handler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:  # noqa: N802  as it is called
            headers = {name.lower(): value for name, value in self.headers.items()}
            state.asked.append((self.command, self.path, headers, self.read_body()))
            try:
                state.reply(self, len(state.asked))
            except OSError:
                self.close_connection = True

    with serve(Answering) as address:
        state.address = address
        yield state


def text(body: bytes = b"hello world", status: int = 200, **headers: str) -> Callable[[Handler, int], None]:
    """Return what answers always the same."""
    headers = {"Content_Type": "text/plain", **headers}
    return lambda handler, _: handler.answer(status, body, **headers)


class Asker:
    """A handler that may ask one place, and waits for nobody."""

    def __init__(self, place: str, settings: ServiceSettings | None = None, seconds: float = 5, **environ: str) -> None:
        self.waits: list[float] = []

        async def sleep(seconds: float) -> None:
            self.waits.append(seconds)

        self.counting = TokenCountingService()
        fetcher = Fetcher(Guard(read_allowed([place])), seconds=seconds, sleep=sleep)
        self.handler = ApiHandler(self.counting, fetcher, settings or ServiceSettings(), environ)

    async def ask(
        self, *targets: str, encodings: tuple[str, ...] = BOTH, refresh: bool = False
    ) -> list[Content | ServiceError]:
        """Resolve."""
        return await self.handler.resolve(targets, Asked(encodings, refresh=refresh))

    def once(self, *targets: str) -> Content | ServiceError:
        """Resolve the first target, in a loop of its own."""

        async def run() -> Content | ServiceError:
            try:
                return (await self.ask(*targets))[0]
            finally:
                await self.handler.close()
                self.counting.close()

        return asyncio.run(run())


def code(result: Content | ServiceError) -> str:
    """Return what went wrong."""
    assert isinstance(result, ServiceError)
    return result.code


def test_an_answer_is_counted_in_both_encodings() -> None:
    """And is asked for once, however often it occurs and in which order its parameters stand."""
    with upstream(text()) as server:
        asker = Asker(server.place)

        async def run() -> None:
            first, other = await asker.ask(f"{server.address}/a?x=1&b=2", f"{server.address}/a?b=2&x=1")
            assert isinstance(first, Content)
            assert isinstance(other, Content)
            assert first.tokens == {name: count("hello world", name) for name in BOTH} == other.tokens
            [again] = await asker.ask(f"{server.address}/a?x=1&b=2")
            assert isinstance(again, Content)
            assert (first.level, again.level) == ("computed", "memory")
            await asker.handler.close()

        asyncio.run(run())
        assert len(server.asked) == 1


def test_errors_that_may_pass_are_tried_again() -> None:
    """500, 500, 200 takes three calls, with 1 s and 2 s between them."""
    replies = [500, 500, 200]
    with upstream(lambda handler, n: handler.answer(replies[n - 1], b"ok", Content_Type="text/plain")) as server:
        asker = Asker(server.place)
        assert isinstance(asker.once(server.address), Content)
        assert (len(server.asked), asker.waits) == (3, [1.0, 2.0])


@pytest.mark.parametrize(
    ("status", "calls"), [(503, 3), (429, 3), (408, 3), (425, 3), (404, 1), (401, 1), (204, 1), (206, 1)]
)
def test_a_status(status: int, calls: int) -> None:
    """What may pass is tried three times; what will not is not."""
    with upstream(text(b"", status)) as server:
        assert code(Asker(server.place).once(server.address)) == "upstream_status"
        assert len(server.asked) == calls


def test_retry_after_is_obeyed_up_to_a_bound() -> None:
    """Nobody waits an hour."""
    waits = ["7", "3600"]
    with upstream(lambda handler, n: handler.answer(429, b"", Retry_After=waits[min(n, 2) - 1])) as server:
        asker = Asker(server.place)
        asker.once(server.address)
        assert asker.waits == [7.0, 30.0]


def test_second_encoding_after_304() -> None:
    """Validators are sent where the count is known; 304 keeps it, and the other encoding is known as well."""

    def reply(handler: Handler, number: int) -> None:
        if number > 1:
            handler.answer(304)
        else:
            handler.answer(200, b"hello world", ETag='"v1"', Content_Type="text/plain")

    with upstream(reply) as server:
        asker = Asker(server.place)

        async def run() -> None:
            await asker.ask(server.address, encodings=("o200k_base",))
            [same] = await asker.ask(server.address, encodings=("o200k_base",), refresh=True)
            [other] = await asker.ask(server.address, encodings=("cl100k_base",), refresh=True)
            assert isinstance(same, Content)
            assert isinstance(other, Content)
            assert (same.tokens["o200k_base"], same.changed, other.tokens["cl100k_base"]) == (2, False, 2)
            asker.counting.memory.remove(lambda _: True)  # forgotten: a 304 would be of no use
            await asker.ask(server.address, refresh=True)
            await asker.handler.close()

        asyncio.run(run())
        assert [each[2].get("if-none-match") for each in server.asked] == [None, '"v1"', '"v1"', None]


def test_an_answer_that_changed_is_marked() -> None:
    """Once its time is over, or it is to be asked for again."""
    with upstream(lambda handler, n: handler.answer(200, b"x" * n, Content_Type="text/plain")) as server:
        settings = ServiceSettings(api_cache=(ApiCache(f"{server.address}/soon*", 0.0),))
        asker = Asker(server.place, settings)

        async def run() -> list[bool]:
            found = []
            for target in ("/soon", "/soon", "/late", "/late"):
                [content] = await asker.ask(server.address + target)
                assert isinstance(content, Content)
                found.append(content.changed)
            await asker.handler.close()
            return found

        assert asyncio.run(run()) == [False, True, False, False]
        assert len(server.asked) == 3


NAMED = {"a": NamedApi("", "POST", {"X-Api-Key": "env:KEY", "X-B": "b"}, "question", ("X-Api-Key",))}


def named(url: str) -> ServiceSettings:
    """Return a config with an API called `a`."""
    api = NAMED["a"]
    return ServiceSettings(apis={"a": NamedApi(url, api.method, api.headers, api.body, api.vary)}, api="named")


def test_a_named_api_has_method_headers_and_body_of_the_config() -> None:
    """A value may be that of a variable of the environment."""
    with upstream(text()) as server:
        settings = named(f"{server.address}/v1")
        assert isinstance(Asker(server.place, settings, KEY="geheim").once("a"), Content)
        [(method, path, headers, body)] = server.asked
        assert (method, path, headers["x-api-key"], headers["x-b"], body) == ("POST", "/v1", "geheim", "b", b"question")
        missing = Asker(server.place, settings).once("a")
        assert isinstance(missing, ServiceError)
        assert "X-Api-Key" in missing.message
        assert code(Asker(server.place, settings).once(server.address)) == "forbidden"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirect_sends_no_configured_header(status: int) -> None:
    """To another origin, a named API's redirect is not followed; within its own it is."""
    with upstream(text()) as other:
        for target, result in ((other.address, "unreachable"), ("/b", "")):

            def reply(handler: Handler, _: int, target: str = target) -> None:
                if handler.path == "/b":
                    handler.answer(200, b"x", Content_Type="text/plain")
                else:
                    handler.answer(status, b"", Location=target)

            with upstream(reply) as server:
                found = Asker(server.place, named(f"{server.address}/a"), KEY="geheim").once("a")
                assert (code(found) if result else "") == result
        assert other.asked == []


@pytest.mark.parametrize(
    "target",
    ["http://127.0.0.1:9/", "http://[::1]/", "http://0x7f.1:80/", "http://169.254.169.254/latest", "//127.0.0.1:1/"],
)
def test_a_redirect_inside_is_refused(target: str) -> None:
    """It is a connection as any other."""
    with upstream(text(b"", 302, Location=target)) as server:
        assert code(Asker(server.place).once(server.address)) == "forbidden"
        assert len(server.asked) == 1


@pytest.mark.parametrize("location", ["http://example.com/b", "HTTP://example.com/b", "http://example.com:443/b"])
def test_nothing_goes_from_https_to_http(location: str) -> None:
    """Whoever listens would read what was asked; relative addresses stay in what was asked by."""
    with pytest.raises(Unreachable, match="redirects to another place") as caught:
        _redirected(Asking("https://example.com/a"), 302, location)
    assert not caught.value.retryable
    assert _redirected(Asking("https://example.com/a"), 302, "//example.com/b").url == "https://example.com/b"
    assert _redirected(Asking("http://example.com/a"), 302, "https://example.com/b").url == "https://example.com/b"


def test_redirects_end() -> None:
    """After three."""
    with upstream(lambda handler, n: handler.answer(302, b"", Location=f"/{n}")) as server:
        assert code(Asker(server.place).once(server.address)) == "unreachable"
        assert len(server.asked) == 4


def test_no_proxy_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else it would be the proxy that connects, past the guard."""
    with upstream(text()) as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.address)
        with upstream(text()) as server:
            assert isinstance(Asker(server.place).once(server.address), Content)
        assert code(Asker("nowhere:1").once("http://127.0.0.1/")) == "forbidden"
        assert proxy.asked == []


def endless(packed: bytes | None) -> Callable[[Handler, int], None]:
    """Return what sends without end, slowly for None."""

    def reply(handler: Handler, _: int) -> None:
        handler.close_connection = True
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n")
        handler.wfile.write(b"Content-Encoding: gzip\r\n\r\n" if packed else b"\r\n")
        for _n in range(100_000):
            handler.wfile.write(packed or b"x")
            if not packed:
                handler.wfile.flush()
                time.sleep(0.05)

    return reply


def test_a_slow_body_that_never_ends() -> None:
    """It has as long as a whole answer."""
    with upstream(endless(None)) as server:
        assert code(Asker(server.place, seconds=0.3).once(server.address)) == "unreachable"


def test_no_answer_at_all() -> None:
    """It is asked three times."""
    with upstream(lambda _, __: time.sleep(0.5)) as server:
        asker = Asker(server.place, seconds=0.2)
        assert code(asker.once(server.address)) == "unreachable"
        assert asker.waits == [1.0, 2.0]


def bomb() -> bytes:
    """Return 9 GB of zeros, packed, as their beginning: what unpacks it all would not end here."""
    return gzip.compress(b"a" * 20_000_000, mtime=0)


@pytest.mark.parametrize(
    ("body", "headers", "found"),
    [
        (bomb(), {"Content_Encoding": "gzip"}, "too_large"),
        (b"x" * 8_000_001, {}, "too_large"),
        (gzip.compress(b"hello", mtime=0)[:-6], {"Content_Encoding": "gzip"}, "unreachable"),
        (b"no gzip", {"Content_Encoding": "gzip"}, "unreachable"),
        (b"x", {"Content_Encoding": "br"}, "unreachable"),
        (b"\0\1", {}, "binary"),
        (b"x", {"Content_Type": "image/png"}, "binary"),
        (b"x", {"Content_Type": "application/octet-stream"}, "binary"),
        (b"x", {"Content_Type": "text/plain; charset=ebcdic"}, "binary"),
    ],
)
def test_a_body_that_is_refused(body: bytes, headers: dict[str, str], found: str) -> None:
    """Too large once unpacked, damaged, packed in another way, no text."""
    with upstream(text(body, 200, **headers)) as server:
        assert code(Asker(server.place).once(server.address)) == found


@pytest.mark.parametrize(
    ("body", "headers", "said"),
    [
        (gzip.compress(b"hello world", mtime=0), {"Content_Encoding": "gzip"}, "hello world"),
        (zlib.compress(b"hello world"), {"Content_Encoding": "deflate"}, "hello world"),
        ("h\u00e9".encode("latin-1"), {"Content_Type": "text/html; charset=iso-8859-1"}, "h\u00e9"),
        (b"{}", {"Content_Type": "application/vnd.api+json"}, "{}"),
        (b"\xff", {}, "\ufffd"),
        (b"", {}, ""),
    ],
)
def test_a_body_that_is_counted(body: bytes, headers: dict[str, str], said: str) -> None:
    """As the text that it is."""
    with upstream(text(body, 200, **headers)) as server:
        found = Asker(server.place).once(server.address)
        assert isinstance(found, Content)
        assert found.tokens["o200k_base"] == count(said)
        assert found.lossy == (body == b"\xff")


@pytest.mark.parametrize(
    "target",
    [
        *(
            "http://",
            "https:///x",
            "http://user:pw@127.0.0.1/",
            "http://a b/",
            "http://[fe80::1%25eth0]/",
            "http://x:99999/",
        ),
        *("http://[::1", "https://exa\u0000mple/"),
    ],
)
def test_what_is_no_address(target: str) -> None:
    """It is said without anybody being asked."""
    assert code(Asker("x:1").once(target)) == "bad_reference"


@pytest.mark.parametrize("target", ["ftp://x/", "file:///etc/passwd", "weather", "HTTP://x", ""])
def test_what_has_no_name(target: str) -> None:
    """Other schemes are names that the config does not have."""
    assert code(Asker("x:1").once(target)) == "missing"


def test_off() -> None:
    """Then nobody is asked."""
    assert code(Asker("x:1", ServiceSettings(api="off")).once("http://x/")) == "forbidden"


def test_an_address_is_shown_without_what_may_be_secret() -> None:
    """User, query and fragment."""
    assert shown_url("https://u:p@host:1/a?key=1#f") == "https://host:1/a"
    found = Asker("x:1").once("http://127.0.0.1/a?key=geheim")
    assert isinstance(found, ServiceError)
    assert "geheim" not in found.message + found.hint


def test_an_address_is_asked_as_it_is_written() -> None:
    """But for what no request may hold; it is known by its parameters in order."""
    assert read_url("https://Ex\u00e4mple.com/\u00e9?b&a=1%20#f") == "https://xn--exmple-cua.com/%C3%A9?b&a=1%20"
    assert canonical_url("http://x/?b=2&a=2&b=1") == "http://x/?a=2&b=2&b=1"
    with pytest.raises(BadReference):
        read_url("https://x@y/")


def test_the_first_pattern_decides() -> None:
    """Without any it is five minutes; many stars take no longer."""
    caches = (ApiCache("https://a/*", 1), ApiCache("*", 2))
    assert [find_ttl(caches, url) for url in ("https://a/b?c", "http://a/b")] == [1, 2]
    assert find_ttl((), "x") == 300
    assert not matches("*a" * 500 + "b", "a" * 100_000)
    assert [matches("a*b*c", each) for each in ("abc", "aXbYc", "abcd", "ac", "acb")] == [
        True,
        True,
        False,
        False,
        False,
    ]
