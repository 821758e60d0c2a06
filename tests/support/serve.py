"""`loopflow serve` as a process of its own, and programs that ask it."""

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.run import environment

PROGRAM = (sys.executable, "-c", "from loopflow.cli.main import main; main()", "serve")
_STARTS_WITHIN = 60


@dataclass
class Server:
    """A process that serves."""

    process: "subprocess.Popen[str]"
    port: int
    said: list[str]
    reading: threading.Thread

    def ask(self, method: str, path: str, body: object = None, **headers: str) -> tuple[int, Any]:
        """Ask on a connection of its own; return status and document."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            return request(connection, method, path, body, **headers)
        finally:
            connection.close()

    def stop(self, signal_: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal, and return how it ended."""
        self.process.send_signal(signal_)
        code = self.process.wait(60)
        self.close()
        return code

    def close(self) -> None:
        """End it, if it has not ended, and what reads from it."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.reading.join()
        if self.process.stderr:
            self.process.stderr.close()


def request(
    connection: http.client.HTTPConnection, method: str, path: str, body: object = None, **headers: str
) -> tuple[int, Any]:
    """Ask on a connection; return status and document."""
    data = None if body is None else json.dumps(body).encode()
    connection.request(method, path, data, {"Content-Type": "application/json", **headers})
    response = connection.getresponse()
    text = response.read()
    is_json = "json" in (response.getheader("Content-Type") or "")
    return response.status, json.loads(text) if is_json else text.decode()


def start(directory: Path, *arguments: str, env: Mapping[str, str] | None = None) -> Server:
    """Start to serve at a free port, with data in `directory`, and wait until it listens."""
    variables = environment({"LOOPFLOW_DATA_DIR": os.fspath(directory / "data"), **(env or {})})
    command = [*PROGRAM, "--port", "0", *arguments]
    process = subprocess.Popen(command, cwd=directory, env=variables, stderr=subprocess.PIPE, text=True)
    assert process.stderr
    said: list[str] = []
    listening = threading.Event()

    def read() -> None:
        for line in process.stderr or ():
            said.append(line)
            listening.set()
        listening.set()

    reading = threading.Thread(target=read, daemon=True)
    reading.start()
    listening.wait(_STARTS_WITHIN)
    assert said, "it says nothing"
    assert "Listening on http://" in said[0], said
    server = Server(process, int(said[0].rstrip().rpartition(":")[2]), said, reading)
    for _ in range(600):
        try:
            if server.ask("GET", "/health/live")[0] == http.HTTPStatus.OK:
                return server
        except OSError:
            time.sleep(0.05)
    raise AssertionError(said)


@contextmanager
def serve(directory: Path, *arguments: str, env: Mapping[str, str] | None = None) -> Iterator[Server]:
    """Serve while the context lasts."""
    server = start(directory, *arguments, env=env)
    try:
        yield server
    finally:
        server.close()
