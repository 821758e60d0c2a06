"""How much memory a run takes: the command as a process of its own, and every git that it starts."""

import resource
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.support.run import COMMAND, Result, environment, python, run_process

MEGABYTE = 1_000_000

# A process that was started by a large one seems to have been as large itself; what /proc says of it is its own.
_REPORT = """
import atexit, re, resource
def report():
    own = re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1]
    print(int(own), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=open({file!r}, "w"))
atexit.register(report)
"""


def peak_of(*arguments: str, cwd: Path) -> tuple[int, str]:
    """Run the command, which must succeed; return the most memory that it or a git had at once, and what it printed.

    The memory is the resident set, in bytes. Needs /proc.
    """
    with tempfile.NamedTemporaryFile() as file:
        result = run_process(*arguments, cwd=cwd, program=python(_REPORT.format(file=file.name)))
        assert (result.code, result.err) == (0, "")
        return max(map(int, file.read().split())) * 1024, result.out


def run_within(most: int, *arguments: str, cwd: Path, env: Mapping[str, str] | None = None) -> Result:
    """Run the command with no more than `most` bytes of address space, as `ulimit -v` does."""
    done = subprocess.run(
        [*COMMAND, *arguments],
        cwd=cwd,
        capture_output=True,
        check=False,
        env=environment(env),
        preexec_fn=_limit(most),
    )
    return Result(done.returncode, done.stdout.decode(), done.stderr.decode())


def _limit(most: int) -> Callable[[], None]:
    return lambda: resource.setrlimit(resource.RLIMIT_AS, (most, most))
