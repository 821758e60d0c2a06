"""Texts too large to hold: read, hashed, decoded and counted in pieces, with the result of the whole."""

import os
import subprocess
from collections.abc import Callable, Iterator
from functools import cache, partial
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from loopflow.errors import GitError, TooLargeError, UnreadableError
from loopflow.io.cache.database import NoCache, SqliteCache
from loopflow.io.count.counting import Engine, count
from loopflow.io.file import read, select
from loopflow.io.git.repository import Git
from loopflow.io.read.document import BINARY_HEAD, LargeText, blob_id
from loopflow.io.read.opening import Opener
from loopflow.model import FileRef, FileTokens, Reason, SelectRequest, Skipped, Source, Worktree
from loopflow.model.progress import NoProgress
from loopflow.tokens.choice import ENGINES, create_counter
from loopflow.tokens.encodings import VOCABULARY_DIGESTS
from loopflow.tokens.protocol import TokenCounter
from tests.support.builder import Repo
from tests.support.run import run
from tests.support.work import OPTIONS, SOURCES, Tally, Way, profile_json

NASTY: tuple[bytes, ...] = (
    *(b"\n", b"\r\n", b"\r", b"\n\n", b"\n \n", b"\n/", b"\n//", b"/", b"\n ", b"\n\t", b" ", b"  ", b"\t"),
    *(b"a", b"word", b"Word", b"'s", b"'LL", b"don't", b"123", b"4", b".", b"--", b"{", b"\n}", b"\n#", b"\n'", b"\nx"),
    *(text.encode() for text in ("é", "日本", "e\u0301", "\u0301", "🎉", "\u00a0", "\u2028", "\n\u2029", "\u0085")),
    *(text.encode() for text in ("\u200b", "\ufeff", "\u017f", "\n\u3000", "\x1c", "\x0b", "\n\x0c", "<|endoftext|>")),
    *(b"\xef\xbf\xbd", b"\xef\xbf", b"\xef", b"\xbf\xbd", b"\xbd", b"\xff", b"\xc3", b"\xe6\x97", b"\xf0\x9f", b"\xed"),
)
"""What the patterns of the encodings treat differently, and what is no UTF-8 or would be if more of it followed."""


def nasty_bytes() -> st.SearchStrategy[bytes]:
    """Return a strategy for texts that put everything next to everything, more than once."""
    bits = st.tuples(st.sampled_from(NASTY), st.sampled_from([1, 1, 1, 2, 3, 17]))
    return st.lists(bits, max_size=40).map(lambda found: b"".join(bit * times for bit, times in found))


@cache
def counters() -> list[TokenCounter]:
    """Return every engine for both encodings, loaded once."""
    return [create_counter(encoding, engine) for encoding in VOCABULARY_DIGESTS for engine in ENGINES]


def large(data: bytes, head: int = 0, size: int | None = None) -> LargeText:
    """Return a large text with `data` to come, of which `head` bytes were read already."""
    said = len(data) if size is None else size
    return LargeText(FileRef("a.txt"), said, data[:head], BytesIO(data[head:]), "sha1")


def decodes(data: bytes) -> bool:
    """Whether nothing is lost when `data` is read as UTF-8."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


@given(nasty_bytes(), st.integers(1, 40), st.integers(0, 12))
@example(b"\xef\xbf\xbd" * 3, 1, 0)
@example(b"x\n" + b"\xef\xbf\xbd\xff", 2, 3)
@example("é\né\n".encode(), 1, 1)
def test_pieces_are_the_whole(data: bytes, piece_bytes: int, head: int) -> None:
    """However a text is cut, the pieces join to it, cost what it costs, and give its id and whether it is lossy."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr("loopflow.io.read.document.PIECE_BYTES", piece_bytes)
        text = large(data, min(head, len(data)))
        pieces = list(text.pieces())
    whole = data.decode("utf-8", "replace")
    assert "".join(pieces) == whole
    assert (text.digest, text.lossy) == (blob_id(data), not decodes(data))
    for counter in counters():
        assert sum(counter.count(pieces)) == counter.count([whole])[0], (counter.encoding, counter.engine)


@pytest.mark.parametrize(
    ("data", "pieces"),
    [
        (b"ab\ncd\nef\n", ["ab\n", "cd\n", "ef\n"]),
        (b"ab\ncdefgh\n", ["ab\n", "cdefgh\n"]),
        (b"a\n cd\n/ef\n\ngh\n", ["a\n cd\n/ef\n\n", "gh\n"]),
        (b"ab\r\ncd\r\n", ["ab\r\n", "cd\r\n"]),
        (b"ab\rcd\ref\r", ["ab\rcd\ref\r"]),
        (b"abcd\n\xc3\xa9\n", ["abcd\n", "é\n"]),
        (b"", [""]),
    ],
)
def test_only_safe_places_are_cut(data: bytes, pieces: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A piece ends with a line break that no white space and no slash follows, and nowhere else."""
    monkeypatch.setattr("loopflow.io.read.document.PIECE_BYTES", 3)
    assert [piece for piece in large(data).pieces() if piece] == [piece for piece in pieces if piece]


@pytest.mark.parametrize("missing", [1, 5, 4_000_001])
def test_a_text_that_becomes_shorter_is_unreadable(missing: int) -> None:
    """A text that ends before the size that was seen is not taken for a whole one."""
    with pytest.raises(UnreadableError, match="shorter"):
        list(large(b"abc\n" * 9, size=36 + missing).pieces())


def test_a_text_that_becomes_longer_is_read_as_far_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is added after the size was seen is not part of what is counted."""
    monkeypatch.setattr("loopflow.io.read.document.PIECE_BYTES", 5)
    text = large(b"ab\ncd\nef\ngh\n", size=6)
    assert ("".join(text.pieces()), text.digest) == ("ab\ncd\n", blob_id(b"ab\ncd\n"))


def test_a_stretch_without_a_cut_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """More than the longest stretch without a place to cut is given up; one place in it is enough to go on."""
    monkeypatch.setattr("loopflow.io.read.document.PIECE_BYTES", 10)
    monkeypatch.setattr("loopflow.io.read.document.LONGEST_STRETCH", 40)
    with pytest.raises(TooLargeError):
        list(large(b" x /" * 20).pieces())
    assert len(list(large(b" x /" * 7 + b"\nx" + b" x /" * 7).pieces())) == 2


def open_handles() -> int:
    """Return how many handles this process has open."""
    return len(os.listdir("/proc/self/fd"))


@pytest.fixture
def streamed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let everything over some kilobytes be large; a batch is smaller than that, as it is in earnest."""
    monkeypatch.setattr("loopflow.io.file.LARGE_BYTES", 130_000)
    monkeypatch.setattr("loopflow.io.count.sources.LARGE_BYTES", 130_000)
    monkeypatch.setattr("loopflow.io.count.sources.BATCH_BYTES", 100_000)
    monkeypatch.setattr("loopflow.io.read.document.PIECE_BYTES", 1_001)


LINES = b"def f(a, b):\n    return a + b\n\n\n# caf\xc3\xa9\r\n" * 4_000
LARGE_FILES: dict[str, str | bytes] = {
    "a small one.py": "x = 1\n",
    "crlf.txt": b"one two\r\nthree\r\n" * 9_000,
    "late nul.txt": LINES + b"\0",
    "lossy.txt": LINES + b"\xff\xfe\n" + LINES,
    "picture.png": b"\x89PNG\0" + LINES,
    "text.py": LINES,
    "with U+FFFD.txt": LINES + "\ufffd\n".encode() + LINES,
    "z the last.py": "y = 2\n",
}


@pytest.fixture
def repository(repo: Repo) -> Repo:
    """Return a repository with large files of several kinds, all committed."""
    repo.track(LARGE_FILES).commit()
    return repo


def results(
    repo: Repo, source: Source, way: Way, counter: TokenCounter | None = None
) -> Iterator[FileTokens | Skipped]:
    """Count a repository and yield every result."""
    selection = select(SelectRequest(source=source), way.git, os.path.realpath(repo.root))
    yield from count(
        selection.to_count, Engine(way.git, counter or create_counter(), way.cache, NoProgress(), way.jobs)
    )


class Printed:
    """What a run printed for each file; `before` is called before each of them."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}
        self.pieces = 0
        self.before: Callable[[], object] = int
        self._path = ""

    def begin(self, ref: FileRef) -> None:
        self.before()
        self._path = ref.path
        self.texts[ref.path] = ""

    def write(self, text: str) -> None:
        self.pieces += 1
        self.texts[self._path] += text

    def end(self) -> None:
        self._path = ""


def print_texts(repo: Repo, source: Source, sink: Printed, way: Way | None = None) -> list[FileTokens | Skipped]:
    """Print the context of a repository to `sink`, and return the results."""
    way = way or Way()
    selection = select(SelectRequest(source=source), way.git, os.path.realpath(repo.root))
    return list(count(selection.to_count, Engine(way.git, create_counter(), way.cache, NoProgress(), way.jobs), sink))


@pytest.mark.parametrize("source", SOURCES)
def test_streamed_is_the_same_as_whole(source: str, repository: Repo, request: pytest.FixtureRequest) -> None:
    """Profile and context of large files are, from each source, those that they would be in one piece."""
    whole = Printed()
    expected = profile_json(repository.root, SOURCES[source], Way()), print_texts(repository, SOURCES[source], whole)
    request.getfixturevalue("streamed")
    handles = open_handles()
    printed = Printed()
    found = profile_json(repository.root, SOURCES[source], Way()), print_texts(repository, SOURCES[source], printed)
    assert found == expected
    assert printed.texts == whole.texts
    assert list(printed.texts) == [path for path in LARGE_FILES if path != "picture.png"]
    assert printed.pieces > 10 * whole.pieces, "large files came in pieces"
    assert open_handles() == handles


@pytest.mark.usefixtures("streamed")
@pytest.mark.parametrize("source", SOURCES)
def test_known_large_texts_are_not_counted_again(source: str, repository: Repo, tmp_path: Path) -> None:
    """The second time a large text is printed it is read in pieces, and its count is the one that is known."""
    counter = Tally()
    way = Way(SqliteCache(str(tmp_path / "cache"), counter.id, 4 * 10**18, lambda _: None))
    first = list(results(repository, SOURCES[source], way, counter))
    counted = len(counter.texts)
    assert counted > 100
    assert sorted(results(repository, SOURCES[source], way, counter), key=str) == sorted(first, key=str)
    assert sorted(print_texts(repository, SOURCES[source], Printed(), way), key=str) == sorted(first, key=str)
    assert len(counter.texts) == counted


@pytest.mark.usefixtures("streamed")
@pytest.mark.parametrize("source", SOURCES)
def test_a_text_that_is_too_large_is_left_out_alone(
    source: str, repository: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A large text that cannot be cut is a gap, and every file before and after it counts as always."""
    expected = {item.path: item for item in results(repository, SOURCES[source], Way())}
    repository.track({"no cut.txt": b"/" * 200_000}).commit()
    monkeypatch.setattr("loopflow.io.read.document.LONGEST_STRETCH", 20_000)
    handles = open_handles()
    found = {item.path: item for item in results(repository, SOURCES[source], Way())}
    gap = found.pop("no cut.txt")
    assert isinstance(gap, Skipped)
    assert gap.reason is Reason.TOO_LARGE
    assert found == expected
    assert open_handles() == handles


@pytest.mark.usefixtures("streamed")
@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize("change", ["cut", "edit"])
def test_a_large_file_that_changes_while_it_is_read(repo: Repo, tmp_path: Path, change: str, known: bool) -> None:  # noqa: FBT001
    """A large file that is cut short is a gap; of one that is edited, no count is kept for what it was not read as."""
    data = b"one two three\n" * 20_000
    path = repo.write("a.txt", data)
    repo.track()
    way = Way(SqliteCache(str(tmp_path / "cache"), create_counter().id, 4 * 10**18, lambda _: None))
    if known:
        list(results(repo, Worktree(), way))
    sink = Printed()
    edited = data[:BINARY_HEAD] + data[BINARY_HEAD:].replace(b"two", b"{}{")
    with path.open("r+b") as file:
        sink.before = (
            partial(os.truncate, path, 200_000) if change == "cut" else lambda: write_all(file.fileno(), edited)
        )
        [found] = print_texts(repo, Worktree(), sink, way)
    if change == "cut" or known:
        assert isinstance(found, Skipped)
        assert found.reason is Reason.UNREADABLE
    else:
        assert isinstance(found, FileTokens)
        assert (found.digest, found.tokens) == (blob_id(edited), create_counter().count([edited.decode()])[0])
    assert list(results(repo, Worktree(), way)) == list(results(repo, Worktree(), Way()))


def write_all(handle: int, data: bytes) -> None:
    """Overwrite a file from its beginning."""
    os.pwrite(handle, data, 0)


@pytest.mark.usefixtures("streamed")
def test_a_file_that_grows_large_meanwhile_is_streamed(repo: Repo) -> None:
    """A file that is small when it is looked at and large when it is opened counts as it was opened."""
    repo.write("a.txt", b"small\n")
    repo.track()

    class Growing(NoProgress):
        def start(self, files: int, size: int) -> None:
            assert (files, size) == (1, 6)
            repo.write("a.txt", LINES)

    git = Git()
    selection = select(SelectRequest(), git, os.path.realpath(repo.root))
    [found] = count(selection.to_count, Engine(git, create_counter(), NoCache(), Growing(), 2))
    assert isinstance(found, FileTokens)
    assert (found.bytes, found.digest) == (len(LINES), blob_id(LINES))
    assert found.tokens == create_counter().count([LINES.decode()])[0]


@pytest.mark.usefixtures("streamed")
@pytest.mark.parametrize("content", [LINES, b"\0" + LINES])
def test_a_large_blob_that_is_damaged_is_an_error(repo: Repo, content: bytes) -> None:
    """A large blob whose content is not what its id says stops the run, whether text or binary."""
    repo.track({"a.txt": content})
    blob, other = (
        repo.git("hash-object", "-w", "--stdin", data=data).decode().strip() for data in (content, content + b"\n")
    )
    objects = repo.root / ".git" / "objects"
    target = objects / blob[:2] / blob[2:]
    target.unlink()
    (objects / other[:2] / other[2:]).rename(target)
    with pytest.raises(GitError, match="damaged"):
        list(results(repo, SOURCES["index"], Way()))


@pytest.mark.usefixtures("streamed")
def test_a_large_text_that_is_left_is_closed(tmp_path: Path) -> None:
    """A file whose pieces are taken, all or some of them, is closed afterwards."""
    (tmp_path / "a.txt").write_bytes(LINES)
    handles = open_handles()
    for taken in (1, 2, 10**6):
        with Opener(str(tmp_path)) as opener:
            text = read(opener, FileRef("a.txt"))
        assert isinstance(text, LargeText)
        pieces = text.pieces()
        for _ in zip(range(taken), pieces, strict=False):
            pass
        pieces.close()
        assert open_handles() == handles


def test_a_huge_binary_file_is_not_read_whole(repo: Repo) -> None:
    """Of a binary file of a terabyte, only the first bytes are read."""
    path = repo.write("a.bin", b"\0")
    try:
        os.truncate(path, 10**12)
    except OSError:
        pytest.skip("this file system holds no file of that size")
    repo.add_index_entry("a.bin", b"\0")
    assert list(results(repo, Worktree(), Way())) == [Skipped("a.bin", Reason.BINARY)]


@pytest.mark.parametrize("source", ["worktree", "index"])
def test_the_command_streams_what_is_large(source: str, repo: Repo) -> None:
    """A file of 12 MB, with the sizes as they are, has the id and the count of the whole and is printed as it is."""
    line = "    return caf\u00e9(a, b)  # \ufffd\n"
    text = f"{line}def f(a, b):\n" * 300_000
    repo.track({"large.py": text.encode()})
    assert len(text.encode()) > 12_000_000
    [file] = run("--profile", "--format", "json", *OPTIONS[source], cwd=repo.root).json["files"]
    assert (file["tokens"], file["bytes"]) == (create_counter().count([text])[0], len(text.encode()))
    assert run("--raw", *OPTIONS[source], cwd=repo.root).out == f"large.py\n---\n{text}---\n"


def test_ids_are_those_of_git(tmp_path: Path) -> None:
    """The id of a text that was read in pieces is the one that git gives it."""
    path = tmp_path / "large.txt"
    path.write_bytes(LINES * 60)
    with Opener(str(tmp_path)) as opener:
        text = read(opener, FileRef("large.txt"))
    assert isinstance(text, LargeText)
    assert sum(map(len, text.pieces())) == len((LINES * 60).decode())
    asked = subprocess.run(["git", "hash-object", "--no-filters", str(path)], capture_output=True, check=True)
    assert text.digest == asked.stdout.decode().strip()
