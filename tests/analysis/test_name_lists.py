"""Names as other programs print them: separated by line ends or NUL, quoted as git quotes them."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopflow.analysis.name_lists import parse_names
from loopflow.errors import UsageError

_SEPARATED: dict[str, tuple[bytes, bool, tuple[str, ...]]] = {
    "lines": (b"a\nb\n", False, ("a", "b")),
    "no last line end": (b"a\nb", False, ("a", "b")),
    "carriage returns": (b"a\r\nb\r\n", False, ("a", "b")),
    "blank lines": (b"\n\na\n \n\t\r\nb\n\n", False, ("a", "b")),
    "spaces stay": (b" a \nb c\n", False, (" a ", "b c")),
    "twice": (b"b\na\nb\n", False, ("b", "a")),
    "not UTF-8": (b"caf\xe9\n", False, ("caf\udce9",)),
    "quoted by git": (rb'"a\303\274"' + b"\n", False, ("aü",)),
    "quoted raw byte": (rb'"caf\351"', False, ("caf\udce9",)),
    "quoted controls": (rb'"\a\b\t\n\v\f\r\"\\\033"', False, ('\a\b\t\n\v\f\r"\\\x1b',)),
    "quoted, with a carriage return": (rb'"a\tb"' + b"\r\n", False, ("a\tb",)),
    "quotes that are a name": (b'"a"\n', False, ('"a"',)),
    "half a quote": (rb'"a\303' + b"\n", False, ('"a\\303',)),
    "no escape of git's": (rb'"a\x41"' + b"\n", False, ('"a\\x41"',)),
    "too large for a byte": (rb'"a\777"' + b"\n", False, ('"a\\777"',)),
    "a backslash alone": (b"a\\b\n", False, ("a\\b",)),
    "a quote within": (b'a"\\303"b\n', False, ('a"\\303"b',)),
    "NUL": (b"a\0b\0", True, ("a", "b")),
    "no last NUL": (b"a\0b", True, ("a", "b")),
    "one name": (b"a", True, ("a",)),
    "empty names": (b"\0\0a\0\0", True, ("a",)),
    "NUL and line ends": (b"a\nb\0c\r\n\0", True, ("a\nb", "c\r\n")),
    "NUL and quotes": (rb'"a\303\274"' + b"\0", True, ('"a\\303\\274"',)),
}


@pytest.mark.parametrize("what", _SEPARATED)
def test_names(what: str) -> None:
    """Names are what the program before has meant, in its order."""
    data, null, names = _SEPARATED[what]
    assert parse_names(data, null=null) == names


@given(st.lists(st.binary(min_size=1).filter(lambda name: b"\0" not in name), min_size=1, unique=True))
def test_any_names_with_nul(names: list[bytes]) -> None:
    """Whatever a name is, with NUL it comes through as it is."""
    data = b"".join(name + b"\0" for name in names)
    assert [name.encode("utf-8", "surrogateescape") for name in parse_names(data, null=True)] == names


@given(st.binary())
def test_any_bytes(data: bytes) -> None:
    """Whatever comes, it is names or an error in words; no name is empty or comes twice."""
    for null in (False, True):
        names: tuple[str, ...] = ()
        with suppress(UsageError):
            names = parse_names(data, null=null)
            assert names
        assert len({*names}) == len(names)
        assert "" not in names


@pytest.mark.parametrize(
    ("data", "null", "said"),
    [
        (b"a\nb\n", True, "no name on standard input ends in NUL"),
        (b"a\0b\n", False, "names on standard input end in NUL"),
        (b"\n \n", False, "no names on standard input"),
        (b"\0\0", True, "no names on standard input"),
    ],
)
def test_what_holds_no_names(data: bytes, said: str, *, null: bool) -> None:
    """Names that are separated otherwise, and none at all, are refused in words."""
    with pytest.raises(UsageError, match=said):
        parse_names(data, null=null)
