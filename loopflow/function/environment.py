"""An environment of Python's as a directory of text: nothing of it is run, and no link leads out of it.

Packages are listed one by one, when something asks for them. Stubs stand before sources, as type checkers have it.
"""

import os
from collections.abc import Iterator
from typing import Final

from loopflow.errors import UsageError
from loopflow.function.facts.model import Facts
from loopflow.function.facts.read import UnparsedError, decode, read_facts, split_lines
from loopflow.model import FileRef

MARK: Final = "pyvenv.cfg"
MOST_BYTES: Final = 2_000_000
_MOST_FILES: Final = 20_000
_STUBS: Final = "-stubs"
_USUAL: Final = (".venv", "venv")


class PackageTree:
    """The files of one package, as a tree that can be resolved in."""

    def __init__(self, files: dict[str, str]) -> None:
        self._places = files
        self.files: dict[str, FileRef] = {path: FileRef(path) for path in files}
        self.others: set[str] = set()
        self._facts: dict[str, Facts | None] = {}

    def text(self, path: str) -> str:
        """Return the source at `path`. Raises UnparsedError for what cannot be read."""
        try:
            with open(self._places[path], "rb") as file:
                return decode(file.read(MOST_BYTES + 1)[:MOST_BYTES])
        except OSError as error:
            raise UnparsedError("unreadable", str(error)) from error

    def lines(self, path: str) -> list[str]:
        """Return the lines of the source at `path`, with their ends."""
        return split_lines(self.text(path))

    def facts(self, path: str) -> Facts | None:
        """Return the facts of a file, None where it cannot be read or parsed."""
        if path not in self._facts:
            try:
                self._facts[path] = read_facts(self.text(path))
            except UnparsedError:
                self._facts[path] = None
        return self._facts[path]


class Environment:
    """The packages that are installed in a directory."""

    def __init__(self, root: str) -> None:
        self._root = os.path.realpath(root)
        self._places = tuple(self._find_places())
        self._trees: dict[str, PackageTree | None] = {}

    def package(self, name: str) -> PackageTree | None:
        """Return the files of a top-level package or module, None where there is none."""
        if name not in self._trees:
            files: dict[str, str] = {}
            for place in self._places:
                for stem in (name, name + _STUBS):
                    for path, where in self._list(place, stem):
                        files.setdefault(path.replace(stem, name, 1) if stem != name else path, where)
                if files:
                    break
            stubbed = {path[:-1] for path in files if path.endswith(".pyi")}
            kept = {path: where for path, where in files.items() if path not in stubbed}
            self._trees[name] = PackageTree(kept) if kept else None
        return self._trees[name]

    def _find_places(self) -> Iterator[str]:
        found = []
        for library in ("lib", "lib64", "Lib"):
            inside = os.path.join(self._root, library)
            versions = sorted(os.listdir(inside)) if self._is_own_directory(inside) else []
            places = [os.path.join(inside, each, "site-packages") for each in versions if each.startswith("python")]
            found += [each for each in (*places, os.path.join(inside, "site-packages")) if self._is_own_directory(each)]
        for place in found:
            yield place
            for name in sorted(os.listdir(place)):
                if name.endswith(".pth"):
                    yield from self._named_in(place, os.path.join(place, name))

    def _named_in(self, place: str, file: str) -> Iterator[str]:
        """Yield the directories that a .pth file names; lines that would be run are nothing but text."""
        try:
            with open(file, encoding="utf-8", errors="replace") as lines:
                names = [line.strip() for line in lines.read(MOST_BYTES).splitlines()]
        except OSError:
            return
        for name in names:
            if name and not name.startswith(("#", "import ", "import\t")) and "\0" not in name:
                where = os.path.join(place, name)
                if self._is_own_directory(where):
                    yield os.path.realpath(where)

    def _list(self, place: str, stem: str) -> Iterator[tuple[str, str]]:
        for suffix in (".pyi", ".py"):
            yield from self._own_file(place, os.path.join(place, stem + suffix))
        top = os.path.join(place, stem)
        if not self._is_own_directory(top):
            return
        number = 0
        for directory, names, files in os.walk(top):
            names.sort()
            for name in sorted(files):
                if name.endswith((".py", ".pyi")) and number < _MOST_FILES:
                    number += 1
                    yield from self._own_file(place, os.path.join(directory, name))

    def _own_file(self, place: str, where: str) -> Iterator[tuple[str, str]]:
        try:
            if os.path.isfile(where) and self._is_own(where) and os.path.getsize(where) <= MOST_BYTES:
                yield os.path.relpath(where, place).replace(os.sep, "/"), where
        except (OSError, ValueError):
            return

    def _is_own_directory(self, path: str) -> bool:
        return os.path.isdir(path) and self._is_own(path)

    def _is_own(self, path: str) -> bool:
        real = os.path.realpath(path)
        return real == self._root or real.startswith(self._root + os.sep)


def find_environment(root: str, named: str | None, here: str) -> Environment | None:
    """Return the environment that is named, or the usual one of a tree; None for none. Raises UsageError."""
    if named == "none":
        return None
    if named is not None:
        where = os.path.join(here, named)
        if not os.path.isfile(os.path.join(where, MARK)):
            raise UsageError(f"{named} is no environment of Python's: it has no {MARK}", "name one, or none")
        return Environment(where)
    usual = (os.path.join(root, each) for each in _USUAL)
    return next((Environment(each) for each in usual if os.path.isfile(os.path.join(each, MARK))), None)
