"""Catalogues of messages, told by what they look like."""

import pytest

from loopflow.analysis.catalogues import find_catalogue

PO = 'msgid ""\nmsgstr ""\n"Language: de\\n"\n\n#: a.py:1\nmsgid "Save"\nmsgstr "Speichern"\n'


@pytest.mark.parametrize(
    ("format_", "text"),
    [
        ("gettext de", "# a comment\n#, fuzzy\n" + PO),
        ("gettext de", PO),
        ("gettext de", "\ufeff# long licence\n" + "# words\n" * 900 + PO),
        ("gettext", 'domain "x"\nmsgid "Save"\nmsgstr ""\n'),
        ("XLIFF", '\n\ufeff<xliff version="1.2">'),
        ("YAML", "de:\n  order:\n  - :day\n  - :month\n  abbr:\n  - So\n  a: 'x y'\n  b: c\n  precision: 2\n"),
        ("YAML", "hello: |\n  Guten Tag,\n  wie geht es?\nbye: >-\n  Bis bald\n"),
        ("gettext", '\n#: a.c\nmsgctxt "menu"\nmsgid "Save"\nmsgstr ""\n'),
        ("XLIFF fr", '<?xml version="1.0"?>\n<xliff version="1.2"><file source-language="en" target-language="fr">'),
        ("XLIFF de", '<xliff xmlns="urn:x" version="2.0" srcLang="en" trgLang="de">\n'),
        ("XLIFF", '<xliff version="1.2"><file source-language="en">'),
        ("resources of .NET", '<?xml version="1.0"?>\n<root>\n  <resheader name="resmimetype">\n'),
        ("resources of Android", '<?xml version="1.0"?>\n<resources>\n  <!-- x - y -->\n<string name="a">b'),
        ("Qt de_DE", '<?xml version="1.0"?>\n<!DOCTYPE TS>\n<TS version="2.1" language="de_DE">\n'),
        ("strings of Xcode", '/* title */\n"Save" = "Sichern";\n'),
        ("JSON", '{\n  "save": "Speichern",\n  "menu": {"open": "Öffnen {{name}}"}\n}\n'),
        ("JSON", '{"@@locale":"de","save":"Speichern","@save":{"description":"a button"}}'),
        ("YAML", 'de:\n  hello: Hallo\n  # a comment\n  bye: "Auf Wiedersehen, %{name}"\n'),
        ("YAML", "---\nsave: 'Speichern'\n\nopen: Öffnen\n"),
    ],
)  # fmt: skip
def test_catalogues(format_: str, text: str) -> None:
    """Each format, with the language where the content says one."""
    found = find_catalogue(text)
    assert found is not None
    assert found.evidence == format_


@pytest.mark.parametrize(
    "text",
    [
        "",
        "#!/bin/sh\nmsgid=1\necho\n",
        '# how to write\n# a catalogue\nprint("""\nmsgid "x"\n""")\n',
        '{"a": 1, "b": [1, 2, 3], "c": true}',
        '{"type": "FeatureCollection", "features": [{"x": 1.5}, {"x": 2}]}',
        "name: ci\non: [push]\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: make\n      - run: test\n",
        "replicas: 3\nport: 80\nlog: true\n",
        "def f(x):\n    return x\n",
        "<svg viewBox='0 0 1 1'></svg>",
        "<resources><color name='a'>#fff</color></resources>",
        '"use strict";\nconst a = "b";\n',
    ],
)
def test_what_is_none(text: str) -> None:
    """Code, settings, numbers and drawings are no catalogues."""
    assert find_catalogue(text) is None


@pytest.mark.parametrize("piece", ["{", '{"a":', '"', "/*", "<!--", "#\n", "a:\n", "msgid ", " ", "'", "\\", '"\\'])
def test_no_text_takes_long(piece: str) -> None:
    """What repeats without end is told in a moment, since a beginning is all that is looked at; it is no catalogue."""
    for text in (piece * 100_000, "{" + piece * 100_000, '/* x */ "a' + piece * 100_000):
        assert find_catalogue(text) is None
