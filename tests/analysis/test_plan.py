"""What a plan keeps: everything in order of worth until the window is full, and what goes as few lines that say why."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from loopflow.analysis.attributes import Attributes
from loopflow.analysis.patterns import compile_patterns
from loopflow.analysis.plan import Planner
from loopflow.analysis.worth import Wishes, Worth, rank
from loopflow.model import Cut, CutReason, PlanLine


def cut(at: str, tokens: Mapping[str, int], reason: CutReason = CutReason.DATA) -> Cut:
    """Return the candidate for a file, or for a directory whose name ends in a slash."""
    paths = tuple(path for path in tokens if path == at or (at.endswith("/") and path.startswith(at)))
    return Cut(reason, "seen", paths, sum(tokens[path] for path in paths), at)


@dataclass(frozen=True)
class Case:
    """A tree, candidates in it that do not overlap, the room there is, and what was asked for."""

    tokens: Mapping[str, int]
    cuts: Sequence[str]
    room: int
    keep: frozenset[str] = frozenset()
    paths: tuple[str, ...] = ("",)
    unseen: tuple[str, ...] = ()

    @property
    def wishes(self) -> Wishes:
        return Wishes(self.keep.__contains__ if self.keep else None, self.paths)

    @property
    def lines(self) -> tuple[PlanLine, ...]:
        cuts = sorted((cut(at, self.tokens) for at in self.cuts), key=lambda each: (-each.tokens, each.at))
        return Planner(self.tokens, cuts, self.room, self.wishes, unseen=self.unseen).leave_out()

    @property
    def patterns(self) -> list[str]:
        return [line.pattern for line in self.lines]

    @property
    def left(self) -> dict[str, int]:
        """What the lines leave, measured as a selection does; files without tokens decide nothing."""
        matches = compile_patterns(self.patterns, "test").match if self.patterns else lambda _: False
        return {path: count for path, count in self.tokens.items() if count and not matches(path)}

    @property
    def evidence(self) -> set[str]:
        return {path for at in self.cuts for path in cut(at, self.tokens).paths}


# --- In examples ---

TREE = {
    "README.md": 20,
    "big.lock": 500,
    "data/a.json": 200,
    "data/b.json": 100,
    "CHANGELOG.md": 80,
    "docs/a.md": 60,
    "docs/b.md": 90,
    "tests/test_a.py": 60,
    "tests/test_b.py": 10,
    "src/a.py": 30,
    "src/b.py": 20,
    "src/in/c.py": 40,
    "src/in/d.py": 5,
}
CUTS = ("big.lock", "data/a.json", "data/b.json")


@pytest.mark.parametrize(
    ("room", "patterns", "left"),
    [
        pytest.param(1215, [], 1215, id="it fits to the token"),
        pytest.param(1214, ["/big.lock"], 715, id="evidence first, and what fits of it is given back"),
        pytest.param(714, ["/big.lock", "/data/a.json"], 515, id="the smallest is given back first"),
        pytest.param(430, ["/big.lock", "/data/"], 415, id="all evidence"),
        pytest.param(414, ["/big.lock", "/data/", "/CHANGELOG.md"], 335, id="then the changelog"),
        pytest.param(334, ["/big.lock", "/data/", "/CHANGELOG.md", "/tests/test_a.py"], 275, id="then tests"),
        pytest.param(
            264,
            ["/big.lock", "/data/", "/CHANGELOG.md", "/docs/b.md"],
            245,
            id="tests come in where a document did not fit",
        ),
        pytest.param(
            109,
            ["/big.lock", "/data/", "/CHANGELOG.md", "/tests/test_a.py", "/docs/", "/src/in/c.py"],
            85,
            id="then deep source",
        ),
        pytest.param(
            0, ["/big.lock", "/data/", "/CHANGELOG.md", "/tests/", "/docs/", "/src/", "/README.md"], 0, id="all"
        ),
    ],
)
def test_examples(room: int, patterns: list[str], left: int) -> None:
    """What goes first stands first; a class goes whole before a better one is touched."""
    case = Case(TREE, CUTS, room)
    assert case.patterns == patterns
    assert sum(case.left.values()) == left <= max(room, 0)


def test_each_line_says_what_it_takes_and_why() -> None:
    """Tokens and the reason: a candidate's, or what a name says."""
    assert Case(TREE, CUTS, 264).lines == (
        ("/big.lock", 500, "embedded data"),
        ("/data/", 300, "embedded data"),
        ("/CHANGELOG.md", 80, "changelog, by name"),
        ("/docs/b.md", 90, "documentation, by name"),
    )


def test_no_plan_keeps_docs_and_drops_source() -> None:
    """In whatever order the two directories were named."""
    for paths in (("docs", "src"), ("src", "docs")):
        asked = {path: count for path, count in TREE.items() if path.startswith(paths)}
        left = Case(asked, (), 105, paths=paths).left
        assert left.keys() == {"src/a.py", "src/b.py", "src/in/c.py", "src/in/d.py"}


def test_what_was_named_goes_last_the_last_first() -> None:
    """`src/b.py CHANGELOG.md src/a.py` in too small a window loses what was named last, and all else before."""
    paths = ("src/b.py", "CHANGELOG.md", "src/a.py")
    left = Case(TREE, CUTS, 129, paths=paths).left
    assert left.keys() >= {"CHANGELOG.md", "src/b.py"}
    assert "src/a.py" not in left


def test_a_huge_file_that_is_kept_leaves_no_room() -> None:
    """What must stay does, whatever it costs; the rest goes."""
    assert Case(TREE, CUTS, 100, keep=frozenset({"big.lock"})).left.keys() == {"big.lock"}


def test_documentation_by_attribute_is_no_evidence() -> None:
    """What is only about something else goes as documentation, after what nobody wrote."""
    tokens = {"a.py": 10, "guide.txt": 10, "data.json": 10}
    cuts = [cut("guide.txt", tokens, CutReason.DOCUMENTATION), cut("data.json", tokens)]
    lines = Planner(tokens, cuts, 20).leave_out()
    assert [line.pattern for line in lines] == ["/data.json"]


def test_one_among_many_of_its_kind_goes_with_them() -> None:
    """Where nearly all files of a suffix in a directory are evidence, the others are none's own source."""
    tokens = {f"icons/{each}.svg": 5 for each in range(60)} | {"icons/own.py": 50, "app.py": 50}
    drawn = [path for path in tokens if path.endswith(".svg")][:50]
    assert Case(tokens, drawn, 150).left.keys() >= {"icons/own.py", "app.py"}
    assert Case(tokens, drawn, 110).patterns == ["/icons/*.svg"]
    assert len(Case(tokens, drawn[:30], 110).patterns) > 1


def test_an_empty_file_that_must_stay_is_not_taken() -> None:
    """Nor one that was named: it costs nothing, and its directory does not go whole."""
    tokens = {"src/__init__.py": 0, "src/a.py": 90, "src/b.py": 80, "m.py": 9}
    patterns = Case(tokens, (), 10, keep=frozenset({"src/__init__.py", "m.py"})).patterns
    assert not compile_patterns(patterns, "test").match("src/__init__.py")
    assert compile_patterns(Case(tokens, (), 10).patterns, "test").match("src/__init__.py")


def test_directories_are_given_up_where_lines_are_many() -> None:
    """Rather than forty lines for single files, directories with little left go whole."""
    tokens = {"app.py": 2_000}
    for each in range(30):
        below = f"pkg{each % 5}/d{each}"
        tokens |= {f"{below}/a{each}.py": 5_000, f"{below}/b{each}.py": 6_000, f"{below}/small{each}.py": 20}
    case = Case(tokens, (), 2_650)
    assert sum(case.left.values()) >= 0.9 * 2_650
    everything = replace(case, keep=frozenset(path for path in tokens if "small" in path))
    assert len(case.patterns) < len(everything.patterns) == 60


def test_a_directory_of_many_files_of_evidence_is_not_split() -> None:
    """Where each file that fits would be a line, none is given back; a directory that fits is."""
    tokens = {f"data/many/{each}.x{each}": 10 for each in range(150)} | {f"data/few/{each}.y": 20 for each in range(3)}
    case = Case(tokens | {"app.py": 100}, ["data/"], 500)
    assert case.left.keys() == {"app.py", *(f"data/few/{each}.y" for each in range(3))}


def test_what_takes_back_more_than_a_path_is_left_out_on_demand() -> None:
    """Not widely, the families of candidates are not written."""
    tokens = {"a/locale/de/x.po": 9, "a/locale/fr/x.po": 9, "b/locale/de/x.po": 9, "a/locale/en/x.po": 9, "k.py": 9}
    paths = tuple(path for path in tokens if "/en/" not in path and path.endswith(".po"))
    family = Cut(CutReason.TRANSLATION, "", paths, 27, "*", (("*.po", "!**/locale/en/**/*.po"),))
    planner = Planner(tokens, [family], 19)
    assert [line.pattern for line in planner.leave_out()] == ["*.po", "!**/locale/en/**/*.po"]
    assert all(not line.pattern.startswith("!**") for line in planner.leave_out(widely=False))


# --- For any tree ---

_DIRECTORIES = st.sampled_from(["a", "b", "src", "docs", "tests", "*", "s p", "é"])
_FILES = st.sampled_from(["1.py", "test_2.py", "3.md", "#4", "5 ", "[6]", "CHANGES", "m.0a1b2c3d.js", "\udcff"])
_PATHS = st.builds(lambda above, name: "/".join([*above, name]), st.lists(_DIRECTORIES, max_size=3), _FILES)
_SIZES = st.one_of(st.integers(0, 5), st.integers(0, 400))


@st.composite
def cases(draw: st.DrawFn) -> Case:
    tokens = draw(st.dictionaries(_PATHS, _SIZES, max_size=16))
    places = sorted({*tokens} | {path[: at + 1] for path in tokens for at, char in enumerate(path) if char == "/"})
    cuts: list[str] = []
    for at in draw(st.lists(st.sampled_from(places), unique=True, max_size=5)) if places else []:
        if not any(at.startswith(other) or other.startswith(at) for other in cuts):
            cuts.append(at)
    keep = draw(st.frozensets(st.sampled_from(sorted(tokens)), max_size=2)) if tokens else frozenset()
    named = draw(st.lists(st.sampled_from(sorted(tokens)), max_size=3, unique=True)) if tokens else []
    room = draw(st.integers(0, sum(tokens.values()) * 3 // 2 + 1))
    return Case(tokens, cuts, room, keep, (*named, "") if named else ("",))


def kept_tokens(case: Case) -> int:
    return sum(case.tokens[path] for path in case.keep)


@given(cases())
def test_it_fits_where_it_can(case: Case) -> None:
    """It fits if and only if what must stay does, and what must stay does stay."""
    assert (sum(case.left.values()) <= case.room) == (kept_tokens(case) <= case.room)
    assert {path for path in case.keep if case.tokens[path]} <= case.left.keys()


@given(cases())
def test_tokens_of_lines_add_up(case: Case) -> None:
    """The lines take out what is not left, each token once."""
    assert sum(line.tokens for line in case.lines) == sum(case.tokens.values()) - sum(case.left.values())


@given(cases())
def test_a_better_class_goes_only_where_it_did_not_fit(case: Case) -> None:
    """What went of a class is larger than what was free, or little was."""
    left = case.left
    places = rank(case.tokens, case.evidence, Attributes(), case.wishes)
    free = case.room - sum(left.values())
    gone = [path for path, count in case.tokens.items() if count and path not in left]
    assume(len(case.lines) <= 20)
    for path in gone:
        worse = [other for other in left if places[other].worth > places[path].worth]
        if worse and places[path].worth is not Worth.EVIDENCE:
            # Where a lesser class came in, this file did not fit when its turn was.
            assert case.tokens[path] > free - case.room * 0.05


@given(st.dictionaries(_PATHS, st.integers(1, 5), min_size=30, max_size=50), st.integers(100, 200))
def test_at_most_a_tenth_stays_free_of_small_files(tokens: Mapping[str, int], room: int) -> None:
    """Where each file is at most a twentieth of the room, nine tenths of it are used, or all that there is."""
    left = Case(tokens, (), room).left
    assert sum(left.values()) >= min(0.9 * room, sum(tokens.values()))


@given(cases(), st.integers(1, 300))
@example(Case({"a/1.py": 10, "b/1.py": 60, "3.md": 7}, [], 60), 10)
def test_a_larger_window_keeps_hardly_less(case: Case, more: int) -> None:
    """Kept tokens grow with the window, to within what a full class may leave free."""
    larger = replace(case, room=case.room + more)
    assert sum(larger.left.values()) >= sum(case.left.values()) - 0.05 * larger.room - 1


@given(cases(), st.randoms())
def test_the_order_of_files_does_not_matter(case: Case, random: Random) -> None:
    """The same tree has the same plan, in whatever order its files come."""
    paths = list(case.tokens)
    random.shuffle(paths)
    assert replace(case, tokens={path: case.tokens[path] for path in paths}).lines == case.lines


@given(cases())
def test_unseen_files_are_not_reached(case: Case) -> None:
    """No line matches a file that is there and was not asked about, whatever lies beside it."""
    hidden = tuple(f"{path}.hidden" for path in case.tokens) + tuple(
        f"{path.rpartition('/')[0]}/u.py" for path in case.tokens
    )
    unseen = tuple(path.lstrip("/") for path in hidden if path.lstrip("/") not in case.tokens)
    patterns = replace(case, unseen=unseen).patterns
    assert not patterns or not any(map(compile_patterns(patterns, "test").match, unseen))


@given(st.lists(st.integers(0, 16**8 - 1), min_size=6, max_size=12, unique=True), st.integers(1, 99))
def test_a_renamed_hash_leaves_the_lines_as_they_are(hashes: Collection[int], room: int) -> None:
    """After a build that gave every bundle another hash, the plan is the same."""
    plans = []
    for names in (hashes, [*hashes][::-1]):
        tokens = {f"static/c{each}.{number:08x}.js": 100 for each, number in enumerate(names)} | {"static/app.js": 1}
        plans.append(Case(tokens, [path for path in tokens if "." in path[8:-3]], room).patterns)
    assert plans[0] == plans[1]


def test_a_class_that_did_not_fit_is_not_filled_to_the_last_token() -> None:
    """With three hundredths of the room free, what is small and deep in the same class does not come in."""
    tokens = {"a.py": 975, "p/b.py": 500, "p/e.py": 600, "r/c.py": 15, "r/d.py": 2_000}
    assert Case(tokens, (), 1_000).left.keys() == {"a.py"}
    assert Case(tokens, (), 1_010).left.keys() == {"a.py", "r/c.py"}
