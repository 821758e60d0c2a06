"""A memory server as this process sees it: started at once, asked one thing at a time, not waited for too long."""

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib.util import find_spec
from types import TracebackType
from typing import Any, Final, Self

from loopflow.analysis.names import escape_name
from loopflow.analysis.redact import redact
from loopflow.errors import describe_os_error
from loopflow.io.mcp.heard import Lines
from loopflow.memory.bridge import MOST_BYTES
from loopflow.memory.graph import read_entity, read_graph, read_relation, write_entity, write_relation
from loopflow.memory.lines import shorten
from loopflow.memory.model import Entity, Graph, MemoryServerError, Relation
from loopflow.memory.place import MemoryPlace

_PASSED: Final = frozenset(
    (
        *("HOME", "LANG", "LC_ALL", "LOGNAME", "PATH", "SHELL", "TERM", "TMPDIR", "USER"),
        *("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "XDG_CACHE_HOME"),
    )
)
_PASSED_BEGINNING: Final = ("npm_config_", "NPM_CONFIG_", "LC_")
"""What a server gets of the environment: what programs need to run, and where packages come from. No secrets else."""
FILE_VARIABLE: Final = "MEMORY_FILE_PATH"
_SLACK: Final = 3.0
"""Seconds that this process waits longer than the bridge does, which can say more of why."""
_SLACK_AT_START: Final = 20.0
"""The same, while the bridge imports the SDK: on a machine that is busy that takes some seconds."""
_MOST_SAID: Final = 300
_CHECK: Final = "check its command or url, or see loopflow memory status"
_READ: Final = 1 << 20


class Server:
    """A running memory server, with its tools. It begins when it is made; the first call waits for it."""

    def __init__(self, place: MemoryPlace, environ: Mapping[str, str]) -> None:
        if find_spec("mcp") is None:
            raise MemoryServerError("the MCP SDK is not installed", "pip install 'loopflow-code-context[memory]'")
        self._place = place
        self._pieces = Lines()
        self._lines: list[bytes] = []
        self.about = ""
        program = [sys.executable, "-P", "-m", "loopflow.memory.bridge"]
        try:
            self._process = subprocess.Popen(
                program,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd=place.server_directory,
                env={**environ, "PYTHONPATH": os.pathsep.join(filter(os.path.isabs, sys.path))},
                start_new_session=True,
            )
        except OSError as error:
            raise MemoryServerError(f"no process can be started: {describe_os_error(error)}", "try again") from error
        self._send(
            {
                "argv": place.peer.argv,
                "url": place.peer.url,
                "headers": {"Authorization": f"Bearer {place.peer.token}"} if place.peer.token else {},
                "environment": {**_pass_on(environ), FILE_VARIABLE: place.file},
                "directory": place.server_directory,
                "file": place.file,
                "timeout": place.timeout,
            }
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def wait(self) -> str:
        """Wait until it is there, and return what it calls itself. Raises MemoryServerError."""
        if not self.about:
            ready = self._receive().get("ready")
            if not isinstance(ready, dict):
                raise self._fail("it answers what it was not asked")
            self.about = self._show(f"{ready.get('name')} {ready.get('version')}")
        return self.about

    def open(self, names: Sequence[str]) -> Graph:
        """As `Tools` says."""
        return self._read(self._call("open_nodes", {"names": list(names)}))

    def search(self, text: str) -> tuple[Entity, ...]:
        """As `Tools` says. Relations, of which there are many more, are left out where they arrive."""
        return self._read(self._call("search_nodes", {"query": text}, without=("relations",))).entities

    def export(self) -> Graph:
        """As `Tools` says: what has nothing in particular is everything."""
        return self._read(self._call("search_nodes", {"query": ""}))

    def create(self, entities: Sequence[Entity]) -> None:
        """As `Tools` says."""
        self._call("create_entities", {"entities": [write_entity(each) for each in entities]})

    def relate(self, relations: Sequence[Relation]) -> None:
        """As `Tools` says."""
        self._call("create_relations", {"relations": [write_relation(each) for each in relations]})

    def observe(self, observations: Mapping[str, Sequence[str]]) -> None:
        """As `Tools` says."""
        added = [{"entityName": name, "contents": list(texts)} for name, texts in observations.items()]
        self._call("add_observations", {"observations": added})

    def unobserve(self, observations: Mapping[str, Sequence[str]]) -> None:
        """As `Tools` says."""
        gone = [{"entityName": name, "observations": list(texts)} for name, texts in observations.items()]
        self._call("delete_observations", {"deletions": gone})

    def delete(self, names: Sequence[str]) -> None:
        """As `Tools` says."""
        self._call("delete_entities", {"entityNames": list(names)})

    def close(self) -> None:
        """End it, and whatever it started. Asked nicely it ends by itself; what is left then is killed."""
        process = self._process
        with suppress(OSError):
            if process.stdin:
                process.stdin.close()
        try:
            process.wait(0.0 if not self.about else 5.0)
        except subprocess.TimeoutExpired:
            pass
        finally:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            if process.stdout:
                process.stdout.close()

    def _call(self, tool: str, arguments: Mapping[str, Any], without: Sequence[str] = ()) -> object:
        self.wait()
        self._send({"tool": tool, "arguments": arguments, "without": list(without)})
        answer = self._receive()
        if "refused" in answer:
            raise MemoryServerError(
                f"the memory server refuses {tool}: {self._show(answer['refused'])}", _CHECK, again=True
            )
        return answer.get("result")

    def _read(self, result: object) -> Graph:
        """Return an answer as a graph. What is no graph is as good as no answer."""
        lists = [result.get(key) for key in ("entities", "relations")] if isinstance(result, dict) else []
        if len(lists) != 2 or not all(isinstance(each, list) for each in lists):  # noqa: PLR2004  as named above
            raise self._fail("it answers with what is no graph")
        entities, relations = lists
        items = [*map(read_entity, entities), *map(read_relation, relations)]  # type: ignore[arg-type]
        if None in items:
            raise self._fail("it answers with what is no graph")
        return read_graph(items)

    def _send(self, value: Mapping[str, Any]) -> None:
        assert self._process.stdin is not None  # noqa: S101  it was opened with pipes
        with suppress(OSError):  # what is wrong is read where an answer is waited for
            # What is no character cannot be sent, and nothing that is found has it.
            self._process.stdin.write(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace") + b"\n")
            self._process.stdin.flush()

    def _receive(self) -> dict[str, Any]:
        slack = _SLACK if self.about else _SLACK_AT_START
        line = self._read_line(time.monotonic() + self._place.timeout + slack)
        try:
            answer = json.loads(line)
        except (ValueError, RecursionError):
            raise self._fail("it ended" if not line else "it answers what cannot be read") from None
        if not isinstance(answer, dict):
            raise self._fail("it answers nothing")
        if "broken" in answer:
            raise self._fail(answer["broken"], answer["hint"])
        if "damaged" in answer:
            raise MemoryServerError(self._show(answer["damaged"]), "loopflow memory repair keeps such lines apart")
        return answer

    def _read_line(self, until: float) -> bytes:
        assert self._process.stdout is not None  # noqa: S101  as above
        handle = self._process.stdout.fileno()
        poll = select.poll()
        poll.register(handle, select.POLLIN)
        said = 0
        while not self._lines:
            left = until - time.monotonic()
            if left <= 0 or not poll.poll(left * 1_000):
                raise self._fail(f"it did not answer within {self._place.timeout:g} s", again=False)
            data = os.read(handle, _READ)
            if not data:
                return b""
            said += len(data)
            if said > 2 * MOST_BYTES:
                raise self._fail("it says too much", again=False)
            self._lines += self._pieces.add(data)
        return self._lines.pop(0)

    def _fail(self, what: object, hint: str = "", *, again: bool = True) -> MemoryServerError:
        said = self._show(what)
        again = again and "in time" not in said and "cannot be started" not in said
        hint = hint or _CHECK
        return MemoryServerError(f"the memory server is of no use: {said}", hint, again=again)

    def _show(self, text: object) -> str:
        """Return what a server said, so that it can stand in a message: it may quote secrets, ours too."""
        said = str(text)
        for secret in self._place.peer.secrets:
            said = said.replace(secret, "***")
        said = redact(said[: 20 * _MOST_SAID].encode("utf-8", "replace")).decode("utf-8", "replace")
        return shorten(escape_name(" ".join(said.split())), _MOST_SAID)


def _pass_on(environ: Mapping[str, str]) -> dict[str, str]:
    return {
        name: value for name, value in environ.items() if name.upper() in _PASSED or name.startswith(_PASSED_BEGINNING)
    }
