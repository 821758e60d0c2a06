"""The memory server of npm, started and stopped and killed; and servers that misbehave."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from threading import Thread

import pytest

from loopflow.cli.main import loopflow
from loopflow.errors import LoopflowError
from loopflow.memory.checking import describe_damage, read_lines
from loopflow.memory.entities import ERROR, newest_rows, read_run
from loopflow.memory.graph import LocalGraph, read_graph, write_lines
from loopflow.memory.model import Entity, Graph, MemoryServerError
from loopflow.memory.place import MemoryPlace, Peer
from loopflow.memory.querying import find
from loopflow.memory.remembering import Memory
from loopflow.memory.storing import store
from tests.memory.odd_server import SECRET
from tests.memory.runs import REFS, make_run
from tests.support.run import run

pytestmark = pytest.mark.server
ODD = (sys.executable, str(Path(__file__).parent / "odd_server.py"))


@pytest.fixture(scope="session")
def server() -> str:
    """Return the path of the server."""
    return find_server()


def find_server() -> str:
    found = shutil.which("mcp-server-memory")
    if not found:
        assert not os.environ.get("CI"), "CI installs it"
        pytest.skip("npm install -g @modelcontextprotocol/server-memory")
    return found


def place_in(directory: Path, *argv: str, timeout: float = 30.0) -> MemoryPlace:
    file = str(directory / "memory.jsonl")
    room = str(directory)
    return MemoryPlace(Peer(argv), file, room, room, timeout, store=False, project="shop", encoding="o200k_base")


def open_memory(directory: Path, *argv: str, timeout: float = 30.0) -> Memory:
    return Memory(place_in(directory, *argv, timeout=timeout), os.environ)


def read(directory: Path) -> Graph:
    """Return what is in the server's file."""
    data = (directory / "memory.jsonl").read_bytes()
    return read_graph(item for line in read_lines(data) for item in line.items)


def times(graph: Graph) -> dict[str, int]:
    return {ref: row.times for each in graph.entities if each.kind == ERROR for ref, row in newest_rows(each).items()}


def test_what_is_stored_is_what_a_graph_of_ours_would_have(server: str, tmp_path: Path) -> None:
    """The server does what we think that it does: runs, rows, relations, and what is taken away."""
    ours = LocalGraph()
    stories = [make_run(number, *REFS[number % 3 : number % 3 + 3], seconds=number // 2) for number in range(6)]
    with open_memory(tmp_path, server) as memory:
        for each in stories:
            store(ours, each)
            assert memory.store(each) == (1, 0, None)
        memory.change(lambda tools: tools.delete([tools.search("TestRun:20250507223045-2")[0].name]))
        seen = memory.look(lambda tools: tools.search("stock"))[0]
    ours.delete(["TestRun:20250507223045-2"])
    assert read(tmp_path) == ours.export()
    assert seen == ours.search("stock")
    assert sorted(os.listdir(tmp_path)) == ["memory.jsonl", "memory.jsonl.loopflow-lock", "waiting.loopflow-lock"]


def test_it_is_found_in_a_new_process_and_traced(server: str, tmp_path: Path) -> None:
    """By the commands, as a user types them."""
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "app.log").write_text("line\n" * 400 + "ValueError: no pears\n")
    environ = {"LOOPFLOW_MEMORY_COMMAND": server, "LOOPFLOW_DATA_DIR": str(tmp_path / "data")}

    def call(*arguments: str) -> str:
        result = run(*arguments, cwd=tmp_path / "shop", env=environ, command=loopflow)
        assert result.code == 0, result.err
        assert "warning" not in result.err
        return result.out

    call("logs", "app.log", "--fit", "500", "--store-memory", "-q")
    call("logs", "run", "--fit", "500", "--store-memory", "-q", "--", "sh", "-c", "seq 1000; echo ValueError: no figs")
    program = [sys.executable, "-P", "-c", "from loopflow.cli.main import main; main()", "memory", "query", "pears"]
    done = subprocess.run(
        [*program, "--trace"],
        cwd=tmp_path / "shop",
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "L398-401] ValueError: no pears\n[trace ERR-" in done.stdout
    assert done.stdout.endswith("\nline\nValueError: no pears\n")
    assert done.stderr == ""
    assert "2 runs, 2 failures" in call("memory", "analyze")
    assert "memory-server" in call("memory", "status")
    assert call("memory", "reconnect") == ""
    text = call("memory", "export")
    (tmp_path / "shop" / "out").write_text(text)
    call("memory", "forget", "--before", "2999-01-01")
    assert call("memory", "export") == ""
    call("memory", "import", "out")
    assert sorted(call("memory", "export").splitlines()) == sorted(text.splitlines())


@pytest.mark.parametrize("how", ["killed", "late"])
@pytest.mark.parametrize("calls", [0, 1, 2, 3, 4])
def test_a_server_that_is_killed_between_two_calls(how: str, calls: int, server: str, tmp_path: Path) -> None:
    """The second one too: the run waits, files answer; the next server gets it, once."""
    with open_memory(tmp_path, server) as memory:
        memory.store(make_run(0, REFS[0]))
    with open_memory(tmp_path, *ODD, how, str(calls), server) as memory:
        memory.begin()
        stored = memory.store(make_run(1, REFS[0], REFS[1]))
        found, _ = memory.look(lambda tools: find(tools, ["left"]))
    if stored.problem is not None:
        assert (stored.waiting, stored.handed_over) == (1, 0)
        assert "it ended" in stored.problem.message
    assert {known.row.ref: known.row.times for known in found.failures} == {REFS[0]: 4, REFS[1]: 2}
    with open_memory(tmp_path, server) as memory:
        memory.store(make_run(2, REFS[0]))
        memory.reconnect()
    assert times(read(tmp_path)) == {REFS[0]: 6, REFS[1]: 2}
    assert len(read(tmp_path).relations) == 3
    assert not (tmp_path / "pending.jsonl").exists()
    assert not (tmp_path / "fallback.jsonl").exists()


@pytest.mark.crash
def test_twenty_random_kills(server: str, tmp_path: Path) -> None:
    """Of the server, the bridge or ourselves, at any moment: each run is there once in the end."""
    chance = random.Random(23)  # noqa: S311  moments of kills
    program = (
        "import sys\nfrom tests.memory.test_server import open_memory\nfrom tests.memory.runs import REFS, make_run\n"
        "from pathlib import Path\nnumber = int(sys.argv[3])\n"
        "with open_memory(Path(sys.argv[1]), sys.argv[2]) as memory:\n    memory.begin()\n"
        "    memory.store(make_run(number, *REFS[number % 4 : number % 4 + 3]))\n"
    )
    begun: set[int] = set()
    for number in range(20):
        with subprocess.Popen([sys.executable, "-c", program, str(tmp_path), server, str(number)]) as process:
            time.sleep(chance.uniform(0.2, 5.0))
            victims = _family(process.pid)
            with suppress(ProcessLookupError):
                os.kill(chance.choice(victims), signal.SIGKILL)
            process.wait()
        waiting = {each.id for each in open_memory(tmp_path).waiting.runs()}
        there = (
            {past.id for past in map(read_run, read(tmp_path).entities) if past}
            if (tmp_path / "memory.jsonl").exists()
            else set()
        )
        begun |= {number} if f"id{number}" in waiting | there else set()
    with open_memory(tmp_path, server) as memory:
        assert memory.reconnect().problem is None
    expected = LocalGraph()
    for number in sorted(begun):
        store(expected, make_run(number, *REFS[number % 4 : number % 4 + 3]))
    assert len(begun) > 2
    assert times(read(tmp_path)) == times(expected.export())
    assert set(read(tmp_path).relations) == set(expected.export().relations)
    assert {each.name for each in read(tmp_path).entities} == {each.name for each in expected.export().entities}


def _family(pid: int) -> list[int]:
    """Return a process and those that it started."""
    family = [pid]
    for each in family:
        with suppress(OSError):
            family += map(int, Path(f"/proc/{each}/task/{each}/children").read_text().split())
    return family


BAD = {
    "hang": "did not answer in time",
    "refuse": "the memory server refuses open_nodes: no: token=[redacted:github-token]",
    "error": "the memory server refuses open_nodes: [redacted:github-token]",
    "nonsense": "answers with what is no graph",
    "end": "it ended; it said: cannot go on: token=[redacted:github-token]",
    "chatter": "it said more than 100,000,000 bytes",
    "flood": "it said more than 100,000,000 bytes",
}


@pytest.mark.parametrize("how", BAD)
def test_a_server_that_misbehaves(how: str, tmp_path: Path) -> None:
    """Whatever it does, the run waits, one line says why without its secrets, and nothing is left running."""
    with open_memory(tmp_path, *ODD, how, timeout=20.0 if how in {"chatter", "flood"} else 4.0) as memory:
        stored = memory.store(make_run(0, REFS[0]))
    assert stored.waiting == 1
    assert stored.problem is not None
    assert BAD[how] in stored.problem.message
    assert SECRET[:8] not in stored.problem.message
    assert stored.problem.message.isprintable()
    assert _find_running(tmp_path) == []


def _find_running(directory: Path) -> list[str]:
    """Return what runs in a directory."""
    found = []
    for each in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            found += [(each / "cmdline").read_text()] if os.readlink(each / "cwd") == str(directory) else []
    return found


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (("/nowhere/server",), "it cannot be started: no such file or directory"),
        (("/etc",), "it cannot be started: permission denied"),
        (("true",), "it ended"),
        (("sleep", "60"), "did not answer in time"),
        (("yes",), "it writes to its standard output what is no message: y"),
        (("sh", "-c", "echo broken >&2"), "it ended; it said: broken"),
    ],
)
def test_a_server_that_does_not_start(argv: tuple[str, ...], said: str, tmp_path: Path) -> None:
    """Is said, in one line; status ends with 2."""
    with open_memory(tmp_path, *argv, timeout=3.0) as memory, pytest.raises(MemoryServerError) as error:
        memory.say_who()
    assert said in error.value.message


def test_it_gets_few_variables_and_a_directory_of_ours(tmp_path: Path) -> None:
    """No secret of the environment, and no repository around it."""
    script = f"env > {tmp_path}/env; pwd >> {tmp_path}/env"
    environ = {**os.environ, "GITHUB_TOKEN": SECRET, "npm_config_x": "y"}
    with Memory(place_in(tmp_path / "room", "sh", "-c", script), environ) as memory, suppress(LoopflowError):
        memory.say_who()
    seen = (tmp_path / "env").read_text()
    assert SECRET not in seen
    assert "npm_config_x=y" in seen
    assert f"MEMORY_FILE_PATH={tmp_path}/room/memory.jsonl" in seen
    assert seen.endswith(f"{tmp_path}/room\n")


def test_fifty_thousand_entities(server: str, tmp_path: Path) -> None:
    """Are a file like any other, only slower."""
    entities = (Entity(f"thing {number}", "k", (f"observation {number}", "x" * 100)) for number in range(50_000))
    (tmp_path / "memory.jsonl").write_text("".join(write_lines(Graph(tuple(entities)))))
    with open_memory(tmp_path, server) as memory:
        assert memory.store(make_run(0, REFS[0])).problem is None
        assert len(memory.look(lambda tools: find(tools, ["thing"]))[0].others) == 50_000
        assert [known.row.ref for known in memory.look(lambda tools: find(tools, ["stockerror"]))[0].failures] == [
            REFS[0]
        ]


def test_a_file_with_a_broken_line(server: str, tmp_path: Path) -> None:
    """The server is not let near it; what is good is found all the same, and after a repair all goes on."""
    with open_memory(tmp_path, server) as memory:
        memory.store(make_run(0, REFS[0]))
    with open(tmp_path / "memory.jsonl", "a") as file:
        file.write('{"type":"entity","name":"glued","entityType":"k","observations":[]}\n')
    before = (tmp_path / "memory.jsonl").read_bytes()
    with open_memory(tmp_path, server) as memory:
        stored = memory.store(make_run(1, REFS[0]))
        found, _ = memory.look(lambda tools: find(tools, ["left"]))
    assert stored.problem is not None
    assert stored.problem.message == f"{tmp_path}/memory.jsonl:3 is no line of a memory"
    assert "loopflow memory repair" in stored.problem.hint
    assert [known.row.times for known in found.failures] == [4]
    assert (tmp_path / "memory.jsonl").read_bytes() == before
    environ = {"LOOPFLOW_MEMORY_COMMAND": server, "LOOPFLOW_MEMORY_FILE": str(tmp_path / "memory.jsonl")}
    assert (
        "1 line taken apart; 2 lines as before"
        in run("memory", "repair", cwd=tmp_path, env=environ, command=loopflow).err
    )
    with open_memory(tmp_path, server) as memory:
        assert memory.reconnect() == (1, 0, None)
    assert "glued" in {each.name for each in read(tmp_path).entities}
    assert times(read(tmp_path)) == {REFS[0]: 4}


def _break_by_link(file: Path) -> None:
    file.with_name("target").write_text("")
    file.symlink_to("target")


def _break_by_directory(file: Path) -> None:
    file.mkdir()


def _break_by_fifo(file: Path) -> None:
    os.mkfifo(file)


@pytest.mark.parametrize(
    ("break_it", "said"),
    [(_break_by_link, "is a link"), (_break_by_directory, "is no file"), (_break_by_fifo, "is no file")],
)
def test_a_file_that_is_none(break_it: Callable[[Path], None], said: str, server: str, tmp_path: Path) -> None:
    """The run waits, and what is there is left alone."""
    break_it(tmp_path / "memory.jsonl")
    with open_memory(tmp_path, server) as memory:
        stored = memory.store(make_run(0, REFS[0]))
    assert stored.waiting == 1
    assert stored.problem is not None
    assert said in stored.problem.message


def test_two_processes_at_once(server: str, tmp_path: Path) -> None:
    """Each with servers of its own, on one file: nothing of either is lost."""
    other = tmp_path / "other"

    def work(directory: Path, numbers: Sequence[int]) -> None:
        place = replace(place_in(directory, server, timeout=60.0), file=str(tmp_path / "memory.jsonl"))
        for number in numbers:
            with Memory(place, os.environ) as memory:
                assert memory.store(make_run(number, REFS[0], seconds=0)).problem is None

    threads = [Thread(target=work, args=(tmp_path, range(4))), Thread(target=work, args=(other, range(4, 8)))]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert times(read(tmp_path)) == {REFS[0]: 16}
    assert len({past.id for past in map(read_run, read(tmp_path).entities) if past}) == 8


def test_words_that_are_no_text(server: str, tmp_path: Path) -> None:
    """Bytes of a command line that are not UTF-8 end no session."""
    with open_memory(tmp_path, server) as memory:
        memory.store(make_run(0, REFS[0]))
        found, problem = memory.look(lambda tools: find(tools, ["\udcff"]))
    assert (found.failures, problem) == ((), None)


def test_half_a_character_in_the_file(server: str, tmp_path: Path) -> None:
    """Which an emoji that was cut leaves: the server goes on, and so do we; whole ones stay whole."""
    with open_memory(tmp_path, server) as memory:
        memory.store(make_run(0, REFS[0]))
    with open(tmp_path / "memory.jsonl", "ab") as file:
        file.write(b'\n{"type":"entity","name":"cut \\ud83d","entityType":"k","observations":["\\ud83d\\ude00"]}')
    with open_memory(tmp_path, server) as memory:
        assert memory.store(make_run(1, REFS[0])).problem is None
        found, problem = memory.look(lambda tools: find(tools, ["cut"]))
    assert (found.others, problem) == ((Entity("cut ?", "k", ("\U0001f600",)),), None)


def test_a_log_whose_command_is_killed(server: str, tmp_path: Path) -> None:
    """The command itself, or one of those that it started: what was written down is handed over, once."""
    environ = {**os.environ, "LOOPFLOW_MEMORY_COMMAND": server, "LOOPFLOW_DATA_DIR": str(tmp_path / "data")}
    (tmp_path / "app.log").write_text("line\n" * 400 + "ValueError: no pears\n")
    program = [sys.executable, "-P", "-c", "from loopflow.cli.main import main; main()"]
    arguments = ["logs", "app.log", "--fit", "500", "--no-store", "--store-memory"]

    def count_waiting() -> int:
        with suppress(OSError, StopIteration):
            return next((tmp_path / "data").glob("memory/*/pending.jsonl")).read_bytes().count(b"\n")
        return 0

    for victim in (0, 1, -1):
        before = count_waiting()
        with subprocess.Popen(
            [*program, *arguments], cwd=tmp_path, env=environ, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as process:
            while count_waiting() == before and process.poll() is None:
                time.sleep(0.005)
            with suppress(ProcessLookupError):
                os.kill(_family(process.pid)[victim], signal.SIGKILL)
            process.wait()
            assert process.returncode == (-signal.SIGKILL if victim == 0 else 0)
    done = subprocess.run(
        [*program, "memory", "reconnect"], cwd=tmp_path, env=environ, check=True, capture_output=True, text=True
    )
    assert "has all" in done.stderr
    graph = read(next((tmp_path / "data" / "memory").iterdir()))
    assert len([each for each in graph.entities if read_run(each)]) == 3
    assert list(times(graph).values()) == [3]


def test_another_program_that_writes_the_file(server: str, tmp_path: Path) -> None:
    """It can take away what it has not read, which nobody can prevent; nothing is twice, and the file stays whole."""
    stop: list[int] = []

    def disturb() -> None:
        while not stop:
            with suppress(OSError):
                data = (tmp_path / "memory.jsonl").read_bytes()
                time.sleep(0.05)
                (tmp_path / "tmp").write_bytes(data)
                os.replace(tmp_path / "tmp", tmp_path / "memory.jsonl")

    thread = Thread(target=disturb)
    thread.start()
    try:
        with open_memory(tmp_path, server) as memory:
            results = [memory.store(make_run(number, REFS[0])) for number in range(5)]
    finally:
        stop.append(1)
        thread.join()
    with open_memory(tmp_path, server) as memory:
        assert memory.reconnect().problem is None
    assert len(results) == 5
    assert describe_damage(str(tmp_path / "memory.jsonl")) == ""
    seen = [past.id for past in map(read_run, read(tmp_path).entities) if past]
    assert len(seen) == len(set(seen)) <= 5
    assert times(read(tmp_path))[REFS[0]] in range(2, 11, 2)


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[Path]:
    """Return a directory that cannot be written, for whoever is not root."""
    directory = tmp_path / "fixed"
    directory.mkdir()
    (directory / "memory.jsonl").write_text("")
    directory.chmod(0o555)
    yield directory
    directory.chmod(0o755)


def test_a_file_that_cannot_be_written(
    server: str, read_only: Path, tmp_path: Path, unprivileged: tuple[str, ...]
) -> None:
    """The run waits in a directory that can."""
    program = "from loopflow.cli.main import main; main()"
    environ = {**os.environ, "LOOPFLOW_MEMORY_COMMAND": server, "LOOPFLOW_DATA_DIR": str(tmp_path / "data")}
    (tmp_path / "app.log").write_text("line\n" * 400 + "ValueError: no pears\n")
    arguments = ("logs", "app.log", "--fit", "500", "--store-memory")
    done = subprocess.run(
        [*unprivileged[: unprivileged.index(sys.executable)], sys.executable, "-P", "-c", program, *arguments],
        env={**environ, "LOOPFLOW_MEMORY_FILE": str(read_only / "memory.jsonl")},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "memory.jsonl cannot be locked: permission denied; 1 run waits in files" in done.stderr
    assert "no pears" in done.stdout
