"""Few patterns that match some files of a tree and none of the others, and that still do after the next build.

Per directory, from the top: one that goes whole, all its directories, what has one name in many of them, all of a
suffix, names that begin with a dot, names with a hash in them, else the path. "All but" is never written at the top:
the lines go into a config that lasts, and a new directory must be seen.
"""

import re
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import NamedTuple

from loopflow.analysis.hashed_names import glob_of, shape_of
from loopflow.analysis.patterns import compile_patterns, escape_pattern, to_pattern

_LITERAL = re.compile(r"[^*?\[\\]*")  # how a pattern begins, without a sign
_SIGNS = re.compile(r"[*?\]]")
_LEAST_OF_A_KIND = 3  # files that one line for all of their kind is written for
_LEAST_LINES = 4  # that "all but" is tried instead of
_LEAST_DIRECTORIES = 2
_MOST_SHAPES = 20  # in a directory: of more, the names are written
_DEEPEST = 60  # levels; what lies deeper is written as it is
_MOST_CORRECTIONS = 5  # of a family: with more, its parts are written


class Line(NamedTuple):
    """A pattern and the files that it takes out; none for one that takes something back."""

    pattern: str
    paths: tuple[str, ...] = ()


Block = tuple[Line, ...]
"""Lines that mean something only together, in this order."""


class _Node:
    """A directory, and how many files of each sort are in it or below."""

    __slots__ = ("directories", "files", "gone", "is_cut", "lines", "path", "stays", "unseen")

    def __init__(self, path: str) -> None:
        self.path = path
        self.directories: dict[str, _Node] = {}
        self.files: dict[str, bool | None] = {}
        self.gone = 0
        self.stays = 0
        self.unseen = 0
        self.lines = 0
        self.is_cut = False  # whether names of files in it have directories in them

    @property
    def is_whole(self) -> bool:
        """Whether something in it goes and nothing stays."""
        return self.gone > 0 and not self.stays

    def whole_names(self) -> Iterator[str]:
        """Yield the names of the files that go and, with a slash, of the directories that do as a whole."""
        yield from (name for name, goes in self.files.items() if goes and not self.is_cut)
        yield from (f"{name}/" for name, node in self.directories.items() if node.is_whole)

    def keeps(self, name: str) -> bool:
        """Whether something stays that has such a name, or lies in a directory that has."""
        node = self.directories.get(name.removesuffix("/"))
        return self.files.get(name) is False or (node is not None and node.stays > 0)

    @property
    def spared(self) -> list[str]:
        """The names in it of which something stays: of files, and of directories, which a pattern reaches as well."""
        names = [name for name, goes in self.files.items() if goes is False]
        return names + [name for name, node in self.directories.items() if node.stays]

    def walk_name(self, name: str) -> Iterator[str]:
        """Yield what goes and has such a name, or lies in a directory that has."""
        if name.endswith("/"):
            node = self.directories.get(name[:-1])
            yield from node.walk() if node else ()
        elif self.files.get(name):
            yield self.path + name

    def walk(self) -> Iterator[str]:
        """Yield the paths of what goes, in it and below."""
        yield from (self.path + name for name, goes in self.files.items() if goes)
        for node in self.directories.values():
            yield from node.walk()


class PatternWriter:
    """Writes lines for `gone`; none matches what `stays` or is `unseen`. All else is matched or not as it comes.

    `families` are lists of patterns that match all of a kind, tried first, the widest first; each must only correct
    itself.
    """

    def __init__(
        self,
        gone: Collection[str],
        stays: Iterable[str],
        unseen: Iterable[str] = (),
        families: Iterable[Sequence[str]] = (),
    ) -> None:
        self._gone = dict.fromkeys(gone)
        self._stays = [*stays]
        self._unseen = [*unseen]
        self._families = [*families]
        self._root = _Node("")
        self._written: dict[str, list[Block]] = {}

    def write(self) -> tuple[list[Block], list[Block]]:
        """Return the lines of families, which come first, and all others."""
        families = [*self._write_families()]
        # What a line takes is neither here nor there for the rest: a directory may still go whole.
        self._grow(families)
        alike = [*self._write_alike()]
        if alike:
            self._grow(families + alike)
        return families, alike + self._direct(self._root)

    def _grow(self, written: Iterable[Block]) -> None:
        """Make the tree of all that is there, but for what lines take already."""
        taken = {path for block in written for line in block for path in line.paths}
        self._root = _Node("")
        for path in self._gone:
            if path not in taken:
                self._add(path, goes=True)
        for path in self._stays:
            self._add(path, goes=False)
        for path in self._unseen:
            self._add(path, goes=False, is_unseen=True)

    def counts(self) -> Iterator[tuple[str, int]]:
        """Yield each directory that takes more than one line, with how many it took when they were written."""
        waiting = [*self._root.directories.values()]
        while waiting:
            node = waiting.pop()
            if node.lines > 1 and not node.unseen:
                yield node.path, node.lines
            waiting += node.directories.values()

    def _add(self, path: str, *, goes: bool, is_unseen: bool = False) -> None:
        node = self._root
        *above, name = path.split("/", _DEEPEST)
        for part in above:
            below = node.directories.get(part)
            if below is None:
                below = node.directories[part] = _Node(f"{node.path}{part}/")
            node = below
            node.gone += goes
            node.stays += not goes
            node.unseen += is_unseen
        node.is_cut |= "/" in name
        node.files[name] = goes

    def _write_families(self) -> Iterator[Block]:
        gone, others = _Sorted(self._gone), _Sorted(self._stays + self._unseen)
        taken: set[str] = set()
        for family in self._families:
            ours = [path for path in gone.find(family[0]) if path not in taken]
            found = self._try_family(family, ours, others.find(family[0])) if len(ours) >= _LEAST_OF_A_KIND else None
            if found and len(found[0].paths) >= _LEAST_OF_A_KIND:
                yield found
                taken.update(found[0].paths)

    def _try_family(self, family: Sequence[str], ours: Sequence[str], others: Sequence[str]) -> Block | None:
        """Return the family's lines if they reach nothing that stays, without corrections that correct nothing.

        What goes and is taken back by one of them is left to the lines that come after.
        """
        first, *corrections = family
        match = compile_patterns([first], "a family").match
        others = [path for path in others if match(path)]
        needed = []
        for correction in corrections if others else ():
            corrects = compile_patterns([correction.removeprefix("!")], "a correction").match
            if any(map(corrects, others)):
                needed.append(correction)
        match = compile_patterns([first, *needed], "a family").match
        if len(needed) > _MOST_CORRECTIONS or any(map(match, others)):
            return None
        return (Line(first, tuple(filter(match, ours))), *map(Line, needed))

    def _write_alike(self) -> Iterator[Block]:
        """Yield lines for what has the same name in several directories beside each other: `/packages/*/test/`."""
        waiting = [self._root]
        while waiting:
            node = waiting.pop()
            parts = [each for each in node.directories.values() if each.gone and each.stays]
            waiting += parts
            names = Counter(name for each in parts for name in each.whole_names())
            for name, number in names.items():
                if number >= _LEAST_LINES and not any(each.keeps(name) for each in node.directories.values()):
                    paths = tuple(path for each in parts for path in each.walk_name(name))
                    yield (Line(f"{to_pattern(node.path)}*/{escape_pattern(name)}", paths),)

    def _write(self, node: _Node) -> list[Block]:
        """Return the lines for a directory below the top, written once."""
        if node.path not in self._written:
            self._written[node.path] = self._write_anew(node)
        return self._written[node.path]

    def _write_anew(self, node: _Node) -> list[Block]:
        if node.is_whole and node.gone > 1:  # one file's own path says more
            node.lines = 1
            return [(Line(to_pattern(node.path), tuple(node.walk())),)]
        blocks = self._direct(node) if node.gone else []
        node.lines = sum(map(len, blocks))
        if node.lines >= _LEAST_LINES and not (node.unseen or node.is_cut):
            other = self._all_but(node, blocks)
            if len(other) < node.lines:
                node.lines = len(other)
                return [other]
        return blocks

    def _direct(self, node: _Node) -> list[Block]:
        dotted = self._dotted(node)
        blocks = self._directories(node, dotted) + self._files(node, dotted)
        if dotted:
            paths = [node.path + name for name in dotted if node.files.get(name)]
            paths += [path for name in dotted if name in node.directories for path in node.directories[name].walk()]
            blocks.append((Line(to_pattern(node.path) + ".*", tuple(paths)),))
        return blocks

    def _dotted(self, node: _Node) -> frozenset[str]:
        """Return the names that begin with a dot if all of them go, and one line for them saves some."""
        files = [name for name, goes in node.files.items() if name.startswith(".")]
        below = [name for name in node.directories if name.startswith(".")]
        number = sum(bool(node.files[name]) for name in files) + sum(node.directories[name].gone > 0 for name in below)
        if number < _LEAST_OF_A_KIND or any(node.files[name] is False for name in files):
            return frozenset()
        return frozenset() if any(node.directories[name].stays for name in below) else frozenset([*files, *below])

    def _directories(self, node: _Node, without: Collection[str]) -> list[Block]:
        below = {name: each for name, each in node.directories.items() if each.gone and name not in without}
        is_all = not any(each.stays for each in node.directories.values())
        if node.path and len(below) >= _LEAST_DIRECTORIES and is_all:
            return [
                (Line(to_pattern(node.path) + "*/", tuple(path for each in below.values() for path in each.walk())),)
            ]
        blocks: list[Block] = []
        whole = [name for name, each in below.items() if each.is_whole]
        spared = [name for name, each in node.directories.items() if each.stays]
        for pattern, names in _group_hashed(node, whole, spared, are_directories=True):
            paths = tuple(path for name in names for path in below[name].walk())
            for name in names:
                below.pop(name).lines = 1
            blocks.append((Line(pattern + "/", paths),))
        for each in below.values():
            blocks += self._write(each)
        return blocks

    def _files(self, node: _Node, without: Collection[str]) -> list[Block]:
        kinds: defaultdict[str, list[str]] = defaultdict(list)
        for name, goes in node.files.items():
            if goes and name not in without:
                kinds["" if node.is_cut else _suffix(name)].append(name)
        spared: defaultdict[str, list[str]] = defaultdict(list)
        for name in node.spared:
            spared[_suffix(name)].append(name)
        blocks: list[Block] = []
        for suffix, names in kinds.items():
            blocks += self._of_suffix(node, suffix, names, spared[suffix])
        return blocks

    def _of_suffix(self, node: _Node, suffix: str, names: Sequence[str], spared: Sequence[str]) -> list[Block]:
        """Return lines for the names of one suffix; `spared` are those that a pattern for all of them would reach."""
        all_of_it = to_pattern(node.path) + "*" + escape_pattern(suffix)
        paths = tuple(node.path + name for name in names)
        if suffix and len(names) >= _LEAST_OF_A_KIND and not spared:
            return [(Line(all_of_it, paths),)]
        left = dict.fromkeys(names)
        blocks: list[Block] = []
        for pattern, hashed in () if node.is_cut else _group_hashed(node, names, node.spared):
            blocks.append((Line(pattern, tuple(node.path + name for name in hashed)),))
            for name in hashed:
                del left[name]
        blocks += [(Line(to_pattern(node.path + name), (node.path + name,)),) for name in left]
        if node.path and suffix and len(blocks) >= _LEAST_LINES and len(spared) + 1 < len(blocks) and not node.unseen:
            return [(Line(all_of_it, paths), *(Line("!" + to_pattern(node.path + name)) for name in spared))]
        return blocks

    def _all_but(self, node: _Node, direct: Sequence[Block]) -> Block:
        """Return the lines that take everything in a directory, and then back what stays."""
        inner: list[Line] = []
        for name, goes in node.files.items():
            if goes is False:
                inner.append(Line("!" + to_pattern(node.path + name)))
        for below in node.directories.values():
            if below.stays:
                inner.append(Line("!" + to_pattern(below.path)))
                inner += [line for block in self._write(below) for line in block]
        taken = {path for line in inner for path in line.paths}
        paths = [path for block in direct for line in block for path in line.paths if path not in taken]
        return (Line(to_pattern(node.path) + "*", tuple(paths)), *inner)


def _group_hashed(
    node: _Node, names: Sequence[str], spared: Sequence[str], *, are_directories: bool = False
) -> Iterator[tuple[str, list[str]]]:
    """Yield patterns for names with a hash in them, each with the names that it is for and matches; none is spared."""
    prefix, others = to_pattern(node.path), _Sorted(spared)
    left = dict.fromkeys(names)
    shapes: defaultdict[str, list[str]] = defaultdict(list)
    for name in names:
        if shape := shape_of(name, is_directory=are_directories):
            shapes[shape].append(name)
    plain = [name for name in names if not shape_of(name, is_directory=are_directories)] if shapes else []
    for shape, alike in sorted(shapes.items(), key=lambda each: -len(each[1]))[:_MOST_SHAPES]:
        if len(alike) >= _LEAST_OF_A_KIND and not others.match(shape):
            found = alike + _Sorted(plain).match(shape)  # one with a hash that reads like a word among them
            plain = [name for name in plain if name not in set(found)]
            yield prefix + shape, found
            for name in found:
                del left[name]
    globs: defaultdict[str, list[str]] = defaultdict(list)
    for name in left:
        globs[glob_of(name, is_directory=are_directories)].append(name)
    yield from ((prefix + glob, alike) for glob, alike in globs.items() if glob and not others.match(glob))


class _Sorted:
    """Names or paths, of which those that a pattern may match are found without looking at all of them."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = sorted(names)

    def find(self, pattern: str) -> list[str]:
        """Return what begins, or else has a piece, as `pattern` does: all that it can match, and more."""
        begins = _LITERAL.match(pattern.removeprefix("/"))
        if begins and begins[0]:
            at = bisect_left(self._names, begins[0])
            return self._names[at : bisect_right(self._names, begins[0] + "\U0010ffff", lo=at)]
        tail = _SIGNS.split(pattern)[-1]
        return self._names if "\\" in tail else [name for name in self._names if tail in name]

    def match(self, glob: str) -> list[str]:
        """Return the names that a pattern for names matches."""
        matches = compile_patterns(["/" + glob], "a name").match
        return [name for name in self.find(glob) if matches(name)]


def _suffix(name: str) -> str:
    """Return what follows the last dot, with it; "" for a name without one, or that begins with its only one."""
    stem, dot, suffix = name.rpartition(".")
    return dot + suffix if stem and suffix else ""
