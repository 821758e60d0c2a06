"""Recording the tools of a real server, with the official SDK; and servers that are none."""

import gzip
import json
import socket
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from tests.support.builder import Repo
from tests.support.servers import serve_odd
from tests.support.surveys import call

pytestmark = pytest.mark.server

SERVER = """
import json, os, sys
TOOLS = [
    {"name": "add", "x-own": 1, "inputSchema": {"type": "object", "b": 1, "a": 2}},
    {"name": "env", "inputSchema": {"type": "object"}},
]
TOOLS[1]["description"] = " ".join(sorted(name for name in os.environ if name.startswith("OWN")))
CHANGES = len(sys.argv) > 1
for line in sys.stdin:
    message = json.loads(line)
    if message.get("method") == "initialize":
        result = {"protocolVersion": message["params"]["protocolVersion"], "capabilities": {"tools": {}},
                  "serverInfo": {"name": "own", "version": "1"}, "instructions": "Be brief."}
    elif message.get("method") == "tools/list":
        cursor = (message.get("params") or {}).get("cursor")
        result = {"tools": TOOLS[1:]} if cursor else {"tools": TOOLS[:1], "nextCursor": "2"}
        if CHANGES:
            result["tools"][0]["description"] = str(os.getpid())
    else:
        continue
    print(json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": result}), flush=True)
"""


@pytest.fixture
def served(repo: Repo) -> Repo:
    """Return a repository with a server in it."""
    repo.write("server.py", SERVER)
    return repo


def test_a_recording_is_what_was_sent(served: Repo) -> None:
    """All pages, keys in the server's order, few variables; and it is verified against the server."""
    record = ("tools", "--record", "own.json", "--env", "OWN_A", "--", sys.executable, "server.py")
    result = call(served, *record, OWN_A="1", OWN_B="2")
    assert (result.code, result.out) == (0, ""), result.err
    document = json.loads((served.root / "own.json").read_text())
    assert list(document) == ["serverInfo", "instructions", "tools"]
    assert list(document["tools"][0]["inputSchema"]) == ["type", "b", "a"]
    assert [tool.get("x-own") for tool in document["tools"]] == [1, None]
    assert document["tools"][1]["description"] == "OWN_A"
    verify = ("tools", "--verify", "own.json", "--env", "OWN_A", "--", sys.executable, "server.py")
    assert call(served, *verify, OWN_A="1").code == 0
    served.write("server.py", SERVER.replace('"a": 2', '"a": 3'))
    stale = call(served, *verify, OWN_A="1")
    assert (stale.code, stale.out) == (1, "changed: add\n")


def test_a_server_that_answers_otherwise_each_time(served: Repo) -> None:
    """It is asked twice, and the file says so."""
    assert call(served, "tools", "--record", "own.json", "--", sys.executable, "server.py", "changes").code == 0
    assert json.loads((served.root / "own.json").read_text())["dynamic"] is True


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("import time; time.sleep(60)", "did not answer within 2 s"),
        ("print('hello', flush=True); import time; time.sleep(60)", "no message: hello"),
        ("import os\nwhile True: os.write(1, b'x' * 65536)", "more than 16,000,000 bytes"),
        ("import sys; sys.exit('login first')", "it said: login first"),
        ("import os, time; os.fork(); os.close(1); time.sleep(60)", "did not list its tools: it ended"),
    ],
)
def test_what_is_no_server_is_ended(served: Repo, program: str, said: str) -> None:
    """Exit 2 within the timeout, with what it said last; nothing is written, and nothing is left running."""
    mark = f"#{time.time_ns()}"
    command = (sys.executable, "-c", f"{program}\n{mark}")
    result = call(served, "tools", "--record", "own.json", "--timeout", "2", "--", *command)
    assert (result.code, said in result.err) == (2, True), result.err
    assert not (served.root / "own.json").exists()
    assert not any(mark.encode() in _command(path) for path in Path("/proc").glob("[0-9]*/cmdline"))


def _command(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


@pytest.mark.parametrize(
    "url",
    [
        "ftp://localhost/",
        "http://169.254.169.254/x",
        "https://169.254.169.254/x",
        "https://[::ffff:169.254.169.254]/x",
        "https://[fd00:ec2::254]/x",
        "https://100.100.100.200/x",
        "http://10.0.0.1/x",
        "https://0.0.0.0/",
        "https://no.such.host.invalid/",
        "http://localhost:1/",
        "https://user:x@localhost/",
        "http://[::",
        "http://192.0.2.1/",
        "x",
    ],
)
def test_addresses_that_are_not_asked(repo: Repo, url: str) -> None:
    """No web address, one with a password, a cloud's own data, nobody, or one without encryption elsewhere."""
    result = call(repo, "tools", "--record", "own.json", "--url", url)
    assert (result.code, result.err.count("\n")) == (2, 1), result.err
    assert not (repo.root / "own.json").exists()


class Handler(BaseHTTPRequestHandler):
    """A server at an address. The path says how it behaves."""

    def do_POST(self) -> None:
        """Answer a message, or do something else."""
        message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path in ANSWERS:
            status, headers, body = ANSWERS[self.path]
            self._send(status, headers, body)
        elif self.path == "/slow":
            time.sleep(4)
        elif self.path in {"/endless", "/endless-events"}:
            kind = "text/event-stream" if "events" in self.path else "application/json"
            self._send(200, {"Content-Type": kind}, b"data: ")
            with suppress(OSError):
                for _ in range(400):
                    self.wfile.write(b"x" * 65_536)
        elif "id" not in message:
            self._send(202, {}, b"")
        else:
            result: dict[str, Any] = {"tools": [{"name": "add", "inputSchema": {"type": "object"}}]}
            if message["method"] == "initialize":
                result = {
                    "protocolVersion": message["params"]["protocolVersion"],
                    "capabilities": {"tools": {}},
                    "serverInfo": {"name": "own", "version": "1"},
                }
            text = json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": result}).encode()
            is_stream = self.path == "/events"
            kind = "text/event-stream" if is_stream else "application/json"
            self._send(200, {"Content-Type": kind}, b"data: " + text + b"\n\n" if is_stream else text)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  as it is called
        """Say nothing."""

    def _send(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


ANSWERS: Mapping[str, tuple[int, Mapping[str, str], bytes]] = {
    "/moved": (307, {"Location": "/mcp"}, b""),
    "/elsewhere": (307, {"Location": "http://169.254.169.254/x"}, b""),
    "/again": (307, {"Location": "/again"}, b""),
    "/login": (401, {}, b""),
    "/page": (200, {"Content-Type": "text/html"}, b"<html>"),
    "/packed": (200, {"Content-Type": "application/json", "Content-Encoding": "gzip"}, gzip.compress(b" " * 1_000)),
}


@pytest.fixture
def address() -> Iterator[str]:
    """Run a server on this machine."""
    with serve_odd(Handler) as address:
        yield address


@pytest.mark.parametrize("path", ["/mcp", "/events", "/moved"])
def test_a_server_at_an_address(repo: Repo, address: str, path: str) -> None:
    """It may answer with a message or with events, and send on within itself. No proxy is asked."""
    result = call(repo, "tools", "--record", "own.json", "--url", address + path, HTTP_PROXY="http://127.0.0.1:1")
    assert result.code == 0, result.err
    document = json.loads((repo.root / "own.json").read_text())
    assert (document["serverInfo"]["name"], document["tools"][0]["name"]) == ("own", "add")
    assert call(repo, "tools", "--verify", "own.json", "--url", address + path).code == 0


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/elsewhere", "redirects to http://169.254.169.254;"),
        ("/again", "redirects to http://localhost:"),
        ("/login", "answers 401"),
        ("/page", "Unexpected content type: text/html"),
        ("/packed", "packs what it says"),
        ("/slow", "did not answer within 2 s"),
        ("/endless", "more than 16,000,000 bytes"),
        ("/endless-events", "more than 16,000,000 bytes"),
    ],
)
def test_an_address_without_a_server(repo: Repo, address: str, path: str, said: str) -> None:
    """Exit 2 within the timeout and one line that says why; nothing is written."""
    timeout = "2" if path == "/slow" else "30"
    result = call(repo, "tools", "--record", "own.json", "--timeout", timeout, "--url", address + path)
    assert (result.code, result.err.count("\n")) == (2, 1), result.err
    assert said in result.err
    assert not (repo.root / "own.json").exists()


def test_each_address_of_a_name_is_checked(repo: Repo, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that answers with this machine and then with a cloud's address is not asked."""
    answers = iter([["127.0.0.1"], ["169.254.169.254"], ["127.0.0.1", "169.254.169.254"]])
    port = int(address.rpartition(":")[2])

    def answer(*_: object, **__: object) -> list[Any]:
        found = next(answers, ["169.254.169.254"])
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in found]

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    for _ in range(2):
        result = call(repo, "tools", "--record", "own.json", "--url", f"http://name.example:{port}/mcp")
        assert (result.code, "leads to 169.254.169.254" in result.err) == (2, True), result.err
