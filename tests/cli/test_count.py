"""The command `loopflow count`: inputs, forms, limits, streams, and how it ends."""

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopflow.cli.count import count as command
from loopflow.cli.count_fit import cut
from loopflow.tokens import count, create_counter, encode
from loopflow.tokens.encodings import VOCABULARY_DIGESTS
from tests.support.builder import Repo
from tests.support.oracle import count_text
from tests.support.run import Result, environment, run
from tests.support.schema import complaints

PROGRAM = (sys.executable, "-c", "from loopflow.cli.main import main; main()")
QUOTED = shlex.join(PROGRAM)


def call(here: Path, *arguments: str, stdin: bytes = b"") -> Result:
    """Call the command."""
    return run(*arguments, cwd=here, stdin=stdin, command=command)


@pytest.mark.parametrize("encoding", VOCABULARY_DIGESTS)
@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello world",
        "<|endoftext|>",
        "a\0b",
        "a" * 10_000,
        "caf\u00e9 \U0001f600 \ufffd\n\n  x",
        "\r\n" * 99,
        " " * 9_999,
    ],
)
def test_a_pipe_is_one_number(tmp_path: Path, text: str, encoding: str) -> None:
    """What tiktoken counts, special tokens' names as text, for both encodings."""
    result = call(tmp_path, "--encoding", encoding, stdin=text.encode())
    assert result == Result(0, f"{count_text(text, encoding)}\n", "")


def test_a_long_pipe_is_counted_as_it_comes(tmp_path: Path) -> None:
    """Above the size of a piece the pieces add up, and bytes that are no UTF-8 are said."""
    text = "".join(f"def f{number}():\n    return '\u00e9'\n\n" for number in range(40_000))
    assert call(tmp_path, "-", stdin=text.encode()).out == f"{count(text)}\n"
    broken = call(tmp_path, "-", stdin=text.encode()[:-3] + b"\xff\n")
    assert (broken.code, broken.err) == (0, "count: standard input is not all UTF-8; what is not counts as U+FFFD\n")


def test_several_inputs_are_a_line_each_and_a_total(tmp_path: Path) -> None:
    """Files, standard input and texts, in the order in which they are named."""
    (tmp_path / "a.md").write_text("hello world")
    (tmp_path / "b\n.md").write_text("hello " * 1_000)
    result = call(tmp_path, "a.md", "-", "b\n.md", "--text", "hello", stdin=b"x y z")
    assert (result.code, result.err) == (0, "")
    assert result.out.splitlines() == [
        "    2  a.md",
        "    3  standard input",
        "1,001  b\\n.md",
        "    1  text 1",
        "1,007  total",
    ]


def test_ids(tmp_path: Path) -> None:
    """Those of the reference, a line for each input."""
    result = call(tmp_path, "--ids", "--text", "hello world", "--text", "x")
    assert result == Result(0, f"24912 2375\n{encode('x')[0]}\n", "")


def test_what_fails_stops_nothing_else(tmp_path: Path) -> None:
    """Each has a line on standard error; the total is marked, and the exit is 2."""
    (tmp_path / "a").write_text("hello world")
    (tmp_path / "d").mkdir()
    result = call(tmp_path, "missing", "a", "d")
    assert result.code == 2
    assert result.out == "2  a\n2  total, incomplete\n"
    assert result.err.splitlines() == [
        "count: error: missing: no such file or directory",
        "count: error: d: it is a directory; loopflow code --profile d counts what it holds",
        "count: warning: 2 tokens is not all: something could not be counted",
    ]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(("--budget", "2", "--check"), 0), (("--budget", "1", "--check"), 1), (("--budget", "1"), 0)],
)
def test_a_budget(tmp_path: Path, arguments: tuple[str, ...], code: int) -> None:
    """It cuts nothing; --check exits with 1 above it, and not at it."""
    result = call(tmp_path, *arguments, stdin=b"hello world")
    assert (result.code, result.out) == (code, "2\n")
    assert ("1 more than the budget of 1" in result.err) == ("1" in arguments)


def test_references_are_text_until_they_are_to_be_resolved(repo: Repo) -> None:
    """With --resolve, a marker counts 0 and what it refers to counts, as often as it occurs."""
    repo.write("a.txt", "one two three")
    text = "x @[file:a.txt] @[file:a.txt] @[var:v]"
    assert call(repo.root, "--text", text).out == f"{count(text)}\n"
    result = call(repo.root, "--text", text, "--resolve", "--var", "v=@[file:a.txt]", "--format", "json")
    assert complaints(result.json, "count") == []
    content = sum(count(each) for each in ("x ", " ", " "))
    references = 2 * count("one two three") + count("@[file:a.txt]")
    assert result.json["total"] == {"tokens": content + references, "content": content, "references": references}
    assert [each["tokens"] for each in result.json["references"]] == [3, 3, count("@[file:a.txt]")]


def test_a_reference_is_an_input(repo: Repo) -> None:
    """A file, lines of it, a directory; what is not there is an error, and the others are counted."""
    repo.write("src/a.py", "one\ntwo\n")
    repo.write("src/b.py", "three\n")
    repo.write(".env", "SECRET=1\n")
    repo.git("add", "-A", "--force")
    result = call(repo.root, "@[file:src/a.py]", "@[file:src/a.py#L2]", "@[file:src]", "@[file:.env]", "@[var:x]")
    assert result.code == 2
    one, two, all_ = count("one\ntwo\n"), count("two\n"), count("one\ntwo\n") + count("three\n")
    numbers = [line.split()[0] for line in result.out.splitlines()]
    assert numbers == [str(each) for each in (one, two, all_, 0, 0, one + two + all_)]
    assert "@[file:.env]: .env may not be read" in result.err
    assert "the variable x has no value" in result.err


def test_json(tmp_path: Path) -> None:
    """The published schema says what it is."""
    (tmp_path / "a").write_text("hello world")
    result = call(tmp_path, "a", "missing", "--format", "json", "--ids", "--budget", "1")
    document = result.json
    assert complaints(document, "count") == []
    assert document["inputs"] == [
        {"name": "a", "tokens": 2, "bytes": 11, "lossy": False, "ids": [24912, 2375]},
        {"name": "missing", "tokens": 0, "bytes": 0, "lossy": False, "error": "no such file or directory"},
    ]
    assert (document["complete"], document["budget"]) == (False, {"limit": 1, "value": 2, "status": "over"})


@pytest.mark.parametrize(("fit", "kept"), [("1k", "hello world\n"), ("2", "hello world"), ("1", "hello")])
def test_fit_prints_the_beginning(tmp_path: Path, fit: str, kept: str) -> None:
    """And says what was left out; with --check, that exits with 1."""
    result = call(tmp_path, "--fit", fit, "--check", stdin=b"hello world\n")
    assert (result.out, result.code) == (kept, int(fit != "1k"))
    assert (result.err != "") == (fit != "1k")


@settings(max_examples=5)  # the reference is loaded for each
@given(st.text(max_size=60), st.integers(1, 20), st.sampled_from(list(VOCABULARY_DIGESTS)))
def test_what_fits_has_at_most_so_many_tokens(text: str, fit: int, encoding: str) -> None:
    """It is a beginning of the text, in whole characters, and its count is what is said of it."""
    kept = cut(text, fit, encoding, create_counter(encoding))
    assert text.startswith(kept.text)
    assert kept.tokens == count(kept.text, encoding) <= fit


def test_what_fits_of_a_long_text_is_found_piece_by_piece() -> None:
    """Past the first cut, the number is exact."""
    text = "".join(f"line number {number}\n" for number in range(60_000))
    kept = cut(text, 150_000, "o200k_base", create_counter("o200k_base"))
    assert text.startswith(kept.text)
    assert 149_990 < count(kept.text) == kept.tokens <= 150_000


@pytest.mark.parametrize(
    "arguments",
    [
        *(("--check",), ("-", "-"), ("--fit", "0"), ("--fit", "x"), ("--fit", "9", "--ids"), ("--budget", "-1")),
        *(("--fit", "9", "a", "b"), ("--fit", "9", "missing"), ("--encoding", "gpt2"), ("--var", "x", "@[var:x]")),
        *(("--ids", "@[file:a]"), ("--root", "missing", "@[file:a]"), ("--format", "xml"), ("--nonsense",)),
        *(("--config", "missing"), ("--fit", "9", "--format", "json"), ("--fit", "9", "@[file:a]")),
    ],
)
def test_a_wrong_command_line_is_one_line(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """Exit 2, nothing on standard output, and what to do."""
    result = call(tmp_path, *arguments)
    assert (result.code, result.out, result.err.count("\n")) == (2, "", 1)
    assert "; " in result.err


def test_the_config_says_which_encoding_and_what_is_denied(repo: Repo) -> None:
    """The command line goes before it; a config that lies in a repository may not lift what is denied."""
    repo.write("loopflow.toml", 'encoding = "cl100k_base"\n[service]\ndeny = ["a"]\n[service.variables]\nv = "x y"\n')
    repo.write("a", "a\n")
    text = "\u0442\u0435\u0441\u0442 \u0442\u0435\u0441\u0442"
    assert call(repo.root, "--text", text).out == f"{count(text, 'cl100k_base')}\n"
    assert call(repo.root, "--text", text, "--encoding", "o200k_base").out == f"{count(text)}\n"
    assert call(repo.root, "@[var:v]").out == "2\n"
    assert call(repo.root, "@[file:a]").code == 2
    repo.write("loopflow.toml", '[service]\ndeny = ["!.env*"]\n')
    refused = call(repo.root, "@[file:a]")
    assert (refused.code, refused.out) == (2, "")
    assert "loopflow.toml:2: service.deny: a config that lies in a repository may not lift" in refused.err
    assert call(repo.root, "@[file:a]", "--config", "loopflow.toml").code == 0


def test_a_pipe_without_a_reader_is_no_error(tmp_path: Path) -> None:
    """As for any program of a pipeline."""
    (tmp_path / "big").write_text("hello world\n" * 200_000)
    command = f"{QUOTED} count big --fit 1M | head -c 9; "
    done = subprocess.run(
        ["bash", "-c", f"{command} echo; echo ${{PIPESTATUS[0]}}"],
        cwd=tmp_path, capture_output=True, text=True, check=True, env=environment(),
    )  # fmt: skip
    assert (done.stdout.split("\n")[-2], done.stderr) == ("0", "")


def test_it_imports_nothing_heavy(tmp_path: Path) -> None:
    """No library of the service, no event loop, no tiktoken: a small text needs a table."""
    listing = "import atexit, json, sys; atexit.register(lambda: print(json.dumps([*sys.modules]), file=sys.stderr))\n"
    program = [sys.executable, "-c", f"{listing}from loopflow.cli.main import main; main()", "count", "--text", "hello"]
    done = subprocess.run(program, cwd=tmp_path, capture_output=True, text=True, check=True, env=environment())
    loaded = set(json.loads(done.stderr))
    heavy = {"sqlalchemy", "starlette", "uvicorn", "msgspec", "asyncio", "tiktoken", "toktok", "httpcore2", "tenacity"}
    assert (done.stdout, loaded & heavy) == ("1\n", set())


def test_a_named_pipe_is_read(tmp_path: Path) -> None:
    """As a shell makes them of <(command)."""
    command = f"{QUOTED} count <(printf 'hello world')"
    done = subprocess.run(
        ["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=True, env=environment()
    )
    assert done.stdout == "2\n"
    assert os.path.isdir(tmp_path)
