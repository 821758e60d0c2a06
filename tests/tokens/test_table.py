"""The table as a file: whatever state it is in, the counts are the same, and the next run mends what it can."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path

import pytest

from loopflow.errors import VocabularyError
from loopflow.tokens import choice, table_file
from loopflow.tokens.choice import create_counter
from loopflow.tokens.table import TABLES, make_table, open_table
from loopflow.tokens.table_file import build_table, read_table, store_missing_tables
from loopflow.tokens.vocabulary import load_ranks
from tests.support.oracle import count_text
from tests.support.run import python, run_process

ENCODINGS = tuple(TABLES)
VOCABULARIES = Path(table_file.__file__).parents[1] / "vocab"
TEXTS = ["def f(x):\n    return x\n", "naïve 日本語 \U0001f600", "\u0378 's", "'\u017fx", "", "a" * 500]
WITHOUT = "from loopflow.tokens import table_file\ntable_file._packaged_file = lambda name: '/nowhere/' + name\n"
"""What makes a package without tables of this one, for a process of its own."""


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the package lie there without tables."""
    monkeypatch.setattr(table_file, "_packaged_file", lambda encoding: f"/nowhere/{encoding}")


def stored(directory: Path, encoding: str = "o200k_base") -> Path:
    return directory / f"{encoding}.{TABLES[encoding][1][:16]}.table"


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_table_holds_its_vocabulary(encoding: str) -> None:
    """Each token has its rank, and what is no token has none."""
    look_up = open_table(build_table(encoding))
    ranks = load_ranks(encoding)
    assert all(look_up(token) == rank for token, rank in ranks.items())
    others = {token + b"\xff\0" for token in ranks} - ranks.keys()
    assert {look_up(token) for token in [*others, b""]} == {None}


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_table_has_the_bytes_that_the_source_says(encoding: str) -> None:
    """What is made from the packaged vocabulary has the size and the digest in the source."""
    made = make_table((VOCABULARIES / f"{encoding}.tiktoken.xz").read_bytes())
    assert (len(made), sha256(made).hexdigest()) == TABLES[encoding]


def test_the_package_has_its_tables() -> None:
    """Built or installed for development, the package lies there with a table for each encoding."""
    assert [read_table(encoding, None) is not None for encoding in ENCODINGS] == [True, True]


def cut_short(file: Path) -> None:
    os.truncate(file, 1000)


def alter(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[3_000_000] ^= 1
    file.write_bytes(data)


def put_directory(file: Path) -> None:
    file.unlink()
    file.mkdir()


def put_pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


STATES: dict[str, Callable[[Path], object]] = {
    "in order": lambda _: None,
    "absent": Path.unlink,
    "cut short": cut_short,
    "altered": alter,
    "empty": lambda file: os.truncate(file, 0),
    "unreadable": lambda file: file.chmod(0),
    "directory": put_directory,
    "pipe": put_pipe,
    "of another version": lambda file: file.rename(file.with_name("o200k_base.0000000000000000.table")),
}


@pytest.mark.usefixtures("without")
@pytest.mark.parametrize("state", STATES)
def test_no_state_of_the_table_changes_a_count(state: str, tmp_path: Path) -> None:
    """Whatever has become of the stored table, the counts are tiktoken's; afterwards it is mended where that can be."""
    store_missing_tables(str(tmp_path))
    STATES[state](stored(tmp_path))
    expected = [count_text(text, "o200k_base") for text in TEXTS]
    assert create_counter(table_directory=str(tmp_path)).count(TEXTS) == expected
    store_missing_tables(str(tmp_path))
    assert (read_table("o200k_base", str(tmp_path)) is not None) == (state != "directory")


@pytest.mark.usefixtures("without")
def test_a_forced_table_that_is_missing_is_made() -> None:
    """Whoever asks for the table gets it, on a fresh install too."""
    assert create_counter(engine="table").count(["hello world"]) == [2]


@pytest.mark.usefixtures("without")
def test_a_vocabulary_that_is_damaged_makes_no_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Forced, that is an error that names the vocabulary; else nothing is stored, and nobody hears of it."""
    (tmp_path / "o200k_base.tiktoken.xz").write_bytes(b"no xz")
    monkeypatch.setattr(table_file, "_packaged_directory", lambda: str(tmp_path))
    store_missing_tables(str(tmp_path))
    assert [file.name for file in tmp_path.iterdir()] == ["o200k_base.tiktoken.xz"]
    with pytest.raises(VocabularyError, match=r"^the packaged vocabulary o200k_base cannot be read"):
        create_counter(engine="table").count(["x"])


def test_nothing_is_made_where_the_package_has_its_tables(tmp_path: Path) -> None:
    """A package with its tables leaves the user's directory alone."""
    store_missing_tables(str(tmp_path / "new"))
    assert not (tmp_path / "new").exists()


@pytest.mark.usefixtures("without")
def test_where_nothing_can_be_stored_nothing_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file in the place of the directory is no reason to fail, nor to make a table in vain."""
    (tmp_path / "file").write_text("mine")
    made: list[str] = []
    monkeypatch.setattr(table_file, "build_table", made.append)
    store_missing_tables(str(tmp_path / "file"))
    assert made == []
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.usefixtures("without")
def test_what_a_kill_left_is_removed_in_time(tmp_path: Path) -> None:
    """An unfinished file goes when it is hours old, and stays while somebody may be at work on it."""
    old, new = tmp_path / "x.unfinished", tmp_path / "y.unfinished"
    old.touch()
    new.touch()
    os.utime(old, (0, 0))
    store_missing_tables(str(tmp_path))
    assert (old.exists(), new.exists()) == (False, True)


MAKER = f"{WITHOUT}import sys\nprint(flush=True)\ntable_file.store_missing_tables(sys.argv[1])\n"


def start_maker(directory: Path) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-c", MAKER, str(directory)], stdout=subprocess.PIPE)


@pytest.mark.usefixtures("without")
def test_two_that_make_it_at_once(tmp_path: Path) -> None:
    """Two first runs at once leave one table in order for each encoding, and nothing else."""
    makers = [start_maker(tmp_path) for _ in range(2)]
    assert [maker.communicate()[0] is not None and maker.returncode for maker in makers] == [0, 0]
    assert all(read_table(encoding, str(tmp_path)) for encoding in ENCODINGS)
    assert len(list(tmp_path.iterdir())) == len(ENCODINGS)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is no such signal here")
@pytest.mark.usefixtures("without")
@pytest.mark.parametrize("moment", [0.0, 0.1, 0.3, 0.5])
def test_a_kill_leaves_a_whole_table_or_none(tmp_path: Path, moment: float) -> None:
    """Whenever the maker is killed, no damaged table is found, and the next one makes what is missing."""
    with start_maker(tmp_path) as maker:
        assert maker.stdout
        maker.stdout.readline()
        time.sleep(moment)
        maker.kill()
    for encoding in ENCODINGS:
        file = stored(tmp_path, encoding)
        assert not file.exists() or read_table(encoding, str(tmp_path))
    store_missing_tables(str(tmp_path))
    assert all(read_table(encoding, str(tmp_path)) for encoding in ENCODINGS)


def test_the_command_makes_missing_tables_for_the_next_run(sample: Path, tmp_path: Path) -> None:
    """The first run of a package without tables prints what any other does, and leaves tables; not with --no-cache."""
    cache = tmp_path / "cache"
    env = {"LOOPFLOW_CACHE_DIR": str(cache)}
    expected = run_process("--profile", cwd=sample, env=env | {"LOOPFLOW_ENGINE": "tiktoken"}, program=python(""))
    for file in cache.iterdir():
        file.unlink()
    assert run_process("--profile", "--no-cache", cwd=sample, env=env, program=python(WITHOUT)) == expected
    assert list(cache.iterdir()) == []
    assert run_process("--profile", cwd=sample, env=env, program=python(WITHOUT)) == expected
    assert all(stored(cache, encoding).stat().st_size == TABLES[encoding][0] for encoding in ENCODINGS)
    (cache / "counts.sqlite3").unlink()
    assert run_process("--profile", cwd=sample, env=env, program=python(WITHOUT)) == expected


def texts_of_code() -> list[str]:
    sources = sorted(Path(table_file.__file__).parents[1].rglob("*.py"))
    return [source.read_text("utf-8") for source in sources]


@pytest.mark.parametrize("most", [0, 1, 20_000, 200_000, 10**9])
def test_the_engine_changes_in_the_middle_of_a_run(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever the large engine takes over, each text counts the same."""
    monkeypatch.setattr(choice, "LARGE_CHARACTERS", most)
    counter = create_counter()
    texts = texts_of_code()
    found = [count for text in texts for count in counter.count([text])]
    assert found == [count_text(text, "o200k_base") for text in texts]


@pytest.mark.parametrize("most", [0, 10, 3_000])
def test_too_much_merging_is_left_to_the_large_engine(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever the table gives up for what it would have to merge, each text counts the same."""
    monkeypatch.setattr(choice, "LARGE_MERGED_BYTES", most)
    texts = texts_of_code()[:40]
    assert create_counter().count(texts) == [count_text(text, "o200k_base") for text in texts]


SMALL = """
import sys
from loopflow.tokens.choice import create_counter
counter = create_counter()
counter.expect(500_000)
counter.count(["x = 1\\n" * 1000] * 20)
print(sorted({"toktok", "tiktoken", "regex", "tiktoken_ext"} & set(sys.modules)))
counter.expect(50_000_000)
print("toktok" in sys.modules or "tiktoken" in sys.modules or counter._loading._has_begun)
"""


def test_little_loads_no_large_engine(tmp_path: Path) -> None:
    """Where little is expected and counted nothing is imported for more, and much that is expected begins to load."""
    done = subprocess.run([sys.executable, "-c", SMALL], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.split("\n") == ["[]", "True", ""]


ALL = """
from loopflow.tokens.choice import create_counter
for size in (2_000_000, 4_000_000):
    counter = create_counter()
    counter.expect(size, is_all=True)
    counter.count(["x = 1\\n" * 1000] * (size // 6000))
    print(counter._loading._has_begun)
"""


def test_what_is_said_to_be_all_loads_no_engine_that_takes_longer(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", ALL], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.split("\n") == ["False", "True", ""]


@pytest.mark.parametrize("engine", [None, "table"])
def test_threads_count_at_once(engine: str | None) -> None:
    """Several threads that share a counter from its first text on all get the right numbers."""
    counter = create_counter(engine=engine)
    texts = [*texts_of_code(), *TEXTS]
    expected = [count_text(text, "o200k_base") for text in texts]
    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(lambda _: counter.count(texts), range(6))) == [expected] * 6
