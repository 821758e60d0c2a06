"""Does a closure suffice? Functions run from theirs alone and from their packages, in two processes: the same results.

Usage: python benchmarks/functions/closure.py PACKAGES DEPENDENCIES

PACKAGES is what fetch.py made, DEPENDENCIES a directory with what these import (`--target` of pip). No process has a
network. The code of others is run here, and nowhere else.
"""

import os
import subprocess
import sys
import tempfile
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from loopflow.function import FunctionConfig, list_tree
from loopflow.function.closure import Closure
from loopflow.function.target import find_targets
from loopflow.function.working import Workshop
from loopflow.model import SelectRequest
from loopflow.tokens import create_counter

DEPENDENCIES = (
    "mpmath==1.3.0", "urllib3==2.5.0", "certifi==2025.8.3", "idna==3.10", "charset-normalizer==3.4.3", "asgiref==3.9.1",
    "sqlparse==0.5.3", "httpcore==1.0.9", "anyio==4.10.0", "h11==0.16.0", "sniffio==1.3.1", "typing-extensions==4.15.0",
)  # fmt: skip
_PREAMBLE = """
import socket, sys
def _refuse(*_, **__): raise OSError("no network here")
socket.socket.connect = socket.create_connection = socket.getaddrinfo = _refuse
"""


@dataclass(frozen=True)
class Case:
    """A function, and calls of it whose results can be compared."""

    package: str
    target: str
    calls: str


CASES = tuple(
    Case(**each) for each in tomllib.loads(Path(__file__).with_name("closures.toml").read_text("utf-8"))["case"]
)


@cache
def _open(root: Path) -> Workshop:
    return Workshop(list_tree(SelectRequest(whole=True), str(root)), FunctionConfig(), create_counter())


def close(root: Path, target: str) -> Closure:
    """Return the closure of a function of a package."""
    workshop = _open(root)
    return workshop.close(find_targets(workshop, target, str(root)))


def compare(case: Case, packages: Path, dependencies: Path) -> tuple[str, int, int]:
    """Return what came of a case: same, another or dynamic; and lines of the closure and of the package."""
    root = packages / case.package
    closure = close(root, case.target)
    with tempfile.TemporaryDirectory() as directory:
        for path, code in closure.files.items():
            place = Path(directory, path)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(code, "utf-8")
        one, two = (_run(case.calls, where, dependencies) for where in (root, Path(directory)))
    lines = sum(code.count("\n") for code in closure.files.values())
    whole = sum(path.read_text("utf-8").count("\n") for path in root.rglob("*.py"))
    if one == two and one[0] == 0:
        return "same", lines, whole
    print(f"{case.target}: {two[1][-300:] if one[0] == 0 else one[1][-300:]}", file=sys.stderr)
    is_said = bool(closure.dynamic) and one[0] == 0 and "ModuleNotFoundError" in two[1]
    return "dynamic" if is_said else "another", lines, whole


def _run(code: str, where: Path, dependencies: Path) -> tuple[int, str]:
    environ = {**os.environ, "PYTHONPATH": f"{where}{os.pathsep}{dependencies}", "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-S", "-c", _PREAMBLE + code]
    with tempfile.TemporaryDirectory() as nowhere:
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environ, cwd=nowhere)
    return done.returncode, done.stdout if done.returncode == 0 else done.stderr


def main() -> None:
    """Compare all."""
    packages, dependencies = (Path(each).resolve() for each in sys.argv[1:3])
    same = 0
    for case in CASES:
        what, lines, whole = compare(case, packages, dependencies)
        same += what == "same"
        print(
            f"{case.package:9} {case.target.rpartition('/')[2]:40} {what:8} {lines:6,} of {whole:7,} lines", flush=True
        )
    print(f"{same} of {len(CASES)} the same")


if __name__ == "__main__":
    main()
