"""Numbers as people read them."""

from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from loopflow.charts.numbers import format_bytes, format_percent, format_short, plural

WHOLES = st.integers(1, 10**15)


@given(whole=WHOLES, data=st.data())
@example(whole=2000, data=None)
def test_percent_never_rounds_to_nothing_or_everything(whole: int, data: st.DataObject | None) -> None:
    """0.0 is shown for nothing only, and 100.0 for everything only."""
    part = data.draw(st.integers(0, whole)) if data else 1
    shown = format_percent(part, whole)
    assert (shown == "0.0") == (part == 0)
    assert (shown == "100.0") == (part == whole)


@given(whole=WHOLES, data=st.data())
def test_percent_is_true_to_half_a_tenth(whole: int, data: st.DataObject) -> None:
    """What is shown differs from the exact share by rounding alone."""
    part = data.draw(st.integers(0, whole))
    exact, shown = 100 * Fraction(part, whole), format_percent(part, whole)
    if shown == "<0.1":
        assert 0 < exact <= Fraction("0.05")
    elif shown == ">99.9":
        assert Fraction("99.95") <= exact < 100
    else:
        assert abs(Fraction(shown) - exact) <= Fraction("0.05") + Fraction(1, 10**12)


@pytest.mark.parametrize(
    ("part", "whole", "shown"),
    [
        (0, 0, "0.0"),
        (0, 5, "0.0"),
        (1, 2001, "<0.1"),
        (1, 1000, "0.1"),
        (1, 3, "33.3"),
        (2, 3, "66.7"),
        (999, 1000, "99.9"),
        (9999, 10000, ">99.9"),
        (5, 5, "100.0"),
        (10001, 10000, ">100.0"),
        (101, 100, "101.0"),
    ],
)
def test_percent_has_one_decimal(part: int, whole: int, shown: str) -> None:
    """A share has one decimal, or says which side of a tenth it is on."""
    assert format_percent(part, whole) == shown


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (1049, "1.0 kB"),
        (999_949, "999.9 kB"),
        (999_950, "1.0 MB"),
        (1_300_000_000, "1.3 GB"),
        (10**15, "1000.0 TB"),
    ],
)
def test_bytes_have_the_unit_that_fits(size: int, shown: str) -> None:
    """Bytes are shown in powers of 1,000, with the largest unit last."""
    assert format_bytes(size) == shown


@given(st.integers(1000, 999 * 10**12))
def test_bytes_have_one_to_three_digits_before_the_point(size: int) -> None:
    """Never "0.9 MB" and never "1000.0 kB"."""
    number, unit = format_bytes(size).split(" ")
    assert 1 <= float(number) < 1000
    assert unit in {"kB", "MB", "GB", "TB"}


@pytest.mark.parametrize(
    ("number", "shown"), [(0, "0 files"), (1, "1 file"), (2, "2 files"), (1_234_567, "1,234,567 files")]
)
def test_plural_counts_things(number: int, shown: str) -> None:
    """One thing is singular, thousands are grouped."""
    assert plural(number, "file") == shown


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (0, "0"),
        (1, "1"),
        (999, "999"),
        (1000, "1k"),
        (1234, "1.23k"),
        (12_345, "12.3k"),
        (400_000, "400k"),
        (999_499, "999k"),
        (999_500, "1M"),
        (401_439_888, "401M"),
        (1_500_000, "1.5M"),
        (10**13, "10000G"),
    ],
)
def test_short(number: int, shown: str) -> None:
    """Three digits and a unit, without zeros at the end, and never 1000 of a unit that has a larger one."""
    assert format_short(number) == shown


@given(number=st.integers(0, 10**15))
def test_short_is_true_to_half_a_percent(number: int) -> None:
    """What is shown differs from the number by rounding to three digits alone."""
    shown = format_short(number)
    exact = Fraction(shown.rstrip("kMG")) * 10 ** {"k": 3, "M": 6, "G": 9}.get(shown[-1], 0)
    assert abs(exact - number) <= Fraction(number, 200)
    assert number >= 999 * 10**9 or len(shown.rstrip("kMG").replace(".", "")) <= 3
