"""What waits in files, whose command may start something, and a server's file that is broken."""

import json
import os
from pathlib import Path

import pytest

from loopflow.errors import ConfigError, LoopflowError, UsageError
from loopflow.memory.checking import describe_damage
from loopflow.memory.fallback import Waiting
from loopflow.memory.files import locked
from loopflow.memory.graph import LocalGraph, write_lines
from loopflow.memory.model import Entity, Graph, MemoryFileError, Relation
from loopflow.memory.place import MemoryPlace, Named, Peer, find_place
from loopflow.memory.querying import find
from loopflow.memory.records import read_record, write_record
from loopflow.memory.remembering import Memory
from loopflow.memory.repairing import repair
from loopflow.memory.storing import store
from tests.memory.runs import REFS, make_run

GOOD = b'{"type":"entity","name":"a","entityType":"k","observations":["o"]}'
EDGE = b'{"type":"relation","from":"a","to":"b","relationType":"r"}'


def place_in(directory: Path) -> MemoryPlace:
    """Return a place without a server."""
    file, room = str(directory / "memory.jsonl"), str(directory)
    return MemoryPlace(Peer(), file, room, room, 1.0, store=False, project="shop", encoding="o200k_base")


def test_without_a_server_runs_wait_and_are_found(tmp_path: Path) -> None:
    """In another process too; beside what the server's file has, and with the reason."""
    graph = LocalGraph()
    store(graph, make_run(0, REFS[0]))
    (tmp_path / "memory.jsonl").write_text("".join(write_lines(graph.export())) + "broken\n")
    with Memory(place_in(tmp_path), {}) as memory:
        assert memory.store(make_run(1, REFS[0])).waiting == 1
        assert memory.store(make_run(2, REFS[1])).waiting == 2
    with Memory(place_in(tmp_path), {}) as memory:
        found, problem = memory.look(lambda tools: find(tools, ["stockerror"]))
    assert [(known.row.ref, known.row.times) for known in found.failures] == [(REFS[1], 2), (REFS[0], 4)]
    assert problem is not None
    assert problem.message == "no memory server is named"
    kept = LocalGraph(Graph(tuple(_read_entities(tmp_path / "fallback.jsonl"))))
    assert [known.row.times for known in find(kept, [REFS[0].lower()]).failures] == [2]
    assert {path.stat().st_mode & 0o077 for path in tmp_path.glob("*back.jsonl")} == {0}


def _read_entities(path: Path) -> list[Entity]:
    values = map(json.loads, path.read_text().splitlines())
    return [Entity(each["name"], each["entityType"], tuple(each["observations"])) for each in values if "name" in each]


def test_a_record_that_was_cut_short_takes_no_other_with_it(tmp_path: Path) -> None:
    """A kill while it was written leaves half a line."""
    waiting = Waiting(str(tmp_path))
    waiting.add(make_run(0, REFS[0]))
    with open(tmp_path / "pending.jsonl", "ab") as file:
        file.write(write_record(make_run(1))[:50])
    waiting.add(make_run(2, REFS[1]))
    assert [run.id for run in waiting.runs()] == ["id0", "id2"]
    waiting.draw(waiting.runs())
    waiting.acknowledge(["id0"])
    assert waiting.runs() == [make_run(2, REFS[1])]
    assert _read_entities(tmp_path / "fallback.jsonl")[0].name == "TestRun:20250507223245"
    waiting.acknowledge(["id2"])
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    "line", [b"", b"[]", b"3", b'{"schema":2}', b'{"schema":1,"op":"store","run":{}}', b"{" * 9_999]
)
def test_what_is_no_record(line: bytes) -> None:
    """Tells nothing."""
    assert read_record(line) is None


def test_pending_runs_behind_a_link_are_not_written(tmp_path: Path) -> None:
    """Nor anywhere else."""
    (tmp_path / "target").write_text("mine")
    (tmp_path / "pending.jsonl").symlink_to("target")
    with pytest.raises(MemoryFileError, match="is a link"), Memory(place_in(tmp_path), {}) as memory:
        memory.store(make_run(0))
    assert (tmp_path / "target").read_text() == "mine"


def test_numbers_that_are_none_tell_no_run() -> None:
    """Somebody may have written into the file, which a config can put into a repository."""
    record = write_record(make_run(0, REFS[0]))
    assert read_record(record) is not None
    assert read_record(record.replace(b'"lines":', b'"lines":1e999,"x":')) is None
    assert read_record(record.replace(b"2025-05-07T22:30:45+00:00", b"0001-01-01T00:00:00+14:00")) is None


def test_a_drawing_that_cannot_be_made_loses_no_run(tmp_path: Path) -> None:
    """It is for whoever looks; what waits is in another file, and crossed out or said to be there still."""
    (tmp_path / "fallback.jsonl").mkdir()
    with Memory(place_in(tmp_path), {}) as memory:
        assert memory.store(make_run(0, REFS[0])).waiting == 1
        with pytest.raises(MemoryFileError, match=r"fallback\.jsonl cannot be removed"):
            memory.waiting.acknowledge(["id0"])
    assert memory.waiting.runs() == []


def test_one_at_a_time(tmp_path: Path) -> None:
    """Who waits too long is told; the lock goes with who holds it."""
    file = str(tmp_path / "memory.jsonl")
    with locked(file, 1), pytest.raises(MemoryFileError, match="in use by another process"), locked(file, 0.05):
        pass
    with locked(file, 0.05):
        pass


FOUND = [
    ('command = ["x"]', "loopflow.toml:2: memory.command is not taken from a config that was found"),
    ('file = "/etc/passwd"', "memory.file: /etc/passwd is not below the root"),
    ('file = "../x"', "memory.file: ../x is not below the root"),
    ('file = "link/x"', "memory.file: link/x is not below the root"),
    ('fallback_dir = "link"', "memory.fallback_dir: link is not below the root"),
    ("command = []", "memory.command: it names no program"),
    ("timeout = 3", "memory.timeout"),
    ('timeout = "11m"', "memory.timeout: it is no time up to ten minutes"),
    ("store = 1", "memory.store: it is true or false"),
    ('url = "http://localhost/x"', "loopflow.toml:2: memory.url is not taken from a config that was found"),
    ('url = "ftp://x"', "memory.url: is no address of a server"),
    ('adress = "x"', "memory.adress: there is no such key"),
]


@pytest.mark.parametrize(("line", "said"), FOUND)
def test_what_a_config_that_was_found_may_not_say(line: str, said: str, tmp_path: Path) -> None:
    """It is an error that names the key; nothing is started, and nothing is written elsewhere."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "link").symlink_to("/tmp")  # noqa: S108  any directory that is not below
    (tmp_path / "loopflow.toml").write_text(f"[memory]\n{line}\n")
    with pytest.raises((UsageError, ConfigError)) as error:
        find_place(Named(), {}, str(tmp_path))
    assert said in error.value.message


def test_a_config_that_is_named_may_name_a_command(tmp_path: Path) -> None:
    """By the option and by the environment; the command line goes before the environment, that before the file."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "mine.toml").write_text('[memory]\ncommand = ["a", "b"]\nfile = "/x/y"\ntimeout = "1.5m"\n')
    here = str(tmp_path)
    named = find_place(Named(config="mine.toml"), {}, here)
    assert (named.peer.argv, named.file, named.timeout) == (("a", "b"), "/x/y", 90.0)
    environ = {"LOOPFLOW_CONFIG": "mine.toml", "LOOPFLOW_MEMORY_COMMAND": "./c 'd e'", "LOOPFLOW_MEMORY_FILE": "f"}
    found = find_place(Named(), environ, here)
    assert (found.peer.argv, found.file) == ((f"{here}/./c", "d e"), f"{here}/f")
    typed = find_place(Named(command="g", file="h", timeout="2s"), environ, here)
    assert (typed.peer.argv, typed.file, typed.timeout) == (("g",), f"{here}/h", 2.0)


@pytest.mark.parametrize("config", ["loopflow.toml", "mine.toml"])
def test_a_server_never_runs_where_a_config_says(config: str, tmp_path: Path) -> None:
    """What waits may lie below the root; a server that ran there would be what the repository ships for npx."""
    (tmp_path / "shop" / ".git").mkdir(parents=True)
    (tmp_path / "shop" / config).write_text('[memory]\nfallback_dir = ".waits"\nfile = ".waits/m.jsonl"\n')
    environ = {"LOOPFLOW_DATA_DIR": str(tmp_path / "data"), "LOOPFLOW_MEMORY_COMMAND": "sh -c 'pwd -P >&2'"}
    place = find_place(Named(config=config if config == "mine.toml" else None), environ, str(tmp_path / "shop"))
    assert place.directory == f"{tmp_path}/shop/.waits"
    with Memory(place, os.environ) as memory, pytest.raises(LoopflowError) as error:
        memory.say_who()
    assert f"it said: {tmp_path}/data/memory/shop-" in error.value.message


@pytest.mark.parametrize("command", ["'", " "])
def test_a_command_that_is_none(command: str, tmp_path: Path) -> None:
    """Is an error."""
    with pytest.raises(UsageError, match="--command"):
        find_place(Named(command=command), {}, str(tmp_path))


DAMAGED = [
    (GOOD + EDGE + b"\n", GOOD + b"\n" + EDGE + b"\n", (0, 1, 0), b""),
    (GOOD + b"\nhalf {\n" + EDGE, GOOD + b"\n" + EDGE + b"\n", (2, 0, 1), b"half {\n"),
    (GOOD + b'\n{"type":"note"}\n\xff\n', GOOD + b"\n", (1, 0, 2), b'{"type":"note"}\n\xff\n'),
    (b"\n \n" + GOOD, b"\n \n" + GOOD, (1, 0, 0), b""),
    (b"", b"", (0, 0, 0), b""),
    (
        b'{"type":"entity","name":"a","entityType":"k"}',
        b"",
        (0, 0, 1),
        b'{"type":"entity","name":"a","entityType":"k"}\n',
    ),
]


@pytest.mark.parametrize(("data", "left", "done", "rejected"), DAMAGED)
def test_a_file_is_repaired(
    data: bytes, left: bytes, done: tuple[int, int, int], rejected: bytes, tmp_path: Path
) -> None:
    """Nothing is thrown away, and what is good is left as it is."""
    file = tmp_path / "memory.jsonl"
    file.write_bytes(data)
    assert bool(describe_damage(str(file))) == bool(done[1] or done[2])
    assert repair(str(file)) == done
    assert file.read_bytes() == left
    assert describe_damage(str(file)) == ""
    beside = tmp_path / "memory.jsonl.rejected"
    assert (beside.read_bytes() if beside.exists() else b"") == rejected


def test_a_file_that_is_a_link_is_not_repaired(tmp_path: Path) -> None:
    """It is somebody's."""
    (tmp_path / "mine").write_text("text")
    (tmp_path / "memory.jsonl").symlink_to("mine")
    with pytest.raises(LoopflowError, match="is a link"):
        repair(str(tmp_path / "memory.jsonl"))


def test_the_tools_of_a_graph() -> None:
    """Do what a server's do: what is there stays, what touches an entity goes with it."""
    graph = LocalGraph()
    graph.create([Entity("a", "k", ("o",)), Entity("b", "k")])
    graph.create([Entity("a", "other", ("p",))])
    graph.relate([Relation("a", "b", "r")] * 2)
    assert graph.export() == Graph((Entity("a", "k", ("o",)), Entity("b", "k")), (Relation("a", "b", "r"),))
    graph.unobserve({"a": ["o"], "none": ["x"]})
    graph.delete(["b", "none"])
    assert graph.export() == Graph((Entity("a", "k"),))
    with pytest.raises(LoopflowError, match="there is no entity none"):
        graph.observe({"none": ["x"]})
