"""What a change did to the definitions of a tree: by what they say, with no arithmetic on lines.

A merge came from several commits; what one of them has, or what git makes of them by itself, nobody changed in it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from operator import attrgetter
from typing import Final, NamedTuple

from loopflow.analysis.names import path_bytes
from loopflow.function.graph import origins
from loopflow.function.sayings import CLASS, DOING, FUNCTION, IMPORT, VARIABLE, Sayings, Statement, touched
from loopflow.function.trees import SourceTree, Unread
from loopflow.function.versions import Versions
from loopflow.model import Start


class Kind(StrEnum):
    """What became of a definition."""

    ADDED = "added"
    CHANGED = "changed"
    MOVED = "moved"
    COSMETIC = "cosmetic"
    """What it says is the same."""
    AFFECTED = "affected"
    """It is the same itself, and something that it needs is not."""
    REMOVED = "removed"


SHOWN: Final = frozenset({Kind.ADDED, Kind.CHANGED, Kind.MOVED, Kind.AFFECTED})


class Change(NamedTuple):
    """A definition that is changed: lines are those of now, or of before where it is gone. A module has no qualname.

    `was` is where it was before it moved. `lines` are the statements of a module or of classes that are changed.
    """

    path: str
    qualname: str
    kind: Kind
    start: int
    end: int
    was: str = ""
    statements: tuple[Statement, ...] = ()
    said: str = ""

    @property
    def name(self) -> str:
        """What it is called on the command line."""
        return f"{self.path}:{self.qualname or '<module>'}"


@dataclass(slots=True)
class Changes:
    """All that a change did, and the files of it that could not be read."""

    start: Start
    changes: list[Change] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)
    paths: tuple[str, ...] = ()
    """Python files that differ."""
    gone: Counter[str] = field(default_factory=Counter)
    """What statements said that are gone, and define no function."""
    lost: dict[tuple[str, str], str] = field(default_factory=dict)
    """Constants, fields and classes that their file has no more, by path and name, and what they said."""
    arrived: set[str] = field(default_factory=set)
    """What statements say that are new, and define no function."""

    def of(self, *kinds: Kind) -> list[Change]:
        """Return the changes of some kinds."""
        return [each for each in self.changes if each.kind in kinds]

    def lost_names(self) -> list[tuple[str, str]]:
        """Return the constants, fields and classes that are nowhere any more, by path and name."""
        return [place for place, said in self.lost.items() if said not in self.arrived]


def find_changes(tree: SourceTree, start: Start) -> Changes:
    """Return what became of each definition since a start. Raises GitError for an object that is missing."""
    versions = Versions(tree, start)
    found = Changes(start, unread=versions.unread)
    for path, befores in versions.read():
        _compare(found, path, versions.now(path), befores)
    found.paths = versions.paths
    _find_moves(found)
    order = {kind: number for number, kind in enumerate(Kind)}
    found.changes.sort(key=lambda each: (path_bytes(each.path), each.start, order[each.kind]))
    return found


class _Meaning(NamedTuple):
    """What all definitions of a name say together, and how that is written."""

    said: str
    source: str
    statements: tuple[Statement, ...]


def _functions(sayings: Sayings | None) -> dict[str, _Meaning]:
    if sayings is None:
        return {}
    found: dict[str, list[Statement]] = {}
    for each in sayings.statements:
        if each.kind == FUNCTION:
            found.setdefault(each.names[0], []).append(each)
    return {
        name: _Meaning(
            "\n".join(sayings.say(each).text for each in each_of),
            "".join(sayings.source(each) for each in each_of).rstrip(),
            tuple(each_of),
        )
        for name, each_of in found.items()
    }


def _compare(found: Changes, path: str, now: Sayings | None, befores: Sequence[Sayings | None]) -> None:
    if now is None and any(each.path == path for each in found.unread):
        return
    after, sides = _functions(now), [_functions(each) for each in befores]
    for name, meaning in after.items():
        versions = [side[name] for side in sides if name in side]
        kind = _classify(meaning, versions)
        if kind:
            found.changes.append(_change(path, name, kind, meaning.statements, meaning.said))
    for name, meaning in sides[0].items():
        if name not in after and all(name in side for side in sides):
            found.changes.append(_change(path, name, Kind.REMOVED, meaning.statements, meaning.said))
    _compare_rest(found, path, now, befores)


def _classify(meaning: _Meaning, versions: Sequence[_Meaning]) -> Kind | None:
    if not versions:
        return Kind.ADDED
    same = [each for each in versions if each.said == meaning.said]
    if not same:
        return Kind.CHANGED
    return None if any(each.source == meaning.source for each in same) else Kind.COSMETIC


def _change(path: str, name: str, kind: Kind, statements: Sequence[Statement], said: str = "") -> Change:
    return Change(path, name, kind, statements[0].start, statements[-1].end, "", tuple(statements), said)


def _compare_rest(found: Changes, path: str, now: Sayings | None, befores: Sequence[Sayings | None]) -> None:
    """Compare the statements that define no function, and find the functions that use what they bind."""
    sides = [_rest(each) for each in befores if each is not None]
    after = _rest(now)
    before = sides[0] if sides else Counter[tuple[str, str]]()
    for side in sides[1:]:
        before |= side
    new = after - before
    gone = before - after if len(sides) <= 1 else Counter({key: 1 for key in before if all(key in s for s in sides)})
    gone -= after
    found.gone.update(said for _, said in gone.elements())
    found.arrived.update(said for _, said in new)
    _find_lost(found, path, now, befores, gone)
    if now is None:
        return
    statements = _take(now, new)
    names = _names(statements) | {name for version in befores for name in _names(_take(version, gone))}
    changed = {each.qualname for each in found.changes if each.path == path and each.kind is not Kind.COSMETIC}
    users = [each for each in _users(now, names) if each.names[0] not in changed]
    cosmetic = {each.names[0] for each in users}
    found.changes[:] = [
        each
        for each in found.changes
        if not (each.path == path and each.kind is Kind.COSMETIC and each.qualname in cosmetic)
    ]
    for name, each_of in _by_name(users).items():
        found.changes.append(_change(path, name, Kind.AFFECTED, each_of))
    shown = [each for each, names in statements.items() if each.kind != IMPORT or not _is_used(now, names)]
    is_new = not sides
    if shown or (gone and not changed and not users):
        start, end = (shown[0].start, shown[-1].end) if shown else (1, 1)
        kind = Kind.ADDED if is_new else Kind.CHANGED
        said = "\n".join(now.say(each).text for each in shown if each.kind != IMPORT)
        found.changes.append(Change(path, "", kind, start, end, "", tuple(shown), said))


def _find_lost(
    found: Changes,
    path: str,
    now: Sayings | None,
    befores: Iterable[Sayings | None],
    gone: Mapping[tuple[str, str], int],
) -> None:
    """Take note of the names that a file has no more."""
    for version in filter(None, befores):
        for each in _take(version, gone):
            if each.kind in {CLASS, VARIABLE}:
                names = [name for name in each.names if not (now and name in now.named)]
                found.lost.update(((path, name), version.say(each).text) for name in names)


def _rest(sayings: Sayings | None) -> Counter[tuple[str, str]]:
    """Return what each statement says that defines no function, and where: imports name by name."""
    found: Counter[tuple[str, str]] = Counter()
    for each in sayings.statements if sayings else ():
        if each.kind != FUNCTION:
            found.update(_keys(sayings, each) if sayings else ())
    return found


def _keys(sayings: Sayings, each: Statement) -> list[tuple[str, str]]:
    if each.kind == IMPORT and not each.owner:
        said = [(name, origin) for name in each.names for origin in origins(sayings, name)]
        return [(each.owner, f"import {name} {origin} {each.frames}") for name, origin in dict.fromkeys(said)]
    return [(each.owner, sayings.say(each).text)]


def _take(sayings: Sayings | None, wanted: Mapping[tuple[str, str], int]) -> dict[Statement, set[str]]:
    """Return the statements that say what is wanted, and the names that these bind, or to whose values they do things.

    Of an import, only what is wanted counts.
    """
    found: dict[Statement, set[str]] = {}
    for each in sayings.statements if sayings else ():
        if each.kind != FUNCTION and sayings and any(wanted.get(key) for key in _keys(sayings, each)):
            found[each] = set(each.names)
            if each.kind == IMPORT and not each.owner:
                one_by_one = {name: _keys(sayings, each._replace(names=(name,))) for name in each.names}
                found[each] = {name for name, keys in one_by_one.items() if any(map(wanted.get, keys))}
            elif each.kind in DOING and not each.owner:
                found[each] |= touched(each.node)
    return found


def _names(statements: Mapping[Statement, set[str]]) -> set[str]:
    return set().union(*statements.values())


def _users(now: Sayings, names: set[str]) -> Iterator[Statement]:
    """Yield the functions of a file that use a name by itself, or a field of their class by `.name`."""
    top = {name for name in names if "." not in name}
    fields = {name.rpartition(".")[::2] for name in names if "." in name}
    for each in now.statements:
        if each.kind == FUNCTION:
            loads, attributes = now.words(each)
            if loads & top or any(each.owner == owner and name in attributes for owner, name in fields):
                yield each


def _is_used(now: Sayings, names: set[str]) -> bool:
    """Whether functions or statements of the file use all of these names."""
    used: set[str] = set().union(*(now.words(each)[0] for each in now.statements if each.kind != IMPORT))
    return names <= used


def _by_name(statements: Iterable[Statement]) -> dict[str, list[Statement]]:
    found: dict[str, list[Statement]] = {}
    for each in statements:
        found.setdefault(each.names[0], []).append(each)
    return found


def _find_moves(found: Changes) -> None:
    """Call what is new moved where the same is gone elsewhere: by its name first, then whatever it was called."""
    for say in (attrgetter("said"), _nameless):
        gone: dict[str, list[Change]] = {}
        for each in found.of(Kind.REMOVED):
            gone.setdefault(say(each), []).append(each)
        for at, each in enumerate(found.changes):
            if each.kind is Kind.ADDED and each.qualname and (same := gone.get(say(each))):
                before = same.pop(0)
                found.changes[at] = each._replace(kind=Kind.MOVED, was=before.name)
                found.changes[found.changes.index(before)] = before._replace(said="", kind=Kind.MOVED)
        found.changes = [each for each in found.changes if not (each.kind is Kind.MOVED and not each.was)]
    for at, each in enumerate(found.changes):
        if not each.qualname and each.said and all(said in found.gone for said in each.said.split("\n") if said):
            found.changes[at] = each._replace(kind=Kind.MOVED)


def _nameless(change: Change) -> str:
    last = change.qualname.rpartition(".")[2]
    return change.said.replace(f"name={last!r}", "name=''")
