"""What could be left out, each with the evidence for it: files that somebody else wrote, or no one did.

Evidence is what the repository says of itself: its attributes, a licence of its own below a vendored directory, what a
content begins with or looks like, the same content twice. Own source is never a candidate. Every file has one reason,
and a directory in which every file has the same one is one candidate.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from heapq import nlargest
from typing import NamedTuple

from loopflow.analysis.attributes import DOCUMENTATION, EXPORT_IGNORE, GENERATED, VENDORED, Attributes
from loopflow.analysis.facts import FactKind, read_facts
from loopflow.analysis.lock_names import is_lock_name
from loopflow.analysis.names import directories_above, path_bytes
from loopflow.analysis.translations import find_translations
from loopflow.model import Cut, CutReason, FileTokens

_LEAST_DUPLICATE = 100  # tokens: smaller ones are the same by chance, or by custom
_VENDOR = frozenset(
    {"vendor", "vendors", "vendored", "_vendor", "third_party", "third-party", "thirdparty", "3rdparty", "deps"}
    | {"node_modules", "bower_components", "external", "externals", "extern"}
)
# LICENSE, COPYING.LESSER, LICENSE-APACHE-2.0.txt; not license.py and license_client.ts, which are code. Nothing in it
# can take the same characters in two ways, which would take time without end: names are not trusted.
_LICENCE = re.compile(
    r"(?:licen[cs]e|copying|copyright|unlicense)(?:[-_][\w+-]+)?"
    r"(?:\.(?:\d+|te?xt|md|markdown|rst|adoc|html?|libs?|lesser|(?:mit|bsd|isc|[al]?gpl|mpl|apache|boost|zlib|ofl)[\w-]*))*",
    re.IGNORECASE,
)
_REASONS = {
    FactKind.LOCK: CutReason.LOCK,
    FactKind.MINIFIED: CutReason.MINIFIED,
    FactKind.GENERATED: CutReason.GENERATED,
    FactKind.SNAPSHOT: CutReason.SNAPSHOT,
    FactKind.DATA: CutReason.DATA,
}
_TEMPLATES = (
    *(".tmpl", ".gotmpl", ".tpl", ".template", ".j2", ".jinja", ".jinja2", ".erb", ".mustache", ".hbs", ".handlebars"),
    *(".ejs", ".njk", ".liquid", ".twig", ".vm", ".tt"),
)
"""Suffixes of what a generator writes from: that its first comment says so is about what is written."""
_PRODUCTS = {CutReason.SNAPSHOT: frozenset({".snap", ".ambr"}), CutReason.GENERATED: frozenset({".map"})}
"""Suffixes of what only programs write, for which one pattern is true wherever all of them go."""
_ATTRIBUTES = {
    GENERATED: CutReason.GENERATED,
    VENDORED: CutReason.VENDORED,
    DOCUMENTATION: CutReason.DOCUMENTATION,
}


class _Finding(NamedTuple):
    reason: CutReason
    evidence: str


def find_cuts(files: Sequence[FileTokens], attributes: Attributes, unseen: Iterable[str] = ()) -> tuple[Cut, ...]:
    """Return the candidates among `files`, whose `attributes` git has told, the largest first.

    `unseen` are files that are there and were not counted: no directory that holds one is a candidate as a whole.
    """
    directories = [_directory(file.path) for file in files]
    found = _by_facts(files) | _by_licence(files, directories)  # the later go before the earlier
    found = _without_spared(found, attributes) | _by_attributes(files, directories, attributes)
    translations, sources = _find_translated(files, found, attributes)
    translated = {path for cut in translations for path in cut.paths}
    found = {path: each for path, each in found.items() if path not in translated | sources}
    found = _by_content(files, found.keys() | translated) | found
    tokens = {file.path: file.tokens for file in files if file.path in found}
    grouped = _group([*directories, *map(_directory, unseen)], found, tokens)
    cuts = [cut for cut in (*grouped, *translations) if cut.tokens]
    return tuple(sorted(cuts, key=lambda cut: (-cut.tokens, path_bytes(cut.paths[0]))))


def _find_translated(
    files: Sequence[FileTokens], found: Mapping[str, _Finding], attributes: Attributes
) -> tuple[list[Cut], set[str]]:
    """Return the translations among `files` and what else was found to be own source: that they are made from.

    What has another reason keeps it, but for a shape: a large catalogue may look like data.
    """
    given = {path for path, finding in found.items() if finding.reason is not CutReason.DATA}
    unset = {file.path for file in files if attributes and attributes.find(file.path).get(GENERATED) is False}
    cuts, sources = find_translations(files, given | unset)
    return cuts, sources


def largest_source(files: Iterable[FileTokens], cuts: Iterable[Cut], number: int) -> list[FileTokens]:
    """Return the largest files that are no candidates."""
    left_out = {path for cut in cuts for path in cut.paths}
    own = [file for file in files if file.path not in left_out]
    # Which of those with the same tokens come first is decided among few: sorting all takes a while.
    largest = nlargest(number, (file.tokens for file in own))
    large = [file for file in own if largest and file.tokens >= largest[-1]]
    return sorted(large, key=lambda file: (-file.tokens, path_bytes(file.path)))[:number]


def _by_facts(files: Iterable[FileTokens]) -> dict[str, _Finding]:
    found = {}
    for file in files:
        if file.facts and not file.facts.startswith(FactKind.CATALOGUE):  # which is the last one, and none by itself
            facts = read_facts(file.facts)
            pins = next((fact for fact in facts if fact.kind is FactKind.PINS), None)
            fact = next((fact for fact in facts if fact.kind in _REASONS), None)
            if pins and is_lock_name(file.path):
                found[file.path] = _Finding(CutReason.LOCK, f"named like a lock file, and {pins.evidence}")
            elif fact and not (fact.evidence.startswith("says ") and file.path.lower().endswith(_TEMPLATES)):
                found[file.path] = _Finding(_REASONS[fact.kind], fact.evidence)
    return found


def _directory(path: str) -> str:
    return path[: path.rfind("/") + 1]


def _without_spared(found: Mapping[str, _Finding], attributes: Attributes) -> dict[str, _Finding]:
    """Leave out what the attributes say is no such thing, whatever else does: `-linguist-generated`."""
    if not attributes:
        return dict(found)
    unset = {path: [name for name, is_set in attributes.find(path).items() if not is_set] for path in found}
    return {
        path: finding
        for path, finding in found.items()
        if (VENDORED if finding.reason is CutReason.VENDORED else GENERATED) not in unset[path]
    }


def _by_attributes(
    files: Sequence[FileTokens], directories: Sequence[str], attributes: Attributes
) -> dict[str, _Finding]:
    found: dict[str, _Finding] = {}
    if not attributes:
        return found
    exported = {"": True}
    for directory in dict.fromkeys(directories):
        for place in directories_above(directory):
            if place not in exported:
                above = place[: place.rfind("/", 0, -1) + 1]
                exported[place] = exported[above] and not attributes.find(place).get(EXPORT_IGNORE)
    for file, directory in zip(files, directories, strict=True):
        given = attributes.find(file.path)
        name = next((name for name in _ATTRIBUTES if given.get(name)), None)
        if name:
            found[file.path] = _Finding(_ATTRIBUTES[name], f"its attributes say {name}")
        elif given.get(EXPORT_IGNORE) or not exported[directory]:
            found[file.path] = _Finding(CutReason.EXPORT_IGNORE, "its attributes say export-ignore")
    return found


def _by_licence(files: Sequence[FileTokens], directories: Sequence[str]) -> dict[str, _Finding]:
    """Find trees with a licence of their own below a directory for code of others."""
    vendored = {place for place in set(directories) if not _VENDOR.isdisjoint(place.lower().split("/"))}
    if not vendored:
        return {}
    below = [(file.path, place) for file, place in zip(files, directories, strict=True) if place in vendored]
    units: dict[str, str] = {}
    for path, place in below:
        if _LICENCE.fullmatch(path, len(place)):
            units.setdefault(place, path)
    uppermost = {place: _find_first(directories_above(place), units) for place in vendored}
    return {
        path: _Finding(CutReason.VENDORED, f"a licence of its own, {units[unit]}")
        for path, place in below
        if (unit := uppermost[place]) is not None
    }


def _by_content(files: Iterable[FileTokens], found: Container[str]) -> dict[str, _Finding]:
    """Find files whose content is there before, by the order of their paths."""
    numbers = Counter([file.digest for file in files])
    first: dict[str, str] = {}
    twice = {}
    for file in [file for file in files if numbers[file.digest] > 1]:
        if file.tokens >= _LEAST_DUPLICATE and file.digest and file.path not in found:
            original = first.setdefault(file.digest, file.path)
            if original != file.path:
                twice[file.path] = _Finding(CutReason.DUPLICATE, f"the same as {original}")
    return twice


def _group(directories: Iterable[str], found: Mapping[str, _Finding], tokens: Mapping[str, int]) -> Iterable[Cut]:
    """Yield a cut for each uppermost directory in which every file has one reason, and for each file that is left.

    `directories` are those of all files.
    """
    unexplained = Counter(directories)
    reasons: defaultdict[str, set[CutReason]] = defaultdict(set)  # by directory: first the files' own, then those below
    for path, finding in found.items():
        directory = _directory(path)
        unexplained[directory] -= 1
        reasons[directory].add(finding.reason)
    for directory, given in list(reasons.items()):
        for place in directories_above(directory):
            reasons[place] |= given
    mixed = {above for place, number in unexplained.items() if number for above in directories_above(place)}
    whole = {place for place, given in reasons.items() if place and len(given) == 1} - mixed
    uppermost = {directory: _find_first(directories_above(directory), whole) for directory in reasons}
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for path in found:
        groups[uppermost[_directory(path)] or path].append(path)
    for place, paths in groups.items():
        at = place if len(paths) > 1 else paths[0]
        paths.sort(key=path_bytes)
        evidence = dict.fromkeys(found[path].evidence for path in paths)
        first = next(iter(evidence))
        more = f" and {len(evidence) - 1:,} more like it" if len(evidence) > 1 else ""
        total = sum(tokens[path] for path in paths)
        reason = found[paths[0]].reason
        products = _PRODUCTS.get(reason, frozenset())
        suffixes = {path[path.rfind(".") :] for path in paths} & products if products else products
        lines = tuple((f"*{suffix}",) for suffix in sorted(suffixes))
        yield Cut(reason, first + more, tuple(paths), total, at, lines)


def _find_first(places: Iterable[str], among: Container[str]) -> str | None:
    return next((place for place in places if place in among), None)
