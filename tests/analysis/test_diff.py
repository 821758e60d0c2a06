"""Comparing: before + change = after for every row, and what moved is neither new nor gone."""

from collections.abc import Mapping
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from loopflow.analysis.diff import ROOT, find_moved_directories, find_moves
from loopflow.analysis.diff import compare_profile as compare_profiles
from loopflow.analysis.filetype import file_type
from loopflow.model import Before, Delta, Diff, FileTokens, Kind, Profile, Total
from tests.support.profiles import make_profile

_PATHS = st.sampled_from(["a.py", "b.md", "src/a.py", "src/in/b.py", "src2/a.py", "lib/in/b.py", "x/y/z/c", "x/d"])
_CONTENTS = st.integers(0, 6)
"""A content is its number: it has so many tokens, and files with the same one are alike."""
_TREES = st.dictionaries(_PATHS, _CONTENTS, max_size=8)


def files(contents: Mapping[str, int]) -> list[FileTokens]:
    return [FileTokens(path, file_type(path), tokens, tokens, str(tokens)) for path, tokens in contents.items()]


def before(contents: Mapping[str, int], now: Mapping[str, int]) -> Before:
    """Return what there was, with what has moved since."""
    there = {file.path: file for file in files(contents)}
    gone = [file for path, file in there.items() if path not in now]
    new = [file for file in files(now) if file.path not in there]
    return Before("revision", "HEAD", there, find_moves(gone, new))


def compare(was: Mapping[str, int], now: Mapping[str, int]) -> tuple[Profile, Diff]:
    profile = make_profile(now)
    return profile, compare_profiles(profile, before(was, now))


@given(was=_TREES, now=_TREES)
def test_before_and_change_make_after(was: dict[str, int], now: dict[str, int]) -> None:
    """For files, directories and types: what there was plus the change is what there is, row by row."""
    profile, diff = compare(was, now)
    for delta in (*diff.files, *diff.directories, *diff.types, *diff.largest):
        assert (delta.before or 0) + delta.change == (delta.after or 0)
    assert {delta.path: delta.after for delta in diff.directories if delta.after is not None} == {
        stats.path: stats.tokens for stats in profile.directories
    }
    assert {delta.path: delta.after for delta in diff.types if delta.after is not None} == {
        stats.type: stats.tokens for stats in profile.types
    }
    assert diff.total.tokens == sum(was.values())


@given(was=_TREES, now=_TREES)
def test_the_changes_of_files_add_up(was: dict[str, int], now: dict[str, int]) -> None:
    """The changes of all files make that of the total, and so do those of types and of the largest changes."""
    _, diff = compare(was, now)
    change = sum(now.values()) - sum(was.values())
    assert diff.directories[0].change == change
    for deltas in (diff.files, diff.types, diff.largest):
        assert sum(delta.change for delta in deltas) == change


@given(was=_TREES, now=_TREES)
def test_every_file_that_differs_is_named_once(was: dict[str, int], now: dict[str, int]) -> None:
    """Each path whose tokens differ is in the list once, as itself or as where something came from; no other is."""
    _, diff = compare(was, now)
    named = [delta.path for delta in diff.files] + [delta.came_from for delta in diff.files if delta.came_from]
    assert len(named) == len(set(named))
    assert set(named) == {path for path in {*was, *now} if was.get(path) != now.get(path)}


@given(was=_TREES, now=_TREES)
def test_the_reverse_change_is_the_same_the_other_way_round(was: dict[str, int], now: dict[str, int]) -> None:
    """Compared the other way, every row has the opposite change."""
    forth, back = compare(was, now)[1], compare(now, was)[1]
    for key in ("directories", "types"):
        assert {d.path: d.change for d in getattr(forth, key)} == {d.path: -d.change for d in getattr(back, key)}


def test_everything_that_is_said() -> None:
    """Files by the bytes of their paths, directories depth-first, types by name, the largest change first."""
    was = {"a-b/x.c": 4, "a/in/y.py": 6, "old/p.md": 20, "old/q.md": 2, "gone": 30, "keep": 1, "!e/was.py": 7}
    now = {"a-b/x.c": 9, "a/in/y.py": 3, "new/p.md": 20, "new/q.md": 2, "\udcff": 8, "keep": 1, "Z/is.py": 7}
    profile = make_profile(now)
    start = before(was, now)
    diff = compare_profiles(profile, start)
    moved = [
        Delta("new/p.md", 20, 20, Kind.MOVED, "old/p.md"),
        Delta("new/q.md", 2, 2, Kind.MOVED, "old/q.md"),
    ]
    single = Delta("Z/is.py", 7, 7, Kind.MOVED, "!e/was.py")
    grown, shrunk = Delta("a-b/x.c", 4, 9, Kind.GROWN), Delta("a/in/y.py", 6, 3, Kind.SHRUNK)
    removed, added = Delta("gone", 30, None, Kind.REMOVED), Delta("\udcff", None, 8, Kind.ADDED)
    assert diff == Diff(
        before=start,
        total=Total(70, 7, 70),
        files=(single, grown, shrunk, removed, *moved, added),
        directories=(
            Delta(".", 70, 50, Kind.SHRUNK),
            Delta("!e", 7, None, Kind.REMOVED),
            Delta("Z", None, 7, Kind.ADDED),
            Delta("a", 6, 3, Kind.SHRUNK),
            Delta("a/in", 6, 3, Kind.SHRUNK),
            Delta("a-b", 4, 9, Kind.GROWN),
            Delta("new", None, 22, Kind.ADDED),
            Delta("old", 22, None, Kind.REMOVED),
        ),
        types=(
            Delta("(none)", 31, 9, Kind.SHRUNK),
            Delta(".c", 4, 9, Kind.GROWN),
            Delta(".md", 22, 22, Kind.SAME),
            Delta(".py", 13, 10, Kind.SHRUNK),
        ),
        largest=(removed, added, grown, shrunk, Delta("new/", 22, 22, Kind.MOVED, "old/", 2), single),
    )


def test_kinds() -> None:
    """Each kind of change has its name."""
    was = {"same": 1, "grown": 2, "shrunk": 3, "gone": 4, "old/name": 5}
    now = {"same": 1, "grown": 6, "shrunk": 2, "new": 3, "new/name": 5}
    assert {delta.path: delta.kind for delta in compare(was, now)[1].files} == {
        "grown": Kind.GROWN,
        "shrunk": Kind.SHRUNK,
        "gone": Kind.REMOVED,
        "new": Kind.ADDED,
        "new/name": Kind.MOVED,
    }


def test_moves_prefer_the_same_name() -> None:
    """Of several files with one content, the one that kept its name is the one that moved there."""
    moves = find_moves(files({"x/a": 5, "x/b": 5}), files({"y/b": 5, "y/a": 5}))
    assert moves == {"y/a": "x/a", "y/b": "x/b"}
    moves = find_moves(files({"x/a": 5, "x/b": 5}), files({"y/b": 5, "z/a": 5}))
    assert moves == {"y/b": "x/b", "z/a": "x/a"}
    moves = find_moves(files({"x/a": 5, "x/b": 5}), files({"y/a": 5, "y/c": 5}))
    assert moves == {"y/a": "x/a", "y/c": "x/b"}


def test_in_the_order_of_bytes() -> None:
    """Files move in the order of their names' bytes, and types are listed in it, whatever the names are."""
    late, early = "\udcff", "\ue000"  # by characters, it would be the other way round
    moves = find_moves(files({"x/a": 5, "x/b": 5}), files({f"y/{late}": 5, f"y/{early}": 5}))
    assert moves == {f"y/{early}": "x/a", f"y/{late}": "x/b"}
    _, diff = compare({f"a.{late}": 5, f"a.{early}": 6}, {f"b.{late}": 7, f"b.{early}": 8})
    assert [delta.path for delta in diff.types] == [f".{early}", f".{late}"]


def test_one_file_moves_to_one_place() -> None:
    """A file that was copied to two places moved to one of them; the other is new."""
    assert len(find_moves(files({"a": 5}), files({"b": 5, "c": 5}))) == 1


def test_empty_files_do_not_move() -> None:
    """Files without content are alike for no reason."""
    assert find_moves(files({"a/__init__.py": 0}), files({"b/__init__.py": 0})) == {}


def test_a_moved_directory_is_one_row() -> None:
    """Files that moved together are one change, with their tokens and their number; others stay by themselves."""
    was = {"old/a": 1, "old/in/b": 2, "c": 3}
    now = {"pkg/new/a": 1, "pkg/new/in/b": 2, "d": 3}
    diff = compare(was, now)[1]
    assert [(each.path, each.came_from, each.after, each.files) for each in diff.largest] == [
        ("d", "c", 3, 1),
        ("pkg/new/", "old/", 3, 2),
    ]


def test_two_directories_that_moved_to_one_place() -> None:
    """Where two were put together, no file is said to come from the other one."""
    was = {"a/1": 1, "a/2": 2, "b/3": 3, "b/4": 4}
    _, diff = compare(was, {f"c/{path[-1]}": tokens for path, tokens in was.items()})
    assert [(delta.path, delta.came_from) for delta in diff.largest] == [
        ("c/", "b/"),
        ("c/2", "a/2"),
        ("c/1", "a/1"),
    ]


def test_many_files_with_one_content() -> None:
    """Ten thousand equal files that move are paired by their names, without comparing each with each."""
    old, new = ({f"{place}/{each}/f": 5 for each in range(10_000)} for place in "ab")
    assert len(find_moves(files(old), files(new))) == 10_000


def test_a_directory_that_left_something_behind_did_not_move() -> None:
    """Its files did, and each is a row."""
    now = {"new/a": 1, "new/b": 2, "old/c": 3}
    assert find_moved_directories(before({"old/a": 1, "old/b": 2, "old/c": 3}, now)) == {}
    assert find_moved_directories(before({"old/a": 1, "old/b": 2}, now)) == {"new": "old"}


def test_directories_are_parts_of_paths() -> None:
    """`src` moves without `src2`."""
    was, now = {"src/a": 1, "src/b": 2, "src2/a": 3}, {"lib/a": 1, "lib/b": 2, "src2/a": 3}
    assert find_moved_directories(before(was, now)) == {"lib": "src"}


def test_a_directory_that_moved_into_another() -> None:
    """It keeps its name there, and is found all the same."""
    was = {"src/a": 1, "src/b": 2}
    assert find_moved_directories(before(was, {f"pkg/{path}": tokens for path, tokens in was.items()})) == {
        "pkg/src": "src"
    }


def test_a_path_that_was_and_is_nowhere() -> None:
    """What may differ and holds no file at either time is no change, nor is the directory above it."""
    was = {"a.py": 1}
    there = replace(before(was, was), differing=frozenset({"gone/b.py"}))
    diff = compare_profiles(make_profile(was), there)
    assert (diff.files, [each.path for each in diff.directories], diff.total.tokens) == ((), [ROOT], 1)
