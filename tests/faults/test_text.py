"""Texts that are hard to read or to count: whatever a file holds, its count is exact, or it is said that there is none.

what a file holds                         what happens
----------------------------------------  ----------------------------------------------------------------
names of special tokens                   they are ordinary text
a million blanks                          counted by toktok; with the others `uncounted`, and the run incomplete
a megabyte of one character, of letters   counted to the token
bytes that are not UTF-8                  U+FFFD for them, in what is printed as in what is counted
UTF-16                                    binary, as it is to git
more than memory should hold              read in pieces, or left after the first bytes if it is binary
a vocabulary that is cut short, changed   an error with the digest that it should have; nothing is fetched
more than the process may have of memory  an error that says so, and no number
"""

import hashlib
import importlib.util
import lzma
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import loopflow
from loopflow.tokens.choice import ENGINES as NAMES
from loopflow.tokens.encodings import VOCABULARY_DIGESTS
from tests.support.builder import Repo
from tests.support.memory import MEGABYTE, peak_of, run_within
from tests.support.oracle import count_text
from tests.support.run import Result, python, run, run_process

ENGINES = [
    pytest.param(
        name,
        marks=pytest.mark.skipif(
            name == "toktok" and not importlib.util.find_spec(name), reason=f"{name} is not installed"
        ),
    )
    for name in NAMES
]
NO_MEMORY = (
    "code-context: error: there is not enough memory, or the process may not have more of it;"
    " raise its limit (ulimit -v), use --jobs 1, or name fewer paths\n"
)


def tokens_of(result: Result) -> dict[str, int]:
    """Return what each file costs, by a run that must have succeeded without a word."""
    assert (result.code, result.err) == (0, "")
    return {file["path"]: file["tokens"] for file in result.json["files"]}


def drawn(letters: str, length: int) -> str:
    """Return a text that looks drawn by chance from `letters`, two, four, eight or sixteen of them."""
    table = bytes(ord(letters[byte % len(letters)]) for byte in range(256))
    return hashlib.shake_128(letters.encode()).digest(length).translate(table).decode()


@pytest.mark.parametrize("engine", ENGINES)
def test_names_of_special_tokens_are_ordinary_text(repo: Repo, engine: str) -> None:
    """A file may name special tokens: each engine counts the letters, and neither fails nor takes them for tokens."""
    texts = {
        "end.txt": "<|endoftext|>",
        "fill.py": "'<|fim_prefix|>' + '<|fim_suffix|><|fim_middle|>'\n",
        "prompt.md": "<|endofprompt|> and <|im_start|>system<|im_sep|>",
    }
    found = tokens_of(run("--profile", "--format", "json", cwd=repo.track(texts).root, env={"LOOPFLOW_ENGINE": engine}))
    assert found == {path: count_text(text, "o200k_base") for path, text in texts.items()}
    assert found["end.txt"] == 7


@pytest.mark.parametrize("engine", ENGINES)
def test_a_million_blanks_are_counted_or_said_to_be_uncounted(repo: Repo, engine: str) -> None:
    """An engine counts them, or the file is listed as uncounted: then nothing is judged, and no baseline is saved."""
    repo.track({"blank.txt": " " * 1_000_000, "a.py": "x = 1\n"}).commit()
    env = {"LOOPFLOW_ENGINE": engine}
    shown = run("--profile", "--format", "json", cwd=repo.root, env=env)
    if engine == "toktok":
        assert tokens_of(shown) == {"a.py": 5, "blank.txt": 7_813}
        return
    [skipped] = shown.json["skipped"]
    why = "more than 999,998 blanks in a row, which tiktoken cannot count"
    assert (shown.code, shown.json["complete"], shown.json["total"]["tokens"]) == (0, False, 5)
    assert (skipped["path"], skipped["reason"]) == ("blank.txt", "uncounted")
    assert shown.err.startswith(f"code-context: warning: incomplete, 1 file could not be counted: blank.txt ({why})")
    for options in (("--check",), ("--check", "--staged"), ("--save-baseline",)):
        refused = run("--profile", *options, cwd=repo.root, env=env)
        message = f"code-context: error: {options[0]} needs every count, and blank.txt ({why}) could not be counted;"
        assert (refused.code, refused.out, refused.err[: len(message)]) == (2, "", message)
    assert sorted(os.listdir(repo.root)) == [".git", "a.py", "blank.txt"]


# What tiktoken's own `encode_ordinary` says, with o200k_base.
MEGABYTES = {
    "a": ("a" * 1_000_000, 125_000),
    "line-feed": ("\n" * 1_000_000, 62_500),
    "nul": ("a" * 8_000 + "\0" * 1_000_000, 501_000),
    "emoji": ("\U0001f600" * 250_000, 250_000),
    "accent": ("\u0301" * 500_000, 500_000),
    "letters": (drawn("abcdefghijklmnop", 1_000_000), 488_763),
    "acgt": (drawn("acgt", 1_000_000), 470_639),
}


def test_a_megabyte_of_anything_is_counted_to_the_token(repo: Repo) -> None:
    """Texts for which counting is slow or goes wrong elsewhere have the count that tiktoken gives them."""
    repo.track({name: text for name, (text, _) in MEGABYTES.items()})
    found = run("--profile", "--staged", "--format", "json", cwd=repo.root)
    assert tokens_of(found) == {name: tokens for name, (_, tokens) in MEGABYTES.items()}


NOT_UTF_8 = {
    "bom-of-utf-16.txt": b"\xff\xfe",
    "surrogate.txt": b"half of a pair: \xed\xa0\x80\n",
    "latin-1.txt": "déjà vu\n".encode("latin-1"),
    "cut.txt": "日本".encode()[:-1],
    "overlong.txt": b"\xc0\xaf/etc",
}


def test_bytes_that_are_not_utf_8_become_replacement_characters(repo: Repo) -> None:
    """They are printed as U+FFFD and counted as that, from disk, index and commit; the size stays that of the bytes."""
    repo.track(NOT_UTF_8).commit()
    texts = {path: data.decode("utf-8", "replace") for path, data in NOT_UTF_8.items()}
    assert all("\ufffd" in text for text in texts.values())
    found = run("--profile", "--format", "json", cwd=repo.root)
    assert tokens_of(found) == {path: count_text(text, "o200k_base") for path, text in texts.items()}
    assert {file["path"]: file["bytes"] for file in found.json["files"]} == {
        path: len(data) for path, data in NOT_UTF_8.items()
    }
    for source in ((), ("--staged",), ("--rev", "HEAD")):
        printed = run("--raw", *source, cwd=repo.root)
        assert all(f"{path}\n---\n{text}" in printed.out for path, text in texts.items())
        assert f" {found.json['total']['tokens']} tokens" in printed.err


def test_utf_16_is_binary(repo: Repo) -> None:
    """What git takes for binary is not counted, and the reason says so."""
    encodings = ("utf-16", "utf-16-be", "utf-32")
    repo.track({encoding: "wide text\n".encode(encoding) for encoding in encodings})
    found = run("--profile", "--format", "json", cwd=repo.root).json
    assert found["skipped"] == [{"path": encoding, "reason": "binary"} for encoding in encodings]


LINE = "def function(argument: str) -> int:  # 12345\n"
LARGE = 60 * MEGABYTE
ALLOWED = 48 * MEGABYTE  # well below what holding the text once would take


@pytest.fixture(scope="module")
def small_peak(isolated_session: None, tmp_path_factory: pytest.TempPathFactory) -> int:  # noqa: ARG001
    """Return what a run takes that streams a text of three pieces."""
    repo = Repo(tmp_path_factory.mktemp("small") / "repo").track({"text.py": LINE * (9 * MEGABYTE // len(LINE))})
    return max(peak_of("--profile", *source, cwd=repo.root)[0] for source in ((), ("--staged",)))


@pytest.mark.long
@pytest.mark.parametrize("source", ["worktree", "index"])
def test_a_large_text_is_streamed(repo: Repo, small_peak: int, source: str) -> None:
    """A text of 60 MB takes little more memory than one of 9 MB, and costs what its parts cost."""
    lines = LARGE // len(LINE)
    repo.track({"text.py": LINE * lines})
    options = ("--staged",) if source == "index" else ()
    peak, printed = peak_of("--profile", *options, cwd=repo.root)
    assert f"{count_text(LINE, 'o200k_base') * lines:,} tokens" in printed
    assert peak - small_peak < ALLOWED


@pytest.mark.long
def test_a_large_binary_is_left_after_its_first_bytes(repo: Repo, small_peak: int) -> None:
    """A file of 1.5 GB of zeros on disk, and a blob of 150 MB of them, are binary, and neither is held in memory."""
    repo.track({"zeros.bin": b"\0" * 150 * MEGABYTE})
    with (repo.root / "zeros.bin").open("r+b") as file:
        file.truncate(1_500 * MEGABYTE)
    for options in ((), ("--staged",)):
        peak, printed = peak_of("--profile", *options, cwd=repo.root)
        assert "zeros.bin" in printed
        assert "Total: 0 tokens in 0 files" in printed
        assert peak - small_peak < ALLOWED


@pytest.mark.long
def test_too_little_memory_is_said_to_be_that(repo: Repo) -> None:
    """Within a limit a run counts right, or it ends with 2, says that memory is short, and prints no number."""
    repo.track({f"{number}.py": LINE * 30_000 + f"# {number}\n" for number in range(6)})
    enough = run("--profile", cwd=repo.root)
    ends = {}
    for megabytes in (60, 120, 180, 240, 2_000):
        result = run_within(megabytes * MEGABYTE, "--profile", "--no-cache", cwd=repo.root)
        assert result in {enough, Result(2, "", NO_MEMORY)}, megabytes
        ends[megabytes] = result.code
    assert (ends[60], ends[2_000]) == (2, 0)


@pytest.fixture(scope="module")
def copied_package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a directory with a copy of the package, whose vocabularies may be spoiled."""
    directory = tmp_path_factory.mktemp("copy")
    shutil.copytree(Path(loopflow.__file__).parent, directory / "loopflow")
    return directory


@pytest.fixture
def vocabulary(copied_package: Path) -> Iterator[Path]:
    """Return the path of a vocabulary that is put back after the test."""
    path = copied_package / "loopflow/vocab/o200k_base.tiktoken.xz"
    data = path.read_bytes()
    yield path
    path.write_bytes(data)


OFFLINE = """
import sys

def refuse(event, arguments):
    if event in {"socket.connect", "socket.getaddrinfo", "urllib.Request"}:
        print("NETWORK", event, arguments, file=sys.stderr)

sys.addaudithook(refuse)
"""


def count_with(vocabulary: Path, cwd: Path) -> Result:
    """Run the copy of the command that has this vocabulary, with the engine that reads it."""
    env = {"PYTHONPATH": str(vocabulary.parents[2]), "LOOPFLOW_ENGINE": "tiktoken"}
    return run_process("--profile", cwd=cwd, env=env, program=python(OFFLINE))


def change_a_token(data: bytes) -> bytes:
    return lzma.compress(lzma.decompress(data).replace(b"IQ== 0\n", b"IQ== 1\n", 1), preset=0)


def append_a_token(data: bytes) -> bytes:
    return lzma.compress(lzma.decompress(data) + b"eHl6enk= 999999\n", preset=0)


def truncate(data: bytes) -> bytes:
    return data[:1000]


@pytest.mark.parametrize("damage", [change_a_token, append_a_token, truncate, None])
def test_a_damaged_vocabulary_is_refused(repo: Repo, vocabulary: Path, damage: Callable[[bytes], bytes] | None) -> None:
    """A vocabulary that is not what it should be, or gone, is named with its digest; nothing is counted or fetched."""
    repo.track({"a.py": "hello world"})
    if damage:
        vocabulary.write_bytes(damage(vocabulary.read_bytes()))
    else:
        vocabulary.unlink()
    result = count_with(vocabulary, repo.root)
    assert (result.code, result.out, result.err.count("\n")) == (2, "", 1)
    assert result.err.startswith("code-context: error: the packaged vocabulary o200k_base")
    assert VOCABULARY_DIGESTS["o200k_base"] in result.err
    assert result.err.endswith("; install loopflow-code-context again\n")


def test_a_whole_vocabulary_counts_offline(repo: Repo, vocabulary: Path) -> None:
    """The same copy counts when the vocabulary is whole, without looking for the network either."""
    result = count_with(vocabulary, repo.track({"a.py": "hello world"}).root)
    assert (result.code, result.err) == (0, "")
    assert "Total: 2 tokens in 1 file" in result.out
