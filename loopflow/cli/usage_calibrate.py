"""`loopflow usage calibrate`: counts compared with what a provider reported of a model."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from loopflow.analysis.names import escape_name
from loopflow.cli.usage_actions import open_named, open_usage
from loopflow.console.console import Console
from loopflow.console.directories import cache_directory
from loopflow.errors import ExitCode, UsageError
from loopflow.tokens import create_counter
from loopflow.usage.calibrating import (
    WIDEST,
    Calibration,
    find_exact_encoding,
    load,
    read_pairs,
    store,
)
from loopflow.usage.calibrating import (
    calibrate as find_calibration,
)
from loopflow.usage.importing import read_lines
from loopflow.usage.model import require_name
from loopflow.usage.place import Place, find_encoding
from loopflow.usage.render.json import render_calibrations

_LONGEST: Final = 50_000_000
"""Bytes of a line: more than any model reads."""


def calibrate(given: dict[str, Any], console: Console, here: str) -> ExitCode:
    """Find and keep the range of a model; without pairs, list what is kept."""
    usage, _ = open_usage(given, console, here)
    database, model = usage.ledger.database, require_name(given["model"] or "", "--model", may_be_empty=True)
    if given["pairs"] is None:
        known = load(database, model)
        _print(known, given, console)
        if not known:
            console.note("nothing is calibrated; write loopflow usage calibrate --model NAME PAIRS.jsonl")
        return ExitCode.OK
    found = _calibrate(model, given, console, here)
    store(database, found)
    _print([found], given, console)
    if found.is_wide:
        what = f"the ratios of {escape_name(model)} spread over {float(found.spread * 100):.0f} % of the middle one"
        console.warn(f"{what}, more than {float(WIDEST * 100):.0f} %: give longer texts, of the kind that you send")
    return ExitCode.OK


def _calibrate(model: str, given: Mapping[str, Any], console: Console, here: str) -> Calibration:
    if not model:
        raise UsageError("no model is named", "write --model NAME")
    exact = find_exact_encoding(model)
    if exact:
        hint = f"count with --encoding {exact}"
        raise UsageError(f"counts for {escape_name(model)} are exact, so there is nothing to calibrate", hint)
    counter = create_counter(
        find_encoding(Place(console.environ, here, given["config"]), given["encoding"]),
        console.environ.get("LOOPFLOW_ENGINE") or None,
        cache_directory(console.environ, here),
    )
    with open_named(given["pairs"], here) as file:
        pairs = list(read_pairs(read_lines(file, _LONGEST), escape_name(given["pairs"])))
    return find_calibration(model, counter.encoding, pairs, counter.count([pair.text for pair in pairs]))


def _print(found: Sequence[Calibration], given: Mapping[str, Any], console: Console) -> None:
    if given["format"] == "json":
        console.write(render_calibrations(found))
        return
    for each in found:
        console.write_chart(f"{escape_name(each.model)}: {each.describe()} ({each.pairs:,} pairs)\n")
