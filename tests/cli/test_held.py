"""A context that is too long for a terminal is not printed there, and goes anywhere else as ever."""

import io
import os
import re
from pathlib import Path

import pytest

from loopflow.cli import held
from loopflow.cli.code_context import code_context
from loopflow.console.command import run_command
from loopflow.console.streams import OutputStream, Streams
from loopflow.tokens.encodings import VOCABULARY_DIGESTS
from loopflow.tokens.vocabulary import load_ranks
from tests.support.builder import Repo
from tests.support.charts import words
from tests.support.run import Result, environment, run, run_process
from tests.support.screen import run_in_terminal

ERROR = (
    "code-context: error: this context has more than 50,000 tokens, and standard output is a terminal; "
    "write it with -o FILE, copy it with --copy, shorten it with --fit N, or add | less\n"
)


@pytest.fixture(autouse=True)
def shared_counts(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the counts of all tests in one place: all of them count the same texts."""
    monkeypatch.setenv("LOOPFLOW_CACHE_DIR", str(tmp_path_factory.getbasetemp() / "counts"))


@pytest.fixture
def large(repo: Repo) -> Repo:
    """Return a repository of 60,000 tokens in six files, each of which a terminal may show."""
    return repo.track({f"{name}.txt": words(10_000) for name in "abcdef"})


class Terminal(OutputStream):
    """A stream that says that a person looks at it."""

    def is_terminal(self) -> bool:
        """Say so."""
        return True


def show(*arguments: str, cwd: Path) -> Result:
    """Call the command with a terminal for its standard output."""
    out, err = io.BytesIO(), io.BytesIO()
    stdout, stderr = Terminal(io.TextIOWrapper(out, "utf-8")), OutputStream(io.TextIOWrapper(err, "utf-8"))
    code = run_command(code_context, arguments, Streams(io.StringIO(), stdout, stderr), environment(), os.fspath(cwd))
    for stream in (stdout, stderr):
        stream.flush()
    return Result(code, out.getvalue().decode(), err.getvalue().decode())


def watch(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return where the length of each piece will be noted that is held back."""
    lengths: list[int] = []
    keep = held.HeldOutput.write

    def write(output: held.HeldOutput, text: str) -> None:
        lengths.append(len(text))
        keep(output, text)

    monkeypatch.setattr(held.HeldOutput, "write", write)
    return lengths


@pytest.mark.parametrize("options", [(), ("--raw",), ("-q",), ("--staged",), ("--no-cache",), ("--readmes", ".")])
def test_what_is_too_long_is_not_printed(options: tuple[str, ...], large: Repo) -> None:
    """Nothing is printed but one line that says what to do, whatever the form and the source."""
    for _ in range(2):  # counted, and known
        assert run_in_terminal(*options, cwd=large.root) == Result(2, "", ERROR)


def test_what_fits_is_printed_as_ever(large: Repo) -> None:
    """Up to the limit, a terminal shows what a pipe gets."""
    assert run_in_terminal("a.txt", "b.txt", "c.txt", cwd=large.root) == run("a.txt", "b.txt", "c.txt", cwd=large.root)


def test_what_is_no_terminal_gets_all_of_it(large: Repo, tmp_path: Path) -> None:
    """Pipes and files are not held back."""
    printed = run(cwd=large.root)
    assert printed.code == 0
    assert run_process(cwd=large.root) == printed
    assert run_in_terminal("-o", str(tmp_path / "out"), cwd=large.root) == Result(0, "", printed.err)
    assert (tmp_path / "out").read_text() == printed.out


@pytest.mark.parametrize("options", [("-o", "-"), ("--fit", "60k", "--keep", "*"), ("--show-config",)])
def test_what_is_asked_for_in_so_many_words(options: tuple[str, ...], large: Repo) -> None:
    """Who names standard output, or how much it may be, gets it; and what is no context is not long."""
    shown = run_in_terminal(*options, cwd=large.root)
    assert (shown.code, shown.out) == (0, run(*options, cwd=large.root).out)


def test_a_profile_is_never_too_long(large: Repo) -> None:
    """It is about as many tokens, and prints none of them."""
    assert "60,000" in run_in_terminal("--profile", cwd=large.root).out


def test_the_clipboard_takes_all_of_it(large: Repo) -> None:
    """--copy is told that there is no clipboard, and not that there is a terminal."""
    assert "there is no clipboard" in show("--copy", cwd=large.root).err


@pytest.mark.parametrize("options", [(), ("--raw",)])
def test_the_limit_is_that_of_all_that_is_printed(
    options: tuple[str, ...], repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exactly so many tokens are shown, with what stands around the files; with one fewer, nothing is."""
    repo.track({"a.txt": words(20), "b.txt": words(30), "empty": ""})
    printed = run(*options, cwd=repo.root)
    found = re.search(r"(\d+) tokens \+ (\d+) around", printed.err)
    assert found
    tokens = sum(map(int, found.groups()))
    monkeypatch.setattr(held, "MOST_ON_A_TERMINAL", tokens)
    assert show(*options, cwd=repo.root) == printed
    monkeypatch.setattr(held, "MOST_ON_A_TERMINAL", tokens - 1)
    refused = show(*options, cwd=repo.root)
    assert (refused.code, refused.out) == (2, "")
    assert f"more than {tokens - 1:,} tokens" in refused.err


def test_no_more_is_read_than_it_takes_to_know(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    """What comes after the limit is not waited for: here, a file that has vanished would be said to be missing."""
    repo.track({f"{number:04}.txt": words(100, f"w{number}") for number in range(2_000)})
    (repo.root / "1999.txt").unlink()
    monkeypatch.setattr(held, "MOST_ON_A_TERMINAL", 500)
    written = watch(monkeypatch)
    assert show("-v", "--jobs", "1", cwd=repo.root).code == 2
    assert len(written) < 100


def test_a_large_file_is_not_held_whole(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a file that is read in pieces, no more are held than can have few enough tokens."""
    repo.track({"large.txt": "word\n" * 4_000_000})
    pieces = watch(monkeypatch)
    result = show(cwd=repo.root)
    assert (result.code, result.out, result.err) == (2, "", ERROR)
    assert sum(pieces) < 10_000_000


@pytest.mark.parametrize("encoding", VOCABULARY_DIGESTS)
def test_no_token_is_longer_than_is_assumed(encoding: str) -> None:
    """Else a text could be refused that has few enough tokens."""
    assert max(map(len, load_ranks(encoding))) <= held.LONGEST_TOKEN


def test_a_run_that_fails_prints_nothing(large: Repo) -> None:
    """A context that breaks off before it is known how long it is has not begun."""
    blob = large.git("hash-object", "b.txt").decode().strip()
    large.commit()
    (large.root / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    result = show("--rev", "HEAD", "a.txt", "b.txt", "--no-cache", cwd=large.root)
    assert (result.code, result.out) == (2, "")
