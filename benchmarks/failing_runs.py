"""Make real failing logs, each with the facts that a reader of it must be able to name.

Usage: python benchmarks/failing_runs.py OUTDIR [NAME...] [--install] [--list] [--below DIRECTORY]

For each case a small project is written to a temporary directory and the real tools are run in it. Writes what they say
on both streams, in its order, to OUTDIR/NAME.log, and one OUTDIR/cases.json with an entry for each log:

    name, about, tool, version, exit, command, lines, bytes
    format   "real output", or what the script put around it where a format is written as its documentation says
    facts    a list, the first the one that matters most; each has `test`, `file`, `line` (null where there is none)
             and `message`, words of the decisive line
    words    words put in on purpose, to be found again in whatever is made of the log

Every fact is looked for in its log before it is written down: the message and the words, and the file's name with the
line's number beside it, or in a list below it. A case that does not hold this, or that does not fail, is told, and the
script ends with 1.

Nothing is installed unless told so: what is missing is named with the line that installs it, and the other cases are
made. `--install` runs these lines: Debian's packages by apt-get (let `apt-get update` run before), and npm's and pip's
into OUTDIR-tools beside OUTDIR. Servers listen on the loopback only. All cases take about a minute.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from failing_cases import carried, golang, java, javascript, native, pytest_runs, python, rust, scripts, services
from failing_cases.project import Case, Fact, Project, Tool

CASES: tuple[Case, ...] = (
    *pytest_runs.CASES,
    *python.CASES,
    *javascript.CASES,
    *native.CASES,
    *rust.CASES,
    *golang.CASES,
    *java.CASES,
    *scripts.CASES,
    *services.CASES,
    *carried.CASES,
)
ESCAPES = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\].*?(?:\x07|\x1b\\)|[()][A-Z0-9])")
ASIDE = 2


class Place(NamedTuple):
    """Where logs go, and where tools of npm and pip are kept."""

    logs: Path
    tools: Path

    @property
    def search(self) -> str:
        """The PATH of whatever is run."""
        own = (self.tools / "venv/bin", self.tools / "npm/node_modules/.bin")
        return os.pathsep.join([*(str(path) for path in own), os.environ.get("PATH", os.defpath), "/usr/sbin"])

    def installs(self, tool: Tool) -> list[list[str]]:
        """Return the commands that install a tool."""
        if tool.client == "npm":
            return [["npm", "install", "--no-audit", "--no-fund", "--prefix", str(self.tools / "npm"), *tool.packages]]
        if tool.client == "pip":
            venv = str(self.tools / "venv")
            return [
                [sys.executable, "-m", "venv", venv],
                [f"{venv}/bin/python3", "-m", "pip", "install", "-q", *tool.packages],
            ]
        return [["apt-get", "install", "-y", "-q", "--no-install-recommends", *tool.packages]] if tool.packages else []


def version(place: Place, tool: Tool) -> str | None:
    """Return the first line that a tool says of its version, or None where it is missing."""
    if not all(os.path.exists(file) for file in tool.files):
        return None
    try:
        ended = subprocess.run(
            tool.version,
            env=os.environ | {"PATH": place.search},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return (ESCAPES.sub("", ended.stdout).strip().splitlines() or [""])[0]


def versions(place: Place, tools: Iterable[Tool], *, install: bool) -> dict[Tool, str]:
    """Return the versions of the tools that are there; name what installs the others, or install it."""
    found = {}
    for tool in tools:
        said = version(place, tool)
        if said is None and install:
            for command in place.installs(tool):
                subprocess.run(command, stdout=subprocess.DEVNULL, check=False)
            said = version(place, tool)
        if said is None:
            lines = " && ".join(" ".join(command) for command in place.installs(tool))
            print(f"{tool.name} is missing: {lines or 'install it by hand'}")
        else:
            found[tool] = said
    return found


def missing(log: str, fact: Fact, line: int | None) -> list[str]:
    """Return what of a fact does not stand in the log."""
    wanted = [fact.message, *fact.words, *filter(None, (fact.test, fact.file))]
    lacking = [text for text in wanted if text not in log]
    if fact.file and line:
        name = re.escape(os.path.basename(fact.file))
        beside = rf"{name}(?::|:\[|\(|\\?\", line |: line | on line ){line}(?!\d)"
        below = rf"{name}\n(?:[ \t]+.*\n)*?[ \t]+{line}:"
        if not re.search(f"{beside}|{below}", log):
            lacking.append(f"{fact.file}:{line}")
    return lacking


def entry(case: Case, project: Project, facts: Sequence[Fact], found: dict[Tool, str]) -> dict[str, Any]:
    """Return what is said of a case."""
    return {
        "name": case.name,
        "about": case.about,
        "tool": case.tools[0].name,
        "version": "; ".join(found[tool] for tool in case.tools),
        "exit": project.exit,
        "command": " && ".join(project.commands),
        "format": case.form,
        "lines": project.log.count(b"\n"),
        "bytes": len(project.log),
        "facts": [
            {"test": fact.test, "file": fact.file, "line": project.line(fact), "message": fact.message}
            for fact in facts
        ],
        "words": [word for fact in facts for word in fact.words],
    }


def make(case: Case, place: Place, found: dict[Tool, str], below: str) -> tuple[dict[str, Any], list[str]]:
    """Run a case and write its log; return what is said of it, and what does not hold."""
    root = Path(below) / case.name / "shop"
    root.mkdir(parents=True)
    project = Project(root, place.search)
    facts = case.make(project)
    (place.logs / f"{case.name}.log").write_bytes(project.log)
    text = ESCAPES.sub("", project.log.decode("utf-8", "replace"))
    lacking = [lack for fact in facts for lack in missing(text, fact, project.line(fact))]
    if project.exit == 0:
        lacking.append("a failure: it ended with 0")
    return entry(case, project, facts, found), lacking


def attempt(case: Case, place: Place, found: dict[Tool, str], below: str) -> tuple[dict[str, Any] | None, list[str]]:
    """Run a case as far as it goes, so that one that breaks does not take the others with it."""
    try:
        return make(case, place, found, below)
    except (OSError, ValueError, StopIteration, subprocess.SubprocessError) as error:
        return None, [f"{type(error).__name__}: {error}"]


def keep(place: Place, made: Iterable[dict[str, Any]]) -> None:
    """Write the entries beside those of cases that were not made this time."""
    path = place.logs / "cases.json"
    before = json.loads(path.read_text("utf-8")) if path.exists() else []
    known = {entry["name"]: entry for entry in before} | {entry["name"]: entry for entry in made}
    order = [case.name for case in CASES if case.name in known]
    path.write_text(json.dumps([known[name] for name in order], indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def run(cases: Sequence[Case], place: Place, *, install: bool, below: str | None) -> bool:
    """Make the cases whose tools are there; return whether all of these hold."""
    place.logs.mkdir(parents=True, exist_ok=True)
    found = versions(place, dict.fromkeys(tool for case in cases for tool in case.tools), install=install)
    able = [case for case in cases if all(tool in found for tool in case.tools)]
    holds = True
    with tempfile.TemporaryDirectory(prefix="failing-", dir=below) as directory, ThreadPoolExecutor(ASIDE) as pool:
        made = []
        for case, (said, lacking) in zip(
            able, pool.map(lambda case: attempt(case, place, found, directory), able), strict=True
        ):
            holds = holds and not lacking
            size = f"{said['lines']:6} lines, exit {said['exit']}" if said else "not made"
            print(f"{case.name:24} {size}" + "".join(f"\n    not in the log: {text}" for text in lacking), flush=True)
            made += [said] if said else []
            keep(place, made)
    print(f"{len(made)} of {len(cases)} cases made")
    return holds


def main() -> int:
    """Read the command line and make the cases."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("outdir", type=Path)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--install", action="store_true", help="install what is missing")
    parser.add_argument("--list", action="store_true", help="print the names of the cases and what each shows")
    parser.add_argument("--below", help="where the temporary projects are made")
    options = parser.parse_args()
    unknown = set(options.names) - {case.name for case in CASES}
    if unknown:
        parser.error(f"no case is called {', '.join(sorted(unknown))}; see --list")
    cases = [case for case in CASES if not options.names or case.name in options.names]
    if options.list:
        print("\n".join(f"{case.name:24} {case.about}" for case in cases))
        return 0
    logs = options.outdir.resolve()
    place = Place(logs, logs.with_name(f"{logs.name}-tools"))
    return 0 if run(cases, place, install=options.install, below=options.below) else 1


if __name__ == "__main__":
    sys.exit(main())
