"""The service as a process: restarts, kills, stops under load, several on one database."""

import asyncio
import collections
import http.client
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from loopflow.service.database import Database, read_database_url
from loopflow.service.model import Priority, TaskStatus
from loopflow.service.tasks import NewTask, TaskQueue
from loopflow.tokens import count
from tests.support.serve import Server, request, serve, start

pytestmark = pytest.mark.server
ENDED = {"completed", "failed", "cancelled"}


def database_arguments(address: str) -> list[str]:
    """Return what names a database."""
    return ["--database", address]


def test_after_a_restart_the_database_answers(tmp_path: Path, address: str) -> None:
    """In SQLite and in PostgreSQL; SIGTERM writes what waits."""
    answers = []
    for _ in range(2):
        with serve(tmp_path, *database_arguments(address)) as server:
            answers.append(server.ask("POST", "/v1/count", {"text": "before and after"})[1])
            assert server.stop() == 0
    assert [answer["cache"] for answer in answers] == ["computed", "database"]
    assert {answer["tokens"] for answer in answers} == {count("before and after")}


def test_interrupted_it_ends_with_130(tmp_path: Path) -> None:
    """SIGINT is as SIGTERM, but for how it ends; nothing was printed but where it listened."""
    with serve(tmp_path) as server:
        assert server.stop(signal.SIGINT) == 130
        assert len(server.said) == 1


def test_a_second_process_on_one_file_is_refused(tmp_path: Path) -> None:
    """It names the first, whose tasks would else be taken for its own."""
    with serve(tmp_path) as server:
        command = [sys.executable, "-c", "from loopflow.cli.main import main; main()", "serve", "--port", "0"]
        env = {**os.environ, "LOOPFLOW_DATA_DIR": str(tmp_path / "data")}
        done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False, timeout=60)
        assert (done.returncode, done.stdout) == (2, "")
        assert f"the process {server.process.pid} serves with this database" in done.stderr


def ask_for_ever(server: Server, errors: list[str], done: list[int]) -> None:
    """Ask on kept connections until none is taken any more; note what was cut after it was sent."""
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        try:
            connection.connect()
        except OSError:
            return
        while True:
            try:
                status, answer = request(connection, "POST", "/v1/count", {"text": f"text {random.random()}"})  # noqa: S311
            except (OSError, http.client.HTTPException) as error:
                errors.append(repr(error))
                break
            assert status == 200, answer
            done.append(answer["tokens"])
            if connection.sock is None:  # it was closed as the reply had said
                break


def test_sigterm_under_load_cuts_no_request(tmp_path: Path) -> None:
    """What was asked is answered; exit 0."""
    errors: list[str] = []
    done: list[int] = []
    with serve(tmp_path) as server:
        threads = [threading.Thread(target=ask_for_ever, args=(server, errors, done)) for _ in range(8)]
        for thread in threads:
            thread.start()
        while len(done) < 200:
            time.sleep(0.05)
        assert server.stop() == 0
        for thread in threads:
            thread.join()
    assert errors == []
    assert len(done) >= 200


def feed(server: Server, accepted: dict[str, int], ended: threading.Event) -> None:
    """Add tasks until the process is gone; what was accepted is noted with what it should come to."""
    number = len(accepted) * 1_000
    while not ended.is_set():
        number += 1
        text = f"task number {number} " * (1 + number % 5)
        priority = ("high", "medium", "low")[number % 3]
        try:
            status, answer = server.ask("POST", "/v1/tasks", {"kind": "text", "text": text, "priority": priority})
        except (OSError, http.client.HTTPException):
            return
        if status == 202:
            accepted[answer["task_id"]] = count(text)


@pytest.mark.crash
def test_kill_9_at_random_moments_loses_no_task(tmp_path: Path) -> None:
    """Ten times under load: each task that was accepted is done, with its number; the cache can be read."""
    accepted: dict[str, int] = {}
    chance = random.Random(29)  # noqa: S311
    for _ in range(10):
        with serve(tmp_path) as server:
            ended = threading.Event()
            feeding = threading.Thread(target=feed, args=(server, accepted, ended))
            feeding.start()
            time.sleep(chance.uniform(0.1, 1.2))
            server.process.kill()
            ended.set()
            feeding.join()
    assert accepted
    with serve(tmp_path) as server:
        done = {name: wait(server, name) for name in accepted}
        assert {name: task["status"] for name, task in done.items() if task["status"] != "completed"} == {}
        assert {name: task["result"]["tokens"] for name, task in done.items()} == accepted
        assert server.ask("GET", "/health/ready")[1] == {"status": "ok", "parts": {"store": "up"}}
        assert server.ask("GET", "/v1/tasks?limit=1")[1]["queue"]["running"] == {}


def wait(server: Server, name: str) -> dict[str, Any]:
    """Return a task once it ended."""
    for _ in range(1_200):
        _, task = server.ask("GET", f"/v1/tasks/{name}")
        if task["status"] in ENDED:
            found: dict[str, Any] = task
            return found
        time.sleep(0.05)
    raise AssertionError(name)


def test_two_processes_share_one_queue(tmp_path: Path, postgres: str) -> None:
    """2,000 tasks, each done once, high before low; a process that is killed leaves its tasks to the other."""
    from tests.service.conftest import empty  # noqa: PLC0415

    empty(postgres)
    database = Database(read_database_url(postgres))
    database.create()
    queue = TaskQueue(database)
    texts = {
        queue.put(NewTask("text", {"text": f"text {n} " * (n % 7)}, "o200k_base", Priority(n % 3))).id: f"text {n} "
        * (n % 7)
        for n in range(2_000)
    }
    servers = [start(tmp_path, "--database", postgres) for _ in range(2)]
    try:
        deadline = time.monotonic() + 120
        while queue.figures() and set(queue.figures()) != {(TaskStatus.COMPLETED, each) for each in Priority}:
            assert time.monotonic() < deadline
            time.sleep(0.1)
    finally:
        ends = [server.stop() for server in servers]
    tasks = {name: queue.get(name) for name in texts}
    database.close()
    assert ends == [0, 0]
    assert {task.attempts for task in tasks.values()} == {1}
    assert {name: (task.result or {})["tokens"] for name, task in tasks.items()} == {
        name: count(text) for name, text in texts.items()
    }
    high = max(task.started_at or 0 for task in tasks.values() if task.priority is Priority.HIGH)
    low = min(task.started_at or 0 for task in tasks.values() if task.priority is Priority.LOW)
    assert high <= low + 5  # another process may take the first LOW while the last HIGH is claimed by this one


@pytest.mark.long
def test_no_request_of_the_document_is_a_bug(tmp_path: Path) -> None:
    """Schemathesis makes requests of the document, right and wrong ones: none is answered with 500."""
    with serve(tmp_path) as server:
        address = f"http://127.0.0.1:{server.port}/openapi.json"
        command = [
            *(sys.executable, "-m", "schemathesis.cli", "run", address, "--max-examples", "25", "--seed", "29"),
            *(
                "--checks",
                "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance",
            ),
            *("--exclude-path", "/v1/events", "--request-timeout", "20", "--no-color", "--phases", "examples,fuzzing"),
        ]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=500)
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-1000:]
        assert server.ask("GET", "/health/ready")[0] == 200


async def _hammer(port: int, seconds: float, statuses: "collections.Counter[int]") -> None:
    """Ask on one connection, again and again, with texts that are new."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            statuses[0] += 1
            continue
        while time.monotonic() < deadline:
            body = json.dumps({"text": f"{random.random()} " * 500}).encode()  # noqa: S311
            head = f"POST /v1/count HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n"
            writer.write(f"{head}Content-Type: application/json\r\n\r\n".encode() + body)
            try:
                answer = await reader.readuntil(b"}")
            except (OSError, asyncio.IncompleteReadError):
                statuses[0] += 1
                break
            statuses[int(answer.split(b" ", 2)[1])] += 1
        writer.close()


def resident(pid: int) -> int:
    """Return bytes that a process has in memory."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.long
def test_twenty_seconds_of_too_much(tmp_path: Path) -> None:
    """1,024 connections: nothing but 200 and 503, memory stays within bounds, and then it is ready at once."""
    statuses: collections.Counter[int] = collections.Counter()

    async def hammer(port: int) -> None:
        await asyncio.gather(*(_hammer(port, 20, statuses) for _ in range(1_024)))

    with serve(tmp_path) as server:
        server.ask("POST", "/v1/count", {"text": "x " * 1_000_000})
        before = resident(server.process.pid)
        asyncio.run(hammer(server.port))
        after = resident(server.process.pid)
        assert server.ask("GET", "/health/ready")[1]["status"] == "ok"
        assert server.stop() == 0
    assert set(statuses) <= {200, 503}, statuses
    assert statuses[200] > 100
    assert after - before < 200_000_000
