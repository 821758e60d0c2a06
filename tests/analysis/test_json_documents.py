"""Large documents in JSON: notebooks by what is output in them, catalogues of messages, and what is data."""

import json
import random
import string
from collections.abc import Mapping

import pytest

from loopflow.analysis.evidence import find_facts
from loopflow.analysis.facts import FactKind, read_facts, write_facts
from tests.support.facts import facts_of

_RANDOM = random.Random(1)  # noqa: S311  always the same texts
LARGE = 9_000


def evidence(text: str, tokens: int = LARGE, *, is_whole: bool = True) -> str | None:
    """Return what is said of a text beside that it gives versions; None for nothing."""
    found = [fact for fact in facts_of(text, tokens, is_whole=is_whole) if fact.kind is not FactKind.PINS]
    assert len(found) <= 1
    return found[0].evidence if found else None


def words(number: int) -> str:
    return " ".join("".join(_RANDOM.choices(string.ascii_lowercase, k=5)) for _ in range(number))


# --- Notebooks ---

_NUMBERS = {"application/vnd.plot+json": {"data": [_RANDOM.random() for _ in range(900)]}}
_SCRIPT = {"text/html": ["<script>" + "function(a,b){return a.c(b);}" * 500 + "</script>"]}


def cell(source: str = "show()", outputs: object = (), **more: object) -> dict[str, object]:
    return {"cell_type": "code", "metadata": {}, "outputs": outputs, "source": [source], **more}


def notebook(*cells: Mapping[str, object], **more: object) -> dict[str, object]:
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5, **more}


_PLOT = [{"data": _NUMBERS, "metadata": {}, "output_type": "display_data"}]
_PAGE = [{"data": _SCRIPT, "output_type": "display_data"}]
_OLD = {"cell_type": "code", "input": ["show()"], "outputs": [{"output_type": "pyout", "html": _SCRIPT["text/html"]}]}
_NOTE = {"text": "show()", "results": {"code": "SUCCESS", "msg": [{"type": "TABLE", "data": "a\\tb\\n" * 3_000}]}}
OUTPUT = {
    "numbers": json.dumps(notebook(cell(outputs=_PLOT)), indent=1),
    "a script": json.dumps(notebook(cell(outputs=_PAGE)), indent=1),
    "on one line": json.dumps(notebook(cell(outputs=_PLOT))),
    "sorted the other way": json.dumps(dict(reversed(notebook(cell(outputs=_PLOT)).items()))),
    "metadata first": json.dumps({"metadata": {"a": words(2_000)}} | notebook(cell(outputs=_PLOT * 4))),
    "many cells": json.dumps(notebook(*[cell(words(9), outputs=_PAGE)] * 9), indent=1),
    "attachments": json.dumps(
        notebook(
            {"cell_type": "markdown", "source": ["a"], "attachments": {"a.svg": {"image/svg+xml": "<path/>" * 900}}}
        )
    ),
    "widgets": json.dumps(notebook(cell()) | {"metadata": {"widgets": {"state": {"a": words(900)}}}}),
    "format 3": json.dumps({"metadata": {}, "nbformat": 3, "worksheets": [{"cells": [_OLD]}]}, indent=1),
    "Zeppelin": json.dumps({"paragraphs": [_NOTE], "name": "a", "id": "b"}, indent=2),
}
OWN_NOTEBOOKS = {
    "no output": json.dumps(notebook(*[cell(words(40))] * 40), indent=1),
    "text": json.dumps(notebook(*[{"cell_type": "markdown", "source": [words(90)], "metadata": {}}] * 40), indent=1),
    "half of it output": json.dumps(notebook(*[cell(words(90), outputs=[{"text": [words(90)]}])] * 40), indent=1),
    "sorted the other way": json.dumps(dict(reversed(notebook(*[cell(words(40))] * 40).items()))),
    "format 3": json.dumps({"nbformat": 3, "worksheets": [{"cells": [_OLD | {"outputs": [], "input": [words(900)]}]}]}),
    "Zeppelin": json.dumps({"paragraphs": [{"text": words(90), "jobName": "a"}] * 40, "name": "a"}, indent=2),
    "cells without anything": json.dumps(notebook(*[{"cell_type": "code"}] * 900)),
}


@pytest.mark.parametrize("name", OUTPUT)
def test_notebooks_of_output(name: str) -> None:
    """A notebook of which two thirds are output is data, whatever its format and the order of its keys."""
    told = evidence(OUTPUT[name])
    assert told
    assert told.startswith("a notebook, ")
    assert told.endswith(" % of it output")


@pytest.mark.parametrize("name", OWN_NOTEBOOKS)
def test_notebooks_of_own_text(name: str) -> None:
    """A notebook of code and text is source."""
    assert evidence(OWN_NOTEBOOKS[name]) is None


@pytest.mark.parametrize("name", OUTPUT)
def test_small_notebooks(name: str) -> None:
    """Below the size of large data, nothing is said of a notebook."""
    assert evidence(OUTPUT[name], 3_999) is None


@pytest.mark.parametrize(("output", "share"), [(3_000, 74), (2_080, 66), (2_040, None)])
def test_how_much_is_output(output: int, share: int | None) -> None:
    """Two thirds of the characters are enough; the evidence is the share."""
    text = json.dumps(notebook(cell("a b " * 225, outputs=["x y " * (output // 4)])))
    told = evidence(text)
    assert told == (share and f"a notebook, {share} % of it output")


@pytest.mark.parametrize("length", [9_000, 12_345])
@pytest.mark.parametrize("name", ["numbers", "a script", "many cells", "on one line"])
def test_the_beginning_of_a_notebook(name: str, length: int) -> None:
    """Of a notebook too large to be looked at whole, its beginning tells."""
    told = evidence(OUTPUT[name][:length], 1_000_000, is_whole=False)
    assert told
    assert told.endswith(" % of its beginning output")


@pytest.mark.parametrize("name", ["no output", "text"])
def test_the_beginning_of_an_own_notebook(name: str) -> None:
    """That of one with own text says nothing."""
    assert evidence(OWN_NOTEBOOKS[name][:9_000], 1_000_000, is_whole=False) is None


DEEP = "[" * 90_000 + "]" * 90_000
HOSTILE = {
    "deep outputs": f'{{"cells": [{{"cell_type": "code", "outputs": {DEEP}, "source": []}}], "nbformat": 4}}',
    "deep elsewhere": f'{{"a": {DEEP}, "cells": [{{"cell_type": "code"}}], "nbformat": 4}}',
    "huge digits": f'{{"cells": [{{"cell_type": "code", "outputs": [{"9" * 90_000}]}}], "nbformat": 4}}',
    "broken": '{"cells": [{"cell_type": "code", "outputs": [1, 2}], "nbformat": 4}' + " " * 9_000 + "}",
    "wrong types": json.dumps({"cells": [1, "a", None, {"cell_type": 1, "outputs": 3}], "nbformat": 4}) + " " * 9_000,
    "cells that are none": json.dumps({"cells": {"cell_type": 1}, "worksheets": [1], "nbformat": []}) + " " * 9_000,
    "half a character": '{"cells": [{"cell_type": "code", "outputs": ["' + "\\\\ud800" * 3_000 + '"]}], "nbformat": 4}',
    "many cells that do not end": '{"cells": [' + '{"cell_type": "code"}, ' * 9_000 + "]",
    "many texts": '{"a": "' + "b c " * 90_000 + '"}',
    "blanks": '{"a": "b' + " " * 90_000 + '"}',
    "colons": "{" + '"a" : ' * 30_000 + "}",
    "openings": '{"cells": [' * 30_000 + "}",
    "surrogates": '{"cells": [{"cell_type": "code", "outputs": ["\\ud800' + "a b" * 9_000 + '"]}], "nbformat": 4}',
}


@pytest.mark.parametrize("is_whole", [True, False])
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_documents(name: str, is_whole: bool) -> None:  # noqa: FBT001
    """Whatever is written into a document, looking at it ends, and what it says can be read back."""
    found = find_facts(HOSTILE[name], LARGE, is_whole=is_whole)
    assert write_facts(read_facts(found)) == found


# --- Catalogues of messages ---


def sentences(number: int) -> list[str]:
    return [
        words(_RANDOM.randrange(1, 9)).capitalize() + _RANDOM.choice(["", ".", "!", " {{count}}"])
        for _ in range(number)
    ]


def key() -> str:
    return "".join(_RANDOM.choices(string.ascii_lowercase, k=9))


CATALOGUES = {
    "flat": {key(): text for text in sentences(400)},
    "nested": {key(): {key(): {key(): text for text in sentences(4)} for _ in range(5)} for _ in range(40)},
    "with the same keys here and there": {
        key(): {"title": "A title", "save": "Save", **{key(): text for text in sentences(6)}} for _ in range(60)
    },
    "an extension for Chrome": {
        key(): {"message": text, "description": "What it is about", "placeholders": {"a": {"content": "$1"}}}
        for text in sentences(300)
    },
    "ARB": {"@@locale": "en"}
    | {
        name: value
        for text in sentences(200)
        for each in [key()]
        for name, value in ((each, text), (f"@{each}", {"description": "It says so", "type": "text"}))
    },
    "diagnostics by their texts": {
        f"{text} and so on, of '{{0}}'.": {"category": "Error", "code": each}
        for each, text in enumerate(sentences(400))
    },
    "strings of Xcode": {
        "sourceLanguage": "en",
        "strings": {
            text: {"localizations": {"de": {"stringUnit": {"state": "translated", "value": other}}}}
            for text, other in zip(sentences(200), sentences(200), strict=True)
        },
    },
    "Chinese": {key(): "".join(_RANDOM.choices("的一是不了人我在有他这为之大来以个中上们", k=8)) for _ in range(400)},
    "Russian": {key(): "".join(_RANDOM.choices("абвгдежзик", k=8)) for _ in range(400)},
    "plurals": {key(): {"one": "One of them", "other": "{n} of them"} for _ in range(300)},
}


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("is_ascii", [True, False])
@pytest.mark.parametrize("name", CATALOGUES)
def test_catalogues(name: str, is_ascii: bool, indent: int | None) -> None:  # noqa: FBT001
    """A large catalogue of messages is source, in whichever of the usual forms."""
    assert evidence(json.dumps(CATALOGUES[name], ensure_ascii=is_ascii, indent=indent)) is None


def record(number: int) -> dict[str, object]:
    return {"id": number, "name": f"{words(2)}", "text": sentences(1)[0], "price": number / 7, "tags": ["a b", "c d"]}


DOCUMENTS = {
    "records": [record(each) for each in range(200)],
    "records in an object": {"data": [record(each) for each in range(200)], "next": None},
    "records by key": {key(): record(each) for each in range(200)},
    "people by key": {key(): {"name": "Some Body", "city": "A Town", "about": text} for text in sentences(200)},
    "GeoJSON": {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "properties": {"name": "A Place"}, "geometry": {"coordinates": [each, each / 3]}}
            for each in range(300)
        ],
    },
    "numbers by key": {key(): each for each in range(600)},
    "versions by key": {key(): f"^{each}.0.0" for each in range(600)},
    "paths by key": {key(): f"./src/{key()}.js" for _ in range(600)},
    "an interface": {
        "paths": {
            f"/{key()}": {"get": {"operationId": key(), "summary": "Get it all", "responses": {"200": {"$ref": "#/a"}}}}
            for _ in range(200)
        }
    },
    "a log": {str(each): {"message": "It was done", "level": "info", "time": each} for each in range(300)},
}


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("name", DOCUMENTS)
def test_documents(name: str, indent: int | None) -> None:
    """Records, places and numbers are data, though there are texts among them."""
    assert evidence(json.dumps(DOCUMENTS[name], indent=indent)) == "a large JSON document"


# --- What a document says of itself ---


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"//": "This file is generated. Do not edit it."}', "says 'this file is generated' in its first string"),
        ('{"_comment": "DO NOT EDIT", "a": 1}', "says 'do not edit' in its first string"),
        ('{"$comment": "Automatically generated by a script."}', "says 'automatically generated' in its first string"),
        ('{"comment": "This file was autogenerated"}', "says 'this file was autogenerated' in its first string"),
        ('{"$schema": "a", "//": "Generated by datamodel-codegen"}', ("says 'generated by "
                                                                     "datamodel-codegen' in its first string")),
        ('{"__info": ["Some words.", "This file is automatically generated."]}', ("says 'this file "
                                                                                 "is automatically "
                                                                                 "generated' in its first string")),
        ('{"__AUTOGENERATED_FILE_DO_NOT_MODIFY_THIS_FILE": "a"}', "says 'do not modify this file' in its first string"),
        ('{"@generated": "by a tool"}', "says 'generated' in its first key"),
        ('{"_generated": true, "a": 1}', "says 'generated' in its first key"),
        ('\ufeff{\r\n  "_comment" : "This file is generated"\r\n}', ("says 'this file is generated' "
                                                                    "in its first string")),
        ('{"_comment": "Settings. Generated passwords go elsewhere."}', None),
        ('{"//": "Do not edit below this line"}', None),
        ('{"name": "This file is generated. Do not edit it."}', None),
        ('{"a": 1, "//": "This file is generated. Do not edit it."}', None),
        ('{"_comment": 1}', None),
        ('{"_comment": {"a": "DO NOT EDIT"}}', None),
        ('{"comments": "off"}', None),
        ('{"_comment": "' + "a " * 9_000, None),
        ('{"//": [' + '"a", ' * 9_000, None),
    ],
)  # fmt: skip
def test_first_strings(text: str, says: str | None) -> None:
    """An object whose first string says that it was generated is generated; the string has a key that is no field."""
    assert evidence(text, 90) == says
