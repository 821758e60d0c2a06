"""Recording the tools of a real server, with the official SDK; and servers that are none."""

import json
import sys
import time
from pathlib import Path

import pytest

from loopflow.agents.addresses import require_address
from loopflow.errors import UsageError
from tests.support.builder import Repo
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
        ("import os, time; os.fork(); os.close(1); time.sleep(60)", "ended before it had listed"),
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
        "https://user:x@localhost/",
        "http://[::",
        "http://192.0.2.1/",
        "x",
    ],
)
def test_addresses_that_are_not_asked(url: str) -> None:
    """No web address, one with a password, a cloud's own data, or one without encryption that is not this machine."""
    with pytest.raises(UsageError):
        require_address(url)
