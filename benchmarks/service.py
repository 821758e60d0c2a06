"""Measure `loopflow serve` and `loopflow count`: ratios, taken in one run.

Usage: python benchmarks/service.py [PART]...

Parts: requests, overload, low, file, batch, start, count; all without any. Needs wrk, the extra `service`, and for
comparisons fastapi; PostgreSQL where it is installed.

Of requests, what counts is processor time of the server for each, as a share of a bare ASGI answer: on a machine that
others use too, requests a second say more of them. Both are printed; each is the median of five interleaved rounds.
"""

import argparse
import http.client
import os
import re
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
from loopflow.service.database import Database, read_database_url  # noqa: E402
from loopflow.service.model import Priority  # noqa: E402
from loopflow.service.tasks import NewTask, TaskQueue  # noqa: E402
from tests.support.postgres import make_database, serve_postgres  # noqa: E402
from tests.support.serve import Server, request, serve  # noqa: E402

ROUNDS, SECONDS, CONNECTIONS = 5, 3, 32
TICKS = os.sysconf("SC_CLK_TCK")
TEXT = "The quick brown fox jumps over the lazy dog, and counts what that costs in tokens, again."
SAME = f"""wrk.body = '{{"text": "{TEXT}"}}'"""
NEW = """
local number = math.random(1000000000)
request = function()
  number = number + 1
  local text = "The quick brown fox jumps over the lazy dog, and counts what it costs, number " .. number
  return wrk.format("POST", nil, nil, '{"text": "' .. text .. '"}')
end
"""
LUA = 'wrk.method = "POST"\nwrk.headers["Content-Type"] = "application/json"\n'


def main() -> None:
    """Print the parts that are asked for."""
    parts: Mapping[str, Callable[[], None]] = {
        "requests": requests, "overload": overload, "low": low, "file": file, "batch": batch, "start": start,
        "count": count,
    }  # fmt: skip
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", nargs="*", choices=[*parts, []])
    for part in parser.parse_args().part or parts:
        print(f"\n## {part}\n", flush=True)
        parts[part]()


def requests() -> None:
    """Print requests a second, and processor time for each, as shares of a bare answer."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        with script("bare_service.py") as bare, script("usual_service.py") as usual, serve(directory) as ours:
            kinds: dict[str, tuple[int, int, str]] = {
                "bare ASGI answer": (*bare, SAME),
                "FastAPI and tiktoken": (*usual, NEW),
                "loopflow serve, same text": (ours.process.pid, ours.port, SAME),
                "loopflow serve, new texts, SQLite": (ours.process.pid, ours.port, NEW),
            }
            if not list(Path("/usr/lib/postgresql").glob("*/bin/initdb")):
                show_requests(kinds, directory)
                return
            with serve_postgres() as url, serve(directory, "--database", make_database(url, "service")) as other:
                kinds["loopflow serve, new texts, PostgreSQL"] = (other.process.pid, other.port, NEW)
                show_requests(kinds, directory)


def show_requests(kinds: Mapping[str, tuple[int, int, str]], directory: Path) -> None:
    """Measure each in turn, some rounds, and print medians."""
    found: dict[str, list[tuple[float, float, float]]] = {kind: [] for kind in kinds}
    for _ in range(ROUNDS):
        for kind, (pid, port, lua) in kinds.items():
            found[kind].append(wrk(pid, port, lua, directory))
    base = median(found["bare ASGI answer"], 1)
    rate = median(found["bare ASGI answer"], 0)
    print("| | requests/s | share | processor time | share by it | p99 |")
    print("|---|---:|---:|---:|---:|---:|")
    for kind, rounds in found.items():
        speed, cpu, p99 = (median(rounds, part) for part in range(3))
        print(f"| {kind} | {speed:,.0f} | {speed / rate:.2f} | {cpu * 1e6:.0f} us | {base / cpu:.2f} | {p99:.0f} ms |")


def median(rounds: list[tuple[float, float, float]], part: int) -> float:
    """Return the median of one of the figures."""
    return statistics.median(each[part] for each in rounds)


def wrk(pid: int, port: int, lua: str, directory: Path, connections: int = CONNECTIONS) -> tuple[float, float, float]:
    """Return requests a second, processor seconds of the server for each, and the 99th percentile in ms."""
    path = directory / "load.lua"
    path.write_text(LUA + lua)
    command = ["wrk", "-t1", f"-c{connections}", f"-d{SECONDS}s", "--latency", "-s", str(path)]
    before = processor_seconds(pid)
    done = subprocess.run([*command, f"http://127.0.0.1:{port}/v1/count"], capture_output=True, text=True, check=True)
    used = processor_seconds(pid) - before
    assert "Non-2xx" not in done.stdout, done.stdout
    number = int(re.search(r"(\d+) requests in", done.stdout)[1])  # type: ignore[index]
    speed = float(re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)[1])  # type: ignore[index]
    worst, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", done.stdout).groups()  # type: ignore[union-attr]
    return speed, used / number, float(worst) * {"us": 0.001, "ms": 1, "s": 1000}[unit]


def processor_seconds(pid: int) -> float:
    """Return what a process has used so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def memory(pid: int) -> float:
    """Return MB that a process has in memory."""
    return int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())[1]) / 1000  # type: ignore[index]


@contextmanager
def script(name: str) -> Iterator[tuple[int, int]]:
    """Serve one of the others; yield process and port."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen([sys.executable, str(ROOT / "benchmarks" / name), str(port)])
    try:
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except OSError:
                time.sleep(0.1)
        yield process.pid, port
    finally:
        process.kill()
        process.wait()


def overload() -> None:
    """Print what 1,024 connections do for 20 seconds, each with 20 kB that are new."""
    lua = NEW.replace("number .. number", "number").replace(
        ".. number\n  return", '.. number .. string.rep(" words", 3000)\n  return'
    )
    with tempfile.TemporaryDirectory() as name, serve(Path(name)) as server:
        server.ask("POST", "/v1/count", {"text": "x" * 3_000_000})
        before = most = memory(server.process.pid)
        path = Path(name) / "load.lua"
        path.write_text(LUA + lua)
        command = ["wrk", "-t1", "-c1024", "-d20s", "--latency", "--timeout", "30s", "-s", str(path)]
        running = subprocess.Popen(
            [*command, f"http://127.0.0.1:{server.port}/v1/count"], stdout=subprocess.PIPE, text=True
        )
        while running.poll() is None:
            most = max(most, memory(server.process.pid))
            time.sleep(0.1)
        began = time.perf_counter()
        status = server.ask("GET", "/health/ready")[0]
        ready = time.perf_counter() - began
        figures = server.ask("GET", "/metrics")[1]
        assert running.stdout
        print(running.stdout.read())
        running.stdout.close()
    statuses = re.findall(r'requests_total\{route="/v1/count",status="(\d+)"\} ([\d.]+)', figures)
    print(f"statuses: {', '.join(f'{status} {float(number):,.0f}' for status, number in statuses)}")
    print(f"memory: {before:.0f} MB before, {most:.0f} at most; ready ({status}) in {ready * 1000:.0f} ms afterwards")


def low() -> None:
    """Print the 99th percentile of live counts while 1,000 LOW tasks are worked on, and with an idle queue."""
    text = "".join(f"line {number} of a text that takes some time\n" for number in range(5_500))
    with tempfile.TemporaryDirectory() as name:
        url = f"sqlite:///{name}/s"
        database = Database(read_database_url(url))
        database.create()
        queue = TaskQueue(database)
        with serve(Path(name), "--database", url) as server:
            server.ask("POST", "/v1/count", {"text": "x" * 3_000_000})
            idle = percentile(server, lambda: False)
            server.stop()
        for number in range(1_000):
            queue.put(NewTask("text", {"text": f"{number}\n{text}"}, "o200k_base", Priority.LOW))
        with serve(Path(name), "--database", url) as server:
            waiting = pending(server)
            busy = percentile(server, lambda: pending(server) == 0)
            left = pending(server)
        database.close()
    print(f"{waiting:,} tasks waited when it began, {left:,} when it ended")
    print(f"idle {idle * 1000:.1f} ms, while tasks run {busy * 1000:.1f} ms: {busy / idle:.2f}")


def pending(server: Server) -> int:
    """Return how many tasks wait."""
    return sum(server.ask("GET", "/v1/tasks?limit=1")[1]["queue"]["pending"].values())


def percentile(server: Server, is_over: Callable[[], bool]) -> float:
    """Return the 99th percentile of 1,500 counts, one after the other, or of those until it is over."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    seconds = []
    for number in range(1_500):
        began = time.perf_counter()
        request(connection, "POST", "/v1/count", {"text": f"text {time.time_ns()} {number}"})
        seconds.append(time.perf_counter() - began)
        if number % 100 == 0 and is_over():
            break
    connection.close()
    return statistics.quantiles(seconds, n=100)[-1]


def file() -> None:
    """Print the processor time of a 100 MB file, as a reference and with code-context, both cold."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        line = "def function_{0}(first, second):\n    return first * {0} + second  # a remark\n\n"
        (directory / "big.py").write_text("".join(line.format(n) for n in range(1_250_000)))
        subprocess.run(["git", "init", "-q"], cwd=directory, check=True)
        subprocess.run(["git", "add", "big.py"], cwd=directory, check=True)
        size = (directory / "big.py").stat().st_size
        command = [
            sys.executable,
            "-c",
            "from loopflow.cli.code_context import main; main()",
            "--profile",
            "--no-cache",
            "-q",
        ]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        began = time.perf_counter()
        subprocess.run(command, cwd=directory, check=True, capture_output=True)
        alone_wall = time.perf_counter() - began
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        alone = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        with serve(directory) as server:
            start_memory, used = memory(server.process.pid), processor_seconds(server.process.pid)
            most = [start_memory]
            ended = threading.Event()

            def watch() -> None:
                while not ended.is_set():
                    most.append(memory(server.process.pid))
                    time.sleep(0.02)

            threading.Thread(target=watch).start()
            began = time.perf_counter()
            found = server.ask("POST", "/v1/references/count", {"references": ["@[file:big.py]"]})[1]
            wall = time.perf_counter() - began
            ended.set()
            ours = processor_seconds(server.process.pid) - used
            assert found["results"][0]["state"] == "ok", found
    print(
        f"{size / 1e6:.0f} MB: code-context {alone:.1f} s ({alone_wall:.1f} s of clock), "
        f"as a reference {ours:.1f} s ({wall:.1f} s)"
    )
    print(f"ratio {ours / alone:.2f}; memory + {max(most) - start_memory:.0f} MB")


def batch() -> None:
    """Print ten times 50 cold files, in a request for each 50 and in one for each file."""
    found: dict[str, tuple[float, float]] = {}
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        for number in range(1_001):
            (directory / f"f{number}").write_text(f"file {number}\n" + "some words\n" * 200)
        with serve(directory) as server:
            connection = http.client.HTTPConnection("127.0.0.1", server.port)
            request(connection, "POST", "/v1/references/count", {"references": ["@[file:f1000]"]})
            for kind, first, size in (("together", 0, 50), ("apart", 500, 1)):
                began, used = time.perf_counter(), processor_seconds(server.process.pid)
                for start in range(first, first + 500, size):
                    wanted = [f"@[file:f{number}]" for number in range(start, start + size)]
                    request(connection, "POST", "/v1/references/count", {"references": wanted})
                found[kind] = time.perf_counter() - began, processor_seconds(server.process.pid) - used
            connection.close()
    (wall, used), (wall_apart, used_apart) = found["together"], found["apart"]
    print(f"50 in a request {wall * 100:.0f} ms, 50 requests {wall_apart * 100:.0f} ms: {wall_apart / wall:.1f} times")
    print(f"processor time: {used * 100:.0f} ms and {used_apart * 100:.0f} ms: {used_apart / used:.1f} times")


def start() -> None:
    """Print how long it takes until it is ready, in processor time and by the clock."""
    walls, used = [], []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as name:
            began = time.perf_counter()
            with serve(Path(name)) as server:
                while server.ask("GET", "/health/ready")[0] != http.HTTPStatus.OK:
                    time.sleep(0.01)
                walls.append(time.perf_counter() - began)
                used.append(processor_seconds(server.process.pid))
    print(f"ready after {statistics.median(walls):.2f} s of clock, {statistics.median(used):.2f} s of processor time")


def count() -> None:
    """Print what `loopflow count` takes of a small text, and a script that imports tiktoken and counts."""
    cache = tempfile.mkdtemp()
    counting = "import tiktoken; print(len(tiktoken.get_encoding('o200k_base').encode_ordinary('hello world')))"
    commands: dict[str, list[str]] = {
        "loopflow count": [
            sys.executable,
            "-c",
            "from loopflow.cli.main import main; main()",
            "count",
            "--text",
            "hello world",
        ],
        "tiktoken": [sys.executable, "-c", counting],
    }
    environ = os.environ | {"TIKTOKEN_CACHE_DIR": fill_tiktoken_cache(cache)}
    found: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(2 * ROUNDS):
        for name, command in commands.items():
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            done = subprocess.run(command, capture_output=True, text=True, check=True, env=environ)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            assert done.stdout == "2\n", done
            found[name].append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    ours, other = (statistics.median(found[name]) for name in commands)
    print(f"loopflow count {ours * 1000:.0f} ms, tiktoken {other * 1000:.0f} ms of processor time: {ours / other:.2f}")


def fill_tiktoken_cache(directory: str) -> str:
    """Put the packaged vocabulary where tiktoken looks for what it has downloaded; return the directory."""
    import hashlib  # noqa: PLC0415
    import lzma  # noqa: PLC0415

    url = "https://openaipublic.blob.core.windows.net/encodings/o200k_base.tiktoken"
    packed = (ROOT / "loopflow/vocab/o200k_base.tiktoken.xz").read_bytes()
    name = hashlib.sha1(url.encode()).hexdigest()  # noqa: S324  as tiktoken names it
    (Path(directory) / name).write_bytes(lzma.decompress(packed))
    return directory


if __name__ == "__main__":
    main()
