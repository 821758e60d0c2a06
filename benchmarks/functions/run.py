"""Compare what engines find: which helpers and variables functions of packages mention.

Usage: python benchmarks/functions/run.py ENVIRONMENT PACKAGES [--seed N] [--number N] [--functions FILE] [--show]

ENVIRONMENT is an environment of Python's with jedi, ty and basedpyright in it, PACKAGES a directory with one repository
a package, as `fetch.py` makes them. Truth is what at least two of the three name; loopflow has no vote.
"""

import argparse
import gc
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).parent))

from lsp import Server
from sample import Definition, Function, definitions, draw, functions

JEDI = """
import json, resource, sys
import jedi
root, cache = sys.argv[1], {}
project = jedi.Project(root, smart_sys_path=False, added_sys_path=[root])
for line in sys.stdin:
    path, at, column = json.loads(line)
    try:
        if path not in cache:
            cache[path] = jedi.Script(path=f"{root}/{path}", project=project)
        found = cache[path].goto(at, column, follow_imports=True)
        places = [[str(each.module_path), each.line or 0] for each in found if each.module_path]
    except Exception:
        places = []
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps([places, memory]), flush=True)
"""


class Jedi:
    """jedi, in a process of its own."""

    def __init__(self, python: str, root: Path) -> None:
        self._root = root
        self.process = subprocess.Popen([python, "-c", JEDI, str(root)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def definitions(self, path: str, line: int, column: int) -> list[tuple[str, int]]:
        """Return the places that it names."""
        assert self.process.stdin and self.process.stdout  # noqa: PT018
        self.process.stdin.write((json.dumps([path, line, column]) + "\n").encode())
        self.process.stdin.flush()
        places, _ = json.loads(self.process.stdout.readline())
        inside = [(Path(place), at) for place, at in places if Path(place).is_relative_to(self._root)]
        return [(place.relative_to(self._root).as_posix(), at) for place, at in inside]

    def close(self) -> None:
        """End it."""
        self.process.kill()
        self.process.wait()


class Answer(NamedTuple):
    """What an engine said of a function, and how long it took: at first, and when it was asked again."""

    found: frozenset[Definition]
    cold: float
    warm: float


def ask(engine: Any, root: Path, function: Function) -> Answer:  # noqa: ANN401  a server or jedi
    """Ask an engine for every name in a function."""
    begin = time.perf_counter()
    found = frozenset(_definitions(engine, root, function))
    between = time.perf_counter()
    for _ in _definitions(engine, root, function):
        pass
    return Answer(found, between - begin, time.perf_counter() - between)


def _definitions(engine: Any, root: Path, function: Function) -> Iterator[Definition]:  # noqa: ANN401
    for mention in function.mentions:
        for path, line in engine.definitions(function.path, mention.line, mention.column):
            first, last = function.lines
            if path == function.path and first <= line <= last:
                continue  # a parameter, or what is local
            known = definitions(root / path, path).get(line) if path.endswith(".py") else None
            if known and _is_outside(known, function):
                yield known


def _is_outside(known: Definition, function: Function) -> bool:
    return known.name != function.name and not known.name.startswith(f"{function.name}.")


class Own:
    """loopflow, in this process."""

    def __init__(self, root: Path) -> None:
        from loopflow.function.settings import FunctionConfig  # noqa: PLC0415
        from loopflow.function.trees import list_tree  # noqa: PLC0415
        from loopflow.function.working import Workshop  # noqa: PLC0415
        from loopflow.model import SelectRequest  # noqa: PLC0415
        from loopflow.tokens import create_counter  # noqa: PLC0415

        self.workshop = Workshop(list_tree(SelectRequest(), str(root)), FunctionConfig(), create_counter())

    def ask(self, function: Function) -> Answer:
        """Return what it finds, twice."""
        begin = time.perf_counter()
        found = frozenset(self._find(function))
        between = time.perf_counter()
        list(self._find(function))
        return Answer(found, between - begin, time.perf_counter() - between)

    def _find(self, function: Function) -> Iterator[Definition]:
        finder = self.workshop.builder.finder
        for use in finder.discover(function.path, function.qualname, levels=1).uses.values():
            place = use.place
            if use.rules <= {"implicit"}:
                continue
            owner, _, name = place.qualname.rpartition(".")
            is_constructor = owner and name in {"__init__", "__new__", "__post_init__"}
            kind = "variable" if place.kind in {"variable", "field"} else "helper"
            known = Definition(f"{place.path}:{owner if is_constructor else place.qualname}", kind)
            if "constructor" in use.rules and use.rules == {"constructor"}:
                continue  # its class is found by itself
            if _is_outside(known, function):
                yield known


def main() -> None:
    """Run all and print the table."""
    gc.disable()
    options = _read_options()
    python = str(options.environment / "bin/python")
    makers: dict[str, Callable[[Path], Any]] = {
        "jedi": lambda root: Jedi(python, root),
        "basedpyright": lambda root: Server(
            [str(options.environment / "bin/basedpyright-langserver"), "--stdio"], root
        ),
        "ty": lambda root: Server([str(options.environment / "bin/ty"), "server"], root),
    }
    answers: dict[str, dict[Function, Answer]] = {name: {} for name in (*makers, "loopflow")}
    memory: dict[str, int] = dict.fromkeys(answers, 0)
    starts: dict[str, list[float]] = {name: [] for name in answers}
    for package in sorted(path for path in options.packages.iterdir() if path.is_dir()):
        chosen = _choose(package, options)
        for name, make in makers.items() if chosen else ():
            begin = time.perf_counter()
            engine = make(package)
            for function in chosen:
                answers[name][function] = ask(engine, package, function)
                starts[name] += [time.perf_counter() - begin] if function is chosen[0] else []
            memory[name] = max(memory[name], _memory(engine.process.pid))
            engine.close()
        begin = time.perf_counter()
        own = Own(package) if chosen else None
        for function in chosen:
            assert own is not None
            answers["loopflow"][function] = own.ask(function)
            starts["loopflow"] += [time.perf_counter() - begin] if function is chosen[0] else []
    memory["loopflow"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    _report(answers, memory, starts, show=options.show)


def _read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("environment", type=Path)
    parser.add_argument("packages", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--number", type=int, default=5, help="functions of each package")
    parser.add_argument("--functions", type=Path, help="names of functions, PATH:QUALNAME, instead of drawing some")
    parser.add_argument("--show", action="store_true", help="show what loopflow lacks, and has alone")
    options = parser.parse_args()
    options.packages = options.packages.resolve()
    options.environment = options.environment.resolve()
    return options


def _choose(package: Path, options: argparse.Namespace) -> list[Function]:
    if options.functions is None:
        return draw(package, package.name, options.number, options.seed)
    wanted = options.functions.read_text("utf-8").split()
    files = dict.fromkeys(name.rpartition(":")[0] for name in wanted if (package / name.rpartition(":")[0]).is_file())
    return [each for path in files for each in functions(package, package.name, path) if each.name in wanted]


def _memory(process: int) -> int:
    """Return the most memory that a process had, in MB."""
    status = Path(f"/proc/{process}/status").read_text("utf-8")
    return next(int(line.split()[1]) // 1024 for line in status.splitlines() if line.startswith("VmHWM"))


def _report(
    answers: dict[str, dict[Function, Answer]], memory: dict[str, int], starts: dict[str, list[float]], *, show: bool
) -> None:
    oracles = [name for name in answers if name != "loopflow"]
    asked = list(answers["loopflow"])
    named = {each: [answers[name][each].found for name in oracles] for each in asked}
    truth = {
        each: {one for found in named[each] for one in found if sum(one in f for f in named[each]) > 1}
        for each in asked
    }
    anyone = {each: {one for found in named[each] for one in found} for each in asked}
    wanted = {
        kind: sum(one.kind == kind for found in truth.values() for one in found) for kind in ("helper", "variable")
    }
    print(f"{len(asked)} functions; two of three name {wanted['helper']} helpers and {wanted['variable']} variables")
    print(f"{'engine':13} helpers  variables  alone  first, s  all, s  warm, ms  memory, MB")
    for name, found in answers.items():
        hits = [one for each in asked for one in found[each].found & truth[each]]
        helpers = sum(one.kind == "helper" for one in hits)
        if name == "loopflow":
            others = anyone
        else:
            rest = [one for one in answers if one != name]
            others = {each: {one for other in rest for one in answers[other][each].found} for each in asked}
        alone = sum(one.kind == "helper" for each in asked for one in found[each].found - others[each])
        warm = sorted(answer.warm for answer in found.values())[len(asked) // 2] * 1000
        total = sum(answer.cold for answer in found.values())
        first = max(starts[name], default=0)
        numbers = f"{helpers:7} {len(hits) - helpers:10} {alone:6} {first:9.2f} {total:7.2f} {warm:9.1f}"
        print(f"{name:13} {numbers} {memory[name]:11}")
    for each in asked if show else ():
        own = answers["loopflow"][each].found
        for one in sorted(truth[each] - own):
            print(f"lacks {one.kind:8} {one.name}  in {each.name}")
        for one in sorted(own - anyone[each]):
            print(f"alone {one.kind:8} {one.name}  in {each.name}")


if __name__ == "__main__":
    main()
