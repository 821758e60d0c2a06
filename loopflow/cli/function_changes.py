"""What `loopflow function` does about changes: which functions are meant, which are known, what is saved."""

import os
import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from loopflow.analysis.names import escape_name
from loopflow.analysis.patterns import compile_patterns
from loopflow.charts.numbers import plural
from loopflow.console.console import Console
from loopflow.errors import LoopflowError, MissingPathError, UsageError, describe_os_error
from loopflow.function import known
from loopflow.function.changes import SHOWN, Change, Changes, Kind, find_changes
from loopflow.function.model import FunctionToOptimize, Unshown
from loopflow.function.target import below, exists, find_targets, inside
from loopflow.function.users import Affected, Caller, find_affected, find_callers
from loopflow.function.versions import repository_of, start_of
from loopflow.function.working import Workshop
from loopflow.io.tree_files import read_named
from loopflow.io.writing import write_atomically
from loopflow.model import Start

_DYNAMIC: Final = "dynamic"


@dataclass(slots=True)
class Chosen:
    """The functions that are meant; of a change, what became of each, and what has no context."""

    targets: list[FunctionToOptimize]
    changes: Mapping[FunctionToOptimize, Change] = field(default_factory=dict)
    unshown: list[Unshown] = field(default_factory=list)
    start: Start | None = None
    hashes: dict[FunctionToOptimize, str] = field(default_factory=dict)
    found: Changes | None = None
    """All that a change did."""
    affected: list[Affected] = field(default_factory=list)
    callers: list[Caller] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    """Constants, fields and classes that are nowhere any more."""

    def names(self, kind: Kind) -> list[str]:
        """Return the names of what became so."""
        return [change.name for change in self.changes.values() if change.kind is kind]


def choose(workshop: Workshop, given: Mapping[str, Any], here: str) -> Chosen:
    """Return the functions that are named, or those of them that a change touches."""
    words = given["targets"]
    if not given["changed"]:
        targets = [target for word in words for target in find_targets(workshop, word, here)]
        return Chosen(list(dict.fromkeys(targets)))
    tree = workshop.tree
    is_wanted = _matcher(workshop, words, here)
    found = find_changes(tree, start_of(tree, given["against"]))
    for unread in found.unread:
        tree.unread.setdefault(unread.path, unread)
    changes = {_target(each): each for each in found.changes if is_wanted(each.path)}
    chosen = Chosen([], changes, start=found.start, found=found)
    chosen.lost = [f"{path}:{name}" for path, name in found.lost_names() if is_wanted(path)]
    for target, change in changes.items():
        if change.kind not in SHOWN:
            chosen.unshown.append(Unshown(target, "not_shown"))
            continue
        if not change.qualname:
            workshop.statements[target] = change.statements
        chosen.targets.append(target)
    if given["affected"]:
        known = {(each.path, each.qualname) for each in chosen.targets}
        near = find_affected(workshop, found)
        chosen.affected = [each for each in near if (each.target.path, each.target.qualname) not in known]
    return chosen


def look_for_callers(workshop: Workshop, chosen: Chosen) -> None:
    """Find who calls what is chosen."""
    chosen.callers = find_callers(workshop, [(each.path, each.qualname) for each in chosen.targets if each.qualname])


def _target(change: Change) -> FunctionToOptimize:
    return FunctionToOptimize(change.path, change.qualname, change.start, change.end)


def _matcher(workshop: Workshop, words: Sequence[str], here: str) -> Callable[[str], bool]:
    """Return what tells whether a changed file is meant: it lies at or below what is named, and is not excluded."""
    roots = [_root(workshop, word, here) for word in words]
    excluded = compile_patterns(workshop.config.exclude, "exclude") if workshop.config.exclude else None

    def is_wanted(path: str) -> bool:
        named = not roots or any(path == root or path.startswith(f"{root}/") or not root for root in roots)
        return named and not (excluded and excluded.match(path))

    return is_wanted


def _root(workshop: Workshop, word: str, here: str) -> str:
    path = inside(workshop, word, here)
    if path is None or ":" in word.rpartition("/")[2] or not (below(workshop, path) or not path):
        what = f"{escape_name(word)} is no file or directory of the tree"
        raise MissingPathError(what, "with --changed, name files and directories, or nothing", word)
    return path


def skip_known(workshop: Workshop, chosen: Chosen, given: Mapping[str, Any], console: Console, here: str) -> None:
    """Take out the functions whose hashes are stored, and say how many."""
    if given["known"] is None:
        return
    stores = _read_known(workshop, chosen, given, console, here)
    left, skipped, dynamic = [], 0, 0
    for target in chosen.targets:
        digest = find_hash(workshop, chosen, target)
        if not any(store.get(target.name) == digest for store in stores):
            left.append(target)
        elif not given["known_dynamic"] and _is_dynamic(workshop, target):
            dynamic += 1
            left.append(target)
        else:
            skipped += 1
            chosen.unshown.append(Unshown(target, "known", digest))
    chosen.targets = left
    console.note(f"{plural(skipped, 'known function')} skipped")
    if dynamic:
        console.note(f"{plural(dynamic, 'known function')} not skipped: something in them is dynamic (--known-dynamic)")


def find_hash(workshop: Workshop, chosen: Chosen, target: FunctionToOptimize) -> str:
    """Return the hash of a function, which is made once."""
    if target not in chosen.hashes:
        chosen.hashes[target] = workshop.hash(workshop.find(target))
    return chosen.hashes[target]


def _is_dynamic(workshop: Workshop, target: FunctionToOptimize) -> bool:
    return any(each.reason == _DYNAMIC for each in workshop.find(target).discovery.unresolved)


def _read_known(
    workshop: Workshop, chosen: Chosen, given: Mapping[str, Any], console: Console, here: str
) -> list[dict[str, str]]:
    """Return the stores that count: under --check, what there was where the change began."""
    file, kind, tree = given["known"], workshop.config.hash, workshop.tree
    if not given["check"]:
        data = _read_file(file, here, may_lack=given["save_hashes"] is not None)
        return [known.parse(data, file, kind)] if data is not None else []
    path = inside(workshop, file, here)
    start = chosen.start or start_of(tree, given["against"])
    stores = known.read_at(tree.git, repository_of(tree), start.commits, path, kind) if path else []
    if not stores:
        console.note(
            f"{escape_name(file)} was not there, or not usable, at {escape_name(start.name)}: nothing is known"
        )
    return stores


def _read_file(file: str, here: str, *, may_lack: bool) -> bytes | None:
    try:
        data = read_named(os.path.join(here, file))
    except FileNotFoundError:
        data = None
    except OSError as error:
        what = f"the store of hashes {escape_name(file)} cannot be read: {describe_os_error(error)}"
        raise UsageError(what, "check what is named") from error
    if data is None and not may_lack:
        what = f"there is no store of hashes {escape_name(file)}"
        raise UsageError(what, f"--save-hashes {shlex.quote(file)} writes one")
    return data


def save_hashes(
    workshop: Workshop, chosen: Chosen, passed: Iterable[FunctionToOptimize], given: Mapping[str, Any], here: str
) -> str:
    """Write the hashes of the functions that have contexts into the store, and return what is to be said."""
    file, kind = given["save_hashes"], workshop.config.hash
    if workshop.tree.unread:
        raise LoopflowError("not all files could be read, so no hashes are saved", "see the warnings")
    data = _read_file(file, here, may_lack=True)
    stored = known.parse(data, file, kind) if data is not None else {}
    new = {target.name: find_hash(workshop, chosen, target) for target in passed}
    vanished = [name for name in stored if name not in new and not exists(workshop, name)]
    write_atomically(file, known.dump(known.merge(stored, new, vanished), kind), here)
    gone = f", {len(vanished):,} removed that are gone" if vanished else ""
    return f"{plural(len(new), 'hash')} saved in {escape_name(file)}{gone}"


def tell_unshown(chosen: Chosen, console: Console) -> None:
    """Say what a change did that nothing is printed of."""
    for kind, what in ((Kind.REMOVED, "removed"), (Kind.COSMETIC, "changed in form only")):
        names = chosen.names(kind)
        if kind is Kind.REMOVED:
            names = [*names, *chosen.lost]
        if names:
            shown = ", ".join(escape_name(name) for name in names[:3])
            more = f" and {len(names) - 3:,} more" if len(names) > 3 else ""  # noqa: PLR2004
            console.note(f"{what}: {shown}{more}")
