"""Measure `loopflow memory` beside what else one does with a memory server, and write benchmarks/memory.md.

Usage: python benchmarks/memory.py [--entities N] [--runs N] [--megabytes N]

It needs `mcp-server-memory` in the PATH (npm install -g @modelcontextprotocol/server-memory), whose every answer is
real. The memory is made by chance, the same each time: runs, kinds of errors, a line for each failure. Questions are
two words of a failure; an answer is right as far as it has the failures that have both. Tokens are of o200k_base.
"""

import argparse
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from loopflow.memory.entities import CONTAINS, ERROR, Row, make_run, name_kind, name_run
from loopflow.memory.fitting import fit_rows
from loopflow.memory.graph import write_entity, write_lines, write_relation
from loopflow.memory.model import Entity, Failed, Graph, Relation, Run, Tools
from loopflow.memory.place import MemoryPlace
from loopflow.memory.querying import find, require_words
from loopflow.memory.remembering import Memory
from loopflow.memory.render.rows import head_of_matches, list_matches
from loopflow.tokens import create_counter

COMMAND = [sys.executable, "-P", "-c", "from loopflow.cli.main import main; main()", "logs"]
ON_A_THREAD = (
    "import threading; threading.Thread(target=__import__, args=('mcp',), daemon=True).start()\n"
    "from loopflow.cli.main import main; main()"
)
SYLLABLES = (
    "ba",
    "cor",
    "del",
    "fin",
    "gra",
    "hol",
    "kim",
    "lun",
    "mar",
    "nex",
    "por",
    "quil",
    "ros",
    "sta",
    "tem",
    "vor",
)
WORDS = tuple(f"{one}{two}{three}" for one in SYLLABLES for two in SYLLABLES for three in SYLLABLES[:4])
COMMON = "failed"
"""A word of every third failure."""
KINDS = tuple(f"{each.title()}Error" for each in WORDS[::20])
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
FIT = 2_000
PAGE = """\
# What memory is measured by

`python benchmarks/memory.py` wrote this page, with the server of npm: {entities:,} entities, {failures:,} failures,
{relations:,} relations, {megabytes:.1f} MB. Of {questions} questions in an open session:
the median of milliseconds, and the mean of CPU milliseconds of loopflow, its bridge and the server together. The
machine did other things too, so compare within this page; CPU is what an idle machine would take at most.

## Asking

| what | milliseconds | CPU | tokens, median | most | recall |
|---|---:|---:|---:|---:|---:|
{asking}

`read_graph` is what an agent does that knows no better. The server's own search takes the question for one text, which
few failures have; with one word it returns whole entities. `grep` of the file for that word is the same without a
server. Recall is the share of the failures with both words that an answer has; what `--fit` leaves out is counted in
its first line.

{verdict}

## Reading a log that is remembered

A log of {log:,} MB. CPU seconds are of the process that reads, when the digest arrives; what is behind that is the
wait for the server. Median of {runs}, in turns.

| how | CPU until the digest | seconds until the digest | and to the end |
|---|---:|---:|---:|
{reading}

The last row is how it would be with the SDK on a thread of the same process.
"""


class Answer(NamedTuple):
    """What came back, and how long it took."""

    seconds: float
    text: str


class Timed(NamedTuple):
    """A run: CPU seconds of its own and seconds until the digest, and seconds from there to its end."""

    cpu: float
    digest: float
    rest: float


def main() -> None:
    """Make a memory, ask it, read logs, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entities", type=int, default=5_000, help="in the memory  [default: 5,000]")
    parser.add_argument("--runs", type=int, default=7, help="of a log, each way  [default: 7]")
    parser.add_argument("--megabytes", type=int, default=20, help="of that log  [default: 20]")
    given = parser.parse_args()
    server = shutil.which("mcp-server-memory")
    assert server, "npm install -g @modelcontextprotocol/server-memory"
    graph = make_graph(given.entities)
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory, "memory.jsonl")
        file.write_text("".join(write_lines(graph)))
        size = file.stat().st_size
        place = MemoryPlace(
            (server,), str(file), directory, directory, 60.0, store=False, project="p", encoding="o200k_base"
        )
        questions = make_questions(graph, 25)
        with Memory(place, os.environ) as memory:
            asking, verdict = memory.change(lambda tools: ask_all(tools, graph, questions, file))
    with tempfile.TemporaryDirectory() as directory:
        reading = list(read_all(Path(directory), server, given.runs, given.megabytes))
    page = PAGE.format(
        entities=len(graph.entities),
        failures=sum(len(each.observations) for each in graph.entities if each.kind == ERROR),
        relations=len(graph.relations),
        megabytes=size / 1_000_000,
        questions=len(questions),
        asking="\n".join(asking),
        verdict=verdict,
        log=given.megabytes,
        runs=given.runs,
        reading="\n".join(reading),
    )
    print(page)
    Path(__file__).with_suffix(".md").write_text(page)


def make_graph(entities: int) -> Graph:
    """Return a memory in which nine of ten entities are runs, each with up to ten failures."""
    chance = random.Random(7)
    kinds: dict[str, list[Failed]] = {}
    for number in range(entities // 10):
        kind = f"{chance.choice(KINDS)}{number}"
        kinds[kind] = [_make_failed(chance, kind) for _ in range(chance.randint(1, 20))]
    every = [failed for rows in kinds.values() for failed in rows]
    last: dict[str, str] = {}
    made: list[Entity] = []
    relations: dict[Relation, None] = {}
    for number in range(entities - len(kinds)):
        at = datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=10 * number)
        failures = tuple(chance.sample(every, chance.randint(0, 10)))
        run = Run(
            f"{number:016x}", at, "test.log", "shop", f"{number:064x}", 40_000, 800_000, 6_000, "o200k_base", "test",
            {"critical": len(failures)}, failures,
        )  # fmt: skip
        made.append(make_run(run, name_run(at)))
        last |= dict.fromkeys((failed.ref for failed in failures), name_run(at))
        relations |= dict.fromkeys(Relation(name_run(at), name_kind(failed.kind), CONTAINS) for failed in failures)
    for kind, rows in kinds.items():
        texts = [
            Row(each.ref, 3, last.get(each.ref, made[0].name), each.log, each.first, each.last, each.headline).text
            for each in rows
        ]
        made.append(Entity(name_kind(kind), ERROR, tuple(texts)))
    return Graph(tuple(made), tuple(relations))


def _make_failed(chance: random.Random, kind: str) -> Failed:
    ref = "ERR-" + "".join(chance.choices(ALPHABET, k=10))
    line = chance.randint(1, 40_000)
    headline = f"{' '.join(chance.sample(WORDS, 5))} {chance.choice([COMMON, 'broke', 'is gone'])} {line}"
    return Failed(ref, kind, 1, "test.log", line, line + 20, headline)


def make_questions(graph: Graph, many: int) -> list[tuple[str, ...]]:
    """Return pairs of words that at least one failure has."""
    chance = random.Random(11)
    rows = [text for each in graph.entities if each.kind == ERROR for text in each.observations]
    pairs = [chance.sample([word for word in chance.choice(rows).split() if word in WORDS], 2) for _ in range(many)]
    return [require_words(pair) for pair in pairs]


def ask_all(tools: Tools, graph: Graph, questions: Sequence[tuple[str, ...]], file: Path) -> tuple[list[str], str]:
    """Return a row for each way to ask, and whether the bars are kept."""
    counter = create_counter()
    rows = [text for each in graph.entities if each.kind == ERROR for text in each.observations]

    def ours(words: tuple[str, ...]) -> str:
        matches = find(tools, words)
        listed = list_matches(matches)
        return fit_rows(lambda shown: head_of_matches(matches, len(listed), shown), listed, FIT, counter).text

    ways: dict[str, Callable[[tuple[str, ...]], str]] = {
        "`read_graph`, the whole memory": lambda _: _dump(tools._call("read_graph", {})),  # noqa: SLF001  we never do
        "`search_nodes` with both words": lambda words: _search(tools, " ".join(words)),
        "`search_nodes` with the longer word": lambda words: _search(tools, max(words, key=len)),
        "`grep -i` of the file for it": lambda words: _grep(max(words, key=len), file),
        f"`loopflow memory query`, `--fit {FIT:,}`": ours,
        f"the same for *{COMMON}*, of every third failure": lambda _: ours((COMMON,)),
    }
    table, found = [], {}
    for name, way in ways.items():
        few = questions[:5] if "read_graph" in name else questions
        before = _used()
        answers = [_measure(way, words) for words in few]
        cpu = (_used() - before) * 1_000 / len(few)
        tokens = counter.count([answer.text for answer in answers])
        asked = [(COMMON,)] * len(few) if COMMON in name else few
        recalls = [_recall(words, answer.text, rows) for words, answer in zip(asked, answers, strict=True)]
        milliseconds = statistics.median(answer.seconds for answer in answers) * 1_000
        found[name] = cpu, max(tokens)
        table.append(
            f"| {name} | {milliseconds:,.0f} | {cpu:,.0f} | {statistics.median(tokens):,.0f} | {max(tokens):,} |"
            f" {statistics.mean(recalls):.0%} |"
        )
    (_, all_tokens), *_, (took, most), _ = found.values()
    kept = "Kept" if took <= 120 and most * 3.5 <= all_tokens else "**Not kept**"
    bars = (
        f"at most 120 ms (of CPU {took:,.0f}) and a third of the tokens of `read_graph` (1 / {all_tokens / most:,.0f})"
    )
    return table, f"{kept}: a query takes {bars}."


def _used() -> float:
    """Return the CPU seconds that this process used, and those that it started and that still run."""
    family = [os.getpid()]
    ticks = 0
    for pid in family:
        family += map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
        stat = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
        ticks += int(stat[11]) + int(stat[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def _measure(way: Callable[[tuple[str, ...]], str], words: tuple[str, ...]) -> Answer:
    begun = time.perf_counter()
    text = way(words)
    return Answer(time.perf_counter() - begun, text)


def _recall(words: Sequence[str], text: str, rows: Sequence[str]) -> float:
    wanted = [row.split()[0] for row in rows if all(word in row.lower() for word in words)]
    return sum(ref in text for ref in wanted) / len(wanted)


def _search(tools: Tools, text: str) -> str:
    graph = tools._read(tools._call("search_nodes", {"query": text}))  # noqa: SLF001  with relations, as it comes
    entities, relations = map(write_entity, graph.entities), map(write_relation, graph.relations)
    return _dump({"entities": list(entities), "relations": list(relations)})


def _dump(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)  # as the server prints it


def _grep(word: str, file: Path) -> str:
    return subprocess.run(["grep", "-i", word, file], capture_output=True, text=True, check=False).stdout


def read_all(directory: Path, server: str, runs: int, megabytes: int) -> Iterator[str]:
    """Yield a row for each way to read a log."""
    log = directory / "test.log"
    line = "2025-03-01T10:00:{0:02d} INFO shop.cart[{1}]: GET /items/{1} 200 in {0} ms\n"
    with open(log, "w") as file:
        for number in range(megabytes * 1_000_000 // len(line)):
            file.write(line.format(number % 60, number))
            if number % 9_999 == 0:
                file.write(f"ERROR shop: ValueError: no pears in basket of {WORDS[number % len(WORDS)]}\n")
    environ = {**os.environ, "LOOPFLOW_DATA_DIR": str(directory / "data"), "LOOPFLOW_MEMORY_COMMAND": server}
    on_a_thread = [*COMMAND[:-2], ON_A_THREAD, "logs"]
    ways = {
        "`loopflow logs`": COMMAND,
        "`loopflow logs --store-memory`": [*COMMAND, "--store-memory"],
        "`loopflow logs`, importing the SDK on a thread": on_a_thread,
    }
    taken: dict[str, list[Timed]] = {name: [] for name in ways}
    for _ in range(runs):
        for name, command in ways.items():
            taken[name].append(_time([*command, "test.log", "--fit", "4k", "-q"], directory, environ))
    for name, times in taken.items():
        cpu, digest, rest = (statistics.median(each) for each in zip(*times, strict=True))
        yield f"| {name} | {cpu:.2f} | {digest:.2f} | {rest:.2f} |"


def _time(command: Sequence[str], directory: Path, environ: dict[str, str]) -> Timed:
    begun = time.perf_counter()
    with subprocess.Popen(command, cwd=directory, env=environ, stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.read(1)
        digest = time.perf_counter()
        stat = Path(f"/proc/{process.pid}/stat").read_text().rpartition(") ")[2].split()
        process.stdout.read()
        process.wait()
    assert process.returncode == 0
    cpu = (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")
    return Timed(cpu, digest - begun, time.perf_counter() - digest)


if __name__ == "__main__":
    main()
