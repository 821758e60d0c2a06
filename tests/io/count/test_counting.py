"""Counting: every candidate read once, in order, in batches, on any number of threads."""

import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from loopflow.errors import UncountableError
from loopflow.io.cache.database import NoCache
from loopflow.io.count.counting import Engine, available_processors, count
from loopflow.io.count.sources import BATCH_BYTES, BATCH_FILES
from loopflow.io.file import select
from loopflow.io.git.repository import Git
from loopflow.io.read.opening import Opener
from loopflow.model import Candidates, Extent, FileRef, FileTokens, Reason, SelectRequest, Skipped, Worktree
from loopflow.model.progress import NoProgress
from tests.support.builder import Repo, write_files

JOBS = [1, 2, 3, None]


class Recorder:
    """A counter whose tokens are characters, that remembers the batches it was given."""

    id = "recorder"
    encoding = "o200k_base"
    engine = "recorder"

    def __init__(self, uncountable: str | None = None, bug: str | None = None) -> None:
        self._uncountable = uncountable
        self._bug = bug
        self._lock = threading.Lock()
        self.batches: list[list[int]] = []
        self.threads: set[str] = set()

    def expect(self, size: int, *, is_all: bool = False) -> None:
        """Have nothing to load."""

    def apart(self, text: str) -> str:  # noqa: ARG002
        """Be everybody's answer."""
        return ""

    def count(self, texts: Sequence[str]) -> list[int]:
        """Return the length of each text."""
        with self._lock:
            self.batches.append([len(text) for text in texts])
            self.threads.add(threading.current_thread().name)
        if self._bug and any(self._bug in text for text in texts):
            raise ZeroDivisionError
        if self._uncountable and any(self._uncountable in text for text in texts):
            raise UncountableError("too hard")
        return [len(text) for text in texts]


class Texts:
    """A sink that remembers what it was given."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}
        self.complete: list[str] = []
        self._path = ""

    def begin(self, ref: FileRef) -> None:
        """Begin a text."""
        self._path = ref.path
        self.texts[ref.path] = ""

    def write(self, text: str) -> None:
        """Add to it."""
        self.texts[self._path] += text

    def end(self) -> None:
        """End it."""
        self.complete.append(self._path)


def engine_of(counter: Recorder, jobs: int | None = None) -> Engine:
    return Engine(Git(), counter, NoCache(), NoProgress(), jobs or available_processors())


def select_all(root: Path) -> Candidates:
    return select(SelectRequest(), Git(), str(root)).to_count


def candidates(root: Path, *paths: str) -> Candidates:
    """Return `paths`, in this order, that nobody selected."""
    return Candidates(str(root), Worktree(), tuple(map(FileRef, paths)), "sha1", None, Extent.TREE)


def numbered(number: int, size: int) -> str:
    """Return a text of `size` characters that no other number gives."""
    return f"{number:06}".ljust(size, "x")


@pytest.mark.parametrize("jobs", JOBS)
def test_results_come_in_the_order_of_the_candidates(tmp_path: Path, jobs: int | None) -> None:
    """Whatever the number of threads, counts come in the order of the candidates, after what needs no reading."""
    names = [f"{number:04}" for number in range(700)]
    write_files(tmp_path, {name: numbered(int(name), 10 + int(name) % 50) for name in names if int(name) % 7})
    results = list(count(candidates(tmp_path, *reversed(names)), engine_of(Recorder(), jobs)))
    missing = [name for name in reversed(names) if int(name) % 7 == 0]
    counted = [name for name in reversed(names) if int(name) % 7]
    assert results[: len(missing)] == [Skipped(name, Reason.MISSING) for name in missing]
    assert [(item.path, getattr(item, "tokens", None)) for item in results[len(missing) :]] == [
        (name, 10 + int(name) % 50) for name in counted
    ]


@pytest.mark.parametrize("jobs", JOBS)
def test_no_batch_is_larger_than_it_must_be(tmp_path: Path, jobs: int | None) -> None:
    """A batch ends before the file that would overfill it, and each file is counted once, in its place."""
    size = BATCH_BYTES // 3 - 100
    files = {f"{number:02}": numbered(number, size + number) for number in range(24)}
    write_files(tmp_path, files)
    counter = Recorder()
    results = list(count(candidates(tmp_path, *files), engine_of(counter, jobs)))
    assert [(item.path, getattr(item, "tokens", None)) for item in results] == [
        (name, len(text)) for name, text in files.items()
    ]
    assert sorted(counter.batches) == sorted([[size + first + more for more in range(3)] for first in range(0, 24, 3)])


def test_a_file_larger_than_a_batch_is_a_batch(tmp_path: Path) -> None:
    """Files that fill a batch alone are counted alone, without being cut."""
    files = {f"{number}": numbered(number, BATCH_BYTES + number) for number in range(3)}
    write_files(tmp_path, files)
    counter = Recorder()
    assert [item.path for item in count(candidates(tmp_path, *files), engine_of(counter, 2))] == list(files)
    assert sorted(counter.batches) == [[len(text)] for text in files.values()]


def test_small_files_share_a_batch(tmp_path: Path) -> None:
    """Many small files are counted in few calls."""
    files = {f"{number:04}": numbered(number, 6) for number in range(5 * BATCH_FILES)}
    write_files(tmp_path, files)
    counter = Recorder()
    assert len(list(count(candidates(tmp_path, *files), engine_of(counter, 1)))) == len(files)
    assert [len(batch) for batch in counter.batches] == [BATCH_FILES] * 5


def test_the_same_content_is_counted_once(tmp_path: Path) -> None:
    """Files with the same content cost the same, and the engine is given one of them."""
    files = {f"{number:04}": "again" for number in range(3 * BATCH_FILES)}
    write_files(tmp_path, files)
    counter = Recorder()
    results = list(count(candidates(tmp_path, *files), engine_of(counter, 1)))
    assert {item.tokens for item in results if isinstance(item, FileTokens)} == {5}
    assert len(results) == len(files)
    assert counter.batches == [[5]]


@pytest.mark.parametrize("jobs", JOBS)
def test_an_uncountable_text_is_skipped_alone(tmp_path: Path, jobs: int | None) -> None:
    """A text that the engine gives up on is skipped with what it said, and those counted with it are counted."""
    files = {f"{number:02}": f"hard {number}" if number in {3, 17} else "x" * number for number in range(20)}
    write_files(tmp_path, files)
    results = list(count(candidates(tmp_path, *files), engine_of(Recorder(uncountable="hard"), jobs)))
    assert [item.path for item in results] == list(files)
    assert [item for item in results if isinstance(item, Skipped)] == [
        Skipped("03", Reason.UNCOUNTED, "too hard"),
        Skipped("17", Reason.UNCOUNTED, "too hard"),
    ]
    assert [item.tokens for item in results if isinstance(item, FileTokens)] == [
        number for number in range(20) if number not in {3, 17}
    ]


@pytest.mark.parametrize("jobs", JOBS)
def test_a_bug_in_a_thread_is_raised(tmp_path: Path, jobs: int | None) -> None:
    """What goes wrong in a thread reaches the caller, and no thread goes on for long."""
    files = {f"{number:03}": "bug" if number == 150 else f"{number}" for number in range(200)}
    write_files(tmp_path, files)
    with pytest.raises(ZeroDivisionError):
        list(count(candidates(tmp_path, *files), engine_of(Recorder(bug="bug"), jobs)))
    wait_for_threads()


def wait_for_threads() -> None:
    """Wait until no thread counts; one that never ends fails the test by its time limit."""
    for thread in threading.enumerate():
        if thread.name.startswith("count"):
            thread.join(timeout=30)
            assert not thread.is_alive()


def test_an_interrupted_run_leaves_no_thread(tmp_path: Path) -> None:
    """When the caller has enough, the threads end and the rest is not counted."""
    files = {f"{number:02}": numbered(number, BATCH_BYTES) for number in range(30)}
    write_files(tmp_path, files)
    counter = Recorder()
    results = count(candidates(tmp_path, *files), engine_of(counter, 2))
    next(results)
    results.close()
    wait_for_threads()
    assert len(counter.batches) < len(files)


def test_each_file_is_opened_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every candidate that is there is opened exactly once, also when a text in its batch is uncountable."""
    files = {f"{number:02}": numbered(number, BATCH_BYTES // 8) for number in range(20)} | {"hard": "hard"}
    write_files(tmp_path, files)
    opened: list[str] = []
    open_really = Opener.open

    def open_counted(opener: Opener, path: str) -> object:
        opened.append(path)
        return open_really(opener, path)

    monkeypatch.setattr(Opener, "open", open_counted)
    list(count(candidates(tmp_path, *files, "missing"), engine_of(Recorder(uncountable="hard"), 2)))
    assert sorted(opened) == sorted(files)


def test_the_number_of_threads_is_the_number_of_jobs(tmp_path: Path) -> None:
    """No more threads count than there are jobs, and there is at least one processor to count on."""
    files = {f"{number:04}": numbered(number, 6) for number in range(4 * BATCH_FILES)}
    write_files(tmp_path, files)
    for jobs in (1, 3):
        counter = Recorder()
        list(count(candidates(tmp_path, *files), engine_of(counter, jobs)))
        assert 1 <= len(counter.threads) <= jobs
    assert available_processors() >= 1


@pytest.mark.parametrize("jobs", JOBS)
def test_nothing_is_nothing(tmp_path: Path, jobs: int | None) -> None:
    """Without candidates, or with none that is text, the engine is not asked."""
    write_files(tmp_path, {"binary": b"\0"})
    counter = Recorder()
    assert list(count(candidates(tmp_path), engine_of(counter, jobs))) == []
    assert list(count(candidates(tmp_path, "binary"), engine_of(counter, jobs))) == [Skipped("binary", Reason.BINARY)]
    assert counter.batches == []


def test_texts_come_with_their_counts(repo: Repo) -> None:
    """A sink gets the texts that are counted, in order; a count has its type, size and id, and whether it is lossy."""
    repo.track({"a.py": "text\n", "Makefile": b"lat\xefn", "picture": b"\0"})
    sink = Texts()
    items = [item for item in count(select_all(repo.root), engine_of(Recorder()), sink) if isinstance(item, FileTokens)]
    blobs = {ref.path: ref.blob or "" for ref in select_all(repo.root).files}
    assert items == [
        FileTokens("Makefile", "Makefile", 5, 5, blobs["Makefile"], lossy=True),
        FileTokens("a.py", ".py", 5, 5, blobs["a.py"], lossy=False),
    ]
    assert sink.texts == {"Makefile": "lat\ufffdn", "a.py": "text\n"}
    assert sink.complete == ["Makefile", "a.py"]
    without = count(select_all(repo.root), engine_of(Recorder()))
    assert [item for item in without if isinstance(item, FileTokens)] == items
