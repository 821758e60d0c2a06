"""What to leave out so that the rest fits: evidence first, no more than it takes, and never what must stay."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from loopflow.analysis.cuts import to_pattern
from loopflow.analysis.patterns import compile_patterns
from loopflow.analysis.plan import leave_out
from loopflow.model import Cut, CutReason


def cut(at: str, tokens: Mapping[str, int]) -> Cut:
    """Return the candidate for a file, or for a directory whose name ends in a slash."""
    paths = tuple(path for path in tokens if path == at or (at.endswith("/") and path.startswith(at)))
    return Cut(CutReason.DATA, "seen", paths, sum(tokens[path] for path in paths), at)


def left_out(tokens: Mapping[str, int], cuts: Sequence[str], room: int, keep: Sequence[str] = ()) -> tuple[str, ...]:
    found = sorted((cut(at, tokens) for at in cuts), key=lambda each: (-each.tokens, each.at))
    return leave_out(tokens, found, room, lambda path: path in keep)


def left_by(patterns: Sequence[str], tokens: Mapping[str, int]) -> dict[str, int]:
    """Return what patterns leave, measured as a selection does."""
    match: Callable[[str], bool] = compile_patterns(patterns, "test").match if patterns else lambda _: False
    return {path: count for path, count in tokens.items() if not match(path)}


# --- In examples ---

TOKENS = {"big.lock": 500, "data/a.json": 200, "data/b.json": 100, "docs/a.md": 60, "src/a.py": 30, "src/b.py": 20}
CUTS = ["big.lock", "data/"]


@pytest.mark.parametrize(
    ("room", "exclude", "left"),
    [
        pytest.param(910, (), 910, id="it fits to the token"),
        pytest.param(909, ("/data/",), 610, id="the smallest candidate that suffices, not the largest"),
        pytest.param(610, ("/data/",), 610, id="to the token"),
        pytest.param(609, ("/big.lock",), 410, id="one more: the larger one"),
        pytest.param(409, ("/big.lock", "/data/"), 110, id="both, the largest first"),
        pytest.param(
            109, ("/big.lock", "/data/", "/src/b.py"), 90, id="then own files, where directories are too coarse"
        ),
        pytest.param(60, ("/big.lock", "/data/", "/src/"), 60, id="a directory that is as large as what is needed"),
        pytest.param(50, ("/big.lock", "/data/", "/docs/"), 50, id="the largest directory that is not larger"),
        pytest.param(20, ("/big.lock", "/data/", "/docs/", "/src/a.py"), 20, id="a directory and a file"),
        pytest.param(0, ("/big.lock", "/data/", "/docs/", "/src/"), 0, id="everything"),
    ],
)
def test_examples(room: int, exclude: tuple[str, ...], left: int) -> None:
    """First candidates, then directories, then files; the last one is the smallest that suffices."""
    assert left_out(TOKENS, CUTS, room) == exclude
    assert sum(left_by(exclude, TOKENS).values()) == left <= room


@pytest.mark.parametrize(
    ("keep", "room", "exclude", "fits"),
    [
        pytest.param(["data/a.json"], 810, ("/data/b.json",), True, id="a candidate is taken apart"),
        pytest.param(["data/a.json"], 400, ("/big.lock", "/data/b.json"), True, id="and the others stay candidates"),
        pytest.param(["big.lock"], 610, ("/data/",), True, id="another candidate"),
        pytest.param(["big.lock"], 499, ("/data/", "/docs/", "/src/"), False, id="what stays is too large"),
        pytest.param([*TOKENS], 100, (), False, id="everything stays"),
        pytest.param(["src/a.py"], 40, ("/big.lock", "/data/", "/docs/", "/src/b.py"), True, id="a directory is open"),
    ],
)
def test_keep(keep: Sequence[str], room: int, exclude: tuple[str, ...], fits: bool) -> None:  # noqa: FBT001
    """What must stay is never left out, nor a directory with it, even where it then cannot fit."""
    assert left_out(TOKENS, CUTS, room, keep) == exclude
    assert (sum(left_by(exclude, TOKENS).values()) <= room) == fits


def test_no_directory_with_files_that_are_not_seen() -> None:
    """A directory that holds a file that is not among those to plan for is taken apart."""
    tokens = {"src/a.py": 30, "src/in/b.py": 20, "src/in/c.py": 9}
    assert leave_out(tokens, (), 30, unseen=["src/x.js"]) == ("/src/in/",)
    assert leave_out({"src/a.py": 30, "src/b.py": 20}, (), 0, unseen=["src/in/x.js"]) == ("/src/a.py", "/src/b.py")


@pytest.mark.parametrize(
    ("tokens", "cuts", "room", "exclude"),
    [
        pytest.param({"a/x": 1, "z": 9}, [], 9, ("/a/",), id="a directory of one token, for one that is too many"),
        pytest.param(
            {"a/in/x": 5, "a/y": 50, "b/z": 5}, [], 55, ("/b/",), id="of two that are as large, the one further up"
        ),
        pytest.param(
            {"src/a": 71, "tests/b": 50, "tests/c": 2802},
            [],
            1500,
            ("/tests/c",),
            id="what was not needed is given back",
        ),
        pytest.param({"a/x": 30, "b/y": 20, "z": 1000}, [], 30, ("/b/", "/z"), id="the largest first, to the token"),
        pytest.param({"a/x": 20, "b/y": 30, "z": 1000}, [], 30, ("/a/", "/z"), id="whatever it is called"),
        pytest.param({"a/x": 30, "b/y": 20, "z": 1000, "k": 500}, [], 530, ("/b/", "/z"), id="beside what stays"),
        pytest.param({"a/x": 30, "b/y": 20, "z": 1000}, [], 29, ("/a/", "/z"), id="or the next one"),
        pytest.param({"a/x": 30, "b/y": 20, "z": 1000}, [], 50, ("/z",), id="or all"),
        pytest.param({"a/x": 30, "b/y": 20, "z": 1000}, ["a/"], 30, ("/a/", "/z"), id="but no candidate is"),
    ],
)
def test_no_more_than_it_takes(
    tokens: Mapping[str, int], cuts: Sequence[str], room: int, exclude: tuple[str, ...]
) -> None:
    """What is left out is small, stands far up, and is given back where it need not go."""
    assert left_out(tokens, cuts, room) == exclude


def test_nothing_empty_is_left_out() -> None:
    """Where nothing with tokens may go, nothing without them does."""
    assert left_out({"a": 0, "b": 5}, ["a"], 0, ["b"]) == ()


def test_nothing() -> None:
    """Nothing fits into nothing."""
    assert leave_out({}, (), 0) == ()


# --- For any tree ---


@dataclass(frozen=True)
class Case:
    """A tree, candidates in it that do not overlap, the room there is, and what must stay."""

    tokens: Mapping[str, int]
    cuts: Sequence[str]
    room: int
    keep: frozenset[str] = frozenset()

    @property
    def exclude(self) -> tuple[str, ...]:
        return left_out(self.tokens, self.cuts, self.room, [*self.keep])

    @property
    def fits(self) -> bool:
        return sum(left_by(self.exclude, self.tokens).values()) <= self.room

    @property
    def candidates(self) -> set[str]:
        """Files that are candidates, and may be taken."""
        return {path for at in self.cuts for path in cut(at, self.tokens).paths} - self.keep


_DIRECTORIES = st.sampled_from(["a", "b", "src", "*", "s p", "é"])
_FILES = st.sampled_from(["1.py", "2.py", "3.md", "#4", "5 ", "[6]", "\udcff"])
_PATHS = st.builds(lambda above, name: "/".join([*above, name]), st.lists(_DIRECTORIES, max_size=3), _FILES)
_SIZES = st.one_of(st.integers(0, 5), st.integers(0, 400))


@st.composite
def trees(draw: st.DrawFn, least: int = 0) -> tuple[dict[str, int], list[str]]:
    """Return the tokens of files, `least` of them and of candidates, and candidates that do not overlap."""
    tokens = draw(st.dictionaries(_PATHS, _SIZES.map(lambda size: size + least), min_size=least, max_size=14))
    places = sorted({*tokens} | {path[: at + 1] for path in tokens for at, char in enumerate(path) if char == "/"})
    cuts: list[str] = []
    for at in draw(st.lists(st.sampled_from(places), unique=True, min_size=least, max_size=5)) if places else []:
        if not any(at.startswith(other) or other.startswith(at) for other in cuts):
            cuts.append(at)
    return tokens, cuts


@st.composite
def cases(draw: st.DrawFn) -> Case:
    tokens, cuts = draw(trees())
    keep = draw(st.frozensets(st.sampled_from(sorted(tokens)), max_size=3)) if tokens else frozenset()
    return Case(tokens, cuts, draw(st.integers(0, sum(tokens.values()) * 3 // 2 + 1)), keep)


@st.composite
def cases_for_candidates(draw: st.DrawFn) -> Case:
    """Return a case in which something has to be left out, and candidates suffice."""
    tokens, cuts = draw(trees(least=1))
    needed = draw(st.integers(1, sum(cut(at, tokens).tokens for at in cuts)))
    return Case(tokens, cuts, sum(tokens.values()) - needed)


@given(cases())
def test_it_fits_where_it_can(case: Case) -> None:
    """It fits if and only if what must stay does, and what must stay does stay."""
    assert case.fits == (sum(case.tokens[path] for path in case.keep) <= case.room)
    assert case.keep <= left_by(case.exclude, case.tokens).keys()


def patterns_of_candidates(case: Case) -> set[str]:
    """Return the patterns of candidates, taken apart where they hold something to keep."""
    return {to_pattern(at) for at in [*case.cuts, *case.candidates]}


@given(cases())
@example(Case({"src/a": 71, "tests/b": 50, "tests/c": 2802}, [], 1500))
@example(Case({"a/b/x": 5, "a/y": 3, "z": 90}, [], 10))
def test_nothing_in_vain(case: Case) -> None:
    """Nothing is left out when all fits, and each pattern is needed: without one of own files it would not fit."""
    exclude = case.exclude
    if sum(case.tokens.values()) <= case.room:
        assert exclude == ()
    else:
        assert sum(left_by(exclude[:-1], case.tokens).values()) > case.room
    if case.fits:
        candidates = patterns_of_candidates(case)
        for pattern in set(exclude) - candidates:
            rest = [each for each in exclude if each != pattern]
            assert sum(left_by(rest, case.tokens).values()) > case.room
    for number in range(len(exclude)):
        left = left_by(exclude[: number + 1], case.tokens)
        assert sum(left.values()) < sum(left_by(exclude[:number], case.tokens).values())


@given(cases())
def test_candidates_first(case: Case) -> None:
    """Nobody's own files are left out while a candidate that costs anything is there."""
    left = left_by(case.exclude, case.tokens)
    own = case.tokens.keys() - case.candidates
    if any(path not in left and case.tokens[path] for path in own):
        assert not any(case.tokens[path] for path in case.candidates & left.keys())


@given(cases_for_candidates())
@example(Case({"a": 10, "b": 7, "c": 5, "d": 3}, ["a", "b", "c", "d"], 14))
def test_the_last_candidate_is_the_smallest_that_suffices(case: Case) -> None:
    """Candidates are taken, the largest first, as long as no single one suffices; then the smallest that does."""
    total = sum(case.tokens.values())
    sizes = sorted((cut(at, case.tokens).tokens for at in case.cuts), reverse=True)
    *before, last = (total - sum(left_by([each], case.tokens).values()) for each in case.exclude)
    assert before == sizes[: len(before)]
    needed = [total - sum(before[:number]) - case.room for number in range(len(before) + 1)]
    assert all(size < still for size, still in zip(before, needed, strict=False))
    assert last == min(size for size in sizes[len(before) :] if size >= needed[-1])


@given(cases(), st.randoms())
def test_the_order_of_files_does_not_matter(case: Case, random: Random) -> None:
    """The same tree has the same plan, in whatever order its files come."""
    paths = list(case.tokens)
    random.shuffle(paths)
    shuffled = {path: case.tokens[path] for path in paths}
    assert left_out(shuffled, case.cuts, case.room, [*case.keep]) == case.exclude
