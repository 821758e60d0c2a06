"""Counting: every candidate read once, in order, in batches, on any number of threads."""

import threading
from collections.abc import Callable, Generator, Sequence
from pathlib import Path

import pytest

from loopflow.errors import UncountableError
from loopflow.io.counting import BATCH_BYTES, SLICE_FILES, Counted, available_processors, count, count_documents
from loopflow.io.file import select
from loopflow.io.git import Git
from loopflow.io.opening import Opener
from loopflow.model import FileRef, FileTokens, Reason, Selection, SelectRequest, Skipped
from tests.support.builder import Repo, write_files

JOBS = [1, 2, 3, None]


class Recorder:
    """A counter whose tokens are characters, that remembers the batches it was given."""

    encoding = "o200k_base"
    engine = "recorder"

    def __init__(self, uncountable: str | None = None, bug: str | None = None) -> None:
        self._uncountable = uncountable
        self._bug = bug
        self._lock = threading.Lock()
        self.batches: list[list[int]] = []
        self.threads: set[str] = set()

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


def select_all(root: Path) -> Selection:
    return select(SelectRequest(), Git(), str(root))


def candidates(root: Path, *paths: str) -> Selection:
    """Return a selection of `paths`, in this order, that nobody selected."""
    return Selection(str(root), SelectRequest(), tuple(map(FileRef, paths)))


@pytest.mark.parametrize("jobs", JOBS)
def test_results_come_in_the_order_of_the_candidates(tmp_path: Path, jobs: int | None) -> None:
    """Whatever the number of threads, there is one result for each candidate, in their order, skipped ones included."""
    names = [f"{number:04}" for number in range(700)]
    write_files(tmp_path, {name: "x" * (int(name) % 50) for name in names if int(name) % 7})
    results = list(count(candidates(tmp_path, *reversed(names)), Recorder(), jobs))
    assert [item.path for item in results] == names[::-1]
    for item in results:
        number = int(item.path)
        if isinstance(item, Skipped):
            assert (number % 7, item.reason) == (0, Reason.MISSING)
        else:
            assert (item.tokens, item.bytes) == (number % 50, number % 50)


@pytest.mark.parametrize("jobs", JOBS)
def test_no_batch_is_larger_than_it_must_be(tmp_path: Path, jobs: int | None) -> None:
    """A batch ends with the file that fills it, and what is left of its slice is counted later, in its place."""
    size = BATCH_BYTES // 3
    files = {f"{number:02}": "x" * (size + number) for number in range(24)}
    write_files(tmp_path, files)
    counter = Recorder()
    results = list(count(candidates(tmp_path, *files), counter, jobs))
    assert [(item.path, getattr(item, "tokens", None)) for item in results] == [
        (name, len(text)) for name, text in files.items()
    ]
    assert max(map(len, counter.batches)) <= 3
    assert sorted(length for batch in counter.batches for length in batch) == sorted(map(len, files.values()))
    if jobs == 1:
        assert [len(batch) for batch in counter.batches] == [3, 3] * 4, "slices of six files"


def test_a_file_larger_than_a_batch_is_a_batch(tmp_path: Path) -> None:
    """Files that fill a batch alone are counted alone, without being cut."""
    files = {f"{number}": "x" * (BATCH_BYTES + number) for number in range(3)}
    write_files(tmp_path, files)
    counter = Recorder()
    assert [item.path for item in count(candidates(tmp_path, *files), counter, 2)] == list(files)
    assert sorted(counter.batches) == [[len(text)] for text in files.values()]


def test_small_files_share_a_batch(tmp_path: Path) -> None:
    """Many small files are counted in few calls."""
    files = {f"{number:04}": "x" for number in range(5 * SLICE_FILES)}
    write_files(tmp_path, files)
    counter = Recorder()
    assert len(list(count(candidates(tmp_path, *files), counter, 1))) == len(files)
    assert [len(batch) for batch in counter.batches] == [SLICE_FILES] * 5


@pytest.mark.parametrize("jobs", JOBS)
def test_an_uncountable_text_is_skipped_alone(tmp_path: Path, jobs: int | None) -> None:
    """A text that the engine gives up on is skipped with what it said, and those counted with it are counted."""
    files = {f"{number:02}": "hard" if number in {3, 17} else "x" * number for number in range(20)}
    write_files(tmp_path, files)
    (tmp_path / "04").unlink()
    results = list(count(candidates(tmp_path, *files), Recorder(uncountable="hard"), jobs))
    assert [item.path for item in results] == list(files)
    skipped = [item for item in results if isinstance(item, Skipped)]
    assert skipped == [
        Skipped("03", Reason.UNCOUNTED, "too hard"),
        Skipped("04", Reason.MISSING),
        Skipped("17", Reason.UNCOUNTED, "too hard"),
    ]
    assert [item.tokens for item in results if isinstance(item, FileTokens)] == [
        number for number in range(20) if number not in {3, 4, 17}
    ]


@pytest.mark.parametrize("jobs", JOBS)
def test_a_bug_in_a_thread_is_raised(tmp_path: Path, jobs: int | None) -> None:
    """What goes wrong in a thread reaches the caller, and no thread outlives it."""
    files = {f"{number:03}": "bug" if number == 150 else "x" for number in range(200)}
    write_files(tmp_path, files)
    with pytest.raises(ZeroDivisionError):
        list(count(candidates(tmp_path, *files), Recorder(bug="bug"), jobs))
    assert not counting_threads()


def counting_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("count")]


@pytest.mark.parametrize("counting", [count, count_documents])
def test_an_interrupted_run_leaves_no_thread(
    tmp_path: Path, counting: Callable[..., Generator[Counted | FileTokens | Skipped, None, None]]
) -> None:
    """When the caller has enough, the threads end and the rest is not counted."""
    files = {f"{number:02}": "x" * BATCH_BYTES for number in range(20)}
    write_files(tmp_path, files)
    counter = Recorder()
    results = counting(candidates(tmp_path, *files), counter, 2)
    next(results)
    results.close()
    assert not counting_threads()
    assert len(counter.batches) < len(files)


def test_each_file_is_opened_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every candidate is opened exactly once, also when its slice is cut into batches and a text is uncountable."""
    files = {f"{number:02}": ("hard" if number == 3 else "x") * (BATCH_BYTES // 8) for number in range(20)}
    write_files(tmp_path, files)
    opened: list[str] = []
    open_really = Opener.open

    def open_counted(opener: Opener, path: str) -> object:
        opened.append(path)
        return open_really(opener, path)

    monkeypatch.setattr(Opener, "open", open_counted)
    list(count(candidates(tmp_path, *files, "missing"), Recorder(uncountable="hard"), 2))
    assert sorted(opened) == sorted([*files, "missing"])


def test_the_number_of_threads_is_the_number_of_jobs(tmp_path: Path) -> None:
    """As many threads count as there are jobs; without a number, one for each processor that may be used."""
    write_files(tmp_path, {f"{number:03}": "x" for number in range(400)})
    for jobs in (1, 3):
        counter = Recorder()
        list(count(candidates(tmp_path, *(f"{number:03}" for number in range(400))), counter, jobs))
        assert 1 <= len(counter.threads) <= jobs
    assert available_processors() >= 1


@pytest.mark.parametrize("jobs", JOBS)
def test_nothing_is_nothing(tmp_path: Path, jobs: int | None) -> None:
    """Without candidates, or with none that is text, the engine is not asked."""
    write_files(tmp_path, {"binary": b"\0"})
    counter = Recorder()
    assert list(count(candidates(tmp_path), counter, jobs)) == []
    assert list(count(candidates(tmp_path, "binary"), counter, jobs)) == [Skipped("binary", Reason.BINARY)]
    assert counter.batches == []


def test_documents_come_with_their_counts(repo: Repo) -> None:
    """A counted document carries the text that was counted, its type, size and id, and whether it lost something."""
    repo.track({"a.py": "text\n", "Makefile": b"lat\xefn"})
    items = list(count_documents(select_all(repo.root), Recorder()))
    assert [type(item) for item in items] == [Counted, Counted]
    makefile, python = (item for item in items if isinstance(item, Counted))
    blobs = {ref.path: ref.blob for ref in select_all(repo.root).candidates}
    assert makefile.document.text == "lat\ufffdn"
    assert makefile.tokens == FileTokens("Makefile", "Makefile", 5, 5, blobs["Makefile"] or "", lossy=True)
    assert python.tokens == FileTokens("a.py", ".py", 5, 5, blobs["a.py"] or "", lossy=False)
    assert list(count(select_all(repo.root), Recorder())) == [makefile.tokens, python.tokens]
