"""Calibration: a range from pairs, in whole numbers, that changes no count."""

import json
from fractions import Fraction
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopflow.errors import UsageError
from loopflow.usage.calibrating import Calibration, Pair, calibrate, find_exact_encoding, load, read_pairs, store
from loopflow.usage.ledger import Ledger

pairs = st.lists(st.tuples(st.integers(1, 10_000), st.integers(1, 10_000)), min_size=20, max_size=40)


@given(pairs=pairs, tokens=st.integers(0, 10**7))
def test_a_range_holds_every_pair(pairs: list[tuple[int, int]], tokens: int) -> None:
    """Its ends are those of the pairs, and rounded to the outside."""
    found = calibrate("m", "o200k_base", [Pair("x", real) for real, _ in pairs], [count for _, count in pairs])
    for real, count in pairs:
        low, high = found.find_range(count)
        assert low <= real <= high
    assert found.low <= found.median <= found.high
    low, high = found.find_range(tokens)
    assert low <= tokens * Fraction(found.median, 1_000_000) <= high


@given(pairs=pairs, fit=st.integers(1, 10**7))
def test_what_fits_by_the_upper_end_is_the_most(pairs: list[tuple[int, int]], fit: int) -> None:
    """One token more would not fit."""
    found = calibrate("m", "o200k_base", [Pair("x", real) for real, _ in pairs], [count for _, count in pairs])
    most, high = found.find_most(fit), Fraction(found.high, 1_000_000)
    assert ceil(most * high) <= fit
    assert ceil((most + 1) * high) > fit


@pytest.mark.parametrize(("last", "is_wide"), [(100, False), (129, False), (131, True)])
def test_a_wide_range_is_said_to_be_one(last: int, is_wide: bool) -> None:  # noqa: FBT001  a parameter
    given_pairs = [Pair("x", 100)] * 19 + [Pair("x", last)]
    assert calibrate("m", "o200k_base", given_pairs, [100] * 20).is_wide is is_wide


def test_nineteen_pairs_are_too_few() -> None:
    with pytest.raises(UsageError, match=r"^19 pairs are too few"):
        calibrate("m", "o200k_base", [Pair("x", 1)] * 19, [1] * 19)


@pytest.mark.parametrize(
    "line",
    [
        "x",
        "[]",
        "{}",
        '{"text": "a"}',
        '{"text": "", "tokens": 1}',
        '{"text": "a", "tokens": 0}',
        '{"text": "a", "tokens": true}',
        '{"text": "a", "tokens": 1.5}',
        '{"text": 1, "tokens": 1}',
        '{"text": "\\ud800", "tokens": 1}',
        "[" * 100_000,
        "\udcff",
    ],
)
def test_what_is_no_pair_is_named_by_its_line(line: str) -> None:
    good = json.dumps({"text": "a", "tokens": 1})
    lines = [good.encode(), b"", line.encode("utf-8", "surrogateescape")]
    with pytest.raises(UsageError, match=r"^pairs, line 3: it is no pair"):
        list(read_pairs(lines, "pairs"))


@pytest.mark.parametrize(
    ("model", "encoding"), [("gpt-4o", "o200k_base"), ("gpt-4", "cl100k_base"), ("claude-x", None)]
)
def test_models_whose_counts_are_exact_are_known(model: str, encoding: str | None) -> None:
    assert find_exact_encoding(model) == encoding


def test_a_range_is_kept_and_replaced(ledger: Ledger) -> None:
    first = Calibration("m", "o200k_base", 20, 900_000, 1_000_000, 1_250_000)
    store(ledger.database, first)
    store(ledger.database, first._replace(pairs=30))
    store(ledger.database, first._replace(model="n", encoding="cl100k_base"))
    assert load(ledger.database, "m") == [first._replace(pairs=30)]
    assert [each.model for each in load(ledger.database)] == ["m", "n"]
    assert load(ledger.database, "m", "cl100k_base") == []
