"""TokenProfiler: token counts in, a hierarchy out that adds up at every node."""

import random
from collections import Counter
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopflow.analysis.filetype import file_type
from loopflow.io.token_profiler import ROOT, Stats, TokenProfiler
from loopflow.model import DirectoryStats


def profile(files: Iterable[tuple[str, int, int]]) -> Stats:
    """Add files, each a path, tokens and bytes, and return the sums."""
    profiler = TokenProfiler()
    for path, tokens, size in files:
        profiler.add(path, tokens, size)
    return profiler.get_stats()


def tokens_of(stats: Stats) -> dict[str, int]:
    return {directory.path: directory.tokens for directory in stats.directories}


def test_an_empty_profile_has_a_root_and_nothing_else() -> None:
    """Without files there is a root with nothing in it, whose share is whole and whose types are none."""
    stats = profile([])
    assert stats.directories == (DirectoryStats(ROOT, 0, 0, 0, 0, 0, 0, 0),)
    assert (stats.types, stats.total.tokens, stats.total.files) == ((), 0, 0)
    assert stats.directories[0].percent_of_parent == 100.0


def test_a_directory_adds_up_what_is_below_it() -> None:
    """Each directory has the sum of its own files and of its subdirectories, and shares of its parent and of all."""
    stats = profile([("a.py", 10, 1), ("src/b.py", 20, 2), ("src/deep/c.md", 30, 4), ("src/deep/d.py", 40, 8)])
    assert [
        (each.path, each.tokens, each.files, each.bytes, each.own_tokens, each.own_files) for each in stats.directories
    ] == [(".", 100, 4, 15, 10, 1), ("src", 90, 3, 14, 20, 1), ("src/deep", 70, 2, 12, 70, 2)]
    assert [each.percent_of_total for each in stats.directories] == [100.0, 90.0, 70.0]
    assert [each.percent_of_parent for each in stats.directories] == [100.0, 90.0, pytest.approx(100 * 7 / 9)]
    assert [(each.type, each.tokens, each.files, each.bytes) for each in stats.types] == [
        (".py", 70, 3, 11),
        (".md", 30, 1, 4),
    ]
    assert [each.percent_of_total for each in stats.types] == [70.0, 30.0]


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        pytest.param(["src/a", "src2/a"], {".": 2, "src": 1, "src2": 1}, id="src does not contain src2"),
        pytest.param(["src/a", "src"], {".": 2, "src": 1}, id="a file is no directory of the name"),
        pytest.param(["a/b/c/d"], {".": 1, "a": 1, "a/b": 1, "a/b/c": 1}, id="directories without files of their own"),
        pytest.param(["./x"], {".": 1}, id="a directory of the name of the root is the root"),
        pytest.param(["a\nb/c", "a/c"], {".": 2, "a": 1, "a\nb": 1}, id="line break"),
        pytest.param(["\udcff/c", "é/c"], {".": 2, "é": 1, "\udcff": 1}, id="not UTF-8"),
    ],
)
def test_directories_come_from_the_parts_of_paths(paths: list[str], expected: dict[str, int]) -> None:
    """A directory contains what has it as a part, not what begins with the same letters."""
    assert tokens_of(profile((path, 1, 0) for path in paths)) == expected


def test_directories_come_depth_first() -> None:
    """A directory is followed by what is in it; siblings are in the order of their bytes."""
    stats = profile((path, 1, 0) for path in ("b/x", "a-b/x", "a/z/x", "a/é/x", "a/b/x", "B/x", "x"))
    assert [each.path for each in stats.directories] == [".", "B", "a", "a/b", "a/z", "a/é", "a-b", "b"]


def test_types_come_largest_first() -> None:
    """The largest type comes first; types of one size are in the order of their bytes."""
    stats = profile([("a.b", 1, 0), ("a.a", 1, 0), ("Makefile", 5, 0), ("a.z", 0, 0), ("none", 2, 0)])
    assert [each.type for each in stats.types] == ["Makefile", "(none)", ".a", ".b", ".z"]


def test_a_path_may_be_thousands_of_directories_deep() -> None:
    """Depth is no problem: every level of a path with 3,000 directories has the tokens of the file at its end."""
    depth = 3000
    stats = profile([("d/" * depth + "deep", 7, 1), ("d/other", 1, 1)])
    assert len(stats.directories) == depth + 1
    assert stats.directories[0].tokens == stats.directories[1].tokens == 8
    assert {each.tokens for each in stats.directories[2:]} == {7}
    assert stats.directories[-1].path == "/".join(["d"] * depth)


def test_adding_may_go_on_after_asking() -> None:
    """The sums can be asked for at any time, and asking changes nothing."""
    profiler = TokenProfiler()
    profiler.add("src/a.py", 1)
    assert profiler.get_stats() == profiler.get_stats() == profile([("src/a.py", 1, 0)])
    profiler.add("src/b.py", 2)
    assert profiler.get_stats() == profile([("src/a.py", 1, 0), ("src/b.py", 2, 0)])


_NAMES = st.sampled_from(["a", "b", "src", "src2", "a.py", "b.md", "Makefile", ".x", "é", "\udcff", "n\n", "a b"])
_PATHS = st.lists(_NAMES, min_size=1, max_size=6).map("/".join)
_FILES = st.lists(st.tuples(_PATHS, st.integers(0, 10**12), st.integers(0, 10**12)), max_size=30)


@given(_FILES)
def test_own_files_and_children_make_up_a_directory(files: list[tuple[str, int, int]]) -> None:
    """Every directory has the sum of its own files and of its children, down to the last token, file and byte."""
    stats = profile(files)
    nodes = {each.path: each for each in stats.directories}
    for path, node in nodes.items():
        children = [other for other in nodes.values() if other.path != ROOT and parent_of(other.path) == path]
        own = [(tokens, size) for file, tokens, size in files if parent_of(file) == path]
        assert (node.own_tokens, node.own_files) == (sum(tokens for tokens, _ in own), len(own))
        assert node.tokens == node.own_tokens + sum(child.tokens for child in children)
        assert node.files == node.own_files + sum(child.files for child in children)
        assert node.bytes == sum(size for _, size in own) + sum(child.bytes for child in children)
        assert all(child.parent_tokens == node.tokens for child in children)
        assert node.total_tokens == stats.total.tokens


@given(_FILES)
def test_root_types_and_total_are_one_sum(files: list[tuple[str, int, int]]) -> None:
    """The root, the sum of all types and the total are the same, and that of everything added."""
    stats = profile(files)
    sums = (sum(tokens for _, tokens, _ in files), len(files), sum(size for _, _, size in files))
    root = stats.directories[0]
    assert (root.path, root.parent_tokens) == (ROOT, root.tokens)
    assert (root.tokens, root.files, root.bytes) == sums
    assert (stats.total.tokens, stats.total.files, stats.total.bytes) == sums
    assert tuple(map(sum, zip(*((each.tokens, each.files, each.bytes) for each in stats.types), strict=True))) == (
        sums if files else ()
    )
    by_type: Counter[str] = Counter()
    for path, tokens, _ in files:
        by_type[file_type(path)] += tokens
    assert {each.type: each.tokens for each in stats.types} == by_type


@given(_FILES)
def test_shares_add_up(files: list[tuple[str, int, int]]) -> None:
    """Shares are 0 to 100, those of all types make up everything, and nothing is shared where there is nothing."""
    stats = profile(files)
    shares = [each.percent_of_total for each in stats.types]
    assert sum(shares) == pytest.approx(100.0 if stats.total.tokens else 0.0)
    for each in stats.directories:
        assert 0.0 <= each.percent_of_total <= each.percent_of_parent <= 100.0 or each.path == ROOT


@given(_FILES, st.randoms())
def test_the_order_of_adding_does_not_matter(files: list[tuple[str, int, int]], order: random.Random) -> None:
    """Threads may finish in any order: the sums are the same."""
    shuffled = list(files)
    order.shuffle(shuffled)
    assert profile(shuffled) == profile(files)


def parent_of(path: str) -> str:
    return path.rpartition("/")[0] or ROOT
