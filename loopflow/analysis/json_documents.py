"""What a large document in JSON is: data, or something that people write, as a notebook and a catalogue of messages."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias

from loopflow.analysis.facts import Fact, FactKind
from loopflow.analysis.markers import read_comment

_HEAD = 4_000
_MOSTLY_OUTPUT = 2 / 3

Json: TypeAlias = "Mapping[str, Json] | list[Json] | str | bool | None"

_WRITTEN = re.compile(
    # A schema, a grammar, and a manifest: large JSON that people write.
    r'\s*\{(?s:.{0,300})"(?:\$schema"\s*:\s*"https?://json-schema|scopeName"\s*:)|'
    r'(?=(?s:.{0,300})"name"\s*:)(?=(?s:.{0,300})"version"\s*:)(?s:.*)'
    r'"(?:license|main|scripts|repository|dependencies|devDependencies|require)"\s*:'
)

# The first string of an object, behind a key that is no field: "//", "_comment", "$comment", "__info", "@generated".
_FIRST_STRING = re.compile(
    r'\ufeff?\s*\{\s*(?:"\$schema"\s*:\s*"[^"\n]*"\s*,\s*)?"((?://|[#_@]|\$?comment\b)[^"\\\n]{0,100})"\s*:\s*'
    r'(\[(?:\s*"(?:[^"\\\n]|\\.)*"\s*,?)*|"(?:[^"\\\n]|\\.)*"|true)?',
    re.IGNORECASE,
)
_STRING = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
_GENERATED_KEY = re.compile(r"auto[ -]?generated(?: by)?|generated(?: by)?", re.IGNORECASE)

# --- Notebooks ---

_CELLS = re.compile(r'"cells"\s*:\s*\[\s*')
_BETWEEN = re.compile(r"\s*,\s*")
_LAST_OUTPUT = re.compile(r'"(?:outputs|attachments)"\s*:\s*[\[{]')

# --- Catalogues ---

_PLACES, _PLACE = 16, 1_000  # samples, and characters of each
_PAIR = re.compile(
    r'"((?:[^"\\\n]|\\.){1,300}+)"\s*:\s*(?:"((?:[^"\\\n]|\\.){0,600}+)("?)|([\[{])|[-\d.eE]+|true|false|null)'
)
_RECORD = re.compile(r"[\[,]\s*\{")
_WORDS = re.compile(
    # Two words with a blank between them, one with a capital, or any in another script than ours, as it is or escaped.
    r"[^\W\d_]{2,}+[,;:.!?')\u2019]*+\s++[^\w]*+[^\W\d_]|\A[A-Z][a-z]+[.!?:…]?\Z|[^\W\d_]+[.!?…]\Z|"
    r"[\u0370-\u1fff\u2e80-\ud7ff\uf900-\ufaff]|(?:\\u[0-9a-fA-F]{4}){2}"
)
_TEXT_KEYS = frozenset(
    {"message", "value", "defaultMessage", "translation", "string", "text", "original", "source", "target"}
    | {"zero", "one", "two", "few", "many", "other"}
)
_ABOUT_KEYS = frozenset(
    {"description", "comment", "note", "meaning", "context", "category", "code", "type", "id", "key", "hash", "state"}
    | {"example", "content", "placeholder", "format", "version", "locale", "lang", "language", "sourceLanguage"}
    | {"extractionState", "shouldTranslate", "reportsUnnecessary", "reportsDeprecated", "elidedInCompatabilityPyramid"}
)
_LEAST_UNITS = 10
_MOSTLY_WORDS, _MOSTLY_OWN_KEYS, _MOST_RECORDS = 0.6, 0.5, 0.1


def find_first_string(head: str) -> Fact | None:
    """Return what the first string of an object says about being generated, or its key."""
    found = _FIRST_STRING.match(head)
    if not found or not found[2]:
        return None
    key = found[1].replace("_", " ").strip("/#@$ ")
    if _GENERATED_KEY.fullmatch(key):
        return Fact(FactKind.GENERATED, f"says '{key.lower()}' in its first key")
    said = read_comment("\n".join([key, "", *_STRING.findall(found[2])]))
    return Fact(FactKind.GENERATED, f"{said.evidence.partition(' in line')[0]} in its first string") if said else None


def find_document(text: str, *, is_whole: bool = True) -> Fact | None:
    """Return what a large document in JSON is if nobody writes such by hand."""
    if _may_be_a_notebook(text):
        share = _share_of_output(text) if is_whole else _share_of_beginning(text)
        if share is not None:
            of = "it" if is_whole else "its beginning"
            fact = Fact(FactKind.DATA, f"a notebook, {int(100 * share)} % of {of} output")
            return fact if share >= _MOSTLY_OUTPUT else None
    if _WRITTEN.match(text[:_HEAD]) or is_catalogue(text):
        return None
    return Fact(FactKind.DATA, "a large JSON document")


def _may_be_a_notebook(text: str) -> bool:
    """Whether a document may be one of Jupyter, whichever key is first, or of Zeppelin."""
    if text.lstrip()[:1] != "{":
        return False
    head = text[:_HEAD]
    return '"nbformat"' in head or '"nbformat"' in text[-_HEAD:] or '"cell_type"' in text or '"paragraphs"' in head


def _share_of_output(text: str) -> float | None:
    """Return the share of a notebook's characters that is output or attached; None for what is no notebook."""
    try:
        # It begins with a brace, so it is an object or broken.
        document: Mapping[str, Json] = json.loads(text, parse_int=str, parse_float=str)
        outputs = [*_outputs(document)]
        return len(json.dumps(outputs)) / len(json.dumps(document)) if _is_notebook(document) else None
    except (ValueError, RecursionError):  # broken, or nested deeper than anybody does
        return _share_of_beginning(text)


def _is_notebook(document: Mapping[str, Json]) -> bool:
    signs = {"cell_type", "jobName", "results"}
    return "nbformat" in document or any(not signs.isdisjoint(cell) for cell in _cells(document))


def _cells(document: Mapping[str, Json]) -> Iterator[Mapping[str, Json]]:
    """Yield the cells of a notebook: of format 4, of format 3, where they are in worksheets, and of Zeppelin."""
    sheets = document.get("worksheets")
    for holder in (document, *(sheets if isinstance(sheets, list) else ())):
        cells = (holder.get("cells") or holder.get("paragraphs")) if isinstance(holder, Mapping) else None
        yield from (cell for cell in (cells if isinstance(cells, list) else ()) if isinstance(cell, dict))


def _outputs(document: Mapping[str, Json]) -> Iterator[Json]:
    for cell in _cells(document):
        yield from (cell[key] for key in ("outputs", "attachments", "results", "result") if key in cell)
    metadata = document.get("metadata") if isinstance(document, dict) else None
    if isinstance(metadata, dict) and "widgets" in metadata:
        yield metadata["widgets"]


def _share_of_beginning(text: str) -> float | None:
    """Return the share of output in the beginning of a notebook, None where that does not tell.

    Its cells are read one by one; of the last one, which may end anywhere, what comes after the start of its
    outputs counts.
    """
    found = _CELLS.search(text, 0, _HEAD)
    if not found:
        return None
    at = found.end()
    decoder = json.JSONDecoder(parse_int=str, parse_float=str)
    length = 0.0
    try:
        while True:
            cell, end = decoder.raw_decode(text, at)
            length += (end - at) * _share_of_cell(cell)
            between = _BETWEEN.match(text, end)
            if not between:
                break
            at = between.end()
    except (ValueError, RecursionError):
        last = _LAST_OUTPUT.search(text, at)
        length += len(text) - last.end() if last else 0
    return length / len(text)


def _share_of_cell(cell: Json) -> float:
    return len(json.dumps([*_outputs({"cells": [cell]})])) / len(json.dumps(cell))


def is_catalogue(text: str) -> bool:
    """Whether an object in JSON is mostly texts for people, each with a key of its own, or with the text as its key.

    Records have texts as well, but under the same keys again and again, and beside numbers; what formats of catalogues
    say of a text under keys of their own does not count.
    """
    if text.lstrip()[:1] != "{":
        return False
    step = max(_PLACE, len(text) // _PLACES)
    samples = [text[at : at + _PLACE] for at in range(0, len(text), step)]
    units = [unit for sample in samples for unit in _units(_PAIR.finditer(sample))]
    records = sum(len(_RECORD.findall(sample)) for sample in samples)
    if len(units) < _LEAST_UNITS or records > _MOST_RECORDS * len(units):
        return False
    keys = [key for key, _ in units if key not in _TEXT_KEYS]
    return sum(is_text for _, is_text in units) >= _MOSTLY_WORDS * len(units) and len(
        {*keys}
    ) >= _MOSTLY_OWN_KEYS * len(keys)


def _units(pairs: Iterable[re.Match[str]]) -> Iterator[tuple[str, bool]]:
    """Yield what could be a text, by its key, and whether it is one."""
    for pair in pairs:
        key, value, _, opening = pair.groups()
        if opening:
            if key.count(" ") > 1:  # the text itself
                yield key, _WORDS.search(key) is not None
        elif key not in _ABOUT_KEYS and not key.startswith("@"):
            yield key, value is not None and _WORDS.search(value) is not None
