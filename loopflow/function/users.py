"""Who uses what was changed: callers, by what each mentions, and functions that are affected, by their hashes."""

import re
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, NamedTuple

from loopflow.analysis.names import path_bytes
from loopflow.function.changes import Changes, Kind
from loopflow.function.facts.model import CLASS, FUNCTION, IMPORTED, MODULE, STARRED
from loopflow.function.facts.read import UnparsedError
from loopflow.function.graph import Graph, Key
from loopflow.function.model import FunctionToOptimize
from loopflow.function.resolve.project import Node, Project
from loopflow.function.target import all_functions
from loopflow.function.trees import SourceTree, list_tree
from loopflow.function.working import Workshop
from loopflow.model import Revision, SelectRequest

_FAR: Final = 1 << 30


class Caller(NamedTuple):
    """A place at which something is called: in which function, its head, and the line."""

    path: str
    qualname: str
    at: int
    head: str
    line: int
    text: str


class Affected(NamedTuple):
    """A function that is the same, while something that it needs is not: by how many steps it is away."""

    target: FunctionToOptimize
    distance: int


def find_callers(workshop: Workshop, targets: Iterable[tuple[str, str]]) -> list[Caller]:
    """Return the places that mention functions by what they resolve to, but for those in the functions themselves."""
    wanted = set(targets)
    if not wanted:
        return []
    texts = dict(_texts(workshop.tree))
    pattern = _pattern(_all_names({_word(qualname) for _, qualname in wanted}, texts.values()))
    is_asked = any(_word(qualname) != qualname.rpartition(".")[2] for _, qualname in wanted)
    found: dict[Caller, None] = {}
    for path, text in texts.items():
        if pattern.search(text) and (module := workshop.project.module(path)):
            lines = workshop.builder.lines(path)
            near = {number for number, line in enumerate(lines, 1) if is_asked or pattern.search(line)}
            for node in module.nodes:
                found.update(dict.fromkeys(_calls(workshop, node, near, wanted)))
    return sorted(found, key=lambda each: (path_bytes(each.path), each.line))


def _texts(tree: SourceTree) -> Iterator[tuple[str, str]]:
    for path in sorted(tree.files, key=path_bytes):
        with suppress(UnparsedError):
            yield path, tree.text(path)


def _pattern(words: Iterable[str]) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(sorted(map(re.escape, words)))})\b")


def _all_names(words: set[str], texts: Collection[str]) -> set[str]:
    """Return words with the other names that files import them as, or assign them to."""
    known = set[str]()
    while words != known:
        known = set(words)
        either = "|".join(sorted(map(re.escape, known)))
        renamed = re.compile(rf"^(?!\s*(?:async\s+)?(?:with|except)\b).*?\b(?:{either})\s+as\s+(\w+)", re.MULTILINE)
        assigned = re.compile(rf"^\s*(\w+)\s*=\s*(?:\w+\.)*(?:{either})\s*$", re.MULTILINE)
        for text in texts:
            words = words | set(renamed.findall(text)) | set(assigned.findall(text))
    return known


def _calls(workshop: Workshop, node: Node, lines: Collection[int], wanted: set[tuple[str, str]]) -> Iterator[Caller]:
    """Yield the places in a scope itself."""
    scope, path = node.scope, node.module.path
    if scope.kind not in {FUNCTION, CLASS, MODULE} or scope.name == "<lambda>":
        return
    if not any(line in lines for line in range(scope.line, scope.end + 1)):
        return
    workshop.builder.finder.begin()
    for mention in workshop.builder.finder.own_mentions(node):
        places = {(place.path, place.qualname) for place in mention.places}
        if mention.line in lines and places & wanted:
            outer = _outermost(workshop, node)
            if places & wanted == {(path, outer)}:
                continue  # it calls itself
            head, at = _head(workshop, path, outer)
            yield Caller(path, outer, at, head, mention.line, workshop.builder.lines(path)[mention.line - 1].strip())


def _word(qualname: str) -> str:
    """Return the word without which nothing can mention a function: its name, or its class where Python calls it."""
    owner, _, name = qualname.rpartition(".")
    return owner.rpartition(".")[2] if owner and name.startswith("__") and name.endswith("__") else name


def _outermost(workshop: Workshop, node: Node) -> str:
    """Return the function that a scope is printed with; "" for what is of a module."""
    units = workshop.builder.units(node.module.path)
    at: Node | None = node
    while at is not None:
        if at.scope.kind == FUNCTION and at.scope.qualname in units:
            return at.scope.qualname
        at = at.parent
    return ""


def _head(workshop: Workshop, path: str, qualname: str) -> tuple[str, int]:
    """Return the head of a function as one line, and where it stands."""
    units = workshop.builder.units(path).get(qualname, ())
    if not units:
        return "", 0
    unit, lines = units[-1], workshop.builder.lines(path)
    first = next(
        (at for at in range(unit.head, unit.end + 1) if lines[at - 1].lstrip().startswith(("def ", "async "))), 0
    )
    if not first:
        return lines[unit.head - 1].strip(), unit.head
    last = unit.signature - 1 if unit.signature else first
    return " ".join(line.strip() for line in lines[first - 1 : last] if line.strip()), first


@dataclass(slots=True)
class _Side:
    workshop: Workshop

    @property
    def graph(self) -> Graph:
        return self.workshop.graph

    def has(self, path: str, qualname: str) -> bool:
        """Whether there is such a function."""
        return path in self.workshop.tree.files and bool(self.workshop.builder.finder.nodes(path, qualname))


def find_affected(workshop: Workshop, changes: Changes) -> list[Affected]:
    """Return the functions whose hash is another one since the start, and which are the same: the nearest first.

    Only files that import, over others, one that differs can have any.
    """
    sides = [_Side(_open(workshop, commit)) for commit in changes.start.commits]
    here = _Side(workshop)
    paths = _importers(workshop, [side.workshop.project for side in sides], set(changes.paths))
    shown = {(each.path, each.qualname) for each in changes.of(Kind.ADDED, Kind.CHANGED, Kind.MOVED)}
    found: list[FunctionToOptimize] = []
    for path in paths:
        for target in all_functions(workshop, path):
            key = (path, target.qualname)
            if key in shown:
                continue
            befores = [side.graph.hash(*key) for side in sides if side.has(*key)]
            if befores and here.graph.hash(*key) not in befores:
                found.append(target)
    distances = _distances(here.graph, [side.graph for side in sides])
    near = [Affected(each, distances.get(Key(each.path, each.qualname), _FAR)) for each in found]
    most = max((each.distance for each in near if each.distance != _FAR), default=0)
    near = [each._replace(distance=min(each.distance, most + 1)) for each in near]
    return sorted(near, key=lambda each: (each.distance, path_bytes(each.target.path), each.target.start))


def _open(workshop: Workshop, commit: str) -> Workshop:
    tree = workshop.tree
    request = SelectRequest(source=Revision(commit), whole=True)
    before = list_tree(request, tree.git.surroundings, tree.store)
    return Workshop(before, workshop.config, workshop.counter)


def _importers(workshop: Workshop, befores: Sequence[Project], changed: set[str]) -> list[str]:
    """Return the files that differ, and those that import them over others, as imports were or are."""
    projects = [workshop.project, *befores]
    users: dict[str, set[str]] = {}
    for path in workshop.tree.files:
        for used in _imports(workshop.tree, path, projects):
            users.setdefault(used, set()).add(path)
    waiting = deque(changed)
    found = set(changed)
    while waiting:
        for user in users.get(waiting.popleft(), ()):
            if user not in found:
                found.add(user)
                waiting.append(user)
    return sorted((path for path in found if path in workshop.tree.files), key=path_bytes)


def _imports(tree: SourceTree, path: str, projects: Sequence[Project]) -> Iterator[str]:
    """Yield the files that a file imports from, with packages around what it names."""
    facts = tree.facts(path)
    names = {
        (binding.what[1], binding.what[0], name)
        for scope in (facts.scopes if facts else ())
        for bindings in scope.bindings.values()
        for binding in bindings
        if binding.kind in {IMPORTED, STARRED}
        for name in ("", *([binding.what[2]] if binding.kind == IMPORTED and binding.what[2] else ()))
    }
    for level, module, name in names:
        parts = [module, f"{module}.{name}".strip(".")] if name else [module]
        parts += [module[: at.start()] for at in re.finditer(r"\.", module)]
        for project in projects:
            for part in parts:
                found = project.find_relative(path, level, part) if level else project.find_absolute(part, path)
                yield from found


def _distances(now: Graph, befores: Sequence[Graph]) -> dict[Key, int]:
    """Return how far each definition is from the nearest that is another one, along what mentions it."""
    found: dict[Key, int] = {}
    users: dict[Key, list[Key]] = {}
    for graph in (now, *befores):
        for key, point in graph.known().items():
            for edge in point.edges:
                users.setdefault(edge, []).append(key)
    known = now.known()
    others = [graph.known() for graph in befores]
    sources = {key for key, point in known.items() if all(other.get(key) != point for other in others)}
    sources |= {key for other in others for key in other if key not in known}
    found = dict.fromkeys(sources, 0)
    waiting = deque(sorted(sources))
    while waiting:
        key = waiting.popleft()
        for user in users.get(key, ()):
            if user not in found:
                found[user] = found[key] + 1
                waiting.append(user)
    return found
