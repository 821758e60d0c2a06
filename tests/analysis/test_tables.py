"""Tables of separated values, with quoted fields as RFC 4180 has them, and code that looks like one."""

import pytest

from loopflow.analysis.tables import is_table


def rows(row: str, number: int = 60, heading: str = "") -> str:
    return (heading + "\n" if heading else "") + "".join(row.replace("@", str(each)) + "\n" for each in range(number))


TABLES = {
    "quoted": rows('"a@","b","1.5"'),
    "quoted here and there": rows('@,"a name, and more",1.5'),
    "separators within quotes": rows('@,"a, b; c\t|",1') + rows('@,"a",1', 3),
    "more of them in some": rows('@,"a, b, c",1', 25) + rows('@,"a",1', 25),
    "doubled quotes": rows('@,"he said ""yes, no""",1'),
    "nothing but quotes": rows('@,"""",1'),
    "lines within quotes": rows('@,"a\nb\n  c",1'),
    "code within quotes": rows('@,"if (a) {\n  b(c);\n}",1'),
    "empty fields": rows('@,"",,""'),
    "an empty last field": rows('@,"a",', heading="id,name,note"),
    "empty last fields": rows("@,a,,", heading="id,name,note,more"),
    "an empty last field between semicolons": rows("@;a;;", heading="id;name;note;more"),
    "all empty at the end, between semicolons": rows("@;a;", heading="id;name;"),
    "brackets in the heading": rows("@,1.5,2", heading="id,Size (MB),Count(unit)"),
    "a brace in the heading": rows("@,1.5,2", heading='id,"Size {MB}","f(x)"'),
    "brackets in some fields": rows("@,Iron,2", 58) + "59,Iron(III) oxide,2\n",
    "semicolons": rows('"a@";"b; c";"1,5"'),
    "tabs": rows('a@\t"b\tc"\t1,5'),
    "one tab": rows('a@\t"some words"'),
    "two quoted fields": rows('"some words @","other words"'),
    "blanks before quotes": rows('@, "a, b", 1'),
    "lines that end as on Windows": rows('@,"a\r\nb",1').replace("\n", "\r\n").replace("\r\r", "\r"),
    "no quotes": rows("@,a,1.5"),
}
NO_TABLES = {
    "strings in Python": "names = [\n" + rows('    "a@", "b",') + "]\n",
    "strings at the beginning of lines": rows('"a@", "b",'),
    "strings that an include brings": rows('"a@","b",'),
    "a table in C": rows('{"a@", "b", 3},'),
    "a table in C, indented": rows('\t{ "a@", "b", 3 },'),
    "designated entries": rows('["a@"] = "b", "c",'),
    "tuples": rows('("a@", "b", 3),'),
    "macros": rows('X(A@, "a", 3)'),
    "macros with a blank": rows('X (A@, "a", 3)'),
    "calls": rows('add("a@", "b", 3);'),
    "calls without brackets": rows('add "a@", "b";'),
    "statements": rows("a = @; b = 2;"),
    "statements in brackets": rows("if (a) b; else c;"),
    "a block": rows('define(["a@", "b"], function() {'),
    "a list in YAML": rows("- a@"),
    "a table in Markdown": rows('| "a@" | b |'),
    "prose with quotes": rows('He said "a @", and left.'),
    "fields that differ": rows('@,"a"', 25) + rows('@,"a",1', 25),
    "a quote that does not end": '1,"a\n' + rows("  x(@);"),
    "few rows": rows('@,"a",1', 18),
}
HOSTILE = {
    "quotes": '"' * 40_000,
    "quotes in pairs": ',""' * 13_000,
    "three quotes": ',"""' * 10_000,
    "openings": ',"' * 20_000,
    "openings and pairs": ',"' + '""' * 20_000,
    "openings in lines": ',"a\n' * 10_000,
    "blanks before quotes": ("," + " " * 99 + '"') * 400,
    "blanks": "a," + " " * 40_000,
    "NUL": 'a\0,"b\0"\n' * 900,
    "surrogates": '\ud800,"\udfff"\n' * 900,
    "one line": "a," * 20_000,
    "nothing": "",
}


@pytest.mark.parametrize("name", TABLES)
def test_tables(name: str) -> None:
    """Fields may be quoted, and then hold anything; last ones may be empty, and headings may be in brackets."""
    assert is_table(TABLES[name])


@pytest.mark.parametrize("name", NO_TABLES)
def test_what_looks_like_a_table(name: str) -> None:
    """Code and prose are no tables, though each line has as many commas."""
    assert not is_table(NO_TABLES[name])


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_tables(name: str) -> None:
    """Whatever stands between quotes, looking at it ends."""
    assert is_table(HOSTILE[name]) in {True, False}
