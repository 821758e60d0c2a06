"""How much a file is worth to whoever reads the code: the order in which files stay where not all of them fit.

A class is a guess from a path, and may be: it says what goes first, not what is waste.
"""

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

from loopflow.analysis.attributes import DOCUMENTATION, EXPORT_IGNORE, Attributes
from loopflow.analysis.names import directories_above


class Worth(IntEnum):
    """Classes of files, the one that goes last first."""

    KEPT = 0
    NAMED = 1
    FRONT = 2
    SOURCE = 3
    SETTINGS = 4
    DOCS = 5
    EXAMPLES = 6
    TESTS = 7
    TEST_DATA = 8
    CHANGELOGS = 9
    EVIDENCE = 10


class Place(NamedTuple):
    """Where a file stands in the order of what stays; smaller is better."""

    worth: Worth
    asked: int
    """Which of the paths that were asked for it lies at: the first is the best."""
    level: int
    """How many directories it lies below that hold more than one thing."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What was asked for: `keeps` tells what must stay; `paths` are those of the request, in order ("" is all)."""

    keeps: Callable[[str], bool] | None = None
    paths: tuple[str, ...] = ("",)


_PROSE = (".md", ".rst", ".adoc", ".txt", ".markdown")
_DOCS_BY_FILE = (".md", ".rst", ".adoc", ".markdown")
_DOCS = frozenset({"doc", "docs", "documentation", "man"})
_EXAMPLES = re.compile(r"(?:examples?|demos?|samples?|tutorials?)")
_TESTS = frozenset(
    {"test", "tests", "spec", "specs", "__tests__", "e2e", "bench", "benches", "benchmark", "benchmarks"}
)
_DATA = frozenset({"fixture", "fixtures", "testdata", "test_data", "test-data", "__snapshots__", "cassettes"})
_TEST = re.compile(
    # By the customs of pytest, Go, JavaScript, JUnit and C#, RSpec, and C.
    r"test_.*\.\w+|.*_test\.\w+|.*[.-](?:test|spec)\.\w+|.*_spec\.\w+|(?:.*[a-z0-9_])?Tests?\.(?:java|kt|kts|scala|cs|swift|php|groovy)"
    r"|conftest\.py|tests\.py"
)
_CHANGELOG = re.compile(r"(?:change(?:s|log)|history|news|release[-_ ]?notes)(?:[-_.\d].*)?", re.IGNORECASE)
_CODE = re.compile(
    r".*\.(?:[cm]?[jt]sx?|py|go|rs|rb|java|kt|c|cc|cpp|h|hpp|cs|php|swift|scala|vue|sql|lua|ex|exs|pl|sh)"
)
_LEGAL = re.compile(
    r"(?:licen[cs]es?|copying|copyright|notice|authors|contributors|maintainers)(?:[-_.].*)?", re.IGNORECASE
)
_MANIFESTS = frozenset(
    """
    pyproject.toml setup.py setup.cfg package.json cargo.toml go.mod pom.xml build.gradle build.gradle.kts
    settings.gradle settings.gradle.kts composer.json gemfile mix.exs cmakelists.txt makefile meson.build
    configure.ac dune-project stack.yaml package.swift pubspec.yaml deno.json deno.jsonc module.bazel workspace
    build.sbt rebar.config project.toml description cpanfile dockerfile justfile build.zig flake.nix
    pnpm-workspace.yaml nx.json agents.md claude.md gemini.md .cursorrules llms.txt
    """.split()  # noqa: SIM905
)
_FRONT_LEVELS = 2
_MOST_OF = 2  # what is at least one in so many


def rank(
    tokens: Mapping[str, int], evidence: Collection[str], attributes: Attributes, wishes: Wishes
) -> dict[str, Place]:
    """Return the place of each of the files with these `tokens`; those in `evidence` could be left out."""
    classes = _Classes(tokens, attributes)
    levels = _Levels(tokens)
    names = {path: number for number, path in reversed([*enumerate(wishes.paths)])}
    places = {}
    for path in tokens:
        asked = names.get(path)
        if wishes.keeps and wishes.keeps(path):
            worth = Worth.KEPT
        elif asked is not None:
            worth = Worth.NAMED
        elif path in evidence:
            worth = Worth.EVIDENCE
        else:
            worth = classes.find(path)
        if asked is None:
            asked = min((names[place[:-1]] for place in directories_above(path) if place[:-1] in names), default=0)
        places[path] = Place(worth, asked, levels.find(path))
    return places


def order(tokens: Mapping[str, int], places: Mapping[str, Place]) -> list[str]:
    """Return the files as they stay: the best class first; in it what lies far up, in small directories, and is small.

    What was named stays in the order in which it was.
    """
    sums: Counter[tuple[Place, str]] = Counter()
    for path, place in places.items():
        sums[place, _above(path)] += tokens[path]

    def key(path: str) -> tuple[Worth, int, int, int, str, int, str]:
        place = places[path]
        return (*place, sums[place, _above(path)], _above(path), tokens[path], path)

    return sorted(places, key=key)


class _Classes:
    """The class of each path, from its names and what lies beside it."""

    def __init__(self, tokens: Mapping[str, int], attributes: Attributes) -> None:
        self._attributes = attributes
        self._all: Counter[str] = Counter()
        self._prose: Counter[str] = Counter()
        self._tested: set[str] = set()  # directories that something lies in, or below, which is named like a test
        self._with_data: set[str] = set()  # that hold a directory called like test data
        for path, number in tokens.items():
            is_prose = path.lower().endswith(_PROSE)
            is_test = _TEST.fullmatch(_name(path)) is not None
            for place in directories_above(path):
                self._all[place] += number
                if is_prose:
                    self._prose[place] += number
                if is_test:
                    self._tested.add(place)
                if _name(place[:-1]) in _DATA:
                    self._with_data.add(_above(place[:-1]))
        self._directories: dict[str, Worth | None] = {}

    def find(self, path: str) -> Worth:
        """Return the class of a file that was neither named nor is a candidate."""
        is_docs = self._attributes.find(path).get(DOCUMENTATION)
        found = self._by_name(path, is_docs=is_docs)
        return Worth.DOCS if found is Worth.SOURCE and self._is_not_exported(path) else found

    def _is_not_exported(self, path: str) -> bool:
        places = [path, *directories_above(path)] if self._attributes else []
        return any(self._attributes.find(place).get(EXPORT_IGNORE) for place in places)

    def _by_name(self, path: str, *, is_docs: bool | None) -> Worth:
        name = _name(path)
        is_code = _CODE.fullmatch(name.lower()) is not None
        if _CHANGELOG.fullmatch(name) and not is_code:
            return Worth.CHANGELOGS
        if is_docs:
            return Worth.DOCS
        by_directory = self._by_directory(_above(path))
        if by_directory is not None and not (by_directory is Worth.DOCS and is_docs is False):
            return by_directory
        found = _by_file(path, name)
        is_prose = name.lower().endswith(_DOCS_BY_FILE) or _LEGAL.fullmatch(name) is not None
        return Worth.DOCS if found is Worth.SOURCE and is_prose and is_docs is None and not is_code else found

    def _by_directory(self, directory: str) -> Worth | None:
        """Return what the directory, which ends in a slash, and those above it say; the best told first."""
        outer: Worth | None = None
        for place in directories_above(directory):  # in a loop: paths can be thousands of levels deep
            if place not in self._directories:
                self._directories[place] = self._of_directory(place, outer)
            outer = self._directories[place]
        return outer

    def _of_directory(self, directory: str, outer: Worth | None) -> Worth | None:
        name = _name(directory[:-1]).lower()
        above = _above(directory[:-1])
        if outer is Worth.TEST_DATA or (name in _DATA and (outer is Worth.TESTS or above in self._tested)):
            return Worth.TEST_DATA
        is_top = not above
        if outer is Worth.TESTS or (
            name in _TESTS and (is_top or directory in self._tested or directory in self._with_data)
        ):
            return Worth.TESTS
        if outer is not None:
            return outer
        if is_top and _EXAMPLES.fullmatch(name):
            return Worth.EXAMPLES
        if name in _DOCS and (is_top or self._prose[directory] * _MOST_OF > self._all[directory]):
            return Worth.DOCS
        return None


def _by_file(path: str, name: str) -> Worth:
    """Return what a file's own name says, but for prose."""
    if _TEST.fullmatch(name):
        return Worth.TESTS
    if path.count("/") < _FRONT_LEVELS and (name.lower() in _MANIFESTS or name.lower().startswith("readme")):
        return Worth.FRONT
    return Worth.SETTINGS if path.startswith(".") or "/." in path else Worth.SOURCE


class _Levels:
    """How deep a file lies, where directories that hold one thing alone do not count."""

    def __init__(self, paths: Iterable[str]) -> None:
        holds: dict[str, set[str]] = {}
        for path in paths:
            below = path
            for place in reversed([*directories_above(path)]):
                entries = holds.setdefault(place, set())
                is_known = below in entries
                entries.add(below)
                if is_known:
                    break
                below = place
        self._many = {place for place, entries in holds.items() if len(entries) > 1}
        self._levels: dict[str, int] = {"": 0}

    def find(self, path: str) -> int:
        """Return the level of a file."""
        directory = _above(path)
        if directory not in self._levels:
            self._levels[directory] = sum(place in self._many for place in directories_above(directory))
        return self._levels[directory]


def _name(path: str) -> str:
    return path[path.rfind("/") + 1 :]


def _above(path: str) -> str:
    return path[: path.rfind("/") + 1]


def describe_worth(worth: Worth, reasons: Iterable[str]) -> str:
    """Return why files of a class go, in words; `reasons` are those of candidates among them."""
    return (worth is Worth.EVIDENCE and ", ".join(reasons)) or _WORDS[worth]


_WORDS = {
    Worth.KEPT: "to be kept",
    Worth.NAMED: "named, and too large",
    Worth.FRONT: "front page or manifest, too large",
    Worth.SOURCE: "source, below what fits",
    Worth.SETTINGS: "settings, by name",
    Worth.DOCS: "documentation, by name",
    Worth.EXAMPLES: "examples, by name",
    Worth.TESTS: "tests, by name",
    Worth.TEST_DATA: "test data, by name",
    Worth.CHANGELOGS: "changelog, by name",
    Worth.EVIDENCE: "could be left out",
}
