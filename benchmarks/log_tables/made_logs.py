"""Logs made for measuring, the same each time: of a build with everything in it, and of servers that say little new.

Usage: python benchmarks/log_tables/made_logs.py mixed|repetitive|longer|joined FILE MEGABYTES [SOURCE]

`longer` is SOURCE over and over, with other numbers each time; `joined` is the logs in the folder SOURCE one after the
other. It is a program of its own so that whoever measures stays small.
"""

import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from random import Random

sys.path.insert(0, os.fspath(Path(__file__).resolve().parent.parent))

from log_tables.builds import STEPS, TRACES
from log_tables.services import FORMS, Clock, Service, access, java, python
from log_tables.slots import line

SERVICES = 12
SERVICE_SHARE = 0.6
NUMBERS = re.compile(rb"[0-9]{4,}")
HDFS = tuple(
    "081109 20{few} {thread} " + text
    for text in (
        "INFO dfs.DataNode$PacketResponder: Received block blk_{int}{int}{int} of size {int} from /{ip}",
        "INFO dfs.FSNamesystem: BLOCK* NameSystem.addStoredBlock: {ip}:50010 is added to blk_{int}{int} size {int}",
        "INFO dfs.DataNode$PacketResponder: PacketResponder {few} for block blk_{int}{int}{int} terminating",
        "INFO dfs.DataNode$DataXceiver: Receiving block blk_{int}{int}{int} src: /{ip}:{port} dest: /{ip}:50010",
        "WARN dfs.DataNode$DataXceiver: {ip}:50010:Got exception while serving blk_{int}{int}{int} to /{ip}:",
    )
)
SPARK = tuple(
    "17/06/09 20:{few}:{few} INFO " + text
    for text in (
        "executor.Executor: Finished task {few}.0 in stage {few}.0 (TID {int}). {int} bytes result sent to driver",
        "executor.CoarseGrainedExecutorBackend: Got assigned task {int}",
        "storage.BlockManager: Found block rdd_{few}_{few} locally",
        "python.PythonRunner: Times: total = {ms}, boot = -{ms}, init = {ms}, finish = {few}",
        "storage.MemoryStore: Block broadcast_{few}_piece0 stored as bytes in memory (estimated size {few}.{few} KB)",
        "output.FileOutputCommitter: Saved output of task 'attempt_{int}_{int}_m_{int}_{few}'",
    )
)
THUNDERBIRD = tuple(
    "- 11315668{few} 2005.11.09 dn{int} Nov 9 12:01:01 dn{int}/dn{int} " + text
    for text in (
        "crond(pam_unix)[{pid}]: session opened for user root by (uid=0)",
        "crond[{pid}]: (root) CMD (run-parts /etc/cron.hourly)",
        "gmetad[{pid}]: data_thread() got not answer from any [Thunderbird_A{few}] datasource",
        "sshd[{pid}]: Accepted publickey for root from ::ffff:{ip} port {port} ssh2",
        "kernel: [KERNEL_IB][tsIbApmLoad] [PATH_LOST] port {few}, lid {int}",
    )
)


def make_mixed() -> Iterator[str]:
    """Yield the lines of a build without an end: its steps, and the services that its tests start."""
    chance = Random("mixed")
    clock = Clock(chance)
    services = [Service(chance, FORMS[each % len(FORMS)], _traces(each)) for each in range(SERVICES)]
    while True:
        lines = 1 + int(chance.expovariate(1 / 400))
        share = chance.random()
        if share < SERVICE_SHARE * 0.85:
            yield from chance.choice(services).run(chance, clock, lines)
        elif share < SERVICE_SHARE:
            yield from access(chance, clock, lines)
        else:
            yield from chance.choice(STEPS)(chance, lines)


def _traces(service: int) -> Sequence[Callable[[Random], list[str]]]:
    form = FORMS[service % len(FORMS)]
    return TRACES[:1] if form is java else TRACES[1:2] if form is python else ()


def make_repetitive() -> Iterator[str]:
    """Yield lines of three kinds of servers without an end, some thousand of one kind after the other."""
    chance = Random("repetitive")
    while True:
        for texts in (HDFS, SPARK, THUNDERBIRD):
            kinds = [line(text) for text in texts]
            for _ in range(5_000):
                yield kinds[int(len(kinds) * chance.random() ** 2)](chance)


def write_lines(lines: Iterator[str], size: int, file: Path) -> None:
    """Write as many lines as make that many bytes."""
    written = 0
    with file.open("wb") as out:
        for each in lines:
            data = f"{each}\n".encode()
            out.write(data)
            written += len(data)
            if written >= size:
                return


def write_longer(source: Path, size: int, file: Path) -> None:
    """Write a log over and over; numbers of four digits and more are others each time, so that codes stay."""
    digits = b"0123456789"
    with file.open("wb") as out:
        for turn in range(10**6):
            table = bytes.maketrans(digits, digits[turn % 10 :] + digits[: turn % 10])
            with source.open("rb") as lines:
                while (data := b"".join(lines.readlines(1_000_000))) and out.tell() < size:
                    out.write(NUMBERS.sub(lambda found, table=table: found[0].translate(table), data))  # type: ignore[misc]
            if out.tell() >= size:
                return


def write_joined(folder: Path, size: int, file: Path) -> None:
    """Write logs one after the other, again from the first where they are not enough."""
    logs = sorted(path for path in folder.iterdir() if path.is_file())
    with file.open("wb") as out:
        while out.tell() < size:
            for log in logs:
                data = log.read_bytes()
                out.write(data if data.endswith(b"\n") else data + b"\n")
                if out.tell() >= size:
                    return


def main() -> None:
    """Write what the command line says, beside its place first."""
    kind, target, megabytes, *source = sys.argv[1:]
    size, file = int(float(megabytes) * 1e6), Path(f"{target}.part")
    if kind in {"mixed", "repetitive"}:
        write_lines(make_mixed() if kind == "mixed" else make_repetitive(), size, file)
    elif kind == "longer":
        write_longer(Path(source[0]), size, file)
    else:
        write_joined(Path(source[0]), size, file)
    file.replace(target)


if __name__ == "__main__":
    main()
