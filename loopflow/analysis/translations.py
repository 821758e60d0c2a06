"""Translations: catalogues of messages beside those of the language that they are translated from.

A family is what differs in the language of its path alone: `locale/de/app.po` and `locale/fr/app.po`, `values-de/` and
`values/`, `messages_de.properties` and `messages.properties`. Its source language stays: English, or what names none.
"""

import re
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from loopflow.analysis.facts import FactKind
from loopflow.analysis.languages import find_language, find_source_language
from loopflow.analysis.names import directories_above, path_bytes
from loopflow.analysis.patterns import escape_pattern, to_pattern
from loopflow.model import Cut, CutReason, FileTokens

_NAMES = {  # what a suffix is a catalogue of; where True, the content must say so as well
    ".po": ("gettext", True),
    ".xlf": ("XLIFF", True),
    ".xliff": ("XLIFF", True),
    ".strings": ("strings of Xcode", False),
    ".stringsdict": ("plurals of Xcode", False),
    ".arb": ("ARB", False),
    ".resx": ("resources of .NET", False),
    ".resw": ("resources of .NET", False),
    ".properties": ("properties", False),
    ".ftl": ("Fluent", False),
    ".json": ("JSON", True),
    ".yml": ("YAML", True),
    ".yaml": ("YAML", True),
    ".xml": ("resources of Android", True),
    ".ts": ("Qt", True),
}
_OF_ITS_OWN = frozenset({".po", ".xlf", ".xliff", ".strings", ".stringsdict", ".arb", ".resx", ".resw", ".ftl"})
"""Suffixes that nothing but catalogues have, so that one pattern for all of them is true."""
_KEYS_ARE_TEXT = "gettext"
_COULD_BE_ANYTHING = frozenset({"JSON", "YAML", "properties", "Fluent"})
_MANY_LANGUAGES = 6  # that need no word in their path
_WORD = re.compile(
    # What a path says that has messages in it, as a word of its own.
    r"(?:\A|[/._-])(?:_?locales?|i18n|l10n|lang|langs|languages?|translations?|messages|msgs?|nls|intl|strings|"
    r"locali[sz]ations?|resources|bundle|fluent|labels|texts)(?=[/._-])",
    re.IGNORECASE,
)
_SIGN = re.compile(r"[._-]")
_DIRECTORY = re.compile(r"(?P<before>values-)?(?P<language>[^.]+)(?P<after>\.lproj)?")


@dataclass(slots=True)
class _Family:
    """Files whose paths differ in one place, `*` in `form`. `plain` is the path without a language there, or ""."""

    form: str
    format: str
    plain: str
    by_language: dict[str, str] = field(default_factory=dict)
    speaks: bool = False  # whether a content says itself which language it was translated to

    def find_sources(self, there: Container[str]) -> tuple[str, ...]:
        """Return the paths of the source language, as far as they are there."""
        if self.plain in there:
            return (self.plain,)
        source = find_source_language([*self.by_language])
        return (self.by_language[source],) if source else ()

    def is_one(self, sources: Sequence[str]) -> bool:
        """Whether what is beside the sources is translated."""
        others = len(self.by_language) - sum(path in sources for path in self.by_language.values())
        if self.format in _COULD_BE_ANYTHING and not self._is_told(others):
            return False
        return others > 0 and (bool(sources) or self.format == _KEYS_ARE_TEXT or self.speaks)

    def _is_told(self, others: int) -> bool:
        """Whether the path says what it is, or so many languages do: data by country has the same names."""
        return _WORD.search(self.form) is not None or others >= _MANY_LANGUAGES


class _Member(NamedTuple):
    family: _Family
    paths: tuple[str, ...]
    sources: tuple[str, ...]


def find_translations(files: Sequence[FileTokens], spared: Container[str] = ()) -> tuple[list[Cut], set[str]]:
    """Return a candidate for each place that has translations, and the files of the source language beside them.

    What is `spared` is neither, but others may be translated from it.
    """
    tokens = {file.path: file.tokens for file in files}
    places: defaultdict[str, list[_Member]] = defaultdict(list)
    sources: set[str] = set()
    taken: set[str] = set()
    for family in _find_families(files):
        own = family.find_sources(tokens)
        paths = [
            path for path in family.by_language.values() if path not in taken and path not in own and path not in spared
        ]
        if paths and family.is_one(own):
            places[_place(family.form)].append(_Member(family, tuple(sorted(paths, key=path_bytes)), own))
            sources.update(own)
            taken.update(paths)
    wide = _write_wide([member for members in places.values() for member in members])
    sources = {path for path in sources - taken if path not in spared}
    return [_make_cut(at, members, tokens, wide) for at, members in places.items()], sources


def _find_families(files: Iterable[FileTokens]) -> list[_Family]:
    """Return the families, that with most languages first: a path may name more than one."""
    families: dict[str, _Family] = {}
    for file in files:
        dot = file.path.rfind(".")
        format_, must_say = _NAMES.get(file.path[dot:], ("", False)) if dot > 0 else ("", False)
        if not format_:
            continue
        said = _read_catalogue(file, format_)
        if said is None and must_say:
            continue
        found = [*_find_forms(file.path)]
        for form, plain, language in found:
            family = families.setdefault(form, _Family(form, format_, plain))
            family.by_language[language] = file.path
            family.speaks |= bool(said) and said != "en"
        if not found and said and not said.startswith("en"):
            families[file.path] = _Family(file.path, format_, "", {said: file.path}, speaks=True)
    return sorted(families.values(), key=lambda family: (-len(family.by_language), path_bytes(family.form)))


def _read_catalogue(file: FileTokens, format_: str) -> str | None:
    """Return the language that a content says it is in, "" if it says none; None if it is no catalogue of a format."""
    # Taken from the text of the facts as it is: there are thousands of catalogues in some trees.
    _, said, rest = f"\n{file.facts}".partition(f"\n{FactKind.CATALOGUE}\t{format_}")
    return find_language(rest.partition("\n")[0].strip()) if said else None


def _find_forms(path: str) -> Iterator[tuple[str, str, str]]:
    """Yield the forms of a path, each with the path that names no language in its place, and the language here."""
    at = path.rfind("/") + 1
    above, name = path[:at], path[at:]
    stem, _, suffix = name.rpartition(".")
    if language := find_language(stem):
        yield f"{above}*.{suffix}", "", language
    for sign in _SIGN.finditer(stem):
        if language := find_language(stem[sign.end() :]):
            before = stem[: sign.start()]
            yield f"{above}{before}{sign[0]}*.{suffix}", f"{above}{before}.{suffix}", language
            break
    for before, opening, closing, after, language in _find_in_directory(above):
        yield f"{before}{opening}*{closing}{after}{name}", f"{before}values{after}{name}" if opening else "", language


@lru_cache(5_000)  # most directories have more than one catalogue, or one after the other
def _find_in_directory(directory: str) -> tuple[tuple[str, str, str, str, str], ...]:
    """Return where a directory's path names a language: what is before the name, and behind it, and the language.

    The name may have an opening and a closing of its own; the innermost comes first.
    """
    found = []
    for place in reversed([*directories_above(directory)]):
        name = place[place.rfind("/", 0, -1) + 1 : -1]
        parts = _DIRECTORY.fullmatch(name)
        if parts and (language := find_language(parts["language"])):
            before, after = place[: -len(name) - 1], directory[len(place) - 1 :]
            found.append((before, parts["before"] or "", parts["after"] or "", after, language))
    return tuple(found)


def _place(form: str) -> str:
    """Return where a family is: up to the part of the path that holds the language."""
    star = form.find("*")
    end = form.find("/", star)
    return form if star < 0 or end < 0 else form[: end + 1]


def _make_cut(
    at: str, members: Sequence[_Member], tokens: Mapping[str, int], wide: Mapping[str, tuple[str, ...]]
) -> Cut:
    paths = tuple(sorted((path for member in members for path in member.paths), key=path_bytes))
    languages = {
        language for member in members for language, path in member.family.by_language.items() if path in paths
    }
    stays = sorted({_name_source(member, path) for member in members for path in member.sources})
    number = f"{len(languages):,} languages" if len(languages) > 1 else min(languages)
    evidence = f"{members[0].family.format} in {number}" + (f"; {', '.join(stays)} stays" if len(stays) == 1 else "")
    suffix = paths[0][paths[0].rfind(".") :]
    lines = [wide[suffix]] if suffix in wide else []
    lines += [_write_narrow(member) for member in members if "*" in member.family.form]
    return Cut(CutReason.TRANSLATION, evidence, paths, sum(map(tokens.__getitem__, paths)), at, tuple(lines))


def _name_source(member: _Member, path: str) -> str:
    named = (language for language, each in member.family.by_language.items() if each == path)
    return next(named, path[path.rfind("/") + 1 :])


def _write_narrow(member: _Member) -> tuple[str, ...]:
    """Return the pattern for one family, and what it takes back."""
    before, _, after = member.family.form.partition("*")
    return to_pattern(before) + "*" + escape_pattern(after), *["!" + to_pattern(path) for path in member.sources]


def _write_wide(members: Iterable[_Member]) -> dict[str, tuple[str, ...]]:
    """Return for suffixes that only catalogues have the pattern for all of them, and what it takes back, anywhere."""
    corrections: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for member in members:
        suffix = member.family.form[member.family.form.rfind(".") :]
        if suffix in _OF_ITS_OWN:
            corrections[suffix] |= dict.fromkeys(_correct(member.family.form, path, suffix) for path in member.sources)
    return {suffix: (f"*{suffix}", *found) for suffix, found in corrections.items()}


def _correct(form: str, source: str, suffix: str) -> str:
    """Return the pattern that takes back a source language wherever it lies: its directory, or the file's name."""
    number = _place(form).count("/") - 1
    parts = source.split("/")
    if "*" not in form or not _place(form).endswith("/"):
        return "!" + escape_pattern(parts[-1])
    return (
        "!**/"
        + "".join(f"{escape_pattern(part)}/" for part in parts[max(number - 1, 0) : number + 1])
        + f"**/*{suffix}"
    )
