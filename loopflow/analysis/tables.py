"""Whether a text is a table of separated values (RFC 4180), and no code that looks like one."""

import re

_FIRST, _BEGINNING = 2_000, 40_000  # characters that are looked at
_LEAST_ROWS, _MOST_ROWS = 20, 40
_MOST_CALLS = 0.1  # of the rows: what is written like a call may be a name with something in brackets
_SEPARATORS = ",;\t|"
# A quoted field, with whatever is in it: separators, new lines and quotes, which are doubled. Blanks before it are not
# in the standard and often in files.
_QUOTED = re.compile(r'(?:(?<=[,;\t|\n])|\A)( *)"[^"]*+(?:""[^"]*+)*+"(?=[,;\t|\n]|\Z)')
_NO_ROW = re.compile(r"\A[\s|{\[(]|[{}]\Z")  # indented, of a table in Markdown, of a list, a block
_STATEMENT = re.compile(r";\Z")
_CALL = re.compile(r"\w!?\(|\A\w+ \(.*\)[,;]?\Z")
_CODE = re.compile(r"[=(){}]")


def is_table(text: str) -> bool:
    """Whether the first rows all have the same number of one separator, and none of them is code or prose."""
    first = text[: text.find("\n", 0, _FIRST)]
    if not any(each in first for each in _SEPARATORS) or _are_code(_rows(text[:_FIRST])):  # tells fast that it is none
        return False
    has_quotes = '"' in text[:_BEGINNING]
    rows = _rows(text[:_BEGINNING])
    if len(rows) < _LEAST_ROWS or _are_code(rows):
        return False
    calls = sum(_CALL.search(row) is not None for row in rows[1:])  # a heading may name a unit in brackets
    return calls <= _MOST_CALLS * len(rows) and any(_are_rows(rows, each, has_quotes) for each in _SEPARATORS)


def _rows(beginning: str) -> list[str]:
    """Return the rows that are there as a whole, with a letter for each quoted field."""
    beginning = beginning.replace("\r\n", "\n")
    if '"' in beginning:
        beginning = _QUOTED.sub("q", beginning)
    return beginning.split("\n", _MOST_ROWS)[:-1]


def _are_code(rows: list[str]) -> bool:
    return any(_NO_ROW.search(row) for row in rows)


def _are_rows(rows: list[str], separator: str, has_quotes: bool) -> bool:  # noqa: FBT001
    numbers = {row.count(separator) for row in rows}
    # One at the beginning of each line is a comment.
    inner = sum(separator in row.strip(separator) for row in rows)
    if len(numbers) != 1 or inner * 2 <= len(rows):
        return False
    number = numbers.pop()
    is_ended = all(row.endswith(separator) for row in rows)
    if separator == ";":
        return number > 1 and (not any(map(_STATEMENT.search, rows)) or not any(map(_CODE.search, rows[1:])))
    if any(map(_STATEMENT.search, rows)):
        return False
    if has_quotes and is_ended:  # strings in a list
        return False
    # One alone may be punctuation: between words it is prose.
    return number > 1 or separator == "\t" or not any(" " in row for row in rows)
