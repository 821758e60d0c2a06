"""A digest as JSON: what the published schema says, whatever the log, and the same as the text."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from loopflow.cli.main import loopflow
from loopflow.tokens import create_counter
from tests.support.run import Result, run
from tests.support.schema import complaints

TRACE = b"""Traceback (most recent call last):
  File "/srv/app.py", line 3, in <module>
    raise ValueError("marzipan")
ValueError: marzipan
"""
NOISE = b"".join(b"GET /items/%d took %d ms\n" % (at, at % 7) for at in range(4_000))
LOG = NOISE + TRACE + NOISE + b"src/a.c:3:1: warning: rutabaga [-Wall]\n" + TRACE


def reduce(*arguments: str, here: Path, logs: Sequence[bytes] = (LOG,)) -> Result:
    """Reduce logs, which are 0.log and so on."""
    names = [f"{at}.log" for at in range(len(logs))]
    for name, log in zip(names, logs, strict=True):
        (here / name).write_bytes(log)
    env = {"LOOPFLOW_DATA_DIR": str(here / "data")}
    return run("logs", *names, "--format", "json", *arguments, cwd=here, env=env, command=loopflow)


def document(*arguments: str, here: Path, logs: Sequence[bytes] = (LOG,)) -> dict[str, Any]:
    """Return what is printed, and hold it against the schema."""
    found = reduce(*arguments, here=here, logs=logs).json
    assert complaints(found, "logs") == []
    return found


@pytest.mark.parametrize(
    ("logs", "options"),
    [
        ([LOG], ["--fit", "600"]),
        ([LOG], ["--fit", "600", "--token-buffer", "100", "--timestamps", "keep"]),
        ([LOG], ["--fit", "150"]),
        ([LOG], ["--fit", "600", "--priority-filter", "high"]),
        ([LOG], ["--fit", "600", "--no-count-input"]),
        ([LOG], ["--fit", "600", "--no-store"]),
        ([LOG, LOG, b"one\n"], ["--fit", "900"]),
        ([TRACE], []),
        ([b""], []),
        ([b"no end"], []),
        ([b"\xff\xfe\xfd\n" * 9], []),
        ([b"##[error]Process completed with exit code 1.\n" * 3], []),
        ([b'{"level":"error","service":"api","msg":"gone %d"}\n' % at for at in range(3)], []),
        ([b'{"level":"error","service":"api","msg":"gone"}\n' * 3_000], ["--fit", "300"]),
    ],
)
def test_the_schema_describes_what_is_printed(logs: Sequence[bytes], options: Sequence[str], tmp_path: Path) -> None:
    """A digest and a whole log, one and several, counted and not, empty and hostile."""
    document(*options, here=tmp_path, logs=logs)


def test_the_schema_is_closed(tmp_path: Path) -> None:
    """So that the test before can fail: nothing may be there that it does not know, and nothing may lack."""
    found = document("--fit", "600", here=tmp_path)
    places = [found, *(found[key] for key in ["budget", "tokens"])]
    places += [found[key][0] for key in ["sources", "priorities", "components", "errors", "templates"]]
    for place in places:
        place["more"] = 1
        assert complaints(found, "logs") != []
        del place["more"]
        for key, value in [*place.items()]:
            del place[key]
            assert complaints(found, "logs") != [], key
            place[key] = value
    assert complaints(found, "logs") == []


def test_the_text_is_that_of_the_other_format(tmp_path: Path) -> None:
    """To the byte, and its tokens are those that are named."""
    found = document("--fit", "600", "--no-store", here=tmp_path)
    env = {"LOOPFLOW_DATA_DIR": str(tmp_path / "data")}
    text = run("logs", "0.log", "--fit", "600", "--no-store", cwd=tmp_path, env=env, command=loopflow).out
    assert found["text"] == text
    assert found["tokens"]["after"] == create_counter("o200k_base").count([text])[0] <= 600
    assert text.startswith(found["head"] + "\n")


def test_the_numbers_are_those_of_the_log(tmp_path: Path) -> None:
    """Tokens before, what was saved, and what is said of the file."""
    found = document("--fit", "600", here=tmp_path)
    before, after = create_counter("o200k_base").count([LOG.decode()])[0], found["tokens"]["after"]
    share = round(100 - 100 * after / before, 1)
    assert found["tokens"] == {"before": before, "after": after, "saved": before - after, "percent": share}
    assert found["sources"] == [
        {
            "name": "0.log",
            "bytes": len(LOG),
            "lines": LOG.count(b"\n"),
            "sha256": hashlib.sha256(LOG).hexdigest(),
            "lossy": False,
            "envelope": None,
            "complete": True,
        }
    ]
    assert found["budget"] == {"fit": 600, "buffer": 0}


def test_an_error_says_where_it_happened(tmp_path: Path) -> None:
    """Its ranges are lines of the log, and its bytes are those of these lines."""
    [error] = [each for each in document("--fit", "600", here=tmp_path)["errors"] if each["kind"] == "ValueError"]
    lines = LOG.split(b"\n")
    assert (error["count"], error["priority"], error["file"]) == (2, "critical", 0)
    assert error["headline"] == "ValueError: marzipan"
    for (first, last), (start, end) in zip(error["ranges"], error["bytes"], strict=True):
        assert b"\n".join(lines[first - 1 : last]) == LOG[start:end].removesuffix(b"\n") == TRACE.removesuffix(b"\n")


def test_occurrences_that_differ_in_their_place_are_told(tmp_path: Path) -> None:
    """What equal failures have apart is listed, with the first line of each."""
    log = b"".join(b"src/a.c:%d:1: error: no rutabaga\nwent on\nand on\nand on\nand on\n" % at for at in [3, 70, 500])
    [error] = document(here=tmp_path, logs=[log])["errors"]
    assert (error["count"], error["places"]) == (3, ["L6 src/a.c:70", "L11 src/a.c:500"])


def test_shapes_add_up(tmp_path: Path) -> None:
    """Of each priority, the most important first: what is kept has one shape each."""
    found = document("--fit", "600", here=tmp_path)
    assert [each["priority"] for each in found["priorities"]] == ["critical", "high", "medium", "low", "verbose"]
    for each in found["priorities"]:
        assert each["full"] + each["trimmed"] + each["line"] + each["row"] == each["kept"] <= each["found"]


def test_a_whole_log_has_no_tables(tmp_path: Path) -> None:
    """What fits is there as it is; its failures are still listed."""
    found = document(here=tmp_path, logs=[TRACE])
    assert (found["whole"], found["text"], found["components"], found["templates"]) == (True, TRACE.decode(), [], [])
    assert [each["shape"] for each in found["errors"]] == ["full"]


def test_what_was_not_counted_is_null(tmp_path: Path) -> None:
    """And so is what would be computed from it."""
    tokens = document("--fit", "600", "--no-count-input", here=tmp_path)["tokens"]
    assert (tokens["before"], tokens["saved"], tokens["percent"]) == (None, None, None)


def test_known_failures_have_a_day(tmp_path: Path) -> None:
    """A failure that an earlier run had says since when, though the text does not."""
    first = document("--fit", "600", here=tmp_path)
    second = document("--fit", "600", here=tmp_path)
    assert {each["known_since"] for each in first["errors"]} == {None}
    assert all(len(each["known_since"]) == 10 for each in second["errors"])
    assert first["text"] == second["text"]


def test_no_command_of_a_runner_is_printed(tmp_path: Path) -> None:
    """In a job of GitHub's, `##[` acts wherever it stands: it is escaped, and read back as it was."""
    result = reduce(here=tmp_path, logs=[b"##[error]it failed\n", "\u202e é\n".encode()])
    assert "##[" not in result.out
    assert result.out.isascii()
    assert "##[error]it failed" in result.json["text"]
