"""The report as JSON: ASCII, exact, and as the published schema describes it."""

import base64
import copy
import json
import os
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopflow.model import Profile, Reason, Report, Skipped
from loopflow.render.json import render_json
from tests.support.profiles import HOSTILE_NAMES, make_report, profiles
from tests.support.schema import complaints

SAMPLE = {"README.md": 5, "src/main.py": 70, "src/api/get.py": 25}
SKIPPED = [Skipped("a.png", Reason.BINARY), Skipped("secret", Reason.UNREADABLE, "permission denied")]

# Names of one component, any bytes that a file system and git allow.
RAW_NAMES = st.binary(min_size=1, max_size=12).filter(
    lambda raw: not {0, ord("/")} & {*raw} and raw not in {b".", b".."} and raw.lower() != b".git"
)


def document_of(report: Report) -> dict[str, Any]:
    document: dict[str, Any] = json.loads("".join(render_json(report)))
    return document


def test_the_whole_of_a_small_report() -> None:
    """Every key of schema 1, an item of a list on a line of its own."""
    assert "".join(render_json(make_report(SAMPLE, SKIPPED))) == (
        "{\n"
        ' "schema": 1,\n'
        ' "encoding": "o200k_base",\n'
        ' "source": {"kind": "worktree", "revision": null},\n'
        ' "complete": false,\n'
        ' "total": {"tokens": 100, "files": 3, "bytes": 400},\n'
        ' "directories": [\n'
        '  {"path": ".", "tokens": 100, "files": 3, "percent_of_parent": 100.0, "percent_of_total": 100.0},\n'
        '  {"path": "src", "tokens": 95, "files": 2, "percent_of_parent": 95.0, "percent_of_total": 95.0},\n'
        '  {"path": "src/api", "tokens": 25, "files": 1, "percent_of_parent": 26.31578947368421,'
        ' "percent_of_total": 25.0}\n'
        " ],\n"
        ' "types": [\n'
        '  {"type": ".py", "tokens": 95, "files": 2, "percent_of_total": 95.0},\n'
        '  {"type": ".md", "tokens": 5, "files": 1, "percent_of_total": 5.0}\n'
        " ],\n"
        ' "files": [\n'
        '  {"path": "README.md", "type": ".md", "tokens": 5, "bytes": 20, "percent_of_total": 5.0},\n'
        '  {"path": "src/api/get.py", "type": ".py", "tokens": 25, "bytes": 100, "percent_of_total": 25.0},\n'
        '  {"path": "src/main.py", "type": ".py", "tokens": 70, "bytes": 280, "percent_of_total": 70.0}\n'
        " ],\n"
        ' "skipped": [\n'
        '  {"path": "a.png", "reason": "binary"},\n'
        '  {"path": "secret", "reason": "unreadable"}\n'
        " ],\n"
        ' "idle": [],\n'
        ' "compared_with": null,\n'
        ' "changes": [],\n'
        ' "rules": [],\n'
        ' "files_over_budget": 0,\n'
        ' "files_under_budget": 0,\n'
        ' "cuts": [],\n'
        ' "plan": null\n'
        "}\n"
    )


@given(profile=profiles())
def test_every_report_is_as_the_schema_says(profile: Profile) -> None:
    """Whatever was counted, the document validates."""
    assert complaints(document_of(Report(profile))) == []


@pytest.mark.parametrize("skipped", [[], SKIPPED, [Skipped(reason.value, reason) for reason in Reason]])
def test_every_reason_is_as_the_schema_says(skipped: list[Skipped]) -> None:
    """A report with any reason for skipping validates, and is complete only without a gap."""
    document = document_of(make_report(SAMPLE, skipped))
    assert complaints(document) == []
    assert document["complete"] == (not skipped)


@given(profile=profiles())
def test_parts_add_up(profile: Profile) -> None:
    """Files, types, and the root directory each make up the total."""
    document = document_of(Report(profile))
    tokens = document["total"]["tokens"]
    assert sum(file["tokens"] for file in document["files"]) == tokens
    assert sum(kind["tokens"] for kind in document["types"]) == tokens
    assert document["directories"][0] | {"tokens": tokens, "path": "."} == document["directories"][0]
    assert sum(file["bytes"] for file in document["files"]) == document["total"]["bytes"]
    assert len(document["files"]) == document["total"]["files"]


@given(names=st.sets(RAW_NAMES, max_size=8))
def test_names_are_exact(names: set[bytes]) -> None:
    """Every name can be told from the document: from `path`, or from `path_base64` where that is there."""
    tokens = {name.decode("utf-8", "surrogateescape"): 1 for name in names}
    skipped = [Skipped(path, Reason.BINARY) for path in tokens]
    document = document_of(make_report(tokens, skipped))
    assert {_raw_path(file) for file in document["files"]} == names
    assert {_raw_path(skip) for skip in document["skipped"]} == names


@given(names=st.sets(RAW_NAMES, max_size=8))
def test_the_document_is_ascii_whatever_names_say(names: set[bytes]) -> None:
    """No name puts anything but printable ASCII into the document, or breaks the schema."""
    tokens = {"d/" + name.decode("utf-8", "surrogateescape"): 1 for name in names}
    text = "".join(render_json(make_report(tokens)))
    assert all(line.isascii() and line.isprintable() for line in text.split("\n"))
    assert complaints(json.loads(text)) == []


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_hostile_names_stay_data(name: str) -> None:
    """A name in UTF-8 is given as it is; one that is not is escaped, with the exact bytes beside it."""
    (file,) = document_of(make_report({name: 1}))["files"]
    assert _raw_path(file) == os.fsencode(name)
    assert ("path_base64" in file) == (not _is_utf8(name))
    assert "\udcff" not in file["path"]


def test_numbers_are_not_rounded() -> None:
    """Shares are given in full; only people need them short."""
    first = document_of(make_report({"a": 1, "b": 2}))["files"][0]
    assert first["percent_of_total"] == 100 / 3


COMPARED = {"kind": "revision", "name": "origin/main", "total": {"tokens": 9, "files": 1}}
CHANGE = {"path": "a.py", "kind": "grown", "base_tokens": 1, "tokens": 3, "delta_tokens": 2}
RULE = {
    "name": "api",
    "scope": "growth",
    "limit": 10,
    "warn": 9,
    "value": -2,
    "base_value": 100,
    "percent": -20.0,
    "status": "ok",
    "owner": None,
    "files_over": [],
}

BREAKS: dict[str, Callable[[dict[str, Any]], object]] = {
    "another schema": lambda doc: doc.update(schema=2),
    "an unknown key": lambda doc: doc.update(date="today"),
    "no total": lambda doc: doc.pop("total"),
    "no rules": lambda doc: doc.pop("rules"),
    "an unknown encoding": lambda doc: doc.update(encoding="p50k_base"),
    "a negative count": lambda doc: doc["total"].update(tokens=-1),
    "a broken count": lambda doc: doc["files"][0].update(tokens=1.5),
    "a count that is text": lambda doc: doc["files"][0].update(tokens="1"),
    "an unknown key in a file": lambda doc: doc["files"][0].update(lines=3),
    "a file without type": lambda doc: doc["files"][0].pop("type"),
    "a share over 100": lambda doc: doc["directories"][0].update(percent_of_total=100.5),
    "no directory at all": lambda doc: doc.update(directories=[]),
    "an unknown reason": lambda doc: doc["skipped"][0].update(reason="boring"),
    "a revision of a work tree": lambda doc: doc["source"].update(revision="HEAD"),
    "base64 that is none": lambda doc: doc["files"][0].update(path_base64="?"),
    "growth without what was before": lambda doc: doc["total"].update(delta_tokens=1),
    "changes to nothing": lambda doc: doc.update(changes=[CHANGE]),
    "a rule without a limit": lambda doc: doc.update(rules=[{key: RULE[key] for key in RULE if key != "limit"}]),
    "a move from nowhere": lambda doc: doc.update(compared_with=COMPARED, changes=[CHANGE | {"kind": "moved"}]),
    "a list instead of a document": lambda doc: doc.update(total=[]),
}


@pytest.mark.parametrize("what", BREAKS)
def test_the_schema_refuses(what: str) -> None:
    """A document that is broken in one place does not validate."""
    document = document_of(make_report(SAMPLE, SKIPPED))
    assert complaints(document) == []
    BREAKS[what](document)
    assert complaints(document) != []


def test_the_schema_knows_growth_and_budgets() -> None:
    """A document with everything that can be compared and judged validates."""
    document = copy.deepcopy(document_of(make_report(SAMPLE, SKIPPED)))
    growth = {"base_tokens": 1, "delta_tokens": -1}
    for item in (document["total"], *document["directories"], *document["types"], *document["files"]):
        item.update(growth)
    moved = CHANGE | {"kind": "moved", "from": "b.py"}
    over = {"path": "a\\xff", "path_base64": base64.b64encode(b"a\xff").decode(), "tokens": 11}
    judged = RULE | {"scope": "file", "status": "fail", "owner": "@team", "files_over": [over], "percent": 110.0}
    document.update(compared_with=COMPARED, changes=[CHANGE, moved], rules=[RULE, judged], files_over_budget=1)
    document["source"] = {"kind": "revision", "revision": "v1.0"}
    assert complaints(document) == []


def _raw_path(item: dict[str, Any]) -> bytes:
    exact: str | None = item.get("path_base64")
    path: str = item["path"]
    return base64.b64decode(exact) if exact is not None else path.encode()


def _is_utf8(name: str) -> bool:
    return not any("\udc80" <= char <= "\udcff" for char in name)
