"""What a content looks like: a table of texts that are written by programs, and one of texts that people write.

Texts are of the kinds that repositories hold, and all were written for this table. What matters is the kind of a fact;
where its words tell something, they are held too.
"""

import base64
import json
import random

import pytest

from loopflow.analysis.facts import FactKind
from tests.support.facts import facts_of, kinds

MEGABYTE = 1_000_000
_RANDOM = random.Random(1)  # noqa: S311  always the same texts


def encoded(size: int) -> str:
    """Return so many random bytes in base64."""
    return base64.b64encode(_RANDOM.randbytes(size)).decode()


def number() -> str:
    return f"{_RANDOM.uniform(-90, 90):.5f}"


# --- Minified ---

_STATEMENT = "function a(b,c){{var d=b[{0}];if(!d)return c(e,f({0}));for(var g=0;g<d.length;g++)h(d[g],i=>(j=i.k));}}"
STATEMENTS = "".join(_STATEMENT.format(each) for each in range(120))
RULES = "".join(f".a{each}{{color:#{each:03d}00f;margin:0;padding:{each}px}}.b{each}>li{{}}" for each in range(150))
MINIFIED = {
    "one line": STATEMENTS,
    "a few long lines": "\n".join([STATEMENTS] * 3) + "\n",
    "a stylesheet": RULES + "\n",
    "one line below a licence": f"/*!\n * invented v1.0.2\n * (c) Somebody, MIT\n */\n{STATEMENTS}\n",
    "one line and a map": f"{STATEMENTS}\n//# sourceMappingURL=a.min.js.map\n",
}


@pytest.mark.parametrize(
    "beginning",
    [
        '(self["webpackChunkshop"] = self["webpackChunkshop"] || []).push([[1], {\n',
        "/*! a licence */\n/* another */\nself.webpackChunkshop = [];\n",
        '"use strict";\nthis.webpackJsonp = [];\n',
        "'use strict'; var a;window.webpackJsonp([1], {\n",
        "globalThis.rspackChunkshop = [];\n",
        "var shop;\n(() => { // webpackBootstrap\n  var __webpack_modules__ = ({\n",
        "(function webpackUniversalModuleDefinition(root, factory) {\n",
        "(function(modules) { // webpackBootstrap\n",
        '(function(f){if(typeof exports==="object"&&typeof module!=="undefined"){\n',
        "(function e(t,n,r){function s(o,u){\n",
    ],
)
def test_bundles(beginning: str) -> None:
    """A bundle is known by the code that its bundler puts first, whatever that begins with."""
    assert kinds(beginning + "// and what is in it\n") == [FactKind.MINIFIED]


@pytest.mark.parametrize("name", MINIFIED)
def test_minified(name: str) -> None:
    """Code in lines far longer than anybody writes is minified."""
    assert kinds(MINIFIED[name]) == [FactKind.MINIFIED]


_SENTENCE = "Whoever reads this (and many do; some twice) finds that the words go on and on, as words do in a letter. "
_CALL = "result = transform ( first_argument , second_argument [ 0 ] , key = lambda each : each . value ) ; "
NOT_MINIFIED = {
    "prose with a line for each paragraph": (_SENTENCE * 12 + "\n\n") * 10,
    "Markdown": "# Title\n\n" + (f"- [a link](https://example.invalid/page) {_SENTENCE * 4}\n" * 12),
    "long lines of Python": (_CALL * 4 + "\n") * 20,
    "long lines of JavaScript": ("if (first && second) { return call (first, { a: 1, b: [ 2 ] }) } " * 6 + "\n") * 20,
    "short lines": "\n".join(f"function f{each}(a) {{ return a[{each}] + 1; }}" for each in range(300)),
    "little of it": STATEMENTS[:1500],
    "one long line among others": STATEMENTS[:1500] + "\n" + "x = call(first, second);\n" * 300,
    "one very long line among others": STATEMENTS[:8000] + "\n" + "x = call(first, second);\n" * 900,
}


@pytest.mark.parametrize("name", NOT_MINIFIED)
def test_long_lines_that_people_write(name: str) -> None:
    """Prose, and code with blanks in it, may have long lines."""
    assert kinds(NOT_MINIFIED[name]) == []


def told(text: str, tokens: int = 3_000, *, is_whole: bool = True) -> str | None:
    """Return the evidence for the one thing that a text says, None for nothing."""
    found = facts_of(text, tokens, is_whole=is_whole)
    assert len(found) <= 1
    return found[0].evidence if found else None


_SHORT = "call(first, second, third);\n"  # 28 characters


@pytest.mark.parametrize(
    ("text", "evidence"),
    [
        pytest.param(_SHORT * 90 + "a=b;" * 1_500, "one line of 6,000 characters", id="at the end"),
        pytest.param(_SHORT * 60 + "a=b;" * 1_500 + "\n" + _SHORT * 30, "one line of 6,000 characters", id="inside"),
        pytest.param("a=b;" * 1_500 + "\n" + _SHORT * 90, "one line of 6,000 characters", id="at the beginning"),
        pytest.param(_SHORT * 50 + "a=b;" * 1_250 + "\n" + _SHORT * 50, "one line of 5,000 characters", id="just"),
        pytest.param(_SHORT * 40 + "a=b;" * 1_249 + "\n" + _SHORT * 40, None, id="a character less than very long"),
        pytest.param(
            _SHORT * 60 + "a=b;" * 1_250 + "\n" + _SHORT * 40 + "a=b;" * 1_300 + "\n" + _SHORT * 5,
            "one line of 5,200 characters",
            id="the longer of two",
        ),
        pytest.param(
            "a=b;" * 1_500 + "\n" + _SHORT * 214 + "a = b;\n", "one line of 6,000 characters", id="half of it"
        ),
        pytest.param("a=b;" * 1_500 + "\n" + _SHORT * 330, None, id="two fifths of it"),
        pytest.param(("a=b;" * 70 + "\n") * 60, "276 characters a line", id="on average"),
        pytest.param("\n".join(["a=b;" * 62 + "a=;"] * 10), "251 characters a line", id="just, on average"),
        pytest.param("\n".join(["a=b;" * 62 + "=;"] * 10), None, id="a character less on average"),
        pytest.param(
            "a=b;" * 1_300 + "\n" + "\n".join(["a" * 123] * 39), "one line of 5,200 characters", id="250 on average"
        ),
        pytest.param(("word_" * 50 + ";=\n") * 20, None, id="few signs"),
    ],
)
def test_how_long_lines_are(text: str, evidence: str | None) -> None:
    """The evidence is the average length of a line, or the length of the longest where most lines are short."""
    assert told(text) == evidence


# --- Data ---

_RECORDS = [{"id": each, "name": f"name {each}", "tags": ["a", "b"], "at": None} for each in range(400)]
_ROWS = [[str(each), f"name {each}", f"{each * 7 % 100}.5", "yes"] for each in range(700)]
_PATH = " ".join(f"M{number()} {number()}L{number()},{number()}Z" for _ in range(150))
_IMAGES = "".join(f'IMAGE_{each} = "{encoded(900)}"\n' for each in range(4))
_TABLE = ",\n".join("    " + ", ".join(f"0x{_RANDOM.randrange(256):02x}" for _ in range(12)) for _ in range(200))
_LANDMARKS = ",\n".join(f"  [{number()}, {number()}]" for _ in range(900))
DATA = {
    "JSON": json.dumps(_RECORDS, indent=2),
    "JSON on one line": json.dumps(_RECORDS),
    "CSV": "\n".join(["id,name,value,flag", *map(",".join, _ROWS)]) + "\n",
    "TSV": "\n".join(map("\t".join, _ROWS)) + "\n",
    "CSV with semicolons": "\n".join(map(";".join, _ROWS)) + "\n",
    "base64": encoded(6_000) + "\n",
    "base64 in lines": "\n".join(encoded(57) for _ in range(100)) + "\n",
    "base64 in code": _IMAGES,
    "SVG": f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="{_PATH}"/></svg>\n',
    "an array of bytes": "{\n" + _TABLE + "\n}\n",
    "an array of numbers": f"[\n{_LANDMARKS}\n]\n",
}


@pytest.mark.parametrize("name", DATA)
def test_data(name: str) -> None:
    """Large data is data, in whatever notation."""
    assert kinds(DATA[name]) == [FactKind.DATA]


_OPTIONS = {f"option{each}": {"enabled": True, "level": each, "path": f"src/{each}"} for each in range(40)}
_MODULE = "".join(
    f'def get_{each}(row):\n    """Return it."""\n    return row["{each}"], {each}\n\n\n' for each in range(400)
)
NO_DATA = {
    "a small JSON config": json.dumps(_OPTIONS, indent=2),
    "a tiny one": '{"extends": "base", "rules": {"quotes": "off"}}\n',
    "a small table": "\n".join(map(",".join, _ROWS[:30])) + "\n",
    "a large module": _MODULE,
    "a statement in each line": "".join(f"a{each} = b{each}(c, d);\n" for each in range(700)),
    "an icon": '<svg viewBox="0 0 9 9"><path d="M1 1L2 2Z"/></svg>\n',
    "a page with an icon": "<p>hello</p>\n" * 300 + '<svg viewBox="0 0 9 9"><path d="M1 1L2 2Z"/></svg>\n',
}


@pytest.mark.parametrize("name", NO_DATA)
def test_no_data(name: str) -> None:
    """Small configuration, and large source, are no data."""
    assert kinds(NO_DATA[name]) == []


_JSON_TEXT = json.dumps(_RECORDS)
_CSV_TEXT = "\n".join(map(",".join, _ROWS)) + "\n"
_DEFINED = "".join(f"#define REGISTER_{each}    0x{each:04x}\n" for each in range(2_000))
_BASE64 = "A" * 3_000
_CODE = "value = call(first)\n"  # 20 characters
_DRAWN = '<svg><path d="{}"/></svg>'  # 23 characters


@pytest.mark.parametrize(
    ("text", "tokens", "evidence"),
    [
        pytest.param(_JSON_TEXT, 4_000, "a large JSON document", id="JSON"),
        pytest.param(_JSON_TEXT, 3_999, None, id="JSON, a token less"),
        pytest.param(_JSON_TEXT[:-1] + "\nand so on", 4_000, None, id="what only begins like it"),
        pytest.param(_CSV_TEXT, 4_000, "a table of separated values", id="a table"),
        pytest.param(_CSV_TEXT, 3_999, None, id="a table, a token less"),
        pytest.param("key,word\n" * 20 + "word_" * 600, 4_000, "a table of separated values", id="twenty lines"),
        pytest.param("key,word\n" * 19 + "word_" * 600, 4_000, None, id="nineteen lines"),
        pytest.param("key,word\n" * 10 + " key,word\n" + "key,word\n" * 900, 4_000, None, id="an indented line"),
        pytest.param("a;b\n" * 900, 4_000, None, id="one semicolon in each"),
        pytest.param("a;b;c\n" * 900, 4_000, "a table of separated values", id="two of them"),
        pytest.param("lookup(key, word) {\n" * 900, 4_000, None, id="what opens a block"),
        pytest.param("lookup = {key, word}\n" * 900, 4_000, None, id="what closes one"),
        pytest.param(",some words\n" * 900, 4_000, None, id="a mark at the beginning of each line"),
        pytest.param(",word\n" * 900, 4_000, None, id="a mark at the beginning of each word"),
        pytest.param("key,word\n,word\n" * 450, 4_000, None, id="at the beginning of every second one"),
        pytest.param("some words here\n" * 900, 4_000, None, id="no separator"),
        pytest.param("get '/page', to: 'pages'\n" * 900, 4_000, None, id="a comma between words"),
        pytest.param("find here | sort\n" * 900, 4_000, None, id="a pipe"),
        pytest.param("route('/page',handle,1)\n" * 900, 4_000, None, id="calls"),
        pytest.param("register!(name,Handler)\n" * 900, 4_000, None, id="macros"),
        pytest.param("| key | word |\n" * 900, 4_000, None, id="a table in Markdown"),
        pytest.param("1,a name (short),x\n" * 900, 4_000, "a table of separated values", id="brackets in a field"),
        pytest.param("key\tsome words\n" * 900, 4_000, "a table of separated values", id="one tab, and words"),
        pytest.param(_DEFINED, 200_000, "definitions of numbers and little else", id="definitions"),
        pytest.param(_DEFINED, 199_999, None, id="definitions, a token less"),
        pytest.param(
            _DEFINED.replace("#define", "\n// x\n/* y */\n \n#define"),
            200_000,
            "definitions of numbers and little else",
            id="definitions, between comments and blank lines",
        ),
        pytest.param(("#define A 1\n" * 2 + "#undef A\n") * 900, 200_000, None, id="two of three are definitions"),
        pytest.param(
            ("#define A 1\n" * 4 + "#undef A\n") * 900,
            200_000,
            "definitions of numbers and little else",
            id="four of five",
        ),
        pytest.param("// no line of code\n" * 900, 200_000, None, id="comments alone"),
        pytest.param(_DEFINED.replace("#define", "#undef"), 200_000, None, id="no definitions"),
        pytest.param(_DRAWN.format("1" * 177), 100, "SVG paths", id="a drawing"),
        pytest.param(_DRAWN.format("1" * 176), 100, None, id="a drawing, a character less"),
        pytest.param("x" + _DRAWN.format("1" * 900), 500, None, id="what only contains one"),
        pytest.param(_DRAWN.format("1" * 900) + "1 " * 300, 500, None, id="what goes on after one"),
        pytest.param(_BASE64, 2_000, "100 % of it is base64", id="base64"),
        pytest.param(_BASE64 + "\n" + _CODE * 50, 3_000, "74 % of it is base64", id="most of it is"),
        pytest.param(_CODE * 80 + _BASE64 * 2, 5_000, "78 % of it is base64", id="from the middle on"),
        pytest.param(_BASE64 + "\n" + _CODE * 151, 4_000, None, id="less than half"),
        pytest.param(_BASE64 + "\n" + _CODE * 149 + _CODE[1:], 3_000, None, id="half of it"),
        pytest.param("Z" * 2_000, 1_000, "100 % of it is base64", id="base64, long enough"),
        pytest.param("Z" * 1_999, 1_000, None, id="base64, a character less"),
        pytest.param("Z" * 2_200, 1_001, "100 % of it is base64", id="base64, just"),
        pytest.param("Z" * 2_200, 1_000, None, id="base64, a token less"),
        pytest.param("0x1f, 0x2e,\n" * 300, 1_700, "numbers and little else", id="numbers"),
        pytest.param("0x1f, 0x2e,\n" * 225, 1_001, "numbers and little else", id="numbers, just"),
        pytest.param("0x1f, 0x2e,\n" * 225, 1_000, None, id="numbers, a token less"),
        pytest.param(("12345, " * 13 + "zzzzzzz;\n") * 30, 199_999, None, id="92 % of it"),
        pytest.param(("12345, " * 13 + "zzzzzzz;\n") * 30, 200_000, "numbers and little else", id="92 % of a huge one"),
        pytest.param("0x1f, 0x2e,\n" * 300, 1_300, None, id="numbers, in few tokens"),
        pytest.param("0x1f, zzzz,\n" * 300, 1_700, None, id="half of them names"),
    ],
)
def test_what_data_is_called(text: str, tokens: int, evidence: str | None) -> None:
    """Each kind of data has its words, and a size, a share or a number of lines from which on it counts."""
    assert told(text, tokens) == evidence


def test_the_beginning_of_a_large_document() -> None:
    """A document too large to be looked at whole is known by its beginning."""
    text = json.dumps(_RECORDS)[:9_000]
    assert [fact.kind for fact in facts_of(text, MEGABYTE, is_whole=False)] == [FactKind.DATA]
