"""A memory server at a url: one of the SDK's before the server of npm, killed and started again; and odd ones."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from loopflow.cli.main import loopflow
from loopflow.errors import ConfigError, UsageError
from loopflow.memory.files import locked, make_directory
from loopflow.memory.graph import LocalGraph
from loopflow.memory.place import MemoryPlace, Named, Peer, find_place
from loopflow.memory.querying import find
from loopflow.memory.remembering import Memory
from loopflow.memory.storing import store
from tests.memory.runs import REFS, make_run
from tests.memory.test_server import find_server, read, times
from tests.support.run import run
from tests.support.schema import complaints
from tests.support.servers import serve_odd

TOKEN = "t0ken-of-ours"  # noqa: S105  nobody's
KEY = "k3y-of-ours"
served = pytest.mark.server


@contextmanager
def serving(directory: Path, how: str = "serve", calls: int = 0, port: int = 0) -> Iterator[str]:
    """Run the server on the file in a directory, and give its url."""
    program = [sys.executable, str(Path(__file__).parent / "http_server.py"), str(port), how, str(calls)]
    environ = {**os.environ, "MEMORY_FILE_PATH": str(directory / "memory.jsonl")}
    with subprocess.Popen([*program, find_server()], stdout=subprocess.PIPE, env=environ) as process:
        assert process.stdout
        try:
            yield f"http://localhost:{int(process.stdout.readline())}/mcp"
        finally:
            process.kill()


def open_at(directory: Path, url: str, *, token: str = "", timeout: float = 30.0) -> Memory:
    room = str(directory)
    place = MemoryPlace(
        Peer((), url, token), f"{room}/url", room, room, timeout, store=False, project="shop", encoding="o200k_base"
    )
    return Memory(place, {**os.environ, "HTTP_PROXY": "http://127.0.0.1:1", "ALL_PROXY": "http://127.0.0.1:1"})


@served
def test_it_is_as_over_standard_streams(tmp_path: Path) -> None:
    """The same graph, by the same calls; no proxy is asked, and no file is there but the server's."""
    ours = LocalGraph()
    with serving(tmp_path) as url, open_at(tmp_path, url) as memory:
        assert memory.say_who() == "memory-over-http 1"
        for number in range(4):
            store(ours, make_run(number, *REFS[number : number + 2]))
            assert memory.store(make_run(number, *REFS[number : number + 2])) == (1, 0, None)
        seen = memory.look(lambda tools: tools.search("stock"))[0]
        assert memory.look(lambda tools: tools.export())[0] == ours.export()
    assert seen == ours.search("stock")
    assert read(tmp_path) == ours.export()
    assert sorted(os.listdir(tmp_path)) == ["memory.jsonl", "url.loopflow-lock", "waiting.loopflow-lock"]


@served
@pytest.mark.parametrize(("how", "calls"), [("killed", 2), ("killed", 4), ("late", 1), ("late", 3), ("late", 5)])
def test_one_that_is_killed_between_two_calls(how: str, calls: int, tmp_path: Path) -> None:
    """The run waits and files answer; the next server gets it, once."""
    with serving(tmp_path) as url, open_at(tmp_path, url) as memory:
        memory.store(make_run(0, REFS[0]))
    with serving(tmp_path, how, calls) as url, open_at(tmp_path, url) as memory:
        stored = memory.store(make_run(1, REFS[0], REFS[1]))
        found, _ = memory.look(lambda tools: find(tools, ["left"]))
    assert (stored.waiting, bool(stored.problem)) in {(1, True), (0, False)}
    assert {known.row.ref for known in found.failures} == {REFS[0], REFS[1]}
    with serving(tmp_path) as url, open_at(tmp_path, url) as memory:
        memory.store(make_run(2, REFS[0]))
        assert memory.reconnect().problem is None
    assert times(read(tmp_path)) == {REFS[0]: 6, REFS[1]: 2}
    assert len(read(tmp_path).relations) == 3
    assert not (tmp_path / "pending.jsonl").exists()


@served
def test_one_that_is_started_again_is_asked_again(tmp_path: Path) -> None:
    """It knows nothing of the session that it had: another one is begun, and nothing waits."""
    with serving(tmp_path) as url:
        memory = open_at(tmp_path, url)
        memory.store(make_run(0, REFS[0]))
    with serving(tmp_path, port=int(url.split(":")[2].split("/")[0])), memory:
        assert memory.store(make_run(1, REFS[0])) == (1, 0, None)
    assert times(read(tmp_path)) == {REFS[0]: 4}


def test_two_repositories_wait_for_each_other(tmp_path: Path) -> None:
    """Who asks one url, since its server lets nobody be alone; who asks another does not wait."""
    environ = {"LOOPFLOW_DATA_DIR": str(tmp_path / "data"), "LOOPFLOW_MEMORY_TIMEOUT": "0.1"}
    url = "http://localhost:1/x"
    here, there = (find_place(Named(url=url), environ, str(tmp_path / name)) for name in ("here", "there"))
    make_directory(f"{tmp_path}/data/memory")
    with locked(here.file, 1), Memory(there, {}) as memory:
        stored = memory.store(make_run(0, REFS[0]))
    assert stored.problem is not None
    assert "in use by another process" in stored.problem.message
    assert find_place(Named(url=f"{url}y"), environ, str(tmp_path)).file != here.file


@served
def test_by_the_commands(tmp_path: Path) -> None:
    """As a user types them: stored, found and traced; what cannot be known of a file elsewhere is not said."""
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "app.log").write_text("line\n" * 400 + "ValueError: no pears\n")
    with serving(tmp_path) as url:
        environ = {"LOOPFLOW_MEMORY_URL": url, "LOOPFLOW_DATA_DIR": str(tmp_path / "data")}

        def call(*arguments: str) -> str:
            result = run(*arguments, cwd=tmp_path / "shop", env=environ, command=loopflow)
            assert (result.code, "warning" in result.err) == (0, False), result.err
            return result.out

        call("logs", "app.log", "--fit", "500", "--store-memory", "-q")
        traced = call("memory", "query", "pears", "--trace")
        assert call("logs", "--memory-query", "pears", "--memory-url", url) in traced
        assert traced.endswith("\nline\nValueError: no pears\n")
        assert call("memory", "status").splitlines()[1] == f"file     where it runs, at {url.removesuffix('/mcp')}"
        status = json.loads(call("memory", "status", "--format", "json"))
        assert complaints(status, "memory") == []
        assert (status["url"], status["file"], status["entries"]) == (url.removesuffix("/mcp"), None, None)
        assert "memory-over-http 1 answers; 0 runs waiting" in call("logs", "diagnose")
        repaired = run("memory", "repair", cwd=tmp_path / "shop", env=environ, command=loopflow)
    assert (repaired.code, "is where that runs" in repaired.err) == (2, True)
    assert times(read(tmp_path)).popitem()[1] == 1


class Handler(BaseHTTPRequestHandler):
    """A server whose path says what it does, to the first message or to calls: /start/HOW or /call/HOW."""

    protocol_version = "HTTP/1.1"
    asked: list[str | None] = []  # noqa: RUF012  of all of them

    def do_POST(self) -> None:
        """Answer a message, or do something else."""
        message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.asked.append(self.headers["Authorization"])
        _, when, how = self.path.split("?")[0].split("/")
        if when == "start" or message["method"] == "tools/call":
            self._misbehave(how, message)
        elif "id" not in message:
            self._send(202, {}, b"")
        else:
            version = message["params"]["protocolVersion"]
            about = {"name": "odd", "version": "1"}
            self._say(message, {"result": {"protocolVersion": version, "capabilities": {}, "serverInfo": about}})

    def _misbehave(self, how: str, message: dict[str, Any]) -> None:
        if how.isdigit():
            self._send(int(how), {}, b"")
        elif how == "hang":
            time.sleep(8)
        elif how == "page":
            self._send(200, {"Content-Type": "text/html"}, b"<html>")
        elif how == "nonsense":
            self._send(200, {"Content-Type": "application/json"}, b'{"jsonrpc": "1.0", "pears": []}')
        elif how == "elsewhere":
            self._send(307, {"Location": "http://127.0.0.1:1/hidden"}, b"")
        elif how == "cut":
            self._send(200, {"Content-Type": "application/json", "Content-Length": "1000"}, b'{"jsonrpc":')
            self.close_connection = True
        elif how == "cut-events":
            self._send(200, {"Content-Type": "text/event-stream", "Content-Length": "1000"}, b"event: mess")
            self.close_connection = True
        elif how == "endless":
            self._send(200, {"Content-Type": "application/json", "Connection": "close"}, b" ")
            with suppress(OSError):
                for _ in range(200):
                    self.wfile.write(b" " * 1_000_000)
        else:
            said = f"{self.headers['Authorization']} at {self.headers['Host']}{self.path}\n\x1b[2J"
            self._say(message, {"error": {"code": -1, "message": said}})

    def _say(self, message: dict[str, Any], what: dict[str, Any]) -> None:
        text = json.dumps({"jsonrpc": "2.0", "id": message["id"], **what}).encode()
        self._send(200, {"Content-Type": "application/json"}, text)

    def _send(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            if "Connection" not in headers or name != "Content-Length":
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  as it is called
        """Say nothing."""


@pytest.fixture
def address() -> Iterator[str]:
    """Run a server on this machine."""
    Handler.asked.clear()
    with serve_odd(Handler) as address:
        yield address


ODD = {
    "401": "it answers 401",
    "500": "it answers 500",
    "hang": "it did not answer",
    "page": "content type: text/html",
    "nonsense": "Failed to parse",
    "elsewhere": "it redirects to http://127.0.0.1:1",
    "cut": "it went away in the middle of an answer",
    "cut-events": "it went away in the middle of an answer",
    "endless": "it said more than 100,000,000 bytes",
    "quote": "Bearer *** at localhost:",
}


@served
@pytest.mark.parametrize(
    ("how", "when"), [*((how, "call") for how in ODD), *((how, "start") for how in ("401", "hang", "page", "cut"))]
)
def test_one_that_misbehaves(how: str, when: str, address: str, tmp_path: Path) -> None:
    """Whatever it does, the run waits, and one line says why, without what is secret in the url or is the token."""
    timeout = 2.0 if how == "hang" else 20.0
    with open_at(tmp_path, f"{address}/{when}/{how}?key={KEY}", token=TOKEN, timeout=timeout) as memory:
        stored = memory.store(make_run(0, REFS[0]))
    assert stored.waiting == 1
    assert stored.problem is not None
    assert ODD[how] in stored.problem.message
    assert re.search(f"{TOKEN}|{KEY}|hidden", stored.problem.message + stored.problem.hint) is None
    assert stored.problem.message.isprintable()
    assert ("whether it wants a login" in stored.problem.hint) == how.isdigit()
    assert set(Handler.asked) == {f"Bearer {TOKEN}"}


@served
@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://localhost:1/x", "localhost cannot be reached"),
        ("http://[::1]:1/x", "[::1] cannot be reached"),
        ("http://no.such.host.invalid/x", "there is no host no.such.host.invalid"),
        ("http://192.0.2.1/x", "192.0.2.1 leads to 192.0.2.1, which is no server's"),
        ("https://169.254.169.254/x", "169.254.169.254 leads to 169.254.169.254, which is no server's"),
        ("http://10.0.0.1/x", "10.0.0.1 is not encrypted"),
        ("https://é..x/", "its address is none"),
    ],
)
def test_an_address_where_nobody_is_asked(url: str, said: str, tmp_path: Path) -> None:
    """The run waits, and why is said."""
    with open_at(tmp_path, url) as memory:
        stored = memory.store(make_run(0, REFS[0]))
    assert (stored.waiting, stored.problem and said in stored.problem.message) == (1, True), stored.problem


HOST = "https://memory.example/mcp"
CHOICES: list[tuple[Named, dict[str, str], str, Peer]] = [
    (Named(url=HOST), {}, "", Peer((), HOST)),
    (Named(url=HOST), {"LOOPFLOW_MEMORY_COMMAND": "x"}, 'command = ["y"]', Peer((), HOST)),
    (Named(command="x"), {"LOOPFLOW_MEMORY_URL": HOST}, "", Peer(("x",))),
    (Named(), {"LOOPFLOW_MEMORY_URL": HOST, "LOOPFLOW_MEMORY_TOKEN": "a"}, 'command = ["y"]', Peer((), HOST, "a")),
    (Named(), {"LOOPFLOW_MEMORY_COMMAND": "x", "LOOPFLOW_MEMORY_TOKEN": "a"}, f'url = "{HOST}"', Peer(("x",))),
    (Named(), {"LOOPFLOW_MEMORY_TOKEN": "a"}, f'url = "{HOST}"', Peer((), HOST, "a")),
    (Named(), {"LOOPFLOW_MEMORY_TOKEN": "a", "B": "b"}, f'url = "{HOST}"\ntoken = "env:B"', Peer((), HOST, "b")),
    (Named(url=HOST), {"B": "b"}, 'url = "https://other.example"\ntoken = "env:B"', Peer((), HOST)),
]


@pytest.mark.parametrize(("named", "environ", "config", "peer"), CHOICES)
def test_who_is_asked(named: Named, environ: dict[str, str], config: str, peer: Peer, tmp_path: Path) -> None:
    """What is typed, else the environment's, else the config's; a token of the config goes to its own url only."""
    (tmp_path / "mine.toml").write_text(f"[memory]\n{config}\n")
    place = find_place(replace(named, config="mine.toml"), environ, str(tmp_path))
    assert place.peer == peer
    assert ("/url-" in place.file) == bool(peer.url)


WRONG: list[tuple[Named, dict[str, str], str, str]] = [
    (Named(command="x", url=HOST), {}, "", "--command and --url name two servers"),
    (Named(), {"LOOPFLOW_MEMORY_COMMAND": "x", "LOOPFLOW_MEMORY_URL": HOST}, "", "name two servers"),
    (Named(), {}, f'url = "{HOST}"\ncommand = ["x"]', "mine.toml:2: memory.url: there is a command, too"),
    (Named(url="ftp://x"), {}, "", "--url is no address of a server"),
    (Named(url=""), {}, "", "--url is no address of a server"),
    (Named(url=f" {HOST}"), {}, "", "--url is no address of a server"),
    (Named(url="https://\udcff"), {}, "", "--url is no address of a server"),
    (Named(url="x", url_option="--memory-url"), {}, "", "--memory-url is no address of a server"),
    (Named(url=f"https://{TOKEN}@x"), {}, "", "--url has a name or password in it"),
    (Named(url=f"https://{TOKEN}@[::"), {}, "", "--url is no address"),
    (Named(), {"LOOPFLOW_MEMORY_URL": "x"}, "", "LOOPFLOW_MEMORY_URL is no address of a server"),
    (Named(), {}, f'url = "https://a:{TOKEN}@x"', "memory.url: has a name or password in it"),
    (Named(), {}, f'url = "{HOST}"\ntoken = "{TOKEN}"', "memory.token: it names the variable"),
    (Named(), {}, f'url = "{HOST}"\ntoken = "env:NONE"', "mine.toml:3: there is no variable NONE"),
    (Named(), {}, 'token = "env:NONE"', "memory.token: it names the variable"),
    (Named(), {"LOOPFLOW_MEMORY_URL": HOST, "LOOPFLOW_MEMORY_TOKEN": f"{TOKEN}\n"}, "", "holds what is no token"),
    (Named(), {"LOOPFLOW_MEMORY_URL": HOST, "LOOPFLOW_MEMORY_TOKEN": f"{TOKEN} x"}, "", "holds what is no token"),
    (Named(url=HOST, file="m.jsonl"), {}, "", "--file is of a server that is started"),
]


@pytest.mark.parametrize(("named", "environ", "config", "said"), WRONG)
def test_what_names_no_server(named: Named, environ: dict[str, str], config: str, said: str, tmp_path: Path) -> None:
    """Is an error that says where, and shows nothing of what may be secret."""
    (tmp_path / "mine.toml").write_text(f"[memory]\n{config}\n")
    with pytest.raises((UsageError, ConfigError)) as error:
        find_place(replace(named, config="mine.toml"), environ, str(tmp_path))
    assert said in error.value.message
    assert TOKEN not in error.value.message + error.value.hint
