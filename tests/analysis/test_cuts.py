"""What could be left out: each reason for it, one for each file, and patterns that match that and nothing else."""

import re
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from loopflow.analysis.attributes import NAMES, Attributes
from loopflow.analysis.cuts import find_cuts, largest_source
from loopflow.analysis.facts import FactKind
from loopflow.analysis.filetype import file_type
from loopflow.analysis.patterns import compile_patterns, to_pattern
from loopflow.model import Cut, CutReason, FileTokens
from tests.support.profiles import HOSTILE_NAMES

LOCK, MINIFIED, DATA = (f"{kind}\tseen" for kind in (FactKind.LOCK, FactKind.MINIFIED, FactKind.DATA))
GENERATED, SNAPSHOT = (f"{kind}\tseen" for kind in (FactKind.GENERATED, FactKind.SNAPSHOT))

NONE = Attributes()


def file(path: str, tokens: int = 500, facts: str = "", content: str | None = None) -> FileTokens:
    """Return a file; those with the same `content` hold the same, others something of their own."""
    return FileTokens(path, file_type(path), tokens, tokens, f"id of {content or path}", facts=facts)


def set_for(path: str, *names: str) -> Attributes:
    """Return attributes that are set for a path, or unset where their names begin with "-"."""
    return Attributes({path: {name.lstrip("-"): not name.startswith("-") for name in names}})


def own(*paths: str) -> list[FileTokens]:
    return [file(path) for path in paths]


def reasons(files: Sequence[FileTokens], attributes: Attributes = NONE) -> dict[str, CutReason]:
    """Return the reason for each path that is in a cut. None is in two."""
    found = [(path, cut.reason) for cut in find_cuts(files, attributes) for path in cut.paths]
    assert len(found) == len(dict(found))
    return dict(found)


def places(files: Sequence[FileTokens]) -> list[str]:
    return [cut.at for cut in find_cuts(files, NONE)]


# --- Each reason ---


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        (LOCK, CutReason.LOCK),
        (MINIFIED, CutReason.MINIFIED),
        (GENERATED, CutReason.GENERATED),
        (SNAPSHOT, CutReason.SNAPSHOT),
        (DATA, CutReason.DATA),
    ],
)
def test_what_a_content_says(facts: str, reason: CutReason) -> None:
    """What a content says of itself is a reason, with its evidence, wherever the file lies."""
    [cut] = find_cuts([*own("src/a.py"), file("src/b.py", 70, facts)], NONE)
    assert cut == Cut(reason, "seen", ("src/b.py",), 70, "src/b.py")


@pytest.mark.parametrize(
    ("path", "name", "reason"),
    [
        ("src/b.py", "linguist-generated", CutReason.GENERATED),
        ("src/b.py", "linguist-vendored", CutReason.VENDORED),
        ("src/b.py", "linguist-documentation", CutReason.DOCUMENTATION),
        ("src/b.py", "export-ignore", CutReason.EXPORT_IGNORE),
        ("src/", "export-ignore", CutReason.EXPORT_IGNORE),
    ],
)
def test_what_attributes_say(path: str, name: str, reason: CutReason) -> None:
    """What attributes say of a file is a reason; export-ignore holds for all that lies in a directory."""
    assert reasons(own("src/b.py", "top.py"), set_for(path, name)) == {"src/b.py": reason}


@pytest.mark.parametrize("directory", ["src/", "src/in/", "src/in/deep/"])
def test_what_attributes_say_of_all_above(directory: str) -> None:
    """export-ignore holds for what lies at any depth below a directory, and for nothing beside it."""
    files = own("src/in/deep/a/b.py", "src.py", "other/b.py")
    assert reasons(files, set_for(directory, "export-ignore")) == {"src/in/deep/a/b.py": CutReason.EXPORT_IGNORE}


def test_what_is_taken_back_below() -> None:
    """What lies in a directory that is not exported is not exported, whatever is said of it."""
    attributes = Attributes({"src/": {"export-ignore": True}, "src/b.py": {"export-ignore": False}})
    assert reasons(own("src/b.py"), attributes) == {"src/b.py": CutReason.EXPORT_IGNORE}


@pytest.mark.parametrize(
    ("path", "name"),
    [("src/b.py", "-linguist-generated"), ("src/", "linguist-generated"), ("src/b.py", "-export-ignore")],
)
def test_what_attributes_do_not_say(path: str, name: str) -> None:
    """An attribute that is taken back is no reason, and one of a directory says nothing of what lies in it."""
    assert reasons(own("src/b.py"), set_for(path, name)) == {}


@pytest.mark.parametrize(
    ("licence", "vendored"),
    [
        ("vendor/x/LICENSE", {"vendor/x/LICENSE", "vendor/x/a.c", "vendor/x/in/b.c"}),
        ("vendor/x/COPYING.txt", {"vendor/x/COPYING.txt", "vendor/x/a.c", "vendor/x/in/b.c"}),
        ("vendor/x/licence-mit.md", {"vendor/x/licence-mit.md", "vendor/x/a.c", "vendor/x/in/b.c"}),
        ("vendor/x/in/LICENSE", {"vendor/x/in/LICENSE", "vendor/x/in/b.c"}),
        ("LICENSE", set()),
        ("src/LICENSE", set()),
        ("vendor/x/COPYING.LESSER", {"vendor/x/COPYING.LESSER", "vendor/x/a.c", "vendor/x/in/b.c"}),
        ("vendor/x/LICENSE.Apache-2.0", {"vendor/x/LICENSE.Apache-2.0", "vendor/x/a.c", "vendor/x/in/b.c"}),
        ("vendor/x/LICENSE-MPL-2.0.txt", {"vendor/x/LICENSE-MPL-2.0.txt", "vendor/x/a.c", "vendor/x/in/b.c"}),
        ("vendor/x/licensing.c", set()),
        ("vendor/x/License.java", set()),
        ("vendor/x/LICENSE" + ".mit" * 50 + "!", set()),
        ("vendor/x/LICENSE-" + "a-" * 100 + "!", set()),
        ("vendor/x/license_client.py", set()),
        ("vendor/x/copyright.test.ts", set()),
        ("vendor/x/LICENSES/MIT.txt", set()),
    ],
)
def test_licences(licence: str, vendored: set[str]) -> None:
    """A licence of its own makes a tree below a vendored directory a unit; one at the root, or elsewhere, does not."""
    files = own(licence, "main.c", "src/a.c", "vendor/modules.txt", "vendor/x/a.c", "vendor/x/in/b.c", "vendor/y/c.c")
    assert reasons(files) == dict.fromkeys(vendored, CutReason.VENDORED)


@pytest.mark.parametrize(
    "directory", ["third_party", "src/third-party", "_vendor", "Vendor", "node_modules", "lib/extern"]
)
def test_vendored_directories(directory: str) -> None:
    """Directories for the code of others have several names, and may lie anywhere."""
    cuts = find_cuts(own(f"{directory}/x/LICENSE", f"{directory}/x/a.c", "src/main.c"), NONE)
    assert {cut.reason for cut in cuts} == {CutReason.VENDORED}
    assert {path for cut in cuts for path in cut.paths} == {f"{directory}/x/LICENSE", f"{directory}/x/a.c"}


def test_a_file_is_no_vendored_directory() -> None:
    """A file, or a directory, whose name only begins or ends like that of a vendored directory is not one."""
    assert find_cuts(own("vendored.py", "LICENSE", "vendoring/LICENSE", "vendoring/a.py", "src/vendor.py"), NONE) == ()


def test_what_is_said_of_a_directory() -> None:
    """A directory is named with the first evidence in it, and with how much more there is of its kind."""
    licences = own("vendor/a/LICENSE", "vendor/a/a.c", "vendor/b/COPYING", "vendor/b/b.c", "vendor/c/LICENSE")
    [cut] = find_cuts([*licences, file("main.c")], NONE)
    assert (cut.at, cut.evidence) == ("vendor/", "a licence of its own, vendor/a/LICENSE and 2 more like it")
    [cut] = find_cuts([*licences[:4], file("main.c")], NONE)
    assert cut.evidence == "a licence of its own, vendor/a/LICENSE and 1 more like it"
    [cut] = find_cuts([*own("vendor/x/LICENSE", "vendor/x/a.c"), file("main.c")], NONE)
    assert cut.evidence == "a licence of its own, vendor/x/LICENSE"
    [cut] = find_cuts(own("docs/a.md", "main.c"), set_for("docs/", "export-ignore"))
    assert cut.evidence == "its attributes say export-ignore"


def test_two_of_a_kind() -> None:
    """Two files with one content are enough."""
    [cut] = find_cuts([file(path, 200, content="same") for path in ("a.py", "b.py")], NONE)
    assert (cut.at, cut.evidence) == ("b.py", "the same as a.py")


def test_duplicates() -> None:
    """Of files with one content, the first by its path stays, the others are candidates and name it."""
    files = [file(path, 200, content="same") for path in ("a.py", "b.py", "c/a.py")]
    cuts = find_cuts([*files, *own("other.py")], NONE)
    assert {path: cut.reason for cut in cuts for path in cut.paths} == dict.fromkeys(
        ("b.py", "c/a.py"), CutReason.DUPLICATE
    )
    assert all("a.py" in cut.evidence for cut in cuts)


def test_duplicates_of_several() -> None:
    """Each file names the one that holds the same, and not another one's."""
    files = [file(path, 200, content=path[0]) for path in ("a1.py", "a2.py", "b1.py", "b2.py")]
    assert [cut.evidence for cut in find_cuts(files, NONE)] == ["the same as a1.py", "the same as b1.py"]


def test_small_files_may_be_alike() -> None:
    """Small files are alike by chance, and are no candidates: those of less than a hundred tokens."""
    assert find_cuts([file(path, 99, content="same") for path in ("a/__init__.py", "b/__init__.py")], NONE) == ()
    assert find_cuts([file(path, 100, content="same") for path in ("a/__init__.py", "b/__init__.py")], NONE)


def test_a_duplicate_of_what_is_left_out_anyway() -> None:
    """What is left out for another reason is not the copy that stays."""
    files = [file("a.js", content="same", facts=LOCK), file("b.js", content="same"), file("c.js", content="same")]
    assert reasons(files) == {"a.js": CutReason.LOCK, "c.js": CutReason.DUPLICATE}


@pytest.mark.parametrize(
    "path", ["dist/bundle.js", "package-lock.json", "a.min.js", "docs/a.md", "tests/__snapshots__/a.snap"]
)
def test_own_source_is_never_a_candidate(path: str) -> None:
    """A file is no candidate because of its name alone: there is no evidence in a name."""
    assert find_cuts(own(path), NONE) == ()


# --- One reason for a file ---


def test_priority() -> None:
    """A file has one reason: what the repository declares goes before what is guessed."""
    files = [
        file("vendor/x/LICENSE", 10),
        file("vendor/x/a.lock", 400, LOCK),
        file("vendor/x/b.c", 400, content="same"),
        file("vendor/x/c.c", 400, content="same"),
        file("vendor/x/d.js", 400, MINIFIED),
    ]
    assert set(reasons(files).values()) == {CutReason.VENDORED}
    vendored = Attributes({each.path: {"linguist-vendored": True} for each in files[1:]})
    assert set(reasons(files[1:], vendored).values()) == {CutReason.VENDORED}
    generated = set_for("vendor/x/d.js", "linguist-generated")
    assert reasons([files[0], files[4]], generated)["vendor/x/d.js"] is CutReason.GENERATED


@pytest.mark.parametrize("facts", [LOCK, MINIFIED, GENERATED, SNAPSHOT, DATA])
def test_attributes_spare_a_file(facts: str) -> None:
    """What a content says does not count where the attributes say that the file is not generated."""
    files = [file("a.py", facts=facts), file("b.py", facts=facts), *own("main.py")]
    assert list(reasons(files, set_for("b.py", "-linguist-generated"))) == ["a.py"]


def test_attributes_spare_a_vendored_file() -> None:
    """A licence of its own does not count where the attributes say that the file is not vendored; and only there."""
    files = own("main.py", "vendor/x/LICENSE", "vendor/x/a.c", "vendor/x/a.h", "vendor/x/ours.c")
    attributes = Attributes(
        {"vendor/x/ours.c": {"linguist-vendored": False}, "vendor/x/a.h": {"linguist-generated": False}}
    )
    assert set(reasons(files, attributes)) == {"vendor/x/LICENSE", "vendor/x/a.c", "vendor/x/a.h"}


# --- Grouping ---


def test_whole_directories() -> None:
    """Where every file of a directory has one reason, the uppermost such directory is one candidate."""
    files = [file(path, 10, SNAPSHOT) for path in ("t/s/a", "t/s/in/b", "t/s/in/c")]
    [cut] = find_cuts([*files, *own("main.py")], NONE)
    assert (cut.at, cut.paths, cut.tokens) == ("t/", ("t/s/a", "t/s/in/b", "t/s/in/c"), 30)
    [cut] = find_cuts([*(file(f"t/{name}", 10, SNAPSHOT) for name in ("\udcff", "\ue000")), *own("main.py")], NONE)
    assert cut.paths == ("t/\ue000", "t/\udcff")  # in the order of bytes
    assert sorted(places([*files, *own("t/s/own.py")])) == ["t/s/a", "t/s/in/"]


def test_no_directory_with_files_that_are_not_seen() -> None:
    """A directory that holds a file that was not counted is no candidate, nor are those above it."""
    files = [file(path, 10, SNAPSHOT) for path in ("t/s/a", "t/s/in/b", "t/s/in/c", "t/u/d", "t/u/e")]
    cuts = find_cuts([*files, *own("main.py")], NONE, ["t/s/own.js"])
    assert [cut.at for cut in cuts] == ["t/s/in/", "t/u/", "t/s/a"]


def test_two_reasons_are_two_candidates() -> None:
    """A directory whose files have different reasons is not one candidate."""
    files = [file("d/a", 30, LOCK), file("d/b", 20, MINIFIED), file("d/c/a", 10, LOCK), file("d/c/b", 9, LOCK)]
    assert places([*files, *own("main.py")]) == ["d/a", "d/b", "d/c/"]


def test_a_single_file_is_named_itself() -> None:
    """A directory with one file in it is that file."""
    assert places([file("d/e/a", 30, LOCK), *own("main.py")]) == ["d/e/a"]


def test_the_largest_first() -> None:
    """Candidates come by what they cost, and those that cost the same by their paths; what costs nothing is none."""
    sizes = {"b": 20, "c": 300, "a": 20, "d": 0, "é": 20, "\udcff": 20}
    assert places([file(path, size, LOCK) for path, size in sizes.items()]) == ["c", "a", "b", "é", "\udcff"]


_NAMES = st.sampled_from(["a", "b", "vendor", "x"])
_FILES = st.sampled_from(["LICENSE", "1.py", "2.js", "3.lock"])
_PATHS = st.builds(lambda above, name: "/".join([*above, name]), st.lists(_NAMES, max_size=3), _FILES)
_FACTS = st.sampled_from(["", "", LOCK, MINIFIED, f"{LOCK}\n{DATA}"])
_CONTENTS = st.sampled_from(["", "", "one", "two"])
_TREES = st.dictionaries(_PATHS, st.tuples(st.integers(0, 300), _FACTS, _CONTENTS), max_size=15)


@given(
    tree=_TREES,
    said=st.dictionaries(
        st.one_of(_PATHS, st.sampled_from(["a/", "b/", "a/vendor/"])),
        st.dictionaries(st.sampled_from(NAMES), st.booleans(), min_size=1),
        max_size=4,
    ),
)
def test_any_tree(tree: Mapping[str, tuple[int, str, str]], said: Mapping[str, Mapping[str, bool]]) -> None:
    """No file is in two candidates, each costs what its files do, and its pattern matches exactly its files."""
    files = [file(path, *rest) for path, rest in sorted(tree.items())]
    tokens = {each.path: each.tokens for each in files}
    cuts = find_cuts(files, Attributes(said))
    assert [cut.tokens for cut in cuts] == sorted((cut.tokens for cut in cuts), reverse=True)
    found = [path for cut in cuts for path in cut.paths]
    assert len(found) == len(set(found))
    for cut in cuts:
        assert cut.tokens == sum(tokens[path] for path in cut.paths) > 0
        assert cut.evidence
        pattern = compile_patterns([to_pattern(cut.at)], "test")
        assert {path for path in tokens if pattern.match(path)} == set(cut.paths)


@given(tree=_TREES, number=st.integers(0, 5))
def test_largest_source(tree: Mapping[str, tuple[int, str, str]], number: int) -> None:
    """The largest source files are those that are no candidates, as many as asked for, the largest first."""
    files = [file(path, *rest) for path, rest in sorted(tree.items())]
    cuts = find_cuts(files, NONE)
    candidates = {path for cut in cuts for path in cut.paths}
    rest = [each for each in files if each.path not in candidates]
    assert largest_source(files, cuts, number) == sorted(rest, key=lambda each: (-each.tokens, each.path))[:number]


def test_no_files() -> None:
    """Nothing can be left out of nothing."""
    assert find_cuts([], NONE) == ()
    assert largest_source([], (), 3) == []


# --- Patterns ---

_HOSTILE = st.text(st.sampled_from("ab *?[]\\#!-^\n\t\ré\udcff\u2028."), min_size=1, max_size=5)
_RAW_BYTE = re.compile("[\udc80-\udcff]")
_HOSTILE_PATHS = st.lists(
    _HOSTILE.filter(lambda name: name not in {".", ".."}), min_size=1, max_size=3
).map("/".join)  # fmt: skip


@given(path=_HOSTILE_PATHS, others=st.lists(_HOSTILE_PATHS, max_size=6))
@example(path="a ", others=["a", "a  "])
@example(path="\udcff", others=["\r", "\udc80", "a"])
@example(path="a\\ ", others=["a ", "a\\"])
@example(path="a  ", others=["a", "a "])
@example(path="a\\", others=["a"])
@example(path="#a", others=["a"])
@example(path="!a", others=["a"])
@example(path="[ab]", others=["a", "b"])
@example(path="**", others=["a", "a/b"])
@example(path="a/**/b", others=["a/b", "a/a/b"])
@example(path="a\n", others=["a"])
@example(path="\udcff", others=["\udcfe", "?"])
def test_patterns(path: str, others: Sequence[str]) -> None:
    """The pattern of a file matches it and nothing else; that of a directory also what lies in it.

    A byte that is not UTF-8 stands for any of them, and for any control character: that can be written into a config.
    """
    assert to_pattern(path).encode()
    [pattern, directory] = (compile_patterns([to_pattern(at)], "test") for at in (path, f"{path}/"))
    assert pattern.match(path)
    assert directory.match(f"{path}/a")
    assert directory.match(f"{path}/ a/b")
    assert not directory.match(path)
    for other in [*others, f"a/{path}", f"{path}a", f"{path} ", f"{path}\\", path[:-1]]:
        at = _RAW_BYTE.sub("[\\0-\x1f\x7f\udc80-\udcff]", re.escape(path))
        assert not other or pattern.match(other) == bool(re.match(rf"{at}(?:/|\Z)", other))
        assert not other or directory.match(other) == bool(re.match(f"{at}/", other))


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_patterns_of_hostile_names(name: str) -> None:
    """Names that could act on a terminal have patterns as well."""
    pattern = compile_patterns([to_pattern(name)], "test")
    assert [each for each in HOSTILE_NAMES if pattern.match(each)] == [name]


@pytest.mark.parametrize(
    ("path", "is_made"), [("a.go", True), ("a.go.tmpl", False), ("a.py.J2", False), ("a.in", True)]
)
def test_a_template_is_no_product(path: str, is_made: bool) -> None:  # noqa: FBT001
    """What the comment at the head of a template says is about what will be written from it."""
    file = FileTokens(path, file_type(path), 90, 360, "", facts="generated\tsays 'do not edit' in line 1")
    assert bool(find_cuts([file], Attributes())) == is_made
