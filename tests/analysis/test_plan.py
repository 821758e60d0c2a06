"""What to leave out so that the rest fits: evidence first, no more than it takes, and never what must stay."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from random import Random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from loopflow.analysis.cuts import to_pattern
from loopflow.analysis.patterns import compile_patterns
from loopflow.analysis.plan import Window, make_plan
from loopflow.model import Cut, CutReason, Plan

QUARTER = Fraction(1, 4)


def cut(at: str, tokens: Mapping[str, int]) -> Cut:
    """Return the candidate for a file, or for a directory whose name ends in a slash."""
    paths = tuple(path for path in tokens if path == at or (at.endswith("/") and path.startswith(at)))
    return Cut(CutReason.DATA, "seen", paths, sum(tokens[path] for path in paths), at)


def plan_for(
    tokens: Mapping[str, int],
    cuts: Sequence[str],
    window: int,
    reserve: Fraction = Fraction(0),
    keep: Sequence[str] = (),
) -> Plan:
    found = sorted((cut(at, tokens) for at in cuts), key=lambda each: (-each.tokens, each.at))
    return make_plan(tokens, found, Window(window, reserve, lambda path: path in keep))


def left_by(patterns: Sequence[str], tokens: Mapping[str, int]) -> dict[str, int]:
    """Return what patterns leave, measured as a selection does."""
    match: Callable[[str], bool] = compile_patterns(patterns, "test").match if patterns else lambda _: False
    return {path: count for path, count in tokens.items() if not match(path)}


# --- In examples ---

TOKENS = {"big.lock": 500, "data/a.json": 200, "data/b.json": 100, "docs/a.md": 60, "src/a.py": 30, "src/b.py": 20}
CUTS = ["big.lock", "data/"]


@pytest.mark.parametrize(
    ("window", "exclude", "left"),
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
def test_examples(window: int, exclude: tuple[str, ...], left: int) -> None:
    """First candidates, then directories, then files; the last one is the smallest that suffices."""
    plan = plan_for(TOKENS, CUTS, window)
    assert (plan.exclude, plan.tokens_left, plan.fits) == (exclude, left, True)


@pytest.mark.parametrize(
    ("keep", "window", "exclude", "fits"),
    [
        pytest.param(["data/a.json"], 810, ("/data/b.json",), True, id="a candidate is taken apart"),
        pytest.param(["big.lock"], 610, ("/data/",), True, id="another candidate"),
        pytest.param(["big.lock"], 499, ("/data/", "/docs/", "/src/"), False, id="what stays is too large"),
        pytest.param([*TOKENS], 100, (), False, id="everything stays"),
        pytest.param(["src/a.py"], 40, ("/big.lock", "/data/", "/docs/", "/src/b.py"), True, id="a directory is open"),
    ],
)
def test_keep(keep: Sequence[str], window: int, exclude: tuple[str, ...], fits: bool) -> None:  # noqa: FBT001
    """What must stay is never left out, nor a directory with it, even where it then cannot fit."""
    plan = plan_for(TOKENS, CUTS, window, keep=keep)
    assert (plan.exclude, plan.fits) == (exclude, fits)


def test_no_directory_with_files_that_are_not_seen() -> None:
    """A directory that holds a file that is not among those to plan for is taken apart."""
    plan = make_plan({"src/a.py": 30, "src/in/b.py": 20, "src/in/c.py": 9}, (), Window(30, Fraction(0)), ["src/x.js"])
    assert (plan.exclude, plan.tokens_left) == (("/src/in/",), 30)
    plan = make_plan({"src/a.py": 30, "src/b.py": 20}, (), Window(0, Fraction(0)), ["src/in/x.js"])
    assert plan.exclude == ("/src/a.py", "/src/b.py")


@pytest.mark.parametrize(
    ("window", "reserve", "kept_back", "fits"),
    [
        (1214, QUARTER, 303, True),
        (1213, QUARTER, 303, True),
        (1212, QUARTER, 303, False),
        (910, Fraction(0), 0, True),
        (1000, Fraction(9, 100), 90, True),
    ],
)
def test_reserve(window: int, reserve: Fraction, kept_back: int, fits: bool) -> None:  # noqa: FBT001
    """A share of the window is kept back, rounded down; the rest is what there is to fill."""
    plan = plan_for(TOKENS, (), window, reserve, keep=[*TOKENS])
    assert (plan.window, plan.reserve, plan.fits, plan.exclude) == (window, kept_back, fits, ())


def test_nothing() -> None:
    """Nothing fits into anything."""
    assert plan_for({}, (), 1) == Plan(1, 0, (), 0, fits=True)


# --- For any tree ---


@dataclass(frozen=True)
class Case:
    """A tree, candidates in it that do not overlap, a window, and what must stay."""

    tokens: Mapping[str, int]
    cuts: Sequence[str]
    window: int
    reserve: Fraction
    keep: frozenset[str]

    @property
    def room(self) -> int:
        return self.window - int(self.window * self.reserve)

    @property
    def plan(self) -> Plan:
        return plan_for(self.tokens, self.cuts, self.window, self.reserve, [*self.keep])

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
    window = draw(st.integers(0, sum(tokens.values()) * 3 // 2 + 1))
    return Case(tokens, cuts, window, draw(st.sampled_from([Fraction(0), Fraction(1, 10), QUARTER])), keep)


@st.composite
def cases_for_candidates(draw: st.DrawFn) -> Case:
    """Return a case in which something has to be left out, and candidates suffice."""
    tokens, cuts = draw(trees(least=1))
    needed = draw(st.integers(1, sum(cut(at, tokens).tokens for at in cuts)))
    return Case(tokens, cuts, sum(tokens.values()) - needed, Fraction(0), frozenset())


@given(cases())
def test_what_is_left(case: Case) -> None:
    """What the patterns leave, measured by matching them, is what the plan says, and fits if and only if it says so."""
    plan = case.plan
    left = sum(left_by(plan.exclude, case.tokens).values())
    assert plan.tokens_left == left
    assert plan.fits == (left <= plan.window - plan.reserve)
    assert plan.window - plan.reserve == case.room


@given(cases())
def test_it_fits_where_it_can(case: Case) -> None:
    """It fits if and only if what must stay does, and what must stay does stay."""
    plan = case.plan
    assert plan.fits == (sum(case.tokens[path] for path in case.keep) <= case.room)
    assert case.keep <= left_by(plan.exclude, case.tokens).keys()


def make_plan_of_candidates(case: Case) -> set[str]:
    """Return the patterns of candidates, taken apart where they hold something to keep."""
    paths = {path for path in case.candidates if path not in case.keep}
    return {to_pattern(at) for at in [*case.cuts, *paths]}


@given(cases())
@example(Case({"src/a": 71, "tests/b": 50, "tests/c": 2802}, [], 1500, Fraction(0), frozenset()))
@example(Case({"a/b/x": 5, "a/y": 3, "z": 90}, [], 10, Fraction(0), frozenset()))
def test_nothing_in_vain(case: Case) -> None:
    """Nothing is left out when all fits, and each pattern is needed: without one of own files it would not fit."""
    exclude = case.plan.exclude
    if sum(case.tokens.values()) <= case.room:
        assert exclude == ()
    else:
        assert sum(left_by(exclude[:-1], case.tokens).values()) > case.room
    if case.plan.fits:
        candidates = make_plan_of_candidates(case)
        for pattern in set(exclude) - candidates:
            rest = [each for each in exclude if each != pattern]
            assert sum(left_by(rest, case.tokens).values()) > case.room
    for number in range(len(exclude)):
        left = left_by(exclude[: number + 1], case.tokens)
        assert sum(left.values()) < sum(left_by(exclude[:number], case.tokens).values())


@given(cases())
def test_candidates_first(case: Case) -> None:
    """Nobody's own files are left out while a candidate that costs anything is there."""
    left = left_by(case.plan.exclude, case.tokens)
    own = case.tokens.keys() - case.candidates
    if any(path not in left and case.tokens[path] for path in own):
        assert not any(case.tokens[path] for path in case.candidates & left.keys())


@given(cases_for_candidates())
@example(Case({"a": 10, "b": 7, "c": 5, "d": 3}, ["a", "b", "c", "d"], 14, Fraction(0), frozenset()))
def test_the_last_candidate_is_the_smallest_that_suffices(case: Case) -> None:
    """Candidates are taken, the largest first, as long as no single one suffices; then the smallest that does."""
    total = sum(case.tokens.values())
    sizes = sorted((cut(at, case.tokens).tokens for at in case.cuts), reverse=True)
    *before, last = (total - sum(left_by([each], case.tokens).values()) for each in case.plan.exclude)
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
    assert plan_for(shuffled, case.cuts, case.window, case.reserve, [*case.keep]) == case.plan


@given(cases(), st.integers(1, 100))
def test_a_larger_window_leaves_no_less_room(case: Case, more: int) -> None:
    """What fits a window fits a larger one."""
    larger = Case(case.tokens, case.cuts, case.window + more, case.reserve, case.keep)
    assert larger.plan.fits >= case.plan.fits
