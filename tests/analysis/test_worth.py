"""What a file is worth: classes told by paths, and the order in which files stay."""

import pytest

from loopflow.analysis.attributes import Attributes
from loopflow.analysis.worth import Wishes, Worth, order, rank


def worth_of(path: str, *beside: str, **given: bool) -> Worth:
    """Return the class of a file in a tree with others, with these attributes ("_" for "-")."""
    attributes = Attributes({path: {name.replace("_", "-"): is_set for name, is_set in given.items()}})
    return rank(dict.fromkeys([path, *beside], 10), (), attributes, Wishes())[path].worth


@pytest.mark.parametrize(
    ("worth", "path", "beside"),
    [
        (Worth.FRONT, "README.md", ()),
        (Worth.FRONT, "packages/README.rst", ()),
        (Worth.DOCS, "packages/core/README.md", ()),
        (Worth.FRONT, "pyproject.toml", ()),
        (Worth.FRONT, "AGENTS.md", ()),
        (Worth.SOURCE, "src/app.py", ()),
        (Worth.SOURCE, "lib/core/changes.py", ()),
        (Worth.SOURCE, "src/history.ts", ()),
        (Worth.CHANGELOGS, "CHANGES.rst", ()),
        (Worth.CHANGELOGS, "docs/CHANGELOG-1.md", ()),
        (Worth.CHANGELOGS, "NEWS", ()),
        (Worth.SETTINGS, ".github/workflows/ci.yml", ()),
        (Worth.SETTINGS, "web/.eslintrc", ()),
        (Worth.DOCS, "docs/conf.py", ()),
        (Worth.DOCS, "man/tool.1", ()),
        (Worth.DOCS, "CONTRIBUTING.md", ()),
        (Worth.DOCS, "LICENSE", ()),
        (Worth.SOURCE, "src/license.py", ()),
        (Worth.DOCS, "lib/docs/a.py", ("lib/docs/b.md", "lib/docs/c.rst")),
        (Worth.SOURCE, "lib/docs/a.py", ("lib/docs/b.py", "lib/docs/c.rst")),
        (Worth.EXAMPLES, "examples/a.py", ()),
        (Worth.SOURCE, "src/examples/a.py", ()),
        (Worth.TESTS, "tests/helper.py", ()),
        (Worth.TESTS, "bench/a.c", ()),
        (Worth.TESTS, "pkg/tests/helper.py", ("pkg/tests/test_a.py",)),
        (Worth.SOURCE, "django/test/client.py", ("django/test/runner.py",)),
        (Worth.TESTS, "pkg/a_test.go", ()),
        (Worth.TESTS, "web/a.spec.ts", ()),
        (Worth.TESTS, "web/a.test.tsx", ()),
        (Worth.TESTS, "core/UserTest.java", ()),
        (Worth.TESTS, "spec/models/user_spec.rb", ()),
        (Worth.SOURCE, "core/Contest.java", ()),
        (Worth.SOURCE, "src/latest.ts", ()),
        (Worth.SOURCE, "src/testing.py", ()),
        (Worth.TEST_DATA, "tests/fixtures/a.json", ()),
        (Worth.TEST_DATA, "web/src/__snapshots__/a.snap", ("web/src/a.test.ts",)),
        (Worth.TEST_DATA, "pkg/testdata/a.txt", ("pkg/a_test.go",)),
        (Worth.TESTS, "packages/x/test/index.js", ("packages/x/test/fixtures/a/input.js",)),
        (Worth.TEST_DATA, "packages/x/test/fixtures/a/input.js", ()),
        (Worth.SOURCE, "app/fixtures/a.json", ("app/models.py",)),
    ],
)
def test_classes(worth: Worth, path: str, beside: tuple[str, ...]) -> None:
    """A class is told by a name; a directory below the top needs a second sign."""
    assert worth_of(path, *beside) is worth


def test_attributes_beat_names() -> None:
    """What an attribute says is documentation is; what it says is none is none, whatever it is called."""
    assert worth_of("src/notes.py", linguist_documentation=True) is Worth.DOCS
    assert worth_of("docs/api.py", linguist_documentation=False) is Worth.SOURCE
    assert worth_of("GUIDE.md", linguist_documentation=False) is Worth.SOURCE
    assert worth_of("src/dev.py", export_ignore=True) is Worth.DOCS
    assert worth_of("tests/test_a.py", export_ignore=True) is Worth.TESTS


TREE = {
    "README.md": 9,
    "src/app.py": 50,
    "src/small.py": 5,
    "src/deep/er/a.py": 20,
    "src/deep/er/b.py": 10,
    "src/deep/x.py": 1,
    "docs/a.md": 7,
    "tests/test_a.py": 8,
    "big.lock": 99,
}


def ordered(*paths: str, keep: str = "", evidence: tuple[str, ...] = ("big.lock",)) -> list[str]:
    wishes = Wishes((lambda path: path == keep) if keep else None, paths or ("",))
    return order(TREE, rank(TREE, evidence, Attributes(), wishes))


def test_the_order_of_all() -> None:
    """Front, source (the upper level first, its small files first), docs, tests, evidence."""
    assert ordered() == [
        "README.md",
        "src/small.py",
        "src/app.py",
        "src/deep/x.py",
        "src/deep/er/b.py",
        "src/deep/er/a.py",
        "docs/a.md",
        "tests/test_a.py",
        "big.lock",
    ]


def test_what_must_stay_is_first_and_what_is_named_second_in_order() -> None:
    """Above all is what is kept; then files that were named, in the order in which they were, evidence or not."""
    named = ordered("tests/test_a.py", "big.lock", "docs/a.md", keep="src/app.py")
    assert named[:4] == ["src/app.py", "tests/test_a.py", "big.lock", "docs/a.md"]


@pytest.mark.parametrize(("paths", "first"), [(("src", "docs"), "src/small.py"), (("docs", "src"), "src/small.py")])
def test_classes_stand_above_the_order_of_directories(paths: tuple[str, ...], first: str) -> None:
    """Of two directories that were named, docs go first in either order: a shell sorts `*`."""
    below = [path for path in ordered(*paths) if path.startswith(paths)]
    assert below[0] == first
    assert below[-1] == "docs/a.md"


def test_of_one_class_the_directory_that_was_named_last_goes_first() -> None:
    """`packages/b packages/a` keeps b, whatever their sizes are."""
    tokens = {"packages/a/x.py": 1, "packages/b/y.py": 500, "packages/b/z.py": 2}
    wishes = Wishes(None, ("packages/b", "packages/a"))
    assert order(tokens, rank(tokens, (), Attributes(), wishes))[-1] == "packages/a/x.py"


@pytest.mark.parametrize(
    ("path", "level"), [("a.py", 0), ("src/main/java/org/x/A.java", 1), ("src/main/java/org/x/deep/B.java", 2)]
)
def test_a_directory_that_holds_one_thing_is_no_level(path: str, level: int) -> None:
    """`src/main/java/org/x/` is one level where each of them holds nothing else."""
    tree = ["a.py", "src/main/java/org/x/A.java", "src/main/java/org/x/deep/B.java", "src/main/java/org/x/deep/C.java"]
    assert rank(dict.fromkeys(tree, 1), (), Attributes(), Wishes())[path].level == level
