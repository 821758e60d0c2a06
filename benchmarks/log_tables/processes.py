"""Processes that are measured: how long each takes, and how much memory it had at most.

Whoever measures must stay small: what the kernel says of a child's memory is at least what its parent had.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
# -P: the current directory, which may be a copy of this project, is not where the command comes from.
PROGRAM = [sys.executable, "-P", "-c", "from loopflow.cli.main import main; main()"]
LOGS = [*PROGRAM, "logs"]
PAGE = os.sysconf("SC_PAGE_SIZE")
LOOK_SECONDS = 0.02


def environment(home: Path) -> dict[str, str]:
    """Return what the command runs in: no config, and a store of its own below `home`."""
    config = home / "none.toml"
    config.write_text("")
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return kept | {"LOOPFLOW_DATA_DIR": str(home / "data"), "LOOPFLOW_CONFIG": str(config), "LC_ALL": "C.UTF-8"}


class Ran(NamedTuple):
    """A process that ended. `megabytes` are the most that it, or one that it started, had at once.

    `together` are the most that it and those that it started had at once, of looks every few milliseconds: what they
    share, such as Python itself, is in there for each of them.
    """

    seconds: float
    megabytes: float
    together: float
    out: str
    error: str
    cpu: float
    """Seconds of all its threads, which other processes on the machine make no longer."""


Watch = Callable[[int], None]


def run(command: Sequence[str], home: Path, stdin: Sequence[str] = (), watch: Watch | None = None) -> Ran:
    """Run a command, into whose standard input another may write. `watch` is given its process id, on a thread."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as error:
        begun = time.perf_counter()
        source = subprocess.Popen(stdin, stdout=subprocess.PIPE) if stdin else None
        into = source.stdout if source else subprocess.DEVNULL
        process = subprocess.Popen(command, stdin=into, stdout=out, stderr=error, cwd=home, env=environment(home))
        if source and source.stdout:
            source.stdout.close()
        watcher = threading.Thread(target=watch, args=(process.pid,)) if watch else None
        if watcher:
            watcher.start()
        had: list[float] = []
        threading.Thread(target=_look, args=(process.pid, had), daemon=True).start()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        if source:
            source.wait()
        if watcher:
            watcher.join()
        texts = []
        for file in (out, error):
            file.seek(0)
            texts.append(file.read(2_000_000).decode("utf-8", "replace"))
        if process.returncode:
            raise SystemExit(f"{' '.join(command)} ended with {process.returncode}: {texts[1][:500]}")
        alone = usage.ru_maxrss * 1024 / 1e6
        together = max([alone, *had])
        return Ran(seconds, alone, together, *texts, usage.ru_utime + usage.ru_stime)


def family(pid: int) -> list[int]:
    """Return a process and those that it started. Raises OSError if it is gone."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return [pid, *(int(each) for task in tasks for each in (task / "children").read_text().split())]


def resident(pid: int) -> float:
    """Return the megabytes that a process has in memory. Raises OSError if it is gone."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE / 1e6


def _look(pid: int, found: list[float]) -> None:
    """Take note of the memory of a process and those that it started, until it ends."""
    try:
        while True:
            found.append(sum(map(resident, family(pid))))
            time.sleep(LOOK_SECONDS)
    except OSError:
        return


@dataclass
class Case:
    """A command, and what its runs took."""

    name: str
    command: Sequence[str]
    stdin: Sequence[str] = ()
    seconds: list[float] = field(default_factory=list)
    megabytes: float = 0.0
    together: float = 0.0
    out: str = ""
    cpu: list[float] = field(default_factory=list)
    peaks: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        """The median, in seconds."""
        return statistics.median(self.seconds)

    def run(self, home: Path) -> None:
        """Run it once more."""
        ran = run(self.command, home, self.stdin)
        self.seconds.append(ran.seconds)
        self.cpu.append(ran.cpu)
        self.peaks.append(ran.megabytes)
        self.megabytes = max(self.megabytes, ran.megabytes)
        self.together = max(self.together, ran.together)
        self.out = ran.out


def run_in_turn(cases: Sequence[Case], runs: int, home: Path) -> None:
    """Run all of them once for warmth, and then in turn that many times."""
    for turn in range(runs + 1):
        for case in cases:
            case.run(home)
            if turn == 0:
                case.seconds.clear()


class Log(NamedTuple):
    """A log that is measured."""

    name: str
    path: Path

    @property
    def megabytes(self) -> float:
        """Its size."""
        return self.path.stat().st_size / 1e6


def make_log(kind: str, below: Path, megabytes: int, source: Path | None = None) -> Log:
    """Return a made log, written in a process of its own unless it is there."""
    path = below / f"{kind}-{megabytes}.log"
    if not path.exists():
        below.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, str(HERE / "made_logs.py"), kind, str(path), str(megabytes)]
        subprocess.run([*command, *([str(source)] if source else [])], check=True)
    return Log(kind, path)


def load_json(text: str) -> dict[str, float]:
    """Read what a process said of itself."""
    found: dict[str, float] = json.loads(text)
    return found
